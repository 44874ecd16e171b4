//! Stage `real_tokenizers.special_tokens`: find special tokens, and only those that are allowed.
//!
//! A chat is one text for the model; special tokens such as `<|endoftext|>` or `<|im_start|>` mark who
//! speaks. They have ids of their own and are never merged from letters. So somebody has to decide
//! whether the characters `<|im_start|>` in a text *are* the token. If the text is a user's, they must
//! not be: else the user can end your system prompt and write another one. That is prompt injection at
//! the level of the tokenizer.
//!
//! tiktoken asks for that decision at each call, by two lists:
//!
//! * a special token in `disallowed` may not stand in the text at all: an error that names it and the place;
//! * a special token in `allowed` becomes a part of its own;
//! * what is in neither list is ordinary text.
//!
//! ```text
//! special_tokens("Hi<|end|>", &["<|end|>"], &[])   ->  Ok([Text("Hi"), Special("<|end|>")])
//! special_tokens("Hi<|end|>", &[], &[])            ->  Ok([Text("Hi<|end|>")])
//! special_tokens("Hi<|end|>", &[], &["<|end|>"])   ->  Err(token "<|end|>", position 2)
//! ```
//!
//! Conventions. `disallowed` is looked for first, in the whole text, also inside of what is allowed; a
//! special in both lists is disallowed. The leftmost occurrence counts; where several specials begin at
//! one place, the longest. (tiktoken joins them into a pattern in the order of a hash map, so there the
//! winner is by chance.) No part is an empty text; the parts join to the text. A part is a slice of
//! `text`, never an element of a list: the signature says so. `position` is in bytes. No special is
//! empty. Cost to aim at (not graded): one search a special per part.

use std::cmp::Reverse;

use rust_for_ai::bpe::{Part, SpecialError};

/// The parts of `text`, in order.
pub fn special_tokens<'t>(
    text: &'t str,
    allowed: &[&str],
    disallowed: &[&str],
) -> Result<Vec<Part<'t>>, SpecialError> {
    todo!("real_tokenizers.special_tokens")
}
