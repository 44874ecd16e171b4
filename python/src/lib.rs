//! The Python module `rust_for_ai._rust_for_ai`; people import `rust_for_ai`, the package around it.
//!
//! | file | what it does |
//! |---|---|
//! | [`tokenizer`] | the class `Tokenizer`, and what it is made of |
//! | [`counts`] | the class `PreTokenCounter`, and training from it |
//! | `llama` | the class `Llama`, with the feature of that name |
//! | [`check`] | the workbook's checks for answers in Python |
//! | [`notebook`] | pictures for notebooks |
//! | [`long`] | long calls: without the GIL, stopped by Ctrl-C, and no panic gets out |
//! | [`pool`] | the threads that batches run on |
//! | [`errors`], [`ids`], [`arrow`] | from Python's objects to ours, and back |

mod arrow;
mod check;
mod counts;
mod errors;
mod ids;
#[cfg(feature = "llama")]
mod llama;
mod long;
mod notebook;
mod pool;
mod tokenizer;

use pyo3::prelude::*;

/// The compiled part of `rust_for_ai`.
#[pymodule]
fn _rust_for_ai(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("HAS_LLAMA", cfg!(feature = "llama"))?;
    module.add("DEBUG_BUILD", cfg!(debug_assertions))?;
    module.add_class::<tokenizer::Tokenizer>()?;
    module.add_class::<counts::PreTokenCounter>()?;
    module.add_class::<arrow::ArrowArray>()?;
    module.add_function(wrap_pyfunction!(counts::train_from_counts, module)?)?;
    module.add_function(wrap_pyfunction!(counts::_restore_counter, module)?)?;
    module.add_function(wrap_pyfunction!(tokenizer::_restore_tokenizer, module)?)?;
    module.add_function(wrap_pyfunction!(tokenizer::_native_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(long::_panic, module)?)?;
    #[cfg(feature = "llama")]
    {
        module.add_class::<llama::Llama>()?;
        module.add_class::<llama::TextStream>()?;
    }
    notebook::register(module)?;
    check::register(module)
}
