//! The files of a part: ids in Parquet, and the rows that have none.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use polars::prelude::*;

use super::error::TokenizeError;
use super::journal::replace;
use super::report::BadRow;

/// Held by the run that writes to a folder.
pub(super) const LOCK: &str = "_lock";
/// What the name of a file ends with while it is written.
pub(super) const HALF: &str = ".half";

/// Whether a run writes files with such names.
pub(super) fn is_part(name: &str) -> bool {
    let part = name.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet"));
    let bad = name.strip_prefix("_bad-").and_then(|rest| rest.strip_suffix(".ndjson"));
    part.or(bad).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The ids of a part.
pub(super) enum Ids {
    /// For each text its row and its ids.
    Rows(Vec<(u64, Vec<u32>)>),
    /// Sequences of one length, one behind the other.
    Packed { ids: Vec<u32>, length: usize },
}

impl Ids {
    fn is_empty(&self) -> bool {
        match self {
            Self::Rows(rows) => rows.is_empty(),
            Self::Packed { ids, .. } => ids.is_empty(),
        }
    }

    fn frame(&self) -> PolarsResult<DataFrame> {
        let list = |rows: usize, values: usize| {
            ListPrimitiveChunkedBuilder::<UInt32Type>::new(
                "ids".into(),
                rows,
                values,
                DataType::UInt32,
            )
        };
        match self {
            Self::Rows(rows) => {
                let numbers: Vec<u64> = rows.iter().map(|(row, _)| *row).collect();
                let values = rows.iter().map(|(_, ids)| ids.len()).sum();
                let mut lists = list(rows.len(), values);
                rows.iter().for_each(|(_, ids)| lists.append_slice(ids));
                let ids = lists.finish().into_series().into_column();
                DataFrame::new(rows.len(), vec![Column::new("row".into(), numbers), ids])
            }
            Self::Packed { ids, length } => {
                let rows = ids.len() / length;
                let mut lists = list(rows, ids.len());
                ids.chunks_exact(*length).for_each(|ids| lists.append_slice(ids));
                DataFrame::new(rows, vec![lists.finish().into_series().into_column()])
            }
        }
    }
}

/// Writes the files of a part; gives whether there are any ids in it.
///
/// # Errors
///
/// A file cannot be written.
pub(super) fn write(
    folder: &Path,
    part: u64,
    ids: &Ids,
    bad: &[BadRow],
) -> Result<bool, TokenizeError> {
    let path = folder.join(format!("part-{part:05}.parquet"));
    if !ids.is_empty() {
        let mut frame = ids.frame().map_err(TokenizeError::polars("write", &path))?;
        replace(&path, |file| parquet(file, &mut frame).map_err(io::Error::other))?;
    }
    if !bad.is_empty() {
        replace(&folder.join(format!("_bad-{part:05}.ndjson")), |file| lines(file, bad))?;
    }
    Ok(!ids.is_empty())
}

fn parquet(file: &mut File, frame: &mut DataFrame) -> PolarsResult<u64> {
    let level = polars::polars_utils::compression::ZstdLevel::try_new(1)?;
    // A part is a row group: whoever reads one part needs all of it.
    let rows = frame.height();
    ParquetWriter::new(BufWriter::new(file))
        .with_compression(ParquetCompression::Zstd(Some(level)))
        .with_row_group_size(Some(rows))
        .finish(frame)
}

fn lines(file: &mut File, bad: &[BadRow]) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    for row in bad {
        serde_json::to_writer(&mut file, row)?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
