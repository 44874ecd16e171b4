//! Ties the syllabus to the files, and keeps the tree tidy.
//!
//! The tables in `src/course/` say which chapters and stages there are. What belongs to them is
//! spread over exercises, solutions, tests, manifests, notebooks and the README, where nothing but
//! this test would notice that one was forgotten. Each rule below is a function from the whole tree,
//! read into memory, to a list of problems; a failure names the command or the edit that mends it.
//!
//! Beside each rule stand faults: changes to the tree in memory that the rule must notice. A rule
//! that no fault can break checks nothing.
//!
//! ```text
//! cargo lab dev tidy           compare
//! cargo lab dev tidy --write   rewrite the generated part of README.md first
//! ```
//!
//! Notebooks and manifests are read as text, with no JSON or TOML library, since a learner's build
//! would wait for one: the rules rely on how `cargo lab dev notebooks` writes a notebook (quotes
//! inside a cell are escaped, so `"outputs": []` can only be the key). That command reads notebooks
//! with a real parser; here a scanner tells whether brackets and strings close.
//!
//! This is for those who write the workbook. A learner's tree need not be tidy, and `cargo test`
//! leaves this target out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rust_for_ai::course::{self, Chapter, Level, Stage};

/// What must hold, and what shows that it need not.
struct Rule {
    /// What holds.
    name: &'static str,
    /// A line for each place where it does not.
    problems: fn(&Project) -> Vec<String>,
    /// The command or the edit that mends it.
    mend: &'static str,
    /// Changes that break it.
    faults: &'static [fn(&mut Project)],
}

const RULES: &[Rule] = &[
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
        name: "each stage has its exercise and its solution",
        problems: stages_have_files,
        mend: "write solutions/CHAPTER/STAGE.rs with a region from `// BEGIN SOLUTION` to \
               `// END SOLUTION`, then: cargo lab dev stubs",
        faults: &[
            |p| drop(p.files.remove("exercises/bpe/merge.rs")),
            |p| drop(p.files.remove("solutions/bpe/merge.rs")),
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
        name: "each chapter's notebook grades each of its stages",
        problems: notebooks_grade,
        mend: "add a cell with the check to the chapter's notebook",
        faults: &[
            |p| drop(p.files.insert("notebooks/rust/20_bpe.ipynb".to_owned(), NOTEBOOK.into())),
            |p| p.chapters = vec![&Chapter { notebook: "nowhere.ipynb", ..course::bpe::CHAPTER }],
        ],
    },
    Rule {
        name: "notebooks are clean and know their kernel",
        problems: notebooks_are_clean,
        mend: "cargo lab dev notebooks",
        faults: &[
            |p| p.notebook("\"outputs\": []", "\"outputs\": [ 1 ]"),
            |p| p.notebook("\"execution_count\": null", "\"execution_count\": 1"),
            |p| p.notebook("   \"id\": \"first\",\n", ""),
            |p| p.notebook("\"id\": \"second\"", "\"id\": \"first\""),
            |p| p.notebook("\"name\": \"rust\"", "\"name\": \"python3\""),
            |p| p.notebook("\"nbformat_minor\": 5", "\"nbformat_minor\": 4"),
            |p| p.notebook("\n}\n", "\n"),
            |p| p.notebook("\"outputs\"", "\"outputs"),
            |p| p.notebook("\"nbformat\": 4", "===\n\"nbformat\": 4"),
        ],
    },
    Rule {
        name: "links and reading lists lead somewhere",
        problems: links_lead_somewhere,
        mend: "mend the link, or the `reading` of the stage in src/course/",
        faults: &[
            |p| p.edit("README.md", "](ARCHITECTURE.md)", "](ARCHITECTURES.md)"),
            |p| drop(p.files.remove("src/bpe/tokenizer.rs")),
            |p| p.notebook("Hello", "[Hello](../../exercises/nothing.rs)"),
        ],
    },
    Rule {
        name: "README.md has the syllabus as the tables give it",
        problems: readme_is_current,
        mend: "cargo lab dev tidy --write",
        faults: &[
            |p| p.edit("README.md", BEGIN, ""),
            |p| p.only_stage(Stage { minutes: 44, ..course::bpe::MERGE }),
        ],
    },
    Rule {
        name: "README.md names each command of `cargo lab`",
        problems: readme_names_commands,
        mend: "add the command to the table in README.md",
        faults: &[
            |p| p.edit("README.md", "cargo lab undo", ""),
            |p| p.edit("lab/src/commands/mod.rs", "    Doctor,", "    Doctor,\n    Dance,"),
        ],
    },
    Rule {
        name: "each Rust file opens with an essay",
        problems: files_open_with_an_essay,
        mend: "begin the file with `//!` lines: what it does, the idea, what is deliberately absent",
        faults: &[
            |p| p.edit("src/bpe/train.rs", "//! Learn", "// Learn"),
            |p| drop(p.files.insert("lab/src/new.rs".to_owned(), b"//! placeholder\n".to_vec())),
        ],
    },
    Rule {
        name: "the project speaks of itself alone",
        problems: nothing_foreign,
        mend: "say it without the word",
        faults: &[
            |p| p.edit("README.md", "# Rust for AI", concat!("# Rust for AI in /wo", "rk/main")),
            |p| p.edit("src/lib.rs", "//! ", concat!("//! See DESI", "GN.md. ")),
        ],
    },
    Rule {
        name: "data/README.md tells origin and licence of each file in data/",
        problems: data_is_accounted_for,
        mend: "add a row to the table in data/README.md: file, bytes, what, origin, licence",
        faults: &[
            |p| drop(p.files.insert("data/golden/new.txt".to_owned(), b"new\n".to_vec())),
            |p| drop(p.files.remove("data/kjv.txt")),
            |p| p.edit("data/README.md", "| MIT OR Apache-2.0 |", "| |"),
            |p| p.edit("data/multilingual.tsv", "English", "english "),
        ],
    },
];

#[test]
fn the_tree_is_tidy() {
    let mut project = Project::read();
    if std::env::var("RUST_FOR_AI_TIDY").is_ok_and(|word| word == "write")
        && let Some(readme) = with_syllabus(&project)
    {
        fs::write(root().join("README.md"), &readme).expect("README.md can be written");
        project.files.insert("README.md".to_owned(), readme.into_bytes());
    }
    let mut report = String::new();
    for rule in RULES {
        let problems = (rule.problems)(&project);
        if !problems.is_empty() {
            let problems = problems.join("\n  ");
            report += &format!("\nbroken: {}\n  {problems}\n\nhint: {}\n", rule.name, rule.mend);
        }
    }
    assert!(report.is_empty(), "the tree is not tidy\n{report}");
}

#[test]
fn every_rule_can_fail() {
    let project = Project::read();
    for rule in RULES {
        let before: BTreeSet<String> = (rule.problems)(&project).into_iter().collect();
        assert!(!rule.faults.is_empty(), "no fault shows that this can fail: {}", rule.name);
        for (number, fault) in (1..).zip(rule.faults) {
            let mut faulty = project.clone();
            fault(&mut faulty);
            let found = (rule.problems)(&faulty).iter().any(|problem| !before.contains(problem));
            assert!(found, "fault {number} goes unnoticed by the rule: {}", rule.name);
        }
    }
}

#[test]
fn the_model_notebook_is_clean() {
    let mut project = Project { chapters: Vec::new(), files: BTreeMap::new() };
    project.files.insert("notebooks/rust/model.ipynb".to_owned(), NOTEBOOK.into());
    assert_eq!(notebooks_are_clean(&project), [""; 0]);
}

// --- the tree ------------------------------------------------------------------------------------

/// The syllabus, and every file by its path from the root.
#[derive(Clone)]
struct Project {
    chapters: Vec<&'static Chapter>,
    files: BTreeMap<String, Vec<u8>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Project {
    /// All that `.gitignore` does not leave out.
    fn read() -> Self {
        let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore is there");
        let ignored: Vec<&str> = ignored.lines().chain(["/.git"]).collect();
        let mut files = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(root().join(&folder)).expect("a folder can be listed");
            for entry in entries.map(|entry| entry.expect("a folder's entry can be read")) {
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{folder}{name}");
                // `/name` stands for the one in the root, `name/` for a folder anywhere.
                if ignored.contains(&&*format!("/{path}"))
                    || ignored.contains(&&*format!("{name}/"))
                {
                    continue;
                }
                let kind = entry.file_type().expect("an entry has a type");
                if kind.is_dir() {
                    folders.push(format!("{path}/"));
                } else if kind.is_file() {
                    let content = fs::read(entry.path()).expect("a file can be read");
                    files.insert(path, content);
                }
            }
        }
        Self { chapters: course::CHAPTERS.to_vec(), files }
    }

    /// A file's text; empty if it is missing.
    fn text(&self, path: &str) -> Cow<'_, str> {
        String::from_utf8_lossy(self.files.get(path).map_or(&[], Vec::as_slice))
    }

    /// Whether there is such a file or folder.
    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    fn stages(&self) -> impl Iterator<Item = &'static Stage> {
        self.chapters.iter().flat_map(|chapter| chapter.stages).copied()
    }

    /// The files with this ending.
    fn ending(&self, ending: &str) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(move |path| path.ends_with(ending))
    }

    // What faults are made of.

    fn edit(&mut self, path: &str, from: &str, to: &str) {
        let before = self.text(path).into_owned();
        let after = before.replace(from, to);
        assert_ne!(before, after, "a fault expects `{from}` in {path}");
        self.files.insert(path.to_owned(), after.into_bytes());
    }

    fn only_stage(&mut self, stage: Stage) {
        let stages = vec![&*Box::leak(Box::new(stage))].leak();
        self.chapters = vec![Box::leak(Box::new(Chapter { stages, ..course::bpe::CHAPTER }))];
    }

    /// Adds the model notebook with a change.
    fn notebook(&mut self, from: &str, to: &str) {
        let path = "notebooks/rust/model.ipynb";
        self.files.insert(path.to_owned(), NOTEBOOK.into());
        self.edit(path, from, to);
    }
}

/// A notebook as `cargo lab dev notebooks` leaves it.
const NOTEBOOK: &str = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "first",
   "metadata": {},
   "source": [
    "# Hello\n",
    "\"outputs\": [1]"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "second",
   "metadata": {},
   "outputs": [],
   "source": [
    "1 + 1"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Rust",
   "language": "rust",
   "name": "rust"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
"##;

// --- the rules -----------------------------------------------------------------------------------

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
        for (path, wanted) in [
            ("Cargo.toml", vec![format!("exercises/{id}"), format!("solutions/{id}")]),
            ("exercises/Cargo.toml", vec![format!("rust_for_ai/{id}")]),
            ("solutions/Cargo.toml", vec![format!("rust_for_ai/{id}")]),
        ] {
            let manifest = project.text(path);
            let line = manifest.lines().find(|line| line.starts_with(&format!("{id} = [")));
            for feature in wanted {
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

fn notebooks_grade(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in &project.chapters {
        let path = chapter.notebook;
        if !project.has(path) {
            problems.push(format!("{path}: missing"));
            continue;
        }
        for stage in chapter.stages {
            let call = format!("check::{}::{}(", chapter.id, stage.name());
            if !project.text(path).contains(&call) {
                problems.push(format!("{path}: no cell grades {} with `{call}…)`", stage.id));
            }
        }
    }
    problems
}

fn notebooks_are_clean(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for path in project.ending(".ipynb") {
        let text = project.text(path);
        let count = |what: &str| text.matches(what).count();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{path}: expected {what}"));
            }
        };
        let kernel = if path.starts_with("notebooks/python/") { "python3" } else { "rust" };
        let code = count("\"cell_type\": \"code\"");
        expect(count("\"outputs\": []") == code, "no outputs");
        expect(count("\"execution_count\": null") == code, "no execution counts");
        expect(count("\"nbformat\": 4") == 1, "`nbformat` 4");
        expect(count("\"nbformat_minor\": 5") == 1, "`nbformat_minor` 5, which gives cells ids");
        let spec = text.split("\"kernelspec\": {").nth(1).and_then(|rest| rest.split('}').next());
        let named = format!("\"name\": \"{kernel}\"");
        expect(
            spec.is_some_and(|spec| spec.contains(&named)),
            &format!("the kernelspec `{kernel}`"),
        );
        let ids: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix("\"id\": ")).collect();
        expect(ids.len() == count("\"cell_type\": \""), "an id in each cell");
        let distinct: BTreeSet<&&str> = ids.iter().collect();
        expect(distinct.len() == ids.len(), "ids of cells that differ");
        if let Some(fault) = json_fault(&text) {
            problems.push(format!("{path}: {fault}"));
        }
    }
    problems
}

/// What keeps a text from being JSON, as far as brackets, strings and stray text go.
fn json_fault(text: &str) -> Option<String> {
    let mut open = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => drop(chars.next()),
                        Some(_) => {}
                        None => return Some(format!("line {number}: a string does not end")),
                    }
                },
                '{' => open.push('}'),
                '[' => open.push(']'),
                '}' | ']' if open.pop() != Some(c) => {
                    return Some(format!("line {number}: `{c}` closes nothing"));
                }
                '}' | ']' | ',' | ':' | '-' | '+' | '.' => {}
                c if c.is_whitespace() || c.is_ascii_alphanumeric() => {}
                _ => return Some(format!("line {number}: `{c}` is not expected here")),
            }
        }
    }
    (!open.is_empty()).then(|| "the last line leaves brackets open".to_owned())
}

fn links_lead_somewhere(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for reading in project.stages().flat_map(|stage| stage.reading) {
        if !reading.at.starts_with("https://") && !project.has(reading.at) {
            problems.push(format!("src/course/: nothing to read at `{}`", reading.at));
        }
    }
    for path in project.ending(".md").chain(project.ending(".ipynb")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = project.text(path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next())
        {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() || !file.contains(['/', '.']) {
                continue;
            }
            if !project.has(&resolved(folder, file)) {
                problems.push(format!("{path}: the link `{link}` leads nowhere"));
            }
        }
    }
    problems
}

/// A relative path, seen from the root.
fn resolved(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

const BEGIN: &str = "<!-- BEGIN syllabus -->";
const END: &str = "<!-- END syllabus -->";

/// The syllabus as README.md shows it.
fn syllabus(chapters: &[&Chapter]) -> String {
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
fn with_syllabus(project: &Project) -> Option<String> {
    let readme = project.text("README.md");
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}{END}{after}", syllabus(&project.chapters)))
}

fn readme_is_current(project: &Project) -> Vec<String> {
    match with_syllabus(project) {
        None => vec![format!("README.md: expected the lines `{BEGIN}` and `{END}`")],
        Some(current) if current != project.text("README.md") => {
            vec!["README.md: the syllabus is not what src/course/ says".to_owned()]
        }
        Some(_) => Vec::new(),
    }
}

fn readme_names_commands(project: &Project) -> Vec<String> {
    let (path, readme) = ("lab/src/commands/mod.rs", project.text("README.md"));
    let source = project.text(path);
    let body = source.split_once("\nenum Command {\n").and_then(|(_, rest)| rest.split_once("\n}"));
    let Some((body, _)) = body else {
        return vec![format!("{path}: expected `enum Command`, the list of subcommands")];
    };
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        .map(|variant| format!("cargo lab {}", variant.to_lowercase()))
        .filter(|command| !readme.contains(command.as_str()))
        .map(|command| format!("README.md: expected `{command}`"))
        .collect()
}

fn files_open_with_an_essay(project: &Project) -> Vec<String> {
    let essay = |path: &&str| {
        let first = project.text(path).lines().next().unwrap_or_default().to_owned();
        first.strip_prefix("//! ").is_some_and(|words| words != "placeholder")
    };
    let without = project.ending(".rs").filter(|path| !essay(path));
    without.map(|path| format!("{path}: expected a first line that begins with `//! `")).collect()
}

/// Words that would tie the project to one machine, to one registry, or to pages that it does not
/// have. In two halves each, since this file is looked at too.
const FOREIGN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("../sha", "red"),
    ("DESI", "GN.md"),
    ("STY", "LE.md"),
    ("crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("npmjs", ".org"),
    ("deb.debian", ".org"),
    ("FIX", "ME"),
    ("<<<<", "<<< "),
    (">>>>", ">>> "),
];

fn nothing_foreign(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, content) in &project.files {
        // cargo writes where each crate comes from.
        if path.ends_with("Cargo.lock") {
            continue;
        }
        let text = String::from_utf8_lossy(content);
        for (left, right) in FOREIGN {
            let word = format!("{left}{right}");
            for (number, _) in (1..).zip(text.lines()).filter(|(_, line)| line.contains(&word)) {
                problems.push(format!("{path}:{number}: expected no `{word}`"));
            }
        }
    }
    problems
}

fn data_is_accounted_for(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    let readme = project.text("data/README.md");
    let rows: BTreeMap<&str, Vec<&str>> = readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line
                .trim()
                .strip_prefix("| ")?
                .strip_suffix('|')?
                .split('|')
                .map(str::trim)
                .collect();
            Some((cells.first()?.strip_prefix('`')?.strip_suffix('`')?, cells))
        })
        .collect();
    for (path, content) in &project.files {
        let Some(name) = path.strip_prefix("data/").filter(|name| *name != "README.md") else {
            continue;
        };
        let Some(cells) = rows.get(name) else {
            problems.push(format!("{path}: data/README.md has no row for `{name}`"));
            continue;
        };
        if cells.len() != 5 || cells.iter().any(|cell| cell.is_empty()) {
            problems.push(format!("data/README.md: expected five cells for `{name}`, none empty"));
        } else if cells[1].replace(',', "") != content.len().to_string() {
            problems.push(format!(
                "{path}: {} bytes, data/README.md says {}",
                content.len(),
                cells[1]
            ));
        }
    }
    for name in rows.keys().filter(|name| !project.has(&format!("data/{name}"))) {
        problems.push(format!("data/README.md: `{name}` does not exist"));
    }
    problems
}
