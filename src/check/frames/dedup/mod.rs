//! Check `frames.dedup`: signatures by a plain oracle, rows that stay, which pairs were compared, and precision and recall
//! on duplicates that were planted in a real corpus.

mod planted;
mod similar;
mod wrong;

use polars::prelude::*;

use self::planted::Planted;
use self::similar::{Compared, Scale};
use crate::check::exam::{Case, Exam, graded};
use crate::check::frames::seen::rows;
use crate::check::{Origin, Verdict};
use crate::course::frames::DEDUP;
use crate::frames::{Similar, hash};

type Signature = [u64; 64];

/// The two functions of the stage.
trait Answer {
    fn signature(&self, text: &str) -> Signature;
    fn dedup(&self, rows: LazyFrame, similar: Similar, threshold: f64) -> LazyFrame;
}

impl<S, D> Answer for (S, D)
where
    S: Fn(&str) -> Signature,
    D: Fn(LazyFrame, Similar, f64) -> LazyFrame,
{
    fn signature(&self, text: &str) -> Signature {
        self.0(text)
    }

    fn dedup(&self, rows: LazyFrame, similar: Similar, threshold: f64) -> LazyFrame {
        self.1(rows, similar, threshold)
    }
}

/// Grades a function from a text to its signature, and one from rows, a measure of likeness and a threshold to the plan
/// of the rows that stay.
pub fn dedup(
    signature: impl Fn(&str) -> Signature + 'static,
    dedup: impl Fn(LazyFrame, Similar, f64) -> LazyFrame + 'static,
) -> Verdict {
    let origin = Origin::of(&dedup);
    check(&(signature, dedup), origin)
}

fn check(answer: &(dyn Answer + 'static), origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &DEDUP,
        origin,
        answer,
        wrong: wrong::WRONG,
        run: |answer, asked: &Asked| asked.run(answer),
        call: Asked::call,
        show: Seen::show,
        diff: |_, expected, got| match (expected, got) {
            (Seen::Signature(expected), Seen::Signature(got)) => {
                let equal = expected.iter().zip(&**got).filter(|(expected, got)| expected == got);
                vec![format!("{} of 64 numbers are equal", equal.count())]
            }
            _ => Vec::new(),
        },
    };
    exam.sit(cases())
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(wrong::WRONG, |answer| check(answer, Origin::Elsewhere))
}

/// What is asked of an answer.
enum Asked {
    Signature(&'static str),
    Rows { texts: Vec<&'static str>, threshold: f64, then: Then },
    Planted(Planted),
}

/// What the caller adds to the plan.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    /// Leaves out row 0.
    Filter,
    /// Wants the column `row` alone.
    Select,
}

/// The threshold for the planted ones, and what is demanded there.
const THRESHOLD: f64 = 0.7;
const PRECISION: f64 = 0.98;
const RECALL: f64 = 0.95;

impl Asked {
    fn call(&self) -> String {
        match self {
            Self::Signature(text) => format!("signature({text:?})"),
            Self::Rows { texts, threshold, then } => {
                let then = match then {
                    Then::Nothing => "",
                    Then::Filter => ".filter(col(\"row\").gt(lit(0)))",
                    Then::Select => ".select([col(\"row\")])",
                };
                format!("dedup(/* rows with the texts */ {texts:?}, similar, {threshold:?}){then}")
            }
            Self::Planted(planted) => {
                format!("dedup(/* {planted} */, similar, {THRESHOLD:?})")
            }
        }
    }

    fn run(&self, answer: &dyn Answer) -> Seen {
        let carried_out = match self {
            Self::Signature(text) => return Seen::Signature(Box::new(answer.signature(text))),
            Self::Rows { texts, threshold, then } => carry_out(answer, texts, *threshold, *then)
                .map(|(frame, compared, _)| rows(&frame).map(|rows| Seen::Rows { rows, compared })),
            Self::Planted(planted) => {
                let texts: Vec<&str> = planted.texts.iter().map(String::as_str).collect();
                carry_out(answer, &texts, THRESHOLD, Then::Nothing).map(
                    |(frame, compared, count)| {
                        let kept =
                            frame.column("row")?.u32()?.iter().flatten().map(|row| row as usize);
                        let (precision, recall) = planted.precision_and_recall(kept);
                        Ok(Seen::Share { precision, recall, compared, count })
                    },
                )
            }
        };
        let seen = carried_out.and_then(|seen| seen);
        // The plan stands below the first line.
        let first = |error: PolarsError| error.to_string().lines().next().map(str::to_owned);
        seen.unwrap_or_else(|error| Seen::Err(first(error).unwrap_or_default()))
    }
}

/// The rows that stay, what was compared, and how many pairs.
fn carry_out(
    answer: &dyn Answer,
    texts: &[&str],
    threshold: f64,
    then: Then,
) -> PolarsResult<(DataFrame, Compared, usize)> {
    let numbers: Vec<u32> = (0..).take(texts.len()).collect();
    let frame = df!["row" => numbers, "text" => texts]?;
    let scale = Scale::of(texts);
    // In two parts, as of two files: what judges each row by itself is taken down into each.
    let middle = texts.len() / 2;
    let parts = [frame.slice(0, middle), frame.slice(middle as i64, texts.len() - middle)];
    let plan = concat(parts.map(IntoLazy::lazy), UnionArgs::default())?;
    let plan = answer.dedup(plan, scale.similar(), threshold);
    let early = scale.count() > 0;
    let plan = match then {
        Then::Nothing => plan,
        Then::Filter => plan.filter(col("row").gt(lit(0))),
        Then::Select => plan.select([col("row")]),
    };
    let frame = plan.collect()?;
    let stays: Vec<usize> =
        frame.column("row")?.u32()?.iter().flatten().map(|row| row as usize).collect();
    let proof = matches!(then, Then::Nothing | Then::Select).then_some(threshold);
    let compared = if early { Compared::BeforeCollect } else { scale.compared(&stays, proof) };
    Ok((frame, compared, scale.count()))
}

/// What is seen of an answer.
enum Seen {
    Signature(Box<Signature>),
    Rows { rows: Vec<String>, compared: Compared },
    Share { precision: f64, recall: f64, compared: Compared, count: usize },
    Err(String),
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Signature(a), Self::Signature(b)) => a == b,
            (Self::Rows { rows: a, compared: x }, Self::Rows { rows: b, compared: y }) => {
                a == b && x == y
            }
            // What counts is whether the bars are reached.
            (
                Self::Share { precision: a, recall: r, compared: x, .. },
                Self::Share { precision: b, recall: s, compared: y, .. },
            ) => {
                let reached = |share: &f64, bar| *share >= bar;
                reached(a, PRECISION) == reached(b, PRECISION)
                    && reached(r, RECALL) == reached(s, RECALL)
                    && x == y
            }
            (Self::Err(a), Self::Err(b)) => a == b,
            _ => false,
        }
    }
}

impl Seen {
    fn show(&self) -> String {
        match self {
            Self::Signature(numbers) => {
                let [first, second, .., last] = &**numbers;
                format!("[{first:#018x}, {second:#018x}, .., {last:#018x}]")
            }
            Self::Rows { rows, compared } if rows.is_empty() => format!("no row\n{compared}"),
            Self::Rows { rows, compared } => format!("{}\n{compared}", rows.join("\n")),
            // A right answer is asked for bars, and not for figures.
            Self::Share { precision, recall, compared, count: 0 } => {
                format!("precision {precision} or more, recall {recall} or more\n{compared}")
            }
            Self::Share { precision, recall, compared, count } => format!(
                "precision {precision:.3}, recall {recall:.3}\n{compared}\nafter {count} comparisons"
            ),
            Self::Err(error) => format!("Err({error})"),
        }
    }
}

/// The signature of a text, number by number.
fn signature(text: &str) -> Signature {
    let lower: Vec<char> = text.to_lowercase().chars().collect();
    let mut numbers = [u64::MAX; 64];
    for (seed, number) in numbers.iter_mut().enumerate() {
        for shingle in similar::shingles(&lower) {
            *number = hash(seed as u64, shingle.as_bytes()).min(*number);
        }
    }
    numbers
}

/// What a right answer makes of texts: each row against all rows before it that stay.
fn expected(texts: &[&'static str], threshold: f64, then: Then) -> Seen {
    let scale = Scale::of(texts);
    let mut stays: Vec<usize> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let twin = |&other: &usize| scale.similarity(texts[other], text) >= threshold;
        if !texts[..at].contains(text) && !stays.iter().any(twin) {
            stays.push(at);
        }
    }
    let line = |at: &usize| match then {
        Then::Filter if *at == 0 => None,
        Then::Select => Some(at.to_string()),
        _ => Some(format!("{at} | {:?}", texts[*at])),
    };
    Seen::Rows { rows: stays.iter().filter_map(line).collect(), compared: Compared::Fine }
}

const SHINGLES: &str = "a shingle is five characters in a row of the text in lower case";
const SHORT: &str =
    "a text of fewer than five characters is one shingle, and the empty one has none";
const FIRST: &str = "of equal texts the first stays, wherever it stands, and rows keep their order; rows may come in parts, as of two files";
const NEAR: &str = "a text that is nearly there already is left out";
const OTHER: &str = "other texts stay";
const AT_LEAST: &str = "the threshold itself is enough";
const CHAIN: &str =
    "a row is compared with rows that stay: one that is near to a row that is gone may stay itself";
const BELOW: &str =
    "what the caller adds to the plan comes after, whatever the optimizer would like better";
const TWENTY: &str = "at most ten comparisons for each row on average, and none of equal texts";
const PLANTED: &str = "planted duplicates are found (recall), and nothing else is left out (precision); `similar` is asked about \
     few pairs, and decides";

/// The first sentences of the Declaration, and two that are ever farther from them.
const FREE: &str = "All human beings are born free and equal in dignity and rights. They are endowed with reason and \
     conscience and should act towards one another in a spirit of brotherhood.";
const FREE_TOO: &str = "All human beings are born free and equal in dignity and rights. They are endowed with reason and \
     conscience and should act towards one another in a spirit of sisterhood.";
const FREE_THREE: &str = "Yes, human beings are born free and equal in dignity and rights. They are endowed with reason and \
     conscience and should act towards one another in a spirit of sisterhood.";
const LIFE: &str = "Everyone has the right to life, liberty and the security of person.";

fn cases() -> impl Iterator<Item = Case<Asked, Seen>> {
    let signatures: [(&str, &str); 8] = [
        ("free", SHORT),
        ("", SHORT),
        ("be free", SHINGLES),
        ("Be Free", SHINGLES),
        ("born free", SHINGLES),
        ("人人生而自由", SHINGLES),
        ("aaaaaaaaa", SHINGLES),
        (FREE, SHINGLES),
    ];
    let signatures = signatures.into_iter().map(|(text, why)| Case {
        expected: Seen::Signature(Box::new(signature(text))),
        input: Asked::Signature(text),
        why,
    });
    let many: &'static [&str] = &[LIFE; 20];
    let list: [(&[&'static str], f64, Then, &'static str); 12] = [
        (&[LIFE], 0.7, Then::Nothing, OTHER),
        (&[FREE, LIFE, FREE], 0.7, Then::Nothing, FIRST),
        (&[FREE, LIFE], 0.7, Then::Nothing, OTHER),
        (&["BORN FREE AND EQUAL", "born free and equal"], 0.7, Then::Nothing, NEAR),
        (&[LIFE, FREE, FREE_TOO], 0.8, Then::Nothing, NEAR),
        (&[FREE, FREE_TOO], 0.99, Then::Nothing, OTHER),
        (&["BORN FREE AND EQUAL", "born free and equal"], 1.0, Then::Nothing, AT_LEAST),
        (&[FREE, FREE_TOO, FREE_THREE], 0.89, Then::Nothing, CHAIN),
        (&[LIFE, LIFE], 0.7, Then::Filter, BELOW),
        (&[FREE, LIFE, FREE], 0.7, Then::Select, BELOW),
        (many, 0.7, Then::Nothing, TWENTY),
        (&[], 0.7, Then::Nothing, OTHER),
    ];
    let small = list.into_iter().map(|(texts, threshold, then, why)| Case {
        expected: expected(texts, threshold, then),
        input: Asked::Rows { texts: texts.to_vec(), threshold, then },
        why,
    });
    let corpus = std::iter::once_with(|| Case {
        input: Asked::Planted(Planted::new()),
        expected: Seen::Share {
            precision: PRECISION,
            recall: RECALL,
            compared: Compared::Fine,
            count: 0,
        },
        why: PLANTED,
    });
    signatures.chain(small).chain(corpus)
}
