//! Stage `sharing.mutex_cache`: let many threads ask, and never encode under the lock.
//!
//! Now the cache serves many threads. With a `RefCell` in it the compiler refuses to share it (E0277: it is not
//! `Sync`), since its flag for "borrowed" is a plain number. A `Mutex` has the same job for threads. The rule is
//! stricter, since there is one kind of borrow, and the breach is another: a `RefCell` panics, a `Mutex` waits.
//!
//! So the question is what waits for whom. Encoding a word is slow, looking it up is not. Who encodes while
//! holding the lock makes every other thread wait, also those whose words are there; and an `encode` that asks
//! the cache waits for itself, for ever. Hence: look under the lock, give it back, encode, take it again, store.
//!
//! That opens a gap: two threads may miss the same word and encode it both. Here **the first result wins**: what
//! is stored first stays, and the second thread drops its own and returns what is there. (Stage
//! `once_lock` encodes each word once.)
//!
//! ```text
//! cache.ids("low", &encode)   a miss: takes the lock, gives it back, encodes, takes the lock, stores
//! cache.ids("low", &encode)   a hit: takes the lock once
//! cache.stats()               Stats { hits: 1, misses: 1, ids: 3 }
//! ```
//!
//! - A miss is a call of `encode`, also one whose result was not the first. So hits and misses are all calls.
//! - `ids` counts the ids that the cache holds, all words together.
//! - A hit takes one lock once, a miss twice at most. (More is correct, and slower.)
//!
//! The `Mutex` here is used like `std::sync::Mutex`. It counts how often it is taken, which is how this stage is
//! graded, and it panics where a thread would wait for itself.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use rust_for_ai::check::locks::{Mutex, MutexGuard};
use rust_for_ai::sharing::parts::{Encode, SharedCache, Stats};

/// A token cache for many threads; two of them may encode the same word.
#[derive(Debug, Default)]
pub struct MutexCache {
    // Your fields.
}

// A type of your own, if you want one.

impl MutexCache {
    /// A cache without words.
    pub fn new() -> Self {
        todo!("sharing.mutex_cache")
    }

    // A method of your own, if you want one.
}

impl SharedCache for MutexCache {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        todo!("sharing.mutex_cache")
    }

    fn stats(&self) -> Stats {
        todo!("sharing.mutex_cache")
    }
}
