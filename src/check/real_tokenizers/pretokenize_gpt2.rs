//! Check `real_tokenizers.pretokenize_gpt2`: the pieces of GPT-2's pattern.

use super::golden::Golden;
use super::pattern::{self, GPT2, Splitter};
use crate::bpe::unicode::{is_letter, is_number, is_space};
use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::graded;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::PRETOKENIZE_GPT2;

/// Grades a function from a text to its pieces under GPT-2's pattern.
pub fn pretokenize_gpt2(answer: impl for<'t> Fn(&'t str) -> Vec<&'t str> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Splitter, origin: Origin) -> Verdict {
    let small = texts(&["a", " ", "'", "s", "1", "!", "\n"], 4)
        .chain(texts(&["a", " ", "\n"], 6))
        .chain(
            [
                "don't",
                "we'll've",
                "it'store",
                "I'M",
                "a\u{a0}b",
                "a\u{3000}\u{3000}b",
                "नि",
                "a\u{11de1}",
                "½ Ⅷ",
            ]
            .map(str::to_owned),
        )
        .chain(HARD_TEXTS.iter().map(|&text| text.to_owned()));
    pattern::check(
        (&PRETOKENIZE_GPT2, "pretokenize_gpt2"),
        answer,
        origin,
        WRONG,
        small,
        (GPT2, Golden::Gpt2.pieces()),
        "at each place the first alternative that matches takes as much as it can; a run of white \
         space leaves its last character to what follows, and a space joins it",
    )
}

const WRONG: &[Wrong<Splitter>] = &[
    Wrong {
        id: "no_lookahead",
        belief: "a run of white space takes all of it; the look-ahead `(?!\\S)` gives the last one back",
        answer: &|text| Flawed { gives_back: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "drops_spaces",
        belief: "you split at white space and dropped it; the pieces must join to the text",
        answer: &|text| text.split_whitespace().collect(),
    },
    Wrong {
        id: "space_ends_a_word",
        belief: "you left the space at the end of a word; it begins the next one",
        answer: &|text| text.split_inclusive(' ').collect(),
    },
    Wrong {
        id: "any_space_joins",
        belief: "you let any white space begin a word; only the plain space joins what follows",
        answer: &|text| Flawed { joins: is_space, ..RIGHT }.split(text),
    },
    Wrong {
        id: "space_joins_letters_only",
        belief: "you let a space join letters only; numbers and punctuation take one, too",
        answer: &|text| Flawed { joins_all: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "std_alphabetic",
        belief: "`char::is_alphabetic` is not `\\p{L}`: vowel signs are alphabetic and no letters",
        answer: &|text| Flawed { letter: char::is_alphabetic, ..RIGHT }.split(text),
    },
    Wrong {
        id: "ascii_digits",
        belief: "you took digits for numbers; `\\p{N}` also holds `½`, `²` and the digits of all scripts",
        answer: &|text| Flawed { number: |c| c.is_ascii_digit(), ..RIGHT }.split(text),
    },
    Wrong {
        id: "gives_back_a_byte",
        belief: "you gave back one byte of white space; its last character may have three",
        answer: &|text| Flawed { byte_back: true, ..RIGHT }.split(text),
    },
    Wrong {
        id: "gives_back_at_the_end",
        belief: "at the end of the text nothing follows, so the run of white space is whole",
        answer: &|text| Flawed { whole_at_end: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "std_numeric",
        belief: "`char::is_numeric` follows the compiler's version of Unicode, which knows numbers that the pattern's does not",
        answer: &|text| {
            Flawed { number: |c| is_number(c) || c == '\u{11de1}', ..RIGHT }.split(text)
        },
    },
    Wrong {
        id: "any_case",
        belief: "you folded the case of contractions; GPT-2's pattern knows only lower case",
        answer: &|text| Flawed { any_case: true, ..RIGHT }.split(text),
    },
    Wrong {
        id: "contraction_ends_a_word",
        belief: "you asked that a contraction ends a word; the pattern does not look at what follows",
        answer: &|text| Flawed { whole_word: true, ..RIGHT }.split(text),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

/// A splitter with the places where it may go wrong as fields.
struct Flawed {
    gives_back: bool,
    joins: fn(char) -> bool,
    joins_all: bool,
    letter: fn(char) -> bool,
    number: fn(char) -> bool,
    any_case: bool,
    whole_word: bool,
    byte_back: bool,
    whole_at_end: bool,
}

const RIGHT: Flawed = Flawed {
    gives_back: true,
    joins: |c| c == ' ',
    joins_all: true,
    letter: is_letter,
    number: is_number,
    any_case: false,
    whole_word: false,
    byte_back: false,
    whole_at_end: true,
};

impl Flawed {
    fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        pattern::cut(text, |rest| self.first(rest))
    }

    /// The length of the first piece.
    fn first(&self, text: &str) -> usize {
        let contraction = ["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"].into_iter().find(|word| {
            let Some(here) = text.get(..word.len()) else { return false };
            let ends = !text[word.len()..].starts_with(self.letter);
            (here == *word || self.any_case && here.eq_ignore_ascii_case(word))
                && (ends || !self.whole_word)
        });
        if let Some(word) = contraction {
            return word.len();
        }
        let body = text.strip_prefix(self.joins).unwrap_or(text);
        let run = |text: &str, holds: &dyn Fn(char) -> bool| {
            text.find(|c| !holds(c)).unwrap_or(text.len())
        };
        let other = |c| !is_space(c) && !(self.letter)(c) && !(self.number)(c);
        let letters = run(body, &self.letter);
        if letters > 0 {
            return text.len() - body.len() + letters;
        }
        let body = if self.joins_all { body } else { text };
        let more = [run(body, &self.number), run(body, &other)];
        if let Some(length) = more.into_iter().find(|&length| length > 0) {
            return text.len() - body.len() + length;
        }
        let spaces = run(text, &is_space);
        let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
        let ends = spaces == text.len() && self.whole_at_end;
        match () {
            () if ends || spaces == last || !self.gives_back => spaces,
            () if self.byte_back => spaces - 1,
            () => spaces - last,
        }
    }
}
