//! The checks of chapter `sharing`, a file a stage, each with its wrong answers beside it.

#[cfg(loom)]
mod interleavings;
#[cfg(loom)]
mod loom;
#[cfg(loom)]
mod told;
#[cfg(loom)]
pub mod watched;

#[cfg(loom)]
pub use loom::loom;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    let stages: [Vec<(&'static str, Verdict)>; _] = [
        #[cfg(loom)]
        loom::wrong_answers(),
        Vec::new(),
    ];
    stages.into_iter().flatten().collect()
}
