//! Check `real_tokenizers.pretokenize_gpt4`: the pieces of GPT-4's pattern.

use super::golden::Golden;
use super::pattern::{self, GPT2, GPT4, Splitter};
use crate::bpe::unicode::{is_letter, is_number, is_space};
use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::graded;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::PRETOKENIZE_GPT4;

/// Grades a function from a text to its pieces under GPT-4's pattern.
pub fn pretokenize_gpt4(answer: impl for<'t> Fn(&'t str) -> Vec<&'t str> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Splitter, origin: Origin) -> Verdict {
    let named = [
        "1234567",
        "'LL",
        "½½½½",
        "I'LL",
        "we'Ve",
        "'ſx",
        "'lL",
        "'ĸ",
        ".com",
        "\tx",
        "'x",
        "a\r\n\r\nb",
        ")\r\n\r\nx",
        " \u{3000}x",
        "x\u{a0}\u{a0}x",
        "end. \n ",
        " 1",
        "\u{301}a",
        "नि",
    ];
    let small = texts(&["a", " ", "'", "s", "1", "!", "\n"], 4)
        .chain(texts(&["a", " ", "\n", "!"], 6))
        .chain(named.map(str::to_owned))
        .chain(HARD_TEXTS.iter().map(|&text| text.to_owned()));
    pattern::check(
        (&PRETOKENIZE_GPT4, "pretokenize_gpt4"),
        answer,
        origin,
        WRONG,
        small,
        (GPT4, Golden::Cl100k.pieces()),
        "at each place the first alternative that matches takes as much as it can; white space \
         ends at the end of the text, else at its last line end, else before its last character",
    )
}

const WRONG: &[Wrong<Splitter>] = &[
    Wrong {
        id: "still_gpt2",
        belief: "these are the pieces of GPT-2's pattern",
        answer: &|text| pattern::split(text, GPT2),
    },
    Wrong {
        id: "digits_without_limit",
        belief: "you took all the numbers of a run; a piece has at most three",
        answer: &|text| Flawed { digits: usize::MAX, ..RIGHT }.split(text),
    },
    Wrong {
        id: "digits_from_the_right",
        belief: "you grouped numbers from the right, as people write them; the pattern goes from the left",
        answer: &|text| Flawed { from_the_right: true, ..RIGHT }.split(text),
    },
    Wrong {
        id: "bytes_for_numbers",
        belief: "you counted three bytes of numbers; three characters are allowed",
        answer: &|text| Flawed { digit_bytes: true, ..RIGHT }.split(text),
    },
    Wrong {
        id: "lower_case_only",
        belief: "you took contractions in lower case only; `(?i:…)` folds the case",
        answer: &|text| {
            Flawed {
                contractions: &["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"],
                folds: false,
                ..RIGHT
            }
            .split(text)
        },
    },
    Wrong {
        id: "ascii_case_only",
        belief: "you folded the case in ASCII; Unicode folds the long s `ſ` to `s`, too",
        answer: &|text| {
            Flawed { contractions: &["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"], ..RIGHT }
                .split(text)
        },
    },
    Wrong {
        id: "only_a_space_leads",
        belief: "you let only a space lead letters; any one character may that is no letter, number or line end",
        answer: &|text| Flawed { leads: |c| c == ' ', ..RIGHT }.split(text),
    },
    Wrong {
        id: "line_end_leads",
        belief: "you let a line end lead letters; `[^\\r\\n…]` excludes it",
        answer: &|text| Flawed { leads: |c| !is_letter(c) && !is_number(c), ..RIGHT }.split(text),
    },
    Wrong {
        id: "punctuation_leaves_line_ends",
        belief: "you left the line ends after punctuation to the next piece; `[\\r\\n]*` takes them",
        answer: &|text| Flawed { takes_newlines: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "first_line_end",
        belief: "you ended white space at the first line end; the greedy `\\s*` goes on to the last one",
        answer: &|text| Flawed { last_newline: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "end_like_the_middle",
        belief: "you cut white space at the end of the text after its line end; `\\s+$` comes first and takes all",
        answer: &|text| Flawed { whole_at_end: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "no_lookahead",
        belief: "a run of white space takes all of it; the look-ahead `(?!\\S)` gives the last one back",
        answer: &|text| Flawed { gives_back: false, ..RIGHT }.split(text),
    },
    Wrong {
        id: "gives_back_at_the_end",
        belief: "at the end of the text nothing follows, so the run of white space is whole",
        answer: &|text| {
            Flawed { whole_at_end: false, gives_back_at_end: true, ..RIGHT }.split(text)
        },
    },
    Wrong {
        id: "gives_back_a_byte",
        belief: "you gave back one byte of white space; its last character may have three",
        answer: &|text| Flawed { byte_back: true, ..RIGHT }.split(text),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

/// A splitter with the places where it may go wrong as fields.
struct Flawed {
    contractions: &'static [&'static str],
    folds: bool,
    leads: fn(char) -> bool,
    digits: usize,
    from_the_right: bool,
    digit_bytes: bool,
    takes_newlines: bool,
    whole_at_end: bool,
    last_newline: bool,
    byte_back: bool,
    gives_back: bool,
    gives_back_at_end: bool,
}

const RIGHT: Flawed = Flawed {
    contractions: &["'s", "'ſ", "'d", "'m", "'t", "'ll", "'ve", "'re"],
    folds: true,
    leads: |c| !is_letter(c) && !is_number(c) && !is_newline(c),
    digits: 3,
    from_the_right: false,
    digit_bytes: false,
    takes_newlines: true,
    whole_at_end: true,
    last_newline: true,
    byte_back: false,
    gives_back: true,
    gives_back_at_end: false,
};

fn is_newline(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

impl Flawed {
    fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        pattern::cut(text, |rest| self.first(rest))
    }

    /// The length of the first piece.
    fn first(&self, text: &str) -> usize {
        let run = |text: &str, holds: &dyn Fn(char) -> bool| {
            text.find(|c| !holds(c)).unwrap_or(text.len())
        };
        let contraction = self.contractions.iter().find(|word| {
            text.get(..word.len())
                .is_some_and(|here| here == **word || self.folds && here.eq_ignore_ascii_case(word))
        });
        if let Some(word) = contraction {
            return word.len();
        }
        let word = text.strip_prefix(self.leads).unwrap_or(text);
        let letters = run(word, &is_letter);
        if letters > 0 {
            return text.len() - word.len() + letters;
        }
        let numbers = run(text, &is_number);
        if numbers > 0 {
            let characters = text[..numbers].chars().count();
            return match self.from_the_right {
                true => {
                    text[..numbers].chars().take((characters - 1) % 3 + 1).map(char::len_utf8).sum()
                }
                false if self.digit_bytes => {
                    let first = text.chars().next().map_or(0, char::len_utf8);
                    (1..=3)
                        .rev()
                        .find(|&n| n <= numbers && text.is_char_boundary(n))
                        .unwrap_or(first)
                }
                false => text[..numbers].chars().take(self.digits).map(char::len_utf8).sum(),
            };
        }
        let body = text.strip_prefix(' ').unwrap_or(text);
        let others = run(body, &|c| !is_space(c) && !is_letter(c) && !is_number(c));
        if others > 0 {
            let newlines = if self.takes_newlines { run(&body[others..], &is_newline) } else { 0 };
            return text.len() - body.len() + others + newlines;
        }
        let spaces = run(text, &is_space);
        if spaces == text.len() && self.whole_at_end {
            return spaces;
        }
        let white = &text[..spaces];
        let newline =
            if self.last_newline { white.rfind(is_newline) } else { white.find(is_newline) };
        if let Some(at) = newline {
            return at + 1;
        }
        let last = white.chars().next_back().map_or(0, char::len_utf8);
        match () {
            () if spaces == text.len() && !self.gives_back_at_end => spaces,
            () if spaces == last || !self.gives_back => spaces,
            () if self.byte_back => spaces - 1,
            () => spaces - last,
        }
    }
}
