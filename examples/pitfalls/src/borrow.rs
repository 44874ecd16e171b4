//! The trap: a class with a setter is a `RefCell` for all threads of Python.
//!
//! Rust wants one `&mut` or many `&`, and an object of Python may be called by anybody at any time. So PyO3
//! counts borrows when the program runs, as `RefCell` does, with an atomic count: a method with `&self` borrows
//! the object for as long as the call lasts, **detached or not**. A method with `&mut self` that comes meanwhile
//! is refused.
//!
//! ```text
//! thread 1   encode_batch(&self)      borrows, detaches, works …………………………… attaches, returns
//! thread 2                                        set_truncation(&mut self)   RuntimeError: Already borrowed
//! ```
//!
//! Under the GIL this looks safe for long: calls that never detach cannot overlap. Then one method is made
//! faster by `detach`, and another one fails under load. A test with one thread never sees it. With a
//! free-threaded Python calls overlap without any `detach`.
//!
//! The other way round, a `&mut self` that detaches refuses every reader: "Already mutably borrowed".

use pyo3::prelude::*;

use crate::gate::Gate;

/// The tokenizer of all three classes: the bytes of a text, cut off at a length. What it computes does not
/// matter here; that it has a setting does.
pub(crate) fn encode(text: &str, truncation: usize) -> Vec<u32> {
    text.bytes().take(truncation).map(u32::from).collect()
}

/// The ids of all texts; a call that has a gate waits there, in the middle of its work.
pub(crate) fn encode_all(
    texts: &[String],
    truncation: usize,
    gate: Option<&Gate>,
) -> Vec<Vec<u32>> {
    if let Some(gate) = gate {
        gate.pass();
    }
    texts.iter().map(|text| encode(text, truncation)).collect()
}

/// A tokenizer with a setter, as one writes it first.
#[pyclass(module = "pitfalls")]
#[derive(Debug)]
pub struct Tokenizer {
    truncation: usize,
}

#[pymethods]
impl Tokenizer {
    /// A tokenizer that gives `truncation` ids of a text at most.
    #[new]
    pub fn new(truncation: usize) -> Self {
        Self { truncation }
    }

    /// The ids of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        encode(text, self.truncation)
    }

    /// The ids of each text; other threads run meanwhile.
    #[pyo3(signature = (texts, gate=None))]
    pub fn encode_batch(
        &self,
        py: Python<'_>,
        texts: Vec<String>,
        gate: Option<&Gate>,
    ) -> Vec<Vec<u32>> {
        // The GIL is given back. The borrow of `self` is not.
        py.detach(|| encode_all(&texts, self.truncation, gate))
    }

    /// How many ids of a text there are at most, from now on.
    pub fn set_truncation(&mut self, truncation: usize) {
        self.truncation = truncation;
    }

    /// Finds the greatest length among some texts, and truncates there from now on; others run meanwhile.
    #[pyo3(signature = (texts, gate=None))]
    pub fn fit(&mut self, py: Python<'_>, texts: Vec<String>, gate: Option<&Gate>) {
        self.truncation = py.detach(|| {
            encode_all(&texts, usize::MAX, gate).iter().map(Vec::len).max().unwrap_or_default()
        });
    }
}
