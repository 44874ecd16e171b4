//! The vocabularies of GPT-2 and GPT-4 as files of ranks, embedded, so that nothing is downloaded.
//!
//! A `.tiktoken` file has a line a token: the token's bytes in base64, a space, its rank. The rank is both
//! the id of the token and the priority of its merge. There are no pairs in it: two neighbours merge
//! if their bytes, joined, are a token, and the lowest rank goes first. `data/README.md` tells origin and licence.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;

/// GPT-2's ranks (r50k): 50,256 lines.
///
/// ```
/// use rust_for_ai::bpe::ranks;
/// // The first 256 are the bytes, but not in order: `!` is 0, and 220 is the space.
/// assert_eq!(ranks::gpt2().lines().next(), Some("IQ== 0"));
/// assert_eq!(ranks::gpt2().lines().nth(220), Some("IA== 220"));
/// ```
pub fn gpt2() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| inflated(include_bytes!("../../data/r50k_base.tiktoken.gz")))
}

/// GPT-4's ranks (cl100k): 100,256 lines.
///
/// ```
/// assert_eq!(rust_for_ai::bpe::ranks::cl100k().lines().count(), 100_256);
/// ```
pub fn cl100k() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| inflated(include_bytes!("../../data/cl100k_base.tiktoken.gz")))
}

fn inflated(file: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the embedded file is whole");
    text
}
