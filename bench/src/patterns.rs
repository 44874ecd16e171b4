//! The patterns of real tokenizers, run by `fancy-regex`: the engine that tiktoken itself runs them on.

use fancy_regex::Regex;

/// GPT-2's pattern (also r50k and p50k) as tiktoken 0.14 writes it.
pub const GPT2: &str =
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";

/// GPT-4's pattern (cl100k) as tiktoken 0.14 writes it.
pub const GPT4: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";

/// Llama-3's pattern, as its `tokenizer.json` writes it.
pub const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The pattern of GPT-4o (o200k) as tiktoken 0.14 writes it.
pub const O200K: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|",
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

/// A pattern as a splitter with the signature of the chapter's stages.
///
/// # Panics
///
/// The pattern does not compile, or the engine gives up on a text.
pub fn splitter(pattern: &str) -> impl for<'t> Fn(&'t str) -> Vec<&'t str> + use<> {
    let regex = Regex::new(pattern).expect("the pattern compiles");
    move |text| {
        regex.find_iter(text).map(|found| found.expect("no limit is hit").as_str()).collect()
    }
}
