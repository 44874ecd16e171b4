//! The `tokenizers` crate passes the checks that learners' answers are graded by, through the same
//! signatures. A check that a field-tested library fails would be wrong.

use bench::{Peer, patterns, train};
use rust_for_ai::check::{self, State};

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
