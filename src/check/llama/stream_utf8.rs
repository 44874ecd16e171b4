//! Check `llama.stream_utf8`: bytes that arrive in tokens become text, each part as soon as it is decided.
//!
//! What is decided leaves a right answer no choice, so the text after each token is compared. The oracle
//! tries out: an end of the bytes waits if some bytes after it would make a character of it.

use crate::check::cases::{HARD_TEXTS, Seeded, sequences};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::llama::STREAM_UTF8;
use crate::llama::parts::TextStream;

type Answer = dyn Fn() -> Box<dyn TextStream>;
/// The bytes of each token.
type Input = Vec<Vec<u8>>;
/// The text after each token, and what `finish` gives.
type Output = Vec<String>;

/// Grades a stream, given by how it is made: `stream_utf8(Utf8Stream::new)`.
pub fn stream_utf8<S: TextStream + 'static>(new: impl Fn() -> S + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move || Box::new(new()), origin)
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &STREAM_UTF8,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, tokens: &Input| {
            let mut stream = answer();
            let mut texts: Output = tokens.iter().map(|token| stream.push(token)).collect();
            texts.push(stream.finish());
            texts
        },
        call: |tokens| {
            let pushes = tokens.iter().map(|token| format!("push({}), ", bytes(token)));
            format!("{}finish()", pushes.collect::<String>())
        },
        show: |texts| diff::sequence(texts),
        diff: differences,
    };
    exam.sit(cases().map(|(input, why)| Case { expected: oracle(&input), input, why }))
}

/// Bytes as a byte string of Rust.
fn bytes(token: &[u8]) -> String {
    format!("b\"{}\"", token.escape_ascii())
}

fn differences(input: &Input, expected: &Output, got: &Output) -> Vec<String> {
    let (all, yours) = (expected.concat(), got.concat());
    let mut lines = Vec::new();
    if all != yours {
        let whole = input.concat();
        lines.push(format!("all bytes are {}: {}", bytes(&whole), diff::text(&all)));
        lines.push(format!("your parts join to {}", diff::text(&yours)));
    } else if let Some(at) = expected.iter().zip(got).position(|(a, b)| a != b) {
        let late = expected[at].len() > got[at].len();
        let word = if late { "later than it could" } else { "before it is decided" };
        lines.push(format!("your parts join to the right text; part {} comes {word}", at + 1));
    }
    lines
}

const SPLIT: &str = "the beginning of a character waits for the bytes that complete it";
const SOON: &str = "text that is decided is given at once; only the beginning of a character waits";
const INVALID: &str = "bytes that can become no character are U+FFFD at once, one for each longest part that could have begun one";
const END: &str = "what waits when the answer ends is one U+FFFD";
const WHOLE: &str = "however the bytes are cut, the parts join to `from_utf8_lossy` of all of them";

fn cases() -> impl Iterator<Item = (Input, &'static str)> {
    let named: [(&[&[u8]], &str); 17] = [
        (&[b"Hello"], SOON),
        (&[b"a"], SOON),
        (&[b"\xc3\xa9"], SOON),
        (&[b"\xc3", b"\xa9"], SPLIT),
        (&[b"a\xc3", b"\xa9b"], SPLIT),
        (&[b"\xf0", b"\x9f", b"\x99", b"\x82"], SPLIT),
        (&[b"\xff"], INVALID),
        (&[b"\x80", b"a"], INVALID),
        (&[b"\xff\xff", b"a"], INVALID),
        (&[b"\xc3", b"a"], INVALID),
        (&[], END),
        (&[b"\xc3"], END),
        (&[b"\xf0\x9f\x99"], END),
        // The second byte decides already that there is no character.
        (&[b"\xe0", b"\x80", b"a"], INVALID),
        // Three bytes that could have begun a character are one part.
        (&[b"\xf0\x9f\x99", b"a"], INVALID),
        (&[b"\xc3\xff", b"\xa9"], INVALID),
        (&[b"n\xc3\xa9", b"", b"\xe6", b"", b"\xb0\xb4!"], SPLIT),
    ];
    let named = named
        .into_iter()
        .map(|(tokens, why)| (tokens.iter().map(|token| token.to_vec()).collect::<Input>(), why));
    // All sequences over bytes of every role, a byte a token and all in one.
    let single = sequences(BYTES.len() as u32, 3).flat_map(|sequence| {
        let all: Vec<u8> = sequence.iter().map(|&at| BYTES[at as usize]).collect();
        let one_by_one = all.iter().map(|&byte| vec![byte]).collect();
        [(one_by_one, WHOLE), (vec![all], WHOLE)]
    });
    // Texts of many scripts, and noise, cut anywhere.
    let mut seeded = Seeded::new(17);
    let texts = HARD_TEXTS.iter().map(|text| text.as_bytes().to_vec());
    let mut noise = Seeded::new(18);
    let noise = (0..40).map(move |_| {
        let ids = noise.sequence(12, BYTES.len() as u32);
        ids.into_iter().map(|at| BYTES[at as usize]).collect::<Vec<u8>>()
    });
    let cut = texts.chain(noise).map(move |mut rest| {
        let mut tokens = Vec::new();
        while !rest.is_empty() {
            let length = (1 + seeded.below(3) as usize).min(rest.len());
            let after = rest.split_off(length);
            tokens.push(std::mem::replace(&mut rest, after));
        }
        (tokens, WHOLE)
    });
    named.chain(single).chain(cut)
}

/// ASCII, the leads of two, three and four bytes, what may follow them and what may not.
const BYTES: [u8; 9] = [b'a', 0xc3, 0xa9, 0xe0, 0xf0, 0x9f, 0x80, 0xff, 0xf4];

fn oracle(tokens: &Input) -> Output {
    let (mut all, mut given, mut texts) = (Vec::new(), 0, Vec::new());
    for token in tokens {
        all.extend_from_slice(token);
        let waits = (1..=3.min(all.len())).rev().find(|&n| may_become_one(&all[all.len() - n..]));
        let text = String::from_utf8_lossy(&all[..all.len() - waits.unwrap_or(0)]).into_owned();
        texts.push(text[given..].to_owned());
        given = text.len();
    }
    texts.push(String::from_utf8_lossy(&all)[given..].to_owned());
    texts
}

/// Whether one character begins with these bytes and has more. The bytes that are tried are the least
/// and the greatest that may stand in a second place, and in a later one.
fn may_become_one(beginning: &[u8]) -> bool {
    let tried = [0x80_u8, 0x8f, 0x90, 0x9f, 0xa0, 0xbf];
    let one = |bytes: &[u8]| str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1);
    let longer = tried.map(|byte| [beginning, &[byte]].concat());
    longer.iter().any(|bytes| one(bytes) || bytes.len() < 4 && may_become_one(bytes))
}

/// Every flaw in one stream.
#[derive(Clone, Copy)]
struct Flawed {
    waiting: Wait,
    /// What stands for bytes that are no character.
    invalid: Invalid,
    drops_the_end: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Wait {
    Right,
    Nothing,
    /// All, until no more comes.
    All,
    /// Until everything that is there is valid.
    UntilAllIsValid,
    /// For what is wrong as for what is not complete.
    AfterAnyError,
    /// As many bytes as the first one announces.
    AsAnnounced,
    /// Until there are four bytes.
    Four,
}

#[derive(Clone, Copy, PartialEq)]
enum Invalid {
    Right,
    EachByte,
    Dropped,
    Panics,
}

const RIGHT: Flawed =
    Flawed { waiting: Wait::Right, invalid: Invalid::Right, drops_the_end: false };

struct Stream {
    flaw: Flawed,
    held: Vec<u8>,
}

impl Flawed {
    fn stream(self) -> Box<dyn TextStream> {
        Box::new(Stream { flaw: self, held: Vec::new() })
    }
}

impl Stream {
    /// How many bytes of `held` are decided, to this belief.
    fn decided(&self) -> usize {
        let held = &self.held[..];
        let right = || {
            let waits =
                (1..=3.min(held.len())).rev().find(|&n| may_become_one(&held[held.len() - n..]));
            held.len() - waits.unwrap_or(0)
        };
        match self.flaw.waiting {
            Wait::Right => right(),
            Wait::Nothing => held.len(),
            Wait::All => 0,
            Wait::UntilAllIsValid => {
                if str::from_utf8(held).is_ok() {
                    held.len()
                } else {
                    0
                }
            }
            Wait::AfterAnyError => match str::from_utf8(held) {
                Ok(_) => held.len(),
                Err(error) => error.valid_up_to(),
            },
            Wait::AsAnnounced => {
                let announced = |byte: u8| match byte {
                    0xf0..=0xf7 => 4,
                    0xe0..=0xef => 3,
                    0xc0..=0xdf => 2,
                    _ => 1,
                };
                let mut at = 0;
                while at < held.len() && at + announced(held[at]) <= held.len() {
                    at += announced(held[at]);
                }
                at
            }
            Wait::Four => (0..=held.len().saturating_sub(3))
                .rev()
                .find(|&n| str::from_utf8(&held[..n]).is_ok())
                .unwrap_or(0),
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        match self.flaw.invalid {
            Invalid::Right => String::from_utf8_lossy(bytes).into_owned(),
            Invalid::Panics => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => text,
                Err(error) => {
                    panic!("called `Result::unwrap()` on an `Err` value: {:?}", error.utf8_error())
                }
            },
            Invalid::EachByte | Invalid::Dropped => {
                let mut text = String::new();
                for chunk in bytes.utf8_chunks() {
                    text += chunk.valid();
                    if self.flaw.invalid == Invalid::EachByte {
                        text += &"\u{fffd}".repeat(chunk.invalid().len());
                    }
                }
                text
            }
        }
    }
}

impl TextStream for Stream {
    fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let rest = self.held.split_off(self.decided());
        let decided = std::mem::replace(&mut self.held, rest);
        self.text(&decided)
    }

    fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.flaw.drops_the_end { String::new() } else { self.text(&held) }
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "token_by_token",
        belief: "you made a text of each token by itself (`from_utf8_lossy` of the new bytes); a character may take several tokens",
        answer: &|| Flawed { waiting: Wait::Nothing, ..RIGHT }.stream(),
    },
    Wrong {
        id: "all_at_the_end",
        belief: "you gave everything in `finish`; the reader of a chat wants each character once it is there",
        answer: &|| Flawed { waiting: Wait::All, ..RIGHT }.stream(),
    },
    Wrong {
        id: "drops_the_end",
        belief: "you dropped what waits at the end; it becomes U+FFFD, so that the reader sees that something is missing",
        answer: &|| Flawed { drops_the_end: true, ..RIGHT }.stream(),
    },
    Wrong {
        id: "until_all_is_valid",
        belief: "you gave nothing until all waiting bytes were valid; what stands before the unfinished character can go at once",
        answer: &|| Flawed { waiting: Wait::UntilAllIsValid, ..RIGHT }.stream(),
    },
    Wrong {
        id: "waits_after_any_error",
        belief: "you let bytes wait that can become no character, and all after them; `error_len` tells wrong from not complete",
        answer: &|| Flawed { waiting: Wait::AfterAnyError, ..RIGHT }.stream(),
    },
    Wrong {
        id: "as_announced",
        belief: "you waited for as many bytes as the first one announces; the second byte may end the hope already",
        answer: &|| Flawed { waiting: Wait::AsAnnounced, ..RIGHT }.stream(),
    },
    Wrong {
        id: "holds_the_last_three",
        belief: "you held back the last three bytes whatever they were; only the beginning of a character waits",
        answer: &|| Flawed { waiting: Wait::Four, ..RIGHT }.stream(),
    },
    Wrong {
        id: "one_a_byte",
        belief: "you gave a U+FFFD for each wrong byte; it is one for each longest part that could have begun a character",
        answer: &|| Flawed { invalid: Invalid::EachByte, ..RIGHT }.stream(),
    },
    Wrong {
        id: "drops_what_is_wrong",
        belief: "you left bytes out that are no text; each wrong part becomes U+FFFD",
        answer: &|| Flawed { invalid: Invalid::Dropped, ..RIGHT }.stream(),
    },
    Wrong {
        id: "panics",
        belief: "you took the bytes for valid (`unwrap`); a model may write any bytes, and a server must not fall over",
        answer: &|| Flawed { invalid: Invalid::Panics, ..RIGHT }.stream(),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
