//! Check `real_tokenizers.sentencepiece`: pieces with scores, as Llama-2 has them.
//!
//! Small vocabularies first, on all short texts, against an oracle that keeps the symbols as strings;
//! then the sample model on texts that SentencePiece itself has encoded. The library gives the pieces,
//! which are inputs; ids and texts that are expected come from the oracle and from the golden file.
//!
//! Equal scores are asked for where Llama-2 has them: its runs of marks are all equal, and last. Not
//! asked: other pieces of equal score, and pieces of which a character is no piece. Implementations in
//! use treat those differently, and no trained vocabulary that we know has them.

use std::rc::Rc;

use crate::bpe::sentencepiece::{Kind, MARK, Piece, UNKNOWN, pieces, sample};
use crate::bpe::{DecodeError, Tokenize};
use crate::check::cases::{HARD_TEXTS, sequences, texts};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::real_tokenizers::SENTENCEPIECE;

type Answer = dyn Fn(&[Piece]) -> Box<dyn Tokenize>;

/// Grades a tokenizer, given by how it is made from pieces: `sentencepiece(SentencePiece::new)`.
pub fn sentencepiece<T: Tokenize + 'static>(new: impl Fn(&[Piece]) -> T + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move |pieces| Box::new(new(pieces)), origin)
}

/// The pieces of a question, made once for all questions about them, and the call that makes them.
#[derive(Clone)]
struct Vocabulary {
    pieces: Rc<[Piece]>,
    call: Rc<str>,
}

impl Vocabulary {
    fn small(normal: &[(&str, f32)]) -> Self {
        let shown: Vec<String> =
            normal.iter().map(|(piece, score)| format!("{piece} {score}")).collect();
        let call = format!(
            "/* 0..2: <unk> <s> </s>, 3..258: the bytes, from 259 with scores: {} */",
            shown.join(", ")
        );
        Self { pieces: pieces(normal).into(), call: call.into() }
    }

    fn sample() -> Self {
        Self { pieces: sample().into(), call: "&sample()".into() }
    }
}

enum Task {
    Encode(String),
    Decode(Vec<u32>),
    RoundTrip(String),
}

type Question = (Vocabulary, Task);

#[derive(PartialEq)]
enum Reply {
    Ids(Vec<u32>),
    Text(Result<String, DecodeError>),
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &SENTENCEPIECE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (vocabulary, task): &Question| {
            let tokenizer = answer(&vocabulary.pieces);
            match task {
                Task::Encode(text) => Reply::Ids(tokenizer.encode(text)),
                Task::Decode(ids) => Reply::Text(tokenizer.decode(ids)),
                Task::RoundTrip(text) => Reply::Text(tokenizer.decode(&tokenizer.encode(text))),
            }
        },
        call: |(vocabulary, task)| {
            let new = format!("SentencePiece::new({})", vocabulary.call);
            match task {
                Task::Encode(text) => format!("{new}.encode({})", diff::text(text)),
                Task::Decode(ids) => {
                    let named = ids.iter().map(|&id| match vocabulary.pieces.get(id as usize) {
                        Some(piece) => format!("{id} /* {} */", piece.text),
                        None => format!("{id} /* unknown */"),
                    });
                    format!("{new}.decode(&[{}])", named.collect::<Vec<_>>().join(", "))
                }
                Task::RoundTrip(text) => {
                    format!("let t = {new}; t.decode(&t.encode({}))", diff::text(text))
                }
            }
        },
        show: |reply| match reply {
            Reply::Ids(ids) => diff::sequence(ids),
            Reply::Text(Ok(text)) => format!("Ok({})", diff::text(text)),
            Reply::Text(Err(error)) => format!("Err({error:?})"),
        },
        diff: |(vocabulary, _), expected, got| match (expected, got) {
            (Reply::Ids(expected), Reply::Ids(got)) => diff::tokens(expected, got, &|id| {
                let piece = vocabulary.pieces.get(id as usize);
                piece.map(|piece| piece.text.clone().into_bytes())
            }),
            _ => Vec::new(),
        },
    };
    exam.sit(encoding().chain(decoding()).chain(golden()).chain(round_trips()))
}

const ENCODE_LAW: &str = "a space in front, a mark for each space; then, while two neighbours joined are a \
     normal piece, those whose piece has the highest score are joined, among equals the leftmost; a character that \
     is no normal piece becomes its bytes";
const DECODE_LAW: &str = "marks become spaces, but the one that the text begins with becomes nothing; \
     control pieces give nothing; UTF-8 is read once, at the end; an unknown id is reported first";
const ROUND_TRIP_LAW: &str =
    "decoding what was encoded gives the text back, if no mark stands in it";

/// The best score is neither the lowest id nor the longest piece. `bbb` fits `bb` twice, `aba` is made
/// of pieces in two ways, and runs of marks come first and are equal, as in Llama-2.
const SMALL: &[(&str, f32)] = &[
    ("▁▁", -90.0),
    ("▁▁▁", -90.0),
    ("▁▁▁▁", -90.0),
    ("▁", -20.0),
    ("a", -21.0),
    ("b", -22.0),
    ("é", -23.0),
    ("▁a", -2.5),
    ("ab", -1.5),
    ("bb", -3.5),
    ("aba", -10.0),
];

/// `<s` is a piece of text, `<s>` is not.
const TRAPS: &[(&str, f32)] =
    &[("▁", -9.0), ("<", -10.0), ("s", -11.0), (">", -12.0), ("<s", -1.0)];

fn encoding() -> impl Iterator<Item = Case<Question, Reply>> {
    let case = |vocabulary: &Vocabulary, text: String| Case {
        expected: Reply::Ids(encoded(&vocabulary.pieces, &text)),
        input: (vocabulary.clone(), Task::Encode(text)),
        why: ENCODE_LAW,
    };
    let (small, traps) = (Vocabulary::small(SMALL), Vocabulary::small(TRAPS));
    texts(&["a", "b", " "], 4)
        .chain(texts(&["a", "é", "è", "水", "\n", "▁"], 2))
        .chain(texts(&["a", "b"], 7).filter(|text| text.len() > 4))
        .chain((5..12).map(|count| " ".repeat(count)))
        .map(move |text| case(&small, text))
        .chain(
            ["</s>", "<unk>", "<0x41>", "<s>", "s<s> <s"].map(|text| case(&traps, text.to_owned())),
        )
}

fn decoding() -> impl Iterator<Item = Case<Question, Reply>> {
    // "▁a", "▁", "ab", <s>, <unk>, the two bytes of "é", the byte of a space, an id that is unknown.
    const IDS: [u32; 9] = [266, 262, 267, 1, 0, 3 + 0xC3, 3 + 0xA9, 3 + 0x20, 270];
    let small = Vocabulary::small(SMALL);
    sequences(9, 3)
        .map(|indices| indices.into_iter().map(|index| IDS[index as usize]).collect())
        .chain([vec![u32::MAX], vec![65_536 + 266], vec![1, 1, 259, 259, 1, 259]])
        .map(move |ids: Vec<u32>| Case {
            expected: Reply::Text(decoded(&small.pieces, &ids)),
            input: (small.clone(), Task::Decode(ids)),
            why: DECODE_LAW,
        })
}

/// What SentencePiece makes of a part of the nasty texts. The book's piece is left out: an answer that
/// takes the square of its length is right.
fn golden() -> impl Iterator<Item = Case<Question, Reply>> {
    let lines = include_str!("../../../data/golden/sentencepiece.txt");
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let ids = |line: &str| line.split(' ').filter_map(|id| id.parse().ok()).collect();
    let sample = Vocabulary::sample();
    super::nasty()
        .into_iter()
        .zip(lines)
        .enumerate()
        .filter(|(number, (text, _))| (number % 8 == 0 || *number > 1_000) && text.len() < 1_000)
        .map(move |(_, (text, line))| Case {
            input: (sample.clone(), Task::Encode(text)),
            expected: Reply::Ids(ids(line)),
            why: ENCODE_LAW,
        })
}

fn round_trips() -> impl Iterator<Item = Case<Question, Reply>> {
    let sample = Vocabulary::sample();
    HARD_TEXTS.iter().map(move |&text| Case {
        input: (sample.clone(), Task::RoundTrip(text.to_owned())),
        expected: Reply::Text(Ok(text.to_owned())),
        why: ROUND_TRIP_LAW,
    })
}

/// The oracle: a list of strings; while any two neighbours form a piece, join the best.
fn encoded(pieces: &[Piece], text: &str) -> Vec<u32> {
    let normal = |text: &str| {
        (0_u32..).zip(pieces).find(|(_, piece)| piece.kind == Kind::Normal && piece.text == text)
    };
    let in_front = if text.is_empty() { "" } else { " " };
    let mut symbols: Vec<String> =
        [in_front, text].concat().replace(' ', "▁").chars().map(String::from).collect();
    loop {
        let mut best: Option<(f32, usize)> = None;
        for at in 1..symbols.len() {
            if let Some((_, piece)) = normal(&symbols[at - 1..=at].concat())
                && best.is_none_or(|(score, _)| piece.score > score)
            {
                best = Some((piece.score, at));
            }
        }
        let Some((_, at)) = best else { break };
        let right = symbols.remove(at);
        symbols[at - 1] += &right;
    }
    let ids = |symbol: &String| match normal(symbol) {
        Some((id, _)) => vec![id],
        None => symbol.bytes().map(|byte| id_of_byte(pieces, byte)).collect(),
    };
    symbols.iter().flat_map(ids).collect()
}

fn id_of_byte(pieces: &[Piece], byte: u8) -> u32 {
    (0..).zip(pieces).find(|(_, piece)| piece.kind == Kind::Byte(byte)).map_or(0, |(id, _)| id)
}

fn decoded(pieces: &[Piece], ids: &[u32]) -> Result<String, DecodeError> {
    let unknown = ids.iter().position(|&id| id as usize >= pieces.len());
    if let Some(position) = unknown {
        return Err(DecodeError::UnknownToken { position, id: ids[position] });
    }
    let pieces = ids.iter().map(|&id| &pieces[id as usize]);
    let seen: Vec<&Piece> = pieces.filter(|piece| piece.kind != Kind::Control).collect();
    let bytes = seen.iter().enumerate().flat_map(|(at, piece)| match piece.kind {
        Kind::Byte(byte) => vec![byte],
        Kind::Unknown | Kind::Control => UNKNOWN.as_bytes().to_vec(),
        Kind::Normal => {
            let skip = usize::from(at == 0 && piece.text.starts_with(MARK));
            piece.text.replace(MARK, " ").into_bytes().split_off(skip)
        }
    });
    text_of(bytes.collect())
}

fn text_of(bytes: Vec<u8>) -> Result<String, DecodeError> {
    String::from_utf8(bytes)
        .map_err(|error| DecodeError::InvalidUtf8 { position: error.utf8_error().valid_up_to() })
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "no_space_in_front",
        belief: "you put no space in front of the text; a word at its beginning is the piece `▁word`, too",
        answer: &|pieces| flawed(pieces, Encode::NoPrefix, Decode::Right),
    },
    Wrong {
        id: "space_before_nothing",
        belief: "you put a space in front of the empty text; it has no ids",
        answer: &|pieces| flawed(pieces, Encode::PrefixAlways, Decode::Right),
    },
    Wrong {
        id: "longest_match",
        belief: "you took the longest piece that fits; the scores decide what is joined first",
        answer: &|pieces| flawed(pieces, Encode::LongestMatch, Decode::Right),
    },
    Wrong {
        id: "lowest_score_first",
        belief: "you joined the lowest score first (`min_by`); scores are negative, and the highest goes first",
        answer: &|pieces| flawed(pieces, Encode::LowestScore, Decode::Right),
    },
    Wrong {
        id: "lowest_id_first",
        belief: "you took the id for the priority; it is the score",
        answer: &|pieces| flawed(pieces, Encode::LowestId, Decode::Right),
    },
    Wrong {
        id: "rightmost",
        belief: "among equal scores you took the last place (`max_by` does); the leftmost goes first",
        answer: &|pieces| flawed(pieces, Encode::Rightmost, Decode::Right),
    },
    Wrong {
        id: "unknown_id",
        belief: "you gave unknown characters the id of `<unk>`; they become the pieces of their bytes",
        answer: &|pieces| flawed(pieces, Encode::UnknownId, Decode::Right),
    },
    Wrong {
        id: "byte_of_char",
        belief: "you cast a character to a byte (`c as u8`); a character has one to four bytes of UTF-8",
        answer: &|pieces| flawed(pieces, Encode::ByteOfChar, Decode::Right),
    },
    Wrong {
        id: "control_in_text",
        belief: "you let a text say `<s>` and gave it the control id; only the caller may add those",
        answer: &|pieces| flawed(pieces, Encode::ParsesControl, Decode::Right),
    },
    Wrong {
        id: "any_kind",
        belief: "you looked up pieces of all kinds; only normal pieces are found in a text",
        answer: &|pieces| flawed(pieces, Encode::AnyKind, Decode::Right),
    },
    Wrong {
        id: "escapes_the_mark",
        belief: "you kept a `▁` of the text apart by its bytes; it is treated as a space, and comes back as one",
        answer: &|pieces| flawed(pieces, Encode::EscapesMark, Decode::Right),
    },
    Wrong {
        id: "keeps_the_space",
        belief: "you kept the space in front when decoding; it was not in the text",
        answer: &|pieces| flawed(pieces, Encode::Right, Decode::KeepsSpace),
    },
    Wrong {
        id: "strips_all_spaces",
        belief: "you took away all spaces at the beginning (`trim_start`); only one of them was added",
        answer: &|pieces| flawed(pieces, Encode::Right, Decode::StripsAll),
    },
    Wrong {
        id: "strips_any_space",
        belief: "you took the first space away, whoever brought it; only the mark of a normal piece was added",
        answer: &|pieces| flawed(pieces, Encode::Right, Decode::StripsAny),
    },
    Wrong {
        id: "keeps_marks",
        belief: "you left the marks in the text; each is a space",
        answer: &|pieces| flawed(pieces, Encode::Right, Decode::KeepsMarks),
    },
    Wrong {
        id: "shows_control",
        belief: "you decoded control pieces to their names; they are signs for the model and give nothing",
        answer: &|pieces| flawed(pieces, Encode::Right, Decode::ShowsControl),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

#[derive(Clone, Copy, PartialEq)]
enum Encode {
    Right,
    NoPrefix,
    PrefixAlways,
    LongestMatch,
    LowestScore,
    LowestId,
    Rightmost,
    UnknownId,
    ByteOfChar,
    ParsesControl,
    AnyKind,
    EscapesMark,
}

#[derive(Clone, Copy, PartialEq)]
enum Decode {
    Right,
    KeepsSpace,
    StripsAll,
    StripsAny,
    KeepsMarks,
    ShowsControl,
}

/// A tokenizer with one flaw.
struct Flawed {
    pieces: Vec<Piece>,
    encode: Encode,
    decode: Decode,
}

fn flawed(pieces: &[Piece], encode: Encode, decode: Decode) -> Box<dyn Tokenize> {
    Box::new(Flawed { pieces: pieces.to_vec(), encode, decode })
}

impl Flawed {
    /// The id and the score of the piece with this text.
    fn find(&self, text: &str) -> Option<(u32, f32)> {
        let found = (0..).zip(&self.pieces).find(|(_, piece)| {
            piece.text == text && (piece.kind == Kind::Normal || self.encode == Encode::AnyKind)
        });
        found.map(|(id, piece)| (id, piece.score))
    }

    /// The symbols after all merges.
    fn merged(&self, text: &str) -> Vec<String> {
        let mut symbols: Vec<String> = text.chars().map(String::from).collect();
        loop {
            let joined = (1..symbols.len())
                .filter_map(|at| Some((at, self.find(&symbols[at - 1..=at].concat())?)));
            let best = joined.reduce(|best, next| {
                let ((_, (best_id, best_score)), (_, (id, score))) = (best, next);
                let better = match self.encode {
                    Encode::LowestScore => score < best_score,
                    Encode::LowestId => id < best_id,
                    Encode::Rightmost => score >= best_score,
                    _ => score > best_score,
                };
                if better { next } else { best }
            });
            let Some((at, _)) = best else { return symbols };
            let right = symbols.remove(at);
            symbols[at - 1] += &right;
        }
    }

    fn longest(&self, mut text: &str) -> Vec<String> {
        let mut symbols = Vec::new();
        while let Some(first) = text.chars().next() {
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
            let fits = ends.filter(|&end| self.find(&text[..end]).is_some());
            let (symbol, rest) = text.split_at(fits.max().unwrap_or(first.len_utf8()));
            symbols.push(symbol.to_owned());
            text = rest;
        }
        symbols
    }
}

impl Tokenize for Flawed {
    fn encode(&self, text: &str) -> Vec<u32> {
        if self.encode == Encode::ParsesControl
            && let Some((id, control)) = (0..)
                .zip(&self.pieces)
                .find(|(_, piece)| piece.kind == Kind::Control && text.contains(&piece.text))
            && let Some((before, after)) = text.split_once(&control.text)
        {
            return [self.encode(before), vec![id], self.encode(after)].concat();
        }
        let prefix = match self.encode {
            Encode::NoPrefix => "",
            Encode::PrefixAlways => "▁",
            _ if text.is_empty() => "",
            _ => "▁",
        };
        // A character that no vocabulary has stands for a mark of the text's own.
        let text = match self.encode {
            Encode::EscapesMark => text.replace(MARK, "\u{10ffff}"),
            _ => text.to_owned(),
        };
        let text = format!("{prefix}{}", text.replace(' ', "▁"));
        let symbols = match self.encode {
            Encode::LongestMatch => self.longest(&text),
            _ => self.merged(&text),
        };
        let ids = |symbol: &String| match self.find(symbol) {
            Some((id, _)) => vec![id],
            None => match self.encode {
                Encode::UnknownId => vec![0],
                Encode::ByteOfChar => {
                    symbol.chars().map(|c| id_of_byte(&self.pieces, c as u8)).collect()
                }
                _ => {
                    let own = symbol.replace('\u{10ffff}', "▁");
                    own.bytes().map(|byte| id_of_byte(&self.pieces, byte)).collect()
                }
            },
        };
        symbols.iter().flat_map(ids).collect()
    }

    fn decode(&self, ids: &[u32]) -> Result<String, DecodeError> {
        // Whatever the flaw is, an unknown id is an error.
        let right = decoded(&self.pieces, ids)?;
        let known: Vec<&Piece> = ids.iter().map(|&id| &self.pieces[id as usize]).collect();
        let bytes = |piece: &&Piece| match piece.kind {
            Kind::Byte(byte) => vec![byte],
            Kind::Unknown => UNKNOWN.as_bytes().to_vec(),
            Kind::Control if self.decode == Decode::ShowsControl => piece.text.clone().into_bytes(),
            Kind::Control => Vec::new(),
            Kind::Normal => piece.text.replace(MARK, " ").into_bytes(),
        };
        let joined = || text_of(known.iter().flat_map(bytes).collect());
        match self.decode {
            Decode::Right => Ok(right),
            Decode::KeepsSpace => joined(),
            Decode::StripsAll => joined().map(|text| text.trim_start_matches(' ').to_owned()),
            Decode::StripsAny | Decode::ShowsControl => {
                joined().map(|text| text.strip_prefix(' ').unwrap_or(&text).to_owned())
            }
            Decode::KeepsMarks => {
                let text = known.iter().flat_map(|piece| match piece.kind {
                    Kind::Normal => piece.text.clone().into_bytes(),
                    _ => bytes(piece),
                });
                text_of(text.collect())
            }
        }
    }
}
