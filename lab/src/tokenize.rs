//! Build the pipeline from corpora to ids, and become it.
//!
//! It reads and writes Parquet with Polars, which takes minutes to compile; so it is built when somebody first wants
//! it. Grading chapter `frames` builds the same.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::launch::{Program, become_it};
use crate::place::Place;

/// The pipeline; `cargo lab setup --chapter frames` builds it, too.
pub(crate) const TOKENIZE: Program = Program {
    name: "tokenize",
    arguments: &["--profile", "frames", "--no-default-features"],
    since: "Polars, which reads and writes Parquet, is compiled for this machine",
};

/// What of the crate `apps` it is.
pub(crate) const FEATURE: &str = "tokenize";

/// Builds and runs it. Comes back only where a process cannot become another.
///
/// # Errors
///
/// cargo cannot build it, or the program cannot be started.
pub fn tokenize(place: &Place, options: &[OsString]) -> Result<bool> {
    become_it(Command::new(TOKENIZE.build(place, FEATURE)?).args(options))
}
