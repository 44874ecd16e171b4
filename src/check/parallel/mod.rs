//! The checks of chapter `parallel`, a file a stage, each with its wrong answers beside it.

#[cfg_attr(not(test), allow(dead_code, reason = "for the stages, which come one by one"))]
mod pools;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    let stages: [Vec<(&'static str, Verdict)>; 0] = [];
    stages.into_iter().flatten().collect()
}
