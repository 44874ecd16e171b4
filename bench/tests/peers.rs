//! The `tokenizers` crate passes the checks that learners' answers are graded by, through the same
//! signatures. A check that a field-tested library fails would be wrong.

use std::collections::HashMap;

use bench::pieces::PiecesPeer;
use bench::{Peer, chapter, patterns, train};
use rust_for_ai::bpe::Tokenize;
use rust_for_ai::bpe::sentencepiece::sample;
use rust_for_ai::check::real_tokenizers::naive_looks;
use rust_for_ai::check::work::{Symbol, counted};
use rust_for_ai::check::{self, State};
use solutions::real_tokenizers::{Tiktoken, pretokenize_gpt2, pretokenize_gpt4, train_word_counts};

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

/// The checks compare an answer's work with the naive one's, which is written down there.
#[test]
fn the_naive_looks_are_as_written_down() {
    let book = include_str!("../../data/kjv.txt");
    let text = [(Symbol::of(book), 1)];
    let pieces = patterns::splitter(patterns::GPT2)(book);
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for piece in pieces {
        *counts.entry(piece).or_insert(0) += 1;
    }
    let words: Vec<(Vec<Symbol>, u64)> =
        counts.into_iter().map(|(word, count)| (Symbol::of(word), count)).collect();
    for ((merges, written), words) in
        [(naive_looks::OF_TRAIN, &text[..]), (naive_looks::OF_WORD_COUNTS, &words)]
    {
        let (_, looks) = counted(|| train_word_counts(words, 256 + merges));
        assert!(
            (written..written + written / 50).contains(&looks),
            "{merges} merges take {looks} looks, the check says {written}"
        );
    }
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
