//! Threads of a check: one a job, all at once, and all joined.
//!
//! A check that starts threads must leave none behind, also when an answer panics on one of them. So every
//! thread is joined, whatever became of the others, and only then does the panic of one go on. `quietly` keeps
//! the panics of such threads from the learner's screen, and knows their place.

use std::panic::resume_unwind;
use std::thread;

/// A job for a thread of its own.
pub(super) type Job<'a, T> = Box<dyn FnOnce() -> T + Send + 'a>;

/// Runs all jobs at once, and gives what they gave, in the order of the jobs.
///
/// # Panics
///
/// With the panic of the first job that panicked, when all have ended.
pub(super) fn all<'a, T: Send>(jobs: Vec<Job<'a, T>>) -> Vec<T> {
    let done: Vec<thread::Result<T>> = thread::scope(|scope| {
        let threads: Vec<_> = jobs.into_iter().map(|job| scope.spawn(job)).collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    done.into_iter().map(|done| done.unwrap_or_else(|payload| resume_unwind(payload))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::check::quietly;

    #[test]
    fn a_panic_goes_on_with_its_own_place_when_all_have_ended() {
        let ended = AtomicU32::new(0);
        let end = || {
            ended.fetch_add(1, Ordering::Relaxed);
        };
        let line = line!() + 1;
        let lose = || panic!("lost");
        let jobs: Vec<Job<'_, ()>> = vec![Box::new(end), Box::new(lose), Box::new(end)];
        let caught = quietly(|| all(jobs)).expect_err("one of them panics");
        assert_eq!((caught.message.as_str(), ended.into_inner()), ("lost", 2));
        let place = caught.location.expect("it is known");
        assert!(place.starts_with(&format!("{}:{line}:", file!())), "{place}");
        assert_eq!(quietly(|| all::<u32>(vec![Box::new(|| 1), Box::new(|| 2)])), Ok(vec![1, 2]));
    }
}
