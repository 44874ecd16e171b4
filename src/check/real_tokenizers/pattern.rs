//! The patterns of GPT-2 and GPT-4 as an oracle: each alternative says whether it matches a piece
//! exactly, and the longest piece of the first alternative that matches any wins.
//!
//! This is the meaning of a regular expression whose alternatives are greedy, without an engine for
//! it: all lengths are tried, from the longest down. Quadratic, and short enough to be read beside the
//! pattern. A test outside of this crate compares it with `fancy-regex` on the true patterns.

use crate::bpe::unicode::{Class, class, is_letter, is_number, is_space};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::Stage;

use super::golden;

/// Whether an alternative matches these characters when that one follows.
pub(super) type Alternative = fn(&[char], Option<char>) -> bool;

/// Cuts a text into the pieces that a pattern matches, one after the other.
pub(super) fn split<'t>(text: &'t str, pattern: &[Alternative]) -> Vec<&'t str> {
    let chars: Vec<char> = text.chars().collect();
    let (mut pieces, mut rest, mut at) = (Vec::new(), text, 0);
    while at < chars.len() {
        let matches = |alternative: &Alternative| {
            let lengths = (1..=chars.len() - at).rev();
            lengths
                .into_iter()
                .find(|&n| alternative(&chars[at..at + n], chars.get(at + n).copied()))
        };
        let length = pattern.iter().find_map(matches).expect("a pattern matches everywhere");
        let bytes: usize = chars[at..at + length].iter().map(|c| c.len_utf8()).sum();
        let (piece, tail) = rest.split_at(bytes);
        pieces.push(piece);
        (rest, at) = (tail, at + length);
    }
    pieces
}

/// `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
pub(super) const GPT2: &[Alternative] = &[
    |piece, _| CONTRACTIONS.iter().any(|word| piece.iter().copied().eq(word.chars())),
    |piece, _| after_a_space(piece, is_letter),
    |piece, _| after_a_space(piece, is_number),
    |piece, _| after_a_space(piece, is_other),
    |piece, next| all(piece, is_space) && next.is_none(),
    |piece, next| all(piece, is_space) && next.is_none_or(is_space),
    |piece, _| piece.len() == 1 && is_space(piece[0]),
];

/// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
pub(super) const GPT4: &[Alternative] = &[
    |piece, _| {
        // The one character beyond ASCII that folds to one of these letters is the long s.
        let folded = piece.iter().map(|&c| if c == 'ſ' { 's' } else { c.to_ascii_lowercase() });
        CONTRACTIONS.iter().any(|word| folded.clone().eq(word.chars()))
    },
    |piece, _| {
        let prefix = |c| !is_letter(c) && !is_number(c) && class(c) != Class::Newline;
        all(piece, is_letter) || prefix(piece[0]) && all(&piece[1..], is_letter)
    },
    |piece, _| piece.len() <= 3 && all(piece, is_number),
    |piece, next| {
        let newlines = piece.iter().rev().take_while(|&&c| class(c) == Class::Newline).count();
        let more = next.is_some_and(|c| class(c) == Class::Newline);
        after_a_space(&piece[..piece.len() - newlines], is_other) && !more
    },
    |piece, next| all(piece, is_space) && next.is_none(),
    |piece, _| all(piece, is_space) && piece.last().is_some_and(|&c| class(c) == Class::Newline),
    |piece, next| all(piece, is_space) && next.is_none_or(is_space),
    |piece, _| piece.len() == 1 && is_space(piece[0]),
];

const CONTRACTIONS: [&str; 7] = ["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"];

fn is_other(c: char) -> bool {
    !is_space(c) && !is_letter(c) && !is_number(c)
}

fn all(piece: &[char], class: fn(char) -> bool) -> bool {
    !piece.is_empty() && piece.iter().all(|&c| class(c))
}

fn after_a_space(piece: &[char], class: fn(char) -> bool) -> bool {
    all(piece.strip_prefix(&[' ']).unwrap_or(piece), class)
}

/// Cuts a text piece by piece; `first` gives the length of the first one in bytes.
pub(super) fn cut(mut text: &str, first: impl Fn(&str) -> usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let (piece, rest) = text.split_at(first(text));
        pieces.push(piece);
        text = rest;
    }
    pieces
}

/// What a learner writes: a function from a text to its pieces.
pub(super) type Splitter = dyn for<'t> Fn(&'t str) -> Vec<&'t str>;

/// Grades a splitter: the given texts against the oracle, then the golden ones.
pub(super) fn check(
    (stage, name): (&'static Stage, &'static str),
    answer: &Splitter,
    origin: Origin,
    wrong: &'static [Wrong<Splitter>],
    small: impl Iterator<Item = String>,
    (pattern, golden): (&'static [Alternative], golden::Pieces),
    why: &'static str,
) -> Verdict {
    let exam = Exam {
        stage,
        origin,
        answer,
        wrong,
        run: |answer, (_, text): &(&str, String)| {
            answer(text).into_iter().map(str::to_owned).collect::<Vec<String>>()
        },
        call: |(name, text)| format!("{name}({})", diff::text(text)),
        show: |pieces| diff::sequence(pieces),
        diff: |_, expected, got| {
            let mut lines = diff::sequences(expected, got, |piece| format!("{piece:?}"));
            let joined = got.concat();
            if joined != expected.concat() {
                lines.push("joined, your pieces do not give the text back".to_owned());
            }
            lines
        },
    };
    let small = small.map(|text| {
        let pieces = split(&text, pattern).into_iter().map(str::to_owned).collect();
        (text, pieces)
    });
    exam.sit(small.chain(golden).map(|(text, expected)| Case {
        input: (name, text),
        expected,
        why,
    }))
}
