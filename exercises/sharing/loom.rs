//! Stage `sharing.loom`: publish a value once, without a lock, and have every interleaving tried.
//!
//! A vocabulary is loaded by whichever thread needs it first, and read by all others ever after. `OnceLock`
//! does that. Here is the inside of it, in small: a number that is set once.
//!
//! ```text
//! let slot = Slot::new();
//! slot.get()        None
//! slot.try_set(7)   true     this thread has set it
//! slot.try_set(8)   false    another call had it already, and its 7 stays
//! slot.get()        Some(7)
//! ```
//!
//! The slot is two atomics, since a number and the fact that it is there do not fit into one: `value`, and
//! `state`, which goes from `EMPTY` over `WRITING` to `READY` and never back.
//!
//! * `try_set`: of all threads that try, exactly one wins, whatever their timing. A thread that loses does not
//!   wait and changes nothing; it returns `false`, even while the winner is still writing.
//! * `get`: `None`, or the winner's number, never one that is half set. Once it was `Some`, it stays.
//!
//! A test that starts threads will pass with a wrong answer, perhaps for years: some faults need two threads to
//! meet within nanoseconds, and some no x86 processor ever shows, since it keeps more order than your program
//! was promised. (The compiler may still change it.) So this stage is *model-checked*: loom runs short scripts
//! of two or three threads, in every order of their steps, and lets each load return every value that the
//! memory model allows. An order of memory (`Ordering`) is part of the answer:
//!
//! ```text
//! Relaxed   this access is atomic, and says nothing of any other
//! Release   (a store) whoever acquires what I store here sees all that I wrote before it
//! Acquire   (a load) if what I read was stored with `Release`, I see all that was written before it
//! ```
//!
//! Use the atomics of `super::sync`: those of `std` are invisible to loom. No lock, and no loop that waits.
//! What loom does not try: `SeqCst` counts as `AcqRel`, and a store never runs ahead of an earlier load.
//!
//! This stage is not part of `cargo test`: `cargo lab check sharing.loom` builds it with `--cfg loom`, into
//! `target/loom`.

use super::sync::{AtomicU8, AtomicU64, Ordering};

/// Nobody has set the value.
const EMPTY: u8 = 0;
/// Somebody sets it now.
const WRITING: u8 = 1;
/// It is there to be read.
const READY: u8 = 2;

/// A number that is set once, by any thread, and then read by all.
#[derive(Debug)]
pub struct Slot {
    state: AtomicU8,
    value: AtomicU64,
}

impl Slot {
    /// A slot that nobody has set.
    #[expect(clippy::new_without_default, reason = "a learner has one thing less to read")]
    pub fn new() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: AtomicU64::new(0) }
    }

    /// Sets the value; `false`, and nothing changed, if another call has done it or is about to.
    pub fn try_set(&self, value: u64) -> bool {
        todo!("sharing.loom")
    }

    /// The value, once it is there.
    pub fn get(&self) -> Option<u64> {
        todo!("sharing.loom")
    }
}
