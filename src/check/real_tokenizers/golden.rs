//! What tiktoken's engine makes of texts: pieces and ids, for GPT-2 and cl100k.
//!
//! `bench/src/bin/golden.rs` writes the files with the crates `fancy-regex` and `tiktoken-rs`; this
//! module reads them. A line a text: the lengths of its pieces in bytes, a bar, its ids.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::bpe::{Split, ranks};
use crate::check::cases::Seeded;

/// Texts and the pieces that a pattern cuts them into.
pub(super) type Pieces = Box<dyn Iterator<Item = (String, Vec<String>)>>;

/// A vocabulary that golden files were made with.
#[derive(Clone, Copy)]
pub(super) enum Golden {
    Gpt2,
    Cl100k,
}

impl Golden {
    fn lines(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let file = match self {
            Self::Gpt2 => include_str!("../../../data/golden/gpt2.txt"),
            Self::Cl100k => include_str!("../../../data/golden/cl100k.txt"),
        };
        file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('|'))
    }

    /// As in `rust_for_ai::bpe::ranks`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gpt2 => "gpt2",
            Self::Cl100k => "cl100k",
        }
    }

    /// The file of ranks.
    pub(super) fn ranks(self) -> &'static str {
        match self {
            Self::Gpt2 => ranks::gpt2(),
            Self::Cl100k => ranks::cl100k(),
        }
    }

    /// Cuts the golden texts, and no others, into their pieces.
    pub(super) fn split(self) -> Split {
        match self {
            Self::Gpt2 => |text| {
                static KNOWN: OnceLock<Known> = OnceLock::new();
                cut(KNOWN.get_or_init(|| Self::Gpt2.known()), text)
            },
            Self::Cl100k => |text| {
                static KNOWN: OnceLock<Known> = OnceLock::new();
                cut(KNOWN.get_or_init(|| Self::Cl100k.known()), text)
            },
        }
    }

    /// How many ids the book has, and the digest of each block of them.
    pub(super) fn book(self) -> (usize, Vec<u64>) {
        let file = include_str!("../../../data/golden/book_ids.txt");
        let row = file.lines().find_map(|line| line.strip_prefix(self.name()));
        let mut words = row.unwrap_or_default().split_whitespace();
        let count = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        (count, words.filter_map(|word| u64::from_str_radix(word, 16).ok()).collect())
    }

    fn known(self) -> Known {
        let lines = nasty().into_iter().zip(self.lines());
        lines.map(|(text, (lengths, _))| (text, numbers(lengths).collect())).collect()
    }

    /// All texts with their pieces.
    pub(super) fn pieces(self) -> Pieces {
        let split = self.split();
        Box::new(nasty().into_iter().map(move |text| {
            let pieces = split(&text).into_iter().map(str::to_owned).collect();
            (text, pieces)
        }))
    }

    /// All texts with their ids.
    pub(super) fn ids(self) -> impl Iterator<Item = (String, Vec<u32>)> {
        nasty().into_iter().zip(self.lines()).map(|(text, (_, ids))| (text, numbers(ids).collect()))
    }
}

/// The lengths of the pieces of each text.
type Known = HashMap<String, Vec<u32>>;

fn cut<'t>(known: &Known, text: &'t str) -> Vec<&'t str> {
    let lengths = known.get(text).expect("only golden texts are cut by their golden pieces");
    let mut rest = text;
    lengths
        .iter()
        .map(|&length| {
            let (piece, tail) = rest.split_at(length as usize);
            rest = tail;
            piece
        })
        .collect()
}

fn numbers(text: &str) -> impl Iterator<Item = u32> {
    text.split_whitespace().filter_map(|word| word.parse().ok())
}

/// How many texts are made at random, from the first seed on.
const SEEDS: u64 = 1_000;

/// What the texts are made of: everything that some splitter in use gets wrong.
const FRAGMENTS: &[&str] = &[
    "a",
    "b",
    "The",
    "don",
    "x",
    "É",
    "é",
    "ß",
    "я",
    "Ж",
    "水",
    "語",
    "한",
    "א",
    "न",
    "ʰ",
    "ǅ",
    "ª", // letters
    "'s",
    "'S",
    "'ſ",
    "'t",
    "'re",
    "'RE",
    "'ve",
    "'ll",
    "'Ll",
    "'d",
    "'m",
    "'",
    "’s", // contractions
    "1",
    "23",
    "4567",
    "890123",
    "½",
    "५",
    "Ⅷ",
    "²",
    "\u{11de1}", // numbers, the last one of Unicode 17
    " ",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\u{b}", // white space
    "!",
    ".",
    "...",
    ",",
    "/",
    "//",
    "_",
    "-",
    "(",
    "\"",
    "€",
    "\0",
    "\u{feff}",
    "\u{200b}",
    "\u{378}",
    "\u{301}",
    "\u{93f}", // accents that stand alone
    "👩‍👩‍👧‍👦",
    "🇨🇭",
    "👍🏽",
    "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "<|endoftext|>",
    "https://",
    "{\"id\":",
];

/// Texts on which tokenizers differ: a thousand at random from what is known to be hard, then the
/// multilingual sample line by line, then a piece of the book.
///
/// Public for the program that writes the golden files, and for peers.
pub fn nasty() -> Vec<String> {
    let bound = u32::try_from(FRAGMENTS.len()).unwrap_or(1);
    let random = (1..=SEEDS).map(|seed| {
        // Neighbouring seeds begin alike: let them drift apart first.
        let mut random = Seeded::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Short texts come first.
        let length = 1 + u32::try_from(seed * 14 / (SEEDS + 1)).unwrap_or(0);
        (0..length).map(|_| FRAGMENTS[random.below(bound) as usize]).collect()
    });
    let sample = include_str!("../../../data/multilingual.tsv").lines().map(str::to_owned);
    let book = include_str!("../../../data/golden/bpe_text.txt").to_owned();
    random.chain(sample).chain([book]).collect()
}
