//! Grades stages: one child process a stage, with a deadline and a memory limit.
//!
//! A check runs in the process of whoever calls it, so an answer that never returns, overflows the
//! stack, asks for 10 GB or calls `process::exit` would take the grader with it. The grader therefore
//! runs its own binary again for each stage. The child writes each call down before it makes it; when
//! the child dies, the parent reads which call did it and makes that the verdict.
//!
//! The parent looks like any test binary to cargo (libtest-mimic): a stage that is not started is
//! *ignored*, a wrong answer *FAILED*. At the end stands one line a chapter:
//!
//! ```text
//! bpe 3/6, 1 failing, next: merge
//! ```
//!
//! # What is deliberately absent
//!
//! A reference answer is never ignored: one that reaches `todo!()` fails. Grading never depends on
//! how long an answer takes, but for the deadline, which is twenty times what a right one needs.
//! On Windows there is no memory limit, and on macOS the kernel does not enforce one; the deadline
//! ends such an answer there.

mod child;
mod parent;
pub mod python;

use std::io;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use rust_for_ai::check::{State, Verdict, summary};
use rust_for_ai::course::{Chapter, Needs, Stage};

/// Which tree an answer stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// The learner's answers.
    Exercises,
    /// The reference answers.
    Solutions,
}

impl Tree {
    fn as_str(self) -> &'static str {
        match self {
            Self::Exercises => "exercises",
            Self::Solutions => "solutions",
        }
    }
}

/// A stage, and how to grade one tree's answer to it.
#[derive(Debug, Clone, Copy)]
pub struct Graded {
    /// Whose answer.
    pub tree: Tree,
    /// To what.
    pub stage: &'static Stage,
    /// Runs the check on that answer.
    pub check: fn() -> Verdict,
}

impl Graded {
    fn name(&self) -> String {
        format!("{}::{}", self.tree.as_str(), self.stage.id)
    }
}

/// What the parent knows of a stage after its child is done.
struct Report {
    state: State,
    /// The verdict for a person, with what the answer printed.
    text: String,
    /// The verdict for a program, on one line, with what the answer printed as `printed`.
    json: String,
    /// What ended the child, if there is no verdict.
    died: Option<String>,
}

/// What became of a stage, for programs that use answers and do not show verdicts.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The stage.
    pub stage: &'static Stage,
    /// How its answer did.
    pub state: State,
    /// How the answer ended the process that graded it, if it did: a loop without end, a stack that
    /// overflowed, an abort.
    pub died: Option<String>,
}

/// Grades stages, each in a child process of its own, all at once. `start` makes the command of a child: a
/// program that calls [`child`] before all else.
pub fn outcomes(
    stages: &[Graded],
    start: &(dyn Fn() -> io::Result<Command> + Sync),
) -> Vec<Outcome> {
    let outcome = |graded: &Graded| {
        let Report { state, died, .. } = parent::supervise(graded, start);
        Outcome { stage: graded.stage, state, died }
    };
    thread::scope(|scope| {
        let children: Vec<_> =
            stages.iter().map(|graded| scope.spawn(move || outcome(graded))).collect();
        let joined = stages.iter().zip(children).map(|(graded, child)| {
            child.join().unwrap_or_else(|_| Outcome {
                stage: graded.stage,
                state: State::Failing,
                died: Some("the grader panicked".to_owned()),
            })
        });
        joined.collect()
    })
}

/// Grades the stage that the parent asked for; `None` in a process that nobody asked.
pub fn child(stages: &[Graded]) -> Option<ExitCode> {
    child::run_if_asked(stages)
}

/// The name of the variable with the file to which each verdict is appended as a line of JSON.
pub const REPORT: &str = "RUST_FOR_AI_REPORT";

/// Grades a chapter; the whole `main` of a test target.
pub fn grade(chapter: &'static Chapter, stages: &[Graded]) -> ExitCode {
    if let Some(code) = child::run_if_asked(stages) {
        return code;
    }
    let arguments = Arguments::from_args();
    let strict = arguments.include_ignored || arguments.ignored;
    let states: Arc<Mutex<Vec<(&'static str, State)>>> = Arc::default();
    let trials: Vec<Trial> = stages
        .iter()
        .map(|&graded| {
            let states = Arc::clone(&states);
            Trial::ignorable_test(graded.name(), move || {
                let report = parent::supervise(&graded, &parent::this_program);
                parent::append_report(&report)?;
                if graded.tree == Tree::Exercises {
                    let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
                    states.push((graded.stage.id, report.state));
                }
                match report.state {
                    State::Passing => Ok(Completion::Completed),
                    State::NotStarted if graded.tree == Tree::Exercises && !strict => {
                        Ok(Completion::ignored_with("not started"))
                    }
                    State::NotStarted | State::Failing => Err(Failed::from(report.text)),
                }
            })
        })
        .chain(left_out(chapter, stages).map(|(stage, reason)| ignored(stage, reason)))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let states = states.lock().unwrap_or_else(PoisonError::into_inner);
    let gradable = stages.iter().filter(|graded| graded.tree == Tree::Exercises).count();
    // A filtered run says nothing of the whole.
    if !arguments.list && states.len() == gradable {
        print(&summary(chapter, &states));
    }
    conclusion.exit_code()
}

/// Lists the stages of chapters that this build leaves out, as ignored; the whole `main` of the
/// target `curriculum`.
///
/// They stay ignored under `--include-ignored`, since nothing here could run them.
pub fn list_switched_off(chapters: &[&'static Chapter]) -> ExitCode {
    let trials = chapters
        .iter()
        .flat_map(|chapter| chapter.stages.iter().map(move |stage| (chapter, stage)))
        .map(|(chapter, stage)| {
            let reason = match stage.needs() {
                // maturin builds it, not this build.
                None if chapter.is_module() => {
                    format!("a Python module: cargo lab check {}", stage.id)
                }
                Some(needs) => needed(stage, needs),
                None => format!("needs --features {}", chapter.id),
            };
            ignored(stage, reason)
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A stage that this build cannot grade; it stays ignored under `--include-ignored`.
fn ignored(stage: &Stage, reason: String) -> Trial {
    let name = format!("{}::{}", Tree::Exercises.as_str(), stage.id);
    Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
}

/// The stages of a chapter that this build leaves out, since it has not what they need, each with the reason.
fn left_out(
    chapter: &'static Chapter,
    stages: &[Graded],
) -> impl Iterator<Item = (&'static Stage, String)> {
    let graded: Vec<&str> = stages.iter().map(|graded| graded.stage.id).collect();
    chapter
        .stages
        .iter()
        .filter(move |stage| !graded.contains(&stage.id))
        .filter_map(|stage| Some((*stage, needed(stage, stage.needs()?))))
}

/// Why a stage that needs more is not graded here.
fn needed(stage: &Stage, needs: Needs) -> String {
    format!("needs {needs}: cargo lab check {}", stage.id)
}

#[expect(clippy::print_stdout, reason = "the closing line of a test target")]
fn print(line: &str) {
    println!("{line}\n");
}

#[cfg(test)]
mod tests {
    use rust_for_ai::course;

    use super::*;

    #[test]
    fn a_stage_whose_feature_is_off_is_left_out_with_the_command_that_grades_it() {
        let of = |chapter: &'static Chapter, ids: &[&str]| -> Vec<(&str, String)> {
            let known = chapter.stages.iter().filter(|stage| ids.contains(&stage.id));
            let stages: Vec<Graded> = known
                .map(|stage| Graded {
                    tree: Tree::Exercises,
                    stage,
                    check: || unreachable!("nothing is graded here"),
                })
                .collect();
            left_out(chapter, &stages).map(|(stage, reason)| (stage.id, reason)).collect()
        };
        let reason = "needs --features candle: cargo lab check llama.candle_load".to_owned();
        let llama = &course::llama::CHAPTER;
        assert_eq!(of(llama, &[]), [("llama.candle_load", reason)]);
        assert_eq!(of(llama, &["llama.candle_load"]), []);
        let reason = "needs --cfg loom: cargo lab check sharing.loom".to_owned();
        assert_eq!(of(&course::sharing::CHAPTER, &[]), [("sharing.loom", reason)]);
        assert_eq!(of(&course::bpe::CHAPTER, &[]), []);
    }
}
