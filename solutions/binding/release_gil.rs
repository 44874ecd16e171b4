//! Stage `binding.release_gil`: let other Python threads run meanwhile.
//!
//! One lock, the GIL, is held by whichever thread runs Python. A call into Rust keeps it, so a server that
//! tokenizes a book answers nobody meanwhile, and a progress bar stands still. `py.detach(|| …)` gives the
//! lock back for as long as the closure runs. The compiler checks what may enter: nothing that belongs to
//! Python, since another thread may change it.
//!
//! Detaching costs some hundred nanoseconds, so a call of a microsecond is better off without.
//!
//! ```text
//! encode_long(t, book)  ->  the ids, as t.encode(book) gives them, and other threads ran meanwhile
//! ```

use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;

use crate::class::Tokenizer;

/// The ids of a long text; other threads of Python run meanwhile.
#[pyfunction]
pub fn encode_long(py: Python<'_>, tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    // BEGIN SOLUTION
    let tokenizer = tokenizer.inner();
    py.detach(|| tokenizer.encode(text))
    // END SOLUTION
}
