//! The patterns of GPT-2, GPT-4, GPT-4o and Llama-3, written by hand: where does the piece end that begins here?
//!
//! # The law
//!
//! A pattern is a list of alternatives. At each place the first one that matches wins, and takes as
//! much as it can; the next piece begins behind it. `bench/tests/real.rs` compares every piece with
//! what `fancy-regex`, the engine of tiktoken, makes of the same pattern.
//!
//! # The idea
//!
//! The class of the first character, and often of the second, already tells which alternative wins. So
//! each pattern becomes a `match` and one run over characters of a class. GPT-4's pattern, for example:
//!
//! ```text
//! '(?i:[sdmt]|ll|ve|re)                 the piece begins with an apostrophe
//! [^\r\n\p{L}\p{N}]?+\p{L}++            with a letter, or with another character before a letter
//! \p{N}{1,3}+                           with a number
//!  ?[^\s\p{L}\p{N}]++[\r\n]*+           with another character, or with a space before one
//! \s++$|\s*[\r\n]|\s+(?!\S)|\s          with white space
//! ```
//!
//! The last line is one run of white space with three ways to end: the whole of it at the end of the
//! text; else behind its last line break; else before its last character, which then may join the word
//! that follows. A run of one character takes that one.
//!
//! GPT-4o's pattern has two alternatives for words: `U*L+` and `U+L*`, where `U` are upper-case and
//! caseless letters and marks, and `L` lower-case and caseless letters and marks. An engine goes back
//! when `U*` took too much; here that is one rule. After the run of `U`, either a lower-case letter
//! follows, and the run of `L` ends the word; or the last caseless character of the run ends it; or
//! there is none, and the run is all upper case and is the word. Each `match` arm is linear, and no
//! character is looked at more than four times, whatever the text.
//!
//! # Why it stops here
//!
//! One piece at a time costs a branch that the processor guesses wrong about once a word. Engines that
//! classify 64 bytes at once do without, with instructions of one processor.

use super::scan::{
    CASELESS, END, LETTER, LOWER, MARK, NEITHER, NEWLINE, NUMBER, OTHER, SPACE, UPPER, WHITE,
    ascii_lower, class_at, letters, run,
};

/// How a text is cut into pieces before merging. Merges never cross the end of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// GPT-2's, also of r50k and p50k.
    Gpt2,
    /// GPT-4's, of cl100k.
    Cl100k,
    /// GPT-4o's, of o200k.
    O200k,
    /// Llama-3's: GPT-4's, but white space at the end of a text ends a piece behind its last line break,
    /// as anywhere else.
    Llama3,
    /// SmolLM's: each number by itself, and GPT-2's pattern on what lies between numbers.
    SmolLm,
}

impl Pattern {
    /// The pieces of a text, from left to right. They join to the text, and none is empty.
    ///
    /// ```
    /// use rust_for_ai::bpe::Pattern;
    /// let pieces = |pattern: Pattern| pattern.pieces("I'LL pay  2024").collect::<Vec<_>>();
    /// assert_eq!(pieces(Pattern::Gpt2), ["I", "'", "LL", " pay", " ", " 2024"]);
    /// assert_eq!(pieces(Pattern::Cl100k), ["I", "'LL", " pay", " ", " ", "202", "4"]);
    /// assert_eq!(pieces(Pattern::O200k), ["I'LL", " pay", " ", " ", "202", "4"]);
    /// assert_eq!(pieces(Pattern::Llama3), pieces(Pattern::Cl100k));
    /// assert_eq!(pieces(Pattern::SmolLm), ["I", "'", "LL", " pay", "  ", "2", "0", "2", "4"]);
    /// ```
    pub fn pieces(self, text: &str) -> Pieces<'_> {
        Pieces { pattern: self, text, at: 0 }
    }

    /// Writes the ends of the next pieces from `at` on, as many as there are or as fit, and tells how
    /// many. The bytes are those of a `str`.
    pub(super) fn ends(self, bytes: &[u8], at: usize, ends: &mut [usize]) -> usize {
        match self {
            Self::Gpt2 => fill(bytes, at, ends, gpt2),
            Self::Cl100k => fill(bytes, at, ends, cl100k::<true>),
            Self::Llama3 => fill(bytes, at, ends, cl100k::<false>),
            Self::O200k => fill(bytes, at, ends, o200k),
            Self::SmolLm => fill(bytes, at, ends, smollm),
        }
    }
}

/// The pieces of a text; made by [`Pattern::pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'t> {
    pattern: Pattern,
    text: &'t str,
    /// Where the next piece begins.
    at: usize,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let mut end = [0];
        if self.pattern.ends(self.text.as_bytes(), self.at, &mut end) == 0 {
            return None;
        }
        let piece = &self.text[self.at..end[0]];
        self.at = end[0];
        Some(piece)
    }
}

impl std::iter::FusedIterator for Pieces<'_> {}

#[inline(always)]
fn fill(
    bytes: &[u8],
    mut at: usize,
    ends: &mut [usize],
    end: impl Fn(&[u8], usize) -> usize,
) -> usize {
    let mut count = 0;
    for slot in ends {
        if at >= bytes.len() {
            break;
        }
        at = end(bytes, at);
        *slot = at;
        count += 1;
    }
    count
}

/// A number is a piece, and ends a text for what comes before it: white space there is whole.
#[inline(always)]
fn smollm(bytes: &[u8], start: usize) -> usize {
    let (class, at) = class_at(bytes, start);
    if class == NUMBER {
        return at;
    }
    if class & WHITE != 0 {
        let end = run(bytes, at, WHITE);
        if class_at(bytes, end).0 & (NUMBER | END) != 0 {
            return end;
        }
    }
    gpt2(bytes, start)
}

/// `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
#[inline(always)]
fn gpt2(bytes: &[u8], start: usize) -> usize {
    let (mut class, mut at) = class_at(bytes, start);
    if bytes[start] == b' ' {
        (class, at) = match class_at(bytes, at) {
            (next, _) if next & (WHITE | END) != 0 => (class, at),
            next => next,
        };
    } else if bytes[start] == b'\''
        && let Some(end) = contraction(bytes, at, false)
    {
        return end;
    }
    match class {
        UPPER | LOWER | CASELESS => letters(bytes, at),
        NUMBER => run(bytes, at, NUMBER),
        OTHER | MARK => run(bytes, at, NEITHER),
        _ => {
            let white = White::run(bytes, start);
            if white.end == bytes.len() { white.end } else { white.but_last(start) }
        }
    }
}

/// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
///
/// Llama-3's has no `\s++$`, and `\s*[\r\n]+` and `\s+` for `\s*[\r\n]` and `\s`. The latter two come to the
/// same, since what is before them is greedy; the former is `WHOLE_AT_END`.
#[inline(always)]
fn cl100k<const WHOLE_AT_END: bool>(bytes: &[u8], start: usize) -> usize {
    let (class, after) = class_at(bytes, start);
    match class {
        UPPER | LOWER | CASELESS => return letters(bytes, after),
        NUMBER => return three_numbers(bytes, after),
        OTHER | MARK if bytes[start] == b'\'' => {
            if let Some(end) = contraction(bytes, after, true) {
                return end;
            }
        }
        _ => {}
    }
    let (next, after_next) = class_at(bytes, after);
    if class != NEWLINE && next & LETTER != 0 {
        return letters(bytes, after_next);
    }
    if class & NEITHER != 0 || bytes[start] == b' ' && next & NEITHER != 0 {
        return run(bytes, run(bytes, after, NEITHER), NEWLINE);
    }
    let white = White::run(bytes, start);
    let at_end = white.end == bytes.len();
    match white.newline {
        Some(end) if !(WHOLE_AT_END && at_end) => end,
        None if !at_end => white.but_last(start),
        _ => white.end,
    }
}

/// GPT-4o's pattern: the two alternatives for words, then
/// `\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
#[inline(always)]
fn o200k(bytes: &[u8], start: usize) -> usize {
    let (class, after) = class_at(bytes, start);
    let word = match class {
        UPPER | LOWER | CASELESS => Some(start),
        NUMBER => return three_numbers(bytes, after),
        // A mark may be the one character before a word, or the word's first. It is the latter only if
        // what follows is no word for the first alternative.
        MARK => Some(if first_alternative(bytes, after).is_ok() { after } else { start }),
        NEWLINE => None,
        _ => Some(after).filter(|_| class_at(bytes, after).0 & (LETTER | MARK) != 0),
    };
    if let Some(word) = word {
        let end = first_alternative(bytes, word).unwrap_or_else(|upper| upper);
        return match bytes.get(end) {
            Some(b'\'') => contraction(bytes, end + 1, true).unwrap_or(end),
            _ => end,
        };
    }
    if class == OTHER || bytes[start] == b' ' && class_at(bytes, after).0 == OTHER {
        let mut end = run(bytes, after, NEITHER);
        while let Some(b'\r' | b'\n' | b'/') = bytes.get(end) {
            end += 1;
        }
        return end;
    }
    let white = White::run(bytes, start);
    match white.newline {
        Some(end) => end,
        None if white.end == bytes.len() => white.end,
        None => white.but_last(start),
    }
}

/// Where `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` ends, or if it matches nothing, the
/// end of the upper-case letters here.
#[inline(always)]
fn first_alternative(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    // Where the last character ended that the second half could begin with.
    let mut caseless = None;
    loop {
        let (class, next) = class_at(bytes, at);
        match class {
            UPPER => {}
            CASELESS | MARK => caseless = Some(next),
            LOWER => {
                return Ok(run(bytes, ascii_lower(bytes, next), LOWER | CASELESS | MARK));
            }
            _ => return caseless.ok_or(at),
        }
        at = next;
    }
}

/// Where a contraction ends whose apostrophe ends at `at`.
#[inline]
fn contraction(bytes: &[u8], at: usize, any_case: bool) -> Option<usize> {
    let fold = |byte: u8| if any_case { byte.to_ascii_lowercase() } else { byte };
    let second = || bytes.get(at + 1).copied();
    match fold(*bytes.get(at)?) {
        b's' | b'd' | b'm' | b't' => Some(at + 1),
        b'l' if fold(second()?) == b'l' => Some(at + 2),
        b'v' | b'r' if fold(second()?) == b'e' => Some(at + 2),
        // The one character beyond ASCII that folds to one of these letters is the long s, `ſ`.
        0xc5 if any_case && second()? == 0xbf => Some(at + 2),
        _ => None,
    }
}

/// Where up to three numbers end, the first of which ends at `at`.
#[inline(always)]
fn three_numbers(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..2 {
        match class_at(bytes, at) {
            (NUMBER, next) => at = next,
            _ => break,
        }
    }
    at
}

/// A run of white space.
struct White {
    /// Where it ends.
    end: usize,
    /// Where its last character begins.
    last: usize,
    /// Where its last line break ends.
    newline: Option<usize>,
}

impl White {
    #[inline(always)]
    fn run(bytes: &[u8], start: usize) -> Self {
        let mut white = Self { end: start, last: start, newline: None };
        loop {
            let (class, next) = class_at(bytes, white.end);
            match class {
                SPACE => {}
                NEWLINE => white.newline = Some(next),
                _ => return white,
            }
            (white.last, white.end) = (white.end, next);
        }
    }

    /// Before its last character, which belongs to what follows, unless it has no other.
    #[inline(always)]
    fn but_last(&self, start: usize) -> usize {
        if self.last > start { self.last } else { self.end }
    }
}
