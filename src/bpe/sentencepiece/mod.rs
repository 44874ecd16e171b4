//! SentencePiece's BPE with bytes for what is unknown: the tokenizer of Llama-2.
//!
//! # The idea
//!
//! GPT's tokenizers cut a text into words by a pattern and merge bytes. SentencePiece knows neither
//! words nor bytes at first. It makes a space a character like any other, `▁`, and puts one before the
//! text, so that a word is the same piece at the beginning of a text and inside of it. Then it merges
//! *characters*: of all neighbours that form a piece when joined, the piece with the best score goes
//! first. A character that is no piece in the end becomes the pieces of its bytes.
//!
//! ```
//! use rust_for_ai::bpe::{Tokenize, sentencepiece::{SAMPLE, SentencePiece}};
//!
//! let tokenizer = SentencePiece::from_bytes(SAMPLE)?;
//! let ids = tokenizer.encode("the 水");
//! let pieces: Vec<&str> = ids.iter().filter_map(|&id| tokenizer.piece(id)).collect();
//! assert_eq!(pieces, ["▁the", "▁", "<0xE6>", "<0xB0>", "<0xB4>"]);
//! assert_eq!(tokenizer.decode(&ids).as_deref(), Ok("the 水"));
//! # Ok::<(), rust_for_ai::bpe::sentencepiece::ModelError>(())
//! ```
//!
//! # The laws
//!
//! 1. **Spaces.** Each space becomes [`MARK`], and a text that is not empty gets one more in front.
//!    Nothing else is changed; all white space is kept.
//! 2. **Priority.** While two neighbours joined are the text of a normal piece, the piece with the
//!    highest score is made first; among equal scores the one further left.
//! 3. **Bytes.** A character that is no normal piece after all merges becomes the pieces of its UTF-8
//!    bytes. Bytes are never merged: there is no piece for two of them.
//! 4. **No control from the text.** `<s>` in a text is three characters. Only normal pieces are found
//!    in a text, so no text can end a conversation.
//! 5. **Round trip.** Decoding turns each mark into a space and takes away the one in front, so
//!    `decode(encode(text)) == text` for every text without a mark of its own: `▁` in a text comes back
//!    as a space. SentencePiece does the same.
//!
//! # How it stays fast
//!
//! Scores become ranks once, pairs of pieces become a table, and a text is a linked list with a heap of
//! what could merge, as in [`Tokenizer`](super::Tokenizer): O(n log n) for any text. Most texts are cut
//! first. A piece that goes on with a mark after another character is rare (Llama-2 has none, the
//! runs of marks aside), and if no piece holds the letter `e` followed by a mark, no merge can ever
//! join what is left and right of it. So the cut there changes nothing, and a word that was seen
//! before in the same text is copied.
//!
//! # Where it differs from SentencePiece
//!
//! Decoding bytes that are no UTF-8 is an error here, as [`Tokenize`](super::Tokenize) says;
//! SentencePiece puts U+FFFD there. The bytes of all ids are joined first, so a control piece between
//! the two bytes of `é` does not break it; there it does. A control piece that is one character long
//! is found in texts by SentencePiece, and here it is not.
//!
//! Refused by name: unigram and other model types, normalizers (`nmt_nfkc`), models without bytes for
//! unknown characters, pieces that the user defined, unused pieces. Not here: sampling, and the ids of
//! `<s>` and `</s>` around a text, which the caller adds.
//!
//! Source of the idea: Kudo and Richardson, *SentencePiece* (2018).

mod error;
mod model;
mod pieces;
mod protobuf;
mod tokenizer;

pub use error::{ModelError, PieceProblem};
pub use model::read;
pub use pieces::{Kind, Piece, pieces, sample};
pub use tokenizer::SentencePiece;

/// The character that stands for a space: U+2581, `▁`, which is not the underscore.
pub const MARK: char = '\u{2581}';

/// What the id of an unknown piece decodes to.
pub const UNKNOWN: &str = " ⁇ ";

/// A small model as a file: a thousand pieces, trained on the King James Bible and the multilingual
/// sample with Llama-2's options. `data/README.md` tells how it was made.
pub const SAMPLE: &[u8] = include_bytes!("../../../data/sentencepiece.model");

/// How texts are prepared.
///
/// ```
/// use rust_for_ai::bpe::{Tokenize, sentencepiece::{Options, SentencePiece, pieces}};
///
/// let pieces = pieces(&[("a", -1.0), ("▁", -2.0)]);
/// let bare = SentencePiece::from_pieces(&pieces, Options { dummy_prefix: false })?;
/// assert_eq!(bare.encode("a a"), [259, 260, 259]);
/// assert_eq!(bare.decode(&[260, 259]).as_deref(), Ok(" a"));
/// # Ok::<(), rust_for_ai::bpe::sentencepiece::ModelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether a text gets a space in front, unless it is empty.
    pub dummy_prefix: bool,
}

impl Default for Options {
    /// As Llama-2 does it: with a space in front.
    fn default() -> Self {
        Self { dummy_prefix: true }
    }
}
