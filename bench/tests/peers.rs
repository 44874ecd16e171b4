//! The `tokenizers` crate passes the checks that learners' answers are graded by, through the same
//! signatures. A check that a field-tested library fails would be wrong.

use std::collections::HashSet;

use bench::pieces::PiecesPeer;
use bench::{Peer, chapter, patterns, train};
use rust_for_ai::bpe::Tokenize;
use rust_for_ai::bpe::sentencepiece::sample;
use rust_for_ai::check::real_tokenizers::naive_work;
use rust_for_ai::check::{self, State};
use solutions::real_tokenizers::{Tiktoken, pretokenize_gpt2, pretokenize_gpt4};

#[test]
fn tokenizers_passes_train() {
    let verdict = check::bpe::train(|text, vocab_size| {
        // Below 256 the crate cannot hold its own alphabet; the stage asks for no merges there.
        if vocab_size <= 256 { vec![] } else { train(text, vocab_size).expect("the peer trains") }
    });
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn tokenizers_passes_encode_decode() {
    let verdict =
        check::bpe::encode_decode(|merges| Peer::new(merges).expect("the merges are in order"));
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn fancy_regex_passes_the_pretokenizers() {
    let verdict = check::real_tokenizers::pretokenize_gpt2(patterns::splitter(patterns::GPT2));
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
    let verdict = check::real_tokenizers::pretokenize_gpt4(patterns::splitter(patterns::GPT4));
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn fancy_regex_passes_the_repair_of_the_look_ahead() {
    let pattern = r" ?\S+|\s*[\r\n]+|\s+(?!\S)|\s+";
    let verdict = check::real_tokenizers::repair_lookahead(patterns::splitter(pattern));
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn tiktoken_rs_passes_load_tiktoken() {
    let verdict = check::real_tokenizers::load_tiktoken(chapter::Ranked::load);
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn tokenizers_passes_the_trainers_and_encode_fast() {
    for verdict in [
        check::real_tokenizers::train_word_counts(chapter::train),
        check::real_tokenizers::train_incremental(chapter::train),
        check::real_tokenizers::encode_fast(chapter::encode),
    ] {
        assert_eq!(verdict.state(), State::Passing, "{verdict}");
    }
}

/// The budgets of the checks are made of figures that are written down there.
#[test]
fn the_naive_work_is_as_written_down() {
    let book = include_str!("../../data/kjv.txt");
    assert_eq!(book.len() as u64, naive_work::BOOK_BYTES);
    let pieces: HashSet<&str> = patterns::splitter(patterns::GPT2)(book).into_iter().collect();
    let mut words: Vec<Vec<u32>> =
        pieces.into_iter().map(|piece| piece.bytes().map(u32::from).collect()).collect();
    let merges = include_str!("../../data/golden/book_merges.txt").lines().skip(1);
    let mut visits = Vec::new();
    for (line, new) in merges.take(naive_work::MERGES).zip(256..) {
        visits.push(words.iter().map(|word| word.len() as u64 - 1).sum::<u64>());
        let (left, right) = line.split_once(' ').expect("two numbers a line");
        let number = |text: &str| text.parse().expect("a line has numbers");
        for word in &mut words {
            *word = solutions::bpe::merge(word, (number(left), number(right)), new);
        }
    }
    assert_eq!((visits[0], visits.iter().sum()), naive_work::VISITS);
}

/// The reference answers give the ids of the whole book.
#[test]
fn the_solutions_encode_the_book() {
    let text = include_str!("../../data/kjv.txt");
    let verdict =
        check::real_tokenizers::book(Tiktoken::load, pretokenize_gpt2, pretokenize_gpt4, text);
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

#[test]
fn tokenizers_passes_sentencepiece() {
    let verdict = check::real_tokenizers::sentencepiece(|pieces| {
        PiecesPeer::new(pieces).expect("each merge joins two pieces to a third")
    });
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

/// The check asks a part of these, since it runs unoptimized.
#[test]
fn tokenizers_equals_sentencepiece_on_all_nasty_texts() {
    let peer = PiecesPeer::new(&sample()).expect("each merge joins two pieces to a third");
    let lines = include_str!("../../data/golden/sentencepiece.txt").lines();
    let golden = lines.filter(|line| !line.starts_with('#'));
    for (text, line) in check::real_tokenizers::nasty().iter().zip(golden) {
        let ids: Vec<String> = peer.encode(text).iter().map(u32::to_string).collect();
        assert_eq!(ids.join(" "), line, "{text:?}");
    }
}

#[test]
fn tokenizers_passes_the_pretokenizers_and_special_tokens() {
    for verdict in [
        check::real_tokenizers::pretokenize_gpt2(chapter::pretokenize(patterns::GPT2)),
        check::real_tokenizers::pretokenize_gpt4(chapter::pretokenize(patterns::GPT4)),
        check::real_tokenizers::special_tokens(chapter::special_tokens),
    ] {
        assert_eq!(verdict.state(), State::Passing, "{verdict}");
    }
}
