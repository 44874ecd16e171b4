//! The reference answers: one complete, idiomatic answer a stage, a module a chapter.
//!
//! Regions between `BEGIN SOLUTION` and `END SOLUTION` are taken out to make the files of the crate
//! `exercises`; `cargo lab dev stubs` does it.

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
