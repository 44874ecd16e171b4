//! Why a corpus cannot be tokenized.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use polars::prelude::PolarsError;

/// Why a corpus cannot be tokenized. What is wrong with single rows is no error: it is counted and written down.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenizeError {
    /// A file or folder cannot be read or written.
    Io {
        /// What was done with it: "read", "write".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The input is not what its name or the options say.
    Input {
        /// The file.
        path: PathBuf,
        /// Where in it, or empty.
        place: String,
        /// What was expected.
        expected: String,
        /// What is there.
        got: String,
    },
    /// The folder for the output holds something else than the beginning of this very run.
    Output {
        /// The folder.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Polars cannot read or write a file.
    Polars {
        /// What was done with it: "read", "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What Polars says.
        source: PolarsError,
    },
    /// Options that no input fits.
    Options {
        /// What was expected.
        expected: String,
        /// What was given.
        got: String,
    },
}

impl TokenizeError {
    /// For `map_err`: the system's error with what was done to which file.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// For `map_err`: an error of Polars with what was done to which file.
    pub(super) fn polars(doing: &'static str, path: &Path) -> impl FnOnce(PolarsError) -> Self {
        move |source| Self::Polars { doing, path: path.to_owned(), source }
    }

    pub(super) fn input(
        path: &Path,
        place: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        let (place, expected, got) = (place.into(), expected.into(), got.into());
        Self::Input { path: path.to_owned(), place, expected, got }
    }

    pub(super) fn output(path: &Path, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Output { path: path.to_owned(), expected: expected.into(), got: got.into() }
    }
}

impl fmt::Display for TokenizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, source } => {
                write!(f, "could not {doing} `{}`: {source}", path.display())
            }
            Self::Polars { doing, path, source } => {
                write!(f, "could not {doing} `{}`: {source}", path.display())
            }
            Self::Input { path, place, expected, got } => {
                let comma = if place.is_empty() { "" } else { ", " };
                let path = path.display();
                write!(f, "`{path}`{comma}{place}: expected {expected}, got {got}")
            }
            Self::Output { path, expected, got } => {
                write!(f, "`{}`: expected {expected}, got {got}", path.display())
            }
            Self::Options { expected, got } => write!(f, "expected {expected}, got {got}"),
        }
    }
}

impl std::error::Error for TokenizeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Polars { source, .. } => Some(source),
            _ => None,
        }
    }
}
