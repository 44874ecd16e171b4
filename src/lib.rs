//! Rust for AI: learn to build AI infrastructure in Rust, by building it.
//!
//! This crate is the production side of the workbook, and what grades it:
//!
//! * [`bpe`]: a byte-pair-encoding tokenizer, what the chapter `bpe` leads to;
//! * [`llama`]: quantized Llama models on the CPU, what the chapter `llama` leads to;
//! * [`sharing`]: a token cache for many threads, what the chapter `sharing` leads to;
//! * `frames`, with the feature of that name: corpora as lazy frames, what the chapter `frames` leads to;
//! * [`check`]: a check for each stage, called alike by `cargo test`, a notebook cell and the
//!   command line;
//! * [`predict`]: what becomes of a short program, seen by compiling and running it;
//! * [`course`]: the syllabus, as tables;
//! * [`notebook`]: the pictures that notebook cells draw;
//! * [`interview`]: questions of interviews, with answers that were tested.
//!
//! The learner's answers live in the crate `exercises`, the reference answers in `solutions`. This
//! crate sees neither, so a broken answer never breaks it.
//!
//! Start with `cargo lab` in the project's folder, or read `README.md`.

#[cfg(any(feature = "bpe", feature = "encodings"))]
pub mod bpe;
pub mod check;
pub mod course;
#[cfg(feature = "frames")]
pub mod frames;
mod html;
pub mod interview;
#[cfg(feature = "llama")]
pub mod llama;
pub mod notebook;
#[cfg(any(feature = "ownership", feature = "sharing", feature = "parallel"))]
pub mod predict;
#[cfg(feature = "sharing")]
pub mod sharing;
mod witness;
