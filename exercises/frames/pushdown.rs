//! Stage `frames.pushdown`: let the reader of the file do the work.
//!
//! A Parquet file keeps each column apart, with the least and the greatest value of every block. So whoever needs three
//! columns of six reads three, and whoever wants one language skips the blocks that cannot have it; if the plan says so at
//! its scan. Polars takes filters and columns down there by itself ("pushdown"), as far as it can prove that nothing
//! changes. Your plan decides how far that is. `explain(true)` shows it:
//!
//! ```text
//! Parquet SCAN [corpus.parquet]
//! PROJECT 3/6 COLUMNS                     three of the six columns are read
//! SELECTION: col("language") == "nan"     rows of other languages are never made
//! ROW_INDEX: row                          counted by the reader itself, before it leaves out rows
//! ```
//!
//! The file has the columns `language`, `article` (u32), `text`, `title`, `address` and `licence`. Wanted are the texts of
//! one language that have at least so many tokens, in the order of the file:
//!
//! - `row` (u32): the number of the row in the file, from 0, so that the text can be found again; `article`; and
//!   `tokens` (u64), what `count` says.
//! - The scan of the optimized plan reads three columns, and selects the language by a comparison that can be read
//!   there: a closure of your own hides what it compares.
//! - `count` is costly. It is called for the texts of the language, for each of them once, and for no other; and not
//!   before the plan is carried out. A condition that calls `count` is a condition like any other: it, too, may be taken
//!   down to the scan, where all conditions look at all rows.
//! - A null is no text, never given to `count`, and left out.

use std::path::Path;

use polars::prelude::*;
use rust_for_ai::frames::Count;

/// Row, article and tokens of the texts of `language` in the Parquet file at `path` that have `at_least` so many tokens.
pub fn long_texts(
    path: &Path,
    language: &str,
    at_least: u64,
    count: Count,
) -> PolarsResult<LazyFrame> {
    todo!("frames.pushdown")
}
