//! Traps of extension modules with threads, each beside its cure; [the page](../README.md) tells the stories.
//!
//! | file | the trap | the cure |
//! |---|---|---|
//! | `borrow.rs`, `frozen.rs` | a class is a `RefCell` for all threads: "Already borrowed" | `#[pyclass(frozen)]`, and an `Arc` that is swapped |
//! | `locked.rs` | a lock that is held while the GIL is taken: two threads wait for each other | let go of the lock before |
//! | `attach.rs` | workers attach to Python while their caller is attached and waits | detach around the parallel call |
//! | `hold.rs` | long work that needs no Python keeps everybody else out | detach around it |
//!
//! All of them pass the compiler, on purpose: Rust rules out data races, and neither deadlocks nor a lock that
//! is held too long. Traps here spring every time. Where two threads have to meet for that, they meet at a
//! `Gate`; nothing sleeps and hopes. What a free-threaded Python does is said in the files.

#![allow(
    clippy::needless_pass_by_value,
    reason = "an argument is what PyO3 made of an object of Python"
)]

pub mod attach;
pub mod borrow;
pub mod frozen;
pub mod gate;
pub mod hold;
pub mod locked;

use pyo3::prelude::*;

#[pymodule]
fn pitfalls(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // What a debug build measures means nothing, so Python can ask.
    module.add("release", !cfg!(debug_assertions))?;
    module.add_class::<gate::Gate>()?;
    module.add_class::<borrow::Tokenizer>()?;
    module.add_class::<frozen::FrozenTokenizer>()?;
    module.add_class::<locked::LockedTokenizer>()?;
    module.add_function(wrap_pyfunction!(attach::map_attached, module)?)?;
    module.add_function(wrap_pyfunction!(attach::map_detached, module)?)?;
    module.add_class::<hold::Counter>()?;
    module.add_function(wrap_pyfunction!(hold::count_pairs_holding, module)?)?;
    module.add_function(wrap_pyfunction!(hold::count_pairs_detached, module)?)?;
    module.add_function(wrap_pyfunction!(hold::repeat_holding, module)?)?;
    module.add_function(wrap_pyfunction!(hold::repeat_detached, module)?)?;
    Ok(())
}
