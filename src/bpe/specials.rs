//! Special tokens in a text: which count, and where the first one is.
//!
//! # Why it matters
//!
//! `<|endoftext|>` ends a document for the model. If a user's text has these thirteen characters and
//! they become the special token, the user has ended the document, or the system's part of a
//! conversation: that is an injection, like quotes in SQL. So a caller says for each text which special
//! tokens may stand in it, and the default is an error ([`Specials::Forbid`]). Text of unknown origin
//! is encoded with [`Specials::Text`]: then the characters are characters.
//!
//! # The law
//!
//! 1. A forbidden special token anywhere in the text is an error, before anything is encoded.
//! 2. Of the allowed ones, the leftmost is found first, and of those that begin there the longest.
//! 3. What stands between two of them is encoded as a text of its own.
//! 4. A special token that is in neither list is ordinary text.
//!
//! # The idea
//!
//! Few bytes begin a special token, so a table of 256 tells where to look closer. The tokens are
//! sorted. If one is a beginning of the rest of the text, then it is no greater than the rest, and all
//! tokens between it and the rest begin with it. So: find the greatest token that is no greater than the rest; if
//! the rest does not begin with it, try the longest other token that it begins with, and so on. Each
//! knows that other one. A hundred tokens cost seven comparisons and not a hundred.

/// What special tokens in a text become.
///
/// ```
/// use rust_for_ai::bpe::{Encoding, Specials};
/// let encoding = Encoding::gpt2();
/// let text = "Hi<|endoftext|>";
/// assert_eq!(encoding.encode_with(text, Specials::Text)?.len(), 8);
/// assert_eq!(encoding.encode_with(text, Specials::Allow)?, [17250, 50256]);
/// let error = encoding.encode_with(text, Specials::Forbid).unwrap_err();
/// assert_eq!(error.to_string(), "the text has the special token `<|endoftext|>` at byte 2");
/// # Ok::<(), rust_for_ai::bpe::SpecialError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Specials {
    /// An error, the default: a text that should have none, as a prompt's template.
    #[default]
    Forbid,
    /// Ordinary text, character by character: for what users and documents wrote.
    Text,
    /// The special tokens: only for text that nobody else had a hand in.
    Allow,
}

/// Finds special tokens in texts, for those who encode what stands between them by a way of their own.
///
/// ```
/// use rust_for_ai::bpe::Finder;
/// let finder = Finder::new([("<|", 1), ("<|end|>", 2)].into_iter());
/// let found = finder.find("a<|end|>", 0).expect("it is there");
/// assert_eq!((found.token, found.id, found.position), ("<|end|>", 2, 1));
/// assert_eq!(finder.find("a<|end|>", 2), None);
/// ```
pub struct Finder {
    /// The tokens in the order of their bytes, and for each the longest other one that it begins with.
    sorted: Vec<(String, u32, Option<usize>)>,
    /// Which bytes a token begins with.
    first: [bool; 256],
    /// The one character that all tokens begin with, if it is one byte: `<`, nearly always. To look for
    /// one byte takes a tenth of what looking for several does.
    only: Option<u8>,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.sorted.iter().map(|(token, id, _)| (token, id))).finish()
    }
}

/// A special token in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'f> {
    /// The token.
    pub token: &'f str,
    /// Its id.
    pub id: u32,
    /// Where it begins, in bytes.
    pub position: usize,
}

impl Finder {
    /// Finds these tokens; an empty one is never found.
    pub fn new<'t>(tokens: impl Iterator<Item = (&'t str, u32)>) -> Self {
        let mut sorted: Vec<(String, u32, Option<usize>)> = tokens
            .filter(|(token, _)| !token.is_empty())
            .map(|(token, id)| (token.to_owned(), id, None))
            .collect();
        sorted.sort();
        sorted.dedup_by(|a, b| a.0 == b.0);
        let mut first = [false; 256];
        for at in 0..sorted.len() {
            first[sorted[at].0.as_bytes()[0] as usize] = true;
            // The token before this one, or one that it begins with.
            let mut candidate = at.checked_sub(1);
            while let Some(other) = candidate {
                if sorted[at].0.starts_with(&sorted[other].0) {
                    break;
                }
                candidate = sorted[other].2;
            }
            sorted[at].2 = candidate;
        }
        let mut firsts = (0..=u8::MAX).filter(|&byte| first[usize::from(byte)]);
        let only = firsts.next().filter(|byte| byte.is_ascii() && firsts.next().is_none());
        Self { sorted, first, only }
    }

    /// The leftmost token from a place on, in bytes, and of those there the longest.
    pub fn find(&self, text: &str, from: usize) -> Option<Found<'_>> {
        if self.sorted.is_empty() {
            return None;
        }
        let bytes = text.as_bytes();
        let mut position = from;
        loop {
            position += match self.only {
                Some(byte) => text.get(position..)?.find(char::from(byte))?,
                None => bytes[position..].iter().position(|&byte| self.first[byte as usize])?,
            };
            let rest = &bytes[position..];
            let greater = self.sorted.partition_point(|(token, ..)| token.as_bytes() <= rest);
            let mut candidate = greater.checked_sub(1);
            while let Some(at) = candidate {
                let (token, id, shorter) = &self.sorted[at];
                if rest.starts_with(token.as_bytes()) {
                    return Some(Found { token, id: *id, position });
                }
                candidate = *shorter;
            }
            position += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts of up to so many of these pieces.
    fn texts(pieces: &[&str], longest: usize) -> Vec<String> {
        let (mut texts, mut layer) = (vec![String::new()], vec![String::new()]);
        for _ in 0..longest {
            let longer =
                |text: &String| pieces.iter().map(|piece| format!("{text}{piece}")).collect();
            layer = layer.iter().flat_map(|text| -> Vec<String> { longer(text) }).collect();
            texts.extend(layer.clone());
        }
        texts
    }

    /// Three hundred sets of short tokens, all short texts: as trying every token at every place.
    #[test]
    fn the_leftmost_then_longest_is_found() {
        let words: Vec<String> = texts(&["<", "|", "é"], 3).split_off(1);
        let all = texts(&["<", "|", "é", "a"], 5);
        for set in 0_u64..300 {
            // Some of the words; which ones the bits of a number tell.
            let chosen = set.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let tokens: Vec<&str> =
                (0..words.len()).filter(|&n| chosen >> n & 1 == 1).map(|n| &*words[n]).collect();
            let finder = Finder::new(tokens.iter().map(|&token| (token, 0)));
            for text in &all {
                let expected = text.char_indices().find_map(|(at, _)| {
                    let here = tokens.iter().filter(|&&token| text[at..].starts_with(token));
                    here.max_by_key(|token| token.len()).map(|&token| (at, token))
                });
                let got = finder.find(text, 0).map(|found| (found.position, found.token));
                assert_eq!(got, expected, "{tokens:?} in {text:?}");
            }
        }
    }
}
