//! The seams between the parts of a token cache: what the answers of chapter `sharing` meet at.
//!
//! A cache holds the ids of words that were encoded before. It does not know the tokenizer: who asks for a
//! word brings a function that encodes it, and the cache calls that when it has to. So a cache can stand in
//! front of any tokenizer, and a check can put one in front of a function that counts its calls, asks the
//! cache for another word, or panics.
//!
//! ```text
//! cache.ids("low", encode)   a miss: calls encode("low"), and keeps what it gives
//! cache.ids("low", encode)   a hit: encode is not called
//! ```

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// What encodes a word: text in, token ids out.
pub type Encode<'a> = dyn Fn(&str) -> Vec<u32> + 'a;

/// The cache is lent to somebody who looks at it, and cannot change now.
///
/// ```
/// use rust_for_ai::sharing::parts::Busy;
/// assert_eq!(Busy.to_string(), "the cache is being visited and cannot change");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cache is being visited and cannot change")
    }
}

impl std::error::Error for Busy {}

/// What a cache was asked, and what it holds.
///
/// ```
/// use rust_for_ai::sharing::parts::Stats;
/// let stats = Stats { hits: 3, misses: 1, ids: 2 };
/// assert_eq!(stats.to_string(), "3 hits, 1 misses, 2 ids held");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// How many words were there when they were asked for.
    pub hits: u64,
    /// How many were not, and had to be encoded.
    pub misses: u64,
    /// How many ids all words have together that the cache holds.
    pub ids: usize,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hits, misses, ids } = self;
        write!(f, "{hits} hits, {misses} misses, {ids} ids held")
    }
}

/// Counts what a cache is asked, behind a shared reference: stage `sharing.cell`.
pub trait Meter {
    /// Counts a hit.
    fn hit(&self);

    /// Counts a miss, and remembers the word as the last one that was missing.
    fn miss(&self, word: &str);

    /// How many hits and misses there were since [`Meter::restart`].
    fn counts(&self) -> (u64, u64);

    /// A copy of the last word that was missing; it stays remembered.
    fn last_missing(&self) -> Option<String>;

    /// Gives what [`Meter::counts`] would give, and counts from 0 again. The word stays remembered.
    fn restart(&self) -> (u64, u64);
}

/// A token cache for one thread: stage `sharing.refcell_cache`.
pub trait LocalCache {
    /// The ids of a word, by `encode` if they are not there.
    ///
    /// # Errors
    ///
    /// The word is not there, and the cache is being visited.
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Result<Rc<[u32]>, Busy>;

    /// Lends each word and its ids to `look`, in the order of the words.
    fn visit(&self, look: &mut dyn FnMut(&str, &[u32]));

    /// Forgets all words.
    ///
    /// # Errors
    ///
    /// The cache is being visited.
    fn clear(&self) -> Result<(), Busy>;

    /// How many hits and misses there were. A call that is refused counts as neither.
    fn counts(&self) -> (u64, u64);
}

/// A token cache for many threads: stages `sharing.mutex_cache` and `sharing.once_lock`.
///
/// `Sync` is what lets threads hold a `&` of it at the same time. Whether a type is, the compiler finds out
/// from its fields.
///
/// ```
/// use rust_for_ai::sharing::parts::{Encode, SharedCache, Stats};
/// use std::sync::Arc;
///
/// /// Keeps nothing.
/// struct NoCache;
///
/// impl SharedCache for NoCache {
///     fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
///         encode(word).into()
///     }
///     fn stats(&self) -> Stats {
///         Stats::default()
///     }
/// }
///
/// let cache = NoCache;
/// let bytes = |word: &str| word.bytes().map(u32::from).collect();
/// std::thread::scope(|scope| {
///     scope.spawn(|| assert_eq!(*cache.ids("hi", &bytes), [104, 105]));
/// });
/// ```
pub trait SharedCache: Send + Sync {
    /// The ids of a word, by `encode` if they are not there.
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]>;

    /// What was asked of the cache, and what it holds.
    fn stats(&self) -> Stats;
}

/// How many tokens all workers have encoded: stage `sharing.poisoning`.
///
/// ```
/// use rust_for_ai::sharing::parts::Totals;
/// let totals = Totals { tokens: 12, by_worker: vec![5, 7] };
/// assert_eq!(totals.tokens, totals.by_worker.iter().sum());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// The sum of `by_worker`, whenever nobody holds the lock.
    pub tokens: u64,
    /// The tokens of each worker.
    pub by_worker: Vec<u64>,
}

/// A thread has panicked that held the totals: they may be half written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a thread has panicked that held the totals, which may be half written")
    }
}

impl std::error::Error for Broken {}
