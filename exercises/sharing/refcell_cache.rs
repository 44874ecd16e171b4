//! Stage `sharing.refcell_cache`: keep the ids of words, and refuse rather than panic.
//!
//! A tokenizer sees the same words again and again. A cache in front of it keeps what was encoded:
//!
//! ```text
//! cache.ids("low", &encode)   a miss: calls encode("low"), keeps the ids
//! cache.ids("low", &encode)   a hit: encode is not called
//! cache.counts()              (1, 1)    hits, misses
//! ```
//!
//! It is asked through `&`, and a map has to be lent to be looked into, so a `Cell` does not do. A `RefCell`
//! lends: `borrow` to many, or `borrow_mut` to one. The rule is that of `&` and `&mut`, and it is kept while the
//! program runs: whoever breaks it panics. (`try_borrow` and `try_borrow_mut` give an error instead.)
//!
//! Who breaks it is a program that comes back to the cache while the cache is at work. There are two ways:
//!
//! - **`encode` asks the cache.** A tokenizer may encode "lower" by asking for "low" and "er". That must work,
//!   so nothing may be borrowed while `encode` runs. Mind the temporaries: in `match self.words.borrow().get(w)`
//!   the borrow lives until the `match` ends.
//! - **A visitor asks the cache.** `visit` lends each word and its ids to a function, in the order of the words,
//!   and copies none of them. While it does, the words must not change. A word that is there can still be asked
//!   for, and a visit inside of a visit is fine; a word that is not there, and `clear`, are refused with
//!   `Err(Busy)`. A refused call counts as neither hit nor miss.
//!
//! ```text
//! cache.visit(&mut |word, ids| {            the cache holds "low" alone
//!     cache.ids("low", &encode);            Ok([..])
//!     cache.ids("er", &encode);             Err(Busy)
//!     cache.clear();                        Err(Busy)
//! });
//! ```
//!
//! PyO3 guards every `#[pyclass]` that is not `frozen` in this way, across threads: a method that takes
//! `&mut self` while another one is at work raises `RuntimeError: Already borrowed`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use rust_for_ai::sharing::parts::{Busy, Encode, LocalCache};

/// A token cache for one thread.
#[derive(Debug, Default)]
pub struct TokenCache {
    // Your fields.
}

impl TokenCache {
    /// A cache without words.
    pub fn new() -> Self {
        todo!("sharing.refcell_cache")
    }
}

impl LocalCache for TokenCache {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Result<Rc<[u32]>, Busy> {
        todo!("sharing.refcell_cache")
    }

    fn visit(&self, look: &mut dyn FnMut(&str, &[u32])) {
        todo!("sharing.refcell_cache")
    }

    fn clear(&self) -> Result<(), Busy> {
        todo!("sharing.refcell_cache")
    }

    fn counts(&self) -> (u64, u64) {
        todo!("sharing.refcell_cache")
    }
}
