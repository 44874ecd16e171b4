//! Grades a chapter whose answers are a Python module: builds it with maturin, and asks Python.
//!
//! The module is built once, in release and into a folder of its own, so that nothing else is compiled again
//! and `cargo test` never links Python. Then each stage has its child, as everywhere; the child runs a script
//! that calls the module and writes down each call before it makes it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};
use rust_for_ai::check::{Language, Origin, Outcome, Verdict, outcome_of_record};
use rust_for_ai::course::{self, Chapter};

use crate::child::{RECORD, STAGE};
use crate::{Graded, REPORT, Tree, grade, ignored};

/// Grades a chapter; the whole `main` of a test target.
///
/// `root` is the project's folder, and `check` calls [`check`] with it. Answers are the packages
/// `exercises/CHAPTER` and `solutions/CHAPTER`, whose module is named like the chapter; the script is
/// `tests/CHAPTER/grade.py`. Without a Python environment that has maturin every stage is ignored, with the
/// command that makes one.
pub fn grade_module(chapter: &'static Chapter, root: &str, check: fn() -> Verdict) -> ExitCode {
    let trees = [Tree::Exercises, Tree::Solutions];
    let graded = |tree| move |&stage| Graded { tree, stage, check };
    let stages: Vec<Graded> =
        trees.into_iter().flat_map(|tree| chapter.stages.iter().map(graded(tree))).collect();
    if std::env::var_os(STAGE).is_some() {
        return grade(chapter, &stages);
    }
    let arguments = Arguments::from_args();
    let root = Path::new(root);
    let works = Command::new(python(root)).args(["-c", "import maturin, numpy"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        if let Some(named) = std::env::var_os(PYTHON) {
            // Who names one wants the stages graded.
            let named = named.to_string_lossy();
            complain(&format!("expected maturin and numpy in `{named}`, which {PYTHON} names"));
            return ExitCode::from(101);
        }
        let reason = "needs a Python environment: cargo lab setup package";
        let trials: Vec<Trial> =
            chapter.stages.iter().map(|stage| ignored(stage, reason.to_owned())).collect();
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    for tree in trees {
        // Who asks for one tree does not wait for the other.
        let other = |filter: &str| filter.contains("::") && !filter.starts_with(tree.as_str());
        if arguments.list || arguments.filter.as_deref().is_some_and(other) {
            continue;
        }
        if let Err(error) = build(chapter, tree, root) {
            complain(&error);
            return ExitCode::from(101);
        }
    }
    grade(chapter, &stages)
}

#[expect(clippy::print_stderr, reason = "what the compiler says")]
fn complain(error: &str) {
    eprintln!("{error}");
}

/// Names the interpreter, instead of the one that `cargo lab setup package` makes.
const PYTHON: &str = "RUST_FOR_AI_GRADER_PYTHON";

fn python(root: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os(PYTHON) {
        return PathBuf::from(named);
    }
    root.join(if cfg!(windows) { ".venv/Scripts/python.exe" } else { ".venv/bin/python" })
}

/// The folder in which Python finds the module of a tree.
fn folder(root: &Path, chapter: &str, tree: Tree) -> PathBuf {
    root.join("target").join(chapter).join(tree.as_str())
}

/// Builds a tree's module, and unpacks the wheel.
fn build(chapter: &Chapter, tree: Tree, root: &Path) -> Result<(), String> {
    let place = folder(root, chapter.id, tree);
    let wheels = place.join("wheel");
    let run = |command: &mut Command| -> Result<(), String> {
        // What is built may run a script of the learner's.
        let output = command.env_remove(REPORT).output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    // Only wheels and unpacked modules are here.
    let _ = fs::remove_dir_all(&place);
    run(Command::new(python(root))
        .args(["-m", "maturin", "build", "--release", "--quiet", "--manifest-path"])
        .arg(root.join(tree.as_str()).join(chapter.id).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(root.join("target").join(chapter.id))
        .arg("--out")
        .arg(&wheels)
        .current_dir(root))?;
    let read = |error: io::Error| format!("{}: {error}", wheels.display());
    for wheel in fs::read_dir(&wheels).map_err(read)? {
        let wheel = wheel.map_err(read)?.path();
        run(Command::new(python(root)).args(["-m", "zipfile", "-e"]).arg(wheel).arg(&place))?;
    }
    Ok(())
}

/// Grades the stage that the parent asked this child for.
///
/// # Panics
///
/// Where no parent asked: nobody else calls it.
pub fn check(root: &str) -> Verdict {
    let root = Path::new(root);
    let name = std::env::var(STAGE).expect("the parent names a stage");
    let record = PathBuf::from(std::env::var_os(RECORD).expect("the parent names a record"))
        .with_extension("python");
    let tree = if name.starts_with("solutions::") { Tree::Solutions } else { Tree::Exercises };
    let id = name.rsplit("::").next().unwrap_or_default();
    let stage = course::stage(id).expect("the parent names a stage of the syllabus");
    let ran = Command::new(python(root))
        .arg(root.join("tests").join(stage.chapter()).join("grade.py"))
        .arg(stage.name())
        .arg(folder(root, stage.chapter(), tree))
        .arg(&record)
        // Its threads would take more address space than a child may have.
        .env("OPENBLAS_NUM_THREADS", "1")
        // Windows has another encoding for what is printed.
        .env("PYTHONUTF8", "1")
        .stdout(Stdio::inherit())
        .output();
    let lines = fs::read_to_string(&record).unwrap_or_default();
    let _ = fs::remove_file(&record);
    let origin = match tree {
        Tree::Exercises => Origin::Exercises,
        Tree::Solutions => Origin::Solutions,
    };
    let (ended, said) = match ran {
        Ok(output) => (output.status.to_string(), output.stderr),
        Err(error) => (format!("Python could not be run: {error}"), Vec::new()),
    };
    let outcome = outcome_of_record(stage, &lines, &ended);
    // A `todo!()` that is reached is a panic, of which the verdict has said enough.
    if !matches!(outcome, Outcome::NotStarted { .. }) {
        // What cannot be shown is lost, and the verdict is not.
        let _ = io::stderr().write_all(&said);
    }
    Verdict { stage, outcome, origin, language: Language::Rust }
}
