//! A cursor over the bytes of a file, which nothing gets past.
//!
//! Whoever wrote the file chose every length in it, so none is believed. Three laws keep a bad file from
//! doing harm:
//!
//! * a length is compared with what is left of the file before anything is allocated or skipped;
//! * a count of things is compared with how many of them would fit, by their least size;
//! * sums and products of the file's numbers are checked, since they may wrap around.
//!
//! So what is allocated is at most a few times the size of the file: a text of no bytes takes 8 bytes
//! there and 24 here.

use super::error::{GgufError, Place};
use super::value::Value;

/// The longest key or name that is read: the format's own bound for keys.
const LONGEST_NAME: usize = 65_535;

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What is being read, for errors.
    pub(super) place: Place,
}

/// The types of values, by their numbers in a file.
const TYPES: [&str; 13] =
    ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"];
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, place: Place::Header }
    }

    /// Where it stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error about the bytes from `offset` on.
    pub(super) fn malformed(
        &self,
        offset: usize,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> GgufError {
        let (expected, got) = (expected.into(), got.into());
        GgufError::Malformed { offset, place: self.place.clone(), expected, got }
    }

    /// An error about what is not read here, at `offset`.
    pub(super) fn unsupported(
        &self,
        offset: usize,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> GgufError {
        let (expected, got) = (expected.into(), got.into());
        GgufError::Unsupported { offset, place: self.place.clone(), expected, got }
    }

    /// The next `length` bytes, which are `what`.
    pub(super) fn take(&mut self, length: u64, what: &str) -> Result<&'a [u8], GgufError> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.bytes.get(self.at..self.at.checked_add(length)?));
        let Some(taken) = taken else {
            let expected = format!("{length} bytes of {what}");
            let got = format!("{}, then the file ends", self.left());
            return Err(self.malformed(self.at, expected, got));
        };
        self.at += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], GgufError> {
        let bytes = self.take(N as u64, what)?;
        Ok(*bytes.first_chunk().expect("as many bytes were taken"))
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, GgufError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, GgufError> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A count of things of at least `least` bytes each, all of which must fit into the rest.
    pub(super) fn count(&mut self, what: &str, least: usize) -> Result<u64, GgufError> {
        let start = self.at;
        let count = self.u64(what)?;
        self.fits(start, count, what, least)?;
        Ok(count)
    }

    fn fits(&self, offset: usize, count: u64, what: &str, least: usize) -> Result<(), GgufError> {
        let most = self.left() / least;
        if usize::try_from(count).is_ok_and(|count| count <= most) {
            return Ok(());
        }
        let expected = format!("{what} up to {most}, as many as the rest of the file can hold");
        Err(self.malformed(offset, expected, count.to_string()))
    }

    /// A text: its length, then its bytes.
    pub(super) fn text(&mut self, what: &str) -> Result<&'a str, GgufError> {
        let length = self.u64("a length")?;
        let start = self.at;
        let bytes = self.take(length, what)?;
        std::str::from_utf8(bytes).map_err(|error| {
            let at = start + error.valid_up_to();
            let got = format!("the byte 0x{:02x}", self.bytes.get(at).copied().unwrap_or(0));
            self.malformed(at, format!("{what} in UTF-8"), got)
        })
    }

    /// The text of a key or of a tensor's name.
    pub(super) fn name(&mut self, what: &str) -> Result<String, GgufError> {
        let start = self.at;
        let name = self.text(what)?;
        if name.is_empty() || name.len() > LONGEST_NAME {
            let expected = format!("{what} of 1 to {LONGEST_NAME} bytes");
            return Err(self.malformed(start, expected, format!("{} bytes", name.len())));
        }
        Ok(name.to_owned())
    }

    /// A type of a value.
    fn kind(&mut self) -> Result<u32, GgufError> {
        let start = self.at;
        let kind = self.u32("a type")?;
        if kind as usize >= TYPES.len() {
            return Err(self.malformed(start, "a type from 0 (u8) to 12 (f64)", kind.to_string()));
        }
        Ok(kind)
    }

    /// A value: its type, then itself.
    pub(super) fn value(&mut self) -> Result<Value, GgufError> {
        Ok(match self.kind()? {
            0 => Value::U8(self.array("a u8").map(u8::from_le_bytes)?),
            1 => Value::I8(self.array("an i8").map(i8::from_le_bytes)?),
            2 => Value::U16(self.array("a u16").map(u16::from_le_bytes)?),
            3 => Value::I16(self.array("an i16").map(i16::from_le_bytes)?),
            4 => Value::U32(self.u32("a u32")?),
            5 => Value::I32(self.array("an i32").map(i32::from_le_bytes)?),
            6 => Value::F32(self.array("an f32").map(f32::from_le_bytes)?),
            BOOL => Value::Bool(self.bool()?),
            STRING => Value::String(self.text("a text")?.to_owned()),
            ARRAY => return self.list(),
            10 => Value::U64(self.u64("a u64")?),
            11 => Value::I64(self.array("an i64").map(i64::from_le_bytes)?),
            // `kind` lets nothing else through.
            _ => Value::F64(self.array("an f64").map(f64::from_le_bytes)?),
        })
    }

    fn bool(&mut self) -> Result<bool, GgufError> {
        let start = self.at;
        match self.array::<1>("a bool")? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(self.malformed(start, "a bool, 0 or 1", other.to_string())),
        }
    }

    /// A list: the type of its elements, their count, the elements.
    fn list(&mut self) -> Result<Value, GgufError> {
        let start = self.at;
        Ok(match self.kind()? {
            0 => Value::U8s(self.numbers(u8::from_le_bytes)?),
            1 => Value::I8s(self.numbers(i8::from_le_bytes)?),
            2 => Value::U16s(self.numbers(u16::from_le_bytes)?),
            3 => Value::I16s(self.numbers(i16::from_le_bytes)?),
            4 => Value::U32s(self.numbers(u32::from_le_bytes)?),
            5 => Value::I32s(self.numbers(i32::from_le_bytes)?),
            6 => Value::F32s(self.numbers(f32::from_le_bytes)?),
            BOOL => {
                let count = self.count("elements", 1)?;
                Value::Bools((0..count).map(|_| self.bool()).collect::<Result<_, _>>()?)
            }
            STRING => {
                let count = self.count("elements", 8)?;
                // Grows with what is read, not with what the file promises.
                let text = |_| Ok(self.text("a text")?.to_owned());
                Value::Strings((0..count).map(text).collect::<Result<_, _>>()?)
            }
            ARRAY => {
                return Err(self.unsupported(
                    start,
                    "a list of numbers or of strings",
                    "a list of lists",
                ));
            }
            10 => Value::U64s(self.numbers(u64::from_le_bytes)?),
            11 => Value::I64s(self.numbers(i64::from_le_bytes)?),
            _ => Value::F64s(self.numbers(f64::from_le_bytes)?),
        })
    }

    /// The count and the elements of a list of numbers.
    fn numbers<T, const N: usize>(
        &mut self,
        number: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, GgufError> {
        let count = self.count("elements", N)?;
        let bytes = self.take(count * N as u64, "elements")?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| number(*bytes)).collect())
    }
}

/// The name and the number of a value's type.
pub(super) fn type_of(value: &Value) -> (u32, Option<u32>) {
    let list = |kind| (ARRAY, Some(kind));
    match value {
        Value::U8(_) => (0, None),
        Value::I8(_) => (1, None),
        Value::U16(_) => (2, None),
        Value::I16(_) => (3, None),
        Value::U32(_) => (4, None),
        Value::I32(_) => (5, None),
        Value::F32(_) => (6, None),
        Value::Bool(_) => (BOOL, None),
        Value::String(_) => (STRING, None),
        Value::U64(_) => (10, None),
        Value::I64(_) => (11, None),
        Value::F64(_) => (12, None),
        Value::U8s(_) => list(0),
        Value::I8s(_) => list(1),
        Value::U16s(_) => list(2),
        Value::I16s(_) => list(3),
        Value::U32s(_) => list(4),
        Value::I32s(_) => list(5),
        Value::F32s(_) => list(6),
        Value::Bools(_) => list(BOOL),
        Value::Strings(_) => list(STRING),
        Value::U64s(_) => list(10),
        Value::I64s(_) => list(11),
        Value::F64s(_) => list(12),
    }
}
