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

impl DecodeError {
    /// The text that the bytes of all tokens make.
    pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Self> {
        String::from_utf8(bytes)
            .map_err(|error| Self::InvalidUtf8 { position: error.utf8_error().valid_up_to() })
    }
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

/// Why a file of ranks is not a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RanksError {
    /// The line, counted from 1; the last one for what is wrong with no line of its own.
    pub line: usize,
    /// What is wrong with it.
    pub problem: RanksProblem,
}

/// What can be wrong in a file of ranks. Where a line has several problems, the first of this list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RanksProblem {
    /// No space, which ends the token and begins the rank.
    Malformed,
    /// The token is not base64, or is empty.
    BadToken,
    /// The rank is not a number from 0 to 4,294,967,295.
    BadRank,
    /// A rank that an earlier line has.
    DuplicateRank {
        /// The rank.
        rank: u32,
    },
    /// A rank too high: ranks count up from 0, one a line.
    Gap {
        /// The rank that was expected.
        expected: u32,
        /// The rank that is there.
        rank: u32,
    },
    /// A token that an earlier line has.
    DuplicateToken {
        /// That line.
        first: usize,
    },
    /// More tokens than the tables of an encoding have room for.
    TooMany {
        /// How many are allowed.
        limit: u32,
    },
    /// After the last line a byte is still no token, so some texts could not be encoded.
    MissingByte {
        /// The lowest such byte.
        byte: u8,
    },
    /// A special token that is empty, or whose text or id another special token or a line of the file
    /// has.
    BadSpecial {
        /// The special token.
        token: String,
    },
}

impl fmt::Display for RanksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            RanksProblem::Malformed => {
                f.write_str("expected a token in base64, a space and a rank")
            }
            RanksProblem::BadToken => f.write_str("expected a token in base64 before the space"),
            RanksProblem::BadRank => {
                write!(f, "expected a rank from 0 to {} after the space", u32::MAX)
            }
            RanksProblem::DuplicateRank { rank } => {
                write!(f, "the rank {rank} stands in an earlier line, too")
            }
            RanksProblem::Gap { expected, rank } => {
                write!(f, "expected the rank {expected}, got {rank}")
            }
            RanksProblem::DuplicateToken { first } => {
                write!(f, "the token stands in line {first}, too")
            }
            RanksProblem::TooMany { limit } => {
                write!(f, "expected at most {limit} tokens")
            }
            RanksProblem::MissingByte { byte } => {
                write!(f, "the file ends and the byte {byte} is no token")
            }
            RanksProblem::BadSpecial { token } => {
                write!(f, "the special token `{token}` is empty, or its text or id is taken")
            }
        }
    }
}

impl std::error::Error for RanksError {}

/// A special token stands in a text where it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialError {
    /// The special token.
    pub token: String,
    /// Where it begins, in bytes.
    pub position: usize,
}

impl fmt::Display for SpecialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text has the special token `{}` at byte {}", self.token, self.position)
    }
}

impl std::error::Error for SpecialError {}
