//! The encodings that are compared: ours beside `tiktoken-rs`, which carries the same vocabularies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rust_for_ai::bpe::{Encoding, Pattern, ranks};
use tiktoken_rs::CoreBPE;

use crate::patterns;

/// One vocabulary, here and there.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The name that OpenAI gave it.
    pub name: &'static str,
    /// Its pattern, as tiktoken writes it.
    pub regex: &'static str,
    /// Its pattern, as ours.
    pub pattern: Pattern,
    /// Ours, built anew.
    pub ours: fn() -> Encoding,
    /// The peer's, built anew.
    pub theirs: fn() -> CoreBPE,
    /// The file of ranks.
    pub ranks: fn() -> String,
}

/// The three vocabularies.
pub const PAIRS: [Pair; 3] = [
    Pair {
        name: "r50k",
        regex: patterns::GPT2,
        pattern: Pattern::Gpt2,
        ours: Encoding::gpt2,
        theirs: || tiktoken_rs::r50k_base().expect("the crate carries the file"),
        ranks: || ranks::gpt2().to_owned(),
    },
    Pair {
        name: "cl100k",
        regex: patterns::GPT4,
        pattern: Pattern::Cl100k,
        ours: Encoding::cl100k,
        theirs: || tiktoken_rs::cl100k_base().expect("the crate carries the file"),
        ranks: || ranks::cl100k().to_owned(),
    },
    Pair {
        name: "o200k",
        regex: patterns::O200K,
        pattern: Pattern::O200k,
        ours: o200k,
        theirs: || tiktoken_rs::o200k_base().expect("the crate carries the file"),
        ranks: || o200k_ranks().to_owned(),
    },
];

/// The encoding of GPT-4o. The library does not embed its vocabulary, which is twice as large.
pub fn o200k() -> Encoding {
    let specials = [("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)];
    Encoding::from_tiktoken(o200k_ranks(), Pattern::O200k, &specials)
        .expect("the peer's ranks are in order")
}

/// GPT-4o's file of ranks, made again from the peer, which shows its tokens but not its file.
fn o200k_ranks() -> &'static str {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TEXT.get_or_init(|| {
        let peer = tiktoken_rs::o200k_base().expect("the crate carries the file");
        let line = |id: u32| {
            let token = peer.decode_bytes(&[id]).ok()?;
            Some(format!("{} {id}\n", STANDARD.encode(token)))
        };
        (0..199_998).filter_map(line).collect()
    })
}
