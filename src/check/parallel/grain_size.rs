//! Check `parallel.grain_size`: cut a batch by bytes, and encode it by tasks of that size.
//!
//! How many tasks there were is counted by the states that they ask for. Rayon may put two ranges into one task,
//! and never cuts one in two, so the number of ranges is a bound that holds whatever is stolen. Where there are
//! several, calls of `encode` let other work of the pool go first (see [`Watch`]), so that a batch that was not shared out is seen as well.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::par_iter::how;
use super::pools::{Watch, within};
use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::parallel::GRAIN_SIZE;

type Ranges = Vec<Range<usize>>;
/// The number of a state, in the order in which they were made.
type State = usize;
type New<'a> = &'a (dyn Fn() -> State + Sync);
type Encode<'a> = &'a (dyn Fn(&mut State, &str) -> String + Sync);
type Cut = dyn Fn(&[usize], usize) -> Ranges + Sync;
type EncodeGrained = dyn Fn(&[String], usize, New<'_>, Encode<'_>) -> Vec<String> + Sync;

/// What is asked.
enum Input {
    Cut { lengths: Vec<usize>, grain: usize },
    Encode { threads: usize, lengths: Vec<usize>, grain: usize },
}

#[derive(PartialEq)]
enum Output {
    Cut(Ranges),
    Encoded {
        texts: Vec<String>,
        /// How many states there were, where that is more than ranges.
        too_many: Option<usize>,
        /// Whether the calls were shared out; not asked of one thread or one range.
        shared_out: Option<bool>,
    },
}

type Answer = dyn Fn(&Input) -> Output;

/// Grades the cutting of lengths into ranges, and a function that encodes by such ranges.
pub fn grain_size(
    cut: impl Fn(&[usize], usize) -> Ranges + Sync + 'static,
    encode_grained: impl Fn(&[String], usize, New<'_>, Encode<'_>) -> Vec<String> + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&cut);
    check(&move |input: &Input| run(input, &cut, &encode_grained), origin)
}

/// The text at a place: a letter, as often as it is long.
fn text(place: usize, length: usize) -> String {
    let letter = char::from(b'a' + (place % 26) as u8);
    letter.to_string().repeat(length)
}

fn texts(lengths: &[usize]) -> Vec<String> {
    lengths.iter().enumerate().map(|(place, &length)| text(place, length)).collect()
}

fn run(input: &Input, cut: &Cut, encode_grained: &EncodeGrained) -> Output {
    match input {
        Input::Cut { lengths, grain } => Output::Cut(cut(lengths, *grain)),
        Input::Encode { threads, lengths, grain } => {
            let (watch, made) = (Watch::default(), AtomicUsize::new(0));
            let ranges = oracle(lengths, *grain).len();
            let new = || made.fetch_add(1, Ordering::Relaxed);
            // Where one task is asked for, nothing yields: how often Rayon cuts is told by the threads alone.
            let encode = |_: &mut State, text: &str| match ranges {
                0 | 1 => text.to_uppercase(),
                _ => watch.call(|| text.to_uppercase()),
            };
            let texts = texts(lengths);
            let texts = within(*threads, || encode_grained(&texts, *grain, &new, &encode));
            let made = made.into_inner();
            Output::Encoded {
                texts,
                // A state for no text at all does no harm.
                too_many: (made > ranges.max(1)).then_some(made),
                shared_out: (*threads > 1 && ranges > 1).then(|| watch.shared_out()),
            }
        }
    }
}

/// A right one, for those who err in the other.
fn right_encode(texts: &[String], grain: usize, new: New<'_>, encode: Encode<'_>) -> Vec<String> {
    let lengths: Vec<usize> = texts.iter().map(String::len).collect();
    let parts = oracle(&lengths, grain).into_par_iter().map(|range| {
        let mut state = new();
        texts[range].iter().map(|text| encode(&mut state, text)).collect::<Vec<_>>()
    });
    parts.collect::<Vec<_>>().concat()
}

/// Cuts where `closes(bytes before this text, its length, grain)` says so: before the text or behind it.
fn cutting(
    input: &Input,
    before: fn(usize, usize, usize) -> bool,
    behind: fn(usize, usize) -> bool,
) -> Output {
    let cut = move |lengths: &[usize], grain: usize| {
        let (mut ranges, mut start, mut bytes) = (Ranges::new(), 0, 0);
        for (place, &length) in lengths.iter().enumerate() {
            if place > start && before(bytes, length, grain) {
                ranges.push(start..place);
                (start, bytes) = (place, 0);
            }
            bytes += length;
            if behind(bytes, grain) {
                ranges.push(start..place + 1);
                (start, bytes) = (place + 1, 0);
            }
        }
        if start < lengths.len() {
            ranges.push(start..lengths.len());
        }
        ranges
    };
    run(input, &cut, &right_encode)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "at_most",
        belief: "you closed a range before it has more than `grain` bytes; it is closed when it has enough",
        answer: &|input| {
            cutting(input, |bytes, length, grain| bytes + length > grain, |_, _| false)
        },
    },
    Wrong {
        id: "more_than",
        belief: "you closed a range when it has more than `grain` bytes; as many are enough",
        answer: &|input| cutting(input, |_, _, _| false, |bytes, grain| bytes > grain),
    },
    Wrong {
        id: "drops_the_rest",
        belief: "you dropped the texts at the end that are fewer bytes than a grain",
        answer: &|input| {
            let cut = |lengths: &[usize], grain: usize| {
                let mut ranges = oracle(lengths, grain);
                let enough = |range: &Range<usize>| {
                    lengths[range.clone()].iter().sum::<usize>() >= grain.max(1)
                };
                ranges.retain(enough);
                ranges
            };
            run(input, &cut, &right_encode)
        },
    },
    Wrong {
        id: "goes_on_counting",
        belief: "you did not begin to count anew after a range, so that each later text is one of its own",
        answer: &|input| {
            let cut = |lengths: &[usize], grain: usize| {
                let first = oracle(lengths, grain).first().map_or(0, |range| range.end);
                let others = (first..lengths.len()).map(|place| place..place + 1);
                (first > 0).then_some(0..first).into_iter().chain(others).collect()
            };
            run(input, &cut, &right_encode)
        },
    },
    Wrong {
        id: "counts_texts",
        belief: "you cut by the number of texts, as `chunks` and `with_min_len` do; one text may be a word or a book",
        answer: &|input| {
            let cut = |lengths: &[usize], grain: usize| {
                let starts = (0..lengths.len()).step_by(grain.max(1));
                starts.map(|start| start..(start + grain.max(1)).min(lengths.len())).collect()
            };
            run(input, &cut, &right_encode)
        },
    },
    Wrong {
        id: "empty_at_the_end",
        belief: "you added what is left as a range where nothing is left",
        answer: &|input| {
            let cut = |lengths: &[usize], grain: usize| {
                let mut ranges = oracle(lengths, grain);
                let last = ranges.last().map_or(0, |range| range.start);
                if lengths[last..].iter().sum::<usize>() >= grain.max(1) {
                    ranges.push(lengths.len()..lengths.len());
                }
                ranges
            };
            run(input, &cut, &right_encode)
        },
    },
    Wrong {
        id: "a_state_for_each_text",
        belief: "you made a state for each text; making one is the price of a task, and a task has many texts",
        answer: &|input| {
            run(input, &oracle, &|texts, _, new, encode| {
                texts.par_iter().map(|text| encode(&mut new(), text)).collect()
            })
        },
    },
    Wrong {
        id: "leaves_it_to_rayon",
        belief: "you left the size of tasks to Rayon, as `map_init` does; it cuts as long as threads want work, however small",
        answer: &|input| {
            run(input, &oracle, &|texts, _, new, encode| {
                texts.par_iter().map_init(new, |state, text| encode(state, text)).collect()
            })
        },
    },
    Wrong {
        id: "as_they_end",
        belief: "you put down parts in the order in which tasks get done",
        answer: &|input| {
            run(input, &oracle, &|texts, grain, new, encode| {
                let lengths: Vec<usize> = texts.iter().map(String::len).collect();
                let all = Mutex::new(Vec::new());
                oracle(&lengths, grain).into_par_iter().for_each(|range| {
                    let mut state = new();
                    let part: Vec<_> =
                        texts[range].iter().map(|text| encode(&mut state, text)).collect();
                    all.lock().unwrap_or_else(PoisonError::into_inner).extend(part);
                });
                all.into_inner().unwrap_or_else(PoisonError::into_inner)
            })
        },
    },
    Wrong {
        id: "in_a_loop",
        belief: "you did one range after the other, or all with one state: that is one task, and one processor",
        answer: &|input| {
            run(input, &oracle, &|texts, _, new, encode| {
                let mut state = new();
                texts.iter().map(|text| encode(&mut state, text)).collect()
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &GRAIN_SIZE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input| answer(input),
        call: |input| match input {
            Input::Cut { lengths, grain } => format!("cut(&{lengths:?}, {grain})"),
            Input::Encode { threads, lengths, grain } => format!(
                "encode_grained(&{:?}, {grain}, new, to_uppercase) with threads: {threads}",
                texts(lengths)
            ),
        },
        show: |output| match output {
            Output::Cut(ranges) => format!("{ranges:?}"),
            Output::Encoded { texts, too_many, shared_out } => {
                let made = too_many.map_or(String::new(), |made| format!(", with {made} states"));
                format!("{texts:?}{}{made}", how(*shared_out))
            }
        },
        diff: |input, _, got| match (input, got) {
            (
                Input::Encode { lengths, grain, .. },
                Output::Encoded { too_many: Some(made), .. },
            ) => {
                let ranges = oracle(lengths, *grain);
                vec![format!("{made} states were made for {} ranges: {ranges:?}", ranges.len())]
            }
            _ => Vec::new(),
        },
    };
    exam.sit(cuts().chain(encodes()))
}

fn cuts() -> impl Iterator<Item = Case<Input, Output>> {
    let lengths = |ids: Vec<u32>| ids.into_iter().map(|id| id as usize).collect();
    let small = sequences(4, 4).flat_map(|ids| [1, 2, 3].map(|grain| (ids.clone(), grain)));
    let named =
        [(vec![4, 4, 4, 9, 1], 8), (vec![1, 0, 2], 0), (vec![2, 0, 0], 2), (vec![9, 9], 100)];
    small.chain(named).map(move |(ids, grain)| {
        let lengths: Vec<usize> = lengths(ids);
        Case {
            expected: Output::Cut(oracle(&lengths, grain)),
            input: Input::Cut { lengths, grain },
            why: "a range is closed by the first text with which it has `grain` bytes; what is left is the last one",
        }
    })
}

/// Lengths and a grain.
const BATCHES: &[(&[usize], usize)] = &[
    (&[1], 1),
    // One task, many texts: here Rayon would make two tasks, and others one for each text.
    (&[1; 26], 26),
    (&[1, 1], 2),
    (&[1, 1], 1),
    (&[], 1),
    (&[0, 0, 0], 5),
    (&[4, 4, 4, 9, 1], 8),
    (&[1; 26], 6),
];

fn encodes() -> impl Iterator<Item = Case<Input, Output>> {
    let batches = (1..=8).flat_map(|threads| {
        let first = if threads < 3 { 0 } else { BATCHES.len() - 2 };
        BATCHES[first..].iter().map(move |(lengths, grain)| (threads, lengths.to_vec(), *grain))
    });
    batches.map(|(threads, lengths, grain)| {
        let several = threads > 1 && oracle(&lengths, grain).len() > 1;
        Case {
            expected: Output::Encoded {
                texts: texts(&lengths).iter().map(|text| text.to_ascii_uppercase()).collect(),
                too_many: None,
                shared_out: several.then_some(true),
            },
            input: Input::Encode { threads, lengths, grain },
            why: "one task a range at most, one state a task at most; with several ranges, several threads; and the \
                  order is that of the texts",
        }
    })
}

/// The oracle: the shortest beginning that is enough, and then the same with the rest.
fn oracle(lengths: &[usize], grain: usize) -> Ranges {
    let (mut ranges, mut start) = (Ranges::new(), 0);
    while start < lengths.len() {
        let enough = |end: &usize| lengths[start..*end].iter().sum::<usize>() >= grain.max(1);
        let end = (start + 1..=lengths.len()).find(enough).unwrap_or(lengths.len());
        ranges.push(start..end);
        start = end;
    }
    ranges
}
