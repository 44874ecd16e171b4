//! What can be wrong with a file's tokenizer.

use std::fmt;

use crate::bpe::ByteLevelError;
use crate::bpe::sentencepiece::ModelError;
use crate::llama::gguf::GgufError;

/// Why there is no tokenizer in a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TokenizerError {
    /// A key is missing or of the wrong type.
    Gguf(GgufError),
    /// A key that this kind of tokenizer needs is missing.
    Missing {
        /// The key.
        key: &'static str,
    },
    /// The file asks for something that is not here.
    Unsupported {
        /// The key.
        key: &'static str,
        /// What is here.
        known: String,
        /// What the file says; empty if nothing.
        got: String,
    },
    /// A list does not have an entry for each token.
    Length {
        /// The key of the list.
        key: &'static str,
        /// How many tokens there are.
        tokens: usize,
        /// How many entries it has.
        got: usize,
    },
    /// An id that no token has.
    Id {
        /// `bos`, `eos`, `eot` or `eom`.
        name: &'static str,
        /// How many tokens there are.
        tokens: usize,
        /// The id.
        got: u32,
    },
    /// A token of a type that does not exist.
    Type {
        /// The token.
        id: usize,
        /// The type.
        got: i32,
    },
    /// The token of a byte does not say which.
    Byte {
        /// Its text.
        got: String,
    },
    /// Tokens and merges that do not fit together.
    ByteLevel(ByteLevelError),
    /// Pieces that are no tokenizer.
    SentencePiece(ModelError),
}

impl fmt::Display for TokenizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gguf(error) => error.fmt(f),
            Self::Missing { key } => write!(f, "`{key}` is missing"),
            Self::Unsupported { key, known, got } if got.is_empty() => {
                write!(f, "`{key}` is missing, expected {known}")
            }
            Self::Unsupported { key, known, got } => {
                write!(f, "`{key}` is `{}`, expected {known}", got.escape_debug())
            }
            Self::Length { key, tokens, got } => {
                write!(f, "`{key}` has {got} entries, expected {tokens}, one a token")
            }
            Self::Id { name, tokens, got } => {
                write!(
                    f,
                    "`tokenizer.ggml.{name}_token_id` is {got}, expected an id below {tokens}"
                )
            }
            Self::Type { id, got } => {
                write!(f, "`tokenizer.ggml.token_type` of token {id} is {got}, expected 0 to 6")
            }
            Self::Byte { got } => write!(
                f,
                "the token `{}` is of type byte, expected `<0x00>` to `<0xFF>`",
                got.escape_debug()
            ),
            Self::ByteLevel(error) => write!(f, "the tokenizer's vocabulary: {error}"),
            Self::SentencePiece(error) => write!(f, "the tokenizer's vocabulary: {error}"),
        }
    }
}

impl std::error::Error for TokenizerError {}

impl From<GgufError> for TokenizerError {
    fn from(error: GgufError) -> Self {
        Self::Gguf(error)
    }
}

impl From<ByteLevelError> for TokenizerError {
    fn from(error: ByteLevelError) -> Self {
        Self::ByteLevel(error)
    }
}

impl From<ModelError> for TokenizerError {
    fn from(error: ModelError) -> Self {
        Self::SentencePiece(error)
    }
}
