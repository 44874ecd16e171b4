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
    // Your fields.
}

// Another type, if you want one.

impl ShardedCache {
    /// A cache without words, in this many shards; the number is not 0.
    pub fn new(shards: usize) -> Self {
        todo!("sharing.sharded")
    }

    // A method of your own, if you want one.
}

impl SharedCache for ShardedCache {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        todo!("sharing.sharded")
    }

    fn stats(&self) -> Stats {
        todo!("sharing.sharded")
    }
}
