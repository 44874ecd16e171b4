//! Check `llama.quantized_dot`: the vector becomes integers, products are integers, scales come last.
//!
//! The numbers of the cases lie well between two integers' borders, so that it does not matter whether somebody
//! divides by the scale or multiplies by its inverse. What is left is the order of summation. The last cases are
//! rows of the tiny model.

use super::TINY;
use super::dequantize::numbers;
use super::gguf::tiny;
use crate::check::cases::Seeded;
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::QUANTIZED_DOT;

type Block = (f32, [u8; 16]);
type Answer = dyn Fn(&[Block], &[f32]) -> f32;

struct Input {
    row: Vec<Block>,
    x: Vec<f32>,
}

/// Grades a function from a row in Q4_0 and a vector to their product.
pub fn quantized_dot(answer: impl Fn(&[(f32, [u8; 16])], &[f32]) -> f32 + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WITHIN: f32 = 1e-5;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &QUANTIZED_DOT,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { row, x }| Near::new(vec![answer(row, x)], WITHIN),
        call: |Input { row, x }| {
            format!("quantized_dot(&{}, &{})", shown(row), Near::new(x.clone(), 0.0).show())
        },
        show: |product| product.show().trim_matches(['[', ']']).to_owned(),
        diff: |_, expected, got| {
            // One number: that it is the first one goes without saying.
            let lines = Near::diff(expected, got).into_iter();
            lines.take(1).map(|line| line.replace("first at index 0: ", "")).collect()
        },
    };
    exam.sit(small().chain(long()).chain(real()).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "a block of x becomes integers, x / scale rounded to the nearest with the largest at ±127; the \
              products of integers are added as integers, and both scales multiply the sum",
    }))
}

/// The row in Rust's notation; of many blocks, the first.
fn shown(row: &[Block]) -> String {
    let block = |(scale, bytes): &Block| {
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
        format!("({scale:?}, [{}])", bytes.join(", "))
    };
    match row {
        [] => "[]".to_owned(),
        [one] => format!("[{}]", block(one)),
        [first, ..] => format!("[{}, …] /* {} blocks */", block(first), row.len()),
    }
}

// --- cases ---------------------------------------------------------------------------------------

/// A block that is 0 but for some weights.
fn block(scale: f32, bytes: &[(usize, u8)]) -> Block {
    let mut all = [0x88; 16];
    bytes.iter().for_each(|&(at, byte)| all[at] = byte);
    (scale, all)
}

/// 32 numbers that are 0 but for some.
fn sparse(numbers: &[(usize, f32)]) -> Vec<f32> {
    let mut all = vec![0.0; 32];
    numbers.iter().for_each(|&(at, x)| all[at] = x);
    all
}

fn small() -> impl Iterator<Item = Input> {
    let one = |block, x: &[(usize, f32)]| Input { row: vec![block], x: sparse(x) };
    [
        one(block(1.0, &[(0, 0x89)]), &[(0, 127.0)]),
        one(block(1.0, &[(0, 0x89)]), &[(0, 254.0)]),
        one(block(0.5, &[(0, 0x8a)]), &[(0, 381.0)]),
        one(block(1.0, &[(1, 0xa9)]), &[(1, 127.0), (17, 20.0)]),
        // -7.3 is nearer to -7, and 20.7 to 21.
        one(block(1.0, &[(1, 0xa9)]), &[(1, 127.0), (17, -7.3)]),
        one(block(1.0, &[(1, 0xa9)]), &[(1, 127.0), (17, 20.7)]),
        one(block(1.0, &[(1, 0xa9)]), &[(1, -127.0), (17, -20.7)]),
        one(block(1.0, &[(1, 0xa9)]), &[(1, -127.0), (17, 20.0)]),
        // Products that no longer fit into 8 bits.
        one(block(1.0, &[(0, 0x8f), (1, 0x80)]), &[(0, 127.0), (1, 100.0)]),
        one(block(-0.25, &[(0, 0xff)]), &[(0, 0.5), (16, 0.25)]),
        one(block(1.0, &[(0, 0x0f)]), &[]),
        Input {
            row: vec![block(0.5, &[(0, 0x89)]), block(2.0, &[(0, 0x89)])],
            x: [sparse(&[(0, 127.0)]), sparse(&[(0, 1.4), (1, 12.7)])].concat(),
        },
        Input { row: vec![(1.0, [0x00; 16]); 4], x: vec![-127.0; 128] },
        Input { row: vec![], x: vec![] },
    ]
    .into_iter()
}

/// Rows of random integers; numbers lie near the middle of what becomes one integer.
fn long() -> impl Iterator<Item = Input> {
    let mut seeded = Seeded::new(41);
    [1, 2, 18, 128].into_iter().map(move |blocks| {
        let mut row = Vec::new();
        let mut x = Vec::new();
        for _ in 0..blocks {
            let scale = (seeded.below(2_000) as f32 - 1_000.0) / 50_000.0;
            row.push((scale, std::array::from_fn(|_| seeded.below(256) as u8)));
            let step = (1.0 + seeded.below(1_000) as f32) / 4_096.0;
            let largest = seeded.below(32);
            x.extend((0..32).map(|i| {
                let integer = seeded.below(253) as f32 - 126.0;
                let beside = (seeded.below(801) as f32 - 400.0) / 1_000.0;
                if i == largest {
                    if integer < 0.0 { -127.0 * step } else { 127.0 * step }
                } else {
                    (integer + beside) * step
                }
            }));
        }
        Input { row, x }
    })
}

/// The embedding of a token of the tiny model times rows of its first query matrix, brought to 4 bits.
///
/// Both are stored in Q8_0 there, so that the embedding becomes the integers that it was made of. A model in
/// which they are not panics: without these cases the check would be weaker, and nobody would see it.
fn real() -> impl Iterator<Item = Input> {
    let row = |name: &str, number: usize| {
        let tensor = tiny().into_iter().find(|it| it.name == name && it.format == 8);
        let tensor = tensor.unwrap_or_else(|| panic!("the tiny model has no `{name}` in Q8_0"));
        let [columns, start] = [tensor.dims[0], tensor.start].map(|n| n as usize);
        let length = columns / 32 * 34;
        numbers("Q8_0", &TINY[start + number * length..][..length]).expect("it is a known format")
    };
    let x = row("token_embd.weight", 300);
    (0..8).map(move |number| {
        let weights = row("blk.0.attn_q.weight", number);
        let row = weights.chunks_exact(32).map(|weights| {
            let scale = (size(weights) / 7.0).max(f32::MIN_POSITIVE);
            let nibble = |weight: f32| ((weight / scale).round() + 8.0) as u8;
            (scale, std::array::from_fn(|i| nibble(weights[i]) | nibble(weights[i + 16]) << 4))
        });
        Input { row: row.collect(), x: x.clone() }
    })
}

// --- the oracle ----------------------------------------------------------------------------------

fn oracle(Input { row, x }: &Input) -> Near {
    let mut sum = 0.0;
    for (number, (weight_scale, bytes)) in row.iter().enumerate() {
        let x: Vec<f64> = x[number * 32..][..32].iter().map(|&x| x.into()).collect();
        let most = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
        for (i, x) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let nibble = if i < 16 { bytes[i] % 16 } else { bytes[i - 16] / 16 };
            let integer = (x * 127.0 / most).round();
            sum += f64::from(*weight_scale) * (f64::from(nibble) - 8.0) * integer * most / 127.0;
        }
    }
    Near::new(vec![sum as f32], WITHIN)
}

// --- wrong answers -------------------------------------------------------------------------------

/// What differs from the right answer.
#[derive(Clone, Copy)]
struct Flaws {
    /// The scale of 32 numbers.
    scale: fn(&[f32]) -> f32,
    /// The integer of a number that was divided by its scale.
    round: fn(f32) -> i8,
    /// 32 integers of 16 bytes.
    integers: fn(&[u8; 16]) -> [i8; 32],
    /// The sum of the products of a block.
    sum: fn(&[i8; 32], &[i8]) -> i32,
    /// Brings in the scales: of the weights, of the vector.
    scaled: fn(f32, f32, i32) -> f32,
    /// One scale for the whole vector.
    one_scale: bool,
}

const RIGHT: Flaws = Flaws {
    scale: |x| size(x) / 127.0,
    round: |x| x.round() as i8,
    integers: |bytes| lower_then_upper(bytes).map(|q| q - 8),
    sum: |p, q| p.iter().zip(q).map(|(&p, &q)| i32::from(p) * i32::from(q)).sum(),
    scaled: |a, b, sum| a * b * sum as f32,
    one_scale: false,
};

fn size(x: &[f32]) -> f32 {
    x.iter().fold(0.0_f32, |most, x| most.max(x.abs()))
}

fn lower_then_upper(bytes: &[u8; 16]) -> [i8; 32] {
    std::array::from_fn(|i| (if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 }) as i8)
}

fn flawed(row: &[Block], x: &[f32], flaws: Flaws) -> f32 {
    let whole = (flaws.scale)(x);
    let mut result = 0.0;
    for ((weight_scale, bytes), x) in row.iter().zip(x.chunks_exact(32)) {
        let scale = if flaws.one_scale { whole } else { (flaws.scale)(x) };
        let integers: Vec<i8> = x.iter().map(|x| (flaws.round)(x / scale)).collect();
        let sum = (flaws.sum)(&(flaws.integers)(bytes), &integers);
        result += (flaws.scaled)(*weight_scale, scale, sum);
    }
    result
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "floats",
        belief: "you multiplied floats; right to all digits, and slower: here x becomes integers first",
        answer: &|row, x| {
            let blocks = row.iter().zip(x.chunks_exact(32));
            blocks
                .flat_map(|((scale, bytes), x)| {
                    let integers = (RIGHT.integers)(bytes);
                    let products = integers.into_iter().zip(x).map(|(q, x)| f32::from(q) * x);
                    products.map(|product| scale * product).collect::<Vec<_>>()
                })
                .sum()
        },
    },
    Wrong {
        id: "truncated",
        belief: "you cut the integers of x towards zero (`as`); they are rounded to the nearest",
        answer: &|row, x| flawed(row, x, Flaws { round: |x| x as i8, ..RIGHT }),
    },
    Wrong {
        id: "floor",
        belief: "you rounded the integers of x down; they are rounded to the nearest",
        answer: &|row, x| flawed(row, x, Flaws { round: |x| x.floor() as i8, ..RIGHT }),
    },
    Wrong {
        id: "plus_a_half",
        belief: "you added a half and cut towards zero, which is wrong below zero; `round` does both sides",
        answer: &|row, x| flawed(row, x, Flaws { round: |x| (x + 0.5) as i8, ..RIGHT }),
    },
    Wrong {
        id: "no_x_scale",
        belief: "you left out the scale of x: its integers are up to 127, whatever x was",
        answer: &|row, x| flawed(row, x, Flaws { scaled: |a, _, sum| a * sum as f32, ..RIGHT }),
    },
    Wrong {
        id: "no_weight_scale",
        belief: "you left out the scale of the weights",
        answer: &|row, x| flawed(row, x, Flaws { scaled: |_, b, sum| b * sum as f32, ..RIGHT }),
    },
    Wrong {
        id: "scale_squared",
        belief: "you brought in the scale of x twice; each of the two scales counts once",
        answer: &|row, x| {
            flawed(row, x, Flaws { scaled: |a, b, sum| a * b * b * sum as f32, ..RIGHT })
        },
    },
    Wrong {
        id: "scale_inverted",
        belief: "you divided by the scale of x at the end, too; what was divided before is multiplied now",
        answer: &|row, x| {
            let scaled = |a: f32, b: f32, sum: i32| if b == 0.0 { 0.0 } else { a / b * sum as f32 };
            flawed(row, x, Flaws { scaled, ..RIGHT })
        },
    },
    Wrong {
        id: "by_128",
        belief: "you divided by 128; the largest number has to become 127, the largest that fits",
        answer: &|row, x| flawed(row, x, Flaws { scale: |x| size(x) / 128.0, ..RIGHT }),
    },
    Wrong {
        id: "largest_not_size",
        belief: "you took the largest number of x; it is the largest size: -127 is larger than 20",
        answer: &|row, x| {
            let scale = |x: &[f32]| x.iter().fold(0.0_f32, |most, &x| most.max(x)) / 127.0;
            flawed(row, x, Flaws { scale, ..RIGHT })
        },
    },
    Wrong {
        id: "one_scale",
        belief: "you took one scale for all of x; each block of 32 has its own, so that one large number spoils \
                 31 others and no more",
        answer: &|row, x| flawed(row, x, Flaws { one_scale: true, ..RIGHT }),
    },
    Wrong {
        id: "no_minus_8",
        belief: "you left out the − 8: a weight's integer is 8 more than it stands for",
        answer: &|row, x| flawed(row, x, Flaws { integers: lower_then_upper, ..RIGHT }),
    },
    Wrong {
        id: "interleaved",
        belief: "you gave the two halves of a byte to neighbours; the upper half of byte i is weight i + 16",
        answer: &|row, x| {
            let integers = |bytes: &[u8; 16]| {
                std::array::from_fn(|i| (bytes[i / 2] >> (i % 2 * 4) & 15) as i8 - 8)
            };
            flawed(row, x, Flaws { integers, ..RIGHT })
        },
    },
    Wrong {
        id: "high_first",
        belief: "you took the upper half of byte i for weight i; it is weight i + 16",
        answer: &|row, x| {
            let integers = |bytes: &[u8; 16]| {
                let q = lower_then_upper(bytes);
                std::array::from_fn(|i| q[(i + 16) % 32] - 8)
            };
            flawed(row, x, Flaws { integers, ..RIGHT })
        },
    },
    Wrong {
        id: "eight_bits",
        belief: "you multiplied in 8 bits, which a product of two integers of 8 bits overflows; widen them \
                 first (`i32::from`)",
        answer: &|row, x| {
            let sum = |p: &[i8; 32], q: &[i8]| {
                p.iter().zip(q).map(|(&p, &q)| i32::from(p.strict_mul(q))).sum()
            };
            flawed(row, x, Flaws { sum, ..RIGHT })
        },
    },
    Wrong {
        id: "wrapped",
        belief: "you let products wrap round in 8 bits; widen the integers before you multiply (`i32::from`)",
        answer: &|row, x| {
            let sum = |p: &[i8; 32], q: &[i8]| {
                p.iter().zip(q).map(|(&p, &q)| i32::from(p.wrapping_mul(q))).sum()
            };
            flawed(row, x, Flaws { sum, ..RIGHT })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
