//! The Python module `rust_for_ai._rust_for_ai`; people import `rust_for_ai`, the package around it.

mod check;

use pyo3::prelude::*;

/// The compiled part of `rust_for_ai`.
#[pymodule]
fn _rust_for_ai(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("HAS_LLAMA", cfg!(feature = "llama"))?;
    module.add("DEBUG_BUILD", cfg!(debug_assertions))?;
    check::register(module)
}
