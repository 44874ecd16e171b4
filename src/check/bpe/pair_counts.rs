//! Check `bpe.pair_counts`: how often each pair of neighbours occurs.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::bpe::Pair;
use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::PAIR_COUNTS;

/// How often each pair of neighbours occurs; a pair that never occurs has no entry.
pub type PairCounts = HashMap<Pair, usize>;

type Answer = dyn Fn(&[u32]) -> PairCounts;

/// Grades a function from ids to the counts of adjacent pairs.
pub fn pair_counts(answer: impl Fn(&[u32]) -> PairCounts + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "non_overlapping",
        belief: "you cut the ids into twos; each id but the first and last is in two pairs",
        answer: &|ids| count(ids.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
    },
    Wrong {
        id: "skips_runs",
        belief: "you skipped overlapping pairs in a run; `a a a` has the pair twice",
        answer: &|ids| {
            let mut counted = None;
            count((0..ids.len().saturating_sub(1)).filter_map(|i| {
                let pair = (ids[i], ids[i + 1]);
                let overlaps = pair.0 == pair.1 && counted == Some((i.wrapping_sub(1), pair));
                if overlaps {
                    return None;
                }
                counted = Some((i, pair));
                Some(pair)
            }))
        },
    },
    Wrong {
        id: "unordered",
        belief: "you took (a, b) and (b, a) for one pair; their order matters",
        answer: &|ids| count(pairs(ids).map(|(a, b)| (a.min(b), a.max(b)))),
    },
    Wrong {
        id: "presence",
        belief: "you noted that a pair occurs, not how often (`insert` replaces the count)",
        answer: &|ids| pairs(ids).map(|pair| (pair, 1)).collect(),
    },
    Wrong {
        id: "forgets_last",
        belief: "you stopped one pair early",
        answer: &|ids| count(pairs(&ids[..ids.len().saturating_sub(1)])),
    },
    Wrong {
        id: "reversed",
        belief: "you counted (right, left); a pair is (left, right)",
        answer: &|ids| count(pairs(ids).map(|(a, b)| (b, a))),
    },
    Wrong {
        id: "ids_are_bytes",
        belief: "you took ids for bytes; merges make ids of 256 and more",
        answer: &|ids| count(pairs(ids).map(|(a, b)| (a % 256, b % 256))),
    },
    Wrong {
        id: "starts_at_one",
        belief: "you began at 1 and then added the first occurrence (`or_insert(0)`)",
        answer: &|ids| count(pairs(ids)).into_iter().map(|(pair, n)| (pair, n + 1)).collect(),
    },
    Wrong {
        id: "counts_from_zero",
        belief: "you began at 0 and forgot to add the first occurrence",
        answer: &|ids| count(pairs(ids)).into_iter().map(|(pair, n)| (pair, n - 1)).collect(),
    },
];

fn pairs(ids: &[u32]) -> impl Iterator<Item = Pair> + '_ {
    ids.windows(2).map(|pair| (pair[0], pair[1]))
}

fn count(pairs: impl Iterator<Item = Pair>) -> PairCounts {
    let mut counts = PairCounts::new();
    for pair in pairs {
        *counts.entry(pair).or_insert(0) += 1;
    }
    counts
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &PAIR_COUNTS,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, ids: &Vec<u32>| answer(ids),
        call: |ids| format!("pair_counts(&{})", diff::sequence(ids)),
        show: diff::map,
        diff: |_, expected, got| diff::maps(expected, got),
    };
    // Of equal length those with most different ids first, which tells cutting into twos from the
    // mistakes that only runs show.
    let mut small: Vec<Vec<u32>> = sequences(3, 5).collect();
    small.sort_by_key(|ids| (ids.len(), Reverse(ids.iter().collect::<HashSet<_>>().len())));
    let long = [
        // Ids beyond a byte, and beyond two: merges make them.
        vec![256, 97, 256, 97],
        vec![0, 65_537],
        vec![70_000, 1, 70_000],
        Seeded::new(1).sequence(1_000, 4),
        super::golden::excerpt().bytes().map(u32::from).collect(),
    ];
    exam.sit(small.into_iter().chain(long).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "every adjacent pair counts, also where pairs overlap; n ids have n - 1 pairs",
    }))
}

/// The oracle: sort the pairs and measure the runs of equal ones.
fn oracle(ids: &[u32]) -> PairCounts {
    let mut sorted: Vec<Pair> = (1..ids.len()).map(|right| (ids[right - 1], ids[right])).collect();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
}
