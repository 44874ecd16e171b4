//! The checks of chapter `ownership`, a file a stage, each with its wrong answers beside it.

mod borrows;
mod lifetimes;
mod memory_safety;
mod moves;
mod results;
mod slots;

pub use borrows::{Number, borrows};
pub use lifetimes::lifetimes;
pub use memory_safety::memory_safety;
pub use moves::{Token, moves};
pub use results::{LineError, results};
pub use slots::{Caches, Handle};

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [
        moves::wrong_answers(),
        borrows::wrong_answers(),
        lifetimes::wrong_answers(),
        results::wrong_answers(),
        memory_safety::wrong_answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
