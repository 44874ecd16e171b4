//! Stage `frames.dedup`: leave out what was there already, or nearly.
//!
//! A crawl has the same page many times: as it is, in capital letters, with another date. A model learns such text by
//! heart, and a test text that stands in the corpus tests nothing. To compare all pairs of a million texts takes
//! 500,000,000,000 comparisons. MinHash finds the few pairs that are worth one.
//!
//! [`signature`] is 64 numbers of a text. A shingle is five characters in a row of the text in lower case; a text of
//! fewer characters is a single shingle, and the empty text has none:
//!
//! ```text
//! "Be free"   shingles "be fr" "e fre" " free"
//! number n    the least of hash(n, shingle) over all shingles; u64::MAX without any
//! ```
//!
//! Two texts have an equal number at a place about as often as their shingles are shared (their Jaccard similarity). Cut
//! the 64 into sixteen bands of four: texts of a similarity of 0.8 have an equal band in 99.98 of 100 cases, texts of
//! 0.2 in 2 or 3. So texts are put into buckets, one for each band, and only those that share a bucket are compared.
//!
//! [`dedup`] leaves out a row
//!
//! - that has the same `text` as a row before it: `similar` is never asked about two equal texts; or
//! - for which `similar` gives `threshold` or more with a row before it *that stays*. An equal band is a reason to ask,
//!   not an answer: `similar` decides. It is costly, and asked about few pairs, of texts as they stand in
//!   the rows: on average at most ten for each row.
//!
//! The rows that stay keep their order and their columns. No `text` is null. The rows may come in parts, such as of two
//! files; a filter that judges each row by itself is taken down into each part, and this one must not be.
//!
//! The result is a plan, and what the caller adds to it comes after. `LazyFrame::map` takes a function from frame to
//! frame into a plan; its second argument says what the optimizer may take below it. Think of `dedup(…).filter(…)`: which
//! row is the first one, when the filter comes first? And of `dedup(…).select([col("language")])`.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;
use rust_for_ai::frames::{Similar, hash};

/// The MinHash signature of a text.
pub fn signature(text: &str) -> [u64; 64] {
    todo!("frames.dedup")
}

/// The rows without those whose `text` stands in a row before, or is similar to one that stays.
pub fn dedup(rows: LazyFrame, similar: Similar, threshold: f64) -> LazyFrame {
    todo!("frames.dedup")
}
