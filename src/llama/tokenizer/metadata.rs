//! What a file says about its tokenizer: the keys `tokenizer.ggml.*`, read and compared with each other.

use super::TokenizerError;

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

impl Metadata<'_> {
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
