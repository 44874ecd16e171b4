//! The checks of chapter `bpe`, a file a stage, each with its wrong answers beside it.

mod best_pair;
mod bytes;
mod encode_decode;
mod merge;
mod pair_counts;
mod train;

pub use best_pair::best_pair;
pub use bytes::bytes;
pub use encode_decode::encode_decode;
pub use merge::merge;
pub use pair_counts::{PairCounts, pair_counts};
pub use train::train;

use super::Verdict;
use super::exam::graded;
use crate::bpe::{DecodeError, Pair};

/// A piece of the book, its merges and its ids, as the `tokenizers` crate finds them;
/// `bench/src/bin/golden.rs` writes the files, and `data/README.md` tells how.
mod golden {
    use crate::bpe::Pair;

    /// The first chapters of the book.
    pub(super) const TEXT: &str = include_str!("../../../data/golden/bpe_text.txt");
    /// How many lines of the text are encoded: few enough for an answer that is right and slow.
    const LINES: usize = 24;

    /// The part of the text that is encoded.
    pub(super) fn excerpt() -> String {
        TEXT.split_inclusive('\n').take(LINES).collect()
    }

    /// Whole numbers: a merge a line in one file, an id a line in the other.
    const MERGES: &str = include_str!("../../../data/golden/bpe_merges.txt");
    const IDS: &str = include_str!("../../../data/golden/bpe_ids.txt");

    /// The merges that the text teaches.
    pub(super) fn merges() -> Vec<Pair> {
        numbers(MERGES).chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// The ids of the excerpt under these merges.
    pub(super) fn ids() -> Vec<u32> {
        numbers(IDS)
    }

    fn numbers(file: &str) -> Vec<u32> {
        file.lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .filter_map(|word| word.parse().ok())
            .collect()
    }
}

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
///
/// A check is sound only if every one of these fails and is recognised.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    [
        bytes::wrong_answers(),
        pair_counts::wrong_answers(),
        best_pair::wrong_answers(),
        merge::wrong_answers(),
        train::wrong_answers(),
        encode_decode::wrong_answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Replaces a pair by a new id, from the left: a step of the naive oracles.
pub(super) fn replace(ids: &[u32], pair: Pair, new: u32) -> Vec<u32> {
    let mut out = Vec::with_capacity(ids.len());
    let mut rest = ids;
    loop {
        match rest {
            [left, right, tail @ ..] if (*left, *right) == pair => {
                out.push(new);
                rest = tail;
            }
            [id, tail @ ..] => {
                out.push(*id);
                rest = tail;
            }
            [] => return out,
        }
    }
}

/// What some ids decode to, given the bytes of each id.
pub(super) fn decoded(vocabulary: &[Vec<u8>], ids: &[u32]) -> Result<String, DecodeError> {
    let unknown = ids.iter().position(|&id| id as usize >= vocabulary.len());
    if let Some(position) = unknown {
        return Err(DecodeError::UnknownToken { position, id: ids[position] });
    }
    let bytes = ids.iter().flat_map(|&id| vocabulary[id as usize].iter().copied()).collect();
    String::from_utf8(bytes)
        .map_err(|error| DecodeError::InvalidUtf8 { position: error.utf8_error().valid_up_to() })
}
