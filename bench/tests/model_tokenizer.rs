//! SmolLM2's tokenizer as its GGUF file describes it, against the `tokenizers` crate with the same
//! tokens and merges: each id, on a book, on all that tokenizers are known to differ on, and at random.
//!
//! The file is what `cargo lab model` fetches; without it the test says so and passes, unless
//! `RUST_FOR_AI_NEEDS_MODEL` is 1. The crate asks the standard library what a number is, so texts with
//! numbers of newer versions of Unicode are left out.

#![expect(clippy::print_stderr, reason = "a test that could not run says so")]

use std::env;
use std::path::PathBuf;

use rust_for_ai::bpe::unicode::is_number;
use rust_for_ai::check::real_tokenizers::nasty;
use rust_for_ai::llama::gguf::File;
use rust_for_ai::llama::template::{Message, Role, Style, Template};
use rust_for_ai::llama::tokenizer::Tokenizer;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

const BOOK: &str = include_str!("../../data/kjv.txt");
const MULTILINGUAL: &str = include_str!("../../data/multilingual.tsv");

/// Where `cargo lab model` puts the model, if it is there.
fn model() -> Option<PathBuf> {
    let cache = match env::var_os("RUST_FOR_AI_CACHE") {
        Some(folder) => PathBuf::from(folder),
        None => dirs::cache_dir().expect("a cache folder").join("rust-for-ai"),
    };
    let path = cache.join("models").join("SmolLM2-135M-Instruct.Q4_1.gguf");
    if path.exists() {
        return Some(path);
    }
    let needed = env::var_os("RUST_FOR_AI_NEEDS_MODEL").is_some_and(|value| value == "1");
    assert!(!needed, "{} is missing, and the environment says it is needed", path.display());
    eprintln!("not tested, as {} is missing: `cargo lab model` fetches it", path.display());
    None
}

/// The crate with the file's tokens and merges, and the splitters of SmolLM2's `tokenizer.json`.
fn peer(file: &File) -> tokenizers::Tokenizer {
    let strings = |key| file.gguf().strings(key).expect("a list of texts");
    let tokens = strings("tokenizer.ggml.tokens");
    let vocabulary = tokens.iter().cloned().zip(0..).collect::<ahash::AHashMap<_, _>>();
    let merges = strings("tokenizer.ggml.merges").iter().map(|merge| {
        let (left, right) = merge.split_once(' ').expect("two tokens");
        (left.to_owned(), right.to_owned())
    });
    let model = BPE::builder().vocab_and_merges(vocabulary, merges.collect::<Vec<_>>());
    let mut peer = tokenizers::Tokenizer::new(model.build().expect("the merges fit"));
    peer.with_pre_tokenizer(Some(PreTokenizerWrapper::Sequence(Sequence::new(vec![
        PreTokenizerWrapper::Digits(Digits::new(true)),
        PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true)),
    ]))));
    peer
}

/// Texts of what vocabularies and patterns differ on, at random; the same on every machine.
fn random_texts() -> impl Iterator<Item = String> {
    let pool: Vec<char> = (0..0x250)
        .filter_map(char::from_u32)
        .chain("  \n\n\r'’sStTdDllvere0123456789²½٣Ⅷ水日本語한국어🙂👩\u{200d}👧🏽ſ\u{a0}\u{3000}\u{feff}▁Ġ".chars())
        .chain(['\u{4}', '\u{1d}', '\u{40000}', '\u{80001}', '\u{e0001}', '\u{10ffff}'])
        .collect();
    let mut random = rust_for_ai::llama::sampler::Random::new(29);
    (0..40_000).map(move |_| {
        let length = random.next() % 13;
        (0..length).map(|_| pool[(random.next() % pool.len() as u64) as usize]).collect()
    })
}

#[test]
fn ids_are_those_of_tokenizers() {
    let Some(path) = model() else { return };
    let file = File::open(path).expect("the model");
    let ours = Tokenizer::from_gguf(file.gguf()).expect("a tokenizer");
    let peer = peer(&file);
    let known = |text: &String| text.chars().all(|c| c.is_numeric() == is_number(c));
    let verses = BOOK.lines().step_by(5).map(str::to_owned);
    let whole = [&BOOK[..BOOK.floor_char_boundary(100_000)], MULTILINGUAL].map(str::to_owned);
    let texts = whole.into_iter().chain(verses).chain(nasty()).chain(random_texts());
    let mut compared = 0;
    for text in texts.filter(known) {
        let expected = peer.encode(text.as_str(), false).expect("it encodes");
        let got = ours.encode(&text);
        assert_eq!(got, expected.get_ids(), "{:?}", text.chars().take(80).collect::<String>());
        // Every byte comes back, but for those that the vocabulary does not have.
        let missing = ours.missing_bytes();
        let kept: Vec<u8> = text.bytes().filter(|byte| !missing.contains(byte)).collect();
        let back: Vec<u8> = got.iter().flat_map(|&id| ours.piece(id)).copied().collect();
        assert_eq!(back, kept);
        compared += 1;
    }
    assert!(compared > 40_000, "{compared} texts");
}

/// What the file says beside its tokens, and a prompt whose ids the Python package gives.
#[test]
fn a_prompt_has_the_ids_of_the_models_own_template() {
    let Some(path) = model() else { return };
    let file = File::open(path).expect("the model");
    let tokenizer = Tokenizer::from_gguf(file.gguf()).expect("a tokenizer");
    let template = Template::recognise(file.gguf()).expect("a template");
    let system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
    assert_eq!(template, Template { style: Style::ChatMl, system: Some(system.to_owned()) });
    let ids = template.render(&tokenizer, &[Message::new(Role::User, "What is 2+2?")]);
    let expected = [
        1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411,
        407, 19712, 8182, 2, 198, 1, 4093, 198, 1780, 314, 216, 34, 27, 34, 47, 2, 198, 1, 520,
        9531, 198,
    ];
    assert_eq!(ids.expect("it renders"), expected);
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.adds_bos()), (Some(1), Some(2), false));
    let ends: Vec<u32> = (0..49_152).filter(|&id| tokenizer.ends_turn(id)).collect();
    assert_eq!((ends, tokenizer.len()), (vec![0, 2], 49_152));
}
