//! The checks of chapter `ownership`, a file a stage, each with its wrong answers beside it.

mod moves;

pub use moves::{Token, moves};

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [moves::wrong_answers()].into_iter().flatten().collect()
}
