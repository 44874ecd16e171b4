//! Stage `binding.class`: make a class whose objects live in Rust.
//!
//! A tokenizer is built once and used a million times, so it becomes an object. Python may hold it in many
//! places and call it while a call is running: another thread, or an iterator that calls back. Rust wants
//! one `&mut` or many `&`, and never both. PyO3 settles it as `RefCell` does, when the program runs: a
//! method with `&mut self` that is called while another one runs raises "Already borrowed". The cure is not
//! to need `&mut`: a class that is `frozen` gives out `&self` alone, and what must change (here a count) is an
//! atomic number.
//!
//! ```text
//! t = Tokenizer([(104, 105), (256, 33)])
//! t.encode("hi hi!")                       ->  [256, 32, 257]
//! t.encode_all(word for word in ["hi"])    ->  [[256]]           any iterable
//! len(t), repr(t)                          ->  258, "Tokenizer(2 merges)"
//! t.calls                                  ->  2                 texts encoded so far
//! t.calls = 0                              ->  AttributeError
//! Tokenizer.__module__                     ->  "binding"
//! ```
//!
//! What the iterable raises reaches the caller unchanged. `len` is the size of the vocabulary: 256 bytes and
//! the merges.
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;

/// A byte-pair-encoding tokenizer, made of merges.
#[pyclass]
#[derive(Debug)]
pub struct Tokenizer {
    /// The tokenizer of stage `bpe.encode_decode`.
    pub(crate) inner: answers::bpe::Tokenizer,
    /// What it is made of.
    pub(crate) merges: Vec<(u32, u32)>,
    // What is missing: how many texts were encoded.
}

impl Tokenizer {
    /// Other files and other modules build on this.
    pub fn inner(&self) -> &answers::bpe::Tokenizer {
        &self.inner
    }

    /// The merges, the first learned first.
    pub fn merges(&self) -> &[(u32, u32)] {
        &self.merges
    }
}

#[pymethods]
impl Tokenizer {
    /// A tokenizer with these merges, the first learned first.
    #[new]
    pub fn new(merges: Vec<(u32, u32)>) -> Self {
        todo!("binding.class")
    }

    /// The ids of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        todo!("binding.class")
    }

    /// The ids of each text of an iterable.
    pub fn encode_all(&self, texts: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u32>>> {
        todo!("binding.class")
    }

    /// How many texts were encoded.
    #[getter]
    pub fn calls(&self) -> usize {
        todo!("binding.class")
    }

    fn __len__(&self) -> usize {
        todo!("binding.class")
    }

    fn __repr__(&self) -> String {
        todo!("binding.class")
    }
}
