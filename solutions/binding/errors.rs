//! Stage `binding.errors`: turn errors into the right exceptions.
//!
//! A function that returns `PyResult` raises what is in `Err`. Which type it is matters: callers catch
//! `ValueError` for ids that mean nothing, and `UnicodeDecodeError` for bytes that are no text, as
//! `bytes.decode` raises it. A panic becomes a `PanicException`, which is no `Exception`: `except Exception`
//! lets it through and the service goes down.
//!
//! ```text
//! decode(t, [257, 32, 256])  ->  "hi! hi"
//! decode(t, [256, 999])      ->  ValueError: unknown id 999 at position 1
//! decode(t, [104, 195])      ->  UnicodeDecodeError with object b"h\xc3", start 1
//! ```
//!
//! The message names the id and its position. PyO3 turns some of Rust's own errors into the right exception
//! by itself, with `?`: `String::from_utf8` is one that fails in the right way. `bytes` below gives the bytes of
//! ids that are known.

use pyo3::prelude::*;
// BEGIN SOLUTION
use pyo3::exceptions::PyValueError;
use rust_for_ai::bpe::{DecodeError, Tokenize};
// BEGIN STUB
// use rust_for_ai::bpe::{DecodeError, Tokenize};
// END SOLUTION

use crate::class::Tokenizer;

/// The text of some ids.
#[pyfunction]
pub fn decode(tokenizer: &Tokenizer, ids: Vec<u32>) -> PyResult<String> {
    // BEGIN SOLUTION
    match tokenizer.inner().decode(&ids) {
        Ok(text) => Ok(text),
        Err(DecodeError::InvalidUtf8 { .. }) => {
            Ok(String::from_utf8(bytes(tokenizer.merges(), &ids))?)
        }
        Err(error) => Err(PyValueError::new_err(error.to_string())),
    }
    // END SOLUTION
}

/// The bytes of `ids`, all of which are known.
pub fn bytes(merges: &[(u32, u32)], ids: &[u32]) -> Vec<u8> {
    ids.iter()
        .flat_map(|&id| match u8::try_from(id) {
            Ok(byte) => vec![byte],
            Err(_) => {
                let (left, right) = merges[id as usize - 256];
                bytes(merges, &[left, right])
            }
        })
        .collect()
}
