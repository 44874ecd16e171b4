//! Chapter `bpe`: each check with a closure that calls Python.

use pyo3::exceptions::PyUnicodeDecodeError;
use pyo3::prelude::*;
use rust_for_ai::bpe::{DecodeError, Tokenize};
use rust_for_ai::check::{Verdict, bpe};

use super::answer::Answer;

pub(super) fn check(name: &str, answer: Answer) -> Option<Verdict> {
    Some(match name {
        "bytes" => bpe::bytes(move |text| answer.call((text,))),
        "pair_counts" => bpe::pair_counts(move |ids| answer.call((ids,))),
        // In the order of the map, so that ties come in any order.
        "best_pair" => bpe::best_pair(move |counts| answer.call((counts,))),
        "merge" => bpe::merge(move |ids, pair, new| answer.call((ids, pair, new))),
        "train" => bpe::train(move |text, vocab_size| answer.call((text, vocab_size))),
        "encode_decode" => {
            bpe::encode_decode(move |merges| Tokenizer(answer.make((merges.to_vec(),))))
        }
        _ => return None,
    })
}

/// An object with the methods `encode` and `decode`.
pub(super) struct Tokenizer(pub(super) Answer);

impl Tokenize for Tokenizer {
    fn encode(&self, text: &str) -> Vec<u32> {
        self.0.method("encode", (text,))
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        self.0.try_method("decode", (ids,), |py, error| refused(py, error).ok().flatten())
    }
}

/// The reply that an exception of `decode` stands for.
fn refused(py: Python<'_>, error: &PyErr) -> PyResult<Option<DecodeError>> {
    let value = error.value(py);
    if error.is_instance_of::<PyUnicodeDecodeError>(py) {
        let position = value.getattr("start")?.extract()?;
        return Ok(Some(DecodeError::InvalidUtf8 { position }));
    }
    if value.is_instance(&exception(py, "UnknownToken")?)? {
        let (position, id) =
            (value.getattr("position")?.extract()?, value.getattr("id")?.extract()?);
        return Ok(Some(DecodeError::UnknownToken { position, id }));
    }
    Ok(None)
}

/// An exception of `rust_for_ai.check.errors`.
pub(super) fn exception<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("rust_for_ai.check.errors")?.getattr(name)
}
