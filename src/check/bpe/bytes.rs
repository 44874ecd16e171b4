//! Check `bpe.bytes`: a text becomes the ids of its UTF-8 bytes.

use crate::check::cases::{HARD_TEXTS, texts};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::BYTES;

type Answer = dyn Fn(&str) -> Vec<u32>;

/// Grades a function from a text to the ids of its bytes.
pub fn bytes(answer: impl Fn(&str) -> Vec<u32> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "chars",
        belief: "you took the characters' code points; an id here is a byte",
        answer: &|text| text.chars().map(u32::from).collect(),
    },
    Wrong {
        id: "utf16",
        belief: "you took UTF-16 units, as JavaScript and Java count; an id here is a byte",
        answer: &|text| text.encode_utf16().map(u32::from).collect(),
    },
    Wrong {
        id: "truncated_chars",
        belief: "you cut each character down to its lowest byte (`c as u8` drops the rest)",
        answer: &|text| text.chars().map(|c| u32::from(c) % 256).collect(),
    },
    Wrong {
        id: "ascii_only",
        belief: "you left out what is not ASCII",
        answer: &|text| text.bytes().filter(u8::is_ascii).map(u32::from).collect(),
    },
    Wrong {
        id: "trimmed",
        belief: "you trimmed white space; a tokenizer must give it back",
        answer: &|text| text.trim().bytes().map(u32::from).collect(),
    },
    Wrong {
        id: "offset_by_one",
        belief: "you kept an id free, as for a padding token; here byte b has the id b",
        answer: &|text| text.bytes().map(|byte| u32::from(byte) + 1).collect(),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &BYTES,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, text: &String| answer(text),
        call: |text| format!("bytes({})", diff::text(text)),
        show: |ids| diff::sequence(ids),
        diff: |_, expected, got| diff::sequences(expected, got, |id| id.to_string()),
    };
    // The emoji tells characters, UTF-16 units and cut characters apart; é would not.
    let small = texts(&["a", " ", "\n", "😀"], 3);
    let hard = HARD_TEXTS.iter().map(|text| (*text).to_owned());
    // Longer than a byte can count, and longer than two can.
    let long = [300, 70_000].map(|length| "ab\n".repeat(length / 3));
    exam.sit(small.chain(hard).chain(long).map(|input| Case {
        expected: utf8(&input),
        input,
        why: "one id a byte, in order, none lost; a character outside ASCII has two, three or four",
    }))
}

/// The oracle: UTF-8 by its definition (RFC 3629, section 3), not by the standard library.
fn utf8(text: &str) -> Vec<u32> {
    let low = |code: u32, shift: u32| 0x80 | ((code >> shift) & 0x3f);
    text.chars()
        .map(u32::from)
        .flat_map(|code| match code {
            0..0x80 => vec![code],
            0x80..0x800 => vec![0xc0 | (code >> 6), low(code, 0)],
            0x800..0x1_0000 => vec![0xe0 | (code >> 12), low(code, 6), low(code, 0)],
            _ => vec![0xf0 | (code >> 18), low(code, 12), low(code, 6), low(code, 0)],
        })
        .collect()
}
