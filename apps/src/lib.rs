//! Programs that people run, each in a module: the chat. The binaries are one call each.

pub mod chat;
#[cfg(feature = "mine")]
pub mod mine;
