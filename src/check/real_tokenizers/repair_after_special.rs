//! Check `real_tokenizers.repair_after_special`: one `▁` more before the text, and none after a special.
//!
//! The oracle goes character by character and never has a part in hand, so it cannot treat one like
//! another. The first case stands before the small scope: on a text that begins with a special
//! token, the bug as it was found and a fix that waits for the first text give the same.

use crate::check::cases::texts;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::real_tokenizers::REPAIR_AFTER_SPECIAL;

type Answer = dyn Fn(&str, &[&str]) -> Vec<String>;

/// Grades a function from a text and the special tokens to the parts.
pub fn repair_after_special(answer: impl Fn(&str, &[&str]) -> Vec<String> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const SPECIALS: &[&str] = &["<s>", "</s>"];

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &REPAIR_AFTER_SPECIAL,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, text: &String| answer(text, SPECIALS),
        call: |text| format!("repair_after_special({}, &{SPECIALS:?})", diff::text(text)),
        show: |parts| diff::sequence(parts),
        diff: |_, expected, got| diff::sequences(expected, got, |part| format!("{part:?}")),
    };
    let first = [String::new(), "a".to_owned(), "a<s>b".to_owned()];
    let small = texts(&["a", " ", "<s>", "</s>"], 5);
    let hard = [
        "<s>. Hello",
        "<s> . Hello",
        "Hello<s>. Hello</s>, Hello",
        "<s>Hello</s>",
        "a<<s>>b",
        "<s<s>",
        "▁a<s>▁b",
        "語<s>語 語",
        "no special token at all",
    ];
    exam.sit(first.into_iter().chain(small).chain(hard.map(str::to_owned)).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "each space becomes `▁`; one `▁` more stands before a text that does not begin with a \
              special token, and nowhere else",
    }))
}

/// The oracle: character by character, each part ended by a special token or the end.
fn oracle(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(special) = SPECIALS.iter().find(|special| text[at..].starts_with(**special)) {
            parts.extend([std::mem::take(&mut part), (*special).to_owned()]);
            at += special.len();
        } else {
            part.push_str(if at == 0 { "▁" } else { "" });
            part.push(if c == ' ' { '▁' } else { c });
            at += c.len_utf8();
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// A part of the text: where it begins and what it holds, with `true` for a special token.
fn parts<'t>(text: &'t str, specials: &[&str]) -> Vec<(bool, &'t str)> {
    let (mut parts, mut start) = (Vec::new(), 0);
    while start < text.len() {
        let rest = &text[start..];
        let found =
            specials.iter().filter_map(|special| Some((rest.find(special)?, special.len())));
        let (at, length) = found.min().unwrap_or((rest.len(), 0));
        parts.push((false, &rest[..at]));
        parts.push((true, &rest[at..at + length]));
        start += at + length;
    }
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

/// All parts, those of text after `prepare` had a look at the text and the part's number.
fn prepared(
    text: &str,
    specials: &[&str],
    prepare: fn(&str, usize, &str) -> String,
) -> Vec<String> {
    let parts = parts(text, specials).into_iter().enumerate();
    parts
        .map(|(k, (special, part))| if special { part.to_owned() } else { prepare(text, k, part) })
        .collect()
}

fn plain(part: &str) -> String {
    part.replace(' ', "▁")
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "as_found",
        belief: "the bug as it was found: on this call your answer does what it did",
        answer: &|text, specials| {
            prepared(text, specials, |_, _, part| format!("▁{}", plain(part)))
        },
    },
    Wrong {
        id: "first_text",
        belief: "you gave `▁` to the first part that is no special token; the text begins with one here",
        answer: &|text, specials| {
            let mut parts = prepared(text, specials, |_, _, part| plain(part));
            if let Some(first) = parts.iter_mut().find(|part| !specials.contains(&part.as_str())) {
                first.insert(0, '▁');
            }
            parts
        },
    },
    Wrong {
        id: "no_prefix",
        belief: "you took away every `▁` that is added; the beginning of the text keeps it",
        answer: &|text, specials| prepared(text, specials, |_, _, part| plain(part)),
    },
    Wrong {
        id: "before_the_split",
        belief: "you put `▁` before the text and then split it; before a special token it stands alone",
        answer: &|text, specials| match text {
            "" => Vec::new(),
            text => prepared(&format!("▁{text}"), specials, |_, _, part| plain(part)),
        },
    },
    Wrong {
        id: "eats_the_space",
        belief: "you stripped every `▁` after a special token; a space of the text's own stays",
        answer: &|text, specials| {
            prepared(text, specials, |_, k, part| match k {
                0 => format!("▁{}", plain(part)),
                _ => plain(part).trim_start_matches('▁').to_owned(),
            })
        },
    },
    Wrong {
        id: "known_by_its_text",
        belief: "you knew the first part by what it holds; another part may hold the same",
        answer: &|text, specials| {
            prepared(text, specials, |text, _, part| {
                format!("{}{}", if text.starts_with(part) { "▁" } else { "" }, plain(part))
            })
        },
    },
    Wrong {
        id: "not_before_a_space",
        belief: "you added no `▁` to a text that begins with a space; it gets one more all the same",
        answer: &|text, specials| {
            prepared(text, specials, |_, k, part| match k {
                0 if !part.starts_with(' ') => format!("▁{}", plain(part)),
                _ => plain(part),
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
