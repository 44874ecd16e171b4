//! The promise of the chapter: the ids of the whole book, for GPT-2 and GPT-4.
//!
//! Not a stage of its own: nothing new is written for it. It takes the answers of three stages together
//! and belongs to the last of them. It is not part of that stage's check, since four million bytes
//! want optimized code; the notebook asks for it at the end.

use super::golden::Golden;
use crate::bpe::{RanksError, Split, Tokenize};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict};
use crate::course::real_tokenizers::LOAD_TIKTOKEN;

/// How many ids share a digest.
const BLOCK: usize = 10_000;

type Load = dyn Fn(&str, Split) -> Result<Box<dyn Tokenize>, RanksError>;
/// How many ids there are, and a digest of each block of them.
type Ids = (usize, Vec<u64>);

/// Grades the three together: `load` reads the ranks, `gpt2` and `gpt4` cut, `book` is the text of
/// `data/kjv.txt`.
pub fn book<T: Tokenize + 'static>(
    load: impl Fn(&str, Split) -> Result<T, RanksError> + 'static,
    gpt2: Split,
    gpt4: Split,
    book: &str,
) -> Verdict {
    struct Input {
        golden: Golden,
        split: Split,
        book: String,
    }
    let origin = Origin::of(&load);
    let load: &Load = &move |file, split| Ok(Box::new(load(file, split)?));
    let exam = Exam {
        stage: &LOAD_TIKTOKEN,
        origin,
        answer: load,
        wrong: &[],
        run: |load, input: &Input| -> Result<Ids, RanksError> {
            let ids = load(input.golden.ranks(), input.split)?.encode(&input.book);
            Ok((ids.len(), ids.chunks(BLOCK).map(digest).collect()))
        },
        call: |input| {
            let (ranks, split) = match input.golden {
                Golden::Gpt2 => ("gpt2", "pretokenize_gpt2"),
                Golden::Cl100k => ("cl100k", "pretokenize_gpt4"),
            };
            format!("Tiktoken::load(bpe::ranks::{ranks}(), {split})?.encode(/* data/kjv.txt */)")
        },
        show: |ids| match ids {
            Ok((count, _)) => format!("{count} ids"),
            Err(error) => format!("Err({error:?})"),
        },
        diff: |_, expected, got| {
            let (Ok((_, expected)), Ok((_, got))) = (expected, got) else { return Vec::new() };
            let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
            if same == expected.len().min(got.len()) {
                return vec!["one of the two goes on where the other ends".to_owned()];
            }
            vec![format!(
                "the first {} ids agree, the next {BLOCK} do not; the checks of the three stages say more",
                same * BLOCK
            )]
        },
    };
    exam.sit([(Golden::Gpt2, gpt2), (Golden::Cl100k, gpt4)].map(|(golden, split)| Case {
        expected: Ok(golden.book()),
        input: Input { golden, split, book: book.to_owned() },
        why: "these are the ids that tiktoken's engine gives for the whole book",
    }))
}

/// A digest of ids: FNV-1a over their bytes (Fowler, Noll, Vo 1991).
///
/// Public for the program that writes the golden file.
///
/// ```
/// use rust_for_ai::check::real_tokenizers::digest;
/// assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
/// ```
pub fn digest(ids: &[u32]) -> u64 {
    let bytes = ids.iter().flat_map(|id| id.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
