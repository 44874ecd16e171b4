//! [`Encoding`] against the reference answer of the chapter, which goes by the rules word for word: join the
//! bytes of each two neighbours, look for the result among the tokens, take the lowest rank, and begin
//! again.
//!
//! The oracle knows no pairs, no tables and no cache. Vocabularies are the real ones, and seeded ones
//! that no training would give: tokens whose parts come later than they do, tokens that no merge
//! reaches, long ones, many ways to cut each. Pieces and ids of the golden files are compared besides.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rust_for_ai::bpe::{
    DecodeError, Encoding, Part, Pattern, RanksProblem, SpecialError, Split, Tokenize, ranks,
};
use rust_for_ai::check::real_tokenizers::nasty;
use solutions::real_tokenizers::{Tiktoken, pretokenize_gpt2, pretokenize_gpt4, special_tokens};

use super::{ALPHABETS, GOLDEN, MULTILINGUAL, Outcome, Random, SEEDS, random_texts, same, shown};

/// A vocabulary: each token's bytes, the lowest rank first.
type Vocabulary = Vec<Vec<u8>>;
type Build<'a> = &'a dyn Fn(&Vocabulary, Pattern) -> Box<dyn Tokenize>;

const PATTERNS: [Pattern; 3] = [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k];

fn file(vocabulary: &Vocabulary) -> String {
    let line = |(token, rank): (&Vec<u8>, usize)| format!("{} {rank}\n", STANDARD.encode(token));
    vocabulary.iter().zip(0..).map(line).collect()
}

fn read(file: &str) -> Vocabulary {
    let token = |line: &str| line.split(' ').next().and_then(|word| STANDARD.decode(word).ok());
    file.lines().filter_map(token).collect()
}

/// The rules with a fault: how an implementation could get them wrong.
struct Naive {
    ranks: HashMap<Vec<u8>, u32>,
    pattern: Pattern,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A piece that is a token as it stands is merged all the same.
    NoWholePieces,
    /// Of equal ranks the rightmost merges first.
    Rightmost,
    /// The leftmost pair merges first, whatever its rank.
    LeftmostFirst,
    /// Each token has one pair, its first part as long as can be, and not the one it comes from.
    OnePair,
    /// All places of a token are merged before lower tokens that this made possible.
    LowerTokensWait,
    /// Long pieces are cut.
    CutsLongPieces,
    /// The text is one piece.
    NoPieces,
    /// Words are told apart by their first and last bytes.
    InexactKeys,
}

impl Naive {
    fn new(vocabulary: &Vocabulary, pattern: Pattern, fault: Fault) -> Self {
        Self { ranks: vocabulary.iter().cloned().zip(0..).collect(), pattern, fault }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn piece(&self, piece: &[u8]) -> Vec<u32> {
        if let Some(&rank) = self.ranks.get(piece).filter(|_| !self.is(Fault::NoWholePieces)) {
            return vec![rank];
        }
        let mut parts: Vec<Vec<u8>> = piece.iter().map(|&byte| vec![byte]).collect();
        loop {
            let joined = |at: usize| {
                let (left, right) = (&parts[at], &parts[at + 1]);
                let token = [&left[..], right].concat();
                let longest = |at: &usize| self.ranks.contains_key(&token[..*at]);
                if self.is(Fault::OnePair)
                    && (1..token.len()).rev().find(longest) != Some(left.len())
                {
                    return None;
                }
                self.ranks.get(&token).copied()
            };
            let pairs = (0..parts.len().saturating_sub(1))
                .filter_map(|at| Some((joined(at)?, at)))
                .collect::<Vec<_>>();
            let least = match self.fault {
                Fault::LeftmostFirst => pairs.first(),
                Fault::Rightmost => pairs.iter().min_by_key(|&&(rank, at)| (rank, usize::MAX - at)),
                _ => pairs.iter().min(),
            };
            let Some(&(rank, at)) = least else { break };
            let mut places = vec![at];
            if self.is(Fault::LowerTokensWait) {
                places.extend(pairs.iter().filter(|pair| pair.0 == rank).map(|pair| pair.1));
                places.sort_unstable();
                places.dedup();
                // Not two that overlap.
                let mut last = None;
                places.retain(|&at| {
                    let free = last.is_none_or(|last| at > last + 1);
                    last = if free { Some(at) } else { last };
                    free
                });
            }
            for at in places.into_iter().rev() {
                let right = parts.remove(at + 1);
                parts[at].extend(right);
            }
        }
        parts.iter().map(|part| self.ranks[part]).collect()
    }
}

impl Tokenize for Naive {
    fn encode(&self, text: &str) -> Vec<u32> {
        let pieces: Vec<&str> = match self.fault {
            Fault::NoPieces => vec![text],
            _ => self.pattern.pieces(text).collect(),
        };
        let mut known: HashMap<(u8, u8, usize), Vec<u32>> = HashMap::new();
        let mut ids = Vec::new();
        for piece in pieces {
            let bytes = piece.as_bytes();
            match (self.fault, bytes) {
                (Fault::CutsLongPieces, _) => {
                    bytes.chunks(64).for_each(|chunk| ids.extend(self.piece(chunk)));
                }
                (Fault::InexactKeys, [first, .., last]) => {
                    let key = (*first, *last, bytes.len());
                    ids.extend_from_slice(known.entry(key).or_insert_with(|| self.piece(bytes)));
                }
                _ => ids.extend(self.piece(bytes)),
            }
        }
        ids
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let tokens: HashMap<u32, &Vec<u8>> =
            self.ranks.iter().map(|(token, &id)| (id, token)).collect();
        let mut bytes = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            let token = tokens.get(&id).ok_or(DecodeError::UnknownToken { position, id })?;
            bytes.extend_from_slice(token);
        }
        String::from_utf8(bytes).map_err(|error| DecodeError::InvalidUtf8 {
            position: error.utf8_error().valid_up_to(),
        })
    }
}

/// A vocabulary that no training would give.
fn vocabulary(random: &mut Random, alphabet: &[&str], ordered: bool) -> Vocabulary {
    let mut tokens: Vocabulary = (0..=255).map(|byte| vec![byte]).collect();
    let letters = alphabet.concat().into_bytes();
    let joined: Vec<Vec<u8>> = letters.iter().map(|&byte| vec![byte]).collect();
    let mut parts = joined;
    for _ in 0..120 {
        let token = match random.below(6) {
            0 => (0..2 + random.below(20)).map(|_| random.one_of(&letters)).collect(),
            1 => vec![random.one_of(&letters); 2 + random.below(60)],
            _ => {
                let (left, right) = (random.below(parts.len()), random.below(parts.len()));
                [&parts[left][..], &parts[right]].concat()
            }
        };
        if token.len() <= 70 && !tokens.contains(&token) {
            parts.push(token.clone());
            tokens.push(token);
        }
    }
    if !ordered {
        for last in (1..tokens.len()).rev() {
            tokens.swap(last, random.below(last + 1));
        }
    }
    tokens
}

/// Encodes under all vocabularies, and compares with the rules.
fn encoding_agrees(build: Build<'_>) -> Outcome {
    let mut cases = 0;
    let mut compare = |from: &str, tokens: &Vocabulary, pattern: Pattern, texts: &[String]| {
        let (oracle, encoding) = (reference(tokens, pattern), build(tokens, pattern));
        let expected: Vec<Vec<u32>> = texts.iter().map(|text| oracle.encode(text)).collect();
        // The second time, whatever the encoding keeps is warm.
        for (text, ids) in texts.iter().zip(&expected).chain(texts.iter().zip(&expected)) {
            let call = || format!("{from}, {pattern:?}: encode({})", shown(text));
            same(call, ids, &encoding.encode(text))?;
            let call = || format!("{from}, {pattern:?}: decode of encode({})", shown(text));
            same(call, &Ok(text.clone()), &encoding.decode(ids))?;
        }
        for ids in [vec![u32::MAX], vec![0, u32::try_from(tokens.len()).unwrap_or(0)], vec![255]] {
            let call = || format!("{from}: decode({ids:?})");
            same(call, &oracle.decode(&ids), &encoding.decode(&ids))?;
        }
        cases += 2 * texts.len();
        Ok::<(), String>(())
    };
    for seed in 0..SEEDS / 2 {
        let mut random = Random::new(seed);
        for alphabet in ALPHABETS {
            let tokens = vocabulary(&mut random, alphabet, seed % 2 == 0);
            let mut texts: Vec<String> = (0..12).map(|_| random.text(alphabet)).collect();
            // Letters without white space between them are long pieces.
            texts.push((0..200).map(|_| random.one_of(&["a", "b", "c"])).collect());
            texts.push("a".repeat(1 + random.below(200)));
            texts.extend(tokens.iter().filter_map(|token| String::from_utf8(token.clone()).ok()));
            let pattern = random.one_of(&PATTERNS);
            compare(&format!("seed {seed}"), &tokens, pattern, &texts)?;
        }
    }
    let mut texts: Vec<String> = random_texts().map(|(_, text)| text).collect();
    texts.extend([MULTILINGUAL.to_owned(), GOLDEN.to_owned()]);
    compare("GPT-2", &read(ranks::gpt2()), Pattern::Gpt2, &texts)?;
    compare("cl100k", &read(ranks::cl100k()), Pattern::Cl100k, &texts)?;
    Ok(cases)
}

/// The reference answer of the chapter. It has no splitter for o200k, and borrows ours.
fn reference(vocabulary: &Vocabulary, pattern: Pattern) -> Tiktoken {
    let split: Split = match pattern {
        Pattern::Gpt2 => pretokenize_gpt2,
        Pattern::Cl100k => pretokenize_gpt4,
        _ => |text| Pattern::O200k.pieces(text).collect(),
    };
    Tiktoken::load(&file(vocabulary), split).expect("ranks count up, and no token stands twice")
}

fn production(vocabulary: &Vocabulary, pattern: Pattern) -> Box<dyn Tokenize> {
    let encoding = Encoding::from_tiktoken(&file(vocabulary), pattern, &[]);
    Box::new(encoding.expect("ranks count up, and no token stands twice"))
}

#[test]
fn production_encodes_as_the_rules_say() {
    let cases = encoding_agrees(&production).unwrap_or_else(|difference| panic!("{difference}"));
    assert!(cases > 15_000, "only {cases} cases were compared");
}

#[test]
fn an_encoding_with_a_fault_is_found() {
    for fault in [
        Fault::NoWholePieces,
        Fault::Rightmost,
        Fault::LeftmostFirst,
        Fault::OnePair,
        Fault::LowerTokensWait,
        Fault::CutsLongPieces,
        Fault::NoPieces,
        Fault::InexactKeys,
    ] {
        let found = encoding_agrees(&|vocabulary, pattern| {
            Box::new(Naive::new(vocabulary, pattern, fault)) as Box<dyn Tokenize>
        });
        assert!(found.is_err(), "not found: {fault:?}");
    }
}

/// Pieces and ids of the golden files; pieces of random texts as the chapter's answer has them.
#[test]
fn production_gives_the_golden_pieces_and_ids() {
    let files = [
        (Encoding::gpt2(), include_str!("../../data/golden/gpt2.txt")),
        (Encoding::cl100k(), include_str!("../../data/golden/cl100k.txt")),
    ];
    for (encoding, golden) in files {
        let lines = golden.lines().filter(|line| !line.starts_with('#'));
        for (text, line) in nasty().iter().zip(lines) {
            let pieces = encoding.pattern().pieces(text).map(|piece| piece.len().to_string());
            let ids = encoding.encode_ordinary(text);
            assert_eq!(encoding.count(text), ids.len());
            let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
            let got = format!("{} | {}", pieces.collect::<Vec<_>>().join(" "), ids.join(" "));
            assert_eq!(got, line, "{text:?}");
        }
    }
    for (seed, text) in random_texts() {
        let pieces: Vec<&str> = Pattern::Gpt2.pieces(&text).collect();
        assert_eq!(pieces, pretokenize_gpt2(&text), "seed {seed}");
        let pieces: Vec<&str> = Pattern::Cl100k.pieces(&text).collect();
        assert_eq!(pieces, pretokenize_gpt4(&text), "seed {seed}");
    }
}

/// A batch, and threads that share an encoding: the ids of one text after the other.
#[test]
fn threads_give_the_same_ids() {
    let (encoding, texts) = (Encoding::gpt2(), nasty());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected: Vec<Vec<u32>> = texts.iter().map(|text| encoding.encode_ordinary(text)).collect();
    assert_eq!(encoding.encode_batch(&texts), expected);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (text, ids) in texts.iter().zip(&expected) {
                    assert_eq!(&encoding.encode_ordinary(text), ids);
                }
            });
        }
    });
}

/// A megabyte of one kind: whatever is quadratic would not come back today.
#[test]
fn a_megabyte_in_one_piece_comes_back() {
    let encodings = [Encoding::gpt2(), Encoding::cl100k()];
    let mut random = Random::new(1);
    let mut made =
        |letters: &[&str]| -> String { (0..1_000_000).map(|_| random.one_of(letters)).collect() };
    let texts = [
        made(&["a"]),
        made(&[" "]),
        made(&["\n"]),
        made(&["a", "b", "e", "h", "n", "o", "q", "s", "t", "z"]),
        made(&["0", "1", "7"]),
        made(&["!", "?", ".", "-", "="]),
    ];
    for encoding in &encodings {
        for text in &texts {
            let ids = encoding.encode_ordinary(text);
            assert!(encoding.decode(&ids).as_deref() == Ok(text), "a text came back changed");
        }
    }
}

/// All short texts of pieces of special tokens, all ways to allow and disallow two that overlap.
#[test]
fn special_tokens_are_found_leftmost_then_longest() {
    let specials = [("<a>", 300), ("<a><b>", 301), ("b><a", 302), ("é", 303)];
    let bytes: Vocabulary = (0..=255).map(|byte| vec![byte]).collect();
    let encoding = Encoding::from_tiktoken(&file(&bytes), Pattern::Gpt2, &specials)
        .expect("256 bytes, and ids beyond them");
    assert_eq!((encoding.vocab_size(), encoding.token(302)), (304, Some(&b"b><a"[..])));
    let mut texts = vec![String::new()];
    let mut layer = texts.clone();
    for _ in 0..4 {
        let pieces = ["<a>", "<", "b>", "é", "x"];
        layer =
            layer.iter().flat_map(|text| pieces.map(|piece| format!("{text}{piece}"))).collect();
        texts.extend(layer.clone());
    }
    let chosen = |set: usize| -> Vec<&str> {
        (0..4).filter(|n| set >> n & 1 == 1).map(|n| specials[n].0).collect()
    };
    for (allowed, disallowed) in (0..16).flat_map(|a| (0..16).map(move |d| (chosen(a), chosen(d))))
    {
        for text in &texts {
            let ids = |part| match part {
                Part::Text(text) => encoding.encode_ordinary(text),
                Part::Special(token) => {
                    specials.iter().filter(|special| special.0 == token).map(|s| s.1).collect()
                }
            };
            let expected: Result<Vec<u32>, SpecialError> =
                special_tokens(text, &allowed, &disallowed)
                    .map(|parts| parts.into_iter().flat_map(ids).collect());
            let got = encoding.encode_special(text, &allowed, &disallowed);
            assert_eq!(got, expected, "{text:?}, allowed {allowed:?}, disallowed {disallowed:?}");
        }
    }
}

#[test]
fn production_refuses_broken_ranks_with_the_exact_error() {
    let bytes: Vocabulary = (0..=255).map(|byte| vec![byte]).collect();
    let all = file(&bytes);
    let without = |byte: usize| file(&[&bytes[..byte], &bytes[byte + 1..]].concat());
    let token = || "x".to_owned();
    let bad = |token: &str| RanksProblem::BadSpecial { token: token.to_owned() };
    type Case = (String, &'static [(&'static str, u32)], Option<(usize, RanksProblem)>);
    let table: Vec<Case> = vec![
        (all.clone(), &[("x", 256), ("y", u32::MAX)], None),
        (format!("{all}YWI= 256\n"), &[], None),
        // A rank may be missing where a special token fills the place.
        (format!("{all}YWI= 258"), &[("x", 256), ("y", 257)], None),
        (
            format!("{all}YWI= 258"),
            &[("x", 256)],
            Some((257, RanksProblem::Gap { expected: 257, rank: 258 })),
        ),
        (
            format!("{all}YWI= 257"),
            &[],
            Some((257, RanksProblem::Gap { expected: 256, rank: 257 })),
        ),
        (format!("{all}\n"), &[], Some((257, RanksProblem::Malformed))),
        (format!("{all}YWI= 256 1"), &[], Some((257, RanksProblem::BadRank))),
        (format!("{all}YWI=  256"), &[], Some((257, RanksProblem::BadRank))),
        (format!("{all}YW 256"), &[], Some((257, RanksProblem::BadToken))),
        (format!("{all} 256"), &[], Some((257, RanksProblem::BadToken))),
        (format!("{all}YWI= -256"), &[], Some((257, RanksProblem::BadRank))),
        (format!("{all}YWI= "), &[], Some((257, RanksProblem::BadRank))),
        (format!("{all}YWI= 4294967296"), &[], Some((257, RanksProblem::BadRank))),
        (format!("{all}YWI= 255"), &[], Some((257, RanksProblem::DuplicateRank { rank: 255 }))),
        (format!("{all}YQ== 256"), &[], Some((257, RanksProblem::DuplicateToken { first: 98 }))),
        (
            format!("{all}YWI= 257\nYWI= 258"),
            &[("x", 256)],
            Some((258, RanksProblem::DuplicateToken { first: 257 })),
        ),
        (without(7), &[], Some((255, RanksProblem::MissingByte { byte: 7 }))),
        (String::new(), &[], Some((0, RanksProblem::MissingByte { byte: 0 }))),
        (all.clone(), &[("x", 255)], Some((256, bad("x")))),
        (all.clone(), &[("", 300)], Some((256, bad("")))),
        (all.clone(), &[("x", 300), ("x", 301)], Some((256, bad("x")))),
        (all.clone(), &[("w", 300), ("x", 300)], Some((256, bad("x")))),
    ];
    for (file, specials, expected) in table {
        let got = Encoding::from_tiktoken(&file, Pattern::Gpt2, specials).err();
        let got = got.map(|error| (error.line, error.problem));
        assert_eq!(got, expected, "{specials:?}, the last line {:?}", file.lines().last());
    }
    let error = Encoding::from_tiktoken(&all, Pattern::Gpt2, &[(&token(), 9)]).err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("line 10: the special token `x` is empty, or its text or id is taken")
    );
}
