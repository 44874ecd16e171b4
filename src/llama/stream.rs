//! A text that arrives in tokens: which part of it may be shown already?
//!
//! Two things can be half there. A **character**: the four bytes of 🙂 are often three tokens, and
//! none of the three is text. And a **stop string**: with the stop string `\nUser:`, a line break may be the
//! end of a line or the end of the answer, and what was shown cannot be taken back. [`Utf8`] holds back
//! the one, [`Stops`] the other; bytes go through the first and then through the second.
//!
//! # The laws
//!
//! 1. However the bytes are cut, all that [`Utf8::push`] and [`Utf8::finish`] give, joined, is
//!    [`String::from_utf8_lossy`] of all bytes: each longest part that could have begun a character
//!    becomes one U+FFFD, as Unicode recommends.
//! 2. Nothing is held back that is decided: at most three bytes, the beginning of one character.
//! 3. However the text is cut, [`Stops`] lets through what stands before the stop string that *ends*
//!    first, the longest of those that end there. (Not the one that begins first: it might never end.)
//! 4. What is held back is the longest end of the text that is the beginning of a stop string.

use std::fmt;

use super::parts::TextStream;

/// Turns bytes to text across tokens.
///
/// ```
/// use rust_for_ai::llama::stream::Utf8;
///
/// let mut text = Utf8::default();
/// assert_eq!(text.push(b"5 \xe2\x82"), "5 ");
/// assert_eq!(text.push(b"\xac!"), "€!");
/// assert_eq!(text.push(b"\xff\xe2"), "\u{fffd}");
/// assert_eq!(text.finish(), "\u{fffd}");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Utf8 {
    /// The beginning of a character; empty or one to three bytes.
    held: Vec<u8>,
}

impl Utf8 {
    /// Takes the bytes of a token; gives all that is decided by now.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.held.len());
        let mut rest = &self.held[..];
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at(error.valid_up_to());
            text.push_str(&String::from_utf8_lossy(valid));
            let Some(invalid) = error.error_len() else {
                rest = after;
                break;
            };
            text.push(char::REPLACEMENT_CHARACTER);
            rest = &after[invalid..];
        }
        let decided = self.held.len() - rest.len();
        self.held.drain(..decided);
        text
    }

    /// No more bytes come: gives U+FFFD if a character was begun. The next text may follow.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held.clear();
        text
    }
}

impl TextStream for Utf8 {
    fn push(&mut self, bytes: &[u8]) -> String {
        Self::push(self, bytes)
    }

    fn finish(&mut self) -> String {
        Self::finish(self)
    }
}

/// An empty stop string, which would stop everything at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyStop {
    /// Its place in the list, from 0.
    pub index: usize,
}

impl fmt::Display for EmptyStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stop string {} is empty, expected one character or more", self.index)
    }
}

impl std::error::Error for EmptyStop {}

/// Lets a text through up to the first stop string.
///
/// ```
/// use rust_for_ai::llama::stream::Stops;
///
/// let mut stops = Stops::new(vec!["\nUser:".to_owned()])?;
/// assert_eq!(stops.push("Hello.\nU"), "Hello.");
/// assert_eq!(stops.push("ganda"), "\nUganda");
/// assert_eq!(stops.push(" too\nUser: and"), " too");
/// assert_eq!(stops.stopped(), Some("\nUser:"));
/// # Ok::<(), rust_for_ai::llama::stream::EmptyStop>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stops {
    stops: Vec<String>,
    /// What may become a stop string.
    held: String,
    /// Which one was found.
    stopped: Option<usize>,
}

impl Stops {
    /// With these stop strings, of which there may be none.
    ///
    /// # Errors
    ///
    /// An empty stop string.
    pub fn new(stops: Vec<String>) -> Result<Self, EmptyStop> {
        match stops.iter().position(String::is_empty) {
            Some(index) => Err(EmptyStop { index }),
            None => Ok(Self { stops, ..Self::default() }),
        }
    }

    /// The stop strings.
    pub fn list(&self) -> &[String] {
        &self.stops
    }

    /// Takes more of the text; gives what cannot be part of a stop string. Nothing after one was found.
    pub fn push(&mut self, text: &str) -> String {
        if self.stopped.is_some() {
            return String::new();
        }
        self.held.push_str(text);
        // The first place of a stop string is also where it first ends.
        let found = self.stops.iter().zip(0..).filter_map(|(stop, index)| {
            let start = self.held.find(stop.as_str())?;
            Some((start + stop.len(), start, index))
        });
        if let Some((_, start, index)) = found.min() {
            self.stopped = Some(index);
            self.held.truncate(start);
            return std::mem::take(&mut self.held);
        }
        let may_begin =
            |&at: &usize| self.stops.iter().any(|stop| stop.starts_with(&self.held[at..]));
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.ceil_char_boundary(self.held.len().saturating_sub(longest));
        let ends = self.held[from..].char_indices().map(|(at, _)| from + at);
        let kept = ends.clone().find(may_begin).unwrap_or(self.held.len());
        let rest = self.held.split_off(kept);
        std::mem::replace(&mut self.held, rest)
    }

    /// No more text comes: gives what was held back. The next text may follow.
    pub fn finish(&mut self) -> String {
        self.stopped = None;
        std::mem::take(&mut self.held)
    }

    /// The stop string that was found, until [`Stops::finish`].
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.map(|index| self.stops[index].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to cut bytes in up to three parts, and one byte at a time.
    fn splits<T>(all: &[T]) -> Vec<Vec<&[T]>> {
        let mut splits = vec![all.chunks(1).collect()];
        for a in 0..=all.len() {
            for b in a..=all.len() {
                splits.push(vec![&all[..a], &all[a..b], &all[b..]]);
            }
        }
        splits
    }

    #[test]
    fn every_split_gives_what_the_whole_gives() {
        // Bytes of every role: ASCII, leads of two to four, continuations, what is never valid.
        const BYTES: [u8; 8] = [b'a', 0x80, 0xa0, 0xc2, 0xe0, 0xf0, 0xf4, 0xff];
        let mut texts: Vec<Vec<u8>> = vec![vec![]];
        for length in 0..4 {
            let longest = texts.iter().filter(|text| text.len() == length);
            let longer = longest.flat_map(|text| BYTES.map(|byte| [&text[..], &[byte]].concat()));
            let longer: Vec<Vec<u8>> = longer.collect();
            texts.extend(longer);
        }
        texts.extend([
            "né 水 🙂👍🏽".into(),
            b"\xf0\x9f\x99".to_vec(),
            b"\xf0\x9f\x99\xff\xf0".to_vec(),
        ]);
        for bytes in texts {
            let whole = String::from_utf8_lossy(&bytes);
            for split in splits(&bytes) {
                let mut stream = Utf8::default();
                let mut text: String = split.iter().map(|part| stream.push(part)).collect();
                assert!(stream.held.len() <= 3);
                text += &stream.finish();
                assert_eq!(text, whole, "{split:x?}");
                assert_eq!(stream.finish(), "");
            }
        }
    }

    #[test]
    fn nothing_decided_is_held_back() {
        let mut stream = Utf8::default();
        let shown: Vec<String> = "aé🙂".bytes().map(|byte| stream.push(&[byte])).collect();
        assert_eq!(shown, ["a", "", "é", "", "", "", "🙂"]);
        // 0xe0 asks for 0xa0 or more next: both are wrong at once.
        assert_eq!(
            (stream.push(&[0xe0]), stream.push(&[0x80])),
            (String::new(), "\u{fffd}\u{fffd}".into())
        );
    }

    /// The law by hand: the shortest beginning of the text that has a stop string.
    fn cut<'t>(text: &'t str, stops: &[&str]) -> (&'t str, bool) {
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in ends {
            let longest = stops
                .iter()
                .filter(|stop| text[..end].ends_with(**stop))
                .max_by_key(|stop| stop.len());
            if let Some(stop) = longest {
                return (&text[..end - stop.len()], true);
            }
        }
        (text, false)
    }

    #[test]
    fn every_split_stops_at_the_same_place() {
        let lists: [&[&str]; 6] =
            [&[], &["a"], &["aab"], &["aaa", "ab"], &["abab", "ba"], &["éa", "a\n"]];
        let mut texts = vec![String::new()];
        for length in 0..6 {
            let longest: Vec<String> =
                texts.iter().filter(|text| text.chars().count() == length).cloned().collect();
            texts.extend(longest.iter().flat_map(|text| ["a", "b"].map(|c| format!("{text}{c}"))));
        }
        texts.extend(["xéa", "éé\na", "aéa\n"].map(str::to_owned));
        for stops in lists {
            for text in &texts {
                let characters: Vec<char> = text.chars().collect();
                for split in splits(&characters) {
                    let mut stream =
                        Stops::new(stops.iter().map(|&stop| stop.to_owned()).collect())
                            .expect("it is valid");
                    let part = |part: &&[char]| stream.push(&part.iter().collect::<String>());
                    let mut got: String = split.iter().map(part).collect();
                    let stopped = stream.stopped().is_some();
                    got += &stream.finish();
                    assert_eq!((&*got, stopped), cut(text, stops), "{stops:?} in {split:?}");
                }
            }
        }
        assert_eq!(
            Stops::new(vec!["a".into(), String::new()]).expect_err("it is not").to_string(),
            "stop string 1 is empty, expected one character or more"
        );
    }
}
