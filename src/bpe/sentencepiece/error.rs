//! What can be wrong with a model file and with a list of pieces.

use std::fmt;

/// Why a file or a list of pieces is not a tokenizer of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes are not a protocol buffer of the right shape.
    Malformed {
        /// Where, in bytes from the beginning of the file.
        offset: usize,
        /// What should stand there.
        expected: String,
        /// What does.
        got: String,
    },
    /// The file is whole, and asks for something that is not here.
    Unsupported {
        /// The setting, as the format names it.
        setting: &'static str,
        /// What is supported.
        expected: &'static str,
        /// What the file asks for.
        got: String,
    },
    /// A piece is not as it should be.
    Piece {
        /// Its index, which is its id.
        id: usize,
        /// Its text, or the beginning of a long one.
        text: String,
        /// What is wrong with it.
        problem: PieceProblem,
    },
    /// A byte has no piece, so some texts could not be encoded.
    MissingByte {
        /// The lowest such byte.
        byte: u8,
    },
    /// More pieces than ids.
    TooMany {
        /// How many there are.
        pieces: usize,
    },
}

/// What can be wrong with a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PieceProblem {
    /// It has no text.
    Empty,
    /// Its text takes more bytes than a piece may.
    TooLong {
        /// How many it takes.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Its score is infinite or no number.
    Score {
        /// The score.
        got: String,
    },
    /// An earlier piece has the same text, or stands for the same byte.
    Repeated {
        /// The index of that piece.
        first: usize,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { offset, expected, got } => {
                write!(f, "byte {offset}: expected {expected}, got {got}")
            }
            Self::Unsupported { setting, expected, got } => {
                write!(f, "`{setting}` is {got}, expected {expected}")
            }
            Self::Piece { id, text, problem } => {
                write!(f, "piece {id} (`{}`): ", text.escape_debug())?;
                match problem {
                    PieceProblem::Empty => f.write_str("expected a text, got none"),
                    PieceProblem::TooLong { bytes, limit } => {
                        write!(f, "{bytes} bytes, expected at most {limit}")
                    }
                    PieceProblem::Score { got } => {
                        write!(f, "the score is {got}, expected a finite number")
                    }
                    PieceProblem::Repeated { first } => {
                        write!(f, "it repeats piece {first}")
                    }
                }
            }
            Self::MissingByte { byte } => write!(
                f,
                "no piece stands for the byte {byte} (`<0x{byte:02X}>`), expected one for each byte"
            ),
            Self::TooMany { pieces } => {
                write!(f, "{pieces} pieces, expected at most {}", super::pieces::MOST_PIECES)
            }
        }
    }
}

impl std::error::Error for ModelError {}
