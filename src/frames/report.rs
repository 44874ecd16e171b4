//! What a run found: how much text and how many ids, and which rows had no text to encode.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a row has no text to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BadKind {
    /// The row is no row of this format: no JSON object, or with another number of fields than the head.
    Malformed,
    /// The row's bytes are not UTF-8.
    InvalidUtf8,
    /// The text is null, is not there, or in CSV is empty.
    NoText,
    /// The column holds something else than a text.
    NotText,
    /// The text has more bytes than the options allow.
    TooLong,
}

impl BadKind {
    /// All of them, in the order in which a report shows them.
    pub const ALL: [Self; 5] =
        [Self::Malformed, Self::InvalidUtf8, Self::NoText, Self::NotText, Self::TooLong];
}

impl fmt::Display for BadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::InvalidUtf8 => "not UTF-8",
            Self::NoText => "without a text",
            Self::NotText => "of another type",
            Self::TooLong => "too long",
        })
    }
}

/// A row without a text to encode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Its number among all rows, from 0.
    pub row: u64,
    /// The line on which it begins, from 1; nothing in Parquet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What kind of problem.
    pub kind: BadKind,
    /// The problem, in words.
    pub why: String,
}

/// Sums over some rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rows of the input, the bad ones too.
    pub rows: u64,
    /// Rows with a text.
    pub texts: u64,
    /// Bytes of these texts in UTF-8.
    pub bytes: u64,
    /// Their ids, separators not counted.
    pub tokens: u64,
    /// Ids at the end that fill no sequence and are left out, separators counted; 0 unless packed.
    pub left_over: u64,
    /// How many rows are bad in which way, for those kinds that occur.
    pub bad: std::collections::BTreeMap<BadKind, u64>,
    /// Files of ids.
    pub parts: u64,
}

impl Report {
    /// Rows that are bad in any way.
    pub fn bad_rows(&self) -> u64 {
        self.bad.values().sum()
    }

    /// Adds the sums of rows that follow these.
    pub(super) fn add(&mut self, more: &Self) {
        self.rows += more.rows;
        self.texts += more.texts;
        self.bytes += more.bytes;
        self.tokens += more.tokens;
        self.left_over = more.left_over;
        self.parts += more.parts;
        for (kind, count) in &more.bad {
            *self.bad.entry(*kind).or_default() += count;
        }
    }
}
