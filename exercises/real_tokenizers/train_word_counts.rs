//! Stage `real_tokenizers.train_word_counts`: train on words and their counts.
//!
//! `bpe.train` went over the whole book for each merge. But since no merge crosses a piece, the book is
//! no more than its distinct words and how often each occurs: 14,176 pieces instead of 4.1 million bytes.
//! A pair inside a word counts as often as the word.
//!
//! Your input is a list of words as symbols. A [`Symbol`] is an id without its number: compare it, order
//! it, hash it, copy it, and make the new ones with `Symbol::new(256)`, `Symbol::new(257)` and so on.
//! Each comparison and each hash is a *look*, and the check counts them.
//!
//! ```text
//! words:  "hug" 10 times, "pug" 5 times, "bun" 4 times
//! train_word_counts(&words, 258)  ->  [(u, g), (h, ug)]      ug = 256 counts 15, hug = 257 counts 10
//! ```
//!
//! The rules are those of `bpe.train`: overlapping neighbours count (`aaa` holds `aa` twice); the pair with
//! the highest count wins, also if that is one, among equals the smaller pair; a merge replaces from the
//! left; stop when the vocabulary has `vocab_size` tokens, 256 of them bytes, or no pair is left.
//! Words are distinct and count at least one. Graded: for the words of the book, at most a twentieth of the
//! looks that your own code would take for the book as one word.

use std::cmp::Reverse;
use std::collections::HashMap;

use rust_for_ai::check::work::Symbol;

/// The merges that `words` teach, the first learned first; each word comes with its count.
pub fn train_word_counts(words: &[(Vec<Symbol>, u64)], vocab_size: usize) -> Vec<(Symbol, Symbol)> {
    todo!("real_tokenizers.train_word_counts")
}
