//! Your answers: a module a chapter, a file a stage.
//!
//! Open a file, read the task at its top, replace `todo!(…)`, save, and grade it: in the chapter's
//! notebook, with `cargo lab check`, or with `cargo test`. `exercises/README.md` says more.

#[cfg(feature = "bpe")]
pub mod bpe;
#[cfg(feature = "frames")]
pub mod frames;
#[cfg(feature = "llama")]
pub mod llama;
#[cfg(feature = "ownership")]
pub mod ownership;
#[cfg(feature = "parallel")]
pub mod parallel;
#[cfg(feature = "real_tokenizers")]
pub mod real_tokenizers;
#[cfg(feature = "sharing")]
pub mod sharing;
