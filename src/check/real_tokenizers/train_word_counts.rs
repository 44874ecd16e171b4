//! Check `real_tokenizers.train_word_counts`: the merges that words with counts teach.

use super::training::{self, Answer, Book, Flawed, RIGHT};
use crate::check::exam::graded;
use crate::check::work::Symbol;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::TRAIN_WORD_COUNTS;

/// How many looks `bpe.train` takes for the first eight merges of the book as one text. A test outside
/// of this crate counts again.
pub(super) const LOOKS_OF_TRAIN: u64 = 150_000_000;

/// How many merges that is.
pub(super) const MERGES: usize = 8;

/// Grades a function from words with counts and a vocabulary size to the merges.
pub fn train_word_counts(
    answer: impl Fn(&[(Vec<Symbol>, u64)], usize) -> Vec<(Symbol, Symbol)> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let why = "count pairs word by word: that takes a thirtieth of the looks of `bpe.train` on the whole \
               text, and a twentieth is allowed";
    let book = Book { merges: MERGES, budget: LOOKS_OF_TRAIN / 20, why };
    training::check((&TRAIN_WORD_COUNTS, "train_word_counts"), answer, origin, WRONG, book)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "words_count_once",
        belief: "you counted each word once; a pair counts as often as its word",
        answer: &|words, size| Flawed { weighs: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "joins_words",
        belief: "you joined the words to one text; then pairs cross from one word to the next",
        answer: &|words, size| Flawed { separate: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "non_overlapping",
        belief: "you skipped overlapping pairs; `aaa` holds `aa` twice",
        answer: &|words, size| Flawed { overlaps: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "once_a_word",
        belief: "you counted a pair once a word; a word may hold it several times",
        answer: &|words, size| Flawed { repeats: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "larger_on_ties",
        belief: "among equal counts you took the larger pair; the smaller one wins",
        answer: &|words, size| Flawed { smaller: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "vocab_size_is_merges",
        belief: "you learned `vocab_size` merges; 256 places of the vocabulary are the bytes",
        answer: &|words, size| Flawed { counts_bytes: false, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "one_too_many",
        belief: "you learned one merge too many (`<=` for `<`)",
        answer: &|words, size| Flawed { more: 1, ..RIGHT }.train(words, size),
    },
    Wrong {
        id: "repeats_words",
        belief: "you wrote each word as often as it counts and trained on that; it is right and as slow as before",
        answer: &|words, size| {
            let each = |(word, count): &(Vec<Symbol>, u64)| {
                vec![(word.clone(), 1); usize::try_from(*count).unwrap_or(0)]
            };
            let words: training::Words = words.iter().flat_map(each).collect();
            Flawed { recounts: true, ..RIGHT }.train(&words, size)
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
