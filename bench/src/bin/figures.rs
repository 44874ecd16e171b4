//! Prints the figures of the chapter's page, `src/bpe/README.md`: facts about vocabularies and about the
//! book, and counted work. None of them is a time, so each machine prints the same.
//!
//! `cargo run --release -p bench --bin figures`

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use bench::patterns;
use rust_for_ai::bpe::ranks;
use rust_for_ai::check::work::{Merges, Symbol, counted};
use solutions::real_tokenizers::{encode_fast, train_incremental, train_word_counts};

fn main() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/kjv.txt");
    let book = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let vocabularies =
        [("GPT-2", ranks::gpt2(), patterns::GPT2), ("cl100k", ranks::cl100k(), patterns::GPT4)];
    println!(
        "vocabulary   tokens  up to 15 bytes  cuts into two tokens  a part is younger  not by merges  ranks fall"
    );
    for (name, file, _) in vocabularies {
        let tokens = tokens(file)?;
        let facts = Facts::of(&tokens);
        println!(
            "{name:<10} {:>8} {:>14.1}% {:>21} {:>18} {:>14} {:>11}",
            tokens.len(),
            facts.short,
            facts.cuts,
            facts.younger,
            facts.unreachable,
            facts.falls
        );
    }
    println!("\nthe book     pieces  distinct  one token  up to 15 bytes");
    for (name, file, pattern) in vocabularies {
        let ranks: HashMap<Vec<u8>, u32> = tokens(file)?.into_iter().zip(0..).collect();
        let pieces = patterns::splitter(pattern)(&book);
        let share = |holds: &dyn Fn(&str) -> bool| {
            100.0 * pieces.iter().filter(|piece| holds(piece)).count() as f64 / pieces.len() as f64
        };
        let distinct = words(&pieces).len();
        println!(
            "{name:<10} {:>8} {distinct:>9} {:>9.1}% {:>14.2}%",
            pieces.len(),
            share(&|piece| ranks.contains_key(piece.as_bytes())),
            share(&|piece| piece.len() <= 15),
        );
    }
    training(&book);
    encoding();
    Ok(())
}

/// The tokens of a file of ranks, by rank.
fn tokens(file: &str) -> Result<Vec<Vec<u8>>> {
    let token = |line: &str| BASE64_STANDARD.decode(line.split(' ').next().unwrap_or_default());
    file.lines().map(token).collect::<Result<_, _>>().context("the embedded file is whole")
}

/// What is true of a vocabulary.
struct Facts {
    /// Per cent of the tokens that fit a key of 16 bytes with their length.
    short: f64,
    /// Ways to cut a token into two tokens.
    cuts: usize,
    /// Tokens that two neighbours make of which one has a higher rank.
    younger: usize,
    /// Tokens that merging from bytes does not give.
    unreachable: usize,
    /// Tokens on the way to which a step has a lower rank than the one before.
    falls: usize,
}

impl Facts {
    fn of(tokens: &[Vec<u8>]) -> Self {
        let ranks: HashMap<&[u8], usize> =
            tokens.iter().enumerate().map(|(rank, token)| (&token[..], rank)).collect();
        let parts = |token: &[u8]| -> Vec<(usize, usize)> {
            let cuts = (1..token.len()).map(|at| token.split_at(at));
            cuts.filter_map(|(left, right)| Some((*ranks.get(left)?, *ranks.get(right)?))).collect()
        };
        let short = tokens.iter().filter(|token| token.len() <= 15).count();
        Self {
            short: 100.0 * short as f64 / tokens.len() as f64,
            cuts: tokens.iter().map(|token| parts(token).len()).sum(),
            younger: tokens
                .iter()
                .enumerate()
                .filter(|(rank, token)| parts(token).iter().any(|&(l, r)| l.max(r) > *rank))
                .count(),
            unreachable: tokens.iter().filter(|token| merged(token, &ranks).0 != 1).count(),
            falls: tokens.iter().filter(|token| merged(token, &ranks).1).count(),
        }
    }
}

/// How many tokens a piece becomes by merges alone, and whether a step had a lower rank than the one before.
fn merged(piece: &[u8], ranks: &HashMap<&[u8], usize>) -> (usize, bool) {
    let (mut last, mut falls) = (0, false);
    let mut cuts: Vec<usize> = (0..=piece.len()).collect();
    while let Some((rank, middle)) = (1..cuts.len() - 1)
        .filter_map(|middle| Some((ranks.get(&piece[cuts[middle - 1]..cuts[middle + 1]])?, middle)))
        .min()
    {
        cuts.remove(middle);
        falls |= *rank < last;
        last = *rank;
    }
    (cuts.len() - 1, falls)
}

/// Distinct pieces with their counts.
fn words(pieces: &[&str]) -> Vec<(Vec<Symbol>, u64)> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for piece in pieces {
        *counts.entry(piece).or_insert(0) += 1;
    }
    counts.into_iter().map(|(word, count)| (Symbol::of(word), count)).collect()
}

type Train = fn(&[(Vec<Symbol>, u64)], usize) -> Vec<(Symbol, Symbol)>;

fn training(book: &str) {
    let words = words(&patterns::splitter(patterns::GPT2)(book));
    let text = [(Symbol::of(book), 1)];
    println!("\ntraining on the book, in million looks at symbols");
    println!("merges   one text   words   incremental");
    for merges in [8, 64, 512] {
        let millions = |train: Train, on: &_| counted(|| train(on, 256 + merges)).1 as f64 / 1e6;
        // Recounting the whole text takes a minute for 512 merges.
        let one_text = match merges {
            0..=64 => format!("{:.0}", millions(train_word_counts, &text[..])),
            _ => "-".to_owned(),
        };
        println!(
            "{merges:>6} {one_text:>10} {:>7.1} {:>13.2}",
            millions(train_word_counts, &words[..]),
            millions(train_incremental, &words[..])
        );
    }
}

fn encoding() {
    let doubling: Vec<(u32, u32)> =
        [(97, 97)].into_iter().chain((256..274).map(|id| (id, id))).collect();
    let merges = Merges::new(&doubling);
    println!("\nencoding one word of n letters `a`, in looks");
    println!("       n   searching again   with a heap");
    for n in [10, 100, 1_000, 10_000, 100_000] {
        let word = Symbol::of(&"a".repeat(n));
        let fast = counted(|| encode_fast(&word, &merges)).1;
        let slow = match n {
            0..=1_000 => counted(|| searching_again(&word, &merges)).1.to_string(),
            _ => "-".to_owned(),
        };
        println!("{n:>8} {slow:>17} {fast:>13}");
    }
}

/// The slow way.
fn searching_again(word: &[Symbol], merges: &Merges) -> Vec<Symbol> {
    let mut word = word.to_vec();
    while let Some((new, at)) = word
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| Some((merges.get(pair[0], pair[1])?, at)))
        .min()
    {
        word.splice(at..at + 2, [new]);
    }
    word
}
