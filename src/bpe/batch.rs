//! Many texts at once, on all processors.
//!
//! # The law
//!
//! The ids of a batch are those of its texts, one by one, in their order, whatever the threads do.
//!
//! # The idea
//!
//! Rayon cuts the list of texts; each thread borrows a scratch, with a cache of its own, and writes each text's
//! ids into a list that nobody else sees. Nothing is shared but the vocabulary, which nobody writes to.
//!
//! A list of one text cannot be cut, and in a list of a few one may have most of the bytes. So a long text is cut
//! itself, where that is safe: *before a space that follows a character that is no white space*.
//!
//! ```text
//! … the beginning| God created| the heaven and the|  earth …
//! ```
//!
//! It is safe since there a piece ends, in every [`Pattern`](super::Pattern), whatever stands around it:
//!
//! 1. In no alternative does a space follow a character that is no white space. So the piece with that character
//!    ends before the space, in the whole text as in its beginning.
//! 2. A piece that ends there was not looking further: the one alternative that looks ahead is white space, and
//!    its look-ahead is at most the character before the cut.
//! 3. No alternative looks back. So what comes behind is cut as if the text began there.
//!
//! Merges never cross the end of a piece; so the ids of both parts together are those of the whole. The tests go
//! through all short texts over characters of every class. Where two line breaks or letters meet it is not that
//! plain: in GPT-4's pattern, punctuation takes the line breaks behind it.
//!
//! # Where it stops
//!
//! A text without such a place, as in Chinese or of one long word, stays whole. The lists of the parts are copied
//! into one, some hundredths of the time. A batch of a few short texts is done in a loop: to wake a thread takes
//! longer. `bench/src/bin/parallel.rs` measures all of it.

#[cfg(feature = "threads")]
use rayon::prelude::*;

use super::encoding::{Encoding, Lent, room_for};

/// How long the parts of a long text are, or a few bytes more: half a millisecond of work, some hundred times what
/// it costs to hand it over.
#[cfg(feature = "threads")]
const PART: usize = 64 << 10;

/// With fewer bytes in all, a batch is done before a second thread has woken up: some ten microseconds.
#[cfg(feature = "threads")]
const FEW: usize = 16 << 10;

/// A text is long if it is more than one of so many shares of each thread: whoever comes late to it makes the others
/// wait for less than that.
#[cfg(feature = "threads")]
const SHARES: usize = 8;

impl Encoding {
    /// The ids of each text, as [`encode_ordinary`](Self::encode_ordinary) makes them, in the order of the texts. With the feature
    /// `threads`, on all threads of the pool; a long text is shared out, too.
    ///
    /// ```
    /// use rust_for_ai::bpe::Encoding;
    /// let ids = Encoding::gpt2().encode_batch(&["Hello", "", " world"]);
    /// assert_eq!(ids, [vec![15496], vec![], vec![995]]);
    /// ```
    #[cfg(feature = "threads")]
    pub fn encode_batch(&self, texts: &[&str]) -> Vec<Vec<u32>> {
        let threads = rayon::current_num_threads();
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        if threads == 1 || bytes < FEW {
            return self.encode_each(texts);
        }
        // A text that is not much beside the others need not be cut: there are enough to share out.
        let long = (bytes / (SHARES * threads)).max(2 * PART);
        let encode_all = |texts: &[&str]| -> Vec<Vec<u32>> {
            texts
                .par_iter()
                .map_init(|| self.scratch(), |scratch, text| encode(scratch, text))
                .collect()
        };
        if texts.iter().all(|text| text.len() < long) {
            return encode_all(texts);
        }
        // One flat list of parts: a thread that waited for the parts of a text would keep a scratch from the others.
        let (mut all, mut counts) = (Vec::new(), Vec::new());
        for &text in texts {
            let before = all.len();
            if text.len() < long {
                all.push(text)
            } else {
                all.extend(parts(text, PART))
            }
            counts.push(all.len() - before);
        }
        let mut ids = encode_all(&all).into_iter();
        counts.into_iter().map(|count| joined(ids.by_ref().take(count).collect())).collect()
    }

    /// The ids of each text, as [`encode_ordinary`](Self::encode_ordinary) makes them, in the order of the texts. With the feature
    /// `threads`, on all threads of the pool; a long text is shared out, too.
    #[cfg(not(feature = "threads"))]
    pub fn encode_batch(&self, texts: &[&str]) -> Vec<Vec<u32>> {
        self.encode_each(texts)
    }

    /// A batch on the thread of the caller.
    fn encode_each(&self, texts: &[&str]) -> Vec<Vec<u32>> {
        let mut scratch = self.scratch();
        texts.iter().map(|text| encode(&mut scratch, text)).collect()
    }
}

/// The lists of the parts as one.
///
/// All threads copy: memory that is new costs as much as the copy, and so does what is given back.
#[cfg(feature = "threads")]
fn joined(mut parts: Vec<Vec<u32>>) -> Vec<u32> {
    if let [only] = &mut parts[..] {
        return std::mem::take(only);
    }
    let mut joined = vec![0; parts.iter().map(Vec::len).sum()];
    let mut rest = joined.as_mut_slice();
    let places: Vec<_> = parts.iter().filter_map(|part| rest.split_off_mut(..part.len())).collect();
    places.into_par_iter().zip(parts).for_each(|(place, part)| place.copy_from_slice(&part));
    joined
}

fn encode(scratch: &mut Lent<'_>, text: &str) -> Vec<u32> {
    let mut ids = room_for(text);
    scratch.encode(text, &mut ids);
    ids
}

/// Cuts a text into parts of at least `size` bytes, each where it is safe; the last one may have fewer.
#[cfg(feature = "threads")]
fn parts(text: &str, size: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = safe(rest, size) {
        let (part, behind) = rest.split_at(at);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

/// The first place from `from` on, and not the beginning, where a text may be cut.
#[cfg(feature = "threads")]
fn safe(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let spaces = (from.max(1)..bytes.len()).filter(|&at| bytes[at] == b' ');
    // The byte of a space is no part of another character, so `at` is between two of them.
    spaces
        .into_iter()
        .find(|&at| text[..at].chars().next_back().is_some_and(|c| !c.is_whitespace()))
}

#[cfg(all(test, feature = "threads"))]
mod tests {
    use super::*;
    use crate::bpe::Pattern;

    const PATTERNS: [Pattern; 5] =
        [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Llama3, Pattern::SmolLm];

    /// At least one character of each class that a pattern knows; an apostrophe and what may follow it.
    const CHARACTERS: [char; 16] = [
        ' ', 'a', '\n', '!', '1', '\'', 's', 'S', '\r', '\t', '\u{a0}', '\u{3000}', 'é', '字',
        '\u{301}', '/',
    ];

    /// All texts of so many characters.
    fn texts(length: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for _ in 0..length {
            let longer = |text: &String| CHARACTERS.map(|character| format!("{text}{character}"));
            texts = texts.iter().flat_map(longer).collect();
        }
        texts
    }

    /// The first text and place where the pieces of both parts are not those of the whole, among the places that
    /// `cut` allows.
    fn difference(length: usize, cut: fn(&str, usize) -> bool) -> Option<(Pattern, String, usize)> {
        for text in texts(length) {
            for at in text.char_indices().map(|(at, _)| at).filter(|&at| cut(&text, at)) {
                for pattern in PATTERNS {
                    let (left, right) = text.split_at(at);
                    let parts = pattern.pieces(left).chain(pattern.pieces(right));
                    if !parts.eq(pattern.pieces(&text)) {
                        return Some((pattern, text, at));
                    }
                }
            }
        }
        None
    }

    #[test]
    fn a_text_may_be_cut_where_parts_are_cut() {
        for length in 0..=4 {
            assert_eq!(difference(length, |text, at| at > 0 && safe(text, at) == Some(at)), None);
        }
    }

    #[test]
    fn other_places_are_not_safe_and_the_test_above_would_see_it() {
        let before_any_space = |text: &str, at: usize| at > 0 && text[at..].starts_with(' ');
        assert!(difference(3, before_any_space).is_some());
        let before_a_line_break = |text: &str, at: usize| at > 0 && text[at..].starts_with('\n');
        assert!(difference(3, before_a_line_break).is_some());
        let behind_a_space = |text: &str, at: usize| text[..at].ends_with(' ');
        assert!(difference(3, behind_a_space).is_some());
    }

    #[test]
    fn parts_join_to_the_text_and_have_the_size() {
        for (text, size, expected) in [
            ("", 1, &[""][..]),
            ("one two three", 1, &["one", " two", " three"]),
            ("one two three", 4, &["one two", " three"]),
            ("one  two", 4, &["one  two"]),
            ("字字 字", 4, &["字字", " 字"]),
            (" one", 1, &[" one"]),
            ("字字字", 1, &["字字字"]),
        ] {
            assert_eq!(parts(text, size), expected, "{text:?}, {size}");
        }
    }

    #[test]
    fn a_long_text_has_the_same_ids_with_any_number_of_threads() {
        let encoding = Encoding::gpt2();
        let line = "In the beginning God created the heaven and the earth.  \n\n 123 4567 don't 字字 zyzzyva\t ";
        let long = line.repeat(5 * PART / line.len());
        let unbroken = "字".repeat(PART * 2 / 3 + 1);
        let texts = ["", &long, "short", &unbroken, &long[1..]];
        let expected = texts.map(|text| encoding.encode_ordinary(text));
        assert!(parts(&long, PART).len() > 2);
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("a few threads");
            assert_eq!(
                pool.install(|| encoding.encode_batch(&texts)),
                expected,
                "{threads} threads"
            );
        }
    }
}
