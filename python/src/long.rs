//! Calls that take long: without the GIL, stopped by Ctrl-C, and no panic gets out.
//!
//! # The idea
//!
//! Python runs the handler of Ctrl-C between two steps of the main thread, so a call that computes for a
//! minute is deaf for a minute. And while it holds the GIL, no other thread of Python moves. So work that
//! may take long moves to a thread of its own. The caller lets go of the GIL and waits, and looks for
//! signals every [`PATIENCE`]. After Ctrl-C it returns at once; the work is told to [`Stop`], which it looks
//! at between its slices, and what it still makes is thrown away.
//!
//! ```text
//! caller   detach ── wait ── signals? ── wait ── signals? KeyboardInterrupt ──►
//! worker     slice, slice, slice, slice, slice, slice, slice, stop? yes, end
//! ```
//!
//! To slice in the caller's own thread was dropped: one word of 100 MB is one slice, and so is the reading
//! of a large file, and the half second that a person waits for Ctrl-C would be up to them.
//!
//! # How long is long
//!
//! A thread costs some 30 µs, on a busy machine milliseconds, and letting go of the GIL 0.1 µs if nobody wants it. So short texts are
//! encoded where they are, longer ones without the GIL, and only what takes milliseconds in a thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;

/// How often a waiting caller looks for signals.
const PATIENCE: Duration = Duration::from_millis(50);

/// From so many bytes of text on, the GIL is let go.
pub(crate) const DETACH: usize = 1 << 11;

/// From so many bytes of text, or ids, on, the work has a thread of its own.
pub(crate) const LONG: usize = 1 << 18;

/// The same for work that takes ten milliseconds a megabyte, and for the worst of words a third of a second. On
/// a busy machine it takes milliseconds until another thread runs, which would be a large part of less work.
pub(crate) const LONG_AND_FAST: usize = 1 << 20;

/// How many bytes are encoded between two looks at [`Stop`].
pub(crate) const SLICE: usize = 1 << 20;

/// Whether the caller has gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether the work is to end, since nobody waits for it.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs short work where it is.
pub(crate) fn short<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| bug(&*panic))
}

/// Runs work of up to some milliseconds without the GIL.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| short(work))
}

/// Runs work that may take long without the GIL, until it is done or Ctrl-C was pressed.
pub(crate) fn long<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Stop) -> T + Send + 'static,
) -> PyResult<T> {
    // Where calls follow each other in a loop of C, such as `list(stream)`, nobody else looks.
    py.check_signals()?;
    let stop = Stop::default();
    let theirs = stop.clone();
    let (send, receive) = sync_channel(1);
    let run = move || {
        let result = catch_unwind(AssertUnwindSafe(|| work(&theirs)));
        // Nobody may be there any more.
        let _ = send.send(result);
    };
    thread::Builder::new().name("rust_for_ai".to_owned()).spawn(run)?;
    py.detach(move || {
        loop {
            match receive.recv_timeout(PATIENCE) {
                Ok(result) => return result.map_err(|panic| bug(&*panic)),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(signal) = Python::attach(|py| py.check_signals()) {
                        stop.ask();
                        return Err(signal);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(bug(&"the worker is gone")),
            }
        }
    })
}

/// What a panic becomes. Python's own exception for one is no `Exception`, so nobody would catch it.
fn bug(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    PyRuntimeError::new_err(format!(
        "a mistake in rust_for_ai, not in your code: {}\n\nhint: please report it, with the call that led here",
        text.unwrap_or("a panic without a message")
    ))
}

/// For work that saw that it is to stop: its caller has an exception of its own by then.
pub(crate) fn stopped() -> PyErr {
    PyKeyboardInterrupt::new_err(())
}

/// Panics inside of a long call, and inside of a short one: for the test that nothing gets out.
#[pyfunction]
pub(crate) fn _panic(py: Python<'_>, in_a_thread: bool) -> PyResult<()> {
    #[expect(clippy::panic, reason = "that is what it is for")]
    let work = || panic!("as asked");
    if in_a_thread { long(py, move |_| work()) } else { short(work) }
}
