//! Check `bpe.encode_decode`: a tokenizer made of merges encodes a text and decodes it exactly.

use std::collections::HashMap;

use crate::bpe::{DecodeError, Pair, Tokenize};
use crate::check::cases::{HARD_TEXTS, sequences, texts};
use crate::check::exam::{Case, Exam};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::bpe::ENCODE_DECODE;

type Answer = dyn Fn(&[Pair]) -> Box<dyn Tokenize>;

/// Grades a tokenizer, given by how it is made from merges: `encode_decode(Tokenizer::new)`.
pub fn encode_decode<T: Tokenize + 'static>(new: impl Fn(&[Pair]) -> T + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move |merges| Box::new(new(merges)), origin)
}

/// What is asked of a tokenizer.
enum Question {
    Encode {
        merges: Vec<Pair>,
        text: String,
    },
    Decode {
        merges: Vec<Pair>,
        ids: Vec<u32>,
    },
    /// Decode what was encoded; the merges and ids are too long to show.
    RoundTrip {
        merges: Vec<Pair>,
        text: String,
    },
}

#[derive(PartialEq)]
enum Reply {
    Ids(Vec<u32>),
    Text(Result<String, DecodeError>),
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "longest_match",
        belief: "you took the longest token that fits; BPE replays the merges in the order learned",
        answer: &|merges| Box::new(Flawed { encode: Encode::LongestMatch, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "first_in_text",
        belief: "you merged whichever learned pair came first in the text; the one learned first goes first",
        answer: &|merges| Box::new(Flawed { encode: Encode::FirstInText, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "bytes_only",
        belief: "you encoded to bytes and applied no merge",
        answer: &|merges| Box::new(Flawed { encode: Encode::BytesOnly, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "last_learned_first",
        belief: "you applied the last merge first; a merge of merges needs its parts first",
        answer: &|merges| {
            Box::new(Flawed { encode: Encode::LastLearnedFirst, ..Flawed::new(merges) })
        },
    },
    Wrong {
        id: "token_by_token",
        belief: "you read each token as UTF-8 by itself; a character may span tokens, so join first",
        answer: &|merges| Box::new(Flawed { decode: Decode::TokenByToken, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "lossy",
        belief: "you replaced broken UTF-8 by U+FFFD (`from_utf8_lossy`); a broken sequence is an error",
        answer: &|merges| Box::new(Flawed { decode: Decode::Lossy, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "skips_unknown",
        belief: "you skipped an unknown id (`filter_map`, `if let`); it is an error that names the place",
        answer: &|merges| Box::new(Flawed { decode: Decode::SkipsUnknown, ..Flawed::new(merges) }),
    },
    Wrong {
        id: "position_from_one",
        belief: "you counted positions from 1; they are indices and begin at 0",
        answer: &|merges| {
            Box::new(Flawed { decode: Decode::PositionFromOne, ..Flawed::new(merges) })
        },
    },
    Wrong {
        id: "bytes_as_chars",
        belief: "you turned each byte into a `char`; bytes become characters only together, as UTF-8",
        answer: &|merges| Box::new(Flawed { decode: Decode::BytesAsChars, ..Flawed::new(merges) }),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    super::graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &ENCODE_DECODE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, question| match question {
            Question::Encode { merges, text } => Reply::Ids(answer(merges).encode(text)),
            Question::Decode { merges, ids } => Reply::Text(answer(merges).decode(ids)),
            Question::RoundTrip { merges, text } => {
                let tokenizer = answer(merges);
                Reply::Text(tokenizer.decode(&tokenizer.encode(text)))
            }
        },
        call,
        show: |reply| match reply {
            Reply::Ids(ids) => diff::sequence(ids),
            Reply::Text(Ok(text)) => format!("Ok({})", diff::text(text)),
            Reply::Text(Err(error)) => format!("Err({error:?})"),
        },
        diff: |question, expected, got| match (question, expected, got) {
            (Question::Encode { merges, .. }, Reply::Ids(expected), Reply::Ids(got)) => {
                let vocab = vocabulary(merges);
                diff::tokens(expected, got, &|id| vocab.get(id as usize).cloned())
            }
            _ => Vec::new(),
        },
    };
    exam.sit(encoding().chain(decoding()).chain(round_trips()))
}

const ENCODE_LAW: &str = "while a learned pair stands in the text, the one learned first is replaced first, left to right";
const DECODE_LAW: &str = "join the bytes of all tokens, then read them as UTF-8 once; an unknown id is \
     `UnknownToken` with its position, broken UTF-8 is `InvalidUtf8` with the number of valid bytes";
const ROUND_TRIP_LAW: &str = "decoding what was encoded gives the text back, whatever the text";

fn encoding() -> impl Iterator<Item = Case<Question, Reply>> {
    // a = 97, b = 98. Each list is learned by some text, and orders matter in the last two.
    let merges: [&[Pair]; 5] = [
        &[],
        &[(97, 98)],
        &[(97, 97), (256, 97)],
        &[(97, 98), (98, 97), (257, 98)],
        &[(98, 97), (97, 98), (256, 256), (97, 258)],
    ];
    let small = texts(&["a", "b"], 5)
        .flat_map(move |text| merges.map(|merges| (merges.to_vec(), text.clone())));
    let merges = super::golden::merges();
    let learned = |text: &&str| (super::golden::merges(), (*text).to_owned());
    small
        .chain(HARD_TEXTS.iter().map(learned))
        .map(|(merges, text)| {
            let expected = Reply::Ids(oracle(&merges, &text));
            Case { input: Question::Encode { merges, text }, expected, why: ENCODE_LAW }
        })
        .chain([Case {
            input: Question::Encode { merges, text: super::golden::excerpt() },
            expected: Reply::Ids(super::golden::ids()),
            why: ENCODE_LAW,
        }])
}

fn decoding() -> impl Iterator<Item = Case<Question, Reply>> {
    // 256 is "é" in one token, 257 is its second byte and an "a": [195, 257] is "éa" in two tokens
    // of which neither is text by itself. 258 is a merge of a merge, 259 is unknown.
    const MERGES: &[Pair] = &[(195, 169), (169, 97), (256, 97)];
    const IDS: [u32; 7] = [97, 256, 195, 169, 257, 258, 259];
    let ids = sequences(7, 3)
        .map(|indices| indices.into_iter().map(|index| IDS[index as usize]).collect::<Vec<u32>>());
    ids.chain([vec![u32::MAX], vec![65_536 + 97], vec![97, 195, 300]]).map(|ids| Case {
        expected: Reply::Text(decoded(MERGES, &ids)),
        input: Question::Decode { merges: MERGES.to_vec(), ids },
        why: DECODE_LAW,
    })
}

fn round_trips() -> impl Iterator<Item = Case<Question, Reply>> {
    let sample = include_str!("../../../data/multilingual.tsv");
    let texts = HARD_TEXTS.iter().copied().chain(sample.lines()).map(str::to_owned);
    texts.chain([super::golden::excerpt()]).map(|text| Case {
        expected: Reply::Text(Ok(text.clone())),
        input: Question::RoundTrip { merges: super::golden::merges(), text },
        why: ROUND_TRIP_LAW,
    })
}

fn call(question: &Question) -> String {
    let new = |merges: &[Pair]| match merges.len() {
        0..8 => format!("Tokenizer::new(&{merges:?})"),
        n => format!("Tokenizer::new(/* the {n} pairs of data/golden/bpe_merges.txt */)"),
    };
    match question {
        Question::Encode { merges, text } => {
            format!("{}.encode({})", new(merges), diff::text(text))
        }
        Question::Decode { merges, ids } => {
            format!("{}.decode(&{})", new(merges), diff::sequence(ids))
        }
        Question::RoundTrip { merges, text } => {
            format!("let t = {}; t.decode(&t.encode({}))", new(merges), diff::text(text))
        }
    }
}

/// The oracle: while any learned pair is there, replace the one learned first, once, leftmost.
fn oracle(merges: &[Pair], text: &str) -> Vec<u32> {
    let rank: HashMap<Pair, u32> = merges.iter().copied().zip(256..).collect();
    let mut ids: Vec<u32> = text.bytes().map(u32::from).collect();
    while let Some((new, at)) = ids
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| Some((*rank.get(&(pair[0], pair[1]))?, at)))
        .min()
    {
        ids.splice(at..at + 2, [new]);
    }
    ids
}

fn decoded(merges: &[Pair], ids: &[u32]) -> Result<String, DecodeError> {
    super::decoded(&vocabulary(merges), ids)
}

/// The bytes of each id.
fn vocabulary(merges: &[Pair]) -> Vec<Vec<u8>> {
    let mut vocab: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    for &(left, right) in merges {
        vocab.push([&vocab[left as usize][..], &vocab[right as usize]].concat());
    }
    vocab
}

/// A tokenizer with one flaw, or none.
struct Flawed {
    merges: Vec<Pair>,
    encode: Encode,
    decode: Decode,
}

enum Encode {
    Right,
    LongestMatch,
    FirstInText,
    BytesOnly,
    LastLearnedFirst,
}

enum Decode {
    Right,
    TokenByToken,
    Lossy,
    SkipsUnknown,
    PositionFromOne,
    BytesAsChars,
}

impl Flawed {
    fn new(merges: &[Pair]) -> Self {
        Self { merges: merges.to_vec(), encode: Encode::Right, decode: Decode::Right }
    }
}

impl Tokenize for Flawed {
    fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids: Vec<u32> = text.bytes().map(u32::from).collect();
        match self.encode {
            Encode::Right => self
                .merges
                .iter()
                .zip(256..)
                .fold(ids, |ids, (&pair, new)| super::replace(&ids, pair, new)),
            Encode::BytesOnly => ids,
            Encode::LongestMatch => {
                let vocab = vocabulary(&self.merges);
                let (mut out, mut rest) = (Vec::new(), text.as_bytes());
                while !rest.is_empty() {
                    let fits = (0..vocab.len()).filter(|&id| rest.starts_with(&vocab[id]));
                    let Some(id) = fits.max_by_key(|&id| vocab[id].len()) else { break };
                    out.push(u32::try_from(id).unwrap_or(u32::MAX));
                    rest = &rest[vocab[id].len()..];
                }
                out
            }
            Encode::FirstInText => {
                let made: HashMap<Pair, u32> = self.merges.iter().copied().zip(256..).collect();
                // Before the place of a merge nothing can merge but the token right before it.
                let mut from = 1;
                while let Some((at, new)) = (from..ids.len())
                    .find_map(|right| Some((right - 1, *made.get(&(ids[right - 1], ids[right]))?)))
                {
                    ids.splice(at..at + 2, [new]);
                    from = at.max(1);
                }
                ids
            }
            Encode::LastLearnedFirst => {
                let steps: Vec<(Pair, u32)> = self.merges.iter().copied().zip(256..).collect();
                for (pair, new) in steps.into_iter().rev() {
                    let mut at = 0;
                    while at + 1 < ids.len() {
                        if (ids[at], ids[at + 1]) == pair {
                            ids.splice(at..at + 2, [new]);
                        }
                        at += 1;
                    }
                }
                ids
            }
        }
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        let vocab = vocabulary(&self.merges);
        let known = |ids: &[u32]| -> Vec<u32> {
            ids.iter().copied().filter(|&id| (id as usize) < vocab.len()).collect()
        };
        match self.decode {
            Decode::Right => decoded(&self.merges, ids),
            Decode::PositionFromOne => decoded(&self.merges, ids).map_err(|error| match error {
                DecodeError::UnknownToken { position, id } => {
                    DecodeError::UnknownToken { position: position + 1, id }
                }
                other => other,
            }),
            Decode::SkipsUnknown => decoded(&self.merges, &known(ids)),
            Decode::TokenByToken => ids.iter().map(|&id| decoded(&self.merges, &[id])).collect(),
            Decode::Lossy | Decode::BytesAsChars => {
                if known(ids).len() < ids.len() {
                    return decoded(&self.merges, ids);
                }
                let bytes: Vec<u8> =
                    ids.iter().flat_map(|&id| vocab[id as usize].clone()).collect();
                Ok(match self.decode {
                    Decode::Lossy => String::from_utf8_lossy(&bytes).into_owned(),
                    _ => bytes.into_iter().map(char::from).collect(),
                })
            }
        }
    }
}
