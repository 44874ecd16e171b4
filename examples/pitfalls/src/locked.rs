//! The trap in the cure: a lock that is still held when the GIL is taken.
//!
//! A frozen class with a `Mutex` around its setting, as one writes it first: `encode_batch` locks, detaches,
//! works, attaches again, and lets go of the lock at its end. No borrow is refused any more. But now there are
//! two locks, the mutex and the GIL, and two threads take them in different orders:
//!
//! ```text
//! thread 1   encode_batch     has the mutex …… wants the GIL, to return
//! thread 2   set_truncation   has the GIL …… wants the mutex
//! ```
//!
//! Each waits for the other, for ever. And since one of them has the GIL, all of Python stands still. The
//! compiler has nothing against it: a deadlock is no data race.
//!
//! Cures, the best one first: copy out what is needed and let go of the lock, as `frozen.rs` does; lock inside
//! of `detach`; or wait for the lock detached, with PyO3's `MutexExt::lock_py_attached`. The rule is one
//! sentence: **no lock is held across `attach`, `detach`, or a call of Python.**
//!
//! With a free-threaded Python, detaching and attaching wait for nobody most of the time, so this passes; until
//! something stops the world, such as the garbage collector, and waits for a thread that waits for the mutex.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::borrow::encode_all;
use crate::gate::Gate;

/// A tokenizer that keeps its lock for too long.
#[pyclass(frozen, module = "pitfalls")]
#[derive(Debug)]
pub struct LockedTokenizer {
    truncation: Mutex<usize>,
}

#[pymethods]
impl LockedTokenizer {
    /// A tokenizer that gives `truncation` ids of a text at most.
    #[new]
    pub fn new(truncation: usize) -> Self {
        Self { truncation: Mutex::new(truncation) }
    }

    /// The ids of each text; other threads run meanwhile, as long as they leave this tokenizer alone.
    #[pyo3(signature = (texts, gate=None))]
    pub fn encode_batch(
        &self,
        py: Python<'_>,
        texts: Vec<String>,
        gate: Option<&Gate>,
    ) -> Vec<Vec<u32>> {
        let truncation = self.truncation.lock().unwrap_or_else(PoisonError::into_inner);
        let length = &*truncation;
        // At the end of `detach` this thread waits for the GIL, and the lock is still its own.
        py.detach(|| encode_all(&texts, *length, gate))
    }

    /// How many ids of a text there are at most, from now on.
    ///
    /// The gate of a batch that is under way is opened first, while this thread has the GIL: so the batch wants
    /// to return just when this call waits for its lock.
    #[pyo3(signature = (truncation, gate=None))]
    pub fn set_truncation(&self, truncation: usize, gate: Option<&Gate>) {
        if let Some(gate) = gate {
            gate.open();
        }
        *self.truncation.lock().unwrap_or_else(PoisonError::into_inner) = truncation;
    }
}
