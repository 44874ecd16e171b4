//! The `tokenizers` crate of Hugging Face with a real vocabulary, as a `tokenizer.json` would set it up.
//!
//! That crate wants pairs where a file of ranks has none. So each way to cut a token into two tokens is
//! a pair, as in the converter of its makers, and a word that is a token is not merged
//! (`ignore_merges`). Its alphabet has a visible character for each byte.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    SplitDelimiterBehavior, TokenizerImpl,
};

use crate::encodings::Pair;

type Tokenizer = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// A tokenizer of the `tokenizers` crate.
#[derive(Debug)]
pub struct HuggingFace(Tokenizer);

impl HuggingFace {
    /// The peer with this vocabulary.
    ///
    /// # Errors
    ///
    /// What the crate refuses.
    pub fn new(pair: &Pair) -> Result<Self> {
        let ranks = (pair.ranks)();
        let mut tokens: HashMap<Vec<u8>, u32> = HashMap::new();
        for line in ranks.lines() {
            let (token, rank) = line.split_once(' ').ok_or_else(|| anyhow!("{line}"))?;
            tokens.insert(STANDARD.decode(token)?, rank.parse()?);
        }
        let mut pairs = Vec::new();
        for (token, &rank) in &tokens {
            for (left, right) in (1..token.len()).map(|at| token.split_at(at)) {
                if let (Some(&l), Some(&r)) = (tokens.get(left), tokens.get(right)) {
                    pairs.push(((rank, l, r), left, right));
                }
            }
        }
        pairs.sort_unstable();
        let merges = pairs.iter().map(|&(_, left, right)| (shown(left), shown(right))).collect();
        let vocab: ahash::AHashMap<String, u32> =
            tokens.iter().map(|(token, &rank)| (shown(token), rank)).collect();
        let model = BPE::builder().vocab_and_merges(vocab, merges).ignore_merges(true).build();
        let mut tokenizer = Tokenizer::new(model.map_err(|error| anyhow!("{error}"))?);
        let pattern = SplitPattern::Regex(pair.regex.to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
        let split = split.map_err(|error| anyhow!("{error}"))?;
        let steps = vec![split.into(), ByteLevel::new(false, false, false).into()];
        tokenizer.with_pre_tokenizer(Some(Sequence::new(steps)));
        Ok(Self(tokenizer))
    }

    /// The ids of a text.
    ///
    /// # Errors
    ///
    /// What the crate refuses.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.0.encode_fast(text, false).map_err(|error| anyhow!("{error}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Empties the cache of words.
    pub fn forget(&self) {
        self.0.get_model().clear_cache();
    }
}

/// Bytes as the visible characters that GPT-2 gave them: itself if it is one, else the next from U+0100 on.
fn shown(bytes: &[u8]) -> String {
    let visible = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let before = |byte: u8| (0..byte).filter(|&other| !visible(other)).count();
    let code = |byte: u8| {
        if visible(byte) {
            u32::from(byte)
        } else {
            0x100 + u32::try_from(before(byte)).unwrap_or(0)
        }
    };
    bytes.iter().filter_map(|&byte| char::from_u32(code(byte))).collect()
}
