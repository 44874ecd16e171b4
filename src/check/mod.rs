//! Checks: one plain function a stage, which takes an answer and returns a [`Verdict`].
//!
//! # How a check works
//!
//! A check runs the answer on cases, shortest first, and stops at the first one that differs. The
//! first cases exhaust a small scope (all sequences over two or three symbols up to some length), so
//! the first failure is also a smallest one, and no search for a smaller one is needed. Then come
//! named hard cases, then golden data of a real system. Expected values come from a naive oracle, a
//! literal or a golden file, never from the production code in this crate.
//!
//! Each stage lists *wrong answers*: what a learner would plausibly write, with the belief behind
//! it. Where the learner's output on the failing case equals that of a wrong answer, the verdict
//! names the belief, unless the learner got an earlier case right that the wrong answer does not. `tests/wrong_answers.rs` proves that each of them fails.
//!
//! A check never panics, prints or keeps state. It takes functions rather than macros, since a
//! notebook cell cannot import macros. The generic shell is thin, since each notebook cell is a crate
//! of its own and compiles it again; the work is done behind `dyn`.
//!
//! ```
//! # #[cfg(feature = "bpe")] {
//! use rust_for_ai::check::{self, State};
//!
//! let verdict = check::bpe::merge(|ids, _pair, _new| ids.to_vec()); // merges nothing
//! assert_eq!(verdict.state(), State::Failing);
//! assert!(verdict.to_string().starts_with("bpe.merge  FAILING"));
//! # }
//! ```
//!
//! # What is deliberately absent
//!
//! No clock: speed is never graded by time. No network, and no files but those of an answer that takes a path
//! (chapter `frames`): golden data is compiled in. (What
//! becomes of a program that a learner predicts is seen by running it; [`crate::predict`] does that.) No
//! deadline: whoever calls a check owns it (`tests/grader` runs each stage in a child process; in a
//! notebook the kernel's interrupt serves, and a [witness](crate::notebook::WITNESS) names the call).

#![cfg_attr(
    not(all(
        feature = "bpe",
        feature = "llama",
        feature = "ownership",
        feature = "parallel",
        feature = "real_tokenizers",
        feature = "sharing"
    )),
    allow(dead_code, reason = "a build with some of the chapters uses some of what they share")
)]

#[cfg(any(feature = "bpe", feature = "real_tokenizers"))]
pub mod bpe;
mod cases;
mod diff;
mod exam;
#[cfg(feature = "frames")]
pub mod frames;
#[cfg(feature = "llama")]
pub mod llama;
#[cfg(any(feature = "sharing", feature = "parallel"))]
pub mod locks;
#[cfg(feature = "llama")]
mod near;
#[cfg(feature = "ownership")]
pub mod ownership;
#[cfg(feature = "parallel")]
pub mod parallel;
#[cfg(any(feature = "ownership", feature = "sharing", feature = "parallel"))]
mod predictions;
mod quiet;
#[cfg(feature = "real_tokenizers")]
pub mod real_tokenizers;
mod record;
#[cfg(feature = "sharing")]
pub mod sharing;
mod show;
mod summary;
#[cfg(any(feature = "sharing", feature = "parallel"))]
mod threads;
#[cfg(feature = "real_tokenizers")]
pub mod work;

pub use exam::{Wrong, observe};
pub use quiet::{Caught, Told, quietly};
pub use record::outcome_of_record;
pub use show::json_string;
pub use summary::summary;

use crate::course::Stage;

/// What a check says of an answer.
#[derive(Debug, Clone)]
#[must_use = "a verdict that nobody reads grades nothing"]
pub struct Verdict {
    /// The stage that was graded.
    pub stage: &'static Stage,
    /// How the answer did.
    pub outcome: Outcome,
    /// Where the answer came from.
    pub origin: Origin,
    /// In which language it is written.
    pub language: Language,
}

/// The language of an answer. Every check takes a Rust function; the Python package wraps one of Python's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Answers in `exercises/`, a file a stage.
    Rust,
    /// Answers in `exercises/python/`, a file a chapter. They do not count as progress.
    Python,
}

/// How an answer did.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The first case reached `todo!()`.
    NotStarted {
        /// The id in that `todo!()`, if it is another stage's.
        waits_for: Option<String>,
    },
    /// A case differs.
    Failing(Box<Failure>),
    /// All cases agree.
    Passing {
        /// How many there were.
        cases: usize,
    },
}

/// The first case that differs.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which case it is, counted from 1.
    pub case: usize,
    /// The call, in Rust, to be pasted.
    pub call: String,
    /// What a right answer gives.
    pub expected: String,
    /// What this answer gave or did.
    pub got: String,
    /// Where the two differ, if that takes words.
    pub diff: Vec<String>,
    /// The law that is broken.
    pub why: String,
    /// The wrong answers that agree with this one on this case.
    pub misconceptions: Vec<Misconception>,
}

/// A wrong answer that agrees with the learner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misconception {
    /// A word.
    pub id: &'static str,
    /// What one has to believe to write it, to follow "looks like".
    pub belief: &'static str,
}

/// The three states of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The answer is still `todo!()`.
    NotStarted,
    /// A case differs.
    Failing,
    /// All cases agree.
    Passing,
}

/// Which tree an answer comes from, as far as its type or file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The tree `exercises`.
    Exercises,
    /// The tree `solutions`.
    Solutions,
    /// Somewhere else, such as a notebook cell.
    Elsewhere,
}

impl Origin {
    /// The origin of a function or type.
    fn of<T: ?Sized>(_: &T) -> Self {
        let name = std::any::type_name::<T>();
        if name.starts_with("exercises::") {
            Self::Exercises
        } else if name.starts_with("solutions::") {
            Self::Solutions
        } else {
            Self::Elsewhere
        }
    }
}

impl State {
    /// The state that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NotStarted, Self::Failing, Self::Passing].into_iter().find(|s| s.as_str() == text)
    }

    /// As it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT STARTED",
            Self::Failing => "FAILING",
            Self::Passing => "PASSING",
        }
    }
}

impl Verdict {
    /// The state of the stage.
    pub fn state(&self) -> State {
        match self.outcome {
            Outcome::NotStarted { .. } => State::NotStarted,
            Outcome::Failing(_) => State::Failing,
            Outcome::Passing { .. } => State::Passing,
        }
    }

    /// The file of the answer, if it stands where answers of its language stand.
    pub fn file(&self) -> String {
        match (self.language, self.origin) {
            (Language::Rust, Origin::Solutions) => self.stage.solution(),
            (Language::Rust, _) => self.stage.exercise(),
            (Language::Python, Origin::Solutions) => self.stage.python_solution(),
            (Language::Python, _) => self.stage.python_exercise(),
        }
    }

    /// The ids of the misconceptions that agree with this answer; none unless it fails.
    pub fn misconceptions(&self) -> impl Iterator<Item = &'static str> + '_ {
        let failure = match &self.outcome {
            Outcome::Failing(failure) => Some(failure),
            _ => None,
        };
        failure.into_iter().flat_map(|failure| &failure.misconceptions).map(|wrong| wrong.id)
    }
}
