//! A token cache for production: bounded in bytes, sharded, to stand in front of any encoder.
//!
//! A server encodes the same texts again and again: the system prompt, the documents of a retrieval, the turns of
//! a chat that grows. The cache keeps their ids. It is the chapter's [`SharedCache`](super::parts::SharedCache) of
//! shards, and three things more that a process needs that runs for weeks: a limit in bytes, a rule for what has
//! to go, and counters by which to see whether it pays at all.
//!
//! # The contract
//!
//! - **Right.** What is given for a text is what `encode` gave for that text, in this call or an earlier one. So one
//!   cache belongs to one encoder.
//! - **No lock is held while `encode` runs**, and never more than one. `encode` may ask the cache, also for the same
//!   text.
//! - **Two threads that miss the same text both encode it.** The first result stays and both get it, as the same
//!   `Arc`. (To let the second one wait would save work where encoding is slow, and would couple the threads:
//!   whoever waits, waits for a stranger's panic, too.)
//! - **A panic of `encode` goes to its caller** and leaves nothing behind: nothing is stored, and no lock is poisoned.
//!   An error of [`TokenCache::try_ids`] likewise.
//! - **Bounded.** The bytes of texts and ids, with [a share](self#memory) for what holds them, never exceed the limit,
//!   not for a moment. What callers still hold of forgotten ids is theirs.
//!
//! # Memory
//!
//! An entry counts with its text, 4 bytes an id, and 128 bytes for map, queue and allocations. The limit is split
//! evenly: a text that takes more than a shard's part is never held, and counted as refused.
//!
//! # What is deliberately absent
//!
//! No time to live: a tokenizer does not change its mind. No `async`: nothing here waits. No cache of *words* inside
//! of texts: our encodings take some fifty nanoseconds a word there, with a table of words of their own, and a
//! look-up here takes as long. It is whole texts that pay, if they come again (`bench/`, binary `sharing`, measures
//! it). A hit reads the whole text, to hash it and to compare it; hashing is most of that, and a hasher without
//! the standard library's protection against chosen keys is faster.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use super::shard::Shard;

/// What a cache was asked so far, and what it holds.
///
/// Added up shard by shard, so that under load the numbers are of slightly different moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls that found their text.
    pub hits: u64,
    /// Calls that did not, and encoded it.
    pub misses: u64,
    /// Texts that were forgotten to make room.
    pub evictions: u64,
    /// Texts that were too large to be held.
    pub refused: u64,
    /// Texts that are held.
    pub texts: usize,
    /// The bytes that they are counted with; at most the limit.
    pub bytes: usize,
}

impl Counts {
    /// The share of calls that found their text, between 0 and 1; 0 if there were none.
    ///
    /// ```
    /// use rust_for_ai::sharing::Counts;
    /// let counts = Counts { hits: 3, misses: 1, ..Counts::default() };
    /// assert_eq!(counts.hit_rate(), 0.75);
    /// ```
    pub fn hit_rate(&self) -> f64 {
        match self.hits + self.misses {
            0 => 0.0,
            calls => self.hits as f64 / calls as f64,
        }
    }
}

/// A cache of the ids of texts, for any number of threads.
///
/// ```
/// use rust_for_ai::sharing::TokenCache;
/// use std::sync::Arc;
///
/// let cache = TokenCache::new(1 << 20); // a mebibyte
/// let encode = |text: &str| text.bytes().map(u32::from).collect();
/// let first = cache.ids("You are a helpful assistant.", encode);
/// let again = cache.ids("You are a helpful assistant.", |_| unreachable!("it is held"));
/// assert!(Arc::ptr_eq(&first, &again));
/// assert_eq!((cache.counts().hits, cache.counts().misses), (1, 1));
/// ```
///
/// Threads share it by reference or in an `Arc`:
///
/// ```
/// # use rust_for_ai::sharing::TokenCache;
/// let cache = TokenCache::new(1 << 20);
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| cache.ids("low", |_| vec![108, 111, 119]));
///     }
/// });
/// assert_eq!(cache.counts().texts, 1);
/// ```
#[derive(Debug)]
pub struct TokenCache<S = RandomState> {
    shards: Box<[Mutex<Shard>]>,
    /// Of each shard.
    limit: usize,
    hasher: S,
}

impl TokenCache {
    /// A cache that takes no more than `bytes`, with four shards a processor.
    ///
    /// Hashes have a key of this process, so that nobody can send texts that all fall into one shard.
    pub fn new(bytes: usize) -> Self {
        let processors = available_parallelism().map_or(4, NonZeroUsize::get);
        let shards = NonZeroUsize::new(4 * processors).unwrap_or(NonZeroUsize::MIN);
        Self::with_hasher(bytes, shards, RandomState::new())
    }
}

impl<S: BuildHasher> TokenCache<S> {
    /// A cache of so many shards, with a hasher of your own.
    ///
    /// One shard makes evictions those of one queue, for tests. A hasher without a key is faster and trusts whoever
    /// sends texts.
    ///
    /// ```
    /// use rust_for_ai::sharing::TokenCache;
    /// use std::hash::RandomState;
    /// use std::num::NonZeroUsize;
    ///
    /// let cache = TokenCache::with_hasher(300, NonZeroUsize::MIN, RandomState::new());
    /// for text in ["one", "two", "three"] {
    ///     cache.ids(text, |_| vec![7]);
    /// }
    /// // Room for two texts of some 140 bytes.
    /// assert_eq!((cache.counts().texts, cache.counts().evictions), (2, 1));
    /// ```
    pub fn with_hasher(bytes: usize, shards: NonZeroUsize, hasher: S) -> Self {
        Self {
            shards: (0..shards.get()).map(|_| Mutex::default()).collect(),
            limit: bytes / shards,
            hasher,
        }
    }

    /// The ids of a text: those that are held, or what `encode` makes of it.
    pub fn ids(&self, text: &str, encode: impl FnOnce(&str) -> Vec<u32>) -> Arc<[u32]> {
        enum Never {}
        match self.try_ids(text, |text| Ok::<_, Never>(encode(text))) {
            Ok(ids) => ids,
            Err(never) => match never {},
        }
    }

    /// As [`TokenCache::ids`], for an encoder that may fail. A failure is not kept.
    ///
    /// # Errors
    ///
    /// What `encode` returns.
    ///
    /// ```
    /// use rust_for_ai::sharing::TokenCache;
    /// let cache = TokenCache::new(1 << 20);
    /// assert_eq!(cache.try_ids("low", |_| Err("no tokenizer yet")), Err("no tokenizer yet"));
    /// assert_eq!(cache.try_ids("low", |_| Ok::<_, ()>(vec![5])).as_deref(), Ok(&[5][..]));
    /// ```
    pub fn try_ids<E>(
        &self,
        text: &str,
        encode: impl FnOnce(&str) -> Result<Vec<u32>, E>,
    ) -> Result<Arc<[u32]>, E> {
        let hash = self.hasher.hash_one(text);
        if let Some(held) = self.shard(hash).find(hash, text) {
            return Ok(held);
        }
        let ids: Arc<[u32]> = encode(text)?.into();
        let stored = self.shard(hash).store(hash, text, ids, self.limit);
        // The guard is gone: what was forgotten is freed outside of the lock.
        drop(stored.gone);
        Ok(stored.ids)
    }

    /// Forgets all texts, and keeps the counts of calls. What other threads store meanwhile may stay.
    pub fn clear(&self) {
        for shard in &self.shards {
            let all = locked(shard).take();
            drop(all);
        }
    }

    /// What was asked so far, and what is held.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for shard in &self.shards {
            let shard = locked(shard);
            sum.hits += shard.hits;
            sum.misses += shard.misses;
            sum.evictions += shard.evictions;
            sum.refused += shard.refused;
            sum.texts += shard.len();
            sum.bytes += shard.bytes;
        }
        sum
    }

    /// The shard of a hash. A map takes the lowest and the highest bits, so the shard is chosen by those between.
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        locked(&self.shards[(hash >> 32) as usize % self.shards.len()])
    }
}

/// No code of a caller runs under a lock, so nothing panics there; if memory runs out, the process ends.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::shard::cost;
    use super::*;

    fn encode(text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    /// Eight threads ask for texts of a cache that holds some of them.
    fn crowd<S: BuildHasher + Sync>(cache: &TokenCache<S>, limit: usize) {
        const THREADS: u64 = 8;
        const CALLS: u64 = if cfg!(miri) { 40 } else { 3000 };
        let encoded = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (cache, encoded) = (&cache, &encoded);
                scope.spawn(move || {
                    for call in 0..CALLS {
                        // Each thread in an order of its own; small numbers often.
                        let number = call * (2 * thread + 1) % (1 + call * call % 400);
                        let text = "ab".repeat(1 + number as usize % 40) + &number.to_string();
                        let ids = cache.ids(&text, |text| {
                            encoded.fetch_add(1, Ordering::Relaxed);
                            encode(text)
                        });
                        assert_eq!(*ids, *encode(&text));
                        if call % 500 == 0 {
                            assert!(cache.counts().bytes <= limit);
                        }
                    }
                });
            }
        });
        let counts = cache.counts();
        assert_eq!(counts.hits + counts.misses, THREADS * CALLS);
        assert_eq!(counts.misses, encoded.into_inner());
        assert!(counts.bytes <= limit && counts.hits > 0, "{counts:?}");
    }

    #[test]
    fn eight_threads_get_what_the_encoder_gives_within_the_limit() {
        for limit in [0, 2_000, 30_000, 1 << 20] {
            let cache = TokenCache::new(limit);
            if limit == 0 {
                assert_eq!(*cache.ids("low", encode), *encode("low"));
                assert_eq!((cache.counts().refused, cache.counts().texts), (1, 0));
                continue;
            }
            let shards = NonZeroUsize::new(3).expect("3 is not 0");
            crowd(&TokenCache::with_hasher(limit, shards, RandomState::new()), limit);
        }
    }

    /// Gives every text the same hash.
    #[derive(Default)]
    struct Same;

    impl Hasher for Same {
        fn finish(&self) -> u64 {
            7
        }
        fn write(&mut self, _: &[u8]) {}
    }

    #[test]
    fn where_all_hashes_are_equal_answers_are_still_right() {
        let hasher = BuildHasherDefault::<Same>::default();
        let cache = TokenCache::with_hasher(10_000, NonZeroUsize::MIN, hasher);
        crowd(&cache, 10_000);
        assert_eq!(cache.counts().texts, 1);
    }

    #[test]
    fn what_is_asked_for_often_survives_a_flood() {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let cache = TokenCache::with_hasher(5_000, NonZeroUsize::MIN, hasher);
        let prompt = "You are a helpful assistant.";
        for number in 0..1000 {
            cache.ids(prompt, encode);
            cache.ids(&format!("a text that is asked for once: {number}"), encode);
        }
        let counts = cache.counts();
        assert_eq!((counts.hits, counts.misses), (999, 1001));
        cache.clear();
        assert_eq!((cache.counts().texts, cache.counts().bytes, cache.counts().hits), (0, 0, 999));
    }

    #[test]
    fn an_encoder_that_asks_the_cache_or_panics_harms_nobody() {
        let cache = TokenCache::new(1 << 20);
        let outer = cache.ids("low", |text| {
            // Somebody else is faster.
            cache.ids(text, |_| vec![1]);
            vec![2]
        });
        assert_eq!(*outer, [1]);
        let panics = || cache.ids("lower", |_| resume_unwind(Box::new("no such word")));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(*cache.ids("lower", |_| vec![3]), [3]);
        let counts = cache.counts();
        assert_eq!((counts.hits, counts.misses, counts.texts), (0, 4, 2));
        assert_eq!(counts.bytes, cost("low", &[1]) + cost("lower", &[3]));
    }
}
