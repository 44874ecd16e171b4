//! Rules that tie the tables of the syllabus to files, manifests, tests and the README.

use std::collections::BTreeSet;

use rust_for_ai::course::{self, Chapter, Level, Reading, Stage};

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "ids are words, each used once",
        problems: ids_are_words,
        mend: "rename the chapter or stage in src/course/",
        faults: &[
            |p| p.chapters.push(p.chapters[0]),
            |p| p.only_stage(Stage { id: "bpe.2", ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { id: "llama.merge", ..course::bpe::MERGE }),
        ],
    },
    Rule {
        name: "a former id leads to a stage and is that of none",
        problems: former_ids_lead_on,
        mend: "in src/course/renamed.txt, a line for each id that changed: the former, the present one",
        faults: &[
            |p| p.put(RENAMED, "bpe.glue bpe.join\n"),
            |p| p.put(RENAMED, "bpe.bytes bpe.merge\n"),
            |p| p.put(RENAMED, "bpe.glue\n"),
            |p| p.put(RENAMED, "bpe.a bpe.b\nbpe.b bpe.a\n"),
        ],
    },
    Rule {
        name: "each stage is described in full",
        problems: stages_are_described,
        mend: "complete the stage in src/course/",
        faults: &[
            |p| p.only_stage(Stage { minutes: 9, ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { minutes: 46, ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { ai: " ", ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { title: "Merge.", ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { hints: ["a", "b", " "], ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { hints: ["a", "b", "a"], ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { reading: &[], ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { questions: &[], ..course::bpe::MERGE }),
        ],
    },
    Rule {
        name: "a repair names the bug that a project shipped, once it is mended",
        problems: repairs_are_real,
        mend: "give the stage `solved` with the public report, and say nothing of it before",
        faults: &[
            |p| p.only_stage(Stage { id: "bpe.repair_merge", ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { solved: NOWHERE, ..course::bpe::MERGE }),
            |p| p.only_stage(Stage { solved: TOLD, reading: TOLD, ..course::bpe::MERGE }),
            |p| {
                p.only_stage(Stage {
                    solved: TOLD,
                    hints: ["", "", TOLD[0].at],
                    ..course::bpe::MERGE
                })
            },
            |p| {
                p.only_stage(Stage { solved: TOLD, ..course::bpe::MERGE });
                p.edit("exercises/bpe/merge.rs", "\n\n", &format!("\n// {}\n\n", TOLD[0].at));
            },
        ],
    },
    Rule {
        name: "each stage has its exercise and its solution",
        problems: stages_have_files,
        mend: "write solutions/CHAPTER/STAGE.rs with a region from `// BEGIN SOLUTION` to \
               `// END SOLUTION`, then: cargo lab dev stubs",
        faults: &[
            |p| p.remove("exercises/bpe/merge.rs"),
            |p| p.remove("solutions/bpe/merge.rs"),
            |p| p.edit("solutions/bpe/merge.rs", "// BEGIN SOLUTION", ""),
            |p| p.edit("solutions/bpe/merge.rs", "replace a pair by", "swap a pair for"),
        ],
    },
    Rule {
        name: "each stage is graded, and its wrong answers are",
        problems: stages_are_graded,
        mend: "add the stage to tests/CHAPTER.rs; for a new chapter, also to tests/curriculum.rs and \
               tests/wrong_answers.rs",
        faults: &[
            |p| p.edit("tests/bpe.rs", "check::merge(", "check::bytes("),
            |p| p.edit("tests/curriculum.rs", "cfg!(feature = \"bpe\")", "true"),
            |p| p.edit("tests/wrong_answers.rs", "check::bpe::wrong_answers()", "[]"),
        ],
    },
    Rule {
        name: "each chapter is a feature and a test target",
        problems: chapters_are_features,
        mend: "in Cargo.toml: CHAPTER = [\"exercises/CHAPTER\", \"solutions/CHAPTER\"] and a [[test]] \
               with harness = false and required-features; in the manifests of both trees: \
               CHAPTER = [\"rust_for_ai/CHAPTER\"]",
        faults: &[
            |p| p.edit("Cargo.toml", "\"solutions/bpe\"", ""),
            |p| p.edit("Cargo.toml", "harness = false\nrequired-features = [\"bpe\"]", ""),
            |p| p.edit("exercises/Cargo.toml", "bpe = [\"rust_for_ai/bpe\"]", ""),
            |p| p.edit("solutions/Cargo.toml", "bpe = [\"rust_for_ai/bpe\"]", "bpe = []"),
        ],
    },
    Rule {
        name: "README.md has the syllabus as the tables give it",
        problems: readme_is_current,
        mend: "cargo lab dev tidy --write",
        faults: &[
            |p| p.edit("README.md", BEGIN, ""),
            |p| {
                let current = readme(p).unwrap_or_default();
                p.put("README.md", &current.replace("| 25 |", "| 26 |"));
            },
        ],
    },
];

const RENAMED: &str = "src/course/renamed.txt";

fn former_ids_lead_on(project: &Project) -> Vec<String> {
    let text = project.text(RENAMED);
    let is_id = |id: &str| match id.strip_prefix("python.") {
        Some(chapter) => project.chapters.iter().any(|known| known.id == chapter),
        None => project.stages().any(|stage| stage.id == id),
    };
    let mut problems = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match course::renames(line).next() {
            Some((from, _)) if is_id(from) => {
                problems.push(format!("`{from}` is the id of a stage"))
            }
            Some((from, _)) if !is_id(course::follow(from, &text)) => {
                problems.push(format!("`{from}` leads to no stage"));
            }
            Some(_) => {}
            None => problems.push(format!("expected two ids, got `{line}`")),
        }
    }
    problems
}

fn ids_are_words(project: &Project) -> Vec<String> {
    let word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for chapter in &project.chapters {
        if !word(chapter.id) || !seen.insert(chapter.id) {
            problems.push(format!("{}: expected a word, used once, as a chapter's id", chapter.id));
        }
        for stage in chapter.stages {
            let right = stage.chapter() == chapter.id && word(stage.name());
            if !right || !seen.insert(stage.id) {
                problems.push(format!(
                    "{}: expected `{}.` and a word, used once, as a stage's id",
                    stage.id, chapter.id
                ));
            }
        }
    }
    problems
}

fn stages_are_described(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for stage in project.stages() {
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{}: expected {what}", stage.id));
            }
        };
        let hints: BTreeSet<&str> = stage.hints.iter().map(|hint| hint.trim()).collect();
        expect(hints.len() == 3 && !hints.contains(""), "three hints that differ");
        expect((10..=45).contains(&stage.minutes), "10 to 45 minutes");
        expect(!stage.reading.is_empty(), "something to read");
        expect(!stage.questions.is_empty(), "an interview question that it prepares for");
        expect(stage.questions.iter().all(|text| !text.trim().is_empty()), "no empty question");
        expect(!stage.rust.trim().is_empty(), "a Rust idea");
        expect(!stage.ai.trim().is_empty(), "an AI idea");
        expect(stage.version > 0, "a version from 1 on");
        let title = stage.title.trim();
        let plain = title.starts_with(char::is_lowercase) && !title.ends_with('.');
        expect(plain, "a title in lower case without a full stop");
    }
    problems
}

/// What faults give to a stage.
const NOWHERE: &[Reading] = &[Reading { title: "a bug", at: "https://example.com/1" }];
const TOLD: &[Reading] = &[Reading { title: "a bug", at: "https://github.com/a/b/issues/1" }];

fn repairs_are_real(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for stage in project.stages() {
        let id = stage.id;
        if stage.name().starts_with("repair_") && stage.solved.is_empty() {
            problems.push(format!("{id}: expected the public report of its bug in `solved`"));
        }
        let exercise = project.text(&stage.exercise());
        for at in stage.solved.iter().map(|real| real.at) {
            if !at.starts_with("https://github.com/") {
                problems.push(format!("{id}: expected a public report in `solved`, got `{at}`"));
            }
            let told = exercise.contains(at)
                || stage.hints.iter().any(|hint| hint.contains(at))
                || stage.reading.iter().any(|reading| reading.at == at);
            if told {
                problems.push(format!("{id}: `{at}` is told before the stage passes"));
            }
        }
    }
    problems
}

fn stages_have_files(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for stage in project.stages() {
        let head = format!("//! Stage `{}`: {}.", stage.id, stage.title);
        for path in [stage.exercise(), stage.solution()] {
            if !project.has(&path) {
                problems.push(format!("{path}: missing"));
            } else if project.text(&path).lines().next() != Some(&*head) {
                problems.push(format!("{path}: expected the first line `{head}`"));
            }
        }
        let solution = project.text(&stage.solution());
        let count = |marker| solution.lines().filter(|line| line.trim() == marker).count();
        let (begins, ends) = (count("// BEGIN SOLUTION"), count("// END SOLUTION"));
        if begins == 0 || begins != ends {
            problems.push(format!(
                "{}: {begins} regions begin and {ends} end, expected one or more",
                stage.solution()
            ));
        }
    }
    problems
}

fn stages_are_graded(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    let mut expect = |path: &str, what: &str| {
        if !project.text(path).contains(what) {
            problems.push(format!("{path}: expected `{what}`"));
        }
    };
    for chapter in &project.chapters {
        let id = chapter.id;
        expect("tests/curriculum.rs", &format!("(\"{id}\", cfg!(feature = \"{id}\"))"));
        if chapter.is_module() {
            for stage in chapter.stages {
                let name = stage.name();
                expect(&format!("tests/{id}/grade.py"), &format!("\n    \"{name}\": "));
                expect(&format!("tests/{id}/wrong/lib.rs"), &format!("\n        {name} {{"));
            }
            continue;
        }
        expect("tests/wrong_answers.rs", &format!("check::{id}::wrong_answers()"));
        for stage in chapter.stages {
            expect(&format!("tests/{id}.rs"), &format!("check::{}(", stage.name()));
        }
    }
    problems
}

fn chapters_are_features(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in &project.chapters {
        let id = chapter.id;
        // A module is built by its grader: its trees are members of the workspace, and no feature of these.
        if chapter.is_module() {
            let manifest = project.text("Cargo.toml");
            let members = manifest.lines().find(|line| line.starts_with("members = "));
            for tree in ["exercises", "solutions"] {
                if !members.is_some_and(|line| line.contains(&format!("\"{tree}/{id}\""))) {
                    problems.push(format!("Cargo.toml: expected the member `{tree}/{id}`"));
                }
            }
        }
        for (path, wanted) in [
            ("Cargo.toml", vec![format!("exercises/{id}"), format!("solutions/{id}")]),
            ("exercises/Cargo.toml", vec![format!("rust_for_ai/{id}")]),
            ("solutions/Cargo.toml", vec![format!("rust_for_ai/{id}")]),
        ] {
            let manifest = project.text(path);
            let line = manifest.lines().find(|line| line.starts_with(&format!("{id} = [")));
            for feature in wanted.into_iter().filter(|_| !chapter.is_module()) {
                if !line.is_some_and(|line| line.contains(&format!("\"{feature}\""))) {
                    problems.push(format!("{path}: expected the feature `{id}` with `{feature}`"));
                }
            }
        }
        let manifest = project.text("Cargo.toml");
        let target = ["harness = false", &format!("required-features = [\"{id}\"]")].join("\n");
        if !manifest.contains(&format!("[[test]]\nname = \"{id}\"\n{target}\n")) {
            problems.push(format!(
                "Cargo.toml: expected a [[test]] named `{id}` with\n    {}",
                target.replace('\n', "\n    ")
            ));
        }
    }
    problems
}

const BEGIN: &str = "<!-- BEGIN syllabus -->";
const END: &str = "<!-- END syllabus -->";

/// The syllabus as README.md shows it.
fn table(chapters: &[&Chapter]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut out = String::from("<!-- generated: cargo lab dev tidy --write -->\n");
    for (number, chapter) in (1..).zip(chapters) {
        let minutes: u32 = chapter.stages.iter().map(|stage| stage.minutes).sum();
        out += &format!(
            "\n### {number}. {}\n\nChapter `{}`, [{}]({}), about {} h {} min. Ends with: {}.\n\n\
             | stage | you | Rust | AI | minutes |\n|---|---|---|---|---|\n",
            chapter.title,
            chapter.id,
            chapter.notebook,
            chapter.notebook,
            minutes / 60,
            minutes % 60,
            chapter.ends_with
        );
        for stage in chapter.stages {
            let star = if stage.level == Level::Stretch { " \\*" } else { "" };
            out += &format!(
                "| [`{}`]({}){star} | {} | {} | {} | {} |\n",
                stage.id,
                stage.exercise(),
                cell(stage.title),
                cell(stage.rust),
                cell(stage.ai),
                stage.minutes
            );
        }
        if chapter.stages.iter().any(|stage| stage.level == Level::Stretch) {
            out += "\n\\* a stretch: nothing later needs it\n";
        }
    }
    out
}

/// README.md with the syllabus of today between the markers; `None` without markers.
pub(crate) fn readme(project: &Project) -> Option<String> {
    let readme = project.text("README.md");
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}{END}{after}", table(&project.chapters)))
}

fn readme_is_current(project: &Project) -> Vec<String> {
    match readme(project) {
        None => vec![format!("README.md: expected the lines `{BEGIN}` and `{END}`")],
        Some(current) => {
            let there = project.text("README.md");
            let mut lines = there.lines();
            let stale = current.lines().find(|line| lines.next() != Some(line));
            stale.map(|line| format!("README.md: expected the line `{line}`")).into_iter().collect()
        }
    }
}
