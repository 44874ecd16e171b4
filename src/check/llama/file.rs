//! What stage `llama.gguf` reads out of a file, and what may be wrong with one.

/// A small GGUF file, read.
///
/// ```
/// use rust_for_ai::check::llama::file::{Contents, Value};
///
/// let mut contents = Contents::default();
/// contents.values.push(("general.architecture".to_owned(), Value::Text("llama".to_owned())));
/// assert!(contents.tensors.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    /// Keys with their values, in the order of the file.
    pub values: Vec<(String, Value)>,
    /// Tensors, in the order of the file.
    pub tensors: Vec<Tensor>,
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Type 4.
    U32(u32),
    /// Type 5.
    I32(i32),
    /// Type 6.
    F32(f32),
    /// Type 7: a byte, 0 or 1.
    Bool(bool),
    /// Type 8.
    Text(String),
    /// Type 9.
    List(Vec<Value>),
}

/// Where the numbers of a tensor lie, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Such as `blk.0.attn_q.weight`.
    pub name: String,
    /// The first is the length of a row.
    pub dims: Vec<u64>,
    /// The number of its format.
    pub format: u32,
    /// Its first byte, counted from the beginning of the file.
    pub start: u64,
}

/// Why bytes are not such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The first four bytes are not `GGUF`.
    Magic,
    /// The version is not 3.
    Version(u32),
    /// The file ends within a number or a text.
    Ends {
        /// The first byte of that number or of the text's bytes.
        at: usize,
    },
    /// A text is not UTF-8.
    Text {
        /// The first of its bytes.
        at: usize,
    },
    /// A value has a type that is not in [`Value`].
    Type(u32),
}
