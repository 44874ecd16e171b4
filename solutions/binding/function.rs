//! Stage `binding.function`: call a Rust function from Python.
//!
//! `#[pyfunction]` writes a second function around yours. It takes Python's objects, turns each into the
//! Rust type of your argument (a `str` is borrowed as `&str`, a list of tuples is copied into a `Vec`), calls
//! yours, and turns the result into objects again. An argument that does not fit is a `TypeError` before
//! your code runs; a number that is too large is an `OverflowError`.
//!
//! ```text
//! encode("hi hi!", [(104, 105), (256, 33)])           ->  [256, 32, 257]       hi = 256, hi! = 257
//! encode("hi hi!", [(104, 105), (256, 33)], limit=2)  ->  [256, 32]
//! encode("hi", [], 1)                                 ->  TypeError
//! ```
//!
//! `limit` cuts the ids, not the text. It may be left out, and it is given by its name alone, so that nobody
//! has to guess what `encode(text, merges, 512)` means. Python's signature is not Rust's: to PyO3 an
//! `Option` is one more argument that must be given, unless `#[pyo3(signature = (…))]` says otherwise.

use answers::bpe::Tokenizer;
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;

/// The ids of `text` under `merges`, at most `limit` of them.
#[pyfunction]
// BEGIN SOLUTION
#[pyo3(signature = (text, merges, *, limit=None))]
// BEGIN STUB
// END SOLUTION
pub fn encode(text: &str, merges: Vec<(u32, u32)>, limit: Option<usize>) -> Vec<u32> {
    // BEGIN SOLUTION
    let mut ids = Tokenizer::new(&merges).encode(text);
    ids.truncate(limit.unwrap_or(usize::MAX));
    ids
    // END SOLUTION
}
