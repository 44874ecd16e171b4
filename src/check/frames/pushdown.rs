//! Check `frames.pushdown`: rows, the scan of the optimized plan, and which texts the tokenizer was given.

use std::path::Path;
use std::sync::{Arc, Mutex};

use polars::prelude::*;

use super::declaration::{Row, declaration};
use super::files::TempFile;
use super::seen::{first_line, rows};
use super::tokenizers::{Tokenizer, expression};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::frames::PUSHDOWN;
use crate::frames::Count;

type Answer = dyn Fn(&Path, &str, u64, Count) -> PolarsResult<LazyFrame>;

/// Grades a function from a Parquet file, a language, a least number of tokens and a tokenizer to a plan.
pub fn pushdown(
    answer: impl Fn(&Path, &str, u64, Count) -> PolarsResult<LazyFrame> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &PUSHDOWN,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, given: &Given| given.run(answer).map_err(|error| first_line(&error)),
        call: Given::call,
        show: |seen| match seen {
            Ok(seen) => seen.show(),
            Err(error) => format!("Err({error})"),
        },
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(cases())
}

/// An input.
struct Given {
    rows: Vec<Row>,
    language: &'static str,
    at_least: u64,
    tokenizer: Tokenizer,
}

impl Given {
    fn call(&self) -> String {
        let Self { rows, language, at_least, tokenizer } = self;
        let rows = match rows.len() {
            0..=20 => format!("{rows:?}"),
            _ => "data/declaration.tsv".to_owned(),
        };
        let tokenizer = tokenizer.name();
        format!(
            "long_texts(/* a file with the rows */ {rows}, {language:?}, {at_least}, {tokenizer})"
        )
    }

    /// The file's bytes.
    fn parquet(&self) -> PolarsResult<Vec<u8>> {
        let rows = &self.rows;
        let texts = |of: fn(&Row) -> Option<&'static str>| rows.iter().map(of).collect::<Vec<_>>();
        let mut frame = df![
            "language" => texts(|row| Some(row.language)),
            "article" => rows.iter().map(|row| row.article).collect::<Vec<u32>>(),
            "text" => texts(|row| row.text),
            "title" => texts(|_| Some("Universal Declaration of Human Rights")),
            "address" => texts(|_| Some("https://www.ohchr.org")),
            "licence" => texts(|_| Some("MIT")),
        ]?;
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes)
            .with_compression(ParquetCompression::Uncompressed)
            .finish(&mut frame)?;
        Ok(bytes)
    }

    fn run(&self, answer: &Answer) -> PolarsResult<Seen> {
        let file = TempFile::new(&self.parquet()?, "parquet")?;
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (count, writes) = (self.tokenizer.count(), Arc::clone(&log));
        let noted = move |text: &str| {
            if let Ok(mut log) = writes.lock() {
                log.push(text.to_owned());
            }
            count(text)
        };
        let take = || log.lock().map(|mut log| std::mem::take(&mut *log)).unwrap_or_default();
        let plan = answer(file.path(), self.language, self.at_least, Arc::new(noted))?;
        let scan = Scan::of(&plan.explain(true)?);
        let early = !take().is_empty();
        let frame = plan.collect()?;
        let columns = frame.schema().iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        Ok(Seen { scan, columns, rows: rows(&frame)?, counted: self.counted(early, take()) })
    }

    /// Which texts the tokenizer was given.
    fn counted(&self, early: bool, mut given: Vec<String>) -> Counted {
        let of = |own: bool| {
            self.rows
                .iter()
                .filter(move |row| (row.language == self.language) == own)
                .filter_map(|row| row.text)
        };
        let mut wanted: Vec<&str> = of(true).collect();
        wanted.sort_unstable();
        given.sort_unstable();
        if early {
            Counted::BeforeCollect
        } else if given == wanted {
            Counted::Wanted
        } else if of(false).any(|text| given.binary_search_by(|at| at.as_str().cmp(text)).is_ok()) {
            Counted::OtherLanguages
        } else if given.len() > wanted.len() {
            Counted::Again
        } else {
            Counted::NotAll
        }
    }
}

/// The scan of an optimized plan.
#[derive(PartialEq)]
enum Scan {
    /// There is none: the rows are in memory.
    None,
    File {
        /// How many columns are read, as the plan writes it: "3/6".
        columns: String,
        selection: Selection,
    },
}

/// What a scan is told of rows.
#[derive(PartialEq, Clone, Copy)]
enum Selection {
    None,
    /// Compares the language, and calls no function.
    Language,
    /// Calls a function of the answer's.
    Opaque,
    Other,
}

impl Scan {
    fn of(plan: &str) -> Self {
        if !plan.contains("Parquet SCAN") {
            return Self::None;
        }
        let line = |name: &str| plan.lines().find_map(|line| line.trim().strip_prefix(name));
        let columns = line("PROJECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let selection = match line("SELECTION:") {
            None => Selection::None,
            Some(text) if text.contains(".map") => Selection::Opaque,
            Some(text) if text.contains("col(\"language\")") => Selection::Language,
            Some(_) => Selection::Other,
        };
        Self::File { columns: columns.to_owned(), selection }
    }

    fn show(&self) -> String {
        let Self::File { columns, selection } = self else {
            return "no scan: the file was read already".to_owned();
        };
        let selection = match selection {
            Selection::None => "no selection",
            Selection::Language => "selects by comparing `language`",
            Selection::Opaque => "selects by a closure",
            Selection::Other => "selects by something else than `language`",
        };
        format!("the scan reads {columns} columns, {selection}")
    }
}

/// Which texts the tokenizer was given.
#[derive(PartialEq, Clone, Copy)]
enum Counted {
    Wanted,
    BeforeCollect,
    OtherLanguages,
    Again,
    NotAll,
}

/// What is seen of an answer.
#[derive(PartialEq)]
struct Seen {
    scan: Scan,
    columns: Vec<String>,
    rows: Vec<String>,
    counted: Counted,
}

impl Seen {
    fn show(&self) -> String {
        let counted = match self.counted {
            Counted::Wanted => "each text of the language, once",
            Counted::BeforeCollect => "texts before `collect`",
            Counted::OtherLanguages => "texts of other languages",
            Counted::Again => "texts more than once",
            Counted::NotAll => "not each text of the language",
        };
        let mut lines: Vec<String> = self.rows.iter().take(8).cloned().collect();
        if self.rows.is_empty() {
            lines.push("no row".to_owned());
        } else if self.rows.len() > lines.len() {
            lines.push(format!("and {} rows more", self.rows.len() - lines.len()));
        }
        let (scan, columns) = (self.scan.show(), self.columns.join(", "));
        format!("{scan}\n`count` is given {counted}\n{columns}\n{}", lines.join("\n"))
    }
}

/// What a right answer makes of the rows, by plain looking.
fn expected(given: &Given) -> Seen {
    let count = given.tokenizer.count();
    let mut rows = Vec::new();
    for (at, row) in given.rows.iter().enumerate() {
        if row.language == given.language
            && let Some(text) = row.text
        {
            let tokens = count(text) as u64;
            if tokens >= given.at_least {
                rows.push(format!("{at} | {} | {tokens}", row.article));
            }
        }
    }
    let columns = ["row: u32", "article: u32", "tokens: u64"].map(str::to_owned).to_vec();
    let scan = Scan::File { columns: "3/6".to_owned(), selection: Selection::Language };
    Seen { scan, columns, rows, counted: Counted::Wanted }
}

const SCAN: &str = "the scan reads the three columns that are needed and compares the language; `count` is called when the \
     plan runs, and once a text";
const LEAST: &str = "at least: the bound itself is enough";
const ROW: &str = "`row` counts all rows of the file, also those that are left out";
const COUNT: &str = "`count` is called for the texts of the language, and for no other";
const ORDER: &str = "the order is the file's";
const NULL: &str = "a null is no text: not given to `count`, and left out";
const CORPUS: &str = "the Declaration of Human Rights in 56 languages, with GPT-4's tokenizer";

fn cases() -> impl Iterator<Item = Case<Given, Result<Seen, String>>> {
    type Line = (&'static str, u32, Option<&'static str>);
    let list: [(&[Line], u64, &'static str); 8] = [
        (&[("eng", 1, Some("be free"))], 1, SCAN),
        (&[], 1, SCAN),
        (&[("eng", 1, Some("be free"))], 2, LEAST),
        (&[("eng", 1, Some("be free"))], 3, LEAST),
        (&[("deu", 1, Some("frei")), ("eng", 1, Some("be free"))], 1, ROW),
        (
            &[
                ("deu", 1, Some("alle Menschen sind frei")),
                ("eng", 7, Some("be free")),
                ("eng", 8, Some("born")),
            ],
            2,
            COUNT,
        ),
        (
            &[
                ("eng", 2, Some("a b")),
                ("eng", 3, Some("a b c d")),
                ("deu", 1, Some("x")),
                ("eng", 1, Some("a b c")),
            ],
            2,
            ORDER,
        ),
        (&[("eng", 1, None), ("eng", 2, Some("born"))], 0, NULL),
    ];
    let small = list.into_iter().map(|(lines, at_least, why)| {
        let row = |&(language, article, text): &Line| Row { language, article, text };
        let rows = lines.iter().map(row).collect();
        (Given { rows, language: "eng", at_least, tokenizer: Tokenizer::Words }, why)
    });
    let corpus = std::iter::once_with(|| {
        let rows = declaration();
        (Given { rows, language: "nan", at_least: 200, tokenizer: Tokenizer::Cl100k }, CORPUS)
    });
    let case = |(given, why)| Case { expected: Ok(expected(&given)), input: given, why };
    small.chain(corpus).map(case)
}

/// What an answer with one flaw does otherwise.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    CollectsFirst,
    OneFilter,
    Closure,
    FrameMap,
    AllColumns,
    IndexLate,
    IndexAbove,
    IndexFromOne,
    MoreThan,
    NullIsEmpty,
}

fn flawed(
    flaw: Flaw,
    path: &Path,
    language: &str,
    at_least: u64,
    count: Count,
) -> PolarsResult<LazyFrame> {
    let is = |other| flaw == other;
    let texts = if is(Flaw::NullIsEmpty) { col("text").fill_null(lit("")) } else { col("text") };
    let tokens = expression(texts, count);
    let enough = match flaw {
        Flaw::MoreThan => Expr::gt,
        _ => Expr::gt_eq,
    };
    let wanted = language.to_owned();
    let own = col("language").eq(lit(wanted.clone()));
    let own = match flaw {
        Flaw::Closure => col("language").map(
            move |languages| {
                let own = languages.str()?.iter().map(|language| language.map(|at| at == wanted));
                let own = own.collect::<BooleanChunked>();
                Ok(own.with_name(languages.name().clone()).into_column())
            },
            |_, language| Ok(Field::new(language.name().clone(), DataType::Boolean)),
        ),
        Flaw::OneFilter => own.and(enough(tokens.clone(), lit(at_least))),
        _ => own,
    };
    let file = PlRefPath::try_from_path(path)?;
    let rows = LazyFrame::scan_parquet(file, ScanArgsParquet::default())?;
    let rows = if is(Flaw::CollectsFirst) { rows.collect()?.lazy() } else { rows };
    let rows = match flaw {
        Flaw::IndexLate => rows.filter(own).with_row_index("row", None),
        Flaw::IndexAbove => rows
            .select([col("language"), col("article"), col("text")])
            .with_row_index("row", None)
            .filter(own),
        Flaw::FrameMap => {
            let (wanted, all) = (language.to_owned(), AllowedOptimizations::default());
            let all = all & !AllowedOptimizations::PROJECTION_PUSHDOWN;
            let keep = move |rows: DataFrame| {
                let own = rows.column("language")?.str()?.equal(wanted.as_str());
                rows.filter(&own)
            };
            rows.with_row_index("row", None).map(keep, all, None, None)
        }
        _ => {
            let from = if is(Flaw::IndexFromOne) { 1 } else { 0 };
            rows.with_row_index("row", Some(from)).filter(own)
        }
    };
    let tokens = tokens.alias("tokens");
    let rows = match flaw {
        Flaw::AllColumns => rows.with_column(tokens),
        _ => rows.select([col("row"), col("article"), tokens]),
    };
    Ok(rows.filter(enough(col("tokens"), lit(at_least))))
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong {
            id: $id,
            belief: $belief,
            answer: &|path, language, least, count| flawed(Flaw::$flaw, path, language, least, count),
        }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "collects_first", CollectsFirst, "you read the file with `collect` and then filtered; so all columns of all rows are read \
        before the first condition";
    "one_filter", OneFilter, "you called `count` in a filter; the optimizer takes that down to the scan, where it is called for \
        every row. Compute the column first, and filter on it";
    "closure", Closure, "you compared the language in a closure; nobody sees into it, so no block of the file can be skipped. \
        `col(\"language\").eq(lit(…))`";
    "frame_map", FrameMap, "you filtered in `LazyFrame::map`; it takes whole frames, and nothing is taken below it";
    "all_columns", AllColumns, "you gave back all columns, so all are read; `select` those that are wanted";
    "index_late", IndexLate, "you numbered the rows that the filter left; a row's number is its place in the file, so it is \
        taken before";
    "index_above", IndexAbove, "you numbered the rows above a `select`; then rows are counted outside of the reader, and no filter \
        may be taken below that. Call `with_row_index` on the scan itself";
    "index_from_one", IndexFromOne, "you numbered the rows from 1; the first is 0";
    "more_than", MoreThan, "you asked for more than the bound; at least is `gt_eq`";
    "null_is_empty", NullIsEmpty, "you gave `count` an empty text where there is none";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
