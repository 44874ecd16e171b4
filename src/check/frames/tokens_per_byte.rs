//! Check `frames.tokens_per_byte`: the sums of each language, with a tokenizer that writes down what it is given.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use polars::prelude::*;

use super::declaration::declaration;
use super::seen::{first_line, rows};
use super::tokenizers::Tokenizer;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::frames::TOKENS_PER_BYTE;
use crate::frames::Count;

type Answer = dyn Fn(LazyFrame, Count) -> LazyFrame;

/// Grades a function from rows and a tokenizer to the plan of how many tokens a byte of each language has.
pub fn tokens_per_byte(answer: impl Fn(LazyFrame, Count) -> LazyFrame + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &TOKENS_PER_BYTE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, given: &Given| given.run(answer).map_err(|error| first_line(&error)),
        call: Given::call,
        show: |seen| match seen {
            Ok(seen) => seen.show(),
            Err(error) => format!("Err({error})"),
        },
        diff: |_, expected, got| match (expected, got) {
            (Ok(expected), Ok(got)) => expected.diff(got),
            _ => Vec::new(),
        },
    };
    exam.sit(cases())
}

/// Language and text.
type Row = (&'static str, Option<&'static str>);

/// An input.
struct Given {
    rows: Vec<Row>,
    tokenizer: Tokenizer,
}

impl Given {
    fn call(&self) -> String {
        let rows = if self.rows.len() > 20 {
            "data/declaration.tsv".to_owned()
        } else {
            format!("{:?}", self.rows)
        };
        format!("tokens_per_byte(/* rows */ {rows}, {})", self.tokenizer.name())
    }

    fn run(&self, answer: &Answer) -> PolarsResult<Seen> {
        let (languages, texts): (Vec<&str>, Vec<Option<&str>>) = self.rows.iter().copied().unzip();
        let frame = df!["language" => languages, "text" => texts]?;
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (count, writes) = (self.tokenizer.count(), Arc::clone(&log));
        let noted = move |text: &str| {
            if let Ok(mut log) = writes.lock() {
                log.push(text.to_owned());
            }
            count(text)
        };
        let take = || log.lock().map(|mut log| std::mem::take(&mut *log)).unwrap_or_default();
        let plan = answer(frame.lazy(), Arc::new(noted));
        let columns = |schema: &Schema| {
            schema.iter().map(|(name, kind)| format!("{name}: {kind}")).collect::<Vec<String>>()
        };
        let declared = columns(&*plan.clone().collect_schema()?);
        let early = take().len();
        let frame = plan.collect()?;
        let mut counted = take();
        counted.sort_unstable();
        Ok(Seen { early, declared, columns: columns(frame.schema()), rows: rows(&frame)?, counted })
    }
}

/// What is seen of an answer.
#[derive(PartialEq)]
struct Seen {
    /// Calls of the tokenizer before `collect`.
    early: usize,
    /// Name and type of each column, as the plan has them.
    declared: Vec<String>,
    /// The same, as they came.
    columns: Vec<String>,
    rows: Vec<String>,
    /// What the tokenizer was given in the course of `collect`, sorted.
    counted: Vec<String>,
}

impl Seen {
    fn show(&self) -> String {
        let Self { early, declared, columns, rows, counted } = self;
        let early = match early {
            0 => String::new(),
            _ => format!("`count` called before `collect`, times: {early}\n"),
        };
        let columns = if columns == declared {
            columns.join(", ")
        } else {
            format!("{}; the plan had said {}", columns.join(", "), declared.join(", "))
        };
        let mut lines: Vec<String> = rows.iter().take(8).cloned().collect();
        if rows.len() > lines.len() {
            lines.push(format!("and {} rows more", rows.len() - lines.len()));
        }
        let counted = match counted.len() {
            0..6 => format!("{counted:?}"),
            n => format!("{n} texts"),
        };
        format!("{early}{columns}\n{}\n`count` was given {counted}", lines.join("\n"))
    }

    fn diff(&self, got: &Self) -> Vec<String> {
        let pairs = self.rows.iter().zip(&got.rows).enumerate();
        let first = pairs.filter(|(_, (expected, got))| expected != got).take(1);
        first.map(|(at, (expected, got))| format!("row {at}: {expected}, got {got}")).collect()
    }
}

/// What a right answer makes of the rows, by plain adding up.
fn expected(given: &Given) -> Seen {
    let count = given.tokenizer.count();
    let mut sums: BTreeMap<&str, (u32, u64, u64)> = BTreeMap::new();
    let mut counted = Vec::new();
    for &(language, text) in &given.rows {
        if let Some(text) = text {
            let (texts, bytes, tokens) = sums.entry(language).or_default();
            *texts += 1;
            *bytes += text.len() as u64;
            *tokens += count(text) as u64;
            counted.push(text.to_owned());
        }
    }
    counted.sort_unstable();
    let mut lines: Vec<(&str, u32, u64, u64, f64)> = sums
        .into_iter()
        .filter(|(_, (_, bytes, _))| *bytes > 0)
        .map(|(language, (texts, bytes, tokens))| {
            (language, texts, bytes, tokens, tokens as f64 / bytes as f64)
        })
        .collect();
    // Stable, and by language already.
    lines.sort_by(|a, b| b.4.partial_cmp(&a.4).unwrap_or(Ordering::Equal));
    let columns =
        ["language: str", "texts: u32", "bytes: u64", "tokens: u64", "tokens_per_byte: f64"];
    let columns: Vec<String> = columns.map(str::to_owned).to_vec();
    let rows = lines
        .iter()
        .map(|(language, texts, bytes, tokens, ratio)| {
            format!("{language:?} | {texts} | {bytes} | {tokens} | {ratio:.9}")
        })
        .collect();
    Seen { early: 0, declared: columns.clone(), columns, rows, counted }
}

const COLUMNS: &str = "a row a language, with the types that the stage fixes; the plan knows them before it is carried out, \
     and calls `count` then alone";
const SUMS: &str = "the ratio is that of the sums, so that each byte weighs the same";
const EACH: &str =
    "`count` is called once for each text, and a text that stands there twice is two texts";
const BYTES: &str = "bytes are counted, not characters";
const NULL: &str = "a null is no text: it is not counted, and not given to `count`";
const EMPTY: &str = "an empty text is a text";
const NO_BYTES: &str = "a language without a byte has no ratio, and is left out";
const ORDER: &str = "the most tokens per byte come first; `group_by` gives no order";
const TIES: &str = "where the ratios are equal, languages come in their order";
const FULL: &str = "sums of a corpus do not fit into 32 bits";
const CORPUS: &str = "the Declaration of Human Rights in 56 languages, with GPT-4's tokenizer";

fn cases() -> impl Iterator<Item = Case<Given, Result<Seen, String>>> {
    use Tokenizer::{Cl100k, Huge, Words};
    let list: [(&[Row], Tokenizer, &'static str); 11] = [
        (&[("eng", Some("be free"))], Words, COLUMNS),
        (&[], Words, COLUMNS),
        (&[("eng", Some("a")), ("eng", Some("all of us"))], Words, SUMS),
        (&[("eng", Some("free")), ("eng", Some("free"))], Words, EACH),
        (&[("nan", Some("自由"))], Words, BYTES),
        (&[("eng", Some("be free")), ("eng", None)], Words, NULL),
        (&[("eng", Some("be free")), ("eng", Some(""))], Words, EMPTY),
        (&[("eng", Some("be free")), ("deu", None), ("nan", Some(""))], Words, NO_BYTES),
        (
            &[("deu", Some("alle Menschen")), ("eng", Some("a b c")), ("fra", Some("être"))],
            Words,
            ORDER,
        ),
        (
            &[
                ("deu", Some("a b")),
                ("zul", Some("a b")),
                ("fra", Some("a b")),
                ("amh", Some("a b")),
                ("eng", Some("a b")),
            ],
            Words,
            TIES,
        ),
        (&[("eng", Some("a")), ("eng", Some("b")), ("deu", Some("c"))], Huge, FULL),
    ];
    let small = list.into_iter().map(|(rows, tokenizer, why)| (rows.to_vec(), tokenizer, why));
    let corpus = std::iter::once_with(|| {
        let rows = declaration().into_iter().map(|row| (row.language, row.text)).collect();
        (rows, Cl100k, CORPUS)
    });
    small.chain(corpus).map(|(rows, tokenizer, why)| {
        let given = Given { rows, tokenizer };
        Case { expected: Ok(expected(&given)), input: given, why }
    })
}

/// What an answer with one flaw does otherwise.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    Eager,
    MeanOfRatios,
    Characters,
    NullIsText,
    NullIsEmpty,
    Twice,
    Distinct,
    Integers,
    PerToken,
    Narrow,
    SumsNarrow,
    Undeclared,
    KeepsNan,
    Unsorted,
    FewestFirst,
    TiesAsTheyCome,
}

fn flawed(flaw: Flaw, rows: LazyFrame, count: Count) -> PolarsResult<LazyFrame> {
    let is = |other| flaw == other;
    let tokens = col("text").map(
        move |texts| {
            let count = |text: &str| count(text) as u64;
            let tokens = texts.str()?.iter().map(|text| match text {
                None if flaw == Flaw::NullIsEmpty => Some(count("")),
                text => text.map(count),
            });
            Ok(tokens.collect::<UInt64Chunked>().with_name(texts.name().clone()).into_column())
        },
        move |_, text| match flaw {
            Flaw::Undeclared => Ok(text.clone()),
            _ => Ok(Field::new(text.name().clone(), DataType::UInt64)),
        },
    );
    let (wide, narrow) = (DataType::UInt64, DataType::UInt32);
    let before =
        if is(Flaw::Narrow) || is(Flaw::SumsNarrow) { narrow.clone() } else { wide.clone() };
    let after = if is(Flaw::Narrow) { narrow } else { wide };
    let length = match flaw {
        Flaw::Characters => col("text").str().len_chars(),
        _ => col("text").str().len_bytes(),
    };
    let ratio = |tokens: &str, bytes: &str| match flaw {
        Flaw::Integers => col(tokens) / col(bytes),
        Flaw::PerToken => col(bytes).cast(DataType::Float64) / col(tokens),
        _ => col(tokens).cast(DataType::Float64) / col(bytes),
    };
    let rows =
        if is(Flaw::Distinct) { rows.unique_stable(None, UniqueKeepStrategy::First) } else { rows };
    let rows = if is(Flaw::Twice) { rows.filter(tokens.clone().is_not_null()) } else { rows };
    let tokens = if is(Flaw::Undeclared) { tokens } else { tokens.cast(before.clone()) };
    let rows = rows
        .with_columns([length.cast(before).alias("b"), tokens.alias("t")])
        .with_column(ratio("t", "b").alias("r"));
    let texts = if is(Flaw::NullIsText) { len() } else { col("text").count() };
    let rows = rows
        .group_by_stable([col("language")])
        .agg([
            texts.alias("texts"),
            col("b").sum().cast(after.clone()).alias("bytes"),
            col("t").sum().cast(after).alias("tokens"),
            col("r").mean().alias("tokens_per_byte"),
        ])
        .filter(col("bytes").gt(lit(if is(Flaw::KeepsNan) { -1 } else { 0 })));
    let rows = match flaw {
        Flaw::MeanOfRatios => rows,
        _ => rows.with_column(ratio("tokens", "bytes").alias("tokens_per_byte")),
    };
    let order = SortMultipleOptions::default()
        .with_maintain_order(true)
        .with_order_descending_multi([!is(Flaw::FewestFirst), false]);
    let rows = match flaw {
        Flaw::Unsorted => rows,
        Flaw::TiesAsTheyCome => {
            rows.sort(["tokens_per_byte"], order.with_order_descending_multi([true]))
        }
        _ => rows.sort(["tokens_per_byte", "language"], order),
    };
    Ok(if is(Flaw::Eager) { rows.collect()?.lazy() } else { rows })
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong {
            id: $id,
            belief: $belief,
            answer: &|rows, count| flawed(Flaw::$flaw, rows, count).expect("it collects"),
        }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "eager", Eager, "you carried the plan out and gave back its rows; return the plan, and `count` is called when it runs";
    "mean_of_ratios", MeanOfRatios, "you took the mean of the texts' ratios; so a text of one word weighs as much as a book";
    "characters", Characters, "you counted characters, `len_chars`; a tokenizer reads bytes, `len_bytes`";
    "null_is_text", NullIsText, "you counted rows, `len()`; `col(\"text\").count()` counts the texts that are there";
    "null_is_empty", NullIsEmpty, "you gave `count` an empty text where there is none; `None` stays `None`";
    "twice", Twice, "you let the tokenizer run twice, once to leave out nulls; `is_not_null` of the text tells them, too";
    "distinct", Distinct, "you counted equal texts once; taking duplicates out is another stage";
    "integers", Integers, "you divided integers by integers, which is Rust's division; cast one to `Float64`";
    "per_token", PerToken, "you divided bytes by tokens, which is the inverse";
    "narrow", Narrow, "you left sums in 32 bits; cast to `UInt64`, and before the sum";
    "sums_narrow", SumsNarrow, "you cast after the sum, when it is full already; cast before it";
    "undeclared", Undeclared, "you told the plan that the tokenizer gives the type that it takes; what you give `map` last \
        says the type of its result, `UInt64`";
    "keeps_nan", KeepsNan, "you kept languages without a byte; 0 / 0 is `NaN`, which sorts before every number here";
    "unsorted", Unsorted, "you left the languages in the order in which `group_by` gives them, which is any";
    "fewest_first", FewestFirst, "you sorted from the fewest to the most; `with_order_descending_multi`";
    "ties_as_they_come", TiesAsTheyCome, "you left equal ratios in any order; the second thing to sort by is `language`";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
