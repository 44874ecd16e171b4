//! The checks of chapter `real_tokenizers`, a file a stage, each with its wrong answers beside it.
//!
//! Expected values come from three places: `pattern` states a pattern as what each of its alternatives
//! matches and tries all lengths; `golden` holds what tiktoken's engine makes of a thousand nasty
//! texts; small oracles stand in the file of their stage.

mod book;
mod encode_fast;
mod flawed_ranks;
mod golden;
mod load_tiktoken;
mod pattern;
mod pretokenize_gpt2;
mod pretokenize_gpt4;
mod repair_after_special;
mod repair_byte_table;
mod repair_lookahead;
mod repair_lost_text;
mod repair_quadratic;
mod sentencepiece;
mod special_tokens;
mod train_incremental;
mod train_word_counts;
mod training;

pub use book::{book, digest};
pub use encode_fast::encode_fast;
pub use golden::nasty;
pub use load_tiktoken::load_tiktoken;
pub use pretokenize_gpt2::pretokenize_gpt2;
pub use pretokenize_gpt4::pretokenize_gpt4;
pub use repair_after_special::repair_after_special;
pub use repair_byte_table::repair_byte_table;
pub use repair_lookahead::repair_lookahead;
pub use repair_lost_text::repair_lost_text;
pub use repair_quadratic::repair_quadratic;
pub use sentencepiece::sentencepiece;
pub use special_tokens::special_tokens;
pub use train_incremental::train_incremental;
pub use train_word_counts::train_word_counts;

use super::Verdict;

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
///
/// A check is sound only if every one of these fails and is recognised.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    let stages = [
        pretokenize_gpt2::wrong_answers(),
        pretokenize_gpt4::wrong_answers(),
        load_tiktoken::wrong_answers(),
        special_tokens::wrong_answers(),
        train_word_counts::wrong_answers(),
        train_incremental::wrong_answers(),
        encode_fast::wrong_answers(),
        sentencepiece::wrong_answers(),
        repair_lookahead::wrong_answers(),
        repair_byte_table::wrong_answers(),
        repair_quadratic::wrong_answers(),
        repair_lost_text::wrong_answers(),
        repair_after_special::wrong_answers(),
    ];
    stages.into_iter().flatten().collect()
}

/// What the budgets of the training stages are made of; a test outside of this crate counts it again.
pub mod naive_work {
    /// The bytes of the book.
    pub const BOOK_BYTES: u64 = super::train_word_counts::BOOK_BYTES;
    /// How many merges of the book are asked for.
    pub const MERGES: usize = super::train_incremental::MERGES;
    /// Pairs of neighbours in the words before the first merge, and before each of them, added up.
    pub const VISITS: (u64, u64) = super::train_incremental::VISITS;
}
