//! Stage `sharing.once_lock`: encode each word exactly once, whoever asks first.
//!
//! In the cache before this one, two threads that miss the same word both encode it. For a word that is a
//! trifle; for the file of a model, which takes seconds and gigabytes, it is not. An `OnceLock` is a place that
//! is filled once. Of all threads that call `get_or_init`, one runs the function; the others wait for it, and
//! then all have the same value. After that, looking costs one load and no lock, for ever.
//!
//! Give each word an `OnceLock` of its own, and let the map hold them: the lock of the map is held while the
//! word's place is found, and not while it is filled. So threads wait for each other only where they ask for the
//! same word.
//!
//! ```text
//! eight threads ask for "low" at once     encode("low") runs once
//! cache.stats()                           Stats { hits: 7, misses: 1, ids: 3 }
//! ```
//!
//! - The place must outlive the lock of the map: what can be cloned out of a map, so that many own it?
//! - A miss is a call of `encode`; who waits for another thread's call has a hit. `ids` counts the ids held.
//! - `encode` may ask the cache for another word. (For the same word it would wait for itself: `get_or_init`
//!   inside of its own function is a deadlock.)
//! - If `encode` panics, the place stays empty, and the next thread that asks encodes. A place that is made of a
//!   `Mutex` would be poisoned instead.
//! - A call takes the lock of the map once, or twice on a miss.
//!
//! For a value that the whole program needs, `static MODEL: OnceLock<Model>` does the same, and `LazyLock` knows
//! its function besides.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

use rust_for_ai::check::locks::Mutex;
use rust_for_ai::sharing::parts::{Encode, SharedCache, Stats};

// A type of your own, if you want one.

/// A token cache for many threads that encodes each word once.
#[derive(Debug, Default)]
pub struct OnceCache {
    // Your fields.
}

impl OnceCache {
    /// A cache without words.
    pub fn new() -> Self {
        todo!("sharing.once_lock")
    }
}

impl SharedCache for OnceCache {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        todo!("sharing.once_lock")
    }

    fn stats(&self) -> Stats {
        todo!("sharing.once_lock")
    }
}
