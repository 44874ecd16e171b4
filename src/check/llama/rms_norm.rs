//! Check `llama.rms_norm`: scale a vector to a root mean square of 1, then by the weights.
//!
//! The oracle adds in `f64`. Some cases are tiny numbers, where epsilon decides, and some are large,
//! where it must not count.

use crate::check::cases::Seeded;
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::RMS_NORM;

type Answer = dyn Fn(&[f32], &[f32], f32) -> Vec<f32>;

struct Input {
    x: Vec<f32>,
    weight: Vec<f32>,
    epsilon: f32,
}

/// Grades a function from a vector, weights of the same length and epsilon to the scaled vector.
pub fn rms_norm(answer: impl Fn(&[f32], &[f32], f32) -> Vec<f32> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WITHIN: f32 = 1e-5;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &RMS_NORM,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { x, weight, epsilon }| Near::new(answer(x, weight, *epsilon), WITHIN),
        call: |Input { x, weight, epsilon }| {
            let [x, weight] = [x, weight].map(|values| Near::new(values.clone(), 0.0).show());
            format!("rms_norm(&{x}, &{weight}, {epsilon:?})")
        },
        show: Near::show,
        diff: |_, expected, got| Near::diff(expected, got),
    };
    let ones = |n: usize| vec![1.0; n];
    let small = [
        (vec![2.0, 2.0], ones(2), 0.0),
        (vec![1.0, 3.0], ones(2), 0.0),
        (vec![-1.0, 7.0], ones(2), 0.0),
        (vec![1.0, 7.0], vec![3.0, 0.5], 0.0),
        (vec![3.0, 4.0, 0.0], vec![1.0, -1.0, 2.0], 1e-5),
        // Epsilon is as large as the mean of the squares.
        (vec![1.0, -1.0], ones(2), 1.0),
        (vec![0.001, -0.001], ones(2), 1e-6),
        // Zero stays zero, and is not NaN.
        (vec![0.0, 0.0], ones(2), 1e-5),
        (vec![5.0], vec![2.0], 1e-5),
    ];
    let mut seeded = Seeded::new(11);
    let mut numbers = |n: usize| -> Vec<f32> {
        (0..n).map(|_| seeded.below(2_001) as f32 / 500.0 - 2.0).collect()
    };
    let long = [64, 576].map(|n| (numbers(n), numbers(n), 1e-5));
    exam.sit(small.into_iter().chain(long).map(|(x, weight, epsilon)| {
        let input = Input { x, weight, epsilon };
        Case {
            expected: oracle(&input),
            input,
            why: "divide by the root of the mean of the squares plus epsilon, then multiply by the weights",
        }
    }))
}

fn oracle(Input { x, weight, epsilon }: &Input) -> Near {
    let squares: f64 = x.iter().map(|&x| f64::from(x).powi(2)).sum();
    let root = (squares / x.len() as f64 + f64::from(*epsilon)).sqrt();
    let scaled = x.iter().zip(weight).map(|(&x, &w)| (f64::from(x) / root * f64::from(w)) as f32);
    Near::new(scaled.collect(), WITHIN)
}

/// Every flaw in one place: the vector, what is added to its numbers, and what divides them.
fn scaled(x: &[f32], weight: &[f32], by: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let squares: f32 = x.iter().map(|x| x * x).sum();
    let by = by(squares, x.len() as f32);
    x.iter().zip(weight).map(|(x, w)| x / by * w).collect()
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "epsilon_outside",
        belief: "you added epsilon to the root; it belongs below the root, to the mean of the squares",
        answer: &|x, weight, epsilon| {
            scaled(x, weight, |squares, n| (squares / n).sqrt() + epsilon)
        },
    },
    Wrong {
        id: "no_epsilon",
        belief: "you left epsilon out; a vector of zeros becomes NaN, and NaN spreads to every later token",
        answer: &|x, weight, _| scaled(x, weight, |squares, n| (squares / n).sqrt()),
    },
    Wrong {
        id: "sum_for_mean",
        belief: "you took the sum of the squares for their mean",
        answer: &|x, weight, epsilon| scaled(x, weight, |squares, _| (squares + epsilon).sqrt()),
    },
    Wrong {
        id: "no_root",
        belief: "you divided by the mean of the squares; its root is missing",
        answer: &|x, weight, epsilon| scaled(x, weight, |squares, n| squares / n + epsilon),
    },
    Wrong {
        id: "no_weight",
        belief: "you left the weights out",
        answer: &|x, _, epsilon| {
            scaled(x, &vec![1.0; x.len()], |squares, n| (squares / n + epsilon).sqrt())
        },
    },
    Wrong {
        id: "one_plus_weight",
        belief: "you multiplied by 1 + weight, as Gemma does; a Llama's weights are the factors themselves",
        answer: &|x, weight, epsilon| {
            let weight: Vec<f32> = weight.iter().map(|w| 1.0 + w).collect();
            scaled(x, &weight, |squares, n| (squares / n + epsilon).sqrt())
        },
    },
    Wrong {
        id: "layer_norm",
        belief: "you took the mean away first: that is LayerNorm; RMSNorm leaves it",
        answer: &|x, weight, epsilon| {
            let mean = x.iter().sum::<f32>() / x.len() as f32;
            let x: Vec<f32> = x.iter().map(|x| x - mean).collect();
            scaled(&x, weight, |squares, n| (squares / n + epsilon).sqrt())
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
