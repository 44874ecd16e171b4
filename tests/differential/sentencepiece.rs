//! `real_tokenizers.sentencepiece` against [`rust_for_ai::bpe::sentencepiece`], and both against what
//! SentencePiece itself makes of texts.
//!
//! The plain answer looks at every pair of neighbours after each merge; the production code has ranks,
//! a table of pairs, a heap, and it cuts the text. The vocabularies here are none that a trainer would
//! give: pieces that go on after a mark, pieces of which a character is no piece, equal scores.

use std::collections::HashSet;

use rust_for_ai::bpe::sentencepiece::{Kind, MARK, Options, Piece, SentencePiece, pieces, sample};
use rust_for_ai::bpe::{DecodeError, Tokenize};
use rust_for_ai::check::real_tokenizers::nasty;
use solutions::real_tokenizers::SentencePiece as Naive;

use super::{Outcome, Random, same, shown};

type Build<'a> = &'a dyn Fn(&[Piece]) -> Box<dyn Tokenize>;

const SYMBOLS: &[&[&str]] = &[
    &["a", "b", "▁"],
    &["a", "b", "c", "▁", "▁▁", "\n"],
    &["a", "é", "è", "水", "𝕌", "▁", "\u{301}"],
];

/// Random vocabularies: random texts and random ids.
fn agrees(build: Build<'_>) -> Outcome {
    let mut cases = 0;
    for (seed, symbols) in (0..40).flat_map(|seed| SYMBOLS.iter().map(move |s| (seed, *s))) {
        let mut random = Random::new(seed);
        let pieces = vocabulary(&mut random, symbols);
        let (naive, tokenizer) = (Naive::new(&pieces), build(&pieces));
        let normal = &pieces[259..];
        for _ in 0..20 {
            let text = random.text(symbols);
            let text = text.replacen(MARK, " ", random.below(9));
            let call = || format!("seed {seed}: encode({}) with {normal:?}", shown(&text));
            let ids = naive.encode(&text);
            same(call, &ids, &tokenizer.encode(&text))?;
            let count = random.below(6);
            // Bytes of a character beyond ASCII, the first pieces, the normal ones, one id too many.
            let ids: Vec<u32> = (0..count)
                .map(|_| {
                    let ids = [0..3, 198..202, 259..pieces.len() + 1, 259..pieces.len()];
                    let ids = ids[random.below(4)].clone();
                    u32::try_from(ids.start + random.below(ids.len().max(1))).unwrap_or(0)
                })
                .collect();
            let call = || format!("seed {seed}: decode(&{ids:?}) with {normal:?}");
            same(call, &naive.decode(&ids), &tokenizer.decode(&ids))?;
            cases += 2;
        }
    }
    Ok(cases)
}

fn vocabulary(random: &mut Random, symbols: &[&str]) -> Vec<Piece> {
    let mut seen = HashSet::new();
    let mut normal = Vec::new();
    for _ in 0..2 + random.below(24) {
        let length = 1 + random.below(5);
        let text: String = (0..length).map(|_| random.one_of(symbols)).collect();
        // Few scores, so that many are equal.
        let score = -f32::from(u8::try_from(random.below(8)).unwrap_or(0));
        if seen.insert(text.clone()) {
            normal.push((text, score - 1.0));
        }
    }
    let normal: Vec<(&str, f32)> = normal.iter().map(|(text, score)| (&**text, *score)).collect();
    pieces(&normal)
}

fn production(pieces: &[Piece]) -> Box<dyn Tokenize> {
    let built = SentencePiece::from_pieces(pieces, Options::default());
    Box::new(built.expect("pieces that differ, with finite scores, and all bytes"))
}

#[test]
fn production_equals_the_naive_answer() {
    let cases = agrees(&production).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(cases >= 4_800, "only {cases} cases were compared");
}

#[test]
fn both_equal_what_sentencepiece_makes_of_the_nasty_texts() {
    let lines = include_str!("../../data/golden/sentencepiece.txt").lines();
    let golden: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    let texts = nasty();
    assert_eq!(golden.len(), texts.len(), "a line a text");
    let (naive, tokenizer) = (Naive::new(&sample()), production(&sample()));
    for (text, line) in texts.iter().zip(golden) {
        let expected: Vec<u32> =
            line.split(' ').map(|id| id.parse().expect("an id is a number")).collect();
        assert_eq!(tokenizer.encode(text), expected, "{}", shown(text));
        assert_eq!(tokenizer.decode(&expected).as_ref(), Ok(text));
        // The naive answer takes the square of a text's length; the book's piece is too long.
        if text.len() < 1_000 {
            assert_eq!(naive.encode(text), expected, "{}", shown(text));
        }
    }
}

/// No spaces, a quarter of a million characters: a quadratic encoder would not come back today.
#[test]
fn a_long_run_comes_back() {
    let normal = [("▁", -9.0), ("a", -9.5), ("aa", -1.0), ("aaaa", -2.0), ("▁▁", -3.0)];
    let tokenizer = production(&pieces(&normal));
    for (text, id) in [("a".repeat(1 << 18), 262), (" ".repeat((1 << 18) - 1), 263)] {
        let ids = tokenizer.encode(&text);
        assert_eq!(ids.iter().filter(|&&other| other != id).count(), 1 - text.len() % 2);
        assert!(tokenizer.decode(&ids).as_ref() == Ok(&text), "the run came back changed");
    }
}

/// Encodes with some pieces and decodes with others.
struct Faulty(Naive, Naive);

impl Tokenize for Faulty {
    fn encode(&self, text: &str) -> Vec<u32> {
        self.0.encode(text)
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        self.1.decode(ids)
    }
}

/// Makes a vocabulary another one.
type Spoil<'a> = &'a dyn Fn(&mut Vec<Piece>);

/// Each fault is one that fast code is prone to, made by handing other pieces to the naive answer.
#[test]
fn a_fault_is_found() {
    let never = |piece: &mut Piece| piece.kind = Kind::Control;
    let goes_on = |text: &str| text.trim_start_matches(MARK).contains(MARK);
    let faulty: [(&str, Spoil<'_>); 4] = [
        ("equal scores go by id", &|pieces| {
            for (piece, id) in pieces.iter_mut().zip(0_u16..) {
                piece.score -= f32::from(id) / 65_536.0;
            }
        }),
        ("every mark begins a word", &|pieces| {
            pieces.iter_mut().filter(|piece| goes_on(&piece.text)).for_each(never);
        }),
        ("marks never join", &|pieces| {
            pieces.iter_mut().filter(|piece| piece.text.starts_with("▁▁")).for_each(never);
        }),
        ("a character that is no piece never joins", &|pieces| {
            let alone: HashSet<String> = pieces.iter().map(|piece| piece.text.clone()).collect();
            let known = |piece: &Piece| piece.text.chars().all(|c| alone.contains(&c.to_string()));
            let normal = pieces.iter_mut().filter(|piece| piece.kind == Kind::Normal);
            normal.filter(|piece| !known(piece)).for_each(never);
        }),
    ];
    for (what, change) in faulty {
        let found = agrees(&|pieces| {
            let mut changed = pieces.to_vec();
            change(&mut changed);
            Box::new(Faulty(Naive::new(&changed), Naive::new(pieces))) as Box<dyn Tokenize>
        });
        assert!(found.is_err(), "not found: {what}");
    }
}
