//! Of `binding.numpy`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;
use solutions_binding::class::Tokenizer;

#[pyfunction]
#[pyo3(name = "encode_to_numpy")]
pub(crate) fn by_list<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
    text: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let ids = tokenizer.inner().encode(text);
    py.import("numpy")?.call_method1("array", (ids, "uint32"))
}

#[pyfunction]
#[pyo3(name = "encode_to_numpy")]
pub(crate) fn signed<'py>(
    py: Python<'py>,
    tokenizer: &Tokenizer,
    text: &str,
) -> Bound<'py, PyArray1<i64>> {
    let ids: Vec<i64> = tokenizer.inner().encode(text).into_iter().map(i64::from).collect();
    ids.into_pyarray(py)
}

#[pyfunction]
#[pyo3(name = "count")]
pub(crate) fn one_piece(ids: PyReadonlyArray1<'_, u32>, id: u32) -> PyResult<usize> {
    let ids = ids.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?;
    Ok(ids.iter().filter(|&&other| other == id).count())
}

#[pyfunction]
#[pyo3(name = "count")]
pub(crate) fn by_sequence(ids: Vec<u32>, id: u32) -> usize {
    ids.iter().filter(|&&other| other == id).count()
}
