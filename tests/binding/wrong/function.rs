//! Of `binding.function`.

use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;
use solutions::bpe::Tokenizer;

type Merges = Vec<(u32, u32)>;

fn ids(text: &str, merges: &Merges, limit: Option<usize>) -> Vec<u32> {
    let mut ids = Tokenizer::new(merges).encode(text);
    ids.truncate(limit.unwrap_or(usize::MAX));
    ids
}

#[pyfunction]
#[pyo3(name = "encode")]
pub(crate) fn required_limit(text: &str, merges: Merges, limit: Option<usize>) -> Vec<u32> {
    ids(text, &merges, limit)
}

#[pyfunction]
#[pyo3(name = "encode", signature = (text, merges, limit=None))]
pub(crate) fn positional_limit(text: &str, merges: Merges, limit: Option<usize>) -> Vec<u32> {
    ids(text, &merges, limit)
}

#[pyfunction]
#[pyo3(name = "encode", signature = (text, merges, *, limit=None))]
pub(crate) fn limit_of_text(text: &str, merges: Merges, limit: Option<usize>) -> Vec<u32> {
    let start: String = text.chars().take(limit.unwrap_or(usize::MAX)).collect();
    ids(&start, &merges, None)
}

#[pyfunction]
#[pyo3(name = "encode", signature = (text, merges, *, limit=None))]
pub(crate) fn ignores_limit(text: &str, merges: Merges, limit: Option<usize>) -> Vec<u32> {
    let _ = limit;
    ids(text, &merges, None)
}
