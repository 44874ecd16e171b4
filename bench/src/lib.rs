//! The `tokenizers` crate of Hugging Face behind the signatures of chapter `bpe`.
//!
//! That crate works on characters, the chapter on bytes. So each byte becomes the character
//! `U+0100 + byte` on the way in, in the order of the bytes: then the crate numbers the alphabet from
//! 0 to 255 as the bytes are, breaks ties by the same smallest pair of ids, and its merges are ours.
//! (Its own byte-level alphabet maps bytes to characters in another order, and so breaks ties
//! differently.)
//!
//! A text is one word: no normalizer, no pre-tokenizer. The patterns of real tokenizers are in
//! [`patterns`], their vocabularies in [`encodings`], a vocabulary of pieces with scores in [`pieces`].
//! With the feature `candle`, `tiny` trains the model of the tests.

pub mod chapter;
pub mod encodings;
pub mod hugging_face;
#[cfg(feature = "candle")]
pub mod logits;
pub mod measure;
pub mod patterns;
pub mod pieces;
pub mod synthetic_models;
#[cfg(feature = "candle")]
pub mod tiny;

use ahash::AHashMap;

use rust_for_ai::bpe::{DecodeError, Pair, Tokenize};
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{Model, Trainer};

/// The version that the golden files were made with; the manifest pins it.
pub const TOKENIZERS_VERSION: &str = "0.23.2";

/// The version of the peer for real vocabularies; the manifest pins it.
pub const TIKTOKEN_RS_VERSION: &str = "0.12.1";

/// Where the characters that stand for bytes begin.
const FIRST: u32 = 0x100;

/// `bpe.train` by the `tokenizers` crate.
///
/// # Errors
///
/// What the crate refuses.
pub fn train(text: &str, vocab_size: usize) -> tokenizers::Result<Vec<Pair>> {
    let mut trainer = trainer(vocab_size);
    trainer.feed([text].into_iter(), |text| Ok(vec![disguised(text)]))?;
    let mut model = BPE::default();
    trainer.train(&mut model)?;
    merges(&model)
}

fn trainer(vocab_size: usize) -> BpeTrainer {
    BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab_size)
        .min_frequency(0)
        .initial_alphabet((0..=255).filter_map(character).collect())
        .build()
}

fn merges(model: &BPE) -> tokenizers::Result<Vec<Pair>> {
    // The model keeps its merges private; its JSON lists them in order, as pairs of pieces.
    let json = serde_json::to_value(model)?;
    let id = |piece: &serde_json::Value| piece.as_str().and_then(|piece| model.token_to_id(piece));
    let merges = json["merges"].as_array().map_or(&[][..], Vec::as_slice);
    merges
        .iter()
        .map(|merge| match (id(&merge[0]), id(&merge[1])) {
            (Some(left), Some(right)) => Ok((left, right)),
            _ => Err(format!("the merge {merge} names a piece without an id").into()),
        })
        .collect()
}

/// The merges that words with counts teach, by the `tokenizers` crate.
///
/// # Errors
///
/// What the crate refuses.
pub fn train_words(words: &[(String, u64)], vocab_size: usize) -> tokenizers::Result<Vec<Pair>> {
    let mut model = BPE::default();
    let counts: AHashMap<_, _> =
        words.iter().map(|(word, count)| (disguised(word).into(), *count)).collect();
    trainer(vocab_size).do_train(&counts, &mut model)?;
    merges(&model)
}

/// `bpe.encode_decode` by the `tokenizers` crate.
#[derive(Debug)]
pub struct Peer(BPE);

impl Peer {
    /// A tokenizer with these merges, the first learned first.
    ///
    /// # Errors
    ///
    /// What the crate refuses.
    pub fn new(merges: &[Pair]) -> tokenizers::Result<Self> {
        let mut pieces: Vec<String> = (0..=255).filter_map(character).map(String::from).collect();
        let mut pairs = Vec::new();
        for &(left, right) in merges {
            let (left, right) = (pieces[left as usize].clone(), pieces[right as usize].clone());
            pieces.push(format!("{left}{right}"));
            pairs.push((left, right));
        }
        // Two merges may make the same bytes; the crate then knows them by one id, the first.
        let mut vocab = AHashMap::new();
        for (piece, id) in pieces.into_iter().zip(0..) {
            vocab.entry(piece).or_insert(id);
        }
        Ok(Self(BPE::builder().vocab_and_merges(vocab, pairs).build()?))
    }
}

impl Tokenize for Peer {
    fn encode(&self, text: &str) -> Vec<u32> {
        let tokens = self.0.tokenize(&disguised(text));
        tokens.expect("the alphabet covers every byte").into_iter().map(|token| token.id).collect()
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let mut bytes = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            let piece = self.0.id_to_token(id).ok_or(DecodeError::UnknownToken { position, id })?;
            bytes.extend(piece.chars().filter_map(|c| u8::try_from(u32::from(c) - FIRST).ok()));
        }
        String::from_utf8(bytes).map_err(|error| DecodeError::InvalidUtf8 {
            position: error.utf8_error().valid_up_to(),
        })
    }
}

/// The character that stands for a byte.
fn character(byte: u32) -> Option<char> {
    char::from_u32(FIRST + byte)
}

/// A text with each byte as its character.
fn disguised(text: &str) -> String {
    text.bytes().filter_map(|byte| character(u32::from(byte))).collect()
}
