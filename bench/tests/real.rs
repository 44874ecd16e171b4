//! The production encodings against the engine and the vocabularies that are in wide use: every piece
//! equal to what `fancy-regex` makes of tiktoken's patterns, every id equal to that of `tiktoken-rs`.

use bench::chapter::pretokenize_smollm;
use bench::encodings::{PAIRS, Pair};
use bench::patterns;
use rust_for_ai::bpe::unicode::is_number;
use rust_for_ai::bpe::{Pattern, Split, Tokenize};
use rust_for_ai::check::real_tokenizers::nasty;
use solutions::real_tokenizers::{Tiktoken, pretokenize_gpt2, pretokenize_gpt4};

const BOOK: &str = include_str!("../../data/kjv.txt");

/// A small generator (xorshift64*, Vigna 2014): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        u32::try_from(high % u64::from(bound)).unwrap_or(0)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap_or(1)) as usize]
    }

    /// A character of a block of Unicode that is used much, or of any.
    fn character(&mut self) -> char {
        let blocks = [
            (0, 0x80),
            (0, 0x250),
            (0x250, 0x800),
            (0x900, 0x2000),
            (0x2000, 0x3100),
            (0, 0x11_0000),
        ];
        loop {
            let (from, to) = self.one_of(&blocks);
            if let Some(c) = char::from_u32(from + self.below(to - from)) {
                return c;
            }
        }
    }
}

/// Texts of characters from all over Unicode, with what patterns look for between them.
fn random_texts() -> impl Iterator<Item = String> {
    let hard = [
        ' ', ' ', '\n', '\r', '\t', '\'', 's', 'S', 'ſ', 'l', 'L', 'v', 'E', 'r', 'd', 'T', 'm',
        '/', '1', '2', 'A', 'a', 'Z', 'z', 'é', 'É', 'ǅ', 'ʰ', '水', '\u{301}', '\u{93f}', '.',
        '!', '½', 'Ⅷ', '\u{a0}', 'K',
    ];
    (1..=12_000_u64).map(move |seed| {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let length = 1 + random.below(60);
        // Some texts have no character but the hard ones.
        let share = random.below(5);
        (0..length)
            .map(
                |_| if random.below(4) < share { random.one_of(&hard) } else { random.character() },
            )
            .collect()
    })
}

/// Long runs of one kind, each followed by what may take the last character of it.
fn runs(length: usize) -> Vec<String> {
    let mut random = Random(1);
    let mut made = |alphabet: &str| -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| random.one_of(&letters)).collect()
    };
    let mut texts = vec![
        made("abcdefghijklmnopqrstuvwxyz"),
        made("0123456789"),
        made("!?.,;:-_=+*#()[]{}<>/\\|@%&~^`\"'$"),
        made(" \t\n\r\u{a0}\u{3000}"),
        made("天地玄黃宇宙洪荒日月盈昃辰宿列張"),
        made("aA"),
        made("水Aa\u{301}"),
        made("👩\u{200d}👧🏽🇨🇭"),
        made("กขคงจฉชซ\u{e31}\u{e48}"),
    ];
    for one in [
        "a", "ab", " ", "\n", "\r\n", "\t", "=", "1", "é", "水", "\u{301}", "ſ", "'s", "A",
        "A\u{301}",
    ] {
        texts.push(one.repeat(length / one.len()));
    }
    let ends = ["", "x", "1", "!", "\n", " x", "水"];
    texts.iter().flat_map(|text| ends.map(|end| format!("{text}{end}"))).collect()
}

/// All texts of up to five of these characters.
fn short_texts() -> impl Iterator<Item = String> {
    let letters = ['a', 'B', '水', '\u{301}', ' ', '\t', '\n', '1', '.', '/', '\''];
    (0..11_usize.pow(5)).map(move |mut number| {
        let mut text = String::new();
        while number > 0 {
            text.push(letters[number % 11]);
            number /= 11;
        }
        text
    })
}

fn same_pieces<'t>(pair: &Pair, texts: impl Iterator<Item = &'t str>) {
    let oracle = patterns::splitter(pair.regex);
    for text in texts {
        let (expected, got) = (oracle(text), pair.pattern.pieces(text).collect::<Vec<_>>());
        if expected != got {
            let at = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
            let from = at.saturating_sub(2);
            panic!(
                "{}: piece {at} of {:?}…: expected {:?}, got {:?}",
                pair.name,
                text.chars().take(80).collect::<String>(),
                &expected[from..expected.len().min(at + 3)],
                &got[from..got.len().min(at + 3)]
            );
        }
    }
}

#[test]
fn pieces_are_those_of_fancy_regex() {
    for pair in &PAIRS {
        same_pieces(pair, [BOOK].into_iter());
        same_pieces(pair, nasty().iter().map(String::as_str));
        same_pieces(pair, runs(300).iter().map(String::as_str));
        let texts: Vec<String> = random_texts().chain(short_texts()).collect();
        same_pieces(pair, texts.iter().map(String::as_str));
    }
}

/// Llama-3's pattern has no vocabulary here, so pieces are all that is compared.
#[test]
fn pieces_of_llama3_are_those_of_fancy_regex() {
    let oracle = patterns::splitter(patterns::LLAMA3);
    let texts = nasty().into_iter().chain(runs(300)).chain(random_texts()).chain(short_texts());
    for text in texts.chain([BOOK.to_owned()]) {
        let got: Vec<&str> = Pattern::Llama3.pieces(&text).collect();
        assert!(got == oracle(&text), "{:?}…", text.chars().take(80).collect::<String>());
    }
}

#[test]
fn ids_are_those_of_tiktoken() {
    for pair in &PAIRS {
        let (ours, theirs) = ((pair.ours)(), (pair.theirs)());
        let same = |text: &str| {
            let (expected, got) = (theirs.encode_ordinary(text), ours.encode_ordinary(text));
            if expected != got {
                let at = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
                panic!(
                    "{}: id {at} of {:?}…: expected {:?}…, got {:?}…",
                    pair.name,
                    text.chars().take(80).collect::<String>(),
                    &expected[at..expected.len().min(at + 5)],
                    &got[at..got.len().min(at + 5)]
                );
            }
            assert_eq!(ours.count(text), got.len());
            assert_eq!(ours.decode(&got).as_deref(), Ok(text));
            got
        };
        let ids = same(BOOK);
        assert_eq!(ours.encode_batch(&BOOK.lines().collect::<Vec<_>>()).len(), 31_102);
        assert!(ids.len() > 900_000);
        nasty().iter().for_each(|text| drop(same(text)));
        random_texts().for_each(|text| drop(same(&text)));
        // Lengths around those at which another way of merging takes over.
        for length in [15, 16, 17, 40, 47, 48, 49, 50, 64, 100, 1_000, 20_000] {
            runs(length).iter().for_each(|text| drop(same(text)));
        }
    }
}

/// Every token by itself, and its bytes with one more or one less, if they are text.
#[test]
fn every_token_has_its_id() {
    for pair in &PAIRS {
        let (ours, theirs) = ((pair.ours)(), (pair.theirs)());
        for id in 0..u32::try_from(ours.vocab_size()).unwrap_or(0) {
            assert_eq!(ours.token(id).map(<[u8]>::to_vec), theirs.decode_bytes(&[id]).ok(), "{id}");
            let Some(token) = ours.token(id).and_then(|bytes| std::str::from_utf8(bytes).ok())
            else {
                continue;
            };
            let mut shorter = token.chars();
            shorter.next_back();
            for text in [token.to_owned(), format!("{token}e"), shorter.as_str().to_owned()] {
                let expected = theirs.encode_ordinary(&text);
                assert_eq!(ours.encode_ordinary(&text), expected, "{}: {text:?}", pair.name);
            }
        }
    }
}

/// The reference answers, too; the chapter has no splitter for o200k, so they borrow ours.
#[test]
fn ids_of_the_naive_answers_are_those_of_tiktoken() {
    let splits: [Split; 3] =
        [pretokenize_gpt2, pretokenize_gpt4, |text| Pattern::O200k.pieces(text).collect()];
    for (pair, split) in PAIRS.iter().zip(splits) {
        let naive = Tiktoken::load(&(pair.ranks)(), split).expect("the ranks are in order");
        let peer = (pair.theirs)();
        for text in [BOOK, include_str!("../../data/multilingual.tsv")] {
            let same = naive.encode(text) == peer.encode_ordinary(text);
            assert!(same, "{}: the ids of {:?}… differ", pair.name, &text[..20]);
        }
    }
}

/// SmolLM's splitter, by the crate that its tokenizer is written for. That crate asks the standard
/// library what a number is, so texts with numbers of newer versions of Unicode are left out.
#[test]
fn pieces_of_smollm_are_those_of_tokenizers() {
    let known = |text: &String| text.chars().all(|c| c.is_numeric() == is_number(c));
    let mut compared = 0;
    for text in nasty().into_iter().chain(random_texts()).chain(short_texts()).filter(known) {
        let pieces: Vec<&str> = Pattern::SmolLm.pieces(&text).collect();
        assert_eq!(pieces, pretokenize_smollm(&text), "{text:?}");
        compared += 1;
    }
    assert!(compared > 100_000, "{compared} texts");
}
