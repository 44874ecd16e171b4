//! Check `frames.scan`: a file of rows is read lazily, with the types and nulls that the stage fixes.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;

use super::files::TempFile;
use super::seen::Seen;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::frames::SCAN;

type Answer = dyn Fn(&Path) -> PolarsResult<LazyFrame>;

/// Grades a function from a path to the plan to read it.
pub fn scan(answer: impl Fn(&Path) -> PolarsResult<LazyFrame> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &SCAN,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, lines: &Vec<&str>| {
            let file = TempFile::new(text(lines).as_bytes(), "tsv")
                .map_err(|error| format!("the check could not write its file: {error}"))?;
            Ok(Seen::of(&answer(file.path()).map_err(|error| error.to_string())?))
        },
        call: |lines| format!("scan(/* a file with the lines */ {:?})", text(lines)),
        show: |seen| match seen {
            Ok(seen) => seen.show(),
            Err(error) => format!("Err({error})"),
        },
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(cases())
}

const HEAD: &str = "language\tarticle\ttext";

/// The file's text.
fn text(lines: &[&str]) -> String {
    let all = [&[HEAD], lines].concat();
    all.iter().map(|line| format!("{line}\n")).collect()
}

const ROWS: &str = "a row of the file is a row of the frame, with the types that the stage fixes";
const LAZY: &str = "the result is a plan: rows are read when it is carried out, and no sooner";
const TYPES: &str =
    "types are fixed and not guessed: a language may look like a number, and is a text";
const NULLS: &str = "an empty field is a null, and nothing else is: `nan` is Min Nan, a language";
const LEFT_OUT: &str =
    "a row without a language or a text is left out, one without an article stays";
const QUOTES: &str = "a quotation mark is a letter, wherever it stands";
const BROKEN: &str = "an article that is no number is an `Err` of `collect`; a null would hide it";

/// What a right answer makes of the lines, by plain cutting.
fn expected(lines: &[&str]) -> Seen {
    let mut rows = Ok(Vec::new());
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let (language, article, text) = (fields[0], fields[1], fields[2]);
        if !article.is_empty() && article.parse::<u32>().is_err() {
            rows = Err(());
        }
        if let Ok(rows) = &mut rows
            && !language.is_empty()
            && !text.is_empty()
        {
            let article = if article.is_empty() { "null" } else { article };
            rows.push(format!("{language:?} | {article} | {text:?}"));
        }
    }
    let columns = ["language: str", "article: u32", "text: str"].map(str::to_owned).to_vec();
    Seen { reads: true, columns, rows }
}

fn cases() -> impl Iterator<Item = Case<Vec<&'static str>, Result<Seen, String>>> {
    let list: [(&[&str], &str); 14] = [
        (&["eng\t1\tfree"], ROWS),
        (&["eng\t1\tfree", "deu\t1\tfrei"], ROWS),
        (&[], LAZY),
        (&["eng\t1\t1948"], TYPES),
        (&["7\t1\tfree"], TYPES),
        (&["nan\t1\tfree"], NULLS),
        (&["eng\t1\tNA", "eng\t2\tnull"], NULLS),
        (&["eng\t\tfree"], LEFT_OUT),
        (&["eng\t1\t"], LEFT_OUT),
        (&["\t1\tfree", "deu\t\tfrei"], LEFT_OUT),
        (&["eng\t1\tso \"free\""], QUOTES),
        (&["eng\t1\t\"free\" men", "eng\t2\tand \"equal"], QUOTES),
        (&["eng\tone\tfree"], BROKEN),
        (&["eng\t1\tfree", "\tone\t"], BROKEN),
    ];
    list.into_iter().map(|(lines, why)| Case {
        input: lines.to_vec(),
        expected: Ok(expected(lines)),
        why,
    })
}

/// What an answer with one flaw does otherwise.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    Eager,
    Commas,
    Infers,
    NanIsNull,
    NaIsNull,
    EmptyText,
    KeepsRows,
    DropsAnyNull,
    Quotes,
    IgnoresErrors,
    CastsLate,
    Defaults,
}

fn flawed(flaw: Flaw, path: &Path) -> PolarsResult<LazyFrame> {
    let is = |other| flaw == other;
    let reader = LazyCsvReader::new(PlRefPath::try_from_path(path)?);
    if is(Flaw::Defaults) {
        return reader.finish();
    }
    let schema = Schema::from_iter([
        Field::new("language".into(), DataType::String),
        Field::new("article".into(), DataType::UInt32),
        Field::new("text".into(), DataType::String),
    ]);
    let nulls: &[&str] = match flaw {
        Flaw::NanIsNull => &["nan"],
        Flaw::NaIsNull => &["NA", "null"],
        _ => &[],
    };
    let nulls: Vec<PlSmallStr> = nulls.iter().map(|word| PlSmallStr::from_str(word)).collect();
    let nulls = (!nulls.is_empty()).then_some(NullValues::AllColumns(nulls));
    let rows = reader
        .with_separator(if is(Flaw::Commas) { b',' } else { b'\t' })
        .with_quote_char(is(Flaw::Quotes).then_some(b'"'))
        .with_schema((!is(Flaw::Infers) && !is(Flaw::CastsLate)).then(|| Arc::new(schema)))
        .with_infer_schema_length(Some(if is(Flaw::CastsLate) { 0 } else { 100 }))
        .with_null_values(nulls)
        .with_missing_is_null(!is(Flaw::EmptyText))
        .with_ignore_errors(is(Flaw::IgnoresErrors))
        .finish()?;
    let rows = match flaw {
        Flaw::KeepsRows => rows,
        Flaw::CastsLate => rows
            .with_column(col("article").strict_cast(DataType::UInt32))
            .drop_nulls(Some(cols(["language", "text"]))),
        Flaw::DropsAnyNull => rows.drop_nulls(None),
        _ => rows.filter(col("language").is_not_null().and(col("text").is_not_null())),
    };
    Ok(if is(Flaw::Eager) { rows.collect()?.lazy() } else { rows })
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong { id: $id, belief: $belief, answer: &|path| flawed(Flaw::$flaw, path) }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "eager", Eager, "you read all rows and then called `lazy`; so the memory is spent before the first question. Return \
        what `finish` gives, without `collect`";
    "commas", Commas, "you left the separator a comma; here it is a tab, `b'\\t'`";
    "infers", Infers, "you let the types be guessed from the first rows; say them with `with_schema`";
    "nan_is_null", NanIsNull, "you took `nan` for a missing value, as pandas does; here it is a language";
    "na_is_null", NaIsNull, "you took `NA` or `null` for a missing value; only an empty field is one";
    "empty_text", EmptyText, "you made an empty field an empty text; a null says that nothing was there, and can be \
        left out";
    "keeps_rows", KeepsRows, "you kept rows without a language or a text";
    "drops_any_null", DropsAnyNull, "you left out every row with a null; one without an article is still a text";
    "quotes", Quotes, "you left the quotation mark a quote, which is the default: a field that begins with one then \
        swallows tabs and lines. `with_quote_char(None)`";
    "ignores_errors", IgnoresErrors, "you ignore what cannot be read, and so it becomes a null that nobody sees";
    "casts_late", CastsLate, "you read texts and made numbers of them afterwards; the optimizer leaves rows out first, so what \
        is broken in them is not seen. `with_schema`";
    "defaults", Defaults, "you left the reader its defaults: a comma, quotes, and types that are guessed";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
