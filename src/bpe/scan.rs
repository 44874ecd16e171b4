//! Runs of characters in the bytes of a text: how far does it go on with letters, with spaces?
//!
//! # The idea
//!
//! A pattern asks one question again and again: from this byte on, how long is the run of characters
//! of these classes? A set of classes is a number, a bit a class. A byte below 0x80 is a character,
//! and a table of 128 entries has its class. Other bytes begin a character of two to four bytes, which
//! is put together and looked up in the tables of [`unicode`](super::unicode).
//!
//! Most runs are words of ASCII letters, and most words are shorter than eight letters. A loop over
//! bytes ends each word with a branch that the processor could not foresee. So [`letters`] looks at
//! eight bytes at once, in one `u64`: each byte gets its top bit set if it is a letter, and the number
//! of trailing zeros of the complement tells where the run ends.
//!
//! ```text
//! bytes       h  e  l  l  o  ,     w      little endian: `h` is the lowest byte
//! top bits    1  1  1  1  1  0  0  1
//! complement  0  0  0  0  0  1  1  0      5 * 8 + 7 trailing zeros: 5 letters
//! ```
//!
//! # Where it stops
//!
//! Sixteen, 32 or 64 bytes at once ask for instructions of one processor. Eight go on every one.

use super::unicode::{Class, class_number};

/// A set of classes: bit `c` is the class with the number `c`.
pub(super) type Set = u16;

pub(super) const OTHER: Set = 1 << Class::Other as u16;
pub(super) const UPPER: Set = 1 << Class::Upper as u16;
pub(super) const LOWER: Set = 1 << Class::Lower as u16;
pub(super) const CASELESS: Set = 1 << Class::Caseless as u16;
pub(super) const MARK: Set = 1 << Class::Mark as u16;
pub(super) const NUMBER: Set = 1 << Class::Number as u16;
pub(super) const SPACE: Set = 1 << Class::Space as u16;
pub(super) const NEWLINE: Set = 1 << Class::Newline as u16;
/// No character: the text ends here.
pub(super) const END: Set = 1 << 8;

/// `\p{L}`
pub(super) const LETTER: Set = UPPER | LOWER | CASELESS;
/// `\s`
pub(super) const WHITE: Set = SPACE | NEWLINE;
/// `[^\s\p{L}\p{N}]`
pub(super) const NEITHER: Set = OTHER | MARK;

/// The class of each byte below 0x80, as a set of one.
static ASCII: [Set; 128] = {
    let mut table = [OTHER; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => NUMBER,
            b'\n' | b'\r' => NEWLINE,
            b' ' | b'\t' | 0x0b | 0x0c => SPACE,
            _ => OTHER,
        };
        byte += 1;
    }
    table
};

/// The class of the character at a place, as a set of one, and where the next character begins.
///
/// The bytes are those of a `str`, and a character begins at `at` or the text ends there.
#[inline(always)]
pub(super) fn class_at(bytes: &[u8], at: usize) -> (Set, usize) {
    match bytes.get(at) {
        None => (END, at),
        Some(&byte) if byte < 0x80 => (ASCII[byte as usize], at + 1),
        Some(_) => wide(bytes, at),
    }
}

/// [`class_at`] for a character of two bytes or more.
#[inline]
fn wide(bytes: &[u8], at: usize) -> (Set, usize) {
    let byte = |place: usize| bytes.get(at + place).map_or(0, |&byte| u32::from(byte));
    let more = |place: usize| byte(place) & 0x3f;
    let (code, width) = match byte(0) {
        first if first < 0xe0 => ((first & 0x1f) << 6 | more(1), 2),
        first if first < 0xf0 => ((first & 0x0f) << 12 | more(1) << 6 | more(2), 3),
        first => ((first & 0x07) << 18 | more(1) << 12 | more(2) << 6 | more(3), 4),
    };
    (1 << class_number(code), at + width)
}

/// Where the run of characters of these classes ends that begins here; `at` if there is none.
#[inline(always)]
pub(super) fn run(bytes: &[u8], mut at: usize, classes: Set) -> usize {
    loop {
        let (class, next) = class_at(bytes, at);
        if class & classes == 0 {
            return at;
        }
        at = next;
    }
}

/// The top bit of each byte.
const TOP: u64 = 0x8080_8080_8080_8080;
/// The lowest bit of each byte: times a byte it is that byte eight times.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Where the run of letters ends, as [`run`] with [`LETTER`], eight bytes at once where they are ASCII.
#[inline(always)]
pub(super) fn letters(bytes: &[u8], at: usize) -> usize {
    // One bit is all that tells an upper-case letter from a lower-case one.
    run(bytes, ascii_run(bytes, at, 0x20 * EACH), LETTER)
}

/// Where a run of `[a-z]` ends.
#[inline(always)]
pub(super) fn ascii_lower(bytes: &[u8], at: usize) -> usize {
    ascii_run(bytes, at, 0)
}

/// Where the bytes end that are in `[a-z]` after these bits are set; at most seven bytes too early, if
/// the text ends within them.
#[inline(always)]
fn ascii_run(bytes: &[u8], mut at: usize, bits: u64) -> usize {
    while let Some(&eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let eight = u64::from_le_bytes(eight);
        // No sum of two bytes below 0x80 reaches into the byte above.
        let low = (eight | bits) & !TOP;
        let from_a = low + (0x80 - u64::from(b'a')) * EACH;
        let above_z = low + (0x7f - u64::from(b'z')) * EACH;
        let inside = from_a & !above_z & !eight & TOP;
        if inside != TOP {
            return at + ((inside ^ TOP).trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bpe::unicode::class;

    /// The table and the bit tricks say what the tables of Unicode say, at every place of a word.
    #[test]
    fn every_byte_and_character_has_its_class() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let expected = (1 << class(c) as u16, text.len());
            assert_eq!(class_at(text.as_bytes(), 0), expected, "{c:?}");
        }
        for c in (0..=0x3ff).filter_map(char::from_u32) {
            for before in 0..17 {
                let text = format!("{}{c}zzzzzzzzzzzzzzzzz", "mQ".repeat(9).split_at(before).0);
                let bytes = text.as_bytes();
                assert_eq!(letters(bytes, 0), run(bytes, 0, LETTER), "{text:?}");
                let lower = bytes.iter().position(|byte| !byte.is_ascii_lowercase());
                assert_eq!(
                    Some(ascii_lower(bytes, 0)).filter(|&at| at < 16),
                    lower.filter(|&at| at < 16)
                );
            }
        }
    }
}
