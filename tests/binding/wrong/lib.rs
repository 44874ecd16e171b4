//! Wrong answers to the stages of chapter `binding`, as a learner would plausibly write them.
//!
//! Each is a function or a class with the name that the stage asks for. `grade.py` puts it in the place of the
//! right one, and expects the stage to fail with the belief that this answer's name stands for.

#![allow(
    clippy::needless_pass_by_value,
    reason = "an argument is what PyO3 made of an object of Python"
)]

mod batch;
mod class;
mod errors;
mod function;
mod measure;
mod numpy;
mod pickle;
mod release_gil;

use pyo3::prelude::*;

/// Puts each into a module of its own, named `stage.belief`.
macro_rules! functions {
    ($module:ident: $($stage:ident { $($belief:ident),* $(,)? })*) => {$($(
        let own = PyModule::new($module.py(), concat!(stringify!($stage), ".", stringify!($belief)))?;
        own.add_function(wrap_pyfunction!($stage::$belief, &own)?)?;
        $module.add(concat!(stringify!($stage), ".", stringify!($belief)), own)?;
    )*)*};
}

macro_rules! classes {
    ($module:ident: $($stage:ident { $($belief:ident),* $(,)? })*) => {$($(
        let own = PyModule::new($module.py(), concat!(stringify!($stage), ".", stringify!($belief)))?;
        own.add_class::<$stage::$belief::Tokenizer>()?;
        $module.add(concat!(stringify!($stage), ".", stringify!($belief)), own)?;
    )*)*};
}

#[pymodule]
fn binding_wrong(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let right = PyModule::new(module.py(), "right")?;
    solutions_binding::fill(&right)?;
    module.add("right", right)?;
    functions! { module:
        function { required_limit, positional_limit, limit_of_text, ignores_limit }
        errors { panics, runtime_error, no_place, lossy }
        release_gil { holds, detaches_nothing, cut_at_spaces }
        numpy { by_list, signed, one_piece, by_sequence }
        batch { one_thread, holds, as_they_come, loses_rest }
        measure { in_blocks, never_compares, times_the_first, forgives }
    }
    classes! { module:
        class { mutable, list_only, swallows, counts_batches, elsewhere }
        pickle { nothing, half, not_a_tuple }
    }
    Ok(())
}
