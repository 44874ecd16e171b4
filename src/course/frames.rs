//! Chapter `frames`: corpora as lazy frames, with Polars.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "frames",
    title: "A corpus as a lazy frame: Polars",
    ends_with: "a corpus is read lazily, freed of its duplicates and measured with your tokenizer; `cargo lab tokenize` \
         turns one of any size into Parquet",
    notebook: "notebooks/rust/70_frames.ipynb",
    stages: &[&SCAN, &TOKENS_PER_BYTE, &PUSHDOWN, &DEDUP],
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

/// A closure as an expression.
pub const TOKENS_PER_BYTE: Stage = Stage {
    id: "frames.tokens_per_byte",
    title: "a tokenizer becomes an expression",
    rust: "an `Arc<dyn Fn + Send + Sync>` moves into a closure that outlives the call, and may run on any thread",
    ai: "what a language costs is tokens per byte: a ratio of sums, over a corpus whose sums do not fit into 32 bits",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "`Expr::map` makes an expression of a function from a column to a column; a second function says the type of \
         the result. The rest is a `group_by`, sums, one division and a `sort`",
        "in the closure: `texts.str()?.iter()` gives `Option<&str>`, and `collect::<UInt64Chunked>()` makes a column of \
         `Option<u64>`. Cast `str().len_bytes()` to `UInt64` before the sum; filter languages without bytes; cast one \
         side of the division to `Float64`",
        "let tokens = col(\"text\").map(\n    move |texts| {\n        let tokens = texts.str()?.iter().map(/* Option<&str> to \
         Option<u64> */);\n        Ok(tokens.collect::<UInt64Chunked>().with_name(texts.name().clone()).into_column())\n    \
         },\n    |_, text| Ok(Field::new(text.name().clone(), DataType::UInt64)),\n);\nrows.group_by([col(\"language\")])\n    \
         .agg([/* texts, bytes, tokens.sum() */])\n    // filter, with_column, sort by two columns",
    ],
    reading: &[
        Reading {
            title: "polars::prelude::Expr::map",
            at: "https://docs.rs/polars/latest/polars/prelude/enum.Expr.html#method.map",
        },
        Reading {
            title: "Polars user guide: aggregation",
            at: "https://docs.pola.rs/user-guide/expressions/aggregation/",
        },
        Reading {
            title: "Petrov and others: Language Model Tokenizers Introduce Unfairness Between Languages (2023)",
            at: "https://arxiv.org/abs/2305.15425",
        },
    ],
    questions: &[
        "Why does the same text cost more tokens in Amharic than in English?",
        "When is a mean of ratios the wrong number?",
        "What does a function of your own in a lazy plan cost, and what can the optimizer no longer do?",
    ],
    solved: &[],
};

/// What the optimizer may move, and what it cannot.
pub const PUSHDOWN: Stage = Stage {
    id: "frames.pushdown",
    title: "let the reader of the file do the work",
    rust: "a closure is opaque: the optimizer can move an expression that it can read, and may run yours where you did not think",
    ai: "of a corpus of a terabyte one language and three columns are read; and a costly tokenizer runs on what is left",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "`LazyFrame::scan_parquet` gives the plan. Write it, print `explain(true)`, and read what stands below `Parquet SCAN`. \
         What is numbered and what is counted has to stand at the right place; the rest finds its place by itself",
        "`with_row_index` directly on the scan, then the filter on the language, then a `select` that computes `tokens`, and \
         only then a filter on that column. Look at what becomes of the plan if that last filter calls the tokenizer itself",
        "LazyFrame::scan_parquet(PlRefPath::try_from_path(path)?, ScanArgsParquet::default())?\n    \
         .with_row_index(\"row\", None)\n    .filter(/* the language */)\n    .select([col(\"row\"), col(\"article\"), \
         /* tokens */])\n    .filter(/* enough of them */)",
    ],
    reading: &[
        Reading {
            title: "Polars user guide: what the optimizer does",
            at: "https://docs.pola.rs/user-guide/lazy/optimizations/",
        },
        Reading {
            title: "Polars user guide: query plans, and how to read them",
            at: "https://docs.pola.rs/user-guide/lazy/query-plan/",
        },
        Reading {
            title: "Apache Parquet: the file format, row groups and column chunks",
            at: "https://parquet.apache.org/docs/file-format/",
        },
    ],
    questions: &[
        "What are predicate and projection pushdown, and why does Parquet make them pay?",
        "Why must a row number be taken before a filter, and what does that do to pushdown?",
        "How would you see that a query reads more than it needs?",
    ],
    solved: &[],
};

/// Exact and near duplicates.
pub const DEDUP: Stage = Stage {
    id: "frames.dedup",
    title: "leave out what was there already, or nearly",
    rust: "a closure that a plan owns, `Send + Sync`, which borrows from the frame that it is given; and a `HashMap` with a key of \
         two parts",
    ai: "duplicates are learnt by heart and spoil tests; MinHash with bands finds the near ones without comparing all pairs",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "A signature is 64 least hashes, so it needs the shingles once and `hash` with each seed. `dedup` is one walk over \
         the texts, with a set of those seen and a map from a band to the texts that stay and have it",
        "`char`s of `to_lowercase()`, `windows(n)` with n from 1 to 5, `std::array::from_fn`. In the walk: an equal text goes; \
         else look up `(number of the band, its four numbers)`, ask `similar` about what is there, and if the text \
         stays, enter it. `DataFrame::filter` takes the mask, and `AllowedOptimizations::empty()` keeps the optimizer above",
        "let leave_out = move |rows: DataFrame| {\n    let mut seen = HashSet::new();\n    let mut buckets: \
         HashMap<(usize, Vec<u64>), Vec<&str>> = HashMap::new();\n    let mut stays = Vec::new();\n    for text in \
         rows.column(\"text\")?.str()?.iter().map(Option::unwrap_or_default) {\n        /* stays.push(…) */\n    }\n    \
         rows.filter(&BooleanChunked::from_slice(\"stays\".into(), &stays))\n};\nrows.map(leave_out, \
         AllowedOptimizations::empty(), None, Some(\"dedup\"))",
    ],
    reading: &[
        Reading {
            title: "C. Mou: Large-scale Near-deduplication Behind BigCode (2023)",
            at: "https://huggingface.co/blog/dedup",
        },
        Reading {
            title: "Lee and others: Deduplicating Training Data Makes Language Models Better (2021)",
            at: "https://arxiv.org/abs/2107.06499",
        },
        Reading {
            title: "polars::prelude::LazyFrame::map",
            at: "https://docs.rs/polars/latest/polars/prelude/struct.LazyFrame.html#method.map",
        },
    ],
    questions: &[
        "How do MinHash and bands find near duplicates among a billion texts, and what do they miss?",
        "Sixteen bands of four, or eight of eight: which pairs become candidates?",
        "Why may a filter not be taken below the removal of duplicates?",
    ],
    solved: &[],
};
