//! Byte-level BPE with its merges written out: GPT-2's kind of tokenizer, as files of models hold it.
//!
//! # The idea
//!
//! A file of ranks ([`ranks`](super::ranks)) has no pairs: two neighbours merge if their joined bytes
//! are a token. A model's file lists the pairs. So the order is said and need not be guessed, and a
//! vocabulary whose ids are in another order than its merges gets its own ids all the same.
//!
//! The lists are texts, and not every byte can stand in a text. So each byte has a *visible* character:
//! a printable one is itself, and the other 68 take the characters from U+0100 on, in order. A space,
//! the 33rd of these, is `Ġ`, and a line break is `Ċ`.
//!
//! ```text
//! tokens   a  b  Ġ  ab  Ġab        merges   "a b"   "Ġ ab"
//!          0  1  2  3   4
//! " ab"    [2][0][1]  ->  [2][3]  ->  [4]
//! ```
//!
//! # The laws
//!
//! 1. A text is cut into pieces by a [`Pattern`]; merges never cross the end of a piece.
//! 2. While two neighbours are a pair of the list, the pair that stands first in the list merges, the
//!    leftmost of equal ones. A pair that is listed twice counts where it stands first.
//! 3. Where the vocabulary says so (`whole`; Llama-3's does), a piece that is a token is that token,
//!    whatever merges would make of it.
//! 4. **A byte without a token is left out.** SmolLM2's vocabulary lacks 21 bytes, six of which occur
//!    in texts as characters of their own (control characters such as 0x04). `tokenizers` leaves them
//!    out, so the model has never seen anything in their place; llama.cpp leaves them out, too. What
//!    stands left and right of such a byte in a piece are neighbours then, as in `tokenizers`.
//!    [`ByteLevel::missing`] lists them. With all 256 bytes, decoding gives back every text.
//!
//! # Why it is not [`Encoding`](super::Encoding)
//!
//! That one follows tiktoken's rules and refuses a vocabulary without all bytes; it is made for
//! hundreds of megabytes. This one is for prompts: a heap for each word that was not seen before in the
//! same text, O(n log n) whatever the text. On GPT-4's vocabulary the two agree (`tests/differential.rs`).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

use super::{Pattern, heap};

/// No token.
const NONE: u32 = u32::MAX;

/// A tokenizer made of tokens and merges.
///
/// ```
/// use rust_for_ai::bpe::{ByteLevel, Pattern};
///
/// let tokens = ["a", "b", "Ġ", "ab", "Ġab"].map(Some);
/// let tokenizer = ByteLevel::new(&tokens, &["a b", "Ġ ab"], Pattern::Gpt2, false)?;
/// let mut ids = Vec::new();
/// tokenizer.encode_into("ab ab b", &mut ids);
/// assert_eq!(ids, [3, 4, 2, 1]);
/// # Ok::<(), rust_for_ai::bpe::ByteLevelError>(())
/// ```
#[derive(Clone)]
pub struct ByteLevel {
    pattern: Pattern,
    /// The token of each byte, or [`NONE`].
    bytes: Vec<u32>,
    /// What two tokens make: the place in the list, and the token.
    made: HashMap<(u32, u32), (u32, u32), Seed>,
    /// Tokens by their bytes, where a piece is looked up as a whole.
    whole: Option<HashMap<Vec<u8>, u32, Seed>>,
}

/// Why some tokens and merges are not a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteLevelError {
    /// Two tokens have the same text.
    RepeatedToken {
        /// The second one.
        id: usize,
        /// Their text.
        text: String,
        /// The first one.
        first: u32,
    },
    /// A merge is not two texts with a space between.
    Malformed {
        /// Its place in the list, from 0.
        merge: usize,
        /// What stands there.
        got: String,
    },
    /// A merge names or makes a token that the vocabulary does not have.
    UnknownToken {
        /// Its place in the list, from 0.
        merge: usize,
        /// The text that is no token.
        text: String,
    },
    /// More tokens or merges than a `u32` can number.
    TooMany {
        /// How many there are.
        count: usize,
    },
}

impl fmt::Display for ByteLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatedToken { id, text, first } => {
                write!(f, "token {id} (`{}`) repeats token {first}", text.escape_debug())
            }
            Self::Malformed { merge, got } => write!(
                f,
                "merge {merge}: expected two tokens with a space between, got `{}`",
                got.escape_debug()
            ),
            Self::UnknownToken { merge, text } => write!(
                f,
                "merge {merge}: expected tokens of the vocabulary, got `{}`",
                text.escape_debug()
            ),
            Self::TooMany { count } => {
                write!(f, "{count} tokens or merges, expected fewer than {NONE}")
            }
        }
    }
}

impl std::error::Error for ByteLevelError {}

impl ByteLevel {
    /// A tokenizer from its tokens in visible characters, the index of each being its id, and its
    /// merges, `left right`. `None` is an id that no text has, such as a control token.
    ///
    /// # Errors
    ///
    /// Two tokens of one text, a merge without a space, a merge that names or makes no token.
    pub fn new(
        tokens: &[Option<&str>],
        merges: &[&str],
        pattern: Pattern,
        whole: bool,
    ) -> Result<Self, ByteLevelError> {
        let count = tokens.len().max(merges.len());
        if count >= NONE as usize {
            return Err(ByteLevelError::TooMany { count });
        }
        let seed = Seed::new();
        let mut ids: HashMap<&str, u32, Seed> =
            HashMap::with_capacity_and_hasher(tokens.len(), seed);
        for (id, &token) in (0_u32..).zip(tokens) {
            let Some(text) = token.filter(|text| !text.is_empty()) else { continue };
            if let Some(first) = ids.insert(text, id) {
                let (id, text) = (id as usize, text.to_owned());
                return Err(ByteLevelError::RepeatedToken { id, text, first });
            }
        }
        let mut made = HashMap::with_capacity_and_hasher(merges.len(), seed);
        let (mut joined, mut next) = (String::new(), 0);
        for (place, &merge) in (0_u32..).zip(merges) {
            let Some((left, right)) = merge.split_once(' ') else {
                let (merge, got) = (place as usize, shortened(merge));
                return Err(ByteLevelError::Malformed { merge, got });
            };
            let id = |text: &str| {
                let merge = place as usize;
                let unknown = || ByteLevelError::UnknownToken { merge, text: shortened(text) };
                ids.get(text).copied().ok_or_else(unknown)
            };
            let pair = (id(left)?, id(right)?);
            // Nearly always the token after that of the merge before: a look-up less.
            let is_joined = |text: &str| text.strip_prefix(left) == Some(right);
            let new = if tokens.get(next).copied().flatten().is_some_and(is_joined) {
                u32::try_from(next).unwrap_or(NONE)
            } else {
                joined.clear();
                joined.extend([left, right]);
                id(&joined)?
            };
            next = new as usize + 1;
            made.entry(pair).or_insert((place, new));
        }
        let mut room = [0; 4];
        let bytes = (0..=u8::MAX)
            .map(|byte| ids.get(&*visible(byte).encode_utf8(&mut room)).copied().unwrap_or(NONE))
            .collect();
        let whole = whole.then(|| {
            let mut whole = HashMap::with_capacity_and_hasher(ids.len(), seed);
            whole.extend(ids.iter().filter_map(|(text, &id)| Some((Self::bytes_of(text)?, id))));
            whole
        });
        Ok(Self { pattern, bytes, made, whole })
    }

    /// Adds the ids of a text to those that are there.
    pub fn encode_into(&self, text: &str, ids: &mut Vec<u32>) {
        let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
        let mut parts = Vec::new();
        for piece in self.pattern.pieces(text) {
            if let Some(there) = seen.get(piece) {
                ids.extend_from_within(there.clone());
                continue;
            }
            let start = ids.len();
            if let Some(&id) = self.whole.as_ref().and_then(|whole| whole.get(piece.as_bytes())) {
                ids.push(id);
            } else {
                parts.clear();
                let byte = |byte: u8| self.bytes[usize::from(byte)];
                parts.extend(piece.bytes().map(byte).filter(|&id| id != NONE));
                heap::merge(&mut parts, |left, right| self.made.get(&(left, right)).copied());
                ids.extend(parts.iter().filter(|&&id| id != heap::GONE));
            }
            seen.insert(piece, start..ids.len());
        }
    }

    /// The bytes that have no token, and are left out of every text.
    ///
    /// ```
    /// use rust_for_ai::bpe::{ByteLevel, Pattern};
    /// let two = ByteLevel::new(&[Some("a"), Some("Ġ")], &[], Pattern::Gpt2, false)?;
    /// assert_eq!(two.missing().count(), 254);
    /// # Ok::<(), rust_for_ai::bpe::ByteLevelError>(())
    /// ```
    pub fn missing(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|&byte| self.bytes[usize::from(byte)] == NONE)
    }

    /// The bytes of a token's visible characters; `None` where one is not the character of a byte.
    ///
    /// ```
    /// use rust_for_ai::bpe::ByteLevel;
    /// assert_eq!(ByteLevel::bytes_of("ĠÃ©").as_deref(), Some(" é".as_bytes()));
    /// assert_eq!(ByteLevel::bytes_of("水"), None);
    /// ```
    pub fn bytes_of(token: &str) -> Option<Vec<u8>> {
        token.chars().map(hidden).collect()
    }
}

impl fmt::Debug for ByteLevel {
    /// The sizes; a vocabulary of 50,000 tokens is no help in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteLevel")
            .field("pattern", &self.pattern)
            .field("merges", &self.made.len())
            .finish_non_exhaustive()
    }
}

/// Hashes by multiplying, with a factor that no file can know. The hash of the standard library takes
/// twice as long to load a vocabulary, and a chat begins with that.
#[derive(Clone, Copy)]
pub(super) struct Seed(u64);

impl Seed {
    pub(super) fn new() -> Self {
        Self(RandomState::new().hash_one(0) | 1)
    }
}

impl BuildHasher for Seed {
    type Hasher = Product;

    fn build_hasher(&self) -> Product {
        Product { state: self.0, factor: self.0 }
    }
}

pub(super) struct Product {
    state: u64,
    factor: u64,
}

impl Hasher for Product {
    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..eight.len()].copy_from_slice(eight);
            self.write_u64(u64::from_le_bytes(padded) ^ (eight.len() as u64) << 60);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.state ^ value) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

/// Enough of a text to recognise it in a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Whether a byte stands for itself.
const fn printable(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff)
}

/// The bytes that do not, in order: the n-th has the character U+0100 + n.
const HIDDEN: [u8; 68] = {
    let (mut bytes, mut count, mut byte) = ([0; 68], 0, 0_u8);
    loop {
        if !printable(byte) {
            bytes[count] = byte;
            count += 1;
        }
        if byte == u8::MAX {
            return_checked(count);
            break bytes;
        }
        byte += 1;
    }
};

/// Does not compile where there are not 68.
const fn return_checked(count: usize) {
    assert!(count == 68);
}

/// The visible character of a byte.
fn visible(byte: u8) -> char {
    match HIDDEN.binary_search(&byte) {
        Ok(place) => char::from_u32(0x100 + place as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        Err(_) => char::from(byte),
    }
}

/// The byte of a visible character.
fn hidden(c: char) -> Option<u8> {
    match u8::try_from(u32::from(c)) {
        Ok(byte) => printable(byte).then_some(byte),
        Err(_) => HIDDEN.get(u32::from(c) as usize - 0x100).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_a_character_of_its_own() {
        for byte in 0..=u8::MAX {
            assert_eq!(hidden(visible(byte)), Some(byte));
        }
        assert_eq!(
            (visible(b' '), visible(b'\n'), visible(b'a'), visible(0xad)),
            ('Ġ', 'Ċ', 'a', 'Ń')
        );
        assert_eq!((hidden(' '), hidden('\u{ad}'), hidden('\u{144}')), (None, None, None));
    }

    #[test]
    fn the_list_decides_and_not_the_ids() {
        let tokens = ["a", "b", "c", "ab", "bc"].map(Some);
        for (merges, expected) in [(["a b", "b c"], [3, 2]), (["b c", "a b"], [0, 4])] {
            let mut ids = Vec::new();
            ByteLevel::new(&tokens, &merges, Pattern::Gpt2, false)
                .expect("it is valid")
                .encode_into("abc", &mut ids);
            assert_eq!(ids, expected);
        }
    }

    #[test]
    fn a_missing_byte_is_left_out_and_its_neighbours_merge() {
        let tokens = ["!", "!!"].map(Some);
        let ours = ByteLevel::new(&tokens, &["! !"], Pattern::Gpt2, false).expect("it is valid");
        let mut ids = Vec::new();
        ours.encode_into("!\u{4}!", &mut ids);
        assert_eq!(ids, [1]);
    }

    #[test]
    fn errors_name_the_place() {
        let error = |tokens: &[Option<&str>], merges: &[&str]| {
            ByteLevel::new(tokens, merges, Pattern::Gpt2, false).expect_err("it is not").to_string()
        };
        let tokens = ["a", "b", "ab"].map(Some);
        assert_eq!(error(&[Some("a"), None, Some("a")], &[]), "token 2 (`a`) repeats token 0");
        assert_eq!(
            error(&tokens, &["a b", "ab"]),
            "merge 1: expected two tokens with a space between, got `ab`"
        );
        for (merge, text) in [("a c", "c"), ("b a", "ba"), ("a ", ""), (" b", "")] {
            let expected = format!("merge 0: expected tokens of the vocabulary, got `{text}`");
            assert_eq!(error(&tokens, &[merge]), expected);
        }
    }
}
