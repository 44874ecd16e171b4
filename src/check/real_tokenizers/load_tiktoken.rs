//! Check `real_tokenizers.load_tiktoken`: a file of ranks is read, or refused with its line, and texts get
//! the ids that tiktoken gives them.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::flawed_ranks::{Naive, RIGHT, WRONG};
use super::golden::Golden;
use crate::bpe::{DecodeError, RanksError, RanksProblem, Split, Tokenize};
use crate::check::bpe::decoded;
use crate::check::cases::{sequences, texts};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, diff};
use crate::course::real_tokenizers::LOAD_TIKTOKEN;

pub(super) type Loaded = Result<Box<dyn Tokenize>, RanksError>;
pub(super) type Answer = dyn Fn(&str, Split) -> Loaded;

/// Grades a function from a file of ranks and a splitter to a tokenizer.
pub fn load_tiktoken<T: Tokenize + 'static>(
    answer: impl Fn(&str, Split) -> Result<T, RanksError> + 'static,
) -> Verdict {
    let origin = Origin::of(&answer);
    let answer: &Answer =
        &move |file, split| Ok(Box::new(answer(file, split)?) as Box<dyn Tokenize>);
    check(answer, origin)
}

#[derive(Clone)]
enum Question {
    /// Lines that are no vocabulary, behind those of the first so many bytes.
    Load {
        bytes: usize,
        lines: Vec<&'static str>,
    },
    Encode {
        tokens: Tokens,
        pieces: Pieces,
        text: String,
    },
    Decode {
        tokens: Tokens,
        ids: Vec<u32>,
    },
    /// All golden texts of a vocabulary.
    Golden(Golden),
}

/// What stands in a small vocabulary besides the bytes.
type Tokens = &'static [&'static str];

#[derive(Clone, Copy)]
enum Pieces {
    Whole,
    UpToSpaces,
}

#[derive(PartialEq)]
enum Reply {
    Refused(RanksError),
    Loaded,
    Ids(Vec<u32>),
    Text(Result<String, DecodeError>),
    /// The first golden text whose ids differ, if any.
    Differs(Option<(String, Vec<u32>)>),
}

impl Pieces {
    fn split(self) -> (Split, &'static str) {
        match self {
            Self::Whole => (|text| vec![text], "|text| vec![text]"),
            Self::UpToSpaces => (
                |text| text.split_inclusive(' ').collect(),
                "|text| text.split_inclusive(' ').collect()",
            ),
        }
    }
}

/// The bytes in the order of GPT-2: those that print, then the others.
fn permuted() -> Vec<u8> {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let (first, then): (Vec<u8>, Vec<u8>) = (0..=u8::MAX).partition(prints);
    [first, then].concat()
}

/// The tokens of a small vocabulary, by rank.
fn vocabulary(tokens: Tokens) -> Vec<Vec<u8>> {
    let bytes = permuted().into_iter().map(|byte| vec![byte]);
    bytes.chain(tokens.iter().map(|token| token.as_bytes().to_vec())).collect()
}

fn file(tokens: &[Vec<u8>]) -> String {
    let line =
        |(rank, token): (usize, &Vec<u8>)| format!("{} {rank}\n", BASE64_STANDARD.encode(token));
    tokens.iter().enumerate().map(line).collect()
}

fn run(answer: &Answer, question: &Question) -> Reply {
    let load = |file: &str, split| answer(file, split);
    let small = |tokens, pieces: Pieces| load(&file(&vocabulary(tokens)), pieces.split().0);
    match question {
        Question::Load { bytes, lines } => {
            let text = file(&vocabulary(&[])[..*bytes]) + &lines.join("\n");
            match load(&text, Pieces::Whole.split().0) {
                Ok(_) => Reply::Loaded,
                Err(error) => Reply::Refused(error),
            }
        }
        Question::Encode { tokens, pieces, text } => match small(tokens, *pieces) {
            Ok(tokenizer) => Reply::Ids(tokenizer.encode(text)),
            Err(error) => Reply::Refused(error),
        },
        Question::Decode { tokens, ids } => match small(tokens, Pieces::Whole) {
            Ok(tokenizer) => Reply::Text(tokenizer.decode(ids)),
            Err(error) => Reply::Refused(error),
        },
        Question::Golden(golden) => match load(golden.ranks(), golden.split()) {
            Err(error) => Reply::Refused(error),
            Ok(tokenizer) => Reply::Differs(golden.ids().find_map(|(text, expected)| {
                let got = tokenizer.encode(&text);
                (got != expected).then_some((text, got))
            })),
        },
    }
}

fn call(question: &Question) -> String {
    let load = |tokens: &str, split: &str| {
        format!("Tiktoken::load(/* the 256 bytes in GPT-2's order{tokens} */, {split})?")
    };
    let then =
        |tokens: Tokens| tokens.iter().map(|token| format!(", {token:?}")).collect::<String>();
    match question {
        Question::Load { bytes: 0, lines } => {
            format!("Tiktoken::load({:?}, |text| vec![text])", lines.join("\n"))
        }
        Question::Load { bytes, lines } => {
            format!(
                "Tiktoken::load(/* the lines of the first {bytes} bytes, then */ {:?}, |text| vec![text])",
                lines.join("\n")
            )
        }
        Question::Encode { tokens, pieces, text } => {
            format!("{}.encode({})", load(&then(tokens), pieces.split().1), diff::text(text))
        }
        Question::Decode { tokens, ids } => {
            format!("{}.decode(&{})", load(&then(tokens), "|text| vec![text]"), diff::sequence(ids))
        }
        Question::Golden(golden) => {
            format!(
                "Tiktoken::load(bpe::ranks::{}(), /* its pieces */)?.encode(text), on {} texts",
                golden.name(),
                golden.ids().count()
            )
        }
    }
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &LOAD_TIKTOKEN,
        origin,
        answer,
        wrong: WRONG,
        run,
        call,
        show: |reply| match reply {
            Reply::Refused(error) => format!("Err({error:?})"),
            Reply::Loaded => "Ok(…)".to_owned(),
            Reply::Ids(ids) => diff::sequence(ids),
            Reply::Text(text) => format!("{text:?}"),
            Reply::Differs(None) => "the ids that tiktoken gives, for each text".to_owned(),
            Reply::Differs(Some((text, ids))) => {
                format!("for the text {}: {}", diff::text(text), diff::sequence(ids))
            }
        },
        diff: |question, expected, got| match (question, expected, got) {
            (Question::Encode { tokens, .. }, Reply::Ids(expected), Reply::Ids(got)) => {
                let vocabulary = vocabulary(tokens);
                diff::tokens(expected, got, &|id| vocabulary.get(id as usize).cloned())
            }
            (Question::Golden(golden), _, Reply::Differs(Some((text, got)))) => {
                let tokens = Naive::load(golden.ranks(), |text| vec![text], RIGHT)
                    .map(|it| it.tokens)
                    .unwrap_or_default();
                let expected = golden.ids().find(|(other, _)| other == text).map(|(_, ids)| ids);
                diff::tokens(&expected.unwrap_or_default(), got, &|id| {
                    tokens.get(id as usize).cloned()
                })
            }
            _ => Vec::new(),
        },
    };
    exam.sit(broken().chain(encoding()).chain(decoding()).chain(golden()))
}

const LOAD_LAW: &str = "a file that is broken is an error with its line, the first one, and the first \
     problem of the list";
const ENCODE_LAW: &str = "a piece that is a token is that token; else it begins as the tokens of its bytes, whose ids are their ranks, and neighbours whose joined bytes have the lowest rank merge \
     first, the leftmost first among equals, until none is left";
const DECODE_LAW: &str = "join the bytes of all tokens, then read them as UTF-8 once";
const GOLDEN_LAW: &str = "these are the ids that tiktoken's engine gives; the file is its file";

fn broken() -> impl Iterator<Item = Case<Question, Reply>> {
    let refused = |bytes, lines: &[&'static str], line, problem| Case {
        input: Question::Load { bytes, lines: lines.to_vec() },
        expected: Reply::Refused(RanksError { line, problem }),
        why: LOAD_LAW,
    };
    use RanksProblem::{
        BadRank, BadToken, DuplicateRank, DuplicateToken, Gap, Malformed, MissingByte,
    };
    [
        refused(0, &["IQ=="], 1, Malformed),
        refused(0, &[""; 2], 1, Malformed),
        refused(0, &["IQ 0"], 1, BadToken),
        refused(0, &["!! 0"], 1, BadToken),
        refused(0, &[" 0"], 1, BadToken),
        refused(0, &["IQ== x"], 1, BadRank),
        refused(0, &["IQ== "], 1, BadRank),
        refused(0, &["IQ==  0"], 1, BadRank),
        refused(0, &["IQ== 0 1"], 1, BadRank),
        refused(0, &["IQ== -1"], 1, BadRank),
        refused(0, &["IQ== 4294967296"], 1, BadRank),
        refused(0, &["!! x"], 1, BadToken),
        refused(0, &["IQ== 1"], 1, Gap { expected: 0, rank: 1 }),
        refused(0, &["IQ== 0", "Ig== 0"], 2, DuplicateRank { rank: 0 }),
        refused(0, &["IQ== 0", "Ig== 2", "Iw== 3"], 2, Gap { expected: 1, rank: 2 }),
        refused(0, &["IQ== 0", "IQ== 1"], 2, DuplicateToken { first: 1 }),
        refused(0, &["IQ== 0", "Ig== 1", "IQ== 0"], 3, DuplicateRank { rank: 0 }),
        refused(0, &[], 0, MissingByte { byte: 0 }),
        refused(0, &["IQ== 0"], 1, MissingByte { byte: 0 }),
        refused(255, &[], 255, MissingByte { byte: 173 }),
        refused(256, &["aGk= 256", "aGk= 257"], 258, DuplicateToken { first: 257 }),
        refused(256, &["aGk= 256", "aGk 257"], 258, BadToken),
        Case {
            input: Question::Load { bytes: 256, lines: vec![] },
            expected: Reply::Loaded,
            why: LOAD_LAW,
        },
        Case {
            input: Question::Load { bytes: 256, lines: vec!["aGk= 256"] },
            expected: Reply::Loaded,
            why: LOAD_LAW,
        },
    ]
    .into_iter()
}

/// Small vocabularies in which several merges fight over the same letters.
const VOCABULARIES: [Tokens; 6] = [
    &[],
    &["ab"],
    &["aa", "aaa"],
    // `abc` arises from `ab` and `c`, or from `a` and `bc`.
    &["bc", "ab", "abc"],
    // No merges lead to `aba`: only a piece that is it becomes it.
    &["aba", "ca"],
    &["b ", "ab", " a", "b a"],
];

fn encoding() -> impl Iterator<Item = Case<Question, Reply>> {
    let small = texts(&["a", "b", "c", " "], 3)
        .flat_map(|text| VOCABULARIES.map(|tokens| (tokens, Pieces::UpToSpaces, text.clone())))
        .chain(
            ["aaaa", "aaaaa", "abca", "xaba", "aaaaaaa", "abcabca", "é語"].into_iter().flat_map(
                |text| VOCABULARIES.map(|tokens| (tokens, Pieces::Whole, text.to_owned())),
            ),
        );
    small.map(|(tokens, pieces, text)| Case {
        expected: Reply::Ids(oracle(tokens, pieces.split().0, &text)),
        input: Question::Encode { tokens, pieces, text },
        why: ENCODE_LAW,
    })
}

fn decoding() -> impl Iterator<Item = Case<Question, Reply>> {
    const TOKENS: Tokens = &["é", "ab"];
    // "a" is 64; 127 and 102 are the two bytes of "é"; 258 is unknown.
    const IDS: [u32; 6] = [64, 127, 102, 256, 257, 258];
    let ids = sequences(6, 2)
        .map(|indices| indices.into_iter().map(|i| IDS[i as usize]).collect::<Vec<u32>>());
    ids.chain([vec![256, 127, 102], vec![127, 258, 102], vec![u32::MAX]]).map(|ids| Case {
        expected: Reply::Text(decoded(&vocabulary(TOKENS), &ids)),
        input: Question::Decode { tokens: TOKENS, ids },
        why: DECODE_LAW,
    })
}

fn golden() -> impl Iterator<Item = Case<Question, Reply>> {
    [Golden::Gpt2, Golden::Cl100k].into_iter().map(|golden| Case {
        input: Question::Golden(golden),
        expected: Reply::Differs(None),
        why: GOLDEN_LAW,
    })
}

/// The oracle: replace one pair of neighbours after the other in a list of byte strings.
fn oracle(tokens: Tokens, split: Split, text: &str) -> Vec<u32> {
    let vocabulary = vocabulary(tokens);
    let rank = |token: &[u8]| vocabulary.iter().position(|other| other == token);
    let mut ids = Vec::new();
    for piece in split(text) {
        let mut parts: Vec<Vec<u8>> = match rank(piece.as_bytes()) {
            Some(_) => vec![piece.into()],
            None => piece.bytes().map(|byte| vec![byte]).collect(),
        };
        let best = |parts: &[Vec<u8>]| {
            let joined = parts.windows(2).map(<[Vec<u8>]>::concat).enumerate();
            joined.filter_map(|(at, token)| Some((rank(&token)?, at))).min()
        };
        while let Some((rank, at)) = best(&parts) {
            parts.splice(at..at + 2, [vocabulary[rank].clone()]);
        }
        ids.extend(parts.iter().filter_map(|part| u32::try_from(rank(part)?).ok()));
    }
    ids
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
