//! Stage `real_tokenizers.pretokenize_gpt2`: cut a text into pieces as GPT-2 does.
//!
//! A real tokenizer first cuts the text into pieces, about a word each, and then merges inside of each
//! piece. So no token spans two words, and a piece that was seen before need not be encoded again.
//! GPT-2 cuts by a pattern with these alternatives. At each place, the first one that matches wins and
//! takes as much as it can:
//!
//! ```text
//! '(?:[sdmt]|ll|ve|re)      an English contraction, in lower case: 's 'd 'm 't 'll 've 're
//!  ?\p{L}+                  letters, after at most one space
//!  ?\p{N}+                  numbers, after at most one space
//!  ?[^\s\p{L}\p{N}]+        anything else that is no white space, after at most one space
//! \s+(?!\S)                 white space that no other character follows
//! \s+                       white space
//! ```
//!
//! `(?!\S)` looks ahead: the run of white space must not touch a word. So a run before a word gives its
//! last character back, and if that is a plain space, the word takes it:
//!
//! ```text
//! pretokenize_gpt2("I'm 23!")   ->  ["I", "'m", " 23", "!"]
//! pretokenize_gpt2("a   b")     ->  ["a", "  ", " b"]
//! pretokenize_gpt2("a\n\nb")    ->  ["a", "\n", "\n", "b"]
//! pretokenize_gpt2("a  ")       ->  ["a", "  "]
//! ```
//!
//! Rust's `regex` crate has no look-ahead, since it promises linear time. You need no engine: one
//! character of white space decides. `is_letter`, `is_number` and `is_space` are the classes of the
//! pattern; the standard library's `char::is_alphabetic` is another class. The pieces are slices of the
//! text and join to it. Cost to aim at (not graded): one pass over the text.

use rust_for_ai::bpe::unicode::{is_letter, is_number, is_space};

/// The pieces of `text`, in order.
pub fn pretokenize_gpt2(text: &str) -> Vec<&str> {
    todo!("real_tokenizers.pretokenize_gpt2")
}
