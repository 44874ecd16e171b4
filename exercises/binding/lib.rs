//! Chapter `binding`: your tokenizer as a Python module, a stage a file.
//!
//! This file puts the functions and the class into the module; it needs no change. The tokenizer that they
//! wrap is the one of stage `bpe.encode_decode`: yours.
//!
//! `maturin build --release` in this folder makes a wheel, `maturin develop --release` installs it into the
//! Python environment that is active.

#![allow(
    clippy::needless_pass_by_value,
    reason = "an argument is what PyO3 made of an object of Python"
)]

pub mod batch;
pub mod class;
pub mod errors;
pub mod function;
pub mod measure;
pub mod numpy;
pub mod pickle;
pub mod release_gil;

use pyo3::prelude::*;

/// Adds everything that this chapter's stages make.
pub fn fill(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // What a debug build measures means nothing, so Python can ask.
    module.add("release", !cfg!(debug_assertions))?;
    module.add_function(wrap_pyfunction!(function::encode, module)?)?;
    module.add_class::<class::Tokenizer>()?;
    module.add_function(wrap_pyfunction!(errors::decode, module)?)?;
    module.add_function(wrap_pyfunction!(release_gil::encode_long, module)?)?;
    module.add_function(wrap_pyfunction!(numpy::encode_to_numpy, module)?)?;
    module.add_function(wrap_pyfunction!(numpy::count, module)?)?;
    module.add_function(wrap_pyfunction!(batch::encode_batch, module)?)?;
    module.add_function(wrap_pyfunction!(measure::race, module)?)?;
    Ok(())
}

#[pymodule]
fn binding(module: &Bound<'_, PyModule>) -> PyResult<()> {
    fill(module)
}
