//! Check `real_tokenizers.repair_lookahead`: white space before a word, and the character given back.
//!
//! The pattern is a part of GPT-4's, with words that are all but white space, so that nothing else can go
//! wrong. The small scope has a white space of three bytes in it: a fix that gives a byte back is right
//! on every text in ASCII.

use super::pattern::{self, Alternative, Splitter};
use crate::bpe::unicode::is_space;
use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::graded;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::REPAIR_LOOKAHEAD;

/// Grades a function from a text to its pieces.
pub fn repair_lookahead(answer: impl for<'t> Fn(&'t str) -> Vec<&'t str> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Splitter, origin: Origin) -> Verdict {
    let small = texts(&["a", " ", "\n", "\u{3000}"], 5)
        .chain(
            ["a\u{a0}\u{a0}b", "a\t b", "a \tb", "a\r\n b", "fn f() {\n    1\n}"]
                .map(str::to_owned),
        )
        .chain(HARD_TEXTS.iter().map(|&text| text.to_owned()));
    pattern::check(
        (&REPAIR_LOOKAHEAD, "repair_lookahead"),
        answer,
        origin,
        WRONG,
        small,
        (PATTERN, Box::new(std::iter::empty())),
        "` ?\\S+`, else `\\s*[\\r\\n]+`, else `\\s+(?!\\S)`, else `\\s+`; each takes as much as it can",
    )
}

/// ` ?\S+|\s*[\r\n]+|\s+(?!\S)|\s+`
const PATTERN: &[Alternative] = &[
    |piece, _| {
        let word = piece.strip_prefix(&[' ']).unwrap_or(piece);
        !word.is_empty() && word.iter().all(|&c| !is_space(c))
    },
    |piece, _| is_white(piece) && matches!(piece.last(), Some('\n' | '\r')),
    |piece, next| is_white(piece) && next.is_none_or(is_space),
    |piece, _| is_white(piece),
];

fn is_white(piece: &[char]) -> bool {
    piece.iter().all(|&c| is_space(c))
}

const WRONG: &[Wrong<Splitter>] = &[
    Wrong {
        id: "as_found",
        belief: "the bug as it was found: on this call your answer does what it did",
        answer: &|text| split(text, |_, run| run.len()),
    },
    Wrong {
        id: "gives_back_a_byte",
        belief: "you gave back one byte; the last character of the run may have three",
        answer: &|text| {
            split(text, |rest, run| {
                if run.len() < rest.len() && run.len() > 1 { run.len() - 1 } else { run.len() }
            })
        },
    },
    Wrong {
        id: "at_the_end_too",
        belief: "you gave a character back at the end of the text, where no word follows",
        answer: &|text| {
            split(
                text,
                |_, run| if run.len() > last(run) { run.len() - last(run) } else { run.len() },
            )
        },
    },
    Wrong {
        id: "plain_space_only",
        belief: "you gave back a plain space only; the pattern gives back whatever white space is last",
        answer: &|text| {
            split(text, |rest, run| {
                let gives = run.len() < rest.len() && run.len() > 1 && run.ends_with(' ');
                if gives { run.len() - 1 } else { run.len() }
            })
        },
    },
    Wrong {
        id: "before_line_breaks",
        belief: "you gave back a character of a run with a line break in it; `\\s*[\\r\\n]+` comes first",
        answer: &|text| {
            pieces(text, |rest, run| {
                let gives = run.len() < rest.len() && run.len() > last(run);
                if gives { run.len() - last(run) } else { run.len() }
            })
        },
    },
    Wrong {
        id: "one_by_one",
        belief: "you cut the run into single characters; all but the last one are one piece",
        answer: &|text| {
            split(text, |rest, run| if run.len() < rest.len() { first(run) } else { run.len() })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn first(run: &str) -> usize {
    run.chars().next().map_or(0, char::len_utf8)
}

fn last(run: &str) -> usize {
    run.chars().next_back().map_or(0, char::len_utf8)
}

/// Cuts a text; of what is left and the run of white space that it begins with, `length` says how many
/// bytes are a piece. Not asked where the run holds a line break.
fn split(text: &str, length: fn(&str, &str) -> usize) -> Vec<&str> {
    pieces(text, |rest, run| match run.rfind(['\r', '\n']) {
        Some(line_break) => line_break + 1,
        None => length(rest, run),
    })
}

fn pieces(text: &str, length: impl Fn(&str, &str) -> usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let word = rest.strip_prefix(' ').unwrap_or(rest);
        let letters = word.find(is_space).unwrap_or(word.len());
        let run = &rest[..rest.find(|c| !is_space(c)).unwrap_or(rest.len())];
        let length =
            if letters > 0 { rest.len() - word.len() + letters } else { length(rest, run) };
        let (piece, tail) = rest.split_at(length);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}
