//! Of `binding.errors`.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rust_for_ai::bpe::{DecodeError, Tokenize};
use solutions_binding::class::Tokenizer;
use solutions_binding::errors::bytes;

#[pyfunction]
#[pyo3(name = "decode")]
#[expect(clippy::unwrap_used, reason = "that is what is wrong with it")]
pub(crate) fn panics(tokenizer: &Tokenizer, ids: Vec<u32>) -> String {
    tokenizer.inner().decode(&ids).unwrap()
}

#[pyfunction]
#[pyo3(name = "decode")]
pub(crate) fn runtime_error(tokenizer: &Tokenizer, ids: Vec<u32>) -> PyResult<String> {
    tokenizer.inner().decode(&ids).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

#[pyfunction]
#[pyo3(name = "decode")]
pub(crate) fn no_place(tokenizer: &Tokenizer, ids: Vec<u32>) -> PyResult<String> {
    match tokenizer.inner().decode(&ids) {
        Err(DecodeError::InvalidUtf8 { .. }) => {
            Ok(String::from_utf8(bytes(tokenizer.merges(), &ids))?)
        }
        other => other.map_err(|_| PyValueError::new_err("invalid ids")),
    }
}

#[pyfunction]
#[pyo3(name = "decode")]
pub(crate) fn lossy(tokenizer: &Tokenizer, ids: Vec<u32>) -> PyResult<String> {
    match tokenizer.inner().decode(&ids) {
        Err(DecodeError::InvalidUtf8 { .. }) => {
            Ok(String::from_utf8_lossy(&bytes(tokenizer.merges(), &ids)).into_owned())
        }
        other => other.map_err(|error| PyValueError::new_err(error.to_string())),
    }
}
