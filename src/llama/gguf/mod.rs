//! GGUF: one file with all of a model: its settings, its tokenizer and its weights.
//!
//! ```text
//! header      "GGUF"  version u32  number of tensors u64  number of pairs u64
//! pairs       key: length u64, bytes    type u32    value                     … one after the other
//! tensors     name: length u64, bytes   dimensions: count u32, u64 each   format u32   offset u64   …
//! padding     up to a multiple of the alignment, which is 32 unless `general.alignment` says otherwise
//! data        the numbers of each tensor, from its offset on, counted from here
//! ```
//!
//! Everything is little-endian. The first dimension is the length of a row, the one that lies together in
//! memory: a matrix that Python prints as `(rows, columns)` has the dimensions `[columns, rows]`.
//!
//! A model file is a stranger's file. [`Gguf::parse`] believes no number in it: `Cursor` says by which
//! laws. What comes out is complete: each tensor lies in the file, on its alignment, and no two of them
//! overlap, so that later code can slice without asking.
//!
//! Versions 2 and 3 are read; 3 differs only by allowing big-endian files, which are refused by name, as
//! is version 1. Lists of lists are refused, too: no model of this kind has one, and a reader that
//! follows them can be led as deep as the file is long.
//!
//! The format's description: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>

mod error;
mod map;
mod read;
mod value;
mod write;

pub use error::{GgufError, OpenError, Place};
pub use map::File;
pub use value::Value;
pub use write::{Body, Writer};

use std::collections::HashMap;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::Range;

use read::Cursor;
use value::Wanted;

use super::quant::Format;

const MAGIC: &[u8; 4] = b"GGUF";
const ALIGNMENT: u32 = 32;
/// ggml's tensors have no more.
const MOST_DIMENSIONS: u32 = 4;
/// A pair takes an empty key, a type, and a byte.
const LEAST_PAIR: usize = 8 + 4 + 1;
/// A tensor takes an empty name, one dimension, a format and an offset.
const LEAST_TENSOR: usize = 8 + 4 + 8 + 4 + 8;

/// The metadata of a model file, and where its tensors lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Gguf {
    version: u32,
    values: BTreeMap<String, Value>,
    tensors: Vec<TensorInfo>,
    /// The index of each tensor in `tensors`.
    named: HashMap<String, usize>,
}

/// A tensor: its name, its shape, and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Such as `blk.0.attn_q.weight`.
    pub name: String,
    /// One to four; the first is the length of a row. None is 0.
    pub dims: Vec<u64>,
    /// How its numbers are stored.
    pub format: Format,
    /// Its bytes in the file, as many as format and shape ask for.
    pub range: Range<usize>,
}

impl TensorInfo {
    /// How many numbers it has.
    pub fn elements(&self) -> usize {
        let (elements, bytes) = self.format.block();
        self.range.len() / bytes * elements
    }

    /// The length of a row, and how many rows there are.
    ///
    /// ```
    /// # use rust_for_ai::llama::{gguf::TensorInfo, quant::Format};
    /// let embeddings = TensorInfo {
    ///     name: "token_embd.weight".to_owned(),
    ///     dims: vec![64, 100],
    ///     format: Format::Q8_0,
    ///     range: 0..6_800,
    /// };
    /// assert_eq!(embeddings.rows(), (64, 100));
    /// ```
    pub fn rows(&self) -> (usize, usize) {
        let elements = self.elements();
        // It fits: the elements do.
        let row = self.dims.first().map_or(1, |&row| row as usize).max(1);
        (row, elements / row)
    }
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident, $optional:ident -> $type:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// Where the key is missing, or its value is of another type; with the key and the value.
            pub fn $name(&self, key: &str) -> Result<$type, GgufError> {
                let missing = || GgufError::MissingKey { key: key.to_owned() };
                self.$optional(key)?.ok_or_else(missing)
            }

            #[doc = concat!("As [`", stringify!($name), "`](Self::", stringify!($name), "), and `None` where the key is missing.")]
            ///
            /// # Errors
            ///
            /// Where the value is of another type.
            pub fn $optional(&self, key: &str) -> Result<Option<$type>, GgufError> {
                self.get(key).map(|value| Wanted::of(key, value)).transpose()
            }
        )*
    };
}

impl Gguf {
    /// Reads the metadata of a file and checks that each of its tensors lies in it.
    ///
    /// `bytes` is the whole file. Nothing of the tensors' data is looked at.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place.
    ///
    /// ```
    /// use rust_for_ai::llama::gguf::{Gguf, Writer};
    /// use rust_for_ai::llama::quant::Format;
    ///
    /// let mut writer = Writer::new();
    /// writer.set("general.architecture", "llama");
    /// writer.tensor("output_norm.weight", &[8], Format::F32);
    /// let mut file = Vec::new();
    /// let mut body = writer.begin(&mut file)?;
    /// std::io::Write::write_all(&mut body, &[0; 32])?;
    /// body.finish()?;
    ///
    /// let gguf = Gguf::parse(&file)?;
    /// assert_eq!(gguf.str("general.architecture")?, "llama");
    /// assert_eq!(gguf.tensor("output_norm.weight")?.range.len(), 32);
    /// assert_eq!(
    ///     gguf.u32("general.architecture").expect_err("a string").to_string(),
    ///     "key `general.architecture`: expected an integer from 0 to 4294967295, got \"llama\" (string)",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, GgufError> {
        let mut cursor = Cursor::new(bytes);
        let version = version(&mut cursor)?;
        let tensor_count = cursor.count("tensors", LEAST_TENSOR)?;
        let pair_count = cursor.count("pairs", LEAST_PAIR)?;

        let mut values = BTreeMap::new();
        let mut alignment = u64::from(ALIGNMENT);
        for index in 0..pair_count {
            cursor.place = Place::Pair(index);
            let start = cursor.at();
            let key = cursor.name("a key")?;
            cursor.place = Place::Key(key.clone());
            let Entry::Vacant(entry) = values.entry(key) else {
                return Err(cursor.malformed(start, "each key once", "it a second time"));
            };
            let start = cursor.at();
            let value = cursor.value()?;
            if entry.key() == "general.alignment" {
                alignment = match value {
                    Value::U32(bytes) if bytes.is_power_of_two() => bytes.into(),
                    _ => {
                        return Err(cursor.malformed(
                            start,
                            "a power of two of type u32",
                            value.show(),
                        ));
                    }
                };
            }
            entry.insert(value);
        }

        let mut found = Vec::new();
        let mut named = HashMap::new();
        for index in 0..tensor_count {
            cursor.place = Place::Description(index);
            let start = cursor.at();
            let tensor = Description::read(&mut cursor, alignment)?;
            if named.insert(tensor.name.clone(), found.len()).is_some() {
                return Err(cursor.malformed(start, "each tensor once", "it a second time"));
            }
            found.push(tensor);
        }
        let tensors = placed(found, &mut cursor, alignment)?;
        Ok(Self { version, values, tensors, named })
    }

    /// The version of the format, 2 or 3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All keys with their values, sorted.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a key, of whatever type.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// All tensors, in the order of the file.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The tensor with this name.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, GgufError> {
        let missing = || GgufError::MissingTensor { name: name.to_owned() };
        self.named.get(name).map(|&index| &self.tensors[index]).ok_or_else(missing)
    }

    getters! {
        /// The value of a key as a `u32`, from any type of integer that holds one.
        u32, opt_u32 -> u32;
        /// The value of a key as a `u64`, from any type of integer that holds one.
        u64, opt_u64 -> u64;
        /// The value of a key as an `f32`.
        f32, opt_f32 -> f32;
        /// The value of a key as a `bool`.
        bool, opt_bool -> bool;
        /// The value of a key as a text.
        str, opt_str -> &str;
        /// The value of a key as a list of texts.
        strings, opt_strings -> &[String];
        /// The value of a key as a list of `f32`.
        f32s, opt_f32s -> &[f32];
        /// The value of a key as a list of `i32`.
        i32s, opt_i32s -> &[i32];
    }
}

/// Magic and version.
fn version(cursor: &mut Cursor<'_>) -> Result<u32, GgufError> {
    let magic = cursor.take(4, "a magic")?;
    if magic != MAGIC {
        let got = format!("\"{}\"", magic.escape_ascii());
        return Err(cursor.malformed(0, "the magic \"GGUF\"", got));
    }
    let version = cursor.u32("a version")?;
    let got = match version {
        2 | 3 => return Ok(version),
        _ if matches!(version.swap_bytes(), 1..=3) => {
            format!("version {} of a big-endian file", version.swap_bytes())
        }
        _ => format!("version {version}"),
    };
    Err(cursor.unsupported(4, "version 2 or 3", got))
}

/// A tensor whose offset is not compared with the file yet.
struct Description {
    name: String,
    dims: Vec<u64>,
    format: Format,
    /// How many bytes it takes.
    size: u64,
    /// From the beginning of the data.
    offset: u64,
    /// Where the offset stands in the file.
    at: usize,
}

impl Description {
    fn read(cursor: &mut Cursor<'_>, alignment: u64) -> Result<Self, GgufError> {
        let name = cursor.name("a name")?;
        cursor.place = Place::Tensor(name.clone());
        let at = cursor.at();
        let count = cursor.u32("a number of dimensions")?;
        if !(1..=MOST_DIMENSIONS).contains(&count) {
            let expected = format!("1 to {MOST_DIMENSIONS} dimensions");
            return Err(cursor.malformed(at, expected, count.to_string()));
        }
        let at = cursor.at();
        let dims = (0..count).map(|_| cursor.u64("a dimension")).collect::<Result<Vec<_>, _>>()?;
        let format_at = cursor.at();
        let id = cursor.u32("a format")?;
        let format = Format::from_id(id).map_err(|other| {
            cursor.unsupported(format_at, "a format that is read here", other.to_string())
        })?;
        let (elements, bytes) = format.block();
        if dims[0] == 0 || dims[0] % elements as u64 != 0 {
            let expected = format!("rows of whole blocks of {elements}, as in {format}");
            return Err(cursor.malformed(at, expected, format!("rows of {}", dims[0])));
        }
        let product = |size: u64, &dim: &u64| size.checked_mul(dim).filter(|_| dim > 0);
        let row = (dims[0] / elements as u64).checked_mul(bytes as u64);
        let size = row.and_then(|row| dims[1..].iter().try_fold(row, product));
        let Some(size) = size else {
            let expected = "dimensions from 1 on, whose product can be counted";
            return Err(cursor.malformed(at, expected, format!("{dims:?}")));
        };
        let at = cursor.at();
        let offset = cursor.u64("an offset")?;
        if !offset.is_multiple_of(alignment) {
            let expected = format!("a multiple of the alignment {alignment} as offset");
            return Err(cursor.malformed(at, expected, offset.to_string()));
        }
        Ok(Self { name, dims, format, size, offset, at })
    }
}

/// The tensors at their places in the file.
fn placed(
    found: Vec<Description>,
    cursor: &mut Cursor<'_>,
    alignment: u64,
) -> Result<Vec<TensorInfo>, GgufError> {
    let end = cursor.at() + cursor.left();
    let data = (cursor.at() as u64).checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
    let mut tensors = Vec::with_capacity(found.len());
    let mut places = Vec::with_capacity(found.len());
    for Description { name, dims, format, size, offset, at } in found {
        let range = data.checked_add(offset).and_then(|start| {
            let last = start.checked_add(size).filter(|&last| last <= end as u64)?;
            Some(usize::try_from(start).ok()?..usize::try_from(last).ok()?)
        });
        let Some(range) = range else {
            cursor.place = Place::Tensor(name);
            let expected = format!("an offset with room for {size} bytes");
            let room = (end as u64).saturating_sub(data);
            let got = format!("{offset}; the file ends {room} bytes after the start of the data");
            return Err(cursor.malformed(at, expected, got));
        };
        places.push((range.clone(), at, tensors.len()));
        tensors.push(TensorInfo { name, dims, format, range });
    }
    places.sort_unstable_by_key(|(range, ..)| range.start);
    for pair in places.windows(2) {
        let ((before, _, first), (after, at, second)) = (&pair[0], &pair[1]);
        if after.start < before.end {
            cursor.place = Place::Tensor(tensors[*second].name.clone());
            let got = format!("one inside of tensor `{}`", tensors[*first].name.escape_debug());
            return Err(cursor.malformed(*at, "an offset behind other tensors", got));
        }
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests;
