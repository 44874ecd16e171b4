//! Stage `sharing.cell`: count behind a shared reference.
//!
//! A cache is asked by many parts of a program, so each of them has a `&` of it, and `&` lets nobody change
//! anything. Still a cache wants to count how often it was of use. That is what a `Cell` is for: a place whose
//! content is replaced through `&`. It is safe for one reason. A `Cell` never lends what is in it: a value goes
//! in or comes out as a whole, so nobody can look at it while it changes. And it costs nothing: a `Cell<u64>`
//! is eight bytes, and `set` is a store.
//!
//! Write a meter with it:
//!
//! ```text
//! meter.hit(); meter.miss("low"); meter.miss("er");
//! meter.counts()         (1, 2)        hits, misses
//! meter.last_missing()   Some("er")    a copy; ask again and it is still there
//! meter.restart()        (1, 2)        what was counted; from now on the counts begin at 0
//! meter.counts()         (0, 0)
//! meter.last_missing()   Some("er")    a restart forgets counts only
//! ```
//!
//! A number is `Copy`, so `get` gives a copy of it. A `String` is not: what is in a `Cell<Option<String>>` can
//! only be taken out or replaced, and who looks at it has to put it back.
//!
//! The methods take `&self`. A `Cell` is for one thread: two threads with a `&Cell` could store at the same
//! time, so the compiler does not let the second one have it.

use std::cell::Cell;

use rust_for_ai::sharing::parts;

/// Counts what a cache is asked.
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "a `Cell` shows only what is `Copy`")]
pub struct Meter {
    // BEGIN SOLUTION
    hits: Cell<u64>,
    misses: Cell<u64>,
    last: Cell<Option<String>>,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}

impl Meter {
    /// A meter that has counted nothing.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self::default()
        // END SOLUTION
    }
}

impl parts::Meter for Meter {
    fn hit(&self) {
        // BEGIN SOLUTION
        self.hits.set(self.hits.get() + 1);
        // END SOLUTION
    }

    fn miss(&self, word: &str) {
        // BEGIN SOLUTION
        self.misses.set(self.misses.get() + 1);
        self.last.set(Some(word.to_owned()));
        // END SOLUTION
    }

    fn counts(&self) -> (u64, u64) {
        // BEGIN SOLUTION
        (self.hits.get(), self.misses.get())
        // END SOLUTION
    }

    fn last_missing(&self) -> Option<String> {
        // BEGIN SOLUTION
        let last = self.last.take();
        self.last.set(last.clone());
        last
        // END SOLUTION
    }

    fn restart(&self) -> (u64, u64) {
        // BEGIN SOLUTION
        (self.hits.take(), self.misses.take())
        // END SOLUTION
    }
}
