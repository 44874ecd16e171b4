//! The checks of chapter `parallel`, a file a stage, each with its wrong answers beside it.

mod data_race;
mod fold_reduce;
mod grain_size;
mod ordered_batch;
mod par_iter;
mod pipeline;
mod pools;
mod thread_pools;

pub use data_race::{Atomic, Rivalled, data_race};
pub use fold_reduce::{Part, fold_reduce};
pub use grain_size::grain_size;
pub use ordered_batch::ordered_batch;
pub use par_iter::par_iter;
pub use pipeline::{Document, Encode, Source, Tokens, Write, pipeline};
pub use thread_pools::{Encoded, Encoder, thread_pools};

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [
        par_iter::wrong_answers(),
        fold_reduce::wrong_answers(),
        ordered_batch::wrong_answers(),
        grain_size::wrong_answers(),
        pipeline::wrong_answers(),
        thread_pools::wrong_answers(),
        data_race::wrong_answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
