//! Stage `binding.pickle`: send an object to another process.
//!
//! `multiprocessing`, Ray, Dask and Spark send objects by `pickle`. It knows nothing of a struct in Rust, so
//! the class says how to make an equal object: `__getnewargs__` gives the arguments for `Tokenizer(…)` over
//! there, as a tuple. `copy.deepcopy` uses the same. What belongs to this process alone, the count of calls,
//! stays here: a copy has encoded nothing yet.
//!
//! ```text
//! pickle.loads(pickle.dumps(t)).encode("hi!")  ->  what t.encode("hi!") gives
//! ```

use pyo3::prelude::*;

use crate::class::Tokenizer;

/// The arguments that make an equal tokenizer: a tuple with the merges alone.
type Arguments = (Vec<(u32, u32)>,);

#[pymethods]
impl Tokenizer {
    fn __getnewargs__(&self) -> Arguments {
        todo!("binding.pickle")
    }
}
