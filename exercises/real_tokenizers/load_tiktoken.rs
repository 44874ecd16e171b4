//! Stage `real_tokenizers.load_tiktoken`: read a file of ranks and encode by ranks.
//!
//! OpenAI publishes its vocabularies as `.tiktoken` files: a line a token, its bytes in base64, one space,
//! its rank. Ranks count up from 0, one a line. There are no merges in the file: the rank says all. It is
//! the id of the token, and the lower rank merges first.
//!
//! ```text
//! IQ== 0          the byte "!" has the rank 0: the first 256 tokens are the bytes, but not in order
//! …
//! aGk= 256        "hi"
//! ```
//!
//! To encode, cut the text with `split`. A piece that is a token as a whole becomes that token. Else start
//! from the tokens of its bytes; of all neighbours whose bytes, joined, are a token, replace those with the
//! lowest rank by it, the leftmost first among equals; repeat until no neighbours join to a token.
//!
//! ```text
//! let t = Tiktoken::load(file, split)?;      // the 256 bytes in the order of GPT-2, "hi" = 256
//! t.encode("hi!")          ->  [256, 0]      if `split` gives one piece
//! t.decode(&[256, 0])      ->  Ok("hi!")
//! ```
//!
//! `split` is an `fn(&str) -> Vec<&str>`; kept in a field, it is called as `(self.split)(text)`. `decode` has
//! the errors of `bpe.encode_decode`.
//!
//! A broken file is an error with its line, counted from 1. Cut a line at its first space, and check in
//! this order, which is that of `RanksProblem`: no space (so an empty line, too, though tiktoken skips
//! it), a token that is no base64 or is empty, a rank that is no `u32`, a rank that was there
//! (`DuplicateRank`) or that leaves one out (`Gap`), a token that was there (with its line as `first`).
//! When the file ends and a byte has no token: `MissingByte` with the lowest one, and `line` is the
//! number of lines, 0 for an empty file. Decode base64 with `BASE64_STANDARD.decode(token)`.
//! Cost to aim at (not graded): one pass over a piece per merge; pieces are short.

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use rust_for_ai::bpe::{DecodeError, RanksError, RanksProblem, Split, Tokenize};

/// A tokenizer made of ranks.
#[derive(Debug)]
pub struct Tiktoken {
    // Your fields.
}

impl Tiktoken {
    /// Reads a file of ranks; `split` cuts texts into pieces.
    pub fn load(file: &str, split: Split) -> Result<Self, RanksError> {
        todo!("real_tokenizers.load_tiktoken")
    }
}

impl Tokenize for Tiktoken {
    fn encode(&self, text: &str) -> Vec<u32> {
        todo!("real_tokenizers.load_tiktoken")
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        todo!("real_tokenizers.load_tiktoken")
    }
}
