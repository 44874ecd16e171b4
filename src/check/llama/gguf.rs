//! Check `llama.gguf`: the head of a model file is read, or refused with the first thing that is wrong.
//!
//! Cases are built from what they should give, so no reader is needed to know it: a file is its contents,
//! written out. The last case is the tiny model's own file, read by a reader that trusts its input; the
//! wrong answers are this reader with one flaw each.
//!
//! Longer than most files here, since the flaws read best beside the reader that each of them spoils.

use std::fmt::Debug;

use super::TINY;
use super::file::{Contents, Flaw, Tensor, Value};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::GGUF;

type Parsed = Result<Contents, Flaw>;
type Answer = dyn Fn(&[u8]) -> Parsed;

/// Grades a function from the bytes of a file to its contents.
pub fn gguf(answer: impl Fn(&[u8]) -> Result<Contents, Flaw> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &GGUF,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, file: &Vec<u8>| answer(file),
        call: |file| call(file),
        show,
        diff,
    };
    exam.sit(whole().chain(broken()).chain(absurd()).chain(real()))
}

const LAW: &str = "numbers are little-endian, a text is its length as a u64 and its bytes, weights begin at \
     the next multiple of 32 bytes, and offsets count from there";
const ERROR_LAW: &str =
    "a file that is broken is an error value: the first problem in reading order";

// --- files ---------------------------------------------------------------------------------------

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A value without its type.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::U32(x) => x.to_le_bytes().into(),
        Value::I32(x) => x.to_le_bytes().into(),
        Value::F32(x) => x.to_le_bytes().into(),
        Value::Bool(x) => vec![u8::from(*x)],
        Value::Text(x) => text(x),
        Value::List(list) => {
            let kind = list.first().map_or(4, kind).to_le_bytes();
            let count = (list.len() as u64).to_le_bytes();
            [&kind[..], &count, &list.iter().flat_map(bytes).collect::<Vec<u8>>()].concat()
        }
    }
}

fn kind(value: &Value) -> u32 {
    match value {
        Value::U32(_) => 4,
        Value::I32(_) => 5,
        Value::F32(_) => 6,
        Value::Bool(_) => 7,
        Value::Text(_) => 8,
        Value::List(_) => 9,
    }
}

/// Magic, version and counts.
fn head(tensors: u64, values: u64) -> Vec<u8> {
    let counts = [tensors, values].map(u64::to_le_bytes).concat();
    [&b"GGUF\x03\0\0\0"[..], &counts].concat()
}

/// The file with these contents, in which `start` is still an offset; then `start` is right in them.
fn written(mut contents: Contents) -> (Vec<u8>, Contents) {
    let mut file = head(contents.tensors.len() as u64, contents.values.len() as u64);
    for (key, value) in &contents.values {
        file.extend([text(key), kind(value).to_le_bytes().into(), bytes(value)].concat());
    }
    for Tensor { name, dims, format, start } in &contents.tensors {
        file.extend(text(name));
        file.extend((dims.len() as u32).to_le_bytes());
        file.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
        file.extend(format.to_le_bytes());
        file.extend(start.to_le_bytes());
    }
    if !contents.tensors.is_empty() {
        while !file.len().is_multiple_of(32) {
            file.push(0);
        }
        contents.tensors.iter_mut().for_each(|tensor| tensor.start += file.len() as u64);
    }
    (file, contents)
}

fn tensor(name: &str, dims: &[u64], format: u32, offset: u64) -> Tensor {
    Tensor { name: name.to_owned(), dims: dims.to_vec(), format, start: offset }
}

fn values(values: &[(&str, Value)]) -> Vec<(String, Value)> {
    values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

// --- cases ---------------------------------------------------------------------------------------

fn whole() -> impl Iterator<Item = Case<Vec<u8>, Parsed>> {
    let all = [
        Value::U32(42),
        Value::I32(-2),
        Value::F32(0.5),
        Value::Bool(true),
        Value::Bool(false),
        Value::Text("llama".to_owned()),
        Value::Text(String::new()),
        Value::Text("é▁語".to_owned()),
        Value::List(vec![]),
        Value::List(vec![Value::I32(1), Value::I32(-1)]),
        Value::List(vec![Value::Text("a".to_owned()), Value::Text("bc".to_owned())]),
    ];
    let one = |value: Value| Contents { values: values(&[("k", value)]), tensors: vec![] };
    // With a name of this length, the head of one matrix ends so far before a multiple of 32.
    let named = |length: usize| tensor(&"w".repeat(length), &[4, 3], 0, 0);
    let tensors = [
        vec![named(1)],
        vec![tensor("a", &[4, 3], 0, 32)],
        // This head ends on a multiple of 32.
        vec![named(32)],
        vec![tensor("a", &[32], 2, 0), tensor("b", &[64, 2, 1, 1], 8, 32)],
    ];
    let both = Contents {
        values: values(&[
            ("general.architecture", Value::Text("llama".to_owned())),
            ("llama.block_count", Value::U32(2)),
            ("llama.rope.freq_base", Value::F32(10_000.0)),
        ]),
        tensors: vec![
            tensor("token_embd.weight", &[256, 1_024], 8, 0),
            tensor("output_norm.weight", &[256], 0, 278_528),
        ],
    };
    std::iter::once(Contents::default())
        .chain(all.map(one))
        .chain(tensors.map(|tensors| Contents { values: vec![], tensors }))
        .chain([both])
        .map(|contents| {
            let (input, contents) = written(contents);
            Case { input, expected: Ok(contents), why: LAW }
        })
}

/// A file with a value and a tensor, and each way to cut it.
fn broken() -> impl Iterator<Item = Case<Vec<u8>, Parsed>> {
    let refused = |input, flaw| Case { input, expected: Err(flaw), why: ERROR_LAW };
    let version = |version: u8| [b"GGUF", &[version, 0, 0, 0][..], &[0; 16]].concat();
    let pair = |kind: u32, value: &[u8]| {
        [&head(0, 1)[..], &text("k"), &kind.to_le_bytes(), value].concat()
    };
    let list = |kind: u32, value: &[u8]| {
        [&pair(9, &kind.to_le_bytes())[..], &1_u64.to_le_bytes(), value].concat()
    };
    let no_text = [&2_u64.to_le_bytes()[..], b"a\xff"].concat();
    let first = [
        refused([b"GGML", &[3, 0, 0, 0][..], &[0; 16]].concat(), Flaw::Magic),
        refused(version(2), Flaw::Version(2)),
        refused(vec![], Flaw::Ends { at: 0 }),
        refused(b"GGU".to_vec(), Flaw::Ends { at: 0 }),
        refused(b"GGUF\x03\0\0".to_vec(), Flaw::Ends { at: 4 }),
        refused(pair(12, &[0; 8]), Flaw::Type(12)),
        refused(list(13, &[0; 8]), Flaw::Type(13)),
        refused([&head(0, 1)[..], &no_text].concat(), Flaw::Text { at: 32 }),
        refused(pair(8, &no_text), Flaw::Text { at: 45 }),
    ];
    // Where each field of this file begins.
    let file = [&pair(8, &text("ab"))[..], &text("w"), &[1, 0, 0, 0], &[4; 8], &[0; 4], &[0; 8]];
    let mut file = file.concat();
    file[8] = 1;
    let fields = [0, 4, 8, 16, 24, 32, 33, 37, 45, 47, 55, 56, 60, 68, 72, 80];
    let cut = (0..80).map(move |length| {
        let at = *fields.iter().rfind(|&&at| at <= length).expect("one begins at 0");
        refused(file[..length].to_vec(), Flaw::Ends { at })
    });
    first.into_iter().chain(cut)
}

/// Lengths and counts that no file could keep.
fn absurd() -> impl Iterator<Item = Case<Vec<u8>, Parsed>> {
    let lengths = [64, 1 << 20, 1 << 62, u64::MAX - 40, u64::MAX];
    lengths.into_iter().flat_map(|length| {
        let number = length.to_le_bytes();
        let value = [&head(0, 1)[..], &text("k")].concat();
        [
            (head(length, 0), 24),
            (head(0, length), 24),
            ([&head(0, 1)[..], &number, b"key"].concat(), 32),
            ([&value[..], &[8, 0, 0, 0], &number, b"text"].concat(), 45),
            ([&value[..], &[9, 0, 0, 0, 4, 0, 0, 0], &number, &[0; 8]].concat(), 57),
        ]
        .map(|(input, at)| Case {
            input,
            expected: Err(Flaw::Ends { at }),
            why: ERROR_LAW,
        })
    })
}

/// The tensors of the tiny model.
pub(super) fn tiny() -> Vec<Tensor> {
    believing(TINY, Belief::Nothing).expect("the embedded model is whole").tensors
}

/// The tiny model of this project, read by whoever trusts its file.
fn real() -> impl Iterator<Item = Case<Vec<u8>, Parsed>> {
    std::iter::once_with(|| Case {
        input: TINY.to_vec(),
        expected: believing(TINY, Belief::Nothing),
        why: LAW,
    })
}

// --- words ---------------------------------------------------------------------------------------

/// The file as a byte string; a long one loses its end.
fn call(file: &[u8]) -> String {
    const SHOWN: usize = 200;
    if file.len() <= SHOWN {
        return format!("gguf(b\"{}\")", file.escape_ascii());
    }
    let start = file[..SHOWN].escape_ascii();
    format!("gguf(b\"{start}…\") /* {} bytes */", file.len())
}

fn show(parsed: &Parsed) -> String {
    short(format!("{parsed:?}"))
}

/// A text, without the end of a long one.
fn short(text: String) -> String {
    match text.char_indices().nth(600) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first value or tensor that differs.
fn diff(_: &Vec<u8>, expected: &Parsed, got: &Parsed) -> Vec<String> {
    fn first<T: PartialEq + Debug>(what: &str, expected: &[T], got: &[T]) -> Vec<String> {
        let mut lines = Vec::new();
        if expected.len() != got.len() {
            lines.push(format!("expected {} {what}s, got {}", expected.len(), got.len()));
        }
        if let Some((a, b)) = expected.iter().zip(got).find(|(a, b)| a != b) {
            lines.push(format!("the first {what} that differs:"));
            lines.push(short(format!("expected {a:?}")));
            lines.push(short(format!("got      {b:?}")));
        }
        lines
    }
    let (Ok(expected), Ok(got)) = (expected, got) else {
        return Vec::new();
    };
    let values = first("value", &expected.values, &got.values);
    [values, first("tensor", &expected.tensors, &got.tensors)].concat()
}

// --- wrong answers -------------------------------------------------------------------------------

/// What a reader believes that is not so.
#[derive(Clone, Copy, PartialEq)]
enum Belief {
    /// This one is right, of files that are whole.
    Nothing,
    BigEndian,
    ShortLengths,
    EndsWithZero,
    ValuesFirst,
    DimsReversed,
    NoPadding,
    AlwaysPadding,
    OffsetFromFile,
    AnyVersion,
    LossyText,
    TrustsLengths,
    Reserves,
    AddsLengths,
    SkipsUnknown,
    NamesTheEnd,
    TypeOfEach,
}

struct Reader<'a> {
    file: &'a [u8],
    at: usize,
    belief: Belief,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Flaw> {
        let (at, length) = (self.at, length as usize);
        if self.belief == Belief::TrustsLengths {
            self.at = at.saturating_add(length);
            return Ok(&self.file[at..self.at]);
        }
        if self.belief == Belief::AddsLengths && at.strict_add(length) > self.file.len() {
            return Err(Flaw::Ends { at });
        }
        let rest = &self.file[at..];
        let end = if self.belief == Belief::NamesTheEnd { self.file.len() } else { at };
        let taken = rest.get(..length).ok_or(Flaw::Ends { at: end })?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N as u64)?);
        if self.belief == Belief::BigEndian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Flaw> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Flaw> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, Flaw> {
        let short = self.belief == Belief::ShortLengths;
        let length = if short { self.u32()?.into() } else { self.u64()? };
        let at = self.at;
        let bytes = self.take(length)?.to_vec();
        if self.belief == Belief::EndsWithZero {
            self.take(1)?;
        }
        if self.belief == Belief::LossyText {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        String::from_utf8(bytes).map_err(|_| Flaw::Text { at })
    }

    fn value(&mut self, kind: u32) -> Result<Value, Flaw> {
        Ok(match kind {
            4 => Value::U32(self.u32()?),
            5 => Value::I32(self.array().map(i32::from_le_bytes)?),
            6 => Value::F32(self.array().map(f32::from_le_bytes)?),
            7 => Value::Bool(self.array::<1>()? != [0]),
            8 => Value::Text(self.text()?),
            9 => {
                let (kind, count) = (self.u32()?, self.u64()?);
                let mut list = match self.belief {
                    Belief::Reserves => Vec::with_capacity(count as usize),
                    _ => Vec::new(),
                };
                for index in 0..count {
                    let each = self.belief == Belief::TypeOfEach && index > 0;
                    let kind = if each { self.u32()? } else { kind };
                    list.push(self.value(kind)?);
                }
                Value::List(list)
            }
            _ if self.belief == Belief::SkipsUnknown => Value::U32(self.u32()?),
            other => return Err(Flaw::Type(other)),
        })
    }
}

fn believing(file: &[u8], belief: Belief) -> Parsed {
    let mut reader = Reader { file, at: 0, belief };
    if reader.take(4)? != b"GGUF" {
        return Err(Flaw::Magic);
    }
    let version = reader.u32()?;
    if version != 3 && belief != Belief::AnyVersion {
        return Err(Flaw::Version(version));
    }
    let (mut tensors, mut values) = (reader.u64()?, reader.u64()?);
    if belief == Belief::ValuesFirst {
        (tensors, values) = (values, tensors);
    }
    let mut contents = Contents::default();
    if belief == Belief::Reserves {
        contents.values = Vec::with_capacity(values as usize);
        contents.tensors = Vec::with_capacity(tensors as usize);
    }
    for _ in 0..values {
        let (key, kind) = (reader.text()?, reader.u32()?);
        contents.values.push((key, reader.value(kind)?));
    }
    for _ in 0..tensors {
        let (name, count) = (reader.text()?, reader.u32()?);
        let mut dims = Vec::new();
        for _ in 0..count {
            dims.push(reader.u64()?);
        }
        if belief == Belief::DimsReversed {
            dims.reverse();
        }
        let (format, start) = (reader.u32()?, reader.u64()?);
        contents.tensors.push(Tensor { name, dims, format, start });
    }
    let weights = match belief {
        Belief::NoPadding => reader.at,
        Belief::AlwaysPadding => reader.at / 32 * 32 + 32,
        Belief::OffsetFromFile => 0,
        _ => reader.at.next_multiple_of(32),
    };
    contents.tensors.iter_mut().for_each(|tensor| tensor.start += weights as u64);
    Ok(contents)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "big_endian",
        belief: "you read the highest byte of a number first; it comes last (`from_le_bytes`)",
        answer: &|file| believing(file, Belief::BigEndian),
    },
    Wrong {
        id: "length_u32",
        belief: "you read the length of a text as a u32; it is a u64, so its other half became text",
        answer: &|file| believing(file, Belief::ShortLengths),
    },
    Wrong {
        id: "ends_with_zero",
        belief: "you skipped a byte behind each text, as if a zero ended it; the length says all",
        answer: &|file| believing(file, Belief::EndsWithZero),
    },
    Wrong {
        id: "values_first",
        belief: "you took the two counts for each other: that of the tensors comes first, though values \
                 come before tensors",
        answer: &|file| believing(file, Belief::ValuesFirst),
    },
    Wrong {
        id: "dims_reversed",
        belief: "you turned the dimensions round, as Python prints them; here the length of a row is first",
        answer: &|file| believing(file, Belief::DimsReversed),
    },
    Wrong {
        id: "no_padding",
        belief: "you let the weights begin where the head ends; they begin at the next multiple of 32",
        answer: &|file| believing(file, Belief::NoPadding),
    },
    Wrong {
        id: "always_padding",
        belief: "you padded a head that ends on a multiple of 32 already",
        answer: &|file| believing(file, Belief::AlwaysPadding),
    },
    Wrong {
        id: "offset_from_file",
        belief: "you counted offsets from the beginning of the file; they count from the weights",
        answer: &|file| believing(file, Belief::OffsetFromFile),
    },
    Wrong {
        id: "any_version",
        belief: "you read any version; another one has another layout, and would be read wrongly",
        answer: &|file| believing(file, Belief::AnyVersion),
    },
    Wrong {
        id: "lossy_text",
        belief: "you replaced what is not UTF-8; two keys could become equal so, and nobody is told",
        answer: &|file| believing(file, Belief::LossyText),
    },
    Wrong {
        id: "trusts_lengths",
        belief: "you sliced by the file's lengths, and a slice out of range panics; `get` gives an `Option`",
        answer: &|file| believing(file, Belief::TrustsLengths),
    },
    Wrong {
        id: "reserves",
        belief: "you reserved room for as many elements as the file says, before any was there",
        answer: &|file| believing(file, Belief::Reserves),
    },
    Wrong {
        id: "adds_lengths",
        belief: "you added a length of the file to a position, and the sum is more than a number holds",
        answer: &|file| believing(file, Belief::AddsLengths),
    },
    Wrong {
        id: "skips_unknown",
        belief: "you went on behind a type that you do not know; nobody knows how many bytes it has",
        answer: &|file| believing(file, Belief::SkipsUnknown),
    },
    Wrong {
        id: "names_the_end",
        belief: "you named the end of the file; asked is where the field begins that is cut off",
        answer: &|file| believing(file, Belief::NamesTheEnd),
    },
    Wrong {
        id: "type_of_each",
        belief: "you read a type in front of each element of a list; it stands once, before the count",
        answer: &|file| believing(file, Belief::TypeOfEach),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
