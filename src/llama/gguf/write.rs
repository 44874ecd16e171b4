//! Writes GGUF files of any size: first the metadata, then the tensors' bytes as one stream.
//!
//! [`Writer`] collects keys and the shapes of tensors, and so knows every offset before the first byte of
//! data. [`Body`] then takes the bytes of all tensors in their order, in pieces of any size, and puts the
//! padding between them. Nothing is kept, so a file of 4 GB is written in the memory of a buffer.

use std::collections::HashSet;
use std::io::{self, Write};

use super::read::type_of;
use super::value::Value;
use super::{ALIGNMENT, MAGIC, MOST_DIMENSIONS};
use crate::llama::quant::Format;

const VERSION: u32 = 3;

/// The metadata of a file to be written. See [`Gguf::parse`](super::Gguf::parse) for an example.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    values: Vec<(String, Value)>,
    tensors: Vec<(String, Vec<u64>, Format)>,
}

impl Writer {
    /// No keys and no tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key with its value; keys are written in the order in which they come.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.values.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a tensor, behind those that are there; the first dimension is the length of a row.
    pub fn tensor(&mut self, name: &str, dims: &[u64], format: Format) -> &mut Self {
        self.tensors.push((name.to_owned(), dims.to_vec(), format));
        self
    }

    /// Writes the metadata, and gives what takes the tensors' bytes.
    ///
    /// # Errors
    ///
    /// Those of `out`; and `InvalidInput` where the file would not be valid: a key or a tensor twice, a
    /// tensor without dimensions or with more than four, a row that is not made of whole blocks,
    /// an alignment that is no power of two of type `u32`.
    pub fn begin<W: Write>(&self, mut out: W) -> io::Result<Body<W>> {
        let alignment = self.alignment()?;
        let mut head = Vec::new();
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&(self.tensors.len() as u64).to_le_bytes());
        head.extend_from_slice(&(self.values.len() as u64).to_le_bytes());
        let mut keys = HashSet::new();
        for (key, value) in &self.values {
            if key.is_empty() || !keys.insert(key) {
                return Err(invalid(format!("key `{key}`: expected each key once, and a name")));
            }
            text(key, &mut head);
            put(value, &mut head);
        }
        let mut names = HashSet::new();
        let mut sizes = Vec::new();
        let mut offset = 0_u64;
        for (name, dims, format) in &self.tensors {
            if name.is_empty() || !names.insert(name) {
                return Err(invalid(format!("tensor `{name}`: expected each once, and a name")));
            }
            let size = size(dims, *format).ok_or_else(|| {
                let (block, _) = format.block();
                invalid(format!(
                    "tensor `{name}`: expected 1 to {MOST_DIMENSIONS} dimensions, the first a \
                     multiple of {block}, got {dims:?}"
                ))
            })?;
            text(name, &mut head);
            head.extend_from_slice(&(dims.len() as u32).to_le_bytes());
            head.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
            head.extend_from_slice(&format.id().to_le_bytes());
            head.extend_from_slice(&offset.to_le_bytes());
            offset = offset
                .checked_add(size)
                .and_then(|end| end.checked_next_multiple_of(alignment))
                .ok_or_else(|| invalid(format!("tensor `{name}`: the file is too large")))?;
            sizes.push(size);
        }
        head.resize(head.len().next_multiple_of(alignment as usize), 0);
        out.write_all(&head)?;
        sizes.reverse();
        let mut body = Body { out, alignment, left: 0, padding: 0, sizes };
        body.next()?;
        Ok(body)
    }

    fn alignment(&self) -> io::Result<u64> {
        match self.values.iter().find(|(key, _)| key == "general.alignment") {
            None => Ok(ALIGNMENT.into()),
            Some((_, Value::U32(bytes))) if bytes.is_power_of_two() => Ok((*bytes).into()),
            Some((_, other)) => Err(invalid(format!(
                "key `general.alignment`: expected a power of two of type u32, got {}",
                other.show()
            ))),
        }
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// How many bytes a tensor takes.
fn size(dims: &[u64], format: Format) -> Option<u64> {
    let (elements, bytes) = format.block();
    let (&row, rest) = dims.split_first()?;
    let valid = dims.len() <= MOST_DIMENSIONS as usize
        && !dims.contains(&0)
        && row.is_multiple_of(elements as u64);
    let row = (row / elements as u64).checked_mul(bytes as u64).filter(|_| valid)?;
    rest.iter().try_fold(row, |size, &dim| size.checked_mul(dim))
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// A value behind its type.
fn put(value: &Value, out: &mut Vec<u8>) {
    fn list<T: Copy, const N: usize>(list: &[T], bytes: fn(T) -> [u8; N], out: &mut Vec<u8>) {
        out.extend_from_slice(&(list.len() as u64).to_le_bytes());
        out.extend(list.iter().flat_map(|&element| bytes(element)));
    }
    let (kind, elements) = type_of(value);
    out.extend_from_slice(&kind.to_le_bytes());
    if let Some(elements) = elements {
        out.extend_from_slice(&elements.to_le_bytes());
    }
    match value {
        Value::U8(x) => out.push(*x),
        Value::I8(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::U16(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::I16(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::U32(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::I32(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::U64(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::I64(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::F32(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::F64(x) => out.extend_from_slice(&x.to_le_bytes()),
        Value::Bool(x) => out.push((*x).into()),
        Value::String(x) => text(x, out),
        Value::U8s(x) => list(x, u8::to_le_bytes, out),
        Value::I8s(x) => list(x, i8::to_le_bytes, out),
        Value::U16s(x) => list(x, u16::to_le_bytes, out),
        Value::I16s(x) => list(x, i16::to_le_bytes, out),
        Value::U32s(x) => list(x, u32::to_le_bytes, out),
        Value::I32s(x) => list(x, i32::to_le_bytes, out),
        Value::U64s(x) => list(x, u64::to_le_bytes, out),
        Value::I64s(x) => list(x, i64::to_le_bytes, out),
        Value::F32s(x) => list(x, f32::to_le_bytes, out),
        Value::F64s(x) => list(x, f64::to_le_bytes, out),
        Value::Bools(x) => list(x, |x| [u8::from(x)], out),
        Value::Strings(list) => {
            out.extend_from_slice(&(list.len() as u64).to_le_bytes());
            list.iter().for_each(|element| text(element, out));
        }
    }
}

/// Takes the bytes of all tensors, one tensor behind the other, and pads them.
///
/// Writes may end anywhere. [`finish`](Self::finish) says whether all bytes came.
#[derive(Debug)]
pub struct Body<W> {
    out: W,
    alignment: u64,
    /// Bytes that the current tensor still lacks.
    left: u64,
    /// Zeros behind the current tensor.
    padding: usize,
    /// The sizes of the tensors after it, the last one first.
    sizes: Vec<u64>,
}

impl<W: Write> Body<W> {
    /// Goes on to the next tensor, if there is one.
    fn next(&mut self) -> io::Result<()> {
        const ZEROS: [u8; 64] = [0; 64];
        while self.padding > 0 {
            let zeros = self.padding.min(ZEROS.len());
            self.out.write_all(&ZEROS[..zeros])?;
            self.padding -= zeros;
        }
        if let Some(size) = self.sizes.pop() {
            self.left = size;
            self.padding = (size.next_multiple_of(self.alignment) - size) as usize;
        }
        Ok(())
    }

    /// Gives the inner writer back, flushed.
    ///
    /// # Errors
    ///
    /// Where bytes of a tensor are missing, and where the inner writer fails.
    pub fn finish(mut self) -> io::Result<W> {
        let missing = self.left + self.sizes.iter().sum::<u64>();
        if missing > 0 {
            return Err(invalid(format!("{missing} bytes of the tensors are missing")));
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Body<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return Err(invalid("more bytes than the tensors have".to_owned()));
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let written = self.out.write(&bytes[..room])?;
        self.left -= written as u64;
        if self.left == 0 {
            self.next()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
