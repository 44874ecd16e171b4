//! Stage `real_tokenizers.train_incremental`: train without counting anything twice.
//!
//! Counting words saved a factor of thirty. What is left is waste, too: after a merge all pairs of all
//! words are counted again, though only the neighbours of the merged places have changed. So keep three
//! things up to date:
//!
//! * the count of each pair;
//! * for each pair, the words that hold it, or once held it: a merge visits only these;
//! * a heap of `(count, pair)` with the best on top. Do not search the heap for entries that have changed.
//!   When one comes off the top, compare it with the true count; if that is lower, push it back with it.
//!   Push a pair when its count has grown, which happens to pairs with the new symbol and no others.
//!   This is called lazy updating.
//!
//! ```text
//! words:  "hug" 10 times, "pug" 5 times
//! merge (u, g) -> 256     (h, u) loses 10, (p, u) loses 5; (h, 256) gains 10, (p, 256) gains 5
//! ```
//!
//! Input, output and rules are those of the stage before, and so are the merges.
//!
//! Graded: for 500 merges of the book, a twentieth of what recounting would take in your own way, which
//! is fourteen times the looks of the first merge. (Counts are plain numbers, and to compare them is no
//! look; so the heap itself is not graded.)

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use rust_for_ai::check::work::Symbol;

/// The merges that `words` teach, the first learned first; each word comes with its count.
pub fn train_incremental(words: &[(Vec<Symbol>, u64)], vocab_size: usize) -> Vec<(Symbol, Symbol)> {
    todo!("real_tokenizers.train_incremental")
}
