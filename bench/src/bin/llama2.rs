//! Compares three tokenizers under Llama-2's vocabulary, id by id: the production code, the reference
//! answer, and the `tokenizers` crate. The vocabulary has a licence of its own and is not in this
//! project; `cargo lab vocabulary llama2` stores it and prints the path.
//!
//! `cargo run --release -p bench --bin llama2 -- PATH`
//!
//! The texts are the book verse by verse, the nasty texts, the multilingual sample, and a tenth of the
//! book as one text. The reference answer takes the square of a text's length, so it gets a tenth of
//! the verses, and no text above a thousand bytes.

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use bench::pieces::{PiecesPeer, llama2};
use rust_for_ai::bpe::Tokenize;
use rust_for_ai::bpe::sentencepiece::{Kind, Options, Piece, SentencePiece};
use rust_for_ai::check::real_tokenizers::nasty;
use rust_for_ai::llama::tokenizer::{Metadata, Tokenizer};

/// What Llama-2's own tokenizer gives, as the tests of other projects have it. Another vocabulary of as
/// many pieces (Mistral's is one) would pass every comparison below.
const KNOWN: &[(&str, &[u32])] = &[
    ("Hello world!", &[15043, 3186, 29991]),
    (" grabbed", &[29871, 2646, 1327, 287]),
    ("           grabbed", &[9651, 2646, 1327, 287]),
    (" \n", &[259, 13]),
    ("ax\n####\nboo", &[4853, 13, 4136, 13, 833, 29877]),
    ("镇", &[29871, 30411]),
    ("🦙", &[29871, 243, 162, 169, 156]),
];

/// The tokenizer that a GGUF file with these pieces describes.
fn as_a_model_file_has_it(pieces: &[Piece]) -> Result<Tokenizer> {
    let number = |piece: &Piece| match piece.kind {
        Kind::Normal => 1,
        Kind::Unknown => 2,
        Kind::Control => 3,
        Kind::Byte(_) => 6,
    };
    Ok(Tokenizer::new(&Metadata {
        model: "llama",
        tokens: pieces.iter().map(|piece| piece.text.as_str()).collect(),
        types: Some(pieces.iter().map(number).collect()),
        scores: Some(pieces.iter().map(|piece| piece.score).collect()),
        ..Metadata::default()
    })?)
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("expected the path of Llama-2's pieces")?;
    let list = fs::read_to_string(&path).with_context(|| path.clone())?;
    let pieces = llama2(&list).with_context(|| path.clone())?;
    let production = SentencePiece::from_pieces(&pieces, Options::default())?;
    let naive = solutions::real_tokenizers::SentencePiece::new(&pieces);
    let peer = PiecesPeer::new(&pieces).map_err(|error| anyhow!("{error}"))?;

    let from_file = as_a_model_file_has_it(&pieces)?;

    for (text, ids) in KNOWN {
        let got = production.encode(text);
        ensure!(
            got == from_file.encode(text),
            "ids of {text:?} differ with a model file's metadata"
        );
        ensure!(
            got == *ids,
            "expected {text:?} to be {ids:?}, got {got:?}: is this Llama-2's list?"
        );
    }
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/kjv.txt");
    let book = fs::read_to_string(&book).context("data/kjv.txt")?;
    let tenth: String = book.split_inclusive('\n').take(3_110).collect();
    let texts = nasty().into_iter().chain([tenth]).chain(book.lines().map(str::to_owned));
    let (mut count, mut ids, mut naive_count) = (0, 0, 0);
    for (number, text) in texts.enumerate() {
        let ours = production.encode(&text);
        ensure!(
            ours == from_file.encode(&text),
            "ids of text {number} differ with a model file's metadata"
        );
        let shown = || text.chars().take(200).collect::<String>();
        ensure!(
            ours == peer.encode(&text),
            "the ids of the crate tokenizers differ: {:?}",
            shown()
        );
        ensure!(
            production.decode(&ours).as_ref() == Ok(&text),
            "the text does not come back: {:?}",
            shown()
        );
        if text.len() < 1_000 && (number < 1_100 || number % 10 == 0) {
            ensure!(ours == naive.encode(&text), "the naive answer's ids differ: {:?}", shown());
            naive_count += 1;
        }
        count += 1;
        ids += ours.len();
    }
    writeln!(
        stdout(),
        "Llama-2: {count} texts, {ids} ids, identical to those of tokenizers {}; {naive_count} of the \
         texts also by the reference answer",
        bench::TOKENIZERS_VERSION
    )?;
    Ok(())
}
