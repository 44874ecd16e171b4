//! The cure: a class that is never borrowed mutably.
//!
//! A class that is `frozen` gives out `&self` alone, so nothing is counted and nothing refused. What changes
//! stands behind a lock, here an `Arc` of the settings. A setter puts another `Arc` there; whoever encodes takes
//! a clone of the `Arc`, lets go of the lock, and only then works. So the lock is held for nanoseconds, and
//!
//! - a setter never waits for a batch, nor a batch for a setter;
//! - **one call sees one setting**: a batch that is under way ends as it began, and the next call sees the new
//!   one. A lock around each single text would mix them.
//!
//! For one number an `AtomicUsize` would do, read once at the beginning of a call. The `Arc` is for settings that
//! belong together.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

use crate::borrow::{encode, encode_all};
use crate::gate::Gate;

/// What a setter may change; never changed in place.
#[derive(Debug)]
struct Settings {
    truncation: usize,
}

/// A tokenizer whose setting is swapped as a whole.
#[pyclass(frozen, module = "pitfalls")]
#[derive(Debug)]
pub struct FrozenTokenizer {
    settings: Mutex<Arc<Settings>>,
}

impl FrozenTokenizer {
    /// The settings as they are now. Whoever has them keeps them, whatever a setter does later.
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl FrozenTokenizer {
    /// A tokenizer that gives `truncation` ids of a text at most.
    #[new]
    pub fn new(truncation: usize) -> Self {
        Self { settings: Mutex::new(Arc::new(Settings { truncation })) }
    }

    /// The ids of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        encode(text, self.settings().truncation)
    }

    /// The ids of each text; other threads run meanwhile, and all of the batch has one setting.
    #[pyo3(signature = (texts, gate=None))]
    pub fn encode_batch(
        &self,
        py: Python<'_>,
        texts: Vec<String>,
        gate: Option<&Gate>,
    ) -> Vec<Vec<u32>> {
        let settings = self.settings();
        py.detach(|| encode_all(&texts, settings.truncation, gate))
    }

    /// How many ids of a text there are at most, for calls that begin from now on.
    pub fn set_truncation(&self, truncation: usize) {
        let new = Arc::new(Settings { truncation });
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Finds the greatest length among some texts, and truncates there from now on; others run meanwhile.
    #[pyo3(signature = (texts, gate=None))]
    pub fn fit(&self, py: Python<'_>, texts: Vec<String>, gate: Option<&Gate>) {
        let longest = py.detach(|| {
            encode_all(&texts, usize::MAX, gate).iter().map(Vec::len).max().unwrap_or_default()
        });
        self.set_truncation(longest);
    }
}
