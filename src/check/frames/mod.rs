//! The checks of chapter `frames`, a file a stage, each with its wrong answers beside it.
//!
//! A frame is compared by what a reader sees of it: its plan, the types of its columns, and its rows as text
//! (`seen`). Where an answer takes a path, the check writes a small file (`files`) and removes it.

mod declaration;
mod dedup;
mod files;
mod pushdown;
mod scan;
mod seen;
mod tokenizers;
mod tokens_per_byte;

pub use dedup::dedup;
pub use pushdown::pushdown;
pub use scan::scan;
pub use tokens_per_byte::tokens_per_byte;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [
        scan::wrong_answers(),
        tokens_per_byte::wrong_answers(),
        pushdown::wrong_answers(),
        dedup::wrong_answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
