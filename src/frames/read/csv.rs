//! CSV and TSV: names on the first line, then a row of fields a line, or several lines where a field in quotes has
//! line breaks.
//!
//! Only the column with the texts is kept. A row with more or fewer fields than the head is malformed, and the rows
//! behind it are read as ever. A quote that is never closed would make one row of the rest of the file; so a row has a
//! most length, and beyond that the file is refused with the line on which the row begins.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};

use super::super::error::TokenizeError;
use super::super::report::BadKind;
use super::{Block, Position, Reader, Text, Wanted, fits, no_column, utf8};

pub(super) struct Csv {
    rows: csv::Reader<Limited>,
    path: PathBuf,
    wanted: Wanted,
    /// The index of the column, and how many there are.
    column: usize,
    columns: usize,
    position: Position,
    record: ByteRecord,
}

impl Csv {
    pub(super) fn open(
        path: &Path,
        wanted: &Wanted,
        from: Position,
        delimiter: u8,
        quoting: bool,
    ) -> Result<Self, TokenizeError> {
        let file = File::open(path).map_err(TokenizeError::io("read", path))?;
        // Quotes are doubled inside of quotes; and there are other columns.
        let most = wanted.longest.saturating_mul(4).max(wanted.block) as u64;
        let mut rows = ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quoting)
            .flexible(true)
            .from_reader(Limited { file, since: 0, most });
        let head = rows.byte_headers().map_err(|error| broken(path, 1, most, error))?;
        let names: Vec<String> =
            head.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let column = names.iter().position(|name| *name == wanted.column);
        let column = column.ok_or_else(|| no_column(path, wanted, &names))?;
        let columns = names.len();
        if from != Position::default() {
            let mut place = csv::Position::new();
            place.set_byte(from.byte).set_line(from.line + 1).set_record(from.row + 1);
            rows.seek(place).map_err(|error| broken(path, from.line + 1, most, error))?;
        }
        let (path, wanted, record) = (path.to_owned(), wanted.clone(), ByteRecord::new());
        Ok(Self { rows, path, wanted, column, columns, position: from, record })
    }
}

impl Reader for Csv {
    fn next(&mut self) -> Result<Option<Box<dyn Block>>, TokenizeError> {
        let mut fields = Fields { longest: self.wanted.longest, ..Fields::default() };
        while fields.bytes.len() < self.wanted.block {
            let line = self.rows.position().line();
            self.rows.get_mut().since = 0;
            let most = self.rows.get_ref().most;
            let more = self.rows.read_byte_record(&mut self.record);
            if !more.map_err(|error| broken(&self.path, line, most, error))? {
                break;
            }
            // Where the row begins, without empty lines before it.
            let line = self.record.position().map_or(line, csv::Position::line);
            let field = self.record.get(self.column).unwrap_or_default();
            let kept = if field.len() > self.wanted.longest { &[] } else { field };
            fields.bytes.extend_from_slice(kept);
            fields.rows.push(Field {
                end: fields.bytes.len(),
                length: field.len(),
                missing: self.record.len().abs_diff(self.columns),
                fields: self.record.len(),
                columns: self.columns,
                line,
            });
        }
        let place = self.rows.position();
        let row = self.position.row + fields.rows.len() as u64;
        self.position = Position { row, byte: place.byte(), line: place.line() - 1 };
        fields.after = self.position;
        Ok((!fields.rows.is_empty()).then(|| Box::new(fields) as Box<dyn Block>))
    }
}

/// The crate's error as ours.
fn broken(path: &Path, line: u64, most: u64, error: csv::Error) -> TokenizeError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let expected = format!("a row of at most {most} bytes");
            TokenizeError::input(
                path,
                format!("line {line}"),
                expected,
                "a longer one; is a quote never closed?",
            )
        }
        csv::ErrorKind::Io(error) => TokenizeError::io("read", path)(error),
        _ => TokenizeError::input(path, format!("line {line}"), "rows of CSV", text),
    }
}

/// A file that gives only so many bytes for one row.
struct Limited {
    file: File,
    /// Bytes since the row began, or a buffer more.
    since: u64,
    most: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(buffer)?;
        self.since += read as u64;
        Ok(read)
    }
}

impl Seek for Limited {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    rows: Vec<Field>,
    longest: usize,
    after: Position,
}

struct Field {
    /// Where its bytes end in those of all.
    end: usize,
    /// How many it had; if too many, none of them are kept.
    length: usize,
    /// By how many fields the row differs from the head.
    missing: usize,
    fields: usize,
    columns: usize,
    line: u64,
}

impl Block for Fields {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn text(&self, row: usize) -> Text<'_> {
        let field = &self.rows[row];
        let start = row.checked_sub(1).map_or(0, |before| self.rows[before].end);
        if field.missing > 0 {
            let (columns, fields) = (field.columns, field.fields);
            let why = format!("expected {columns} fields, got {fields}");
            return Err((BadKind::Malformed, why));
        }
        match field.length {
            0 => Err((BadKind::NoText, "the field is empty".to_owned())),
            bytes if bytes > self.longest => {
                let longest = self.longest;
                Err((BadKind::TooLong, format!("expected at most {longest} bytes, got {bytes}")))
            }
            _ => fits(Cow::Borrowed(utf8(&self.bytes[start..field.end])?), self.longest),
        }
    }

    fn line(&self, row: usize) -> Option<u64> {
        Some(self.rows[row].line)
    }

    fn after(&self) -> Position {
        self.after
    }
}
