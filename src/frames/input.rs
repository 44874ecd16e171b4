//! Which file it is: its format, and whether it is still the one that a run began with.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::TokenizeError;

/// How the rows of a corpus are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// A JSON object a line, also called JSON Lines: `.ndjson`, `.jsonl`.
    Ndjson,
    /// Fields apart by commas, quoted where needed, names on the first line: `.csv`.
    Csv,
    /// Fields apart by tabs, names on the first line; a quotation mark is a letter: `.tsv`.
    Tsv,
    /// Columns in row groups: `.parquet`.
    Parquet,
}

impl Format {
    /// The format that a file's name tells.
    ///
    /// ```
    /// use rust_for_ai::frames::Format;
    /// assert_eq!(Format::of("web.jsonl".as_ref()), Some(Format::Ndjson));
    /// assert_eq!(Format::of("web.jsonl.gz".as_ref()), None);
    /// ```
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// What tells a file from another one, without reading all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    bytes: u64,
    /// Of the first and the last bytes.
    ends: u64,
}

/// How many bytes of each end are looked at.
const END: u64 = 64 << 10;

impl Identity {
    /// # Errors
    ///
    /// The file cannot be read, or is compressed.
    pub(super) fn of(path: &Path) -> Result<Self, TokenizeError> {
        let cannot = || TokenizeError::io("read", path);
        let mut file = File::open(path).map_err(cannot())?;
        let bytes = file.metadata().map_err(cannot())?.len();
        let mut ends = Vec::new();
        let mut take = |file: &mut File| file.take(END).read_to_end(&mut ends);
        take(&mut file).map_err(cannot())?;
        file.seek(SeekFrom::Start(bytes.saturating_sub(END))).map_err(cannot())?;
        take(&mut file).map_err(cannot())?;
        let packed = [("gzip", &[0x1f, 0x8b][..]), ("zstd", &[0x28, 0xb5, 0x2f, 0xfd])];
        if let Some((name, _)) = packed.iter().find(|(_, magic)| ends.starts_with(magic)) {
            let got = format!("a file that is compressed with {name}; unpack it first");
            return Err(TokenizeError::input(path, "", "text or Parquet", got));
        }
        Ok(Self { bytes, ends: fnv(&ends) })
    }
}

/// Fowler, Noll and Vo's hash of 64 bits (FNV-1a): short, and the same in every version of everything.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
