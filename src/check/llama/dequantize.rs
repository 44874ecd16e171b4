//! Check `llama.dequantize`: blocks of Q8_0, Q4_0 and Q4_1 become the numbers that they stand for.
//!
//! The oracle computes in `f64`, a weight at a time, from the formula of the format. Small blocks first: one
//! integer that differs from the others shows where it went. Then scales of every size, random blocks, and last
//! blocks of the tiny model.

use super::TINY;
use super::file::Tensor;
use super::gguf::tiny;
use crate::check::cases::Seeded;
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::DEQUANTIZE;

type Answer = dyn Fn(&str, &[u8]) -> Option<Vec<f32>>;

struct Input {
    format: &'static str,
    bytes: Vec<u8>,
}

/// Grades a function from the name of a format and bytes to numbers.
pub fn dequantize(answer: impl Fn(&str, &[u8]) -> Option<Vec<f32>> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

/// One rounding of a product, one of a sum.
const WITHIN: f32 = 1e-6;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &DEQUANTIZE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { format, bytes }| {
            answer(format, bytes).map(|numbers| Near::new(numbers, WITHIN))
        },
        call: |Input { format, bytes }| format!("dequantize({format:?}, &{})", shown(bytes)),
        show: |numbers| match numbers {
            Some(numbers) => format!("Some({})", numbers.show()),
            None => "None".to_owned(),
        },
        diff: |_, expected, got| match (expected, got) {
            (Some(expected), Some(got)) => Near::diff(expected, got),
            _ => Vec::new(),
        },
    };
    exam.sit(small().chain(scales()).chain(long()).chain(real()).map(|(format, bytes)| {
        let input = Input { format, bytes };
        Case { expected: oracle(&input), input, why: law(format) }
    }))
}

fn law(format: &str) -> &'static str {
    match format {
        "Q8_0" => "a block is a scale of 16 bits and 32 signed bytes; a weight is scale · q",
        "Q4_0" => {
            "a block is a scale of 16 bits and 16 bytes: the lower halves, then the upper halves; a weight is \
             scale · (q − 8)"
        }
        "Q4_1" => {
            "a block is a scale and a minimum of 16 bits each and 16 bytes: the lower halves, then the upper \
             halves; a weight is scale · q + min"
        }
        _ => "a format that is not asked for is `None`",
    }
}

/// Bytes in hexadecimal notation; of many, the first blocks.
fn shown(bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().map(|byte| format!("0x{byte:02x}")).collect::<Vec<_>>().join(", ")
    };
    match bytes.get(..68) {
        Some(start) if bytes.len() > 68 => {
            format!("[{}, …] /* {} bytes */", hex(start), bytes.len())
        }
        _ => format!("[{}]", hex(bytes)),
    }
}

// --- cases ---------------------------------------------------------------------------------------

const ONE: u16 = 0x3c00;
const HALF: u16 = 0x3800;

/// A block: the numbers of 16 bits, then `fill` everywhere but at some places.
fn block(halves: &[u16], length: usize, fill: u8, others: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes: Vec<u8> = halves.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let start = bytes.len();
    bytes.resize(start + length, fill);
    others.iter().for_each(|&(at, byte)| bytes[start + at] = byte);
    bytes
}

fn small() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let q8 = |scale, others: &[(usize, u8)]| ("Q8_0", block(&[scale], 32, 0, others));
    let q4 = |scale, others: &[(usize, u8)]| ("Q4_0", block(&[scale], 16, 0x88, others));
    let q41 = |scale, min, others: &[(usize, u8)]| ("Q4_1", block(&[scale, min], 16, 0, others));
    [
        q8(ONE, &[(0, 1), (1, 2), (31, 127)]),
        q8(HALF, &[(0, 0xff), (2, 0x80)]),
        q4(ONE, &[]),
        q4(ONE, &[(0, 0x89)]),
        q4(HALF, &[(0, 0x9f), (15, 0x0a)]),
        q41(ONE, 0, &[(0, 0x01), (3, 0xf0)]),
        q41(HALF, ONE, &[(0, 0x01), (3, 0xf0)]),
        q41(HALF, 0xc000, &[(0, 0x32)]),
        ("Q5_K", block(&[ONE, 0], 172, 0, &[])),
        ("Q8_0", [q8(ONE, &[(0, 3)]).1, q8(HALF, &[(0, 3)]).1].concat()),
        ("Q4_0", [q4(ONE, &[(0, 3)]).1, q4(HALF, &[(0, 3)]).1].concat()),
        ("Q4_1", [q41(ONE, HALF, &[(0, 3)]).1, q41(HALF, ONE, &[(0, 3)]).1].concat()),
        ("Q8_0", Vec::new()),
    ]
    .into_iter()
}

/// Scales of every exponent, below zero, and so small that they have no leading 1.
fn scales() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let bits = [0xbc00, 0x3e00, 0x2e66, 0x0400, 0x0200, 0x03ff, 0x8201, 0x7bff, 0];
    let every = (1..31).map(|exponent| exponent << 10 | 0x155);
    bits.into_iter().chain(every).map(|bits| ("Q8_0", block(&[bits], 32, 0, &[(0, 100)])))
}

/// Random blocks with scales as real weights have them.
fn long() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let mut seeded = Seeded::new(31);
    let mut blocks = |format, halves: usize, length| {
        let mut bytes = Vec::new();
        for _ in 0..8 {
            for _ in 0..halves {
                // Either sign, 2^-9 to 2^-4.
                let bits =
                    seeded.below(2) << 15 | (6 + seeded.below(5)) << 10 | seeded.below(1_024);
                bytes.extend((bits as u16).to_le_bytes());
            }
            bytes.extend((0..length).map(|_| seeded.below(256) as u8));
        }
        (format, bytes)
    };
    [blocks("Q8_0", 1, 32), blocks("Q4_0", 1, 16), blocks("Q4_1", 2, 16)].into_iter()
}

/// The first blocks of each matrix of the tiny model. A model whose matrices have other formats panics:
/// without these cases the check would be weaker, and nobody would see it.
fn real() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let matrices = tiny().into_iter().filter(|tensor| tensor.dims.len() > 1);
    matrices.map(|Tensor { name, format, start, .. }| {
        let (format, block) = match format {
            2 => ("Q4_0", 18),
            3 => ("Q4_1", 20),
            8 => ("Q8_0", 34),
            got => panic!("`{name}` of the tiny model has format {got}, expected 2, 3 or 8"),
        };
        let start = usize::try_from(start).expect("it is a place in a file in memory");
        // A matrix has more blocks than that.
        (format, TINY[start..][..24 * block].to_vec())
    })
}

// --- the oracle ----------------------------------------------------------------------------------

fn oracle(Input { format, bytes }: &Input) -> Option<Near> {
    Some(Near::new(numbers(format, bytes)?, WITHIN))
}

/// The numbers that blocks stand for, a weight at a time.
pub(super) fn numbers(format: &str, bytes: &[u8]) -> Option<Vec<f32>> {
    let length = match format {
        "Q8_0" => 34,
        "Q4_0" => 18,
        "Q4_1" => 20,
        _ => return None,
    };
    let weight = |index: usize| {
        let block = &bytes[index / 32 * length..];
        let i = index % 32;
        let half = |at: usize| exact(u16::from(block[at]) + 256 * u16::from(block[at + 1]));
        let nibble = |start: usize| match i {
            0..16 => f64::from(block[start + i] % 16),
            _ => f64::from(block[start + i - 16] / 16),
        };
        match length {
            34 => half(0) * f64::from(block[2 + i].cast_signed()),
            18 => half(0) * (nibble(2) - 8.0),
            _ => half(0) * nibble(4) + half(2),
        }
    };
    let numbers = (0..bytes.len() / length * 32).map(|index| weight(index) as f32);
    Some(numbers.collect())
}

fn exact(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits / 1_024 % 32), f64::from(bits % 1_024) / 1_024.0);
    let size = if exponent == 0 { fraction } else { 1.0 + fraction };
    sign * size * 2.0_f64.powi(exponent.max(1) - 15)
}

// --- wrong answers -------------------------------------------------------------------------------

/// What differs from the right answer.
#[derive(Clone, Copy)]
struct Flaws {
    /// The number in 16 bits.
    half: fn(u16) -> f32,
    /// Of two bytes.
    bits: fn([u8; 2]) -> u16,
    /// A byte of Q8_0.
    signed: fn(u8) -> f32,
    /// 32 integers of 16 bytes.
    nibbles: fn(&[u8]) -> Vec<f32>,
    /// What Q4_0 takes away from an integer.
    middle: f32,
    /// A weight of Q4_1: scale, integer, minimum.
    affine: fn(f32, f32, f32) -> f32,
    /// Where the numbers of 16 bits stand: first, or behind the integers.
    scale_last: bool,
    /// The scale of the first block for all.
    one_scale: bool,
    /// What it makes of another format.
    other: Option<&'static str>,
}

const RIGHT: Flaws = Flaws {
    half: |bits| exact(bits) as f32,
    bits: u16::from_le_bytes,
    signed: |byte| f32::from(byte.cast_signed()),
    nibbles: |bytes| [low(bytes), high(bytes)].concat(),
    middle: 8.0,
    affine: |scale, q, min| scale * q + min,
    scale_last: false,
    one_scale: false,
    other: None,
};

fn low(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|byte| f32::from(byte & 15)).collect()
}

fn high(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|byte| f32::from(byte >> 4)).collect()
}

fn flawed(format: &str, bytes: &[u8], flaws: Flaws) -> Option<Vec<f32>> {
    let (length, halves) = match (format, flaws.other) {
        ("Q8_0", _) => (34, 1),
        ("Q4_0", _) => (18, 1),
        ("Q4_1", _) => (20, 2),
        (_, Some(format)) => return flawed(format, bytes, flaws),
        (_, None) => return None,
    };
    let mut numbers = Vec::new();
    for block in bytes.chunks_exact(length) {
        let place = if flaws.scale_last { length - 2 * halves } else { 0 };
        let from = if flaws.one_scale { bytes } else { block };
        let half = |at: usize| (flaws.half)((flaws.bits)([from[place + at], from[place + at + 1]]));
        let integers = match flaws.scale_last {
            true => &block[..length - 2 * halves],
            false => &block[2 * halves..],
        };
        let scale = half(0);
        match length {
            34 => numbers.extend(integers.iter().map(|&byte| scale * (flaws.signed)(byte))),
            18 => {
                numbers.extend((flaws.nibbles)(integers).iter().map(|q| scale * (q - flaws.middle)))
            }
            _ => {
                let min = half(2);
                let weights = (flaws.nibbles)(integers);
                numbers.extend(weights.iter().map(|&q| (flaws.affine)(scale, q, min)));
            }
        }
    }
    Some(numbers)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "interleaved",
        belief: "you gave the two halves of a byte to neighbours; the lower halves are the first 16 weights, \
                 the upper halves the last 16",
        answer: &|format, bytes| {
            let nibbles = |bytes: &[u8]| {
                low(bytes).into_iter().zip(high(bytes)).flat_map(|(a, b)| [a, b]).collect()
            };
            flawed(format, bytes, Flaws { nibbles, ..RIGHT })
        },
    },
    Wrong {
        id: "high_first",
        belief: "you began with the upper halves; the lower halves are the first 16 weights",
        answer: &|format, bytes| {
            let nibbles = |bytes: &[u8]| [high(bytes), low(bytes)].concat();
            flawed(format, bytes, Flaws { nibbles, ..RIGHT })
        },
    },
    Wrong {
        id: "no_minus_8",
        belief: "you left out the − 8 of Q4_0, so that no weight is below zero",
        answer: &|format, bytes| flawed(format, bytes, Flaws { middle: 0.0, ..RIGHT }),
    },
    Wrong {
        id: "middle_7_5",
        belief: "you took 7.5 for the middle of 0 to 15; Q4_0 takes 8, so that a weight can be 0",
        answer: &|format, bytes| flawed(format, bytes, Flaws { middle: 7.5, ..RIGHT }),
    },
    Wrong {
        id: "minus_8_everywhere",
        belief: "you took 8 away in Q4_1, too; there the minimum says where the integers begin",
        answer: &|format, bytes| {
            let affine = |scale, q, min| scale * (q - 8.0) + min;
            flawed(format, bytes, Flaws { affine, ..RIGHT })
        },
    },
    Wrong {
        id: "no_min",
        belief: "you left the minimum of Q4_1 out",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { affine: |scale, q, _| scale * q, ..RIGHT })
        },
    },
    Wrong {
        id: "minus_min",
        belief: "you took the minimum away; Q4_1 adds it",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { affine: |scale, q, min| scale * q - min, ..RIGHT })
        },
    },
    Wrong {
        id: "scaled_min",
        belief: "you multiplied the minimum by the scale, too; it is a weight already",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { affine: |scale, q, min| scale * (q + min), ..RIGHT })
        },
    },
    Wrong {
        id: "unsigned",
        belief: "you read the bytes of Q8_0 as 0 to 255; they are -128 to 127 (`as i8`)",
        answer: &|format, bytes| flawed(format, bytes, Flaws { signed: f32::from, ..RIGHT }),
    },
    Wrong {
        id: "offset_128",
        belief: "you took 128 away from the bytes of Q8_0; they are signed as they are",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { signed: |byte| f32::from(byte) - 128.0, ..RIGHT })
        },
    },
    Wrong {
        id: "scale_last",
        belief: "you looked for the scale behind the integers; it stands in front of them",
        answer: &|format, bytes| flawed(format, bytes, Flaws { scale_last: true, ..RIGHT }),
    },
    Wrong {
        id: "one_scale",
        belief: "you took the first block's scale for all blocks; each has its own",
        answer: &|format, bytes| flawed(format, bytes, Flaws { one_scale: true, ..RIGHT }),
    },
    Wrong {
        id: "big_endian",
        belief: "you read the scale's bytes in the wrong order; the lower one comes first",
        answer: &|format, bytes| flawed(format, bytes, Flaws { bits: u16::from_be_bytes, ..RIGHT }),
    },
    Wrong {
        id: "not_a_half",
        belief: "you took the scale's 16 bits for an integer; they are a float of 16 bits",
        answer: &|format, bytes| flawed(format, bytes, Flaws { half: f32::from, ..RIGHT }),
    },
    Wrong {
        id: "bf16",
        belief: "you read the scale as the upper half of an f32: that is BF16, whose exponent has 8 bits",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { half: |b| f32::from_bits(u32::from(b) << 16), ..RIGHT })
        },
    },
    Wrong {
        id: "no_sign",
        belief: "you left out the sign of the scale",
        answer: &|format, bytes| {
            flawed(format, bytes, Flaws { half: |bits| exact(bits & 0x7fff) as f32, ..RIGHT })
        },
    },
    Wrong {
        id: "leading_one",
        belief: "you put a 1 in front of the fraction of the smallest scales; with the exponent 0 there is none",
        answer: &|format, bytes| {
            let half = |bits: u16| match bits >> 10 & 31 {
                0 => (exact(bits | 0x0400) / 2.0) as f32,
                _ => exact(bits) as f32,
            };
            flawed(format, bytes, Flaws { half, ..RIGHT })
        },
    },
    Wrong {
        id: "flushed",
        belief: "you made the smallest scales 0; with the exponent 0 a number is 2^-14 · fraction / 1024",
        answer: &|format, bytes| {
            let half = |bits: u16| if bits >> 10 & 31 == 0 { 0.0 } else { exact(bits) as f32 };
            flawed(format, bytes, Flaws { half, ..RIGHT })
        },
    },
    Wrong {
        id: "any_format",
        belief: "you read a format that is not known as if it were Q4_0; it is `None`",
        answer: &|format, bytes| flawed(format, bytes, Flaws { other: Some("Q4_0"), ..RIGHT }),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
