//! Check `real_tokenizers.repair_lost_text`: pieces of at most some bytes that join to the text.
//!
//! The oracle has no state: from each place it takes the longest beginning that is allowed. The small
//! scope has a letter of two bytes and the limits 1 to 4, so that characters are longer than the limit,
//! end at it, and cross it.

use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::real_tokenizers::REPAIR_LOST_TEXT;

type Answer = dyn for<'t> Fn(&'t str, usize) -> Vec<&'t str>;

/// Grades a function from a text and a limit to the pieces.
pub fn repair_lost_text(
    answer: impl for<'t> Fn(&'t str, usize) -> Vec<&'t str> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &REPAIR_LOST_TEXT,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (text, limit): &(String, usize)| {
            answer(text, *limit).into_iter().map(str::to_owned).collect::<Vec<String>>()
        },
        call: |(text, limit)| format!("repair_lost_text({}, {limit})", diff::text(text)),
        show: |pieces| diff::sequence(pieces),
        diff: |_, expected, got| {
            let mut lines = diff::sequences(expected, got, |piece| format!("{piece:?}"));
            if got.concat() != expected.concat() {
                lines.push("joined, your pieces do not give the text back".to_owned());
            }
            lines
        },
    };
    // A word that is cut comes before a character that is too long.
    let first = [("aa".to_owned(), 1)];
    let small =
        texts(&["a", "é", " "], 5).flat_map(|text| (1..5).map(move |limit| (text.clone(), limit)));
    let long = ["tokenizer", "a cat on the mat", "語語語 語", &"iVBORw0KGgo".repeat(40)]
        .map(str::to_owned);
    let hard = HARD_TEXTS.iter().map(|&text| text.to_owned()).chain(long);
    let hard = hard.flat_map(|text| [1, 2, 3, 4, 7, 64].map(|limit| (text.clone(), limit)));
    exam.sit(first.into_iter().chain(small).chain(hard).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "the pieces join to the text; none goes on behind a space, none is cut inside of a \
              character, none has more than `limit` bytes unless it is one character; each is as \
              long as it can be",
    }))
}

/// The oracle: the longest beginning that may be a piece, again and again.
fn oracle((text, limit): &(String, usize)) -> Vec<String> {
    let is_piece = |piece: &str| {
        let one = piece.chars().count() == 1;
        (piece.len() <= *limit || one)
            && !piece.trim_end_matches(' ').contains(' ')
            && piece.matches(' ').count() <= 1
    };
    let (mut pieces, mut rest) = (Vec::new(), text.as_str());
    while !rest.is_empty() {
        let ends = (1..=rest.len()).rev().filter_map(|end| rest.split_at_checked(end));
        let (piece, tail) =
            ends.into_iter().find(|(piece, _)| is_piece(piece)).expect("one character is a piece");
        pieces.push(piece.to_owned());
        rest = tail;
    }
    pieces
}

/// The parts of a word, greedily; the last one, which the bug loses, apart.
fn parts(word: &str, limit: usize) -> (Vec<&str>, &str) {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, c) in word.char_indices() {
        if at + c.len_utf8() - start > limit && start < at {
            parts.push(&word[start..at]);
            start = at;
        }
    }
    (parts, &word[start..])
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "as_found",
        belief: "the bug as it was found: on this call your answer does what it did",
        answer: &|text, limit| {
            let words = text.split_inclusive(' ');
            words
                .flat_map(
                    |word| if word.len() <= limit { vec![word] } else { parts(word, limit).0 },
                )
                .collect()
        },
    },
    Wrong {
        id: "last_word_only",
        belief: "you kept the rest of the last word; each word that is cut leaves one",
        answer: &|text, limit| {
            let mut pieces = Vec::new();
            let mut words = text.split_inclusive(' ').peekable();
            while let Some(word) = words.next() {
                let (cut, rest) = parts(word, limit);
                pieces.extend(cut);
                if word.len() <= limit || words.peek().is_none() {
                    pieces.push(rest);
                }
            }
            pieces
        },
    },
    Wrong {
        id: "rest_joins_the_last_part",
        belief: "you joined the rest to the part before it, which then has more than `limit` bytes",
        answer: &|text, limit| {
            let mut pieces = Vec::new();
            for word in text.split_inclusive(' ') {
                let (mut cut, rest) = parts(word, limit);
                let before = cut.pop().unwrap_or_default();
                pieces.extend(cut);
                pieces.push(&word[word.len() - before.len() - rest.len()..]);
            }
            pieces
        },
    },
    Wrong {
        id: "cuts_bytes",
        belief: "you cut after `limit` bytes, wherever that is; inside of a character it panics",
        answer: &|text, limit| {
            let mut pieces = Vec::new();
            for mut word in text.split_inclusive(' ') {
                while word.len() > limit {
                    let (part, rest) = (&word[..limit], &word[limit..]);
                    pieces.push(part);
                    word = rest;
                }
                pieces.push(word);
            }
            pieces
        },
    },
    Wrong {
        id: "counts_characters",
        belief: "you took the limit as a number of characters; it is one of bytes",
        answer: &|text, limit| {
            let mut pieces = Vec::new();
            for mut word in text.split_inclusive(' ') {
                while let Some((end, _)) = word.char_indices().nth(limit) {
                    pieces.push(&word[..end]);
                    word = &word[end..];
                }
                pieces.push(word);
            }
            pieces
        },
    },
    Wrong {
        id: "across_words",
        belief: "you cut the text as a whole; a piece must not go on behind a space",
        answer: &|text, limit| {
            let (mut pieces, rest) = parts(text, limit);
            pieces.extend(Some(rest).filter(|rest| !rest.is_empty()));
            pieces
        },
    },
    Wrong {
        id: "drops_wide_characters",
        belief: "you dropped a character that has more bytes than the limit; it is a piece of its own",
        answer: &|text, limit| {
            let words = text.split_inclusive(' ');
            words
                .flat_map(|word| {
                    let (mut cut, rest) = parts(word, limit);
                    cut.push(rest);
                    cut.into_iter().filter(move |part| part.len() <= limit)
                })
                .collect()
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
