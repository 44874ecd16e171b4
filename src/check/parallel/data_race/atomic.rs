//! A count that is shared, and one with a rival in it.
//!
//! An answer is written against [`Atomic`], so that the check can put a rival's step between any two of the
//! answer's. A real `AtomicUsize` is an [`Atomic`], too: the notebook runs the same function on one, with real
//! threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::check::Told;

/// A number that threads share: the methods of [`AtomicUsize`], which is one, as is [`Rivalled`].
pub trait Atomic {
    /// Reads it.
    fn load(&self, order: Ordering) -> usize;
    /// Writes it, whatever it was.
    fn store(&self, value: usize, order: Ordering);
    /// Adds to it and gives what it was, in one step; wraps around.
    fn fetch_add(&self, value: usize, order: Ordering) -> usize;
    /// Takes from it and gives what it was, in one step; wraps around.
    fn fetch_sub(&self, value: usize, order: Ordering) -> usize;
    /// Writes `new` if it is `current`, in one step; gives what it was, as an error if it was something else.
    ///
    /// # Errors
    ///
    /// What it was, if that is not `current`.
    fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize>;
    /// As [`compare_exchange`](Self::compare_exchange), and it may also fail for no reason, which is cheaper on some
    /// processors.
    ///
    /// # Errors
    ///
    /// What it was; that may be `current`.
    fn compare_exchange_weak(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize>;
    /// Tries until what `update` makes of it could be written, or `update` gives `None`.
    ///
    /// # Errors
    ///
    /// What it was when `update` gave `None`.
    fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        mut update: impl FnMut(usize) -> Option<usize>,
    ) -> Result<usize, usize> {
        let mut seen = self.load(fetch);
        while let Some(new) = update(seen) {
            match self.compare_exchange_weak(seen, new, set, fetch) {
                Ok(seen) => return Ok(seen),
                Err(now) => seen = now,
            }
        }
        Err(seen)
    }
}

impl Atomic for AtomicUsize {
    fn load(&self, order: Ordering) -> usize {
        self.load(order)
    }

    fn store(&self, value: usize, order: Ordering) {
        self.store(value, order);
    }

    fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        self.fetch_add(value, order)
    }

    fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        self.fetch_sub(value, order)
    }

    fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        self.compare_exchange(current, new, success, failure)
    }

    fn compare_exchange_weak(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        self.compare_exchange_weak(current, new, success, failure)
    }
}

/// More steps than a call can need, with a rival that does two.
const STEPS: usize = 100;

/// What a rival does: before which step, counted from 1, and how many blocks it takes or gives back.
pub(super) type Rival = (usize, isize);

/// A count with a rival that acts between the steps of an answer.
#[derive(Debug)]
pub struct Rivalled {
    pub(super) free: Cell<isize>,
    steps: Cell<usize>,
    rivals: Vec<Rival>,
    /// What the rivals have changed so far.
    pub(super) theirs: Cell<isize>,
    /// The least that was ever free.
    pub(super) least: Cell<isize>,
    /// Whether the next weak exchange fails for no reason.
    weak_fails: Cell<bool>,
}

impl Rivalled {
    pub(super) fn new(free: usize, rivals: &[Rival]) -> Self {
        let free = free as isize;
        Self {
            free: Cell::new(free),
            steps: Cell::new(0),
            rivals: rivals.to_vec(),
            theirs: Cell::new(0),
            least: Cell::new(free),
            weak_fails: Cell::new(true),
        }
    }

    fn set(&self, free: isize) {
        self.free.set(free);
        self.least.set(self.least.get().min(free));
    }

    /// The rivals whose turn it is, then what is free.
    fn step(&self) -> isize {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            Told(format!("took {STEPS} steps without an end")).tell()
        }
        for (_, change) in self.rivals.iter().filter(|(before, _)| *before == self.steps.get()) {
            // A rival keeps the law: it takes what is there.
            if self.free.get() + change >= 0 {
                self.theirs.set(self.theirs.get() + change);
                self.set(self.free.get() + change);
            }
        }
        self.free.get()
    }
}

impl Atomic for Rivalled {
    fn load(&self, _: Ordering) -> usize {
        self.step().cast_unsigned()
    }

    fn store(&self, value: usize, _: Ordering) {
        self.step();
        self.set(value.cast_signed());
    }

    fn fetch_add(&self, value: usize, _: Ordering) -> usize {
        let was = self.step();
        self.set(was.wrapping_add_unsigned(value));
        was.cast_unsigned()
    }

    fn fetch_sub(&self, value: usize, _: Ordering) -> usize {
        let was = self.step();
        self.set(was.wrapping_sub_unsigned(value));
        was.cast_unsigned()
    }

    fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        _: Ordering,
        _: Ordering,
    ) -> Result<usize, usize> {
        let was = self.step().cast_unsigned();
        if was != current {
            return Err(was);
        }
        self.set(new.cast_signed());
        Ok(was)
    }

    fn compare_exchange_weak(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        if self.weak_fails.replace(false) {
            return Err(self.step().cast_unsigned());
        }
        self.compare_exchange(current, new, success, failure)
    }
}
