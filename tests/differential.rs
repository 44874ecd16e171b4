//! The naive answers are the oracles of the production module: `solutions` against
//! [`rust_for_ai::bpe`].
//!
//! The answers that the chapter asks for recount everything after each merge and replay every merge
//! on the whole text. They are too slow for a book and too plain to be wrong. The production module
//! keeps counts and heaps up to date, which is fast and easy to get wrong. So both are given the same
//! inputs, and must agree on every id and on every error:
//!
//! * all texts over two letters up to some length, shortest first, so that the first difference is a
//!   smallest one;
//! * seeded random texts over small alphabets with long runs, where pairs overlap and counts tie;
//! * several scripts, emoji, the golden text, the multilingual sample;
//! * merges that were trained, and merges that no training would give;
//! * ids that are no text, and ids that do not exist.
//!
//! Each suite takes the implementation as an argument. The last test hands it wrong ones, each with a
//! mistake that a fast implementation is prone to: a suite that lets one of them through proves
//! nothing.
//!
//! `cargo test --test differential`; a plain `cargo test` leaves it out.

#[path = "differential/byte_level.rs"]
mod byte_level;
#[path = "differential/real.rs"]
mod real;
#[path = "differential/sentencepiece.rs"]
mod sentencepiece;
#[path = "differential/word_counts.rs"]
mod word_counts;

use std::collections::HashMap;
use std::fmt::Debug;

use rust_for_ai::bpe::{self, BYTES, DecodeError, MergeError, Pair, Tokenize};
use solutions::bpe as naive;

const GOLDEN: &str = include_str!("../data/golden/bpe_text.txt");
const MULTILINGUAL: &str = include_str!("../data/multilingual.tsv");

/// What texts are made of; a piece may be several bytes, and share some of them with another one.
const ALPHABETS: &[&[&str]] = &[
    &["a", "b"],
    &["a", "b", "c"],
    &["a", " ", "\n", "\0", "é", "è", "я", "ש", "न", "한", "𝕌", "\u{301}"],
    &["👩‍👩‍👧‍👦", "👍🏽", "👍", "🇨🇭", "🇨🇳", "a"],
];

/// Seeds a random suite goes through; each makes one text per alphabet.
const SEEDS: u64 = 40;

/// The first difference, or how many cases agree.
type Outcome = Result<usize, String>;
type Train<'a> = &'a dyn Fn(&str, usize) -> Vec<Pair>;
type Build<'a> = &'a dyn Fn(&[Pair]) -> Box<dyn Tokenize>;

// --- the suites ----------------------------------------------------------------------------------

/// Trains on all texts, and compares with the naive answer.
fn training_agrees(train: Train<'_>) -> Outcome {
    let mut cases = 0;
    let mut compare = |from: &str, text: &str, vocab_size: usize| {
        cases += 1;
        same(
            || format!("{from}: train({}, {vocab_size})", shown(text)),
            &naive::train(text, vocab_size),
            &train(text, vocab_size),
        )
    };
    for text in texts_over("ab", 9) {
        for vocab_size in [0, 256, 257, 258, 260, 300] {
            compare("all short texts", &text, vocab_size)?;
        }
    }
    for (seed, text) in random_texts() {
        // Sooner or later the text is one token; then both must stop.
        for vocab_size in [256 + seed as usize, 600] {
            compare(&format!("seed {seed}"), &text, vocab_size)?;
        }
    }
    compare("data/multilingual.tsv", MULTILINGUAL, 256 + 80)?;
    compare("data/golden/bpe_text.txt", GOLDEN, 256 + 96)?;
    Ok(cases)
}

/// Encodes and decodes under all merges, and compares with the naive answer.
fn tokenizing_agrees(build: Build<'_>) -> Outcome {
    let mut cases = 0;
    let mut compare = |from: &str, merges: &[Pair], texts: &[String], all_ids: &[Vec<u32>]| {
        let (oracle, tokenizer) = (naive::Tokenizer::new(merges), build(merges));
        for text in texts {
            let ids = oracle.encode(text);
            let call = || format!("{from}: encode({}) with {merges:?}", shown(text));
            same(call, &ids, &tokenizer.encode(text))?;
            let call = || format!("{from}: decode of encode({}) with {merges:?}", shown(text));
            same(call, &Ok(text.clone()), &tokenizer.decode(&ids))?;
        }
        for ids in all_ids {
            let call = || format!("{from}: decode(&{ids:?}) with {merges:?}");
            same(call, &oracle.decode(ids), &tokenizer.decode(ids))?;
        }
        cases += texts.len() + all_ids.len();
        Ok::<(), String>(())
    };
    let short: Vec<String> = texts_over("ab", 8).collect();
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let merges = random.merges(b"ab", 1 + seed as usize);
        let ids = random.id_sequences(&merges);
        compare(&format!("seed {seed}, random merges"), &merges, &short, &ids)?;
    }
    for (seed, text) in random_texts() {
        let mut random = Random::new(seed);
        let mut alphabet = text.as_bytes().to_vec();
        alphabet.sort_unstable();
        alphabet.dedup();
        if alphabet.is_empty() {
            continue;
        }
        // What the text teaches, what its second half teaches, what nothing teaches.
        let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        let kinds = [
            ("its own merges", naive::train(&text, 256 + 30)),
            ("merges of its second half", naive::train(&text[half..], 256 + 30)),
            ("random merges", random.merges(&alphabet, 30)),
        ];
        for (kind, merges) in kinds {
            let ids = random.id_sequences(&merges);
            let from = format!("seed {seed}, {kind}");
            compare(&from, &merges, std::slice::from_ref(&text), &ids)?;
        }
    }
    let texts = [GOLDEN, MULTILINGUAL, ""].map(str::to_owned);
    compare("data/", &bpe::train(GOLDEN, 256 + 96), &texts, &[])?;
    Ok(cases)
}

fn same<T: PartialEq + Debug>(
    call: impl FnOnce() -> String,
    expected: &T,
    got: &T,
) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let short = |value: &T| format!("{value:?}").chars().take(2_000).collect::<String>();
    Err(format!(
        "{}\n  the naive answer gives  {}\n  this one gives          {}",
        call(),
        short(expected),
        short(got)
    ))
}

/// A text as a Rust literal, cut where it would fill the screen.
fn shown(text: &str) -> String {
    match text.char_indices().nth(300) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}… ({} bytes)", &text[..end], text.len()),
    }
}

// --- the production module -----------------------------------------------------------------------

fn production(merges: &[Pair]) -> Box<dyn Tokenize> {
    Box::new(bpe::Tokenizer::from_merges(merges).expect("each merge uses ids that exist, once"))
}

#[test]
fn production_trains_as_the_naive_answer_does() {
    let cases = training_agrees(&bpe::train).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(cases > 6_000, "only {cases} cases were compared");
}

#[test]
fn production_encodes_and_decodes_as_the_naive_answer_does() {
    let cases = tokenizing_agrees(&production).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(cases > 30_000, "only {cases} cases were compared");
}

/// One letter, 200,000 times: a quadratic trainer or encoder would not come back today. (The naive
/// answers do: each merge halves the run.)
#[test]
fn a_long_run_comes_back() {
    let run = "a".repeat(200_000);
    let merges = bpe::train(&run, 256 + 12);
    assert_eq!(merges, naive::train(&run, 256 + 12));
    for merges in [&merges[..1], &merges[..]] {
        let ids = production(merges).encode(&run);
        assert_eq!(ids, naive::Tokenizer::new(merges).encode(&run));
        assert!(
            production(merges).decode(&ids).as_deref() == Ok(&run),
            "the run came back changed"
        );
    }
}

#[test]
fn production_refuses_broken_merges_with_the_exact_error() {
    let not_yet = |merge, id, known| MergeError::NotYetLearned { merge, id, known };
    let repeated = |merge, pair, first| MergeError::Repeated { merge, pair, first };
    let table: [(&[Pair], MergeError, &str); 6] = [
        (
            &[(97, 256)],
            not_yet(0, 256, 256),
            "merge 0 uses the id 256, expected an id below 256, which exist by then",
        ),
        (
            &[(97, 98), (u32::MAX, 97)],
            not_yet(1, u32::MAX, 257),
            "merge 1 uses the id 4294967295, expected an id below 257, which exist by then",
        ),
        (
            // Both are wrong; the left one is named.
            &[(300, 400)],
            not_yet(0, 300, 256),
            "merge 0 uses the id 300, expected an id below 256, which exist by then",
        ),
        (
            &[(97, 98), (97, 98)],
            repeated(1, (97, 98), 0),
            "merge 1 repeats the pair (97, 98) of merge 0",
        ),
        (
            &[(97, 98), (98, 97), (256, 257), (98, 97)],
            repeated(3, (98, 97), 1),
            "merge 3 repeats the pair (98, 97) of merge 1",
        ),
        (
            // The first broken merge is named, not the worst.
            &[(97, 97), (97, 97), (999, 97)],
            repeated(1, (97, 97), 0),
            "merge 1 repeats the pair (97, 97) of merge 0",
        ),
    ];
    for (merges, error, text) in table {
        let got = bpe::Tokenizer::from_merges(merges).err();
        assert_eq!(got.as_ref(), Some(&error), "{merges:?}");
        assert_eq!(got.map(|error| error.to_string()).as_deref(), Some(text));
    }
    // All lists of up to three merges over ids that exist at once, later, or never.
    let ids = [97, 256, 257, 258];
    let pairs: Vec<Pair> = ids.iter().flat_map(|&left| ids.map(|right| (left, right))).collect();
    let mut lists: Vec<Vec<Pair>> = vec![vec![]];
    for _ in 0..3 {
        let longer = lists
            .iter()
            .flat_map(|list| pairs.iter().map(move |&pair| [&list[..], &[pair]].concat()));
        lists = [vec![vec![]], longer.collect()].concat();
    }
    for merges in lists {
        let got = bpe::Tokenizer::from_merges(&merges);
        assert_eq!(got.as_ref().err(), fault(&merges).as_ref(), "{merges:?}");
        if let Ok(tokenizer) = got {
            assert_eq!(tokenizer.merges(), merges);
        }
    }
}

/// The rule for merges, word for word.
fn fault(merges: &[Pair]) -> Option<MergeError> {
    for (merge, &pair) in merges.iter().enumerate() {
        let known = BYTES + u32::try_from(merge).ok()?;
        if let Some(id) = [pair.0, pair.1].into_iter().find(|&id| id >= known) {
            return Some(MergeError::NotYetLearned { merge, id, known });
        }
        if let Some(first) = merges[..merge].iter().position(|&earlier| earlier == pair) {
            return Some(MergeError::Repeated { merge, pair, first });
        }
    }
    None
}

// --- the suites can fail -------------------------------------------------------------------------

#[test]
fn a_trainer_with_a_fault_is_found() {
    // (what is wrong, the trainer)
    let faulty: [(&str, Train<'_>); 4] = [
        ("ties go to the larger pair", &|text, vocab_size| {
            train_by(text, vocab_size, |count, pair| (count, pair, pair))
        }),
        ("ties go by the second id first", &|text, vocab_size| {
            train_by(text, vocab_size, |count, (a, b)| (count, (!b, !a), (0, 0)))
        }),
        ("stops at pairs that occur once", &|text, vocab_size| {
            let merges = naive::train(text, vocab_size);
            let mut ids = naive::bytes(text);
            let mut kept = 0;
            for (&pair, new) in merges.iter().zip(BYTES..) {
                if naive::pair_counts(&ids)[&pair] < 2 {
                    break;
                }
                ids = naive::merge(&ids, pair, new);
                kept += 1;
            }
            merges[..kept].to_vec()
        }),
        ("one merge too many", &|text, vocab_size| naive::train(text, vocab_size + 1)),
    ];
    for (what, train) in faulty {
        assert!(training_agrees(train).is_err(), "not found: {what}");
    }
}

/// The naive loop, with another rule for which pair is the best.
fn train_by<K: Ord>(text: &str, vocab_size: usize, key: impl Fn(usize, Pair) -> K) -> Vec<Pair> {
    let mut ids = naive::bytes(text);
    let mut merges = Vec::new();
    for new in (BYTES..).take(vocab_size.saturating_sub(256)) {
        let counts = naive::pair_counts(&ids);
        let Some(pair) = counts.into_iter().max_by_key(|&(pair, count)| key(count, pair)) else {
            break;
        };
        ids = naive::merge(&ids, pair.0, new);
        merges.push(pair.0);
    }
    merges
}

/// A tokenizer that is right but for one thing.
struct Faulty {
    merges: Vec<Pair>,
    fault: Fault,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The pair furthest to the left merges first, whatever was learned first.
    LeftmostFirst,
    /// One pass a merge, from the right.
    RightToLeft,
    /// A pair that a merge has made is not looked at again.
    NoMergesOfMerges,
    /// The error tells where the text is broken, as an index into the ids.
    PositionInIds,
    /// Ids that do not exist are skipped.
    SkipsUnknown,
    /// Each token is read as UTF-8 by itself.
    TokenByToken,
}

impl Tokenize for Faulty {
    fn encode(&self, text: &str) -> Vec<u32> {
        let steps = || self.merges.iter().copied().zip(BYTES..);
        let mut ids = naive::bytes(text);
        match self.fault {
            Fault::LeftmostFirst => {
                let made: HashMap<Pair, u32> = steps().collect();
                while let Some((at, &new)) =
                    (1..ids.len()).find_map(|i| Some((i - 1, made.get(&(ids[i - 1], ids[i]))?)))
                {
                    ids.splice(at..at + 2, [new]);
                }
                ids
            }
            Fault::RightToLeft => {
                for ((left, right), new) in steps() {
                    ids.reverse();
                    ids = naive::merge(&ids, (right, left), new);
                    ids.reverse();
                }
                ids
            }
            Fault::NoMergesOfMerges => steps()
                .filter(|&((left, right), _)| left < BYTES && right < BYTES)
                .fold(ids, |ids, (pair, new)| naive::merge(&ids, pair, new)),
            _ => naive::Tokenizer::new(&self.merges).encode(text),
        }
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let right = naive::Tokenizer::new(&self.merges);
        match self.fault {
            Fault::PositionInIds => right.decode(ids).map_err(|error| match error {
                DecodeError::InvalidUtf8 { position } => {
                    DecodeError::InvalidUtf8 { position: position.min(ids.len()) }
                }
                other => other,
            }),
            Fault::SkipsUnknown => {
                let known = |id: &&u32| (**id as usize) < 256 + self.merges.len();
                right.decode(&ids.iter().filter(known).copied().collect::<Vec<_>>())
            }
            Fault::TokenByToken => ids.iter().map(|&id| right.decode(&[id])).collect(),
            _ => right.decode(ids),
        }
    }
}

#[test]
fn a_tokenizer_with_a_fault_is_found() {
    for fault in [
        Fault::LeftmostFirst,
        Fault::RightToLeft,
        Fault::NoMergesOfMerges,
        Fault::PositionInIds,
        Fault::SkipsUnknown,
        Fault::TokenByToken,
    ] {
        let found = tokenizing_agrees(&|merges| {
            Box::new(Faulty { merges: merges.to_vec(), fault }) as Box<dyn Tokenize>
        });
        assert!(found.is_err(), "not found: {fault:?}");
    }
}

// --- inputs --------------------------------------------------------------------------------------

/// All texts over some ASCII letters up to `longest`, shortest first.
fn texts_over(letters: &str, longest: usize) -> impl Iterator<Item = String> {
    let mut layer = vec![String::new()];
    let letters: Vec<char> = letters.chars().collect();
    (0..=longest).flat_map(move |length| {
        if length > 0 {
            layer = layer
                .iter()
                .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
                .collect();
        }
        layer.clone()
    })
}

/// A text for each seed and alphabet, with the seed that makes it.
fn random_texts() -> impl Iterator<Item = (u64, String)> {
    (0..SEEDS).flat_map(|seed| {
        ALPHABETS.iter().map(move |alphabet| (seed, Random::new(seed).text(alphabet)))
    })
}

/// A small generator (xorshift64*, Vigna 2014): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // The state must not be zero, and seeds that follow each other should not look alike.
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `bound`, which must not be zero.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        high as usize % bound
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Pieces of an alphabet; every fourth is repeated, up to thirty times.
    fn text(&mut self, alphabet: &[&str]) -> String {
        let pieces = self.below(60);
        let mut text = String::new();
        for _ in 0..pieces {
            let times = if self.below(4) == 0 { 2 + self.below(29) } else { 1 };
            text += &self.one_of(alphabet).repeat(times);
        }
        text
    }

    /// Merges that are valid, and that no training would give: of any two ids that exist, in any
    /// order, so that several may make the same bytes and some can never apply.
    fn merges(&mut self, alphabet: &[u8], count: usize) -> Vec<Pair> {
        let mut ids: Vec<(u32, usize)> = alphabet.iter().map(|&byte| (byte.into(), 1)).collect();
        let mut merges = Vec::new();
        // An alphabet of one byte has few merges below the limit of length.
        for _ in 0..10 * count {
            let (left, right) = (self.one_of(&ids), self.one_of(&ids));
            let (pair, length) = ((left.0, right.0), left.1 + right.1);
            if merges.len() < count && length <= 40 && !merges.contains(&pair) {
                ids.push((BYTES + u32::try_from(merges.len()).unwrap_or(0), length));
                merges.push(pair);
            }
        }
        merges
    }

    /// Sequences of ids: most are no text, some have ids that do not exist.
    fn id_sequences(&mut self, merges: &[Pair]) -> Vec<Vec<u32>> {
        let vocab_size = 256 + merges.len();
        let mut sequences =
            vec![vec![], vec![u32::MAX], vec![97, u32::try_from(vocab_size).unwrap_or(0)]];
        for round in 0..20 {
            // Ids of a text that was cut, learned ids alone, any ids and some beyond the last one.
            let length = self.below(12);
            let (from, to) =
                [(256 - 64, vocab_size), (256, vocab_size), (0, vocab_size + 3)][round % 3];
            let id = |random: &mut Self| from + random.below((to - from).max(1));
            sequences
                .push((0..length).map(|_| u32::try_from(id(self)).unwrap_or(u32::MAX)).collect());
            let text = self.text(ALPHABETS[2]);
            let mut ids = naive::Tokenizer::new(merges).encode(&text);
            ids.truncate(self.below(20));
            ids.drain(..self.below(ids.len() + 1));
            sequences.push(ids);
        }
        sequences
    }
}
