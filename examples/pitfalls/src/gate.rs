//! A gate at which a call waits, so that a test can act while the call is under way.
//!
//! ```text
//! call, in a thread                       test
//!   detaches, arrives, waits at the gate    wait_for_arrival() returns
//!                                           does what must happen during the call
//!   goes on, returns                        open()
//! ```
//!
//! Two facts in the place of two pauses: that the call has come so far, and that it may go on. A test with
//! pauses passes on a quiet machine and proves nothing; this one has one order of events only.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

/// A gate for one call. It is shut until it is opened, and then stays open.
#[pyclass(frozen, module = "pitfalls")]
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrived: bool,
    open: bool,
}

impl Gate {
    /// Says that the call is here, and waits until the gate is open. Not for a thread that is attached.
    pub fn pass(&self) {
        let mut state = self.state();
        state.arrived = true;
        self.changed.notify_all();
        drop(self.wait_until(state, |state| state.open));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Two flags are right, whoever panicked in between.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until<'a>(
        &self,
        state: MutexGuard<'a, State>,
        holds: fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed
            .wait_while(state, |state| !holds(state))
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Gate {
    /// A gate that is shut.
    #[new]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns once a call has come to the gate.
    pub fn wait_for_arrival(&self, py: Python<'_>) {
        py.detach(|| drop(self.wait_until(self.state(), |state| state.arrived)));
    }

    /// Lets the call go on.
    pub fn open(&self) {
        self.state().open = true;
        self.changed.notify_all();
    }
}
