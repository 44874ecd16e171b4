//! Stage `frames.scan`: say how a corpus is read, and read nothing yet.
//!
//! A corpus comes as a file of rows. To read it whole before the first question takes as much memory as the
//! file has bytes, and more. A `LazyFrame` is a plan of what is to be done; `collect` carries it out, and reads only
//! what the whole plan needs. So the first stage gives back a plan.
//!
//! ```text
//! language    article    text               columns are separated by tabs, the first line names them
//! nan         29         人人对社会有责任      "nan" is a language: Min Nan
//! eng         29         so "free"          a quotation mark is a letter, also at the start of a field
//! deu                    Alle …             an empty field is a null
//! ```
//!
//! - `language` and `text` are of type `String`, `article` is a `UInt32`. That is fixed here, and not guessed from the
//!   first rows: a corpus of codes begins with a hundred numbers and then has `x7`.
//! - Nothing but an empty field is a null; not `nan`, not `NA`, not `null`.
//! - A row without a language or without a text is of no use, and left out. A row without an article stays.
//! - An article that is no number is an `Err` of `collect`, not a null, also where the row would be left out: what is broken
//!   is not lost in silence.
//! - The result is a plan: no row was read.
//!
//! The path as Polars wants it: `PlRefPath::try_from_path(path)?`.

use std::path::Path;

use polars::prelude::*;

/// The plan to read the corpus at `path`.
pub fn scan(path: &Path) -> PolarsResult<LazyFrame> {
    // BEGIN SOLUTION
    let schema = Schema::from_iter([
        Field::new("language".into(), DataType::String),
        Field::new("article".into(), DataType::UInt32),
        Field::new("text".into(), DataType::String),
    ]);
    let rows = LazyCsvReader::new(PlRefPath::try_from_path(path)?)
        .with_separator(b'\t')
        .with_quote_char(None)
        .with_schema(Some(Arc::new(schema)))
        .finish()?;
    Ok(rows.filter(col("language").is_not_null().and(col("text").is_not_null())))
    // END SOLUTION
}
