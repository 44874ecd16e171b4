//! Byte-pair encoding: learn a vocabulary from a text, and turn texts into ids and back.
//!
//! # The idea
//!
//! Start with the 256 byte values as tokens. Find the pair of neighbouring tokens that occurs most
//! often, make it a new token, replace it everywhere, and repeat. The ordered list of these choices,
//! the *merges*, is the whole tokenizer. Encoding replays the merges on a new text in the order in
//! which they were learned; decoding joins the bytes of the tokens.
//!
//! ```
//! use rust_for_ai::bpe::{Tokenize, Tokenizer};
//!
//! let tokenizer = Tokenizer::train("aaabdaaabac", 256 + 3);
//! assert_eq!(tokenizer.merges(), [(97, 97), (97, 98), (256, 257)]); // aa, ab, aaab
//! assert_eq!(tokenizer.encode("aaabdaaabac"), [258, 100, 258, 97, 99]);
//! assert_eq!(tokenizer.decode(&[258, 100]).as_deref(), Ok("aaabd"));
//! ```
//!
//! # The laws
//!
//! 1. **Ids.** Ids 0 to 255 are the bytes; the k-th merge, counted from zero, makes the id `256 + k`.
//! 2. **Ties.** The most frequent pair wins; among equals the smaller pair of ids. So the same text
//!    gives the same merges everywhere.
//! 3. **Left to right.** A merge replaces its pair from the left, without overlap: `aaa` becomes
//!    `(aa) a`.
//! 4. **Priority.** While any learned pair stands in the text, the one learned first is replaced
//!    first. A later merge never makes an earlier pair possible (its id is larger than every id of
//!    an earlier pair), so one pass a merge, in order, gives the same as choosing afresh each time.
//! 5. **Round trip.** `decode(encode(text)) == text` for every text, since merging regroups bytes
//!    and loses none.
//!
//! # What is here
//!
//! [`train`] finds the merges in O(n log n) by keeping counts up to date, [`Tokenizer`] encodes
//! with a heap in O(n log n), however long a run of one letter is. The plain answers that the
//! chapter asks for recount everything after each merge; they are the oracles of these two in
//! `tests/differential.rs`.
//!
//! To [`Tokenizer`] a text is one sequence. The tokenizers of real systems cut it into pieces first
//! ([`Pattern`]), come with a vocabulary ([`ranks`]) and with special tokens ([`Specials`]): that is
//! [`Encoding`], whose ids are those of GPT-2 and GPT-4; [`ByteLevel`], with merges from a model's file;
//! and [`sentencepiece`], Llama-2's way. [`train_words`] learns from the counts of pieces, which can be
//! taken on many machines. The page
//! `README.md` in this folder says why they are right, and how fast.
//!
//! Source of the idea: Gage, *A New Algorithm for Data Compression* (1994); Sennrich, Haddow and
//! Birch, *Neural Machine Translation of Rare Words with Subword Units* (2016); on bytes: Radford et
//! al., *Language Models are Unsupervised Multitask Learners* (2019).

#[cfg(feature = "encodings")]
mod batch;
#[cfg(feature = "encodings")]
mod byte_level;
#[cfg(feature = "encodings")]
mod encoding;
mod error;
mod heap;
#[cfg(feature = "encodings")]
mod long;
#[cfg(feature = "encodings")]
mod merges;
#[cfg(feature = "encodings")]
pub mod ranks;
#[cfg(feature = "encodings")]
mod scan;
#[cfg(feature = "encodings")]
pub mod sentencepiece;
#[cfg(feature = "encodings")]
mod specials;
#[cfg(feature = "encodings")]
mod split;
mod tokenizer;
mod train;
#[cfg(feature = "encodings")]
pub mod unicode;
#[cfg(feature = "encodings")]
mod vocabulary;
#[cfg(feature = "encodings")]
mod word_counts;
#[cfg(feature = "encodings")]
mod words;

#[cfg(feature = "encodings")]
pub use byte_level::{ByteLevel, ByteLevelError};
#[cfg(feature = "encodings")]
pub use encoding::Encoding;
pub use error::{DecodeError, MergeError, RanksError, RanksProblem, SpecialError};
#[cfg(feature = "encodings")]
pub use specials::{Finder, Found, Specials};
#[cfg(feature = "encodings")]
pub use split::{Pattern, Pieces};
pub use tokenizer::Tokenizer;
pub use train::train;
#[cfg(feature = "encodings")]
pub use word_counts::{CountsError, WordCounts, train_words, train_words_while};

/// Two neighbouring token ids, left and right.
pub type Pair = (u32, u32);

/// A part of a text in which special tokens were looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Ordinary text; never empty.
    Text(&'t str),
    /// A special token.
    Special(&'t str),
}

/// A function that cuts a text into pieces, which join to the text.
pub type Split = for<'t> fn(&'t str) -> Vec<&'t str>;

/// How many ids the bytes take: the first merge makes this id.
pub const BYTES: u32 = 256;

/// What every tokenizer does, the learner's and the production one.
pub trait Tokenize {
    /// The ids of a text. The empty text has none.
    fn encode(&self, text: &str) -> Vec<u32>;

    /// The text of some ids.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnknownToken`] for the first id outside the vocabulary; then
    /// [`DecodeError::InvalidUtf8`] where the joined bytes are no text, as when the ids were cut
    /// inside a character.
    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError>;
}
