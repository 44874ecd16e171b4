//! Chapter `real_tokenizers`: each check with a closure that calls Python.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple, PyType};
use rust_for_ai::bpe::sentencepiece::{self, Piece};
use rust_for_ai::bpe::{Part, RanksError, RanksProblem, SpecialError, Split};
use rust_for_ai::check::{Verdict, real_tokenizers};

use super::answer::Answer;
use super::bpe::{Tokenizer, exception};
use super::convert::{FromPython, Wrong};
use super::lend;
use super::work::{PyMerges, to_python};

pub(super) fn check(name: &str, answer: Answer) -> Option<Verdict> {
    use real_tokenizers as rt;
    Some(match name {
        "pretokenize_gpt2" => rt::pretokenize_gpt2(move |text| cut(text, answer.call((text,)))),
        "pretokenize_gpt4" => rt::pretokenize_gpt4(move |text| cut(text, answer.call((text,)))),
        "load_tiktoken" => rt::load_tiktoken(move |file, split| {
            let split = splitter(split);
            answer
                .try_make((file, split), |py, error| ranks_error(py, error).ok().flatten())
                .map(Tokenizer)
        }),
        "special_tokens" => rt::special_tokens(move |text, allowed, disallowed| {
            let parts: Vec<(IsSpecial, String)> = answer
                .try_call((text, allowed, disallowed), |py, error| {
                    special_error(py, error).ok().flatten()
                })?;
            let (kinds, texts): (Vec<IsSpecial>, Vec<String>) = parts.into_iter().unzip();
            let part = |(IsSpecial(special), text)| match special {
                true => Part::Special(text),
                false => Part::Text(text),
            };
            Ok(kinds.into_iter().zip(cut(text, texts)).map(part).collect())
        }),
        "train_word_counts" => rt::train_word_counts(move |words, size| {
            let words: Vec<_> = words.iter().map(|(word, n)| (to_python(word), *n)).collect();
            answer.call((words, size))
        }),
        "train_incremental" => rt::train_incremental(move |words, size| {
            let words: Vec<_> = words.iter().map(|(word, n)| (to_python(word), *n)).collect();
            answer.call((words, size))
        }),
        "encode_fast" => rt::encode_fast(move |word, merges| {
            answer.call((to_python(word), PyMerges::of(merges)))
        }),
        "sentencepiece" => rt::sentencepiece(move |pieces| {
            let pieces: Vec<_> = pieces.iter().map(row).collect();
            Tokenizer(answer.make((pieces,)))
        }),
        "repair_lookahead" => rt::repair_lookahead(move |text| cut(text, answer.call((text,)))),
        "repair_byte_table" => rt::repair_byte_table(move || answer.call(())),
        "repair_quadratic" => rt::repair_quadratic(move |piece, rank| {
            lend::rank(rank, |rank| answer.call((piece, rank)))
        }),
        "repair_lost_text" => {
            rt::repair_lost_text(move |text, limit| cut(text, answer.call((text, limit))))
        }
        "repair_after_special" => {
            rt::repair_after_special(move |text, specials| answer.call((text, specials)))
        }
        _ => return None,
    })
}

/// Python's pieces as slices of the text. A piece that the text does not hold, which no right answer has, is
/// kept for as long as the process lives.
fn cut(text: &str, pieces: Vec<String>) -> Vec<&str> {
    let mut rest = text;
    let mut slices = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let slice = match rest.strip_prefix(&*piece) {
            Some(after) => {
                let slice = &rest[..piece.len()];
                rest = after;
                slice
            }
            None => match text.find(&*piece) {
                Some(at) => &text[at..at + piece.len()],
                None => Box::leak(piece.into_boxed_str()),
            },
        };
        slices.push(slice);
    }
    slices
}

/// A splitter as a function of Python's.
fn splitter(split: Split) -> Py<PyAny> {
    let call = move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
        let (text,): (String,) = arguments.extract()?;
        lend::guarded(|| split(&text).into_iter().map(str::to_owned).collect::<Vec<String>>())
    };
    Python::attach(|py| {
        let function = PyCFunction::new_closure(py, None, None, call);
        function.expect("a function object can be made").into_any().unbind()
    })
}

/// Text, score and kind; the kind of a byte is its number.
fn row(piece: &Piece) -> (&str, f32, Kind) {
    let kind = match piece.kind {
        sentencepiece::Kind::Normal => Kind::Name("normal"),
        sentencepiece::Kind::Unknown => Kind::Name("unknown"),
        sentencepiece::Kind::Control => Kind::Name("control"),
        sentencepiece::Kind::Byte(byte) => Kind::Byte(byte.into()),
    };
    (&piece.text, piece.score, kind)
}

/// The kind of a piece, as Python gets it.
#[derive(IntoPyObject)]
enum Kind {
    Name(&'static str),
    Byte(u32),
}

fn special_error(py: Python<'_>, error: &PyErr) -> PyResult<Option<SpecialError>> {
    let value = error.value(py);
    if !value.is_instance(&exception(py, "SpecialError")?)? {
        return Ok(None);
    }
    let (token, position) =
        (value.getattr("token")?.extract()?, value.getattr("position")?.extract()?);
    Ok(Some(SpecialError { token, position }))
}

fn ranks_error(py: Python<'_>, error: &PyErr) -> PyResult<Option<RanksError>> {
    let value = error.value(py);
    if !value.is_instance(&exception(py, "RanksError")?)? {
        return Ok(None);
    }
    let problem = value.getattr("problem")?;
    // `Malformed` is as good as `Malformed()`.
    let class = problem.cast::<PyType>().cloned().unwrap_or_else(|_| problem.get_type());
    let name = class.name()?.to_string();
    let number = |name: &str| -> PyResult<u32> { problem.getattr(name)?.extract() };
    let problem = match &*name {
        "Malformed" => RanksProblem::Malformed,
        "BadToken" => RanksProblem::BadToken,
        "BadRank" => RanksProblem::BadRank,
        "DuplicateRank" => RanksProblem::DuplicateRank { rank: number("rank")? },
        "Gap" => RanksProblem::Gap { expected: number("expected")?, rank: number("rank")? },
        "DuplicateToken" => RanksProblem::DuplicateToken { first: number("first")? as usize },
        "MissingByte" => RanksProblem::MissingByte { byte: problem.getattr("byte")?.extract()? },
        _ => return Ok(None),
    };
    Ok(Some(RanksError { line: value.getattr("line")?.extract()?, problem }))
}

/// Whether a part is special: one of two words.
struct IsSpecial(bool);

impl FromPython for IsSpecial {
    fn expected() -> String {
        "\"text\" | \"special\"".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        match value.extract::<String>().as_deref() {
            Ok("text") => Ok(Self(false)),
            Ok("special") => Ok(Self(true)),
            _ => Err(Wrong::new(value, &Self::expected())),
        }
    }
}
