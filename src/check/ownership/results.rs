//! Check `ownership.results`: predictions about programs that fail, then a text of merges that may be broken.

use std::fmt;

use crate::check::cases::texts;
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::ownership::RESULTS;
use crate::predict::Prediction::{self, DoesNotCompile, Panics, Prints};
use crate::predict::Program;

/// What is wrong with a text, and where.
///
/// ```
/// use rust_for_ai::check::ownership::LineError;
/// let error = LineError { line: 2, expected: "two ids".to_owned(), got: "116".to_owned() };
/// assert_eq!(error.to_string(), "line 2: expected two ids, got `116`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Counted from 1.
    pub line: usize,
    /// What should stand there: `two ids`.
    pub expected: String,
    /// What stands there.
    pub got: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}, got `{}`", self.line, self.expected, self.got)
    }
}

impl std::error::Error for LineError {}

type Merges = Result<Vec<(u32, u32)>, LineError>;
type Answer = dyn Fn(&Asked<String>) -> Reply<Merges>;

/// Grades predictions, and a function that reads merges from a text.
pub fn results(
    predict: impl Fn(&str) -> Prediction + 'static,
    read_merges: impl Fn(&str) -> Merges + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    check(&predictions::answer(predict, move |text: &String| read_merges(text)), origin)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "only_asked",
        source: r#"let id = "12x".parse::<u32>();
println!("{}", id.is_ok());"#,
        why: "a failure is a value of type `Result` that is returned like any other; nothing is thrown",
    },
    Program {
        name: "unwrapped",
        source: r#"let id: u32 = "12x".parse().unwrap();
println!("{id}");"#,
        why: "`unwrap` says: if this is an error, it is a bug of mine, so end here",
    },
    Program {
        name: "asked_on",
        source: r#"fn sum(a: &str, b: &str) -> Result<u32, std::num::ParseIntError> {
    let a: u32 = a.parse()?;
    println!("first");
    let b: u32 = b.parse()?;
    println!("second");
    Ok(a + b)
}
println!("{}", sum("1", "x").is_ok());"#,
        why: "`?` takes the value out, or returns the error from this function at once; the caller goes on",
    },
    Program {
        name: "nowhere_to_return",
        source: r#"let id: u32 = "7".parse()?;
println!("{id}");"#,
        why: "`?` returns the error from the function around it, and this `main` returns nothing; whether one occurs is not the question",
    },
    Program {
        name: "another_error",
        source: r#"fn read(text: &str) -> Result<u32, String> {
    let id: u32 = text.parse()?;
    Ok(id)
}
println!("{:?}", read("7"));"#,
        why: "`?` turns an error into the one of the signature by `From`, and a `String` cannot be made from a `ParseIntError` so",
    },
    Program {
        name: "converted",
        source: r#"#[derive(Debug)]
struct NoId;
impl From<std::num::ParseIntError> for NoId {
    fn from(_: std::num::ParseIntError) -> Self {
        NoId
    }
}
fn read(text: &str) -> Result<u32, NoId> {
    Ok(text.parse::<u32>()?)
}
println!("{:?}", read("x"));"#,
        why: "there is a `From` for it now, and `?` calls it",
    },
    Program {
        name: "too_large",
        source: r#"let last: u8 = "255".parse().unwrap();
println!("{}", last + 1);"#,
        why: "256 is no `u8`; built for debugging, arithmetic is checked and panics (optimized, it wraps to 0 unless you ask for the check)",
    },
    Program {
        name: "caught",
        source: r#"let ids: Vec<u32> = Vec::new();
let first = std::panic::catch_unwind(|| ids[0]);
println!("{}", first.is_ok());"#,
        why: "a panic unwinds to whoever catches it: a thread's end, a test, a server's request, Python's boundary",
    },
];

/// An answer that predicts every program and reads in this way.
fn reading(asked: &Asked<String>, read: fn(&str) -> Merges) -> Reply<Merges> {
    writing(asked, |text| read(text))
}

fn error(line: usize, expected: &str, got: &str) -> LineError {
    LineError { line, expected: expected.to_owned(), got: got.to_owned() }
}

/// Reads a line that makes id `next`. The oracle, and what most wrong answers err around.
fn read_line(line: usize, next: u32, text: &str) -> Result<(u32, u32), LineError> {
    let words: Vec<&str> = text.split(' ').collect();
    let &[left, right] = &words[..] else {
        return Err(error(line, "two ids", text));
    };
    let id = |word: &str| match word.parse() {
        Ok(id) if id < next => Ok(id),
        _ => Err(error(line, &format!("an id below {next}"), word)),
    };
    Ok((id(left)?, id(right)?))
}

/// Each line with its number and the id that it makes.
fn numbered(text: &str) -> impl DoubleEndedIterator<Item = (usize, u32, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let number = |(at, line)| (at + 1, 256 + u32::try_from(at).unwrap_or(0), line);
    lines.into_iter().enumerate().map(number).collect::<Vec<_>>().into_iter()
}

fn oracle(text: &str) -> Merges {
    numbered(text).map(|(line, next, text)| read_line(line, next, text)).collect()
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "errors_are_thrown",
        belief: "you had `parse` throw; it returns an `Err`, and `is_ok` asks for no more",
        answer: &|asked| believing(asked, &[("only_asked", Panics)]),
    },
    Wrong {
        id: "parses_what_it_can",
        belief: "you had `parse` read the digits at the start, as `atoi` does in C",
        answer: &|asked| believing(asked, &[("only_asked", Prints("true"))]),
    },
    Wrong {
        id: "unwrap_gives_a_default",
        belief: "you took `unwrap` for `unwrap_or_default`",
        answer: &|asked| believing(asked, &[("unwrapped", Prints("0"))]),
    },
    Wrong {
        id: "unwrap_has_to_be_safe",
        belief: "you had the compiler refuse it; that the text is no number is seen when it runs",
        answer: &|asked| believing(asked, &[("unwrapped", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "question_mark_goes_on",
        belief: "you had the function go on after `?`; an error leaves it at once",
        answer: &|asked| believing(asked, &[("asked_on", Prints("first\nsecond\nfalse"))]),
    },
    Wrong {
        id: "question_mark_ends_the_program",
        belief: "you had `?` end the program; it returns the error to the caller",
        answer: &|asked| believing(asked, &[("asked_on", Panics)]),
    },
    Wrong {
        id: "no_error_no_trouble",
        belief: "you looked at the value, which is fine; the compiler looks at where an error could go",
        answer: &|asked| believing(asked, &[("nowhere_to_return", Prints("7"))]),
    },
    Wrong {
        id: "types_that_differ",
        belief: "you expected the code of two types that differ; of `?` is asked that one can be made from the other",
        answer: &|asked| believing(asked, &[("another_error", DoesNotCompile("E0308"))]),
    },
    Wrong {
        id: "any_error_will_do",
        belief: "you had any error pass through `?`; it has to become the one of the signature",
        answer: &|asked| believing(asked, &[("another_error", Prints("Ok(7)"))]),
    },
    Wrong {
        id: "from_has_to_be_called",
        belief: "you asked for a call of `from`; `?` makes it",
        answer: &|asked| believing(asked, &[("converted", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "types_have_to_be_equal",
        belief: "you asked for the very type of the signature; `?` converts by `From`",
        answer: &|asked| believing(asked, &[("converted", DoesNotCompile("E0308"))]),
    },
    Wrong {
        id: "numbers_grow",
        belief: "you had the number grow, as in Python; a `u8` ends at 255",
        answer: &|asked| believing(asked, &[("too_large", Prints("256"))]),
    },
    Wrong {
        id: "numbers_wrap",
        belief: "you had the number wrap, as in C or NumPy; built for debugging, that is a panic",
        answer: &|asked| believing(asked, &[("too_large", Prints("0"))]),
    },
    Wrong {
        id: "panics_end_all",
        belief: "you had the panic end the program; it unwinds to `catch_unwind`",
        answer: &|asked| believing(asked, &[("caught", Panics)]),
    },
    Wrong {
        id: "panics_abort",
        belief: "you took a panic for an abort; it unwinds, and can be caught where a boundary is",
        answer: &|asked| believing(asked, &[("caught", Prediction::Aborts)]),
    },
    Wrong {
        id: "unwraps",
        belief: "you unwrapped the number; a text from outside is answered by an error",
        answer: &|asked| {
            reading(asked, |text| {
                numbered(text)
                    .map(|(line, next, text)| {
                        for word in text.split(' ').filter(|_| text.split(' ').count() == 2) {
                            let _: u32 = word.parse().expect_unwrapped();
                        }
                        read_line(line, next, text)
                    })
                    .collect()
            })
        },
    },
    Wrong {
        id: "lines_from_zero",
        belief: "you counted lines from 0; people and editors count from 1",
        answer: &|asked| {
            reading(asked, |text| {
                oracle(text).map_err(|error| LineError { line: error.line - 1, ..error })
            })
        },
    },
    Wrong {
        id: "skips_bad_lines",
        belief: "you left out the lines that are broken; then all ids after them mean something else",
        answer: &|asked| {
            reading(asked, |text| {
                Ok(numbered(text)
                    .filter_map(|(line, next, text)| read_line(line, next, text).ok())
                    .collect())
            })
        },
    },
    Wrong {
        id: "stops_at_a_bad_line",
        belief: "you ended at the first broken line and said that all is well",
        answer: &|asked| {
            reading(asked, |text| {
                Ok(numbered(text)
                    .map_while(|(line, next, text)| read_line(line, next, text).ok())
                    .collect())
            })
        },
    },
    Wrong {
        id: "skips_empty_lines",
        belief: "you took an empty line for none; it is one without two ids",
        answer: &|asked| {
            reading(asked, |text| {
                let lines = numbered(text).filter(|(_, _, text)| !text.is_empty());
                lines.map(|(line, next, text)| read_line(line, next, text)).collect()
            })
        },
    },
    Wrong {
        id: "last_error",
        belief: "you reported the last broken line; the first one is what to mend first",
        answer: &|asked| {
            reading(asked, |text| {
                let read = |(line, next, text)| read_line(line, next, text).err();
                numbered(text).rev().find_map(read).map_or_else(|| oracle(text), Err)
            })
        },
    },
    Wrong {
        id: "third_word_is_ignored",
        belief: "you read two words and left the rest of the line; a third one is an error",
        answer: &|asked| {
            reading(asked, |text| {
                let two = |text: &str| text.split(' ').take(2).collect::<Vec<_>>().join(" ");
                numbered(text).map(|(line, next, text)| read_line(line, next, &two(text))).collect()
            })
        },
    },
    Wrong {
        id: "any_id",
        belief: "you took any number for an id; there must be one by then",
        answer: &|asked| {
            reading(asked, |text| {
                numbered(text)
                    .map(|(line, next, text)| {
                        let known = |error: LineError| match error.got.parse::<u32>() {
                            Ok(_) => read_line(line, u32::MAX, text),
                            Err(_) => Err(error),
                        };
                        read_line(line, next, text).or_else(known)
                    })
                    .collect()
            })
        },
    },
    Wrong {
        id: "bytes_only",
        belief: "you allowed the bytes and no merged ids; each line makes one more",
        answer: &|asked| {
            reading(asked, |text| {
                numbered(text).map(|(line, _, text)| read_line(line, 256, text)).collect()
            })
        },
    },
    Wrong {
        id: "its_own_id",
        belief: "you allowed a line the id that it makes itself",
        answer: &|asked| {
            reading(asked, |text| {
                numbered(text).map(|(line, next, text)| read_line(line, next + 1, text)).collect()
            })
        },
    },
    Wrong {
        id: "whole_line_as_got",
        belief: "you gave the whole line as `got`; where one id is wrong, say which",
        answer: &|asked| {
            reading(asked, |text| {
                let whole = |error: LineError| {
                    let got = text.lines().nth(error.line - 1).unwrap_or_default().to_owned();
                    LineError { got, ..error }
                };
                oracle(text).map_err(whole)
            })
        },
    },
];

/// For the wrong answer that unwraps, which has to panic with the words of `unwrap`.
trait ExpectUnwrapped<T> {
    fn expect_unwrapped(self) -> T;
}

impl<T, E: fmt::Debug> ExpectUnwrapped<T> for Result<T, E> {
    fn expect_unwrapped(self) -> T {
        self.expect("called `Result::unwrap()` on an `Err` value")
    }
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &RESULTS,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("results", program),
            Asked::Call(text) => format!("read_merges({text:?})"),
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(merges) => format!("{merges:?}"),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(_) => Vec::new(),
        },
    };
    // Lines of which some are broken, in every order; then what is wrong at once in several ways.
    let lines: &[&str] =
        &["1 2\n", "300 1\n", "256 1\n", "1 257\n", "116\n", "x 7\n", "7 -1\n", "1 2 3\n", "\n"];
    let named =
        ["1 2", "300 x", "x", "1 2\n256 257", "4294967296 0", "0 0\n1 1\n256 257\n258 258\n"];
    let named = named.into_iter().map(str::to_owned);
    let calls = texts(lines, 3).chain(named).map(|text| Case {
        expected: oracle(&text),
        why: law(&text),
        input: text,
    });
    predictions::sit(exam, PROGRAMS, calls)
}

fn law(text: &str) -> &'static str {
    match oracle(text) {
        Ok(_) => "a line is two ids, each of a byte or made by a line above",
        Err(error) if error.expected == "two ids" => {
            "a line without two ids is an error; it names the line, counted from 1, and the whole of it is `got`"
        }
        Err(_) => {
            "an id that is none, or is not there yet, is an error; it names the line, and that word is `got`"
        }
    }
}
