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

// BEGIN SOLUTION
use pyo3::exceptions::PyValueError;
// BEGIN STUB
// END SOLUTION
use pyo3::prelude::*;

/// The seconds of each contender, by round.
#[pyfunction]
pub fn race(
    contenders: Vec<(String, Bound<'_, PyAny>)>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> PyResult<Vec<(String, Vec<f64>)>> {
    // BEGIN SOLUTION
    if rounds == 0 {
        return Err(PyValueError::new_err("rounds: expected 1 or more, got 0"));
    }
    let mut expected = None;
    for (name, contender) in &contenders {
        let got = contender.call1((text,))?;
        match &expected {
            None => expected = Some((name, got)),
            Some((first, expected)) if !got.eq(expected)? => {
                let message = format!("`{name}` gives another result than `{first}`");
                return Err(PyValueError::new_err(message));
            }
            Some(_) => {}
        }
    }
    let now = || clock.call0()?.extract::<f64>();
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for _ in 0..rounds {
        for ((_, contender), times) in contenders.iter().zip(&mut times) {
            let start = now()?;
            contender.call1((text,))?;
            times.push(now()? - start);
        }
    }
    Ok(contenders.into_iter().map(|(name, _)| name).zip(times).collect())
    // END SOLUTION
}
