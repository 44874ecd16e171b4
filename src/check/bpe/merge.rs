//! Check `bpe.merge`: replace a pair by its new id, left to right, without overlap.

use crate::bpe::Pair;
use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::MERGE;

type Answer = dyn Fn(&[u32], Pair, u32) -> Vec<u32>;
type Input = (Vec<u32>, Pair, u32);

/// Grades a function from ids, a pair and its new id to the merged ids.
pub fn merge(answer: impl Fn(&[u32], Pair, u32) -> Vec<u32> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "drops_last",
        belief: "you lost the last id where no pair ends the sequence",
        answer: &|ids, pair, new| {
            let (mut out, mut i) = (Vec::new(), 0);
            while i + 1 < ids.len() {
                let here = (ids[i], ids[i + 1]) == pair;
                out.push(if here { new } else { ids[i] });
                i += if here { 2 } else { 1 };
            }
            out
        },
    },
    Wrong {
        id: "overlapping",
        belief: "you used an id in two merges; after a match step over both ids",
        answer: &|ids, pair, new| {
            let matches: Vec<bool> =
                (0..ids.len()).map(|i| ids.get(i..i + 2) == Some(&[pair.0, pair.1])).collect();
            (0..ids.len())
                .filter(|&i| matches[i] || i == 0 || !matches[i - 1])
                .map(|i| if matches[i] { new } else { ids[i] })
                .collect()
        },
    },
    Wrong {
        id: "right_to_left",
        belief: "you matched from the right; in `a a a` the first two must merge",
        answer: &|ids, pair, new| {
            let mut out = Vec::new();
            let mut end = ids.len();
            while end > 0 {
                let here = end > 1 && (ids[end - 2], ids[end - 1]) == pair;
                out.push(if here { new } else { ids[end - 1] });
                end -= if here { 2 } else { 1 };
            }
            out.reverse();
            out
        },
    },
    Wrong {
        id: "first_only",
        belief: "you replaced the first occurrence; all of them must go",
        answer: &|ids, pair, new| match ids.windows(2).position(|w| (w[0], w[1]) == pair) {
            None => ids.to_vec(),
            Some(at) => [&ids[..at], &[new], &ids[at + 2..]].concat(),
        },
    },
    Wrong {
        id: "keeps_right",
        belief: "you wrote the new id and kept the right half of the pair",
        answer: &|ids, pair, new| {
            (0..ids.len())
                .map(|i| if ids.get(i..i + 2) == Some(&[pair.0, pair.1]) { new } else { ids[i] })
                .collect()
        },
    },
    Wrong {
        id: "any_order",
        belief: "you merged (b, a) as well as (a, b); the order within a pair matters",
        answer: &|ids, pair, new| {
            let (mut out, mut i) = (Vec::new(), 0);
            while i < ids.len() {
                let next = ids.get(i + 1).map(|&next| (ids[i], next));
                let here = next == Some(pair) || next == Some((pair.1, pair.0));
                out.push(if here { new } else { ids[i] });
                i += if here { 2 } else { 1 };
            }
            out
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &MERGE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (ids, pair, new): &Input| answer(ids, *pair, *new),
        call: |(ids, pair, new)| format!("merge(&{}, {pair:?}, {new})", diff::sequence(ids)),
        show: |ids| diff::sequence(ids),
        diff: |_, expected, got| diff::sequences(expected, got, |id| id.to_string()),
    };
    let small =
        sequences(2, 6).flat_map(|ids| [(0, 0), (0, 1), (1, 0)].map(|pair| (ids.clone(), pair, 2)));
    let long = [
        // Merges of merges, and an id that is already there.
        (vec![256, 97, 256, 97, 256], (256, 97), 257),
        (vec![7, 5, 5, 7, 5], (5, 5), 7),
        // Ids of several digits and of several bytes: an id is a number, not its digits.
        (vec![1, 12], (1, 1), 256),
        (vec![11, 2], (1, 2), 256),
        (vec![257, 2, 1, 258], (1, 2), 300),
        (vec![70_000, 1, 70_000, 1], (70_000, 1), 70_001),
        (Seeded::new(3).sequence(1_000, 3), (1, 2), 9),
        (vec![1; 1_001], (1, 1), 2),
    ];
    exam.sit(small.chain(long).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "replace from the left, step over both ids of a match, keep everything else",
    }))
}

/// The oracle: repeatedly split at the first occurrence.
fn oracle((ids, pair, new): &Input) -> Vec<u32> {
    let mut merged = Vec::new();
    let mut rest = &ids[..];
    while let Some(at) = rest.windows(2).position(|window| window == [pair.0, pair.1]) {
        merged.extend_from_slice(&rest[..at]);
        merged.push(*new);
        rest = &rest[at + 2..];
    }
    merged.extend_from_slice(rest);
    merged
}
