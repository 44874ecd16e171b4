//! Rayon inside Python: workers that attach while their caller is attached and waits.
//!
//! A function of Python, called for each item by workers of Rayon. A worker has to attach first, that is to
//! take the GIL. The caller came from Python, so it has the GIL; and it waits for the workers:
//!
//! ```text
//! caller   attached …… waits for the workers
//! worker               waits for the GIL
//! ```
//!
//! No timeout helps, and no thread of Python can: the GIL is given up by who runs bytecode, and the caller runs
//! none. `py.detach` around the parallel call is all there is to it. It belongs around *every* parallel call,
//! also where no worker attaches today: a callback, a log line that goes to Python's `logging`, or the drop of a
//! `Py<…>` may come later.
//!
//! It does not make the function faster. The workers take turns under the GIL, and each turn costs a switch.
//! Rayon gains where the work is Rust's and Python is called rarely.
//!
//! With a free-threaded Python an attached caller blocks nobody, until the garbage collector wants all threads
//! to stop and waits for the caller. So the rule stays.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool for one call, of two workers on any machine.
fn pool() -> PyResult<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(2).build();
    pool.map_err(|error| PyRuntimeError::new_err(format!("no threads for a pool: {error}")))
}

/// What a function of Python gives for each item, in order; of several errors the first item's.
fn map(pool: &ThreadPool, function: &Py<PyAny>, items: &[i64]) -> PyResult<Vec<i64>> {
    let call = |&item: &i64| Python::attach(|py| function.call1(py, (item,))?.extract(py));
    let results: Vec<PyResult<i64>> = pool.install(|| items.par_iter().map(call).collect());
    results.into_iter().collect()
}

/// The trap: the caller keeps the GIL while it waits. With an item or more it never returns.
#[pyfunction]
pub fn map_attached(function: Py<PyAny>, items: Vec<i64>) -> PyResult<Vec<i64>> {
    map(&pool()?, &function, &items)
}

/// The cure: the caller gives the GIL back while it waits.
#[pyfunction]
pub fn map_detached(py: Python<'_>, function: Py<PyAny>, items: Vec<i64>) -> PyResult<Vec<i64>> {
    py.detach(|| map(&pool()?, &function, &items))
}
