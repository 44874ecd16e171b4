//! Pieces: what a vocabulary is made of, what must hold for it, and two vocabularies to play with.

use std::collections::HashMap;

use super::{ModelError, PieceProblem, SAMPLE, read};

/// A small vocabulary: the 259 pieces that Llama-2's begins with (unknown, begin, end, and the bytes
/// from id 3 on), then normal pieces of these texts and scores.
///
/// ```
/// use rust_for_ai::bpe::sentencepiece::{Kind, pieces};
/// let pieces = pieces(&[("ab", 0.0), ("▁a", -1.0)]);
/// assert_eq!((pieces.len(), &*pieces[2].text, &*pieces[258].text), (261, "</s>", "<0xFF>"));
/// assert_eq!((&*pieces[260].text, pieces[260].score, pieces[260].kind), ("▁a", -1.0, Kind::Normal));
/// ```
pub fn pieces(normal: &[(&str, f32)]) -> Vec<Piece> {
    let piece = |text: &str, score, kind| Piece { text: text.to_owned(), score, kind };
    let words = [("<unk>", Kind::Unknown), ("<s>", Kind::Control), ("</s>", Kind::Control)];
    let words = words.into_iter().map(|(text, kind)| piece(text, 0.0, kind));
    let bytes = (0..=u8::MAX).map(|byte| piece(&format!("<0x{byte:02X}>"), 0.0, Kind::Byte(byte)));
    let normal = normal.iter().map(|&(text, score)| piece(text, score, Kind::Normal));
    words.chain(bytes).chain(normal).collect()
}

/// A piece of the vocabulary. Its id is its index.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its text, with marks for spaces; the name in angle brackets where it is no normal piece.
    pub text: String,
    /// The higher, the earlier it is made. Only normal pieces need one.
    pub score: f32,
    /// What it is.
    pub kind: Kind,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, found in texts.
    Normal,
    /// What a vocabulary without bytes gives for unknown characters; never found in a text here.
    Unknown,
    /// A sign for the model, such as the begin of a text; never found in a text, decodes to nothing.
    Control,
    /// One byte.
    Byte(u8),
}

/// The pieces of [`SAMPLE`]; the index of each is its id.
///
/// ```
/// use rust_for_ai::bpe::sentencepiece::{Kind, sample};
/// let pieces = sample();
/// assert_eq!(pieces[0].kind, Kind::Unknown);
/// assert_eq!(pieces[3 + 0x41].kind, Kind::Byte(0x41));
/// assert_eq!((&*pieces[270].text, pieces[270].score), ("▁and", -11.0));
/// ```
pub fn sample() -> Vec<Piece> {
    read(SAMPLE).expect("the embedded model is whole").0
}

/// How many bytes the text of a piece may have. Llama-2's longest has 48; this keeps the pairs of a
/// broken file from growing with the square of its size.
const LONGEST: usize = 1_024;

/// Below `u32::MAX` by more than Unicode has characters, since each may need a symbol of its own.
pub(super) const MOST_PIECES: usize = u32::MAX as usize - 0x20_0000;

/// The ids of the normal pieces by their text, after each piece was looked at.
pub(super) fn checked(pieces: &[Piece]) -> Result<HashMap<&str, u32>, ModelError> {
    let mut ids = HashMap::with_capacity(pieces.len());
    let mut all: HashMap<&str, usize> = HashMap::with_capacity(pieces.len());
    let mut of_byte = [None; 256];
    for (id, piece) in pieces.iter().enumerate() {
        let bytes = piece.text.len();
        let problem = if bytes == 0 {
            Some(PieceProblem::Empty)
        } else if bytes > LONGEST {
            Some(PieceProblem::TooLong { bytes, limit: LONGEST })
        } else if !piece.score.is_finite() {
            Some(PieceProblem::Score { got: piece.score.to_string() })
        } else {
            let same_byte = match piece.kind {
                Kind::Byte(byte) => of_byte[usize::from(byte)].replace(id),
                _ => None,
            };
            let first = all.insert(&piece.text, id).or(same_byte);
            first.map(|first| PieceProblem::Repeated { first })
        };
        if let Some(problem) = problem {
            let text = piece.text.chars().take(32).collect();
            return Err(ModelError::Piece { id, text, problem });
        }
        if piece.kind == Kind::Normal {
            ids.insert(&*piece.text, u32::try_from(id).unwrap_or(u32::MAX));
        }
    }
    Ok(ids)
}

/// How many different scores are better than each piece's.
pub(super) fn ranks(pieces: &[Piece]) -> Vec<u32> {
    // Adding zero makes -0.0 the zero that it is equal to; the order of bits tells them apart.
    let scores: Vec<f32> = pieces.iter().map(|piece| piece.score + 0.0).collect();
    let mut sorted = scores.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.dedup();
    let rank = |score: &f32| sorted.partition_point(|other| other > score);
    scores.iter().map(|score| u32::try_from(rank(score)).unwrap_or(u32::MAX)).collect()
}
