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
    // BEGIN SOLUTION
    /// The rank of each token.
    ranks: HashMap<Vec<u8>, u32>,
    /// The bytes of each rank.
    tokens: Vec<Vec<u8>>,
    split: Split,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}

impl Tiktoken {
    /// Reads a file of ranks; `split` cuts texts into pieces.
    pub fn load(file: &str, split: Split) -> Result<Self, RanksError> {
        // BEGIN SOLUTION
        let mut this = Self { ranks: HashMap::new(), tokens: Vec::new(), split };
        for (index, text) in file.lines().enumerate() {
            this.add(text).map_err(|problem| RanksError { line: index + 1, problem })?;
        }
        match (0..=u8::MAX).find(|&byte| !this.ranks.contains_key(&[byte][..])) {
            Some(byte) => {
                let problem = RanksProblem::MissingByte { byte };
                Err(RanksError { line: this.tokens.len(), problem })
            }
            None => Ok(this),
        }
        // END SOLUTION
    }

    // BEGIN SOLUTION
    /// Adds the token of a line.
    fn add(&mut self, line: &str) -> Result<(), RanksProblem> {
        let (token, rank) = line.split_once(' ').ok_or(RanksProblem::Malformed)?;
        let token = BASE64_STANDARD.decode(token).map_err(|_| RanksProblem::BadToken)?;
        if token.is_empty() {
            return Err(RanksProblem::BadToken);
        }
        let rank: u32 = rank.parse().map_err(|_| RanksProblem::BadRank)?;
        let expected = u32::try_from(self.tokens.len()).map_err(|_| RanksProblem::BadRank)?;
        if rank < expected {
            return Err(RanksProblem::DuplicateRank { rank });
        }
        if rank > expected {
            return Err(RanksProblem::Gap { expected, rank });
        }
        if let Some(&first) = self.ranks.get(&token) {
            return Err(RanksProblem::DuplicateToken { first: first as usize + 1 });
        }
        self.ranks.insert(token.clone(), rank);
        self.tokens.push(token);
        Ok(())
    }

    /// Appends the ids of one piece.
    fn encode_piece(&self, piece: &[u8], ids: &mut Vec<u32>) {
        if let Some(&rank) = self.ranks.get(piece) {
            ids.push(rank);
            return;
        }
        // Part k lies between the k-th and the next boundary.
        let mut boundaries: Vec<usize> = (0..=piece.len()).collect();
        let rank = |from, to| self.ranks.get(&piece[from..to]).copied();
        while let Some((_, middle)) = (1..boundaries.len().saturating_sub(1))
            .filter_map(|middle| {
                Some((rank(boundaries[middle - 1], boundaries[middle + 1])?, middle))
            })
            .min()
        {
            boundaries.remove(middle);
        }
        ids.extend(boundaries.windows(2).filter_map(|part| rank(part[0], part[1])));
    }
    // BEGIN STUB
    // END SOLUTION
}

impl Tokenize for Tiktoken {
    fn encode(&self, text: &str) -> Vec<u32> {
        // BEGIN SOLUTION
        let mut ids = Vec::new();
        for piece in (self.split)(text) {
            self.encode_piece(piece.as_bytes(), &mut ids);
        }
        ids
        // END SOLUTION
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        // BEGIN SOLUTION
        let mut bytes = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            let token =
                self.tokens.get(id as usize).ok_or(DecodeError::UnknownToken { position, id })?;
            bytes.extend_from_slice(token);
        }
        String::from_utf8(bytes).map_err(|error| DecodeError::InvalidUtf8 {
            position: error.utf8_error().valid_up_to(),
        })
        // END SOLUTION
    }
}
