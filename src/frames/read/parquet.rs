//! Parquet: a row group is decoded at a time, and cut into blocks.
//!
//! A slice inside of a row group would decode its pages again for each block. So the group is kept, as views on the
//! buffers of its pages; whoever goes on in the middle of a group decodes it once more.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::super::error::TokenizeError;
use super::super::report::BadKind;
use super::{Block, Position, Reader, Text, Wanted, fits, no_column, utf8};

pub(super) struct Parquet {
    path: PathBuf,
    wanted: Wanted,
    /// How many rows each group has.
    groups: Vec<usize>,
    /// The next group, and the row of the file with which it begins.
    next: usize,
    begins: u64,
    /// What is left of the group that was decoded last.
    rest: Option<Series>,
    row: u64,
}

impl Parquet {
    pub(super) fn open(
        path: &Path,
        wanted: &Wanted,
        from: Position,
    ) -> Result<Self, TokenizeError> {
        let file = File::open(path).map_err(TokenizeError::io("read", path))?;
        let mut reader = ParquetReader::new(file);
        let schema = reader.schema().map_err(TokenizeError::polars("read", path))?;
        let Some(field) = schema.get(&wanted.column) else {
            let names: Vec<String> = schema.iter_names().map(ToString::to_string).collect();
            return Err(no_column(path, wanted, &names));
        };
        let kind = DataType::from_arrow_dtype(field.dtype());
        if !matches!(kind, DataType::String | DataType::Binary) {
            let place = format!("column `{}`", wanted.column);
            return Err(TokenizeError::input(path, place, "a column of texts", kind.to_string()));
        }
        let metadata = reader.get_metadata().map_err(TokenizeError::polars("read", path))?;
        let groups = metadata.row_groups.iter().map(|group| group.num_rows()).collect();
        let (path, wanted) = (path.to_owned(), wanted.clone());
        let mut this = Self { path, wanted, groups, next: 0, begins: 0, rest: None, row: from.row };
        while let Some(&rows) = this.groups.get(this.next)
            && this.begins + rows as u64 <= from.row
        {
            this.begins += rows as u64;
            this.next += 1;
        }
        Ok(this)
    }

    /// What is left of the current group, or the next one; none at the end.
    fn group(&mut self) -> Result<Option<Series>, TokenizeError> {
        if let Some(rest) = self.rest.take().filter(|rest| !rest.is_empty()) {
            return Ok(Some(rest));
        }
        let Some(&rows) = self.groups.get(self.next) else { return Ok(None) };
        let file = File::open(&self.path).map_err(TokenizeError::io("read", &self.path))?;
        let frame = ParquetReader::new(file)
            .with_columns(Some(vec![self.wanted.column.clone()]))
            .with_slice(Some((usize::try_from(self.begins).unwrap_or(usize::MAX), rows)))
            .finish()
            .map_err(TokenizeError::polars("read", &self.path))?;
        let column = frame.column(&self.wanted.column);
        let column = column.map_err(TokenizeError::polars("read", &self.path))?;
        let seen = usize::try_from(self.row - self.begins).unwrap_or(usize::MAX);
        let group = column.as_materialized_series().slice(seen as i64, rows - seen.min(rows));
        self.begins += rows as u64;
        self.next += 1;
        Ok(Some(group))
    }
}

impl Reader for Parquet {
    fn next(&mut self) -> Result<Option<Box<dyn Block>>, TokenizeError> {
        let group = loop {
            match self.group()? {
                None => return Ok(None),
                Some(group) if group.is_empty() => {}
                Some(group) => break group,
            }
        };
        let bytes = group.cast(&DataType::Binary);
        let bytes = bytes.map_err(TokenizeError::polars("read", &self.path))?;
        let bytes = bytes.binary().map_err(TokenizeError::polars("read", &self.path))?.clone();
        let (mut rows, mut size) = (0, 0);
        for value in bytes.iter() {
            // A null takes room, too, wherever it is kept.
            (rows, size) = (rows + 1, size + value.map_or(0, <[u8]>::len) + 1);
            if size >= self.wanted.block {
                break;
            }
        }
        self.rest = Some(group.slice(rows as i64, group.len() - rows));
        self.row += rows as u64;
        let values = bytes.slice(0, rows).rechunk().into_owned();
        let after = Position { row: self.row, ..Position::default() };
        Ok(Some(Box::new(Values { values, longest: self.wanted.longest, after })))
    }
}

struct Values {
    /// In one chunk.
    values: BinaryChunked,
    longest: usize,
    after: Position,
}

impl Block for Values {
    fn rows(&self) -> usize {
        self.values.len()
    }

    fn text(&self, row: usize) -> Text<'_> {
        match self.values.get(row) {
            None => Err((BadKind::NoText, "the value is null".to_owned())),
            Some(bytes) => fits(Cow::Borrowed(utf8(bytes)?), self.longest),
        }
    }

    fn line(&self, _: usize) -> Option<u64> {
        None
    }

    fn after(&self) -> Position {
        self.after
    }
}
