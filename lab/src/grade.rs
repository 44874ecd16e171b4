//! Build and run a chapter's grader, and read its verdicts.
//!
//! cargo builds the test target of one chapter with that chapter's feature alone, so that a broken
//! file of another chapter is not compiled. The target then runs each stage in a child of its own and
//! writes its verdicts, a line of JSON each, to a file.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rust_for_ai::check::State;
use rust_for_ai::course::{Chapter, Needs, Stage};
use serde_json::Value;

use crate::place::Place;
use crate::run;

/// What grading gave.
#[derive(Debug)]
pub enum Graded {
    /// A verdict for each stage that was asked for, and the fingerprint of the answers they are of.
    Verdicts(Vec<Verdict>, String),
    /// The answers do not compile, so there is nothing to run.
    Broken(Vec<CompileError>),
    /// This machine has not what grading needs; in a line, with the command that gets it.
    Missing(String),
}

/// A verdict as the grader reports it.
#[derive(Debug)]
pub struct Verdict {
    /// The stage's id.
    pub stage: String,
    /// The state.
    pub state: State,
    /// For a person.
    pub text: String,
    /// What the answer printed in its last call, at least the end of it.
    pub printed: String,
    /// The whole object.
    pub json: Value,
}

/// What the compiler refuses.
#[derive(Debug)]
pub struct CompileError {
    /// The file, from the root, with line and column.
    pub at: String,
    /// The file alone.
    pub file: String,
    /// The message in one line.
    pub message: String,
    /// The compiler's code, such as `E0308`; a syntax error has none.
    pub code: Option<String>,
    /// The stage whose answer is missing or has another signature, where only the code that uses the
    /// answer does not compile.
    pub misfit: Option<&'static Stage>,
    /// As the compiler draws it.
    pub rendered: String,
}

/// Grades one stage of a chapter, or all of them but those that need a build of their own.
///
/// # Errors
///
/// cargo cannot be run, or fails for a reason that is not in the learner's files.
pub fn chapter(place: &Place, chapter: &Chapter, stage: Option<&Stage>) -> Result<Graded> {
    // Before the build: what is saved meanwhile may be graded or not, and must not count as graded.
    let seen = match stage.filter(|stage| stage.needs().is_some()) {
        Some(stage) => fingerprint_alone(place, stage),
        None => fingerprint(place, chapter),
    };
    // Not even a build: it would take minutes.
    if stage.is_none() && chapter.is_apart() {
        return Ok(Graded::Verdicts(Vec::new(), seen));
    }
    if chapter.is_module() && !place.maturin().exists() {
        let id = chapter.id;
        return Ok(Graded::Missing(format!(
            "chapter `{id}` needs a Python environment: cargo lab setup package"
        )));
    }
    let binary = match build(place, chapter, stage.and_then(Stage::needs))? {
        Build::Binary(path) => path,
        Build::Broken(errors) => return Ok(Graded::Broken(errors)),
    };
    // Of this run alone: the grader appends, and another process may have had this number before.
    let report = place.state(format!("report-{}.jsonl", std::process::id()));
    fs::create_dir_all(place.state("")).context("the folder .lab")?;
    let _ = fs::remove_file(&report);
    let mut command = Command::new(&binary);
    command.current_dir(place.root()).env("RUST_FOR_AI_REPORT", &report);
    match stage {
        Some(stage) => command.args(["--exact", &format!("exercises::{}", stage.id)]),
        None => command.arg("exercises::"),
    };
    let ran = command.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let lines = fs::read_to_string(&report).unwrap_or_default();
    // Only this process wrote it.
    let _ = fs::remove_file(&report);
    let ran = ran.with_context(|| format!("could not run `{}`", binary.display()))?;
    let mut verdicts = lines.lines().map(verdict).collect::<Result<Vec<_>>>()?;
    if verdicts.is_empty()
        && chapter.is_module()
        && let Ok(Build::Broken(errors)) = compile(place, chapter, &module(chapter), None)
    {
        return Ok(Graded::Broken(errors));
    }
    let all = chapter.stages.iter().filter(|stage| stage.needs().is_none()).count();
    let asked = if stage.is_some() { 1 } else { all };
    if verdicts.len() != asked {
        bail!(
            "the grader gave {} verdicts, expected {asked}\n{}",
            verdicts.len(),
            String::from_utf8_lossy(&ran.stderr).trim()
        );
    }
    let order = |id: &str| chapter.stages.iter().position(|stage| stage.id == id);
    verdicts.sort_by_key(|verdict| order(&verdict.stage));
    Ok(Graded::Verdicts(verdicts, seen))
}

fn verdict(line: &str) -> Result<Verdict> {
    let json: Value =
        serde_json::from_str(line).with_context(|| format!("the report line `{line}`"))?;
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let state = text("state");
    let state =
        State::parse(&state).with_context(|| format!("the report knows no state `{state}`"))?;
    Ok(Verdict { stage: text("stage"), state, text: text("text"), printed: text("printed"), json })
}

enum Build {
    Binary(PathBuf),
    Broken(Vec<CompileError>),
}

/// What cargo is told to build. A heavy feature is built with the profile of the programs that need it as well: so it
/// is compiled once, and what it runs is not slow. What a `--cfg` changes is built into a folder of
/// its own, or each change of it would compile everything again.
fn arguments(chapter: &Chapter, needs: Option<Needs>) -> Vec<String> {
    let words = ["test", "--no-run", "--package", "rust_for_ai", "--no-default-features"];
    let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
    let features = match needs {
        Some(Needs::Feature(more)) if more != chapter.id => format!("{},{more}", chapter.id),
        _ => chapter.id.to_owned(),
    };
    arguments.extend(["--features".to_owned(), features]);
    arguments.extend(["--test".to_owned(), chapter.id.to_owned()]);
    match needs {
        None => {}
        // What has a profile of its own is named as it is.
        Some(Needs::Feature(name)) if name == chapter.id => {
            arguments.extend(["--profile".to_owned(), name.to_owned()]);
        }
        Some(Needs::Feature(_)) => arguments.push("--release".to_owned()),
        Some(Needs::Cfg(name)) => {
            arguments.extend(["--target-dir".to_owned(), format!("target/{name}")]);
        }
    }
    arguments
}

/// Sets a `--cfg` of the compiler, behind the flags that are set already.
///
/// Of the two variables cargo reads, the encoded one wins; there flags are separated by the unit separator of
/// ASCII.
pub(crate) fn with_cfg(cargo: &mut Command, name: &str) {
    let before = |variable| std::env::var(variable).unwrap_or_default();
    let (variable, flags) = match before("CARGO_ENCODED_RUSTFLAGS") {
        flags if flags.is_empty() => {
            ("RUSTFLAGS", format!("{} --cfg {name}", before("RUSTFLAGS")).trim().to_owned())
        }
        flags => ("CARGO_ENCODED_RUSTFLAGS", format!("{flags}\x1f--cfg\x1f{name}")),
    };
    cargo.env(variable, flags);
}

/// How cargo builds the answers of a chapter that are a Python module. The grader has maturin build them; this
/// is for what the compiler says where it refuses them.
fn module(chapter: &Chapter) -> Vec<String> {
    let package = format!("exercises_{}", chapter.id);
    let folder = format!("target/{}", chapter.id);
    ["build", "--release", "--package", &package, "--target-dir", &folder]
        .map(str::to_owned)
        .to_vec()
}

/// Builds the grader of a chapter that takes minutes to compile; whether its answers compile is not asked here.
///
/// # Errors
///
/// cargo cannot build it for a reason that is not in the answers.
pub(crate) fn prepare(place: &Place, chapter: &Chapter) -> Result<()> {
    build(place, chapter, chapter.stages.first().and_then(|stage| stage.needs())).map(drop)
}

fn build(place: &Place, chapter: &Chapter, needs: Option<Needs>) -> Result<Build> {
    compile(place, chapter, &arguments(chapter, needs), needs)
}

fn compile(
    place: &Place,
    chapter: &Chapter,
    arguments: &[String],
    needs: Option<Needs>,
) -> Result<Build> {
    let mut cargo = run::cargo();
    cargo
        .current_dir(place.root())
        .args(arguments)
        .arg(match std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            true => "--message-format=json-diagnostic-rendered-ansi",
            false => "--message-format=json",
        })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(Needs::Cfg(name)) = needs {
        with_cfg(&mut cargo, name);
    }
    let mut child = cargo.spawn().context("could not run `cargo`")?;
    let stderr = child.stderr.take();
    let said = thread::spawn(move || {
        let mut text = String::new();
        stderr.map(|mut pipe| pipe.read_to_string(&mut text));
        text
    });
    let notice = Notice::after(
        Duration::from_secs(2),
        match needs {
            None => "building the grader (the first time takes some 20 seconds)",
            Some(Needs::Feature("frames")) => {
                "building the grader with Polars (the first time takes five to ten minutes)"
            }
            Some(Needs::Feature(_)) => {
                "building the grader with Candle (the first time takes some minutes)"
            }
            Some(Needs::Cfg(_)) => {
                "building the grader with loom (the first time takes some 20 seconds)"
            }
        },
    );
    let mut binary = None;
    let mut errors = Vec::new();
    for line in BufReader::new(child.stdout.take().context("no output of cargo")?).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        match message["reason"].as_str() {
            Some("compiler-message") => {
                errors.extend(compile_error(place, chapter, &message["message"]));
            }
            Some("compiler-artifact") if message["target"]["name"] == chapter.id => {
                let executable = message["executable"].as_str().map(PathBuf::from);
                binary = executable.or(binary);
            }
            _ => {}
        }
    }
    let status = child.wait()?;
    drop(notice);
    let said = said.join().unwrap_or_default();
    match binary {
        Some(path) if status.success() => Ok(Build::Binary(path)),
        _ if !errors.is_empty() => Ok(Build::Broken(errors)),
        _ => bail!("cargo could not build the grader\n{}", said.trim()),
    }
}

/// An error with a place; the compiler's closing "aborting due to 2 errors" has none.
fn compile_error(place: &Place, chapter: &Chapter, message: &Value) -> Option<CompileError> {
    if message["level"] != "error" {
        return None;
    }
    let span = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let file = Path::new(span["file_name"].as_str()?);
    let mut file =
        file.strip_prefix(place.root()).unwrap_or(file).display().to_string().replace('\\', "/");
    let mut at = format!("{file}:{}:{}", span["line_start"], span["column_start"]);
    let misfit = misfit(chapter, &file, span);
    if let Some(stage) = misfit {
        file = stage.exercise();
        at.clone_from(&file);
    }
    Some(CompileError {
        at,
        file,
        message: message["message"].as_str()?.to_owned(),
        code: message["code"]["code"].as_str().map(ToOwned::to_owned),
        misfit,
        rendered: message["rendered"].as_str()?.to_owned(),
    })
}

/// The stage that a line of the grader or of the chapter's list of modules is about.
fn misfit(chapter: &Chapter, file: &str, span: &Value) -> Option<&'static Stage> {
    let line = span["text"][0]["text"].as_str()?;
    let mentions = |stage: &Stage| match file.replace('\\', "/") {
        file if file == format!("tests/{}.rs", chapter.id) => {
            line.contains(&format!("stage::{},", stage.name().to_uppercase()))
        }
        file if file == format!("exercises/{}/mod.rs", chapter.id) => {
            line.contains(&format!("pub use {}::", stage.name()))
        }
        _ => false,
    };
    chapter.stages.iter().copied().find(|stage| mentions(stage))
}

/// Prints a line if something takes longer than expected.
struct Notice(#[expect(dead_code, reason = "dropping it ends the wait")] mpsc::Sender<()>);

impl Notice {
    fn after(wait: Duration, text: &'static str) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            if receiver.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
                crate::run::say(text);
            }
        });
        Self(sender)
    }
}

/// A fingerprint of one answer that is graded apart from its chapter.
pub fn fingerprint_alone(place: &Place, stage: &Stage) -> String {
    let mut hasher = DefaultHasher::new();
    (stage.id, stage.version, fs::read(place.exercise(stage)).unwrap_or_default())
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A fingerprint of a chapter's answers, to tell whether they changed since they were graded.
///
/// Not for security, and it may change with the compiler's version: then a chapter is graded anew.
pub fn fingerprint(place: &Place, chapter: &Chapter) -> String {
    let mut hasher = DefaultHasher::new();
    for stage in chapter.stages {
        (stage.id, stage.version, fs::read(place.exercise(stage)).unwrap_or_default())
            .hash(&mut hasher);
    }
    fs::read(place.join(format!("exercises/{}/mod.rs", chapter.id)))
        .unwrap_or_default()
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use rust_for_ai::course::{bpe, frames, llama, sharing};

    use super::*;

    #[test]
    fn a_heavy_feature_is_built_for_its_stage_alone_and_in_release() {
        let words = |chapter, needs| arguments(chapter, needs).join(" ");
        let common = "test --no-run --package rust_for_ai --no-default-features --features";
        assert_eq!(words(&bpe::CHAPTER, None), format!("{common} bpe --test bpe"));
        assert_eq!(words(&llama::CHAPTER, None), format!("{common} llama --test llama"));
        let needs = llama::CANDLE_LOAD.needs();
        let expected = format!("{common} llama,candle --test llama --release");
        assert_eq!(words(&llama::CHAPTER, needs), expected);
        let expected = format!("{common} frames --test frames --profile frames");
        assert_eq!(words(&frames::CHAPTER, frames::SCAN.needs()), expected);
    }

    #[test]
    fn what_a_cfg_changes_is_built_into_a_folder_of_its_own_behind_the_flags_that_are_set() {
        let common = "test --no-run --package rust_for_ai --no-default-features --features";
        let expected = format!("{common} sharing --test sharing --target-dir target/loom");
        assert_eq!(arguments(&sharing::CHAPTER, sharing::LOOM.needs()).join(" "), expected);
        let mut cargo = Command::new("cargo");
        with_cfg(&mut cargo, "loom");
        let (variable, flags) = cargo.get_envs().next().expect("one variable is set");
        let before = std::env::var(variable).unwrap_or_default();
        let flags = flags.expect("it has a value").to_string_lossy().replace('\x1f', " ");
        assert_eq!(flags, format!("{before} --cfg loom").trim().replace('\x1f', " "));
    }
}
