//! What can be wrong with a GGUF file, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why bytes are not a GGUF file, or why the file lacks what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GgufError {
    /// The bytes are not as the format says.
    Malformed {
        /// Where, in bytes from the beginning of the file.
        offset: usize,
        /// The part of the file that is read there.
        place: Place,
        /// What should stand there.
        expected: String,
        /// What does.
        got: String,
    },
    /// The file may be whole, and uses what is not read here.
    Unsupported {
        /// Where, in bytes from the beginning of the file.
        offset: usize,
        /// The part of the file that is read there.
        place: Place,
        /// What is supported.
        expected: String,
        /// What the file has.
        got: String,
    },
    /// No value has this key.
    MissingKey {
        /// The key.
        key: String,
    },
    /// The value of a key is of another type, or out of its range.
    WrongType {
        /// The key.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
        /// The value, or the beginning of a long one.
        got: String,
    },
    /// No tensor has this name.
    MissingTensor {
        /// The name.
        name: String,
    },
}

/// A part of a GGUF file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The first 24 bytes: magic, version, counts.
    Header,
    /// The n-th pair of key and value, of which the key is not known yet.
    Pair(u64),
    /// The value of this key.
    Key(String),
    /// The description of the n-th tensor, of which the name is not known yet.
    Description(u64),
    /// The description or the data of the tensor with this name.
    Tensor(String),
}

impl GgufError {
    /// What one may do about it, where that is known.
    ///
    /// ```
    /// use rust_for_ai::llama::gguf::Gguf;
    ///
    /// let error = Gguf::parse(b"GGUF\x01\0\0\0").expect_err("version 1");
    /// assert_eq!(error.to_string(), "byte 4, header: expected version 2 or 3, got version 1");
    /// assert_eq!(error.hint(), Some("convert the model anew with a current llama.cpp"));
    /// ```
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unsupported { place: Place::Header, got, .. } if got.contains("big-endian") => {
                Some("take the little-endian file of the model, or convert it anew")
            }
            Self::Unsupported { place: Place::Header, .. } => {
                Some("convert the model anew with a current llama.cpp")
            }
            Self::Unsupported { place: Place::Tensor(_), .. } => {
                Some("take a file of the model in Q4_0, Q4_K_M, Q5_K_M, Q6_K or Q8_0")
            }
            Self::Malformed { place: Place::Header, .. } => {
                Some("is this a GGUF file, and not a page that says where it is?")
            }
            Self::Malformed { got, .. } if got.contains("the file ends") => {
                Some("the download may have been cut off: compare the file's size or its checksum")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header"),
            Self::Pair(index) => write!(f, "metadata pair {index}"),
            Self::Key(key) => write!(f, "key `{}`", key.escape_debug()),
            Self::Description(index) => write!(f, "description of tensor {index}"),
            Self::Tensor(name) => write!(f, "tensor `{}`", name.escape_debug()),
        }
    }
}

impl fmt::Display for GgufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { offset, place, expected, got }
            | Self::Unsupported { offset, place, expected, got } => {
                write!(f, "byte {offset}, {place}: expected {expected}, got {got}")
            }
            Self::MissingKey { key } => write!(f, "the file has no key `{}`", key.escape_debug()),
            Self::WrongType { key, expected, got } => {
                write!(f, "key `{}`: expected {expected}, got {got}", key.escape_debug())
            }
            Self::MissingTensor { name } => {
                write!(f, "the file has no tensor `{}`", name.escape_debug())
            }
        }
    }
}

impl std::error::Error for GgufError {}

/// Why a file could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The system does not let us read or map it.
    System {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is not a GGUF file.
    Gguf {
        /// The file; boxed, since with a path as large as it is on Windows every `Result` would be.
        path: Box<Path>,
        /// What is wrong with it.
        error: GgufError,
    },
}

impl OpenError {
    /// What one may do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::System { .. } => None,
            Self::Gguf { error, .. } => error.hint(),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Gguf { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}
