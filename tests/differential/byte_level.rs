//! [`ByteLevel`] against [`Encoding`]: a vocabulary of ranks, with its merges written out.
//!
//! Converters turn a file of ranks into merges so: every way to cut a token into two tokens, by the rank
//! of the token. Llama-3's file was made that way, and looks up whole pieces first. Then both have to
//! give the same ids.

use std::collections::HashMap;

use rust_for_ai::bpe::{ByteLevel, Encoding, Pattern, Tokenize};
use rust_for_ai::check::real_tokenizers::nasty;

use super::{GOLDEN, MULTILINGUAL};

/// The visible character of each byte.
fn visible() -> Vec<char> {
    let all = (0..0x200).filter_map(char::from_u32);
    let byte = |c: char| Some((ByteLevel::bytes_of(c.encode_utf8(&mut [0; 4]))?[0], c));
    let mut bytes: Vec<(u8, char)> = all.filter_map(byte).collect();
    bytes.sort();
    assert_eq!(bytes.len(), 256);
    bytes.into_iter().map(|(_, c)| c).collect()
}

/// Tokens and merges, all in visible characters.
fn written_out(encoding: &Encoding, ordinary: u32) -> (Vec<String>, Vec<String>) {
    let visible = visible();
    let token =
        |id| Some(encoding.token(id)?.iter().map(|&byte| visible[usize::from(byte)]).collect());
    let tokens: Vec<String> = (0..ordinary).filter_map(token).collect();
    let ids: HashMap<&str, usize> = tokens.iter().map(String::as_str).zip(0..).collect();
    let mut merges = Vec::new();
    for token in &tokens {
        let cuts = token.char_indices().skip(1).map(|(at, _)| token.split_at(at));
        let mut pairs: Vec<_> =
            cuts.filter_map(|(a, b)| Some((ids.get(a)?, ids.get(b)?, a, b))).collect();
        pairs.sort();
        merges.extend(pairs.into_iter().map(|(_, _, a, b)| format!("{a} {b}")));
    }
    (tokens, merges)
}

#[test]
fn merges_written_out_give_the_ids_of_the_ranks() {
    for (encoding, ordinary) in [(Encoding::gpt2(), 50_256), (Encoding::cl100k(), 100_256)] {
        let (tokens, merges) = written_out(&encoding, ordinary);
        let tokens: Vec<Option<&str>> = tokens.iter().map(|text| Some(&**text)).collect();
        let merges: Vec<&str> = merges.iter().map(String::as_str).collect();
        let pattern: Pattern = encoding.pattern();
        let ours = ByteLevel::new(&tokens, &merges, pattern, true).expect("a whole vocabulary");
        assert_eq!(ours.missing().count(), 0);
        let long = "ab".repeat(5_000);
        let nasty = nasty();
        let texts = nasty.iter().map(String::as_str).chain([GOLDEN, MULTILINGUAL, &long]);
        for text in texts {
            let mut ids = Vec::new();
            ours.encode_into(text, &mut ids);
            assert!(
                ids == encoding.encode(text),
                "{:?}…",
                text.chars().take(40).collect::<String>()
            );
        }
    }
}
