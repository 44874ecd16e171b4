//! `check --all --json`: one document about every stage of the course, for autograders.
//!
//! Plain `check --json` stops at the first chapter that cannot be built for a reason outside of the answers, and
//! has nothing of stages that were not graded. A program that gives points needs the opposite: every stage of
//! the syllabus is in the document, in the order of the syllabus and with the same keys, and one that was not
//! graded says why. So each chapter is graded by itself, and what stops one stops no other.
//!
//! `docs/class.md` tells each field. A field may be added under the same [`SCHEMA`]; one that goes or changes
//! its meaning raises it.
//!
//! Deliberately absent: seconds of a stage, since the stages of a chapter are graded at the same time, and
//! marks, since a teacher decides what a stage is worth.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};
use rust_for_ai::check::State;
use rust_for_ai::course::{self, Chapter, Level, Stage};
use serde_json::{Map, Value, json};

use super::check::{error_json, remember};
use crate::grade::{self, CompileError, Graded, Verdict};
use crate::place::Place;
use crate::run::{print, say};

/// Raised when a field goes or changes its meaning.
const SCHEMA: u32 = 1;

/// A state that only a report knows: the stage was not graded.
const NOT_BUILT: &str = "NOT BUILT";

/// What a verdict may have. A stage of the report has all of it, `null` where there is nothing to say.
const OF_A_VERDICT: [&str; 11] = [
    "cases",
    "waits_for",
    "case",
    "call",
    "expected",
    "got",
    "diff",
    "why",
    "misconceptions",
    "text",
    "printed",
];

/// Grades everything and prints the document. `Ok(false)` if an answer fails, is not started or does not compile.
///
/// # Errors
///
/// A chapter could not be graded for a reason that is not in its answers. The document is printed before.
pub(super) fn report(place: &Place, apart: bool) -> Result<bool> {
    let chapters: Vec<Part> =
        course::CHAPTERS.iter().map(|chapter| graded(place, chapter, apart)).collect();
    let stages: Vec<&Value> = chapters.iter().flat_map(|part| &part.stages).collect();
    let reasons: Vec<&str> =
        stages.iter().filter_map(|stage| stage["not_built"]["kind"].as_str()).collect();
    let totals = totals(&stages);
    let document = json!({
        "schema": SCHEMA,
        "workbook": {"version": env!("CARGO_PKG_VERSION"), "commit": commit(place)},
        "chapters": chapters.iter().map(Part::json).collect::<Vec<_>>(),
        "totals": totals,
    });
    print(&document.to_string());
    if reasons.contains(&Kind::GraderFailed.as_str()) {
        bail!("not everything could be graded; the report says under `not_built` what and why");
    }
    let open = ["failing", "not_started"].iter().any(|key| totals[*key] != 0);
    Ok(!open && !reasons.contains(&Kind::DoesNotCompile.as_str()))
}

/// A chapter of the report.
struct Part {
    chapter: &'static Chapter,
    seconds: f64,
    errors: Vec<Value>,
    stages: Vec<Value>,
}

impl Part {
    fn json(&self) -> Value {
        json!({
            "id": self.chapter.id,
            "title": self.chapter.title,
            "seconds": self.seconds,
            "compile_errors": self.errors,
            "stages": self.stages,
            "totals": totals(&self.stages.iter().collect::<Vec<_>>()),
        })
    }
}

fn graded(place: &Place, chapter: &'static Chapter, apart: bool) -> Part {
    let start = Instant::now();
    let together = outcome(place, chapter, None);
    let mut errors = together.errors();
    let mut stages = Vec::new();
    for stage in chapter.stages {
        stages.push(match stage.needs() {
            None => together.stage(stage),
            Some(_) if apart => {
                let alone = outcome(place, chapter, Some(stage));
                // What breaks the chapter breaks this build as well, and is told once.
                errors.extend(
                    alone
                        .errors()
                        .into_iter()
                        .filter(|error| !errors.contains(error))
                        .collect::<Vec<_>>(),
                );
                alone.stage(stage)
            }
            Some(needs) => {
                let reason = format!("it needs `{needs}` and was not asked for with --apart");
                let command = format!("cargo lab check {}", stage.id);
                let kind = Kind::GradedApart;
                Outcome::Not(NotBuilt { kind, reason, command: Some(command) }, Vec::new())
                    .stage(stage)
            }
        });
    }
    // Milliseconds are more than a build is worth.
    let seconds = (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    Part { chapter, seconds, errors, stages }
}

/// Why stages were not graded; the word that programs read.
#[derive(Debug, Clone, Copy)]
enum Kind {
    DoesNotCompile,
    NeedsPython,
    GradedApart,
    GraderFailed,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::DoesNotCompile => "does_not_compile",
            Self::NeedsPython => "needs_python",
            Self::GradedApart => "graded_apart",
            Self::GraderFailed => "grader_failed",
        }
    }
}

struct NotBuilt {
    kind: Kind,
    reason: String,
    /// What gets it graded, or shows more.
    command: Option<String>,
}

/// What became of the stages that were built together.
enum Outcome {
    Verdicts(Vec<Verdict>),
    Not(NotBuilt, Vec<CompileError>),
}

/// Grades, and turns whatever stops it into something to report.
fn outcome(place: &Place, chapter: &'static Chapter, stage: Option<&Stage>) -> Outcome {
    let id = stage.map_or(chapter.id, |stage| stage.id);
    let again = Some(format!("cargo lab check {id}"));
    let not = |kind, reason, command| Outcome::Not(NotBuilt { kind, reason, command }, Vec::new());
    match grade::chapter(place, chapter, stage) {
        Ok(Graded::Verdicts(verdicts, seen)) => {
            // Points do not depend on the progress: where it cannot be written, that costs a line. Grading
            // itself needs a writable `.lab/`.
            if let Err(error) = remember(place, &verdicts, &seen) {
                say(&format!("the progress is not written down: {error:#}"));
            }
            Outcome::Verdicts(verdicts)
        }
        Ok(Graded::Broken(errors)) => {
            let missing = chapter.stages.iter().find(|stage| !place.exercise(stage).exists());
            let reason = match (missing, errors.first()) {
                (Some(stage), _) => format!("{} is missing", stage.exercise()),
                (None, Some(error)) => format!("{}: {}", error.at, error.message),
                (None, None) => "the compiler gave no error with a place".to_owned(),
            };
            Outcome::Not(NotBuilt { kind: Kind::DoesNotCompile, reason, command: again }, errors)
        }
        Ok(Graded::Missing(what)) => {
            let command = what.split_once(": ").map(|(_, command)| command.to_owned());
            not(Kind::NeedsPython, what, command)
        }
        Err(error) => not(Kind::GraderFailed, format!("{error:#}"), again),
    }
}

impl Outcome {
    fn errors(&self) -> Vec<Value> {
        match self {
            Self::Verdicts(_) => Vec::new(),
            Self::Not(_, errors) => errors.iter().map(with_stage).collect(),
        }
    }

    /// The entry of one of its stages; each has the same keys.
    fn stage(&self, stage: &Stage) -> Value {
        let verdict = match self {
            Self::Verdicts(verdicts) => verdicts.iter().find(|verdict| verdict.stage == stage.id),
            Self::Not(..) => None,
        };
        let not_built = match (self, verdict) {
            (_, Some(_)) => Value::Null,
            (Self::Not(not, _), _) => {
                json!({"kind": not.kind.as_str(), "reason": not.reason, "command": not.command})
            }
            (Self::Verdicts(_), None) => json!({
                "kind": Kind::GraderFailed.as_str(),
                "reason": "the grader gave no verdict on this stage",
                "command": format!("cargo lab check {}", stage.id),
            }),
        };
        let mut entry = Map::new();
        let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
        put("id", stage.id.into());
        put("title", stage.title.into());
        put("level", if stage.level == Level::Core { "core" } else { "stretch" }.into());
        put("minutes", stage.minutes.into());
        put("version", stage.version.into());
        put("state", verdict.map_or(NOT_BUILT, |verdict| verdict.state.as_str()).into());
        put("not_built", not_built);
        for key in OF_A_VERDICT {
            put(key, verdict.map_or(Value::Null, |verdict| verdict.json[key].clone()));
        }
        Value::Object(entry)
    }
}

/// An error of the compiler, with the stage in whose file it is.
fn with_stage(error: &CompileError) -> Value {
    let stage = course::stages().find(|stage| stage.exercise() == error.file);
    let mut value = error_json(error);
    value["stage"] = stage.map_or(Value::Null, |stage| stage.id.into());
    value
}

fn totals(stages: &[&Value]) -> Value {
    let count = |state: &str| stages.iter().filter(|stage| stage["state"] == state).count();
    let minutes = |of: &dyn Fn(&Value) -> bool| -> u64 {
        stages.iter().filter(|stage| of(stage)).filter_map(|stage| stage["minutes"].as_u64()).sum()
    };
    let passes = |stage: &Value| stage["state"] == State::Passing.as_str();
    json!({
        "stages": stages.len(),
        "passing": count(State::Passing.as_str()),
        "failing": count(State::Failing.as_str()),
        "not_started": count(State::NotStarted.as_str()),
        "not_built": count(NOT_BUILT),
        "minutes": minutes(&|_| true),
        "minutes_passing": minutes(&passes),
    })
}

/// The commit of the checkout, if git knows one and the checkout is the top of its repository.
fn commit(place: &Place) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--show-toplevel", "HEAD"]).current_dir(place.root());
    let output = git.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (top, commit) = text.trim().split_once('\n')?;
    let same = fs::canonicalize(top.trim()).ok()? == fs::canonicalize(place.root()).ok()?;
    same.then(|| commit.trim().to_owned())
}
