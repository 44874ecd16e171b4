//! Stage `binding.numpy`: hand over a million ids as an array.
//!
//! A Python list of ids has an object of 28 bytes for each id above 256 and a pointer of 8 to it. An array
//! of `uint32` has 4 bytes, and Rust's `Vec<u32>` has the same 4 bytes in the same order: so it is handed
//! over whole (`into_pyarray`), and no id is touched. The other way round, an array is read where it is
//! (`PyReadonlyArray1`). Look out: an array need not lie in one piece. `ids[::2]` steps over every second
//! number, and `as_slice` refuses it; `as_array` reads any.
//!
//! ```text
//! encode_to_numpy(t, "hi hi!")         ->  array([256, 32, 257], dtype=uint32)
//! count(array([1, 2, 1]), 1)           ->  2
//! count(array([1, 2, 1, 2])[::2], 1)   ->  2
//! ```

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;

use crate::class::Tokenizer;

/// The ids of a text as an array of `uint32`.
#[pyfunction]
pub fn encode_to_numpy<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
    text: &str,
) -> Bound<'py, PyArray1<u32>> {
    todo!("binding.numpy")
}

/// How often `id` occurs in an array of `uint32`, which need not lie in one piece.
#[pyfunction]
pub fn count(ids: PyReadonlyArray1<'_, u32>, id: u32) -> usize {
    todo!("binding.numpy")
}
