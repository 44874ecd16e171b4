//! Check `parallel.ordered_batch`: the results of a batch, or those before the first failure.
//!
//! Each call of `encode` lets other work of the pool go first (see [`Watch`]). So on a pool of one thread the later
//! half is always done before the earlier one: an answer that takes the error that *happened* first takes the
//! wrong one, each time and in the same way. With more threads nothing but a right answer gives one result.
//!
//! An answer that holds a lock while it calls `encode` waits for itself, and only a deadline can say so.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::par_iter::how;
use super::pools::{Watch, within};
use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::parallel::ORDERED_BATCH;

type Ids = Vec<u32>;
type Encode<'a> = &'a (dyn Fn(&str) -> Result<Ids, String> + Sync);
type Batch = Result<Vec<Ids>, (Vec<Ids>, String)>;

/// A batch. The text at a place is the number of the place, and ends in `!` if it cannot be encoded.
struct Input {
    threads: usize,
    texts: Vec<String>,
}

#[derive(PartialEq)]
struct Output {
    batch: Batch,
    /// Which places were encoded more than once.
    again: Vec<usize>,
    /// Whether the calls were shared out. Not asked of one thread or one text; nor of a batch that fails, which
    /// may end before a second thread begins.
    shared_out: Option<bool>,
}

type Answer = dyn Fn(&Input) -> Output;

/// Grades a function that encodes a batch on all threads of the pool.
pub fn ordered_batch(
    encode_batch: impl Fn(&[String], Encode<'_>) -> Batch + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&encode_batch);
    check(&move |input: &Input| run(input, &encode_batch), origin)
}

fn fails(text: &str) -> bool {
    text.ends_with('!')
}

/// What the check encodes with: the ids of a text are its place.
fn encoded(text: &str) -> Result<Ids, String> {
    match text.parse() {
        Ok(place) => Ok(vec![place]),
        Err(_) => Err(format!("{text} cannot be encoded")),
    }
}

fn run(input: &Input, encode_batch: &(dyn Fn(&[String], Encode<'_>) -> Batch + Sync)) -> Output {
    let Input { threads, texts } = input;
    let (watch, calls) = (Watch::default(), Mutex::new(vec![0; texts.len()]));
    let encode = |text: &str| {
        let place: usize = text.trim_end_matches('!').parse().unwrap_or(usize::MAX);
        let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = calls.get_mut(place) {
            *count += 1;
        }
        drop(calls);
        watch.call(|| encoded(text))
    };
    let batch = within(*threads, || encode_batch(texts, &encode));
    let calls = calls.into_inner().unwrap_or_else(PoisonError::into_inner);
    Output {
        batch,
        again: (0..texts.len()).filter(|&place| calls[place] > 1).collect(),
        shared_out: asked(input).then(|| watch.shared_out()),
    }
}

/// Whether it is asked how the calls were made.
fn asked(Input { threads, texts }: &Input) -> bool {
    *threads > 1 && texts.len() > 1 && !texts.iter().any(|text| fails(text))
}

/// What all texts give, in their order.
fn all(texts: &[String], encode: Encode<'_>) -> Vec<Result<Ids, String>> {
    texts.par_iter().map(|text| encode(text)).collect()
}

/// The results before the first error in a list, and that.
fn until_error(results: Vec<Result<Ids, String>>) -> Batch {
    let mut done = Vec::new();
    for result in results {
        match result {
            Ok(ids) => done.push(ids),
            Err(error) => return Err((done, error)),
        }
    }
    Ok(done)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "any_error",
        belief: "you gave the error that happened first, as `collect` into a `Result` does, and not the first in the list",
        answer: &|input| {
            run(input, &|texts, encode| {
                let results: Result<Vec<Ids>, (usize, String)> = texts
                    .par_iter()
                    .enumerate()
                    .map(|(place, text)| encode(text).map_err(|error| (place, error)))
                    .collect();
                let before = |place: usize| {
                    texts[..place].iter().filter_map(|text| encoded(text).ok()).collect()
                };
                results.map_err(|(place, error)| (before(place), error))
            })
        },
    },
    Wrong {
        id: "last_error",
        belief: "you kept the last error of the list, as when each one found replaces the one before",
        answer: &|input| {
            run(input, &|texts, encode| {
                let results = all(texts, encode);
                let last = results.iter().rposition(Result::is_err);
                let before =
                    |last| results[..last].iter().cloned().filter_map(Result::ok).collect();
                match last {
                    Some(last) => {
                        Err((before(last), encoded(&texts[last]).err().unwrap_or_default()))
                    }
                    None => until_error(results),
                }
            })
        },
    },
    Wrong {
        id: "as_they_end",
        belief: "you put results down as texts get done, by `push` to a shared list; they belong in the order of the texts",
        answer: &|input| {
            run(input, &|texts, encode| {
                let results = Mutex::new(Vec::new());
                texts.par_iter().for_each(|text| {
                    let result = encode(text);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                });
                until_error(results.into_inner().unwrap_or_else(PoisonError::into_inner))
            })
        },
    },
    Wrong {
        id: "loses_what_was_done",
        belief: "you gave the error alone; what was encoded before it has been paid for",
        answer: &|input| {
            run(input, &|texts, encode| {
                until_error(all(texts, encode)).map_err(|(_, error)| (Vec::new(), error))
            })
        },
    },
    Wrong {
        id: "keeps_what_comes_after",
        belief: "you handed back all that could be encoded, so nobody knows which text each result belongs to",
        answer: &|input| {
            run(input, &|texts, encode| {
                let (good, bad): (Vec<_>, Vec<_>) =
                    all(texts, encode).into_iter().partition(Result::is_ok);
                let good = good.into_iter().flatten().collect();
                match bad.into_iter().find_map(Result::err) {
                    Some(error) => Err((good, error)),
                    None => Ok(good),
                }
            })
        },
    },
    Wrong {
        id: "leaves_out_what_fails",
        belief: "you left out what fails, as `flatten` and `filter_map(Result::ok)` do without a word",
        answer: &|input| {
            run(input, &|texts, encode| Ok(all(texts, encode).into_iter().flatten().collect()))
        },
    },
    Wrong {
        id: "encodes_again",
        belief: "you encoded the batch once more, one by one, to find out which text failed first",
        answer: &|input| {
            run(input, &|texts, encode| {
                let first: Result<Vec<Ids>, String> =
                    texts.par_iter().map(|text| encode(text)).collect();
                first.or_else(|_| {
                    let mut done = Vec::new();
                    for text in texts {
                        match encode(text) {
                            Ok(ids) => done.push(ids),
                            Err(error) => return Err((done, error)),
                        }
                    }
                    Ok(done)
                })
            })
        },
    },
    Wrong {
        id: "in_a_loop",
        belief: "you encoded one text after the other; `?` in a loop finds the first error, and uses one processor",
        answer: &|input| {
            run(input, &|texts, encode| {
                until_error(texts.iter().map(|text| encode(text)).collect())
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &ORDERED_BATCH,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input| answer(input),
        call: |Input { threads, texts }| {
            format!(
                "encode_batch({texts:?}, encode) with threads: {threads}, where `encode` uses the pool, too"
            )
        },
        show: |Output { batch, again, shared_out }| {
            let again = match again.is_empty() {
                true => String::new(),
                false => format!(", with the texts {again:?} encoded more than once"),
            };
            format!("{batch:?}{}{again}", how(*shared_out))
        },
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(cases())
}

fn cases() -> impl Iterator<Item = Case<Input, Output>> {
    let small = [1, 2].into_iter().flat_map(|threads| {
        let longest = if threads == 1 { 4 } else { 3 };
        // The first batch has a text, so that a `todo!` in a closure is reached. In the third, both failures are in
        // the half that is done in order: there the first to happen is the right one, and the last is not.
        [vec![0], vec![0, 0], vec![1, 1, 0, 0]]
            .into_iter()
            .chain(sequences(2, longest))
            .map(move |fails| (threads, fails))
    });
    let large = (1..=8).flat_map(|threads| {
        let batch = |bad: &[usize]| (0..9).map(|at| u32::from(bad.contains(&at))).collect();
        [batch(&[]), batch(&[4, 7]), batch(&[8])].map(|fails| (threads, fails))
    });
    small.chain(large).map(|(threads, fails)| {
        let texts = fails.iter().enumerate();
        let texts: Vec<String> =
            texts.map(|(place, &bad)| format!("{place}{}", if bad == 1 { "!" } else { "" })).collect();
        let input = Input { threads, texts };
        Case {
            expected: Output {
                batch: oracle(&input.texts),
                again: Vec::new(),
                shared_out: asked(&input).then_some(true),
            },
            input,
            why: "results in the order of the texts, up to the first of the list that fails, and each text is \
                  encoded once: whatever the threads do",
        }
    })
}

/// The oracle: how many texts there are before the first that fails.
fn oracle(texts: &[String]) -> Batch {
    let good = texts.iter().take_while(|text| !fails(text)).count();
    let done = (0..good as u32).map(|place| vec![place]).collect();
    match texts.get(good) {
        Some(text) => Err((done, format!("{text} cannot be encoded"))),
        None => Ok(done),
    }
}
