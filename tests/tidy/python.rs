//! Rules for what is written in Python: the checks there, the answers, and their notebooks.
//!
//! As text, like everything here. That a check in Python grades is for `python/tests/` to show, which needs
//! the package built.

use rust_for_ai::course::{self, Chapter, Stage};

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "each stage has a check in Python, or a reason why not",
        problems: stages_have_checks,
        mend: "add a function to python/rust_for_ai/check/CHAPTER.py and an arm to python/src/check/CHAPTER.rs, \
               or a line to `NOT_IN_PYTHON`",
        faults: &[
            |p| p.edit("python/rust_for_ai/check/bpe.py", "def merge(", "def merged("),
            |p| p.edit("python/src/check/llama.rs", "\"rope\" =>", "\"ropes\" =>"),
            |p| p.edit("python/rust_for_ai/check/__init__.py", "llama.candle_load", "llama.other"),
        ],
    },
    Rule {
        name: "answers in Python are those of their chapter's stages, but of those without a check there",
        problems: answers_name_their_stages,
        mend: "mark each stage's region in solutions/python/CHAPTER.py with `# BEGIN SOLUTION ID`, open its \
               docstring with its id and title, and run `cargo lab dev stubs`",
        faults: &[
            |p| p.edit(PYTHON, "SOLUTION bpe.merge", "SOLUTION bpe.train"),
            |p| p.edit(PYTHON, "learn the merges of a text", "learn merges"),
            |p| {
                p.edit(
                    "exercises/python/bpe.py",
                    "NotImplementedError(\"bpe.merge\")",
                    "NotImplementedError",
                )
            },
            |p| p.remove("exercises/python/bpe.py"),
            // The one stage without a check in Python is the one that may be missing.
            |p| p.edit("python/rust_for_ai/check/__init__.py", "llama.candle_load", "llama.other"),
            |p| {
                p.edit("solutions/python/llama.py", "SOLUTION llama.rope", "SOLUTION llama.forward")
            },
        ],
    },
    Rule {
        name: "a chapter with answers in Python has a notebook that grades each of its stages",
        problems: notebooks_grade,
        mend: "add a cell `check.CHAPTER.STAGE(…)` to the notebook in notebooks/python/",
        faults: &[
            |p| p.remove("notebooks/python/20_bpe.ipynb"),
            |p| p.edit("notebooks/python/20_bpe.ipynb", "check.bpe.merge(", "check.bpe.merged("),
            |p| {
                p.edit("notebooks/python/60_llama.ipynb", "check.llama.rope(", "check.llama.ropes(")
            },
        ],
    },
    Rule {
        name: "each Python file opens with a docstring",
        problems: files_open_with_a_docstring,
        mend: "begin the file with `\"\"\"`: what it does, the idea, what is deliberately absent",
        faults: &[|p| p.put("python/rust_for_ai/new.py", "import os\n")],
    },
];

/// The reference answers that faults break.
const PYTHON: &str = "solutions/python/bpe.py";

/// Whether the table `NOT_IN_PYTHON` says why a stage has no check there.
fn is_not_in_python(project: &Project, stage: &Stage) -> bool {
    let text = project.text("python/rust_for_ai/check/__init__.py");
    text.contains(&format!("\"{}\": ", stage.id))
}

fn stages_have_checks(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for stage in project.stages() {
        if is_not_in_python(project, stage) {
            continue;
        }
        let (chapter, name) = (stage.chapter(), stage.name());
        for (path, part) in [
            (format!("python/rust_for_ai/check/{chapter}.py"), format!("\ndef {name}(answer:")),
            (format!("python/src/check/{chapter}.rs"), format!("\"{name}\" =>")),
        ] {
            let text = project.text(&path);
            // What takes a class calls it `new`, or `load`.
            let others = ["new:", "load:"].map(|argument| part.replace("answer:", argument));
            if !text.contains(&part) && !others.iter().any(|part| text.contains(part)) {
                problems.push(format!(
                    "{path}: nothing for {}, expected `{}`",
                    stage.id,
                    part.trim()
                ));
            }
        }
    }
    problems
}

/// The chapters that have answers in Python.
fn chapters(project: &Project) -> impl Iterator<Item = &'static Chapter> {
    let has = |chapter: &Chapter| {
        let path = |tree: &str| project.has(&format!("{tree}/python/{}.py", chapter.id));
        path("solutions") || path("exercises")
    };
    course::CHAPTERS.iter().copied().filter(move |chapter| has(chapter))
}

/// The stages of a chapter that have a check in Python, and so an answer.
fn stages<'p>(
    project: &'p Project,
    chapter: &'static Chapter,
) -> impl Iterator<Item = &'static Stage> + 'p {
    chapter.stages.iter().copied().filter(move |stage| !is_not_in_python(project, stage))
}

fn answers_name_their_stages(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in chapters(project) {
        for stage in stages(project, chapter) {
            for (path, part) in [
                (stage.python_solution(), format!("# BEGIN SOLUTION {}\n", stage.id)),
                (
                    stage.python_solution(),
                    format!("\"\"\"Stage `{}`: {}.\n", stage.id, stage.title),
                ),
                (stage.python_exercise(), format!("NotImplementedError(\"{}\")", stage.id)),
            ] {
                if !project.text(&path).contains(&part) {
                    problems.push(format!("{path}: expected `{}`", part.trim()));
                }
            }
        }
    }
    problems
}

fn notebooks_grade(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in chapters(project) {
        let path = chapter.notebook.replace("/rust/", "/python/");
        let text = project.text(&path);
        for stage in stages(project, chapter) {
            let call = format!("\"check.{}.{}(", chapter.id, stage.name());
            if !text.contains(&call) {
                problems.push(format!(
                    "{path}: no cell grades {} with `{}…`",
                    stage.id,
                    &call[1..]
                ));
            }
        }
    }
    problems
}

fn files_open_with_a_docstring(project: &Project) -> Vec<String> {
    let files = project.ending(".py").filter(|path| !project.text(path).starts_with("\"\"\""));
    files.map(|path| format!("{path}: expected a docstring first")).collect()
}
