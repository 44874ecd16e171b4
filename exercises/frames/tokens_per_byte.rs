//! Stage `frames.tokens_per_byte`: a tokenizer becomes an expression.
//!
//! What a model costs to read a language is how many tokens a byte of it takes. The English of a corpus has a token
//! for four or five bytes; a script that the tokenizer saw little of has a token for one or two. A frame can say so for each
//! language, if the tokenizer is an expression like any other, which the plan calls when it is carried out:
//!
//! ```text
//! language  text                 language  texts  bytes  tokens  tokens_per_byte
//! eng       be free              nan           1      6       4  0.666667          4 / 6
//! nan       自由          ──►    eng           2     11       3  0.272727          (2 + 1) / (7 + 4)
//! eng       born
//! eng       null
//! ```
//!
//! - The columns and their types: `language` as it is, `texts` u32, `bytes` u64, `tokens` u64, `tokens_per_byte` f64.
//!   Polars adds u32 to u32 in a u32, which is full at four billion; a corpus has more bytes than that.
//! - The ratio is that of the sums. A mean of the texts' ratios lets a text of one word weigh as much as a book.
//! - Bytes, not characters: `"自由"` has 6.
//! - A null is no text: not counted, and never given to `count`. An empty text is one, of no bytes and with whatever
//!   `count` says.
//! - `count` is called exactly once for each text, and not before the plan is carried out.
//! - A language without a single byte has no ratio, and is left out.
//! - From the most tokens per byte to the fewest; where they are equal, by `language`. A `group_by` promises no order.
//!
//! A trap on the way: `/` between two columns of integers is Rust's division, and gives 0 here.
//!
//! `count` may be your own: `Arc::new(|text: &str| encode(text).len())`.

use polars::prelude::*;
use rust_for_ai::frames::Count;

/// For each language of `rows` (columns `language`, `text`): how many tokens `count` finds in a byte of it.
pub fn tokens_per_byte(rows: LazyFrame, count: Count) -> LazyFrame {
    todo!("frames.tokens_per_byte")
}
