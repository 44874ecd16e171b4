//! Chapter `frames`: corpora as lazy frames, with Polars.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "frames",
    title: "A corpus as a lazy frame: Polars",
    ends_with: "a corpus is read lazily, freed of its duplicates and measured with your tokenizer; `cargo lab tokenize` \
         turns one of any size into Parquet",
    notebook: "notebooks/rust/70_frames.ipynb",
    stages: &[&SCAN],
};

/// A plan instead of rows.
pub const SCAN: Stage = Stage {
    id: "frames.scan",
    title: "say how a corpus is read, and read nothing yet",
    rust: "a `LazyFrame` is a plan, a value like any other: each call takes it and gives a longer one",
    ai: "types and nulls are decided once, where a corpus comes in; what is guessed from the first rows fails at row two million",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "`LazyCsvReader` describes how a file is read and `finish` gives the plan; each rule of the task is one call on \
         one of the two",
        "on the reader: `with_separator`, `with_quote_char(None)`, and `with_schema` with a schema of the three columns, \
         so that nothing is guessed. On the frame: `filter` with `is_not_null` of two columns",
        "let schema = Schema::from_iter([Field::new(\"language\".into(), DataType::String), /* two more */]);\n\
         LazyCsvReader::new(PlRefPath::try_from_path(path)?)\n    .with_separator(b'\\t')\n    // no quotes, this schema\n    \
         .finish()?\n    .filter(/* language and text are there */)",
    ],
    reading: &[
        Reading {
            title: "Polars user guide: the lazy API",
            at: "https://docs.pola.rs/user-guide/concepts/lazy-api/",
        },
        Reading {
            title: "polars::prelude::LazyCsvReader",
            at: "https://docs.rs/polars/latest/polars/prelude/struct.LazyCsvReader.html",
        },
        Reading {
            title: "pandas.read_csv: what it takes for missing, `nan` among it",
            at: "https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html",
        },
    ],
    questions: &[
        "What is the difference between a lazy and an eager data frame?",
        "What goes wrong when the types of a CSV file are inferred?",
        "When is an empty field a null, and when is it an empty text?",
    ],
    solved: &[],
};
