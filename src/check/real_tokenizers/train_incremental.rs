//! Check `real_tokenizers.train_incremental`: the same merges, with a twentieth of the work.

use super::training::{self, Answer, Book, Flawed, RIGHT};
use crate::check::exam::graded;
use crate::check::work::{Symbol, counted};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::TRAIN_INCREMENTAL;

/// How many merges are learned of the book.
pub(super) const MERGES: usize = 500;

/// How many pairs of neighbours recounting visits: for the first merge, and for all of them. A test outside
/// of this crate counts again.
pub(super) const VISITS: (u64, u64) = (97_222, 27_695_327);

/// Grades a function from words with counts and a vocabulary size to the merges.
pub fn train_incremental(
    answer: impl Fn(&[(Vec<Symbol>, u64)], usize) -> Vec<(Symbol, Symbol)> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let book = Book {
        merges: MERGES,
        // A twentieth of what recounting would take in the answer's own way, judged by its first merge.
        budget: |answer, words| {
            let (_, looks) = counted(|| answer(words, 256 + 1));
            looks * VISITS.1 / VISITS.0 / 20
        },
        spent: "stopped after fourteen times the looks of the first merge, a twentieth of recounting",
        why: "after a merge, count only what has changed: 500 merges take six to seven times the looks of \
              the first one, recounting takes 285 times, and a twentieth of that is allowed",
    };
    training::check((&TRAIN_INCREMENTAL, "train_incremental"), answer, origin, WRONG, book)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "recounts",
        belief: "right, and too much work: such as counting all pairs again after a merge, or pushing pairs that have not grown (only pairs with the new symbol grow)",
        answer: &|words, size| Flawed { recounts: true, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "believes_the_heap",
        belief: "you believed the top of the heap; its count may be out of date",
        answer: &|words, size| Flawed { compares: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "drops_what_shrank",
        belief: "you dropped an entry whose count was out of date; put it back with its true count",
        answer: &|words, size| Flawed { puts_back: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "never_takes_away",
        belief: "you added the new pairs and left the counts of the old ones; a merge takes its neighbours' pairs away",
        answer: &|words, size| Flawed { takes_away: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "never_pushes",
        belief: "you did not push the pairs that a merge makes, so they never win",
        answer: &|words, size| Flawed { pushes: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "never_indexes",
        belief: "you did not note the words of the pairs that a merge makes, so their own merges visit nothing",
        answer: &|words, size| Flawed { indexes: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "words_count_once",
        belief: "you changed counts by one; a pair counts as often as its word",
        answer: &|words, size| Flawed { weighs: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "larger_on_ties",
        belief: "the heap gave you the larger pair among equals; turn the pair around with `Reverse`",
        answer: &|words, size| Flawed { smaller: false, ..RIGHT }.train(words, size),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
