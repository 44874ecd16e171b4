//! Check `real_tokenizers.train_word_counts`: the merges that words with counts teach.

use super::training::{self, Answer, Book, Flawed, RIGHT};
use crate::check::exam::graded;
use crate::check::work::{Symbol, counted};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::TRAIN_WORD_COUNTS;

/// How many merges are learned of the book.
const MERGES: usize = 8;

/// Of the book and of the excerpt that stands for it.
pub(super) const BOOK_BYTES: u64 = 4_137_850;
const EXCERPT: &str = include_str!("../../../data/golden/bpe_text.txt");

/// Grades a function from words with counts and a vocabulary size to the merges.
pub fn train_word_counts(
    answer: impl Fn(&[(Vec<Symbol>, u64)], usize) -> Vec<(Symbol, Symbol)> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let book = Book {
        merges: MERGES,
        // A twentieth of what the answer would take for the book as one word, judged by its beginning.
        budget: |answer, _| {
            let text = [(Symbol::of(EXCERPT), 1)];
            let (_, looks) = counted(|| answer(&text, 256 + MERGES));
            looks * (BOOK_BYTES / EXCERPT.len() as u64) / 20
        },
        spent: "stopped after a twentieth of the looks that the book as one text would take",
        why: "count pairs word by word: that takes a thirtieth of the looks that the whole text takes, \
              and a twentieth is allowed",
    };
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
        belief: "right, and too much work: such as each word written as often as it counts, which is the text again",
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
