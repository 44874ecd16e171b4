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
    // BEGIN SOLUTION
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(first_piece(rest));
        pieces.push(piece);
        rest = tail;
    }
    pieces
    // END SOLUTION
}

// BEGIN SOLUTION
const CONTRACTIONS: [&str; 7] = ["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"];

/// How many bytes the first piece has; the text is not empty.
fn first_piece(text: &str) -> usize {
    if let Some(word) = CONTRACTIONS.iter().find(|word| text.starts_with(**word)) {
        return word.len();
    }
    let body = text.strip_prefix(' ').unwrap_or(text);
    let space = text.len() - body.len();
    let other = |c| !is_letter(c) && !is_number(c) && !is_space(c);
    for length in [run(body, is_letter), run(body, is_number), run(body, other)] {
        if length > 0 {
            return space + length;
        }
    }
    let spaces = run(text, is_space);
    let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
    let word_follows = spaces < text.len();
    if word_follows && spaces > last { spaces - last } else { spaces }
}

/// How many bytes of the text belong to a class, from its beginning.
fn run(text: &str, class: impl Fn(char) -> bool) -> usize {
    text.find(|c| !class(c)).unwrap_or(text.len())
}
// BEGIN STUB
// END SOLUTION
