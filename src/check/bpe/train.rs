//! Check `bpe.train`: the merges that a text teaches.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::replace;
use crate::bpe::Pair;
use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::TRAIN;

type Answer = dyn Fn(&str, usize) -> Vec<Pair>;
type Input = (String, usize);

/// Grades a function from a text and a vocabulary size to the merges, the first learned first.
pub fn train(answer: impl Fn(&str, usize) -> Vec<Pair> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "vocab_size_is_merges",
        belief: "you learned `vocab_size` merges; 256 places of the vocabulary are the bytes",
        answer: &|text, size| Trainer::default().train(text, size),
    },
    Wrong {
        id: "one_too_many",
        belief: "you learned one merge too many (`<=` for `<`)",
        answer: &|text, size| Trainer::default().train(text, (size + 1).saturating_sub(256)),
    },
    Wrong {
        id: "underflow",
        belief: "`vocab_size - 256` has no value below 256: a `usize` cannot be negative",
        answer: &|text, size| {
            let merges = size.checked_sub(256).expect("attempt to subtract with overflow");
            Trainer::default().train(text, merges)
        },
    },
    Wrong {
        id: "counts_once",
        belief: "you counted the pairs once; every merge changes the counts, and new pairs appear",
        answer: &|text, size| {
            Trainer { stale: true, ..Default::default() }.train(text, size.saturating_sub(256))
        },
    },
    Wrong {
        id: "ids_from_zero",
        belief: "you numbered the new ids from 0, where the bytes are; the k-th merge makes 256 + k",
        answer: &|text, size| {
            Trainer { first: 0, ..Default::default() }.train(text, size.saturating_sub(256))
        },
    },
    Wrong {
        id: "ids_from_257",
        belief: "your first new id is 257; counted from zero the k-th merge makes 256 + k",
        answer: &|text, size| {
            Trainer { first: 257, ..Default::default() }.train(text, size.saturating_sub(256))
        },
    },
    Wrong {
        id: "chars",
        belief: "you started from characters; a tokenizer starts from bytes",
        answer: &|text, size| {
            Trainer::default()
                .learn(text.chars().map(u32::from).collect(), size.saturating_sub(256))
        },
    },
    Wrong {
        id: "stops_at_once",
        belief: "you stopped when the best pair occurs once; the vocabulary is not full yet",
        answer: &|text, size| {
            Trainer { at_least: 2, ..Default::default() }.train(text, size.saturating_sub(256))
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &TRAIN,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (text, vocab_size): &Input| answer(text, *vocab_size),
        call: |(text, vocab_size)| match text == super::golden::TEXT {
            true => format!(
                "train(&std::fs::read_to_string(\"data/golden/bpe_text.txt\")?, {vocab_size})"
            ),
            false => format!("train({}, {vocab_size})", diff::text(text)),
        },
        show: |merges| diff::sequence(merges),
        diff: |_, expected, got| diff::sequences(expected, got, |pair| format!("{pair:?}")),
    };
    let small = texts(&["a", "b"], 6)
        .flat_map(|text| [256, 257, 258, 259].map(|size| (text.clone(), size)))
        .chain([("ab".to_owned(), 255), ("ab".to_owned(), 0), ("aaabdaaabac".to_owned(), 259)])
        .chain(HARD_TEXTS.iter().map(|text| ((*text).to_owned(), 270)))
        .map(|input| (naive(&input), input));
    let golden = super::golden::merges();
    let real = (golden.clone(), (super::golden::TEXT.to_owned(), 256 + golden.len()));
    exam.sit(small.chain([real]).map(|(expected, input)| Case {
        expected,
        input,
        why: "from the bytes: count, take the best pair (smallest on ties), merge, count afresh, \
              until the vocabulary has `vocab_size` tokens or no pair is left",
    }))
}

fn naive((text, vocab_size): &Input) -> Vec<Pair> {
    Trainer::default().train(text, vocab_size.saturating_sub(256))
}

/// A trainer by the book, with the places where it may go wrong as fields.
struct Trainer {
    /// The id that the first merge makes.
    first: u32,
    /// Whether the counts of the beginning are used to the end.
    stale: bool,
    /// How often the best pair must occur.
    at_least: usize,
}

impl Default for Trainer {
    fn default() -> Self {
        Self { first: 256, stale: false, at_least: 1 }
    }
}

impl Trainer {
    fn train(&self, text: &str, wanted: usize) -> Vec<Pair> {
        self.learn(text.bytes().map(u32::from).collect(), wanted)
    }

    fn learn(&self, mut ids: Vec<u32>, wanted: usize) -> Vec<Pair> {
        let mut merges = Vec::new();
        let mut counts = count(&ids);
        for new in (self.first..).take(wanted) {
            if !self.stale {
                counts = count(&ids);
            }
            let best = counts.iter().max_by_key(|&(&pair, &count)| (count, Reverse(pair)));
            let Some((&pair, &times)) = best else { break };
            if times < self.at_least {
                break;
            }
            counts.remove(&pair);
            merges.push(pair);
            ids = replace(&ids, pair, new);
        }
        merges
    }
}

fn count(ids: &[u32]) -> HashMap<Pair, usize> {
    let mut counts = HashMap::new();
    for pair in ids.windows(2) {
        *counts.entry((pair[0], pair[1])).or_insert(0) += 1;
    }
    counts
}
