//! Stage `binding.measure`: race it, honestly.
//!
//! "A hundred times faster" is easy to get: race against something that does less, on a cold cache, once.
//! Three rules make a race honest. All contenders give the same result, or there is no race. They take
//! turns, so that a busy minute hits each of them. Each is timed several times, and all times are kept.
//!
//! ```text
//! race([("mine", f), ("theirs", g)], text, 3, time.perf_counter)
//!     calls f(text), g(text)          not timed: are they equal?
//!     then f, g, f, g, f, g           each between two calls of the clock
//! ->  [("mine", [0.1, 0.1, 0.1]), ("theirs", [0.2, 0.3, 0.2])]
//! ```
//!
//! A contender whose result is not equal (`==`) to the first one's is a `ValueError` that names it; so are
//! 0 rounds. What a contender raises reaches the caller. Calling Python from Rust is `call1` on a
//! `Bound<PyAny>`; `extract` turns what comes back into a Rust type.
use pyo3::prelude::*;

/// The seconds of each contender, by round.
#[pyfunction]
pub fn race(
    contenders: Vec<(String, Bound<'_, PyAny>)>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> PyResult<Vec<(String, Vec<f64>)>> {
    todo!("binding.measure")
}
