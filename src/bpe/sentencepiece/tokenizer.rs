//! The tokenizer: pairs as a table, merged with a heap, cuts where nothing can join.
//!
//! The textbook way looks at each pair of neighbours after each merge, and at their texts. Here the
//! texts are gone after loading: each character is a *symbol*, a piece or a number of its own, and a
//! table says which piece two symbols form. Scores are ranks, so that the heap compares integers.
//!
//! ```text
//! pieces    th 259   ▁th 260   ▁ 261   t 262            (h is in pieces, but is none: symbol 263)
//! table     (262, 263) -> 259     (261, 259) -> 260
//! "th"      [261][262][263]  ->  [261][259]  ->  [260]
//! ```
//!
//! A character that is in no piece has the symbol `NEVER`. What has no piece in the end, becomes bytes.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

use super::pieces::{MOST_PIECES, checked, ranks};
use super::{Kind, MARK, ModelError, Options, Piece, UNKNOWN, read};
use crate::bpe::{DecodeError, Tokenize, heap};

/// A symbol that joins with nothing: a character that is in no piece.
const NEVER: u32 = heap::GONE - 1;

/// A tokenizer made of pieces with scores.
///
/// ```
/// use rust_for_ai::bpe::{Tokenize, sentencepiece::{Options, SentencePiece, pieces}};
///
/// let normal = [("ab", 0.0), ("▁a", -1.0), ("▁", -2.0), ("a", -3.0), ("b", -4.0)];
/// let tokenizer = SentencePiece::from_pieces(&pieces(&normal), Options::default())?;
/// // `ab` has the better score, so `▁a` comes too late.
/// assert_eq!(tokenizer.encode("ab"), [261, 259]);
/// assert_eq!(tokenizer.encode("aé"), [260, 3 + 0xC3, 3 + 0xA9]);
/// assert_eq!(tokenizer.decode(&[260, 261, 261, 259]).as_deref(), Ok("a  ab"));
/// # Ok::<(), rust_for_ai::bpe::sentencepiece::ModelError>(())
/// ```
#[derive(Clone)]
pub struct SentencePiece {
    pieces: Vec<Piece>,
    options: Options,
    /// The id of each byte's piece.
    bytes: Vec<u32>,
    /// The symbol of each character that occurs in a normal piece: the id of the piece that it is, or
    /// a number from `pieces.len()` on if it is none by itself.
    symbols: HashMap<char, u32>,
    /// The id of the piece that two symbols form.
    made: HashMap<(u32, u32), u32>,
    /// By id: 0 is the best score, and equal scores have one rank.
    ranks: Vec<u32>,
    /// The characters that a mark follows inside of some normal piece.
    before_mark: HashSet<char>,
}

impl SentencePiece {
    /// A tokenizer from a `.model` file.
    ///
    /// # Errors
    ///
    /// As [`read`] and [`SentencePiece::from_pieces`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, ModelError> {
        let (pieces, options) = read(file)?;
        Self::from_pieces(&pieces, options)
    }

    /// A tokenizer from its pieces; the index of each is its id.
    ///
    /// # Errors
    ///
    /// A piece without a text, with one of more than 1,024 bytes, with a score that is not finite, or
    /// equal to an earlier one; a byte without a piece.
    pub fn from_pieces(pieces: &[Piece], options: Options) -> Result<Self, ModelError> {
        if pieces.len() > MOST_PIECES {
            return Err(ModelError::TooMany { pieces: pieces.len() });
        }
        let ids = checked(pieces)?;
        let mut bytes = vec![None; 256];
        for (piece, id) in pieces.iter().zip(0..) {
            if let Kind::Byte(byte) = piece.kind {
                bytes[usize::from(byte)] = Some(id);
            }
        }
        let missing = |byte| ModelError::MissingByte { byte };
        let mut this = Self {
            pieces: pieces.to_vec(),
            options,
            bytes: (0..=u8::MAX)
                .zip(bytes)
                .map(|(byte, id)| id.ok_or(missing(byte)))
                .collect::<Result<_, _>>()?,
            symbols: HashMap::new(),
            made: HashMap::new(),
            ranks: ranks(pieces),
            before_mark: HashSet::new(),
        };
        for text in ids.keys() {
            let mut last = None;
            for c in text.chars() {
                let next = u32::try_from(pieces.len() + this.symbols.len()).unwrap_or(NEVER);
                let alone = ids.get(c.encode_utf8(&mut [0; 4]) as &str).copied();
                this.symbols.entry(c).or_insert(alone.unwrap_or(next));
                if let Some(last) = last.replace(c).filter(|_| c == MARK) {
                    this.before_mark.insert(last);
                }
            }
        }
        let symbol = |part: &str| {
            let mut chars = part.chars();
            let alone = chars.next().filter(|_| chars.next().is_none());
            ids.get(part).or_else(|| this.symbols.get(&alone?)).copied()
        };
        for (text, &id) in &ids {
            for (at, _) in text.char_indices().skip(1) {
                if let (Some(left), Some(right)) = (symbol(&text[..at]), symbol(&text[at..])) {
                    this.made.insert((left, right), id);
                }
            }
        }
        Ok(this)
    }

    /// The text of a piece.
    ///
    /// ```
    /// use rust_for_ai::bpe::sentencepiece::{SAMPLE, SentencePiece};
    /// let tokenizer = SentencePiece::from_bytes(SAMPLE)?;
    /// assert_eq!((tokenizer.piece(261), tokenizer.piece(1_000)), (Some("▁the"), None));
    /// # Ok::<(), rust_for_ai::bpe::sentencepiece::ModelError>(())
    /// ```
    pub fn piece(&self, id: u32) -> Option<&str> {
        self.pieces.get(id as usize).map(|piece| &*piece.text)
    }

    /// How many pieces there are. Ids are `0..vocab_size()`.
    pub fn vocab_size(&self) -> usize {
        self.pieces.len()
    }

    /// Appends the ids of a part of a text in which spaces are marks already.
    fn encode_part(&self, part: &str, ids: &mut Vec<u32>) {
        let symbol = |c| self.symbols.get(&c).copied().unwrap_or(NEVER);
        let mut symbols: Vec<u32> = part.chars().map(symbol).collect();
        heap::merge(&mut symbols, |left, right| {
            let &new = self.made.get(&(left, right))?;
            Some((self.ranks[new as usize], new))
        });
        for (symbol, c) in symbols.into_iter().zip(part.chars()) {
            if (symbol as usize) < self.pieces.len() {
                ids.push(symbol);
            } else if symbol != heap::GONE {
                // A character that no merge has taken.
                let mut room = [0; 4];
                let bytes = c.encode_utf8(&mut room).bytes();
                ids.extend(bytes.map(|byte| self.bytes[usize::from(byte)]));
            }
        }
    }

    /// Cuts a text before each mark that no piece can join with the character before it.
    fn parts<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let cuts = text.match_indices(MARK).map(|(at, _)| at).filter(|&at| {
            text[..at].chars().next_back().is_some_and(|c| !self.before_mark.contains(&c))
        });
        let mut start = 0;
        cuts.chain([text.len()]).map(move |cut| {
            let part = &text[start..cut];
            start = cut;
            part
        })
    }
}

impl Tokenize for SentencePiece {
    /// O(n log n) for n bytes.
    fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let mut marked = String::with_capacity(text.len() + text.len() / 2);
        marked.extend(self.options.dummy_prefix.then_some(MARK));
        marked.extend(text.chars().map(|c| if c == ' ' { MARK } else { c }));

        let mut ids = Vec::new();
        let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
        for part in self.parts(&marked) {
            if let Some(there) = seen.get(part) {
                ids.extend_from_within(there.clone());
                continue;
            }
            let start = ids.len();
            self.encode_part(part, &mut ids);
            seen.insert(part, start..ids.len());
        }
        ids
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        // Only control pieces so far: the mark of the next piece is the one in front.
        let mut first = self.options.dummy_prefix;
        for (position, &id) in ids.iter().enumerate() {
            let piece =
                self.pieces.get(id as usize).ok_or(DecodeError::UnknownToken { position, id })?;
            match piece.kind {
                Kind::Control => continue,
                Kind::Unknown => bytes.extend_from_slice(UNKNOWN.as_bytes()),
                Kind::Byte(byte) => bytes.push(byte),
                Kind::Normal => {
                    let text = piece.text.strip_prefix(MARK).filter(|_| first);
                    for part in text.unwrap_or(&piece.text).split_inclusive(MARK) {
                        let word = part.strip_suffix(MARK);
                        bytes.extend_from_slice(word.unwrap_or(part).as_bytes());
                        bytes.extend(word.map(|_| b' '));
                    }
                }
            }
            first = false;
        }
        DecodeError::text(bytes)
    }
}

impl fmt::Debug for SentencePiece {
    /// The size; a vocabulary of 32,000 pieces is no help in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentencePiece")
            .field("vocab_size", &self.vocab_size())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
