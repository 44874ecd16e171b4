//! Classes of characters as the patterns of real tokenizers see them: letter, number, white space.
//!
//! The patterns of GPT-2 and GPT-4 speak of `\p{L}`, `\p{N}` and `\s`. Rust's standard library has
//! methods that sound alike and are not: `char::is_alphabetic` and `\p{L}` differ on 1,731 characters of
//! Unicode 16 (the vowel signs of Hindi are alphabetic and no letters), and the library's tables follow
//! the compiler's version of Unicode, so a new compiler would change the ids of a text. Here the
//! tables are data, made once from the tables of the `regex` crates, which is what tiktoken runs on:
//! Unicode 16.
//!
//! The table has two steps: the upper bits of a character choose a block of 128 classes, the lower
//! seven bits choose in it. Most of the 8,704 blocks are equal, so 230 of them are stored, and the
//! whole takes 38 kB. `bench/src/bin/unicode.rs` writes it.

/// What a character is to a pattern. Each character is of exactly one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// None of the others: punctuation, symbols, controls, unassigned.
    Other = 0,
    /// An upper-case or title-case letter, `[\p{Lu}\p{Lt}]`.
    Upper = 1,
    /// A lower-case letter, `\p{Ll}`.
    Lower = 2,
    /// A letter without case, `[\p{Lm}\p{Lo}]`: those of Hebrew, Hindi, Chinese and many more.
    Caseless = 3,
    /// A mark, `\p{M}`: an accent or a vowel sign that stands on another character.
    Mark = 4,
    /// A number, `\p{N}`: digits of all scripts, but also `Ⅷ`, `½` and `²`.
    Number = 5,
    /// White space, `\s`, other than the two of the next class.
    Space = 6,
    /// A line feed or a carriage return, `[\r\n]`.
    Newline = 7,
}

/// How many characters share a block of the table.
const BLOCK: usize = 128;
/// How many blocks Unicode has.
const BLOCKS: usize = 0x11_0000 / BLOCK;

/// `BLOCKS` numbers of blocks, then the blocks.
static TABLE: &[u8] = include_bytes!("../../data/unicode_classes.bin");

const CLASSES: [Class; 8] = [
    Class::Other,
    Class::Upper,
    Class::Lower,
    Class::Caseless,
    Class::Mark,
    Class::Number,
    Class::Space,
    Class::Newline,
];

/// The class of a character.
///
/// ```
/// use rust_for_ai::bpe::unicode::{Class, class};
/// assert_eq!("Aa水\u{301}7 \n!".chars().map(class).collect::<Vec<_>>(), [
///     Class::Upper, Class::Lower, Class::Caseless, Class::Mark,
///     Class::Number, Class::Space, Class::Newline, Class::Other,
/// ]);
/// ```
#[inline]
pub fn class(c: char) -> Class {
    CLASSES[(class_number(c as u32) & 7) as usize]
}

/// The class of the character with this code, as a number: what [`class`] gives, cast.
#[inline]
pub(super) fn class_number(code: u32) -> u8 {
    let code = code as usize;
    let block = TABLE[code / BLOCK] as usize;
    TABLE[BLOCKS + block * BLOCK + code % BLOCK]
}

/// Whether a pattern's `\p{L}` matches this character.
///
/// ```
/// use rust_for_ai::bpe::unicode::is_letter;
/// assert!(is_letter('é') && is_letter('水'));
/// // A vowel sign of Hindi: alphabetic for the standard library, a mark for a pattern.
/// assert!('\u{93f}'.is_alphabetic() && !is_letter('\u{93f}'));
/// ```
#[inline]
pub fn is_letter(c: char) -> bool {
    matches!(class(c), Class::Upper | Class::Lower | Class::Caseless)
}

/// Whether a pattern's `\p{N}` matches this character.
///
/// ```
/// use rust_for_ai::bpe::unicode::is_number;
/// assert!(is_number('7') && is_number('½') && is_number('५'));
/// ```
#[inline]
pub fn is_number(c: char) -> bool {
    class(c) == Class::Number
}

/// Whether a pattern's `\s` matches this character.
///
/// ```
/// use rust_for_ai::bpe::unicode::is_space;
/// assert!(is_space(' ') && is_space('\n') && is_space('\u{a0}') && is_space('\u{3000}'));
/// assert!(!is_space('\u{200b}')); // "zero width space" is none
/// ```
#[inline]
pub fn is_space(c: char) -> bool {
    matches!(class(c), Class::Space | Class::Newline)
}
