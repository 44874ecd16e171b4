//! Writes what peers make of texts into `data/golden/`. With `--check` it compares instead, and fails
//! if a file differs.
//!
//! * `bpe_merges.txt`, `bpe_ids.txt`: merges and ids of `bpe_text.txt` by the `tokenizers` crate;
//! * `gpt2.txt`, `cl100k.txt`: pieces by `fancy-regex` and ids by `tiktoken-rs` of a thousand nasty
//!   texts, the multilingual sample and a piece of the book;
//! * `book_words.txt`, `book_merges.txt`: the distinct pieces of the book with their counts, and the
//!   merges that the `tokenizers` crate learns from them;
//! * `book_ids.txt`: how many ids the book has by `tiktoken-rs`, and a digest of each 10,000 of them.
//!
//! `cargo run --release -p bench --bin golden`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use bench::{Peer, TIKTOKEN_RS_VERSION, TOKENIZERS_VERSION, patterns, train, train_words};
use rust_for_ai::bpe::Tokenize;
use rust_for_ai::check::real_tokenizers::{digest, nasty};

/// How many lines of the text are encoded; the check of `bpe.encode_decode` takes as many.
const LINES: usize = 24;

/// Enough for common words of the text to be one token.
const MERGES: usize = 96;

/// The name of a file, who made it, and its lines.
type File = (&'static str, String, Vec<String>);

fn main() -> Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    for (name, made, lines) in [chapter_bpe()?, real_tokenizers()?, book()?].concat() {
        let file = format!(
            "# made by {made}: cargo run --release -p bench --bin golden\n{}\n",
            lines.join("\n")
        );
        let path = folder().join(name);
        if check {
            let there = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            ensure!(
                there == file,
                "data/golden/{name} is not what the peer makes; run without --check"
            );
        } else {
            fs::write(&path, file).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden")
}

fn chapter_bpe() -> Result<Vec<File>> {
    let text =
        fs::read_to_string(folder().join("bpe_text.txt")).context("data/golden/bpe_text.txt")?;
    let merges = train(&text, 256 + MERGES).map_err(|error| anyhow!("{error}"))?;
    let excerpt: String = text.split_inclusive('\n').take(LINES).collect();
    let ids = Peer::new(&merges).map_err(|error| anyhow!("{error}"))?.encode(&excerpt);
    let made = format!("the crate tokenizers {TOKENIZERS_VERSION} from bpe_text.txt");
    let pairs = merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
    let ids = ids.chunks(20).map(spaced).collect();
    Ok(vec![("bpe_merges.txt", made.clone(), pairs), ("bpe_ids.txt", made, ids)])
}

fn real_tokenizers() -> Result<Vec<File>> {
    let made = format!("the crates fancy-regex and tiktoken-rs {TIKTOKEN_RS_VERSION}");
    let vocabularies = [
        ("gpt2.txt", patterns::GPT2, tiktoken_rs::r50k_base()?),
        ("cl100k.txt", patterns::GPT4, tiktoken_rs::cl100k_base()?),
    ];
    let file = |(name, pattern, vocabulary): (&'static str, &str, tiktoken_rs::CoreBPE)| {
        let split = patterns::splitter(pattern);
        let line = |text: &String| {
            let lengths: Vec<usize> = split(text).into_iter().map(str::len).collect();
            format!("{} | {}", spaced(&lengths), spaced(&vocabulary.encode_ordinary(text)))
        };
        (name, made.clone(), nasty().iter().map(line).collect())
    };
    Ok(vocabularies.into_iter().map(file).collect())
}

/// How many merges the words of the book are trained for.
const BOOK_MERGES: usize = 1_000;

/// The words of the book with their counts, and the merges that they teach.
fn book() -> Result<Vec<File>> {
    let text = fs::read_to_string(folder().join("../kjv.txt")).context("data/kjv.txt")?;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for piece in patterns::splitter(patterns::GPT2)(&text) {
        *counts.entry(piece).or_insert(0) += 1;
    }
    let words: Vec<(String, u64)> =
        counts.into_iter().map(|(word, count)| (word.to_owned(), count)).collect();
    let merges = train_words(&words, 256 + BOOK_MERGES).map_err(|error| anyhow!("{error}"))?;
    let row = |(name, vocabulary): (&str, tiktoken_rs::CoreBPE)| {
        let ids = vocabulary.encode_ordinary(&text);
        let digests = ids.chunks(10_000).map(|block| format!("{:016x}", digest(block)));
        format!("{name} {} {}", ids.len(), digests.collect::<Vec<_>>().join(" "))
    };
    let vocabularies =
        [("gpt2", tiktoken_rs::r50k_base()?), ("cl100k", tiktoken_rs::cl100k_base()?)];
    let ids = vocabularies.into_iter().map(row).collect();
    // The one character of the book that a line cannot hold.
    let line = |(word, count): &(String, u64)| format!("{count} {}", word.replace('\n', "\\n"));
    let pairs = merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
    Ok(vec![
        (
            "book_words.txt",
            "fancy-regex from kjv.txt, pattern of GPT-2".to_owned(),
            words.iter().map(line).collect(),
        ),
        ("book_ids.txt", format!("the crate tiktoken-rs {TIKTOKEN_RS_VERSION} from kjv.txt"), ids),
        (
            "book_merges.txt",
            format!("the crate tokenizers {TOKENIZERS_VERSION} from book_words.txt"),
            pairs,
        ),
    ])
}

fn spaced<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}
