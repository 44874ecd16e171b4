//! Check `real_tokenizers.repair_byte_table`: GPT-2's character for each byte.
//!
//! The answer takes no input, so a case is a place in its table: its length first, then byte by byte. The
//! oracle is GPT-2's vocabulary itself. Its first 256 ids are the bytes in the order of their characters:
//! 188 that stand for themselves, then those that got U+0100 and the following.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::bpe::ranks;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::real_tokenizers::REPAIR_BYTE_TABLE;

type Answer = dyn Fn() -> Vec<char>;

/// Grades a function that gives the character of each byte.
pub fn repair_byte_table(answer: impl Fn() -> Vec<char> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

/// What is asked of a table.
enum Place {
    Length,
    Byte(u8),
}

#[derive(PartialEq)]
enum Entry {
    Length(usize),
    Char(Option<char>),
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &REPAIR_BYTE_TABLE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, place: &Place| match place {
            Place::Length => Entry::Length(answer().len()),
            Place::Byte(byte) => Entry::Char(answer().get(usize::from(*byte)).copied()),
        },
        call: |place| match place {
            Place::Length => "repair_byte_table().len()".to_owned(),
            Place::Byte(byte) => format!("repair_byte_table()[{byte:#04X}]"),
        },
        show: |entry| match entry {
            Entry::Length(length) => length.to_string(),
            Entry::Char(None) => "no entry".to_owned(),
            Entry::Char(Some(c)) => format!("{c:?} (U+{:04X})", u32::from(*c)),
        },
        diff: |_, _, _| Vec::new(),
    };
    let table = oracle();
    let bytes = (0..=u8::MAX).zip(table);
    let entries = bytes.map(|(byte, c)| (Place::Byte(byte), Entry::Char(Some(c))));
    exam.sit([(Place::Length, Entry::Length(256))].into_iter().chain(entries).map(
        |(input, expected)| Case {
            input,
            expected,
            why: "a byte whose Latin-1 character can be seen stands for itself, 188 in all; the other 68 \
                  get U+0100, U+0101, … in the order of the bytes",
        },
    ))
}

/// The bytes in the order of GPT-2's ids, which is the order of their characters.
fn order() -> Vec<u8> {
    let tokens = ranks::gpt2().lines().take(256).filter_map(|line| line.split(' ').next());
    tokens.filter_map(|token| BASE64_STANDARD.decode(token).ok()).flatten().collect()
}

fn oracle() -> Vec<char> {
    let mut table = vec!['\0'; 256];
    let mut others = '\u{100}'..;
    for (id, byte) in order().into_iter().enumerate() {
        let other = if id < 188 { None } else { others.next() };
        table[usize::from(byte)] = other.unwrap_or(char::from(byte));
    }
    table
}

/// A table that begins as the bug does and lets `fix` have a word on each byte.
fn fixed(fix: fn(u8, &mut u32) -> Option<char>) -> Vec<char> {
    let mut next = 0x100;
    let entry = |byte: u8| {
        fix(byte, &mut next).unwrap_or_else(|| match byte {
            0xA1.. | 0x21..=0x7E => char::from(byte),
            _ => following(&mut next),
        })
    };
    (0..=u8::MAX).map(entry).collect()
}

fn following(next: &mut u32) -> char {
    *next += 1;
    char::from_u32(*next - 1).unwrap_or_default()
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "as_found",
        belief: "the bug as it was found: on this call your answer does what it did",
        answer: &|| fixed(|_, _| None),
    },
    Wrong {
        id: "left_out",
        belief: "you left the byte out of the table; it still needs an entry, and the others their places",
        answer: &|| fixed(|_, _| None).into_iter().filter(|&c| c != '\u{ad}').collect(),
    },
    Wrong {
        id: "one_too_far",
        belief: "you gave the byte U+0144; it is the 68th of the others, so U+0100 + 67",
        answer: &|| fixed(|byte, _| (byte == 0xAD).then_some('\u{144}')),
    },
    Wrong {
        id: "mended_by_offset",
        belief: "you added 256 to the byte; the others are numbered in order, without gaps",
        answer: &|| fixed(|byte, _| (byte == 0xAD).then_some('\u{1ad}')),
    },
    Wrong {
        id: "all_by_offset",
        belief: "you added 256 to each byte that cannot be seen; they are numbered without gaps",
        answer: &|| {
            let seen = |byte: u8| byte.is_ascii_graphic() || byte > 0xA0 && byte != 0xAD;
            let entry = |byte| if seen(byte) { 0 } else { 0x100 } + u32::from(byte);
            (0..=u8::MAX).filter_map(|byte| char::from_u32(entry(byte))).collect()
        },
    },
    Wrong {
        id: "up_to_the_hyphen",
        belief: "you took all bytes from 0x7F up to 0xAD as invisible; 0xA1 to 0xAC can be seen",
        answer: &|| fixed(|byte, next| (0xA1..=0xAD).contains(&byte).then(|| following(next))),
    },
    Wrong {
        id: "first_of_the_others",
        belief: "you gave the byte its number before all others; they are numbered in the order of the bytes",
        answer: &|| {
            let shifted = |c: char| match c {
                '\u{ad}' => Some('\u{100}'),
                '\u{100}'.. => char::from_u32(u32::from(c) + 1),
                c => Some(c),
            };
            fixed(|_, _| None).into_iter().filter_map(shifted).collect()
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
