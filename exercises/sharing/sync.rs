//! The façade: where the chapter's atomics come from.
//!
//! Code that is to be model-checked must not name `std::sync::atomic`: it names this file, and a `--cfg` of the
//! compiler decides what stands behind it. In every normal build these are the standard library's types. Under
//! `--cfg loom` they are loom's, which hand each load and store to a scheduler that tries every order. A crate
//! of your own would say `pub use loom::sync::atomic::…` there; here loom's types are wrapped once more, so
//! that a verdict can show what each thread did.
//!
//! Nothing to write here.

#[cfg(loom)]
pub use rust_for_ai::check::sharing::watched::{AtomicU8, AtomicU64, fence};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU8, AtomicU64, fence};

pub use std::sync::atomic::Ordering;
