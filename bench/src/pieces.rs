//! The `tokenizers` crate behind the signature of stage `real_tokenizers.sentencepiece`, and Llama-2's
//! pieces.
//!
//! That crate has no scores; its BPE takes merges, a pair each, the first of which goes first. A piece
//! becomes all the merges that make it, one for each way to cut it into two pieces; the pieces go by
//! score, and those of equal score by the ids of their halves, as Hugging Face's converter orders them.
//! That is the same tokenizer except in three places, which the check leaves out:
//!
//! * pieces of equal score: SentencePiece joins the leftmost, this one what is listed first. In Llama-2
//!   only runs of marks are equal, and there both come to the same: a run grows at its left end;
//! * a piece with a character that is no piece: SentencePiece can make it, this one cannot;
//! * a piece that can be cut in two ways, in a text where both pairs stand side by side and overlap:
//!   SentencePiece joins the left one, this one the one that is listed first.

use std::collections::HashMap;

use ahash::AHashMap;
use anyhow::{Result, ensure};
use rust_for_ai::bpe::sentencepiece::{Kind, MARK, Piece, UNKNOWN, pieces};
use rust_for_ai::bpe::{DecodeError, Tokenize};
use tokenizers::Model;
use tokenizers::models::bpe::BPE;

/// `real_tokenizers.sentencepiece` by the `tokenizers` crate.
#[derive(Debug)]
pub struct PiecesPeer {
    model: BPE,
    pieces: Vec<Piece>,
}

impl PiecesPeer {
    /// A tokenizer with these pieces.
    ///
    /// # Errors
    ///
    /// What the crate refuses.
    pub fn new(pieces: &[Piece]) -> tokenizers::Result<Self> {
        let vocab: AHashMap<String, u32> =
            pieces.iter().map(|piece| piece.text.clone()).zip(0..).collect();
        let is_normal = |(_, piece): &(u32, &Piece)| piece.kind == Kind::Normal;
        let normal: Vec<(u32, &Piece)> = (0..).zip(pieces).filter(is_normal).collect();
        let ids: HashMap<&str, u32> =
            normal.iter().map(|&(id, piece)| (&*piece.text, id)).collect();
        let mut merges = Vec::new();
        for (_, piece) in &normal {
            for (at, _) in piece.text.char_indices().skip(1) {
                let (left, right) = piece.text.split_at(at);
                if let (Some(&a), Some(&b)) = (ids.get(left), ids.get(right)) {
                    merges.push((piece.score, (a, b), (left.to_owned(), right.to_owned())));
                }
            }
        }
        merges.sort_by(|(x, a, _), (y, b, _)| y.total_cmp(x).then(a.cmp(b)));
        let merges = merges.into_iter().map(|(_, _, merge)| merge).collect();
        let model = BPE::builder()
            .vocab_and_merges(vocab, merges)
            .unk_token("<unk>".to_owned())
            .byte_fallback(true)
            .build()?;
        Ok(Self { model, pieces: pieces.to_vec() })
    }
}

impl Tokenize for PiecesPeer {
    fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let marked: String = [' ']
            .into_iter()
            .chain(text.chars())
            .map(|c| if c == ' ' { MARK } else { c })
            .collect();
        let tokens = self.model.tokenize(&marked).expect("there is a piece for each byte");
        tokens.into_iter().map(|token| token.id).collect()
    }

    /// The crate decodes broken UTF-8 to U+FFFD, so its pieces are joined here.
    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let mut bytes = Vec::new();
        let mut first = true;
        for (position, &id) in ids.iter().enumerate() {
            let text =
                self.model.id_to_token(id).ok_or(DecodeError::UnknownToken { position, id })?;
            match self.pieces[id as usize].kind {
                Kind::Control => continue,
                Kind::Unknown => bytes.extend(UNKNOWN.bytes()),
                Kind::Byte(byte) => bytes.push(byte),
                Kind::Normal => {
                    let skip = usize::from(first && text.starts_with(MARK));
                    bytes.extend(text.replace(MARK, " ").bytes().skip(skip));
                }
            }
            first = false;
        }
        String::from_utf8(bytes).map_err(|error| DecodeError::InvalidUtf8 {
            position: error.utf8_error().valid_up_to(),
        })
    }
}

/// Llama-2's pieces from the list that `cargo lab vocabulary llama2` stores, a line each.
///
/// It has no scores. In the model they fall by one a normal piece, in the order of ids, but for the runs
/// of marks, which are last and equal: so ` grabbed` is `[▁][▁gra]…` and not `[▁▁][gra]…`. Both follow
/// from the merges that were once made of the model.
///
/// # Errors
///
/// The list is not that of Llama-2.
pub fn llama2(list: &str) -> Result<Vec<Piece>> {
    let texts: Vec<&str> = list.split('\n').collect();
    ensure!(texts.len() == 32_000, "expected 32,000 pieces, got {}", texts.len());
    let score = |text: &str, number| match text.trim_start_matches(MARK) {
        "" if text.chars().count() > 1 => -1e9,
        _ => -f32::from(number),
    };
    let normal = texts.iter().skip(259).zip(0_u16..);
    let normal: Vec<(&str, f32)> =
        normal.map(|(text, number)| (*text, score(text, number))).collect();
    let pieces = pieces(&normal);
    for (id, (piece, text)) in pieces.iter().zip(&texts).enumerate() {
        ensure!(piece.text == **text, "expected piece {id} to be `{}`, got `{text}`", piece.text);
    }
    Ok(pieces)
}
