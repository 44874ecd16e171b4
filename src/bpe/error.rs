//! What can be wrong with ids and with merges.

use std::fmt;

use super::Pair;

/// Why some ids are not a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// An id that the vocabulary does not have.
    UnknownToken {
        /// Index of the first such id in the ids.
        position: usize,
        /// The id.
        id: u32,
    },
    /// The tokens exist, but their bytes are not UTF-8.
    InvalidUtf8 {
        /// How many of the joined bytes are valid UTF-8.
        position: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownToken { position, id } => {
                write!(f, "unknown token id {id} at position {position}")
            }
            Self::InvalidUtf8 { position } => {
                write!(f, "the decoded bytes are not UTF-8 from byte {position} on")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Why a list of merges is not a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeError {
    /// A merge uses an id that does not exist yet when it is learned.
    NotYetLearned {
        /// Index of the merge.
        merge: usize,
        /// The id that it uses.
        id: u32,
        /// The ids that exist at that point: `0..known`.
        known: u32,
    },
    /// Two merges of the same pair: the second could never apply.
    Repeated {
        /// Index of the second merge.
        merge: usize,
        /// The pair.
        pair: Pair,
        /// Index of the first merge of that pair.
        first: usize,
    },
    /// The tokens up to this merge would take more memory than a vocabulary may.
    TooLong {
        /// Index of the merge.
        merge: usize,
        /// Bytes of all tokens, this one included.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// More merges than a `u32` can number.
    TooMany {
        /// How many there are.
        merges: usize,
    },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYetLearned { merge, id, known } => write!(
                f,
                "merge {merge} uses the id {id}, expected an id below {known}, which exist by then"
            ),
            Self::Repeated { merge, pair, first } => {
                write!(f, "merge {merge} repeats the pair {pair:?} of merge {first}")
            }
            Self::TooLong { merge, bytes, limit } => write!(
                f,
                "merge {merge} brings the tokens to {bytes} bytes, expected at most {limit} in all"
            ),
            Self::TooMany { merges } => {
                write!(f, "{merges} merges, expected at most {}", u32::MAX - super::BYTES)
            }
        }
    }
}

impl std::error::Error for MergeError {}
