//! Pools of threads for checks, and a witness of parallel work that needs no clock.
//!
//! [`within`] runs an answer on a pool of its own, so that a check says how many threads there are; they are
//! joined before it returns. A panic of a worker comes out of it as the worker's, and nobody prints it
//! (`check/quiet.rs`).
//!
//! # How to see that work was cut
//!
//! Time says nothing: two threads on a busy machine are slower than one. And who did what says little, since
//! one worker may do all before another wakes. So the calls that an answer makes go through a [`Watch`], and
//! each of them *yields*: it does some other work of the pool, if there is any, before its own.
//!
//! ```text
//! in a loop    call 0 yields: there is nothing else. It ends, call 1 begins …    never two at once
//! cut in two   call 0 yields: the other half waits, so the same thread does it   two at once
//!              … or another thread has it already                                two threads
//! ```
//!
//! So whatever is stolen or not, work that was cut is seen to be, and a loop is seen to be one. On a pool of
//! one thread the order is fixed besides: the half that was to come later is done in the midst of the first
//! call. That is the worst that another processor could do, and it happens each time. Rayon takes it for stolen
//! and cuts it again; where a check counts how often work is cut, calls must not yield.
//!
//! # What to beware of
//!
//! An answer that holds a lock while it makes such a call may wait for itself, as it may with any call into
//! Rayon: no lock is held across a callback. The grader's deadline ends it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use crate::check::Told;

/// Runs `body` on a worker of a pool with so many threads. What Rayon does in it is done by them; they have
/// ended when this returns.
///
/// # Panics
///
/// If `body` does, with the same payload; or if the system has no more threads, which is told.
pub(crate) fn within<T: Send>(threads: usize, body: impl FnOnce() -> T + Send) -> T {
    let builder = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        // Without it, a panic in `rayon::spawn` ends the process. The hook has kept it.
        .panic_handler(drop);
    // Unlike `build`, it joins the threads.
    let result = builder.build_scoped(|thread| thread.run(), |pool| pool.install(body));
    result.unwrap_or_else(|error| {
        Told(format!("a pool of {threads} threads could not be started: {error}")).tell()
    })
}

/// Watches the calls that an answer makes.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// How many calls there are at this moment.
    running: AtomicUsize,
    /// Whether there were two at once, or two threads.
    shared: AtomicBool,
    /// The thread of the first call.
    first: Mutex<Option<ThreadId>>,
}

impl Watch {
    /// Makes a call: lets other work of the pool go first, then runs `body`.
    pub(crate) fn call<T>(&self, body: impl FnOnce() -> T) -> T {
        let me = thread::current().id();
        let other = |first: ThreadId| first != me;
        let elsewhere = {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            other(*first.get_or_insert(me))
        };
        let at_once = self.running.fetch_add(1, Ordering::Relaxed) > 0;
        if elsewhere || at_once {
            self.shared.store(true, Ordering::Relaxed);
        }
        rayon::yield_now();
        let made = body();
        self.running.fetch_sub(1, Ordering::Relaxed);
        made
    }

    /// Whether the calls were shared out: some of them were running at the same time, or on different threads.
    pub(crate) fn shared_out(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::todo, reason = "tests, some of them of `todo!()`")]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::check::quietly;

    /// How the calls are made; whether that is to be seen.
    type Way = (&'static str, fn(&[usize], &(dyn Fn(usize) + Sync)), bool);

    const WAYS: &[Way] = &[
        ("a loop", |items, call| items.iter().for_each(|&item| call(item)), false),
        ("par_iter", |items, call| items.par_iter().for_each(|&item| call(item)), true),
        ("spawn", |items, call| rayon::scope(|scope| spawn_each(scope, items, call)), true),
        (
            "join",
            |items, call| {
                let halves = items.split_at(items.len() / 2);
                let run = |half: &[usize]| half.iter().for_each(|&item| call(item));
                rayon::join(|| run(halves.0), || run(halves.1));
            },
            true,
        ),
        (
            "threads",
            |items, call| {
                thread::scope(|scope| {
                    items.iter().for_each(|&item| drop(scope.spawn(move || call(item))))
                })
            },
            true,
        ),
    ];

    fn spawn_each<'s>(
        scope: &rayon::Scope<'s>,
        items: &'s [usize],
        call: &'s (dyn Fn(usize) + Sync),
    ) {
        items.iter().for_each(|&item| scope.spawn(move |_| call(item)));
    }

    #[test]
    fn work_that_is_cut_is_seen_with_any_number_of_threads_and_a_loop_is_not() {
        for &(name, way, cut) in WAYS {
            for threads in 1..=8 {
                for items in 2..=9 {
                    let items: Vec<usize> = (0..items).collect();
                    let watch = Watch::default();
                    within(threads, || way(&items, &|_| watch.call(|| ())));
                    let n = items.len();
                    assert_eq!(watch.shared_out(), cut, "{name}, {n} items, {threads} threads");
                }
            }
        }
    }

    /// Rayon cuts again what was not done by the one who cut it, so the second half comes in two parts.
    #[test]
    fn on_one_thread_the_half_to_come_later_is_done_first_each_time() {
        for _ in 0..100 {
            let (watch, order) = (Watch::default(), Mutex::<Vec<i32>>::default());
            let call = |&item: &i32| watch.call(|| order.lock().unwrap().push(item));
            within(1, || [0, 1, 2, 3].par_iter().for_each(call));
            assert_eq!(order.into_inner().unwrap(), [3, 2, 0, 1]);
        }
    }

    #[test]
    fn the_panic_of_a_worker_is_the_callers() {
        for threads in 1..=8 {
            let run =
                || within(threads, || [1, 2].par_iter().for_each(|_| todo!("parallel.par_iter")));
            let caught = quietly(run).unwrap_err();
            assert_eq!(caught.todo(), Some(Some("parallel.par_iter")));
            assert!(caught.location.is_some_and(|place| place.contains("pools.rs")));
        }
    }

    #[test]
    fn a_panic_in_a_spawned_task_ends_nothing_else() {
        let (sender, receiver) = std::sync::mpsc::channel::<u32>();
        let run = || {
            within(2, move || {
                let unwritten = || -> u32 { todo!("parallel.thread_pools") };
                rayon::spawn(move || sender.send(unwritten()).unwrap_or_default());
                receiver.recv().unwrap()
            })
        };
        assert_eq!(quietly(run).unwrap_err().todo(), Some(Some("parallel.thread_pools")));
    }
}
