//! Stage `llama.gguf`: read the head of a model file.
//!
//! A GGUF file holds all of a model: its settings, its vocabulary, its weights. In front of the weights stands
//! a head that says what there is and where:
//!
//! ```text
//! "GGUF"   version u32, 3   number of tensors u64   number of values u64
//! each value:    key   type u32   value
//! each tensor:   name   number of dimensions u32   each dimension u64   format u32   offset u64
//! padding to a multiple of 32 bytes, then the weights
//!
//! a text (key, name, value):  its length in bytes u64, then its bytes in UTF-8
//! types:  4 u32   5 i32   6 f32   7 bool, one byte   8 text   9 list: type u32, count u64, elements
//! ```
//!
//! All numbers are little-endian: the lowest byte comes first. An offset counts from where the weights begin,
//! behind the padding; `start` counts from the beginning of the file. A head that ends on a multiple of 32 has no
//! padding.
//!
//! ```text
//! b"GGUF" 03 00 00 00  00 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00    no tensors, one value
//! 01 00 00 00 00 00 00 00 "k"  04 00 00 00  2a 00 00 00                    "k", type u32, 42
//!     ->  Ok(Contents { values: [("k", Value::U32(42))], tensors: [] })
//! the same without its last byte  ->  Err(Flaw::Ends { at: 37 })           where the number begins
//! ```
//!
//! The file comes from a stranger, so each length in it may be a lie: one of 18,446,744,073,709,551,615 must give
//! `Flaw::Ends` and neither a panic nor an allocation. Errors are values: the first problem in reading order is
//! returned. A type other than those above is `Flaw::Type`, for elements of a list, too. Where the weights end is
//! not asked here, and lists of lists do not come up.
//!
//! Below is a `Reader` to build on: write its four methods first, then `gguf`.

use rust_for_ai::check::llama::file::{Contents, Flaw, Tensor, Value};

/// The values of a file and where its tensors begin.
pub fn gguf(file: &[u8]) -> Result<Contents, Flaw> {
    todo!("llama.gguf")
}

/// Reads from `at` on. A suggestion: `gguf` may do without it.
struct Reader<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next `length` bytes; then it stands behind them.
    fn take(&mut self, length: u64) -> Result<&'a [u8], Flaw> {
        todo!("llama.gguf")
    }

    /// A length, then so many bytes of text.
    fn text(&mut self) -> Result<String, Flaw> {
        todo!("llama.gguf")
    }

    fn u32(&mut self) -> Result<u32, Flaw> {
        todo!("llama.gguf")
    }

    fn u64(&mut self) -> Result<u64, Flaw> {
        todo!("llama.gguf")
    }

    /// The next `N` bytes as an array, which is what `from_le_bytes` takes.
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N as u64)?);
        Ok(bytes)
    }

    /// A value of a type. The elements of a list are values of the list's type.
    fn value(&mut self, kind: u32) -> Result<Value, Flaw> {
        Ok(match kind {
            4 => Value::U32(self.u32()?),
            5 => Value::I32(self.u32()?.cast_signed()),
            6 => Value::F32(f32::from_bits(self.u32()?)),
            7 => Value::Bool(self.array()? != [0]),
            8 => Value::Text(self.text()?),
            9 => {
                let (kind, count) = (self.u32()?, self.u64()?);
                Value::List((0..count).map(|_| self.value(kind)).collect::<Result<_, _>>()?)
            }
            other => return Err(Flaw::Type(other)),
        })
    }
}
