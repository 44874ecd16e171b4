//! Of `binding.release_gil`.

use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;
use solutions_binding::class::Tokenizer;

#[pyfunction]
#[pyo3(name = "encode_long")]
pub(crate) fn holds(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.inner().encode(text)
}

#[pyfunction]
#[pyo3(name = "encode_long")]
pub(crate) fn detaches_nothing(py: Python<'_>, tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let ids = tokenizer.inner().encode(text);
    py.detach(|| {});
    ids
}

#[pyfunction]
#[pyo3(name = "encode_long")]
pub(crate) fn cut_at_spaces(py: Python<'_>, tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let tokenizer = tokenizer.inner();
    text.split_inclusive(' ').flat_map(|word| py.detach(|| tokenizer.encode(word))).collect()
}
