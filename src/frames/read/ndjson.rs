//! NDJSON: a JSON object a line.
//!
//! A block is the whole lines in the next so many bytes. Lines are found here and read as JSON later, by all threads.
//! A line of nothing but white space is no row.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::super::error::TokenizeError;
use super::super::report::BadKind;
use super::{Block, Position, Reader, Text, Wanted, fits, utf8};

/// The bytes that a file may begin with to say that it is UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Ndjson {
    file: File,
    path: PathBuf,
    wanted: Arc<Wanted>,
    position: Position,
    /// Read already, from the position on.
    rest: Vec<u8>,
    ended: bool,
}

impl Ndjson {
    pub(super) fn open(
        path: &Path,
        wanted: &Wanted,
        from: Position,
    ) -> Result<Self, TokenizeError> {
        let mut file = File::open(path).map_err(TokenizeError::io("read", path))?;
        file.seek(SeekFrom::Start(from.byte)).map_err(TokenizeError::io("read", path))?;
        let (path, wanted) = (path.to_owned(), Arc::new(wanted.clone()));
        Ok(Self { file, path, wanted, position: from, rest: Vec::new(), ended: false })
    }

    /// Reads until there are so many bytes, or the file ends.
    fn fill(&mut self, bytes: &mut Vec<u8>, up_to: usize) -> Result<(), TokenizeError> {
        let missing = up_to.saturating_sub(bytes.len());
        let read = (&mut self.file).take(missing as u64).read_to_end(bytes);
        self.ended |= read.map_err(TokenizeError::io("read", &self.path))? < missing;
        Ok(())
    }

    /// The whole lines at the front of the file; no byte at its end. A line that is longer than `most` comes alone and
    /// cut.
    fn lines(&mut self, most: usize) -> Result<(Vec<u8>, u64), TokenizeError> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut up_to = self.wanted.block;
        loop {
            self.fill(&mut bytes, up_to)?;
            if let Some(end) = memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
            } else if !self.ended && bytes.len() <= most {
                up_to *= 2;
                continue;
            } else if bytes.len() > most {
                return self.skip_line(bytes, most);
            }
            let length = bytes.len() as u64;
            return Ok((bytes, length));
        }
    }

    /// Cuts the line at the front, which is too long to be kept, and reads over the rest of it.
    fn skip_line(
        &mut self,
        mut bytes: Vec<u8>,
        most: usize,
    ) -> Result<(Vec<u8>, u64), TokenizeError> {
        let mut length = bytes.len() as u64;
        bytes.truncate(most + 1);
        let mut more = Vec::new();
        while !self.ended {
            more.clear();
            self.fill(&mut more, 1 << 20)?;
            if let Some(end) = memchr(b'\n', &more) {
                self.rest = more.split_off(end + 1);
                length += more.len() as u64;
                break;
            }
            length += more.len() as u64;
        }
        Ok((bytes, length))
    }
}

impl Reader for Ndjson {
    fn next(&mut self) -> Result<Option<Box<dyn Block>>, TokenizeError> {
        // Six bytes of JSON, such as \u0061, may be one of the text; and there are other columns.
        let most = self.wanted.longest.saturating_mul(8).max(self.wanted.block);
        loop {
            let (bytes, length) = self.lines(most)?;
            if length == 0 {
                return Ok(None);
            }
            let before = self.position;
            let mut rows = Vec::new();
            let (mut line, mut start) = (before.line, 0);
            let ends = memchr_iter(b'\n', &bytes).map(|end| end + 1);
            let last = (!bytes.ends_with(b"\n")).then_some(bytes.len());
            for end in ends.chain(last) {
                if before.byte == 0 && start == 0 && bytes.starts_with(BOM) {
                    start = BOM.len();
                }
                if !bytes[start..end].trim_ascii().is_empty() {
                    rows.push((start, end, line + 1));
                }
                (line, start) = (line + 1, end);
            }
            let row = before.row + rows.len() as u64;
            self.position = Position { row, byte: before.byte + length, line };
            if rows.is_empty() {
                continue;
            }
            let (wanted, after) = (Arc::clone(&self.wanted), self.position);
            return Ok(Some(Box::new(Lines { bytes, rows, most, wanted, after })));
        }
    }
}

struct Lines {
    bytes: Vec<u8>,
    /// Where each row begins and ends, and its line.
    rows: Vec<(usize, usize, u64)>,
    /// A line with more bytes was cut.
    most: usize,
    wanted: Arc<Wanted>,
    after: Position,
}

impl Block for Lines {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn text(&self, row: usize) -> Text<'_> {
        let (start, end, _) = self.rows[row];
        let line = self.bytes[start..end].trim_ascii();
        if end - start > self.most {
            let most = self.most;
            return Err((BadKind::TooLong, format!("expected a line of at most {most} bytes")));
        }
        let line = utf8(line)?;
        let mut json = serde_json::Deserializer::from_str(line);
        let found = Column(&self.wanted.column).deserialize(&mut json);
        match found.and_then(|found| json.end().map(|()| found)) {
            Ok(Found::Text(text)) => fits(text, self.wanted.longest),
            Ok(Found::Nothing) => {
                Err((BadKind::NoText, format!("`{}` is null or not there", self.wanted.column)))
            }
            Ok(Found::Other(what)) => {
                let column = &self.wanted.column;
                Err((BadKind::NotText, format!("`{column}`: expected a text, got {what}")))
            }
            Err(error) => Err((BadKind::Malformed, reason(&error))),
        }
    }

    fn line(&self, row: usize) -> Option<u64> {
        Some(self.rows[row].2)
    }

    fn after(&self) -> Position {
        self.after
    }
}

/// What serde_json says, without its line, which is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(what, _)| what);
    format!("{text} at column {}", error.column())
}

/// Looks for one column of an object; of two with the same name the last one counts, as in most readers.
struct Column<'c>(&'c str);

enum Found<'a> {
    Text(Cow<'a, str>),
    Nothing,
    Other(&'static str),
}

impl<'a> DeserializeSeed<'a> for Column<'_> {
    type Value = Found<'a>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Found<'a>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Column<'_> {
    type Value = Found<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Found<'a>, M::Error> {
        let mut found = Found::Nothing;
        while let Some(Key(name)) = map.next_key()? {
            if name == self.0 {
                found = map.next_value_seed(Value)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// A name that is copied only if it has escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value of the column, whatever it is.
struct Value;

impl<'a> DeserializeSeed<'a> for Value {
    type Value = Found<'a>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Found<'a>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Value {
    type Value = Found<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Found<'a>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found<'a>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Found<'a>, E> {
        Ok(Found::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found<'a>, E> {
        Ok(Found::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found<'a>, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found<'a>, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found<'a>, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_seq<S: serde::de::SeqAccess<'a>>(self, mut list: S) -> Result<Found<'a>, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other("a list"))
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Found<'a>, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other("an object"))
    }
}
