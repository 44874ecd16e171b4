//! Stage `binding.batch`: encode a batch on all processors.
//!
//! Threads of Python take turns under the GIL; threads of Rust do not need it. So one call takes all texts,
//! gives the lock back once, and cuts the work among `threads` threads of Rust. Each result stands where its
//! text stood, whichever thread was done first.
//!
//! ```text
//! encode_batch(t, ["hi", "", "hi!"])             ->  [[256], [], [257]]
//! encode_batch(t, ["hi", "", "hi!"], threads=2)  ->  the same
//! encode_batch(t, ["hi"], threads=0)             ->  ValueError
//! ```
//!
//! `std::thread::scope` lets threads borrow the texts, and waits for all of them. Threads may be more than
//! texts.

// BEGIN SOLUTION
use pyo3::exceptions::PyValueError;
// BEGIN STUB
// END SOLUTION
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;

use crate::class::Tokenizer;

/// The ids of each text, in the order of the texts.
#[pyfunction]
#[pyo3(signature = (tokenizer, texts, threads=2))]
pub fn encode_batch(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    texts: Vec<String>,
    threads: usize,
) -> PyResult<Vec<Vec<u32>>> {
    // BEGIN SOLUTION
    if threads == 0 {
        return Err(PyValueError::new_err("threads: expected 1 or more, got 0"));
    }
    let tokenizer = tokenizer.inner();
    let some = texts.len().div_ceil(threads).max(1);
    let mut all = vec![Vec::new(); texts.len()];
    py.detach(|| {
        std::thread::scope(|scope| {
            for (texts, all) in texts.chunks(some).zip(all.chunks_mut(some)) {
                scope.spawn(move || {
                    for (text, ids) in texts.iter().zip(all) {
                        *ids = tokenizer.encode(text);
                    }
                });
            }
        });
    });
    Ok(all)
    // END SOLUTION
}
