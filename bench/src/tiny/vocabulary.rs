//! The vocabulary of the tiny model: bytes, merges that the book teaches, control tokens.
//!
//! Ids 0 to 255 are the bytes, then come the merges in the order in which they were learned, then the
//! control tokens. Two merges may make the same bytes; the file format knows a token by its text, so
//! [`Vocabulary::learn`] refuses them (this book has none so early).

use std::collections::{BTreeMap, HashSet};

use anyhow::{Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine};
use rust_for_ai::bpe::{Encoding, Pair, Pattern};
use rust_for_ai::check::work::Symbol;
use solutions::real_tokenizers::train_incremental;

use super::sizes::VOCABULARY;

/// Between texts, and before the first one.
pub const END_OF_TEXT: u32 = 1021;
/// Begins a turn of a conversation; the name of the role follows.
pub const TURN: u32 = 1022;
/// Ends a turn.
pub const END_OF_TURN: u32 = 1023;
/// The control tokens with their ids.
pub const CONTROL: [(&str, u32); 3] =
    [("<|endoftext|>", END_OF_TEXT), ("<|im_start|>", TURN), ("<|im_end|>", END_OF_TURN)];

/// Merges, the bytes of each token, and an encoder.
#[derive(Debug)]
pub struct Vocabulary {
    merges: Vec<Pair>,
    tokens: Vec<Vec<u8>>,
    encoding: Encoding,
}

impl Vocabulary {
    /// Learns the merges from a text, on pieces of GPT-2's pattern with their counts.
    ///
    /// # Errors
    ///
    /// Two merges make the same bytes.
    pub fn learn(text: &str) -> Result<Self> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for piece in Pattern::Gpt2.pieces(text) {
            *counts.entry(piece).or_default() += 1;
        }
        let symbols = |piece: &str| piece.bytes().map(|byte| Symbol::new(byte.into())).collect();
        let words: Vec<_> = counts.into_iter().map(|(piece, n)| (symbols(piece), n)).collect();
        let merges: Vec<Pair> = train_incremental(&words, VOCABULARY - CONTROL.len())
            .into_iter()
            .flat_map(|(left, right)| {
                Symbol::ids(&[left, right]).try_into().map(|[a, b]: [u32; 2]| (a, b))
            })
            .collect();

        let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        for &(left, right) in &merges {
            tokens.push([&tokens[left as usize][..], &tokens[right as usize]].concat());
        }
        let distinct: HashSet<_> = tokens.iter().collect();
        ensure!(distinct.len() == tokens.len(), "two merges make the same bytes");
        ensure!(tokens.len() == END_OF_TEXT as usize, "{} tokens, expected 1021", tokens.len());
        let ranks: String = (tokens.iter().zip(0_u32..))
            .map(|(token, rank)| format!("{} {rank}\n", BASE64_STANDARD.encode(token)))
            .collect();
        let encoding = Encoding::from_tiktoken(&ranks, Pattern::Gpt2, &CONTROL)?;
        Ok(Self { merges, tokens, encoding })
    }

    /// The merges, the first learned first.
    pub fn merges(&self) -> &[Pair] {
        &self.merges
    }

    /// The bytes of each token that is none of [`CONTROL`].
    pub fn tokens(&self) -> &[Vec<u8>] {
        &self.tokens
    }

    /// The ids of a text; never control tokens.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.encoding.encode_ordinary(text)
    }

    /// What ids say, control tokens by their names.
    pub fn show(&self, ids: &[u32]) -> String {
        let bytes = self.encoding.decode_bytes(ids).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
