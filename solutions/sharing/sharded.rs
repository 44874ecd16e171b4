//! Stage `sharing.sharded`: split the cache into shards, each behind a lock of its own.
//!
//! One lock for the whole cache is taken for every word of every thread. Each holds it for a moment, and yet they
//! queue, and two cores hand the lock's cache line to and fro. The cure is not a cleverer lock but more of them:
//! a *shard* is a small cache with its lock, and the word itself says which shard it lives in, by its hash. Two
//! threads meet only if their words are in the same shard. Databases and caches that serve threads are built like
//! that.
//!
//! ```text
//! let cache = ShardedCache::new(4);
//! cache.ids("low", &encode)   a miss: takes the lock of one shard, gives it back, encodes, takes it again, stores
//! cache.ids("low", &encode)   a hit: takes one lock once, that of the same shard
//! cache.stats()               asks the shards, one after the other
//! ```
//!
//! - What a caller sees is what `mutex_cache` gives: hits, misses, first result wins.
//! - There are as many locks as shards, and a word is always looked for in the shard where it was stored.
//! - Any words spread over all shards, also if they are of one length and begin alike, and also if the number of
//!   shards is not a power of two. (Of 64 words a shard, no shard gets fewer than 24 or more than 128.)
//! - No thread ever holds two of the locks. So `stats` is no snapshot: while it adds up, other threads go on. It is
//!   exact when nobody else is in the cache.
//!
//! A hash is had from `std::hash`: a `BuildHasher` has `hash_one(word)`. The standard library's `RandomState` gives
//! each instance a key of its own, so that nobody can send words that all fall into one shard; keep one and use
//! it for every call.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError};

use rust_for_ai::check::locks::{Mutex, MutexGuard};
use rust_for_ai::sharing::parts::{Encode, SharedCache, Stats};

/// A token cache for many threads, which wait for each other only where their words share a shard.
#[derive(Debug)]
pub struct ShardedCache {
    // BEGIN SOLUTION
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}

// BEGIN SOLUTION
/// A small cache.
#[derive(Debug, Default)]
struct Shard {
    words: HashMap<String, Arc<[u32]>>,
    stats: Stats,
}
// BEGIN STUB
// // Another type, if you want one.
// END SOLUTION

impl ShardedCache {
    /// A cache without words, in this many shards; the number is not 0.
    pub fn new(shards: usize) -> Self {
        // BEGIN SOLUTION
        let shards = (0..shards).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new() }
        // END SOLUTION
    }

    // BEGIN SOLUTION
    /// The shard of a word. Nothing panics while its lock is held, so a poisoned one is none.
    fn shard(&self, word: &str) -> MutexGuard<'_, Shard> {
        let number = self.hasher.hash_one(word) % self.shards.len() as u64;
        self.shards[number as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
    // BEGIN STUB
    // // A method of your own, if you want one.
    // END SOLUTION
}

impl SharedCache for ShardedCache {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        // BEGIN SOLUTION
        {
            let mut shard = self.shard(word);
            if let Some(ids) = shard.words.get(word).cloned() {
                shard.stats.hits += 1;
                return ids;
            }
        }
        let ids: Arc<[u32]> = encode(word).into();
        let mut shard = self.shard(word);
        shard.stats.misses += 1;
        if let Some(first) = shard.words.get(word) {
            return Arc::clone(first);
        }
        shard.stats.ids += ids.len();
        shard.words.insert(word.to_owned(), Arc::clone(&ids));
        ids
        // END SOLUTION
    }

    fn stats(&self) -> Stats {
        // BEGIN SOLUTION
        let mut sum = Stats::default();
        for shard in &self.shards {
            let Stats { hits, misses, ids } =
                shard.lock().unwrap_or_else(PoisonError::into_inner).stats;
            sum.hits += hits;
            sum.misses += misses;
            sum.ids += ids;
        }
        sum
        // END SOLUTION
    }
}
