//! Check `bpe.best_pair`: the most frequent pair, and among equals the smallest.

use std::cmp::Reverse;

use super::PairCounts;
use crate::bpe::Pair;
use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::BEST_PAIR;

type Answer = dyn Fn(&PairCounts) -> Option<Pair>;

/// Grades a function from pair counts to the pair to merge.
pub fn best_pair(answer: impl Fn(&PairCounts) -> Option<Pair> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "no_tie_rule",
        belief: "you left ties to the order of the map, which is random and differs from run to run",
        answer: &|counts| counts.iter().max_by_key(|&(_, count)| count).map(|(&pair, _)| pair),
    },
    Wrong {
        id: "no_tie_rule_either",
        belief: "you kept the first of equal counts in the order of the map, which differs from run to run",
        answer: &|counts| {
            let most = counts.values().max()?;
            counts.iter().find(|(_, count)| *count == most).map(|(&pair, _)| pair)
        },
    },
    Wrong {
        id: "largest_on_ties",
        belief: "you let the larger pair win a tie; the smaller one must (`Reverse`)",
        answer: &|counts| {
            counts.iter().max_by_key(|&(&pair, &count)| (count, pair)).map(|(&pair, _)| pair)
        },
    },
    Wrong {
        id: "largest_second",
        belief: "you compared only the first id of tied pairs in reverse; both ids count",
        answer: &|counts| {
            counts
                .iter()
                .max_by_key(|&(&pair, &count)| (count, Reverse(pair.0), pair.1))
                .map(|(&pair, _)| pair)
        },
    },
    Wrong {
        id: "rarest",
        belief: "you took the rarest pair; the most frequent one saves most",
        answer: &|counts| {
            counts.iter().min_by_key(|&(&pair, &count)| (count, pair)).map(|(&pair, _)| pair)
        },
    },
    Wrong {
        id: "smallest_pair",
        belief: "you compared the pairs before the counts; the count decides, the pair breaks ties",
        answer: &|counts| counts.keys().min().copied(),
    },
    Wrong {
        id: "needs_two",
        belief: "you refused a pair that occurs once; here any pair may be merged",
        answer: &|counts| right(counts).filter(|pair| counts[pair] > 1),
    },
];

fn right(counts: &PairCounts) -> Option<Pair> {
    counts.iter().max_by_key(|&(&pair, &count)| (count, Reverse(pair))).map(|(&pair, _)| pair)
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &BEST_PAIR,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, counts: &PairCounts| answer(counts),
        call: |counts| format!("best_pair(&HashMap::from({}))", entries(counts)),
        show: |pair| format!("{pair:?}"),
        diff: |counts, expected, got| match (expected, got) {
            (Some(e), Some(g)) => vec![format!(
                "{e:?} occurs {}, {g:?} occurs {}",
                times(counts.get(e)),
                times(counts.get(g))
            )],
            _ => Vec::new(),
        },
    };
    let mut random = Seeded::new(2);
    let many: Vec<PairCounts> = (0..40)
        .map(|size| {
            (0..size)
                .map(|_| ((random.below(6), random.below(6)), 1 + random.below(3) as usize))
                .collect()
        })
        .collect();
    // Numbers are compared as numbers: neither as text, nor packed, nor cut to a byte.
    let large = [
        [((9, 1), 2), ((10, 1), 2)],
        [((2, 9), 1), ((2, 10), 1)],
        [((0, 300), 2), ((1, 10), 2)],
        [((0, 70_000), 2), ((1, 0), 2)],
        [((0, 1), 1), ((0, 2), 256)],
        [((0, 1), 1), ((0, 2), 65_536)],
    ]
    .map(PairCounts::from_iter);
    exam.sit(small_scope().chain(large).chain(many).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "the highest count wins; among equal counts the smallest pair, first id first; no pair, no answer",
    }))
}

/// All counts 0 (absent), 1 or 2 of four pairs, those with fewest pairs first. Of these, high counts
/// come first on the small pairs, which tells "the rarest" from "the smallest pair".
fn small_scope() -> impl Iterator<Item = PairCounts> {
    const PAIRS: [Pair; 4] = [(1, 0), (2, 0), (0, 1), (0, 2)];
    let mut all: Vec<PairCounts> = sequences(3, PAIRS.len())
        .filter(|counts| counts.len() == PAIRS.len())
        .map(|counts| {
            PAIRS
                .into_iter()
                .zip(counts)
                .filter(|&(_, count)| count > 0)
                .map(|(pair, count)| (pair, count as usize))
                .collect()
        })
        .collect();
    all.reverse();
    all.sort_by_key(PairCounts::len);
    all.into_iter()
}

/// The oracle: sort everything and take the first.
fn oracle(counts: &PairCounts) -> Option<Pair> {
    let mut all: Vec<(Pair, usize)> = counts.iter().map(|(&pair, &count)| (pair, count)).collect();
    all.sort_unstable();
    let most = all.iter().map(|&(_, count)| count).max()?;
    all.into_iter().find(|&(_, count)| count == most).map(|(pair, _)| pair)
}

fn entries(counts: &PairCounts) -> String {
    let mut all: Vec<(&Pair, &usize)> = counts.iter().collect();
    all.sort_unstable();
    diff::sequence(&all)
}

fn times(count: Option<&usize>) -> String {
    match count {
        None => "never".to_owned(),
        Some(1) => "once".to_owned(),
        Some(2) => "twice".to_owned(),
        Some(n) => format!("{n} times"),
    }
}
