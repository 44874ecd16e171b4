//! Check `llama.rope`: pairs of neighbours turn by an angle that grows with the position.
//!
//! The oracle turns complex numbers in `f64`. The tolerance is wide, since `f32` holds an angle of 1,000
//! radians to some 0.0001: a table of angles, a product that grows, and `powf` all pass. One pair
//! comes first, then two with a base that no default has.

use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::ROPE;

type Answer = dyn Fn(&[f32], usize, f32) -> Vec<f32>;

struct Input {
    vector: Vec<f32>,
    position: usize,
    freq_base: f32,
}

/// Grades a function from the vector of a head, a position and the base of the frequencies to the
/// turned vector.
pub fn rope(answer: impl Fn(&[f32], usize, f32) -> Vec<f32> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WITHIN: f32 = 1e-3;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &ROPE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input: &Input| {
            Near::new(answer(&input.vector, input.position, input.freq_base), WITHIN)
        },
        call: |Input { vector, position, freq_base }| {
            let vector = Near::new(vector.clone(), 0.0).show();
            format!("rope(&{vector}, {position}, {freq_base:?})")
        },
        show: Near::show,
        diff: |_, expected, got| Near::diff(expected, got),
    };
    let inputs = one_pair().chain(two_pairs()).chain(whole_heads());
    exam.sit(inputs.map(|input| Case {
        expected: oracle(&input),
        input,
        why: "pair i is the numbers 2i and 2i + 1; it turns by position / freq_base^(2i / d) radians, \
              against the clock",
    }))
}

fn one_pair() -> impl Iterator<Item = Input> {
    let corners = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-2.0, 1.0]];
    (0..4).flat_map(move |position| {
        corners.map(|pair| Input { vector: pair.to_vec(), position, freq_base: 10_000.0 })
    })
}

fn two_pairs() -> impl Iterator<Item = Input> {
    let vectors = sequences(3, 4).filter(|digits| digits.len() == 4);
    let vectors: Vec<Vec<f32>> =
        vectors.map(|digits| digits.iter().map(|&digit| digit as f32 - 1.0).collect()).collect();
    // Four different numbers, then one number that is not 0, then the others.
    let simple = |v: &Vec<f32>| v.iter().filter(|&&x| x != 0.0).count() == 1;
    let (first, rest): (Vec<_>, Vec<_>) = vectors.into_iter().partition(simple);
    let settings = [(1, 50.0), (1, 10_000.0), (2, 50.0), (0, 50.0), (7, 500_000.0)];
    [vec![1.0, 2.0, 3.0, 4.0]].into_iter().chain(first).chain(rest).flat_map(move |vector| {
        settings.map(|(position, freq_base)| Input { vector: vector.clone(), position, freq_base })
    })
}

fn whole_heads() -> impl Iterator<Item = Input> {
    let mut seeded = Seeded::new(12);
    [(6, 5, 100.0), (64, 1, 100_000.0), (64, 37, 100_000.0), (128, 1_000, 10_000.0)]
        .into_iter()
        .map(move |(d, position, freq_base)| {
            let vector = (0..d).map(|_| seeded.below(2_001) as f32 / 500.0 - 2.0).collect();
            Input { vector, position, freq_base }
        })
}

fn oracle(Input { vector, position, freq_base }: &Input) -> Near {
    let d = vector.len() as f64;
    let turned = (0..vector.len()).map(|at| {
        let angle = *position as f64 / f64::from(*freq_base).powf((at - at % 2) as f64 / d);
        let (x, y) = (f64::from(vector[at - at % 2]), f64::from(vector[at | 1]));
        let number = match at % 2 {
            0 => x * angle.cos() - y * angle.sin(),
            _ => x * angle.sin() + y * angle.cos(),
        };
        number as f32
    });
    Near::new(turned.collect(), WITHIN)
}

/// Where a flawed answer takes its pairs from, and how far it turns them.
fn turned(
    vector: &[f32],
    pair: impl Fn(usize) -> [usize; 2],
    angle: impl Fn(f32) -> f32,
) -> Vec<f32> {
    let mut out = vec![0.0; vector.len()];
    for i in 0..vector.len() / 2 {
        let (sin, cos) = angle(i as f32).sin_cos();
        let [x, y] = pair(i);
        out[x] = vector[x] * cos - vector[y] * sin;
        out[y] = vector[x] * sin + vector[y] * cos;
    }
    out
}

fn neighbours(i: usize) -> [usize; 2] {
    [2 * i, 2 * i + 1]
}

/// The right angle of pair `i` of `d` numbers.
fn angle(position: usize, base: f32, i: f32, d: usize) -> f32 {
    position as f32 / base.powf(2.0 * i / d as f32)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "halves",
        belief: "you paired number i with number i + d/2, as Hugging Face's files do; in a GGUF file of \
                 the architecture `llama` neighbours are a pair",
        answer: &|v, position, base| {
            let half = v.len() / 2;
            turned(v, |i| [i, i + half], |i| angle(position, base, i, v.len()))
        },
    },
    Wrong {
        id: "written_in_halves",
        belief: "you turned neighbours, and wrote all first numbers before all second ones; each number \
                 stays in its place",
        answer: &|v, position, base| {
            let out = turned(v, neighbours, |i| angle(position, base, i, v.len()));
            out.iter().step_by(2).chain(out.iter().skip(1).step_by(2)).copied().collect()
        },
    },
    Wrong {
        id: "exponent_without_two",
        belief: "your exponent is i / d; it is 2i / d, as i counts pairs and d numbers",
        answer: &|v, position, base| {
            turned(v, neighbours, |i| angle(position, base, i / 2.0, v.len()))
        },
    },
    Wrong {
        id: "exponent_of_numbers",
        belief: "you counted numbers where pairs count: the second pair is i = 1, not i = 2",
        answer: &|v, position, base| {
            turned(v, neighbours, |i| angle(position, base, 2.0 * i, v.len()))
        },
    },
    Wrong {
        id: "one_angle",
        belief: "you turned every pair by the same angle; each later pair is slower",
        answer: &|v, position, _| turned(v, neighbours, |_| position as f32),
    },
    Wrong {
        id: "faster_and_faster",
        belief: "you multiplied by the power of the base; dividing by it makes later pairs slower",
        answer: &|v, position, base| {
            turned(v, neighbours, |i| position as f32 * base.powf(2.0 * i / v.len() as f32))
        },
    },
    Wrong {
        id: "base_10000",
        belief: "your base is always 10,000; each model brings its own as `freq_base`",
        answer: &|v, position, _| turned(v, neighbours, |i| angle(position, 10_000.0, i, v.len())),
    },
    Wrong {
        id: "degrees",
        belief: "you took the angle for degrees; it is in radians, as `sin` and `cos` take it",
        answer: &|v, position, base| {
            turned(v, neighbours, |i| angle(position, base, i, v.len()).to_radians())
        },
    },
    Wrong {
        id: "position_from_one",
        belief: "you counted positions from 1; the first is 0, and turns nothing",
        answer: &|v, position, base| {
            turned(v, neighbours, |i| angle(position + 1, base, i, v.len()))
        },
    },
    Wrong {
        id: "clockwise",
        belief: "you turned with the clock; the minus belongs to the first number: x cos - y sin",
        answer: &|v, position, base| turned(v, neighbours, |i| -angle(position, base, i, v.len())),
    },
    Wrong {
        id: "overwritten",
        belief: "you computed the second number of a pair from the first one's new value; both need the \
                 old ones",
        answer: &|v, position, base| {
            let mut out = v.to_vec();
            for i in 0..v.len() / 2 {
                let (sin, cos) = angle(position, base, i as f32, v.len()).sin_cos();
                out[2 * i] = out[2 * i] * cos - out[2 * i + 1] * sin;
                out[2 * i + 1] = out[2 * i] * sin + out[2 * i + 1] * cos;
            }
            out
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
