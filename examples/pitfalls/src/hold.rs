//! Long work that needs no Python, and keeps the GIL all the same.
//!
//! PyO3 does not release the GIL by itself. A function that is pure Rust holds it from its first line to its
//! last, unless it says `py.detach`. Nobody gets an error; progress bars, heartbeats and other requests stand
//! still, and two threads are as slow as one.
//!
//! The work is the counting of pairs, which training a tokenizer begins with: how often each byte follows each
//! other byte. Bytes have 65,536 pairs, so the counts are a table, and the same loop can be written in Python.
//! Only pairs that occur are given back, since what is given back becomes objects of Python, under the GIL.
//!
//! That others stand still is shown without a clock. A [`Counter`] is moved by a thread of Python as fast as it
//! can, and read by the work, before and after. Under the GIL the difference is 0, not "small". (A free-threaded
//! Python has no lock to hold; there the counter moves.)

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

/// A number that threads of Python add to, and that Rust can read without Python.
#[pyclass(frozen, module = "pitfalls")]
#[derive(Debug, Default)]
pub struct Counter {
    value: AtomicU64,
}

impl Counter {
    fn read(&self) -> u64 {
        // Nothing else is read because of it.
        self.value.load(Ordering::Relaxed)
    }
}

#[pymethods]
impl Counter {
    /// A counter at 0.
    #[new]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&self) {
        self.value.fetch_add(1, Ordering::Relaxed);
    }

    /// How often one was added.
    #[getter]
    pub fn value(&self) -> u64 {
        self.read()
    }
}

/// How often each pair of neighbours occurs; the pair `a`, `b` is the number `256 * a + b`. In order.
fn count_pairs(data: &[u8]) -> Vec<(usize, u64)> {
    let mut counts = vec![0; 1 << 16];
    for pair in data.windows(2) {
        counts[usize::from(pair[0]) << 8 | usize::from(pair[1])] += 1;
    }
    counts.into_iter().enumerate().filter(|&(_, count)| count > 0).collect()
}

/// Counts the pairs, and keeps the GIL.
#[pyfunction]
pub fn count_pairs_holding(data: &[u8]) -> Vec<(usize, u64)> {
    count_pairs(data)
}

/// Counts the pairs; other threads of Python run meanwhile.
#[pyfunction]
pub fn count_pairs_detached(py: Python<'_>, data: &[u8]) -> Vec<(usize, u64)> {
    py.detach(|| count_pairs(data))
}

/// Counts again and again, `rounds` times at most, until the counter was moved `enough` times meanwhile.
///
/// Gives how many rounds it took, and how often the counter moved.
fn repeat(data: &[u8], counter: &Counter, enough: u64, rounds: u64) -> (u64, u64) {
    let before = counter.read();
    for round in 1..=rounds {
        std::hint::black_box(count_pairs(data));
        if counter.read() - before >= enough {
            return (round, counter.read() - before);
        }
    }
    (rounds, counter.read() - before)
}

/// The trap: `(rounds, moved)` of long work that keeps the GIL. The counter does not move.
#[pyfunction]
pub fn repeat_holding(data: &[u8], counter: &Counter, enough: u64, rounds: u64) -> (u64, u64) {
    repeat(data, counter, enough, rounds)
}

/// The cure: `(rounds, moved)` of the same work, detached.
#[pyfunction]
pub fn repeat_detached(
    py: Python<'_>,
    data: &[u8],
    counter: &Counter,
    enough: u64,
    rounds: u64,
) -> (u64, u64) {
    py.detach(|| repeat(data, counter, enough, rounds))
}
