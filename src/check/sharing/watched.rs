//! loom's atomics, which write down what each thread did.
//!
//! loom says *that* an interleaving breaks an assertion; which one it was takes a log of its own scheduler to
//! find out. A learner should read it in the verdict: so each access is performed by loom and then noted, with
//! its thread, its ordering and its result. All threads of a model run on one thread of the system, so the notes
//! are in the order of the execution, and a thread-local is enough.
//!
//! One thing is stricter than in loom: the first `compare_exchange_weak` on each atomic that could succeed fails, as
//! the function may. On x86 it never does, so that only this tells an answer that counts on it.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::Ordering;

use ::loom::sync::atomic as modelled;
use ::loom::thread::{ThreadId, current};

/// What an access did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    Read(u64),
    Wrote(u64),
    /// Read the first and stored the second, in one step.
    Changed(u64, u64),
    Fence,
}

/// One access of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The thread's name in the scenario.
    pub(super) thread: char,
    /// The type of the atomic.
    pub(super) atomic: &'static str,
    /// Which atomic it is.
    pub(super) place: usize,
    /// The call and its result.
    pub(super) text: String,
    pub(super) effect: Effect,
    pub(super) order: Ordering,
}

#[derive(Default)]
struct Notes {
    names: Vec<(ThreadId, char)>,
    steps: Vec<Step>,
}

thread_local! {
    static NOTES: RefCell<Notes> = RefCell::default();
}

/// Forgets what was noted: a new execution begins.
pub(super) fn begin() {
    NOTES.with_borrow_mut(|notes| *notes = Notes::default());
}

/// Gives the thread of the model that calls this a name.
pub(super) fn enter(name: char) {
    let id = current().id();
    NOTES.with_borrow_mut(|notes| notes.names.push((id, name)));
}

/// What was noted since [`begin`].
pub(super) fn steps() -> Vec<Step> {
    NOTES.with_borrow(|notes| notes.steps.clone())
}

fn note(atomic: &'static str, place: usize, text: String, effect: Effect, order: Ordering) {
    let id = current().id();
    NOTES.with_borrow_mut(|notes| {
        let name = notes.names.iter().rev().find(|(known, _)| *known == id);
        let thread = name.map_or('?', |&(_, name)| name);
        notes.steps.push(Step { thread, atomic, place, text, effect, order });
    });
}

/// As `std::sync::atomic::fence`.
pub fn fence(order: Ordering) {
    modelled::fence(order);
    note("fence", 0, format!("({order:?})"), Effect::Fence, order);
}

macro_rules! watched {
    ($name:ident, $int:ty) => {
        #[doc = concat!("As `std::sync::atomic::", stringify!($name), "`, inside of a model.")]
        pub struct $name {
            atomic: modelled::$name,
            /// Whether a weak exchange has failed for no reason already.
            failed: std::sync::atomic::AtomicBool,
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.atomic.fmt(f)
            }
        }

        impl $name {
            /// An atomic with this value.
            pub fn new(value: $int) -> Self {
                Self { atomic: modelled::$name::new(value), failed: false.into() }
            }

            fn note(&self, text: String, effect: Effect, order: Ordering) {
                note(stringify!($name), std::ptr::from_ref(self).addr(), text, effect, order);
            }

            fn changed(&self, call: &str, before: $int, after: $int, order: Ordering) -> $int {
                let effect = Effect::Changed(before.into(), after.into());
                self.note(format!(".{call}, {order:?}) = {before}"), effect, order);
                before
            }

            /// As in the standard library.
            pub fn load(&self, order: Ordering) -> $int {
                let value = self.atomic.load(order);
                self.note(format!(".load({order:?}) = {value}"), Effect::Read(value.into()), order);
                value
            }

            /// As in the standard library.
            pub fn store(&self, value: $int, order: Ordering) {
                self.atomic.store(value, order);
                self.note(
                    format!(".store({value}, {order:?})"),
                    Effect::Wrote(value.into()),
                    order,
                );
            }

            /// As in the standard library.
            pub fn swap(&self, value: $int, order: Ordering) -> $int {
                let before = self.atomic.swap(value, order);
                self.changed(&format!("swap({value}"), before, value, order)
            }

            /// As in the standard library.
            ///
            /// loom takes one that changes nothing for a store, which may then seem to come after a later one; a
            /// loop of exchanges says the same and is modelled as it is.
            pub fn fetch_max(&self, value: $int, order: Ordering) -> $int {
                let load = match order {
                    Ordering::Relaxed | Ordering::Release => Ordering::Relaxed,
                    _ => Ordering::Acquire,
                };
                let mut now = self.atomic.load(load);
                while now < value {
                    match self.atomic.compare_exchange(now, value, order, load) {
                        Ok(_) => {
                            return self.changed(&format!("fetch_max({value}"), now, value, order);
                        }
                        Err(other) => now = other,
                    }
                }
                let text = format!(".fetch_max({value}, {order:?}) = {now}");
                self.note(text, Effect::Read(now.into()), order);
                now
            }

            /// As in the standard library.
            pub fn fetch_or(&self, value: $int, order: Ordering) -> $int {
                let before = self.atomic.fetch_or(value, order);
                self.changed(&format!("fetch_or({value}"), before, before | value, order)
            }

            /// As in the standard library.
            pub fn fetch_add(&self, value: $int, order: Ordering) -> $int {
                let before = self.atomic.fetch_add(value, order);
                self.changed(
                    &format!("fetch_add({value}"),
                    before,
                    before.wrapping_add(value),
                    order,
                )
            }

            /// As in the standard library.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            pub fn compare_exchange(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                let result = self.atomic.compare_exchange(current, new, success, failure);
                let (effect, order) = match result {
                    Ok(before) => (Effect::Changed(before.into(), new.into()), success),
                    Err(value) => (Effect::Read(value.into()), failure),
                };
                let call = format!(".compare_exchange({current}, {new}, {success:?}, {failure:?})");
                self.note(format!("{call} = {result:?}"), effect, order);
                result
            }

            /// As in the standard library: it may fail though the value is `current`, and does so once.
            ///
            /// # Errors
            ///
            /// The value.
            pub fn compare_exchange_weak(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                if !self.failed.swap(true, Ordering::Relaxed) {
                    let value = self.atomic.load(failure);
                    let call = format!(".compare_exchange_weak({current}, {new}, …)");
                    let effect = Effect::Read(value.into());
                    self.note(format!("{call} = Err({value})"), effect, failure);
                    return Err(value);
                }
                self.compare_exchange(current, new, success, failure)
            }

            /// As in the standard library.
            ///
            /// # Errors
            ///
            /// The value, if `update` gives `None`.
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($int) -> Option<$int>,
            ) -> Result<$int, $int> {
                let mut value = self.load(fetch);
                while let Some(next) = update(value) {
                    match self.compare_exchange(value, next, set, fetch) {
                        Ok(before) => return Ok(before),
                        Err(now) => value = now,
                    }
                }
                Err(value)
            }
        }
    };
}

watched!(AtomicU8, u8);
watched!(AtomicU64, u64);
