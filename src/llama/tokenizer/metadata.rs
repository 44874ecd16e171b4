//! What a file says about its tokenizer: the keys `tokenizer.ggml.*`, read and compared with each other.

use super::TokenizerError;
use crate::llama::gguf::Gguf;

/// What a file says about its tokenizer; see [`Tokenizer::new`](super::Tokenizer::new) for an example.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata<'f> {
    /// `model`: the kind of tokenizer.
    pub model: &'f str,
    /// `pre`: the name of the pattern that cuts texts.
    pub pre: Option<&'f str>,
    /// `tokens`: the text of each token; the index is the id.
    pub tokens: Vec<&'f str>,
    /// `token_type`: 1 normal, 2 unknown, 3 control, 4 added by a user, 5 unused, 6 a byte. All are
    /// normal without it.
    pub types: Option<Vec<i32>>,
    /// `scores`: of SentencePiece, the highest first.
    pub scores: Option<Vec<f32>>,
    /// `merges`: of byte-level BPE, `left right`, the first one first.
    pub merges: Vec<&'f str>,
    /// `bos_token_id`: what begins a text.
    pub bos: Option<u32>,
    /// `eos_token_id`: what ends a text.
    pub eos: Option<u32>,
    /// `eot_token_id`: what ends a turn.
    pub eot: Option<u32>,
    /// `eom_token_id`: what ends a message.
    pub eom: Option<u32>,
    /// `add_bos_token`: whether each text begins with the one.
    pub add_bos: Option<bool>,
    /// `add_space_prefix`: whether SentencePiece puts a space before a text. Byte-level BPE does not,
    /// whatever this says, as in llama.cpp.
    pub add_space_prefix: Option<bool>,
    /// `remove_extra_whitespaces`: of SentencePiece.
    pub remove_extra_whitespaces: bool,
}

impl<'f> Metadata<'f> {
    /// What this file says.
    ///
    /// # Errors
    ///
    /// A key that is missing or has the wrong type.
    pub fn of(file: &'f Gguf) -> Result<Self, TokenizerError> {
        let texts = |list: &'f [String]| list.iter().map(String::as_str).collect();
        let merges = file.opt_strings("tokenizer.ggml.merges")?;
        Ok(Self {
            model: file.str("tokenizer.ggml.model")?,
            pre: file.opt_str("tokenizer.ggml.pre")?,
            tokens: texts(file.strings("tokenizer.ggml.tokens")?),
            types: file.opt_i32s("tokenizer.ggml.token_type")?.map(<[i32]>::to_vec),
            scores: file.opt_f32s("tokenizer.ggml.scores")?.map(<[f32]>::to_vec),
            merges: merges.map(texts).unwrap_or_default(),
            bos: file.opt_u32("tokenizer.ggml.bos_token_id")?,
            eos: file.opt_u32("tokenizer.ggml.eos_token_id")?,
            eot: file.opt_u32("tokenizer.ggml.eot_token_id")?,
            eom: file.opt_u32("tokenizer.ggml.eom_token_id")?,
            add_bos: file.opt_bool("tokenizer.ggml.add_bos_token")?,
            add_space_prefix: file.opt_bool("tokenizer.ggml.add_space_prefix")?,
            remove_extra_whitespaces: file
                .opt_bool("tokenizer.ggml.remove_extra_whitespaces")?
                .unwrap_or(false),
        })
    }

    /// Compares lengths, and ids with the number of tokens.
    pub(super) fn check(&self, ids: &[(&'static str, Option<u32>)]) -> Result<(), TokenizerError> {
        let tokens = self.tokens.len();
        let lengths = [
            ("tokenizer.ggml.token_type", self.types.as_ref().map(Vec::len)),
            ("tokenizer.ggml.scores", self.scores.as_ref().map(Vec::len)),
        ];
        for (key, length) in lengths {
            if let Some(got) = length.filter(|&length| length != tokens) {
                return Err(TokenizerError::Length { key, tokens, got });
            }
        }
        for &(name, id) in ids {
            if let Some(got) = id.filter(|&id| id as usize >= tokens) {
                return Err(TokenizerError::Id { name, tokens, got });
            }
        }
        Ok(())
    }
}
