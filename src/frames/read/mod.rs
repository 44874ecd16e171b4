//! The rows of an input in blocks, each a function of the place where it begins.

mod csv;
mod ndjson;
mod parquet;

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::TokenizeError;
use super::input::Format;
use super::report::BadKind;

/// A place in an input, between two rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Rows before it.
    pub(super) row: u64,
    /// Bytes before it; nothing in Parquet.
    pub(super) byte: u64,
    /// Line breaks before it; nothing in Parquet.
    pub(super) line: u64,
}

/// What a reader has to know.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The column with the texts.
    pub(super) column: String,
    /// About how many bytes a block has.
    pub(super) block: usize,
    /// The most bytes of a text.
    pub(super) longest: usize,
}

/// A text to encode, or why there is none.
pub(super) type Text<'a> = Result<Cow<'a, str>, (BadKind, String)>;

/// Some whole rows.
pub(super) trait Block: Send + Sync {
    /// How many.
    fn rows(&self) -> usize;

    /// The text of a row, at most `longest` bytes of it.
    fn text(&self, row: usize) -> Text<'_>;

    /// The line on which a row begins, counted from 1.
    fn line(&self, row: usize) -> Option<u64>;

    /// The place behind the last row.
    fn after(&self) -> Position;
}

/// Gives one block after the other.
pub(super) trait Reader: Send {
    /// The next block, with at least one row; none at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is of another format.
    fn next(&mut self) -> Result<Option<Box<dyn Block>>, TokenizeError>;
}

/// A reader of the rows from a place on.
///
/// # Errors
///
/// The file cannot be read, is of another format, or has no such column.
pub(super) fn open(
    path: &Path,
    format: Format,
    wanted: &Wanted,
    from: Position,
) -> Result<Box<dyn Reader>, TokenizeError> {
    Ok(match format {
        Format::Ndjson => Box::new(ndjson::Ndjson::open(path, wanted, from)?),
        Format::Csv => Box::new(csv::Csv::open(path, wanted, from, b',', true)?),
        Format::Tsv => Box::new(csv::Csv::open(path, wanted, from, b'\t', false)?),
        Format::Parquet => Box::new(parquet::Parquet::open(path, wanted, from)?),
    })
}

/// The text itself, unless it is too long.
fn fits(text: Cow<'_, str>, longest: usize) -> Text<'_> {
    match text.len() {
        bytes if bytes > longest => {
            Err((BadKind::TooLong, format!("expected at most {longest} bytes, got {bytes}")))
        }
        _ => Ok(text),
    }
}

/// Bytes as a text.
fn utf8(bytes: &[u8]) -> Result<&str, (BadKind, String)> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        (BadKind::InvalidUtf8, format!("byte {:#04x} at byte {at} of the row", bytes[at]))
    })
}

/// The names of the columns, when the one that is wanted is not among them.
fn no_column(path: &Path, wanted: &Wanted, names: &[String]) -> TokenizeError {
    let got = match names {
        [] => "no columns".to_owned(),
        names => format!("the columns {}", quoted(names)),
    };
    TokenizeError::input(path, "", format!("a column `{}`", wanted.column), got)
}

fn quoted(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
    shown.join(", ") + if names.len() > 20 { ", …" } else { "" }
}
