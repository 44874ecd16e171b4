//! Read protocol buffers: just as much of the format as a `.model` file takes.
//!
//! A protocol buffer is a row of fields. Each begins with a number (the field's number times eight,
//! plus the kind of its value), and then has its value: a number in groups of seven bits, four or
//! eight bytes, or a length and so many bytes, which may be a message again:
//!
//! ```text
//! 0a 0e                       field 1 (a piece) of 14 bytes
//!    0a 05 e2 96 81 74 68     field 1 (its text) of 5 bytes: "▁th"
//!    15 00 00 80 bf           field 2 (its score), four bytes: -1.0
//!    18 01                    field 3 (its kind): 1, a normal piece
//! ```
//!
//! The bytes come from elsewhere, so nothing in them is trusted: each length is compared with what is
//! left, nothing is reserved by a number that the file gives, nothing recurses. Groups, which the format
//! has given up, are refused.

use super::ModelError;

/// What is left of a message, and where in the file that begins.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
}

/// A field, and where in the file its value begins.
pub(super) struct Field<'a> {
    pub(super) number: u64,
    value: Value<'a>,
    offset: usize,
}

enum Value<'a> {
    Number(u64),
    FourBytes([u8; 4]),
    EightBytes,
    Bytes(Message<'a>),
}

impl<'a> Message<'a> {
    /// The message that a whole file is.
    pub(super) fn of(file: &'a [u8]) -> Self {
        Self { bytes: file, offset: 0 }
    }

    /// The next field, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Field<'a>>, ModelError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let start = self.offset;
        let key = self.number()?;
        let number = key >> 3;
        if number == 0 || number >= 1 << 29 {
            return Err(malformed(start, "a field from 1 to 536,870,911", &number));
        }
        let offset = self.offset;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => {
                self.take(8, number)?;
                Value::EightBytes
            }
            2 => {
                let length = self.number()?;
                Value::Bytes(self.take(length, number)?)
            }
            5 => {
                let taken = self.take(4, number)?;
                Value::FourBytes(taken.bytes.try_into().expect("four bytes were taken"))
            }
            kind => {
                let expected = format!("a value of the kind 0, 1, 2 or 5 in field {number}");
                return Err(malformed(start, expected, &format!("kind {kind}")));
            }
        };
        Ok(Some(Field { number, value, offset }))
    }

    /// A number in groups of seven bits, the lowest first; each byte but the last has its top bit set.
    fn number(&mut self) -> Result<u64, ModelError> {
        const EXPECTED: &str = "a number of 64 bits in at most ten bytes";
        let start = self.offset;
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some((&byte, rest)) = self.bytes.split_first() else {
                return Err(malformed(start, EXPECTED, "the end"));
            };
            (self.bytes, self.offset) = (rest, self.offset + 1);
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return Err(malformed(start, EXPECTED, "a larger one"));
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(malformed(start, EXPECTED, "a longer one"))
    }

    /// The next `length` bytes, which are the value of a field.
    fn take(&mut self, length: u64, field: u64) -> Result<Self, ModelError> {
        let there =
            usize::try_from(length).ok().and_then(|length| self.bytes.split_at_checked(length));
        let Some((taken, rest)) = there else {
            let expected = format!("{length} bytes in field {field}");
            return Err(malformed(self.offset, expected, &self.bytes.len()));
        };
        let taken = Self { bytes: taken, offset: self.offset };
        (self.bytes, self.offset) = (rest, self.offset + taken.bytes.len());
        Ok(taken)
    }
}

impl<'a> Field<'a> {
    pub(super) fn message(self, what: &str) -> Result<Message<'a>, ModelError> {
        match self.value {
            Value::Bytes(message) => Ok(message),
            _ => Err(self.unlike(what, "bytes")),
        }
    }

    pub(super) fn text(self, what: &str) -> Result<String, ModelError> {
        let message = self.message(what)?;
        match std::str::from_utf8(message.bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let offset = message.offset + error.valid_up_to();
                Err(malformed(offset, format!("UTF-8 in {what}"), "other bytes"))
            }
        }
    }

    pub(super) fn four_bytes(self, what: &str) -> Result<[u8; 4], ModelError> {
        match self.value {
            Value::FourBytes(bytes) => Ok(bytes),
            _ => Err(self.unlike(what, "four bytes")),
        }
    }

    pub(super) fn number(self, what: &str) -> Result<u64, ModelError> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(self.unlike(what, "a number")),
        }
    }

    pub(super) fn truth(self, what: &str) -> Result<bool, ModelError> {
        Ok(self.number(what)? != 0)
    }

    fn unlike(&self, what: &str, expected: &str) -> ModelError {
        let got = match self.value {
            Value::Number(_) => "a number",
            Value::FourBytes(_) => "four bytes",
            Value::EightBytes => "eight bytes",
            Value::Bytes(_) => "bytes with a length",
        };
        malformed(self.offset, format!("{expected} as {what}"), got)
    }
}

pub(super) fn malformed(
    offset: usize,
    expected: impl Into<String>,
    got: &(impl ToString + ?Sized),
) -> ModelError {
    ModelError::Malformed { offset, expected: expected.into(), got: got.to_string() }
}
