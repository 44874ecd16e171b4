//! The checks of chapter `sharing`, a file a stage, each with its wrong answers beside it.

mod cell;
#[cfg(loom)]
mod interleavings;
#[cfg(loom)]
mod loom;
mod mutex_cache;
mod once_lock;
mod poisoning;
mod predict;
mod refcell_cache;
mod sharded;
mod shared;
#[cfg(loom)]
mod told;
#[cfg(loom)]
pub mod watched;
mod words;

pub use cell::cell;
#[cfg(loom)]
pub use loom::loom;
pub use mutex_cache::mutex_cache;
pub use once_lock::once_lock;
pub use poisoning::poisoning;
pub use predict::predict;
pub use refcell_cache::refcell_cache;
pub use sharded::sharded;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [
        cell::wrong_answers(),
        refcell_cache::wrong_answers(),
        predict::wrong_answers(),
        mutex_cache::wrong_answers(),
        poisoning::wrong_answers(),
        once_lock::wrong_answers(),
        sharded::wrong_answers(),
        #[cfg(loom)]
        loom::wrong_answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
