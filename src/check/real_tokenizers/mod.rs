//! The checks of chapter `real_tokenizers`, a file a stage, each with its wrong answers beside it.
//!
//! Expected values come from three places: [`pattern`] states a pattern as what each of its alternatives
//! matches and tries all lengths; [`golden`] holds what tiktoken's engine makes of a thousand nasty
//! texts; small oracles stand in the file of their stage.

mod golden;
mod pattern;
mod pretokenize_gpt2;

pub use golden::nasty;
pub use pretokenize_gpt2::pretokenize_gpt2;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
///
/// A check is sound only if every one of these fails and is recognised.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [pretokenize_gpt2::wrong_answers()].into_iter().flatten().collect()
}
