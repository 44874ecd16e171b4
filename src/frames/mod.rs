//! Corpora to token ids: text in NDJSON, CSV or Parquet becomes a folder of Parquet files, in bounded memory.
//!
//! # The law
//!
//! The parts of the output, joined in their order, are the ids of the rows of the input, in their order: the same
//! bytes whatever the number of threads, and whether the run was stopped and gone on with or not. A row that has no
//! text to encode is in the list of bad rows instead, with its place and the reason.
//!
//! # The idea
//!
//! ```text
//! input ──► block of whole rows, some megabytes ──► texts or bad rows ──► ids ──► part-00000.parquet
//!           (one thread reads)                      (all threads)                 (one thread writes)
//! ```
//!
//! A block is a function of the input and of the place where it begins, and never of time or threads. So the journal,
//! which has the place after each part that is on the disk, is all that is needed to go on: whatever else is there is
//! written anew. A part is written beside its place, forced to the disk and renamed; then the journal is, in the same
//! way. One block is read and encoded while the one before is written, and no more than that is in memory.
//!
//! ```
//! use rust_for_ai::bpe::Encoding;
//! use rust_for_ai::frames::{Options, tokenize};
//!
//! let folder = std::env::temp_dir().join(format!("frames-doc-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! std::fs::write(folder.join("in.ndjson"), "{\"text\": \"Hello, world!\"}\n{\"text\": null}\n")?;
//!
//! let options = Options::default();
//! let report = tokenize(&folder.join("in.ndjson"), &folder.join("out"), &Encoding::cl100k(), &options, |_| {})?;
//! assert_eq!((report.rows, report.texts, report.tokens), (2, 1, 4));
//! assert_eq!(report.bad_rows(), 1); // out/_bad-00000.ndjson says which
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it stops
//!
//! Of Parquet, a row group is decoded as a whole, so the memory is bounded by the largest one: a file with a single
//! row group of ten gigabytes takes ten. The order of the input is the order of the output: nothing is shuffled. Special
//! tokens that stand in a text are ordinary text.
//!
//! `README.md` in this folder has the measurements.

mod error;
mod input;
mod journal;
mod near;
mod output;
mod read;
mod report;
mod tokenize;

pub use error::TokenizeError;
pub use input::Format;
pub use near::{Similar, hash};
pub use report::{BadKind, BadRow, Report};
pub use tokenize::{Layout, Options, Progress, parts, tokenize};

/// The version of Polars that this crate was built with, for notebook cells.
pub use polars;

/// What counts the tokens of a text: the seam between a tokenizer and an expression of Polars, which may call it on any
/// of its threads.
pub type Count = std::sync::Arc<dyn Fn(&str) -> usize + Send + Sync>;
