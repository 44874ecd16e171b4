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
    todo!("binding.batch")
}
