//! Instants of a lock, really recorded: who asked when, who got it, when it was given back.
//!
//! The recorder takes the lock for the threads, so that it sees all that, and gives what it saw as rows of a
//! [`timeline`](super::timeline). Recording costs some hundred nanoseconds each time, while the lock is free; what is
//! to be seen should take longer.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Span;

/// Records who waits for a lock and who holds it, since it was made.
///
/// ```
/// use rust_for_ai::notebook::LockTimes;
/// use std::sync::{Mutex, PoisonError};
///
/// let (times, words) = (LockTimes::new(), Mutex::new(Vec::new()));
/// std::thread::scope(|scope| {
///     for name in ["A", "B"] {
///         let lock = || words.lock().unwrap_or_else(PoisonError::into_inner);
///         let times = &times;
///         scope.spawn(move || times.locked(name, lock, |words| words.push("low")));
///     }
/// });
/// let rows = times.rows();
/// assert_eq!((rows[0].0.as_str(), rows[1].0.as_str()), ("A", "B"));
/// assert_eq!(rows[0].1.len(), 2);
/// ```
#[derive(Debug)]
pub struct LockTimes {
    start: Instant,
    /// In the order in which the lock was given back.
    seen: Mutex<Vec<(String, Span)>>,
}

impl Default for LockTimes {
    fn default() -> Self {
        Self::new()
    }
}

impl LockTimes {
    /// What the numbers of a span's kind mean.
    pub const KINDS: [&str; 2] = ["waits for the lock", "holds the lock"];

    /// Nothing is recorded yet, and time begins now.
    pub fn new() -> Self {
        Self { start: Instant::now(), seen: Mutex::default() }
    }

    /// Takes a lock by `lock`, which gives its guard, runs `body` under it, and gives it back.
    pub fn locked<G, R>(
        &self,
        thread: &str,
        lock: impl FnOnce() -> G,
        body: impl FnOnce(&mut G) -> R,
    ) -> R {
        let now = || self.start.elapsed().as_nanos() as f64 / 1000.0;
        let asked = now();
        let mut guard = lock();
        let got = now();
        let result = body(&mut guard);
        // While it is still held: the next one cannot have it earlier.
        let done = now();
        drop(guard);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push((thread.to_owned(), Span { from: asked, to: got, kind: 0 }));
        seen.push((thread.to_owned(), Span { from: got, to: done, kind: 1 }));
        result
    }

    /// A row a thread, by name, in microseconds.
    pub fn rows(&self) -> Vec<(String, Vec<Span>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<&String> = seen.iter().map(|(thread, _)| thread).collect();
        names.sort();
        names.dedup();
        let of = |name: &String| {
            let spans = seen.iter().filter(|(thread, _)| thread == name).map(|(_, span)| *span);
            (name.clone(), spans.collect())
        };
        names.into_iter().map(of).collect()
    }

    /// How long threads waited, all together, in microseconds.
    pub fn waited(&self) -> f64 {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = seen.iter().filter(|(_, span)| span.kind == 0);
        waits.map(|(_, span)| span.to - span.from).sum()
    }
}
