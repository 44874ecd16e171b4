//! The tokenizer: merges, the bytes of each token, and an encoder that never turns quadratic.
//!
//! The textbook encoder runs over the text once a merge. This one keeps the pairs that could merge
//! in a heap ([`heap`]), the first learned on top: each merge takes O(log n), and there are fewer than
//! n, so a megabyte of one letter is no special case. Equal priority goes to the place further left,
//! which is law 3 of the module.

use std::collections::HashMap;
use std::fmt;

use super::{BYTES, DecodeError, MergeError, Pair, Tokenize, heap, train};

/// A byte-pair-encoding tokenizer.
///
/// ```
/// use rust_for_ai::bpe::{Tokenize, Tokenizer};
///
/// let tokenizer = Tokenizer::from_merges(&[(104, 105)])?; // "hi"
/// assert_eq!(tokenizer.encode("hi, hip"), [256, 44, 32, 256, 112]);
/// assert_eq!(tokenizer.decode(&[256, 33]).as_deref(), Ok("hi!"));
/// assert_eq!(
///     tokenizer.decode(&[104, 999]).unwrap_err().to_string(),
///     "unknown token id 999 at position 1"
/// );
/// # Ok::<(), rust_for_ai::bpe::MergeError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Tokenizer {
    /// In the order learned: merge k makes the id `256 + k`.
    merges: Vec<Pair>,
    /// Which id a pair makes. Smaller means learned earlier.
    made: HashMap<Pair, u32>,
    /// The bytes of all tokens, one after the other.
    bytes: Vec<u8>,
    /// Where token `id` ends in `bytes`; it begins where the one before ends.
    ends: Vec<usize>,
}

impl Tokenizer {
    /// Learns from a text until the vocabulary has `vocab_size` tokens, 256 of them bytes; see
    /// [`train`].
    pub fn train(text: &str, vocab_size: usize) -> Self {
        let merges = train(text, vocab_size);
        // No longer than the text allows, so without a limit.
        Self::build(&merges, usize::MAX)
            .expect("a merge that was learned uses ids that exist by then")
    }

    /// A tokenizer from merges in the order in which they were learned.
    ///
    /// # Errors
    ///
    /// A merge that uses an id which does not exist yet, that repeats an earlier one, or that makes
    /// the tokens larger than 256 MiB in all (forty-five merges of each token with itself would ask
    /// for terabytes).
    pub fn from_merges(merges: &[Pair]) -> Result<Self, MergeError> {
        Self::build(merges, MOST_BYTES)
    }

    fn build(merges: &[Pair], limit: usize) -> Result<Self, MergeError> {
        if u32::try_from(merges.len()).is_err() || merges.len() as u64 > u64::from(u32::MAX - BYTES)
        {
            return Err(MergeError::TooMany { merges: merges.len() });
        }
        let mut this = Self {
            merges: merges.to_vec(),
            made: HashMap::with_capacity(merges.len()),
            bytes: (0..=u8::MAX).collect(),
            ends: (1..=BYTES as usize).collect(),
        };
        for (merge, (&pair, new)) in merges.iter().zip(BYTES..).enumerate() {
            let token =
                |id| this.range(id).ok_or(MergeError::NotYetLearned { merge, id, known: new });
            let (left, right) = (token(pair.0)?, token(pair.1)?);
            let bytes = this.bytes.len() + left.len() + right.len();
            if bytes > limit {
                return Err(MergeError::TooLong { merge, bytes, limit });
            }
            this.bytes.extend_from_within(left);
            this.bytes.extend_from_within(right);
            this.ends.push(this.bytes.len());
            if let Some(first) = this.made.insert(pair, new) {
                return Err(MergeError::Repeated { merge, pair, first: (first - BYTES) as usize });
            }
        }
        Ok(this)
    }

    /// The merges in the order in which they were learned.
    pub fn merges(&self) -> &[Pair] {
        &self.merges
    }

    /// How many tokens there are: 256 bytes and one a merge. Ids are `0..vocab_size()`.
    pub fn vocab_size(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a token; they need not be a whole character.
    ///
    /// ```
    /// use rust_for_ai::bpe::Tokenizer;
    /// let tokenizer = Tokenizer::train("aaabdaaabac", 259);
    /// assert_eq!(tokenizer.token(258), Some(&b"aaab"[..]));
    /// assert_eq!(tokenizer.token(259), None);
    /// ```
    pub fn token(&self, id: u32) -> Option<&[u8]> {
        self.range(id).map(|range| &self.bytes[range])
    }

    /// The bytes of some ids, which need not be UTF-8.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnknownToken`] for the first id outside the vocabulary.
    pub fn decode_bytes(&self, ids: &[u32]) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for (position, &id) in ids.iter().enumerate() {
            let token = self.token(id).ok_or(DecodeError::UnknownToken { position, id })?;
            bytes.extend_from_slice(token);
        }
        Ok(bytes)
    }

    fn range(&self, id: u32) -> Option<std::ops::Range<usize>> {
        let id = id as usize;
        let end = *self.ends.get(id)?;
        Some(if id == 0 { 0 } else { self.ends[id - 1] }..end)
    }
}

impl Tokenize for Tokenizer {
    /// O(n log n) for n bytes.
    fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids: Vec<u32> = text.bytes().map(u32::from).collect();
        // The id that a merge makes is its priority, too.
        heap::merge(&mut ids, |left, right| self.made.get(&(left, right)).map(|&new| (new, new)));
        ids.retain(|&id| id != heap::GONE);
        ids
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        DecodeError::text(self.decode_bytes(ids)?)
    }
}

/// How many bytes the tokens of a loaded vocabulary may have. Real ones have one or two million.
const MOST_BYTES: usize = 256 << 20;

impl fmt::Debug for Tokenizer {
    /// The size; a vocabulary of 50,000 tokens is no help in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").field("vocab_size", &self.vocab_size()).finish_non_exhaustive()
    }
}
