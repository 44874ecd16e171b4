//! Programs that people run, each in a module: the chat, and the pipeline from corpora to token ids. The binaries are
//! one call each.

#[cfg(feature = "chat")]
pub mod chat;
#[cfg(feature = "mine")]
pub mod mine;
#[cfg(feature = "tokenize")]
pub mod tokenize;
