//! The threads that batches run on, also after a fork.
//!
//! Python's `multiprocessing` forks on Linux up to version 3.13: the child has the memory of the parent and
//! one thread. Threads of a pool are not among what it has, and whoever waits for them waits for ever. So the
//! pool belongs to a process: a child that finds its parent's makes one of its own, and leaves the other one
//! where it is, since to end it would be to wait for its threads.

use std::mem;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Does something where parallel iterators run on all processors.
pub(crate) fn on_all_processors<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match pool() {
        Some(pool) => pool.install(work),
        // The system gave no threads: then on the one that there is.
        None => work(),
    }
}

fn pool() -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = process::id();
    match &*pool {
        Some((owner, pool)) if *owner == process => Some(Arc::clone(pool)),
        _ => {
            let name = |number| format!("rust_for_ai {number}");
            let new = Arc::new(ThreadPoolBuilder::new().thread_name(name).build().ok()?);
            mem::forget(pool.replace((process, Arc::clone(&new))));
            Some(new)
        }
    }
}
