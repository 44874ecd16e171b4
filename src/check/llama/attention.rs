//! Check `llama.attention`: shares of the values of all positions so far, head by head.
//!
//! The oracle is the formula in `f64`, a head and a position at a time. One head with one number comes
//! first; then the scale, then heads that share keys, then scores beyond what `exp` can hold.

use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::ATTENTION;

type Answer = dyn Fn(&[f32], &[f32], &[f32], usize, usize, usize) -> Vec<f32>;

struct Input {
    query: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    heads: usize,
    kv_heads: usize,
    position: usize,
}

/// Grades a function from a query, keys, values, the numbers of heads of both and a position to the
/// mixed values.
pub fn attention(
    answer: impl Fn(&[f32], &[f32], &[f32], usize, usize, usize) -> Vec<f32> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

const WITHIN: f32 = 1e-4;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &ATTENTION,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { query, keys, values, heads, kv_heads, position }| {
            Near::new(answer(query, keys, values, *heads, *kv_heads, *position), WITHIN)
        },
        call: |Input { query, keys, values, heads, kv_heads, position }| {
            let [query, keys, values] =
                [query, keys, values].map(|numbers| Near::new(numbers.clone(), 0.0).show());
            format!("attention(&{query}, &{keys}, &{values}, {heads}, {kv_heads}, {position})")
        },
        show: Near::show,
        diff: |_, expected, got| Near::diff(expected, got),
    };
    let cases =
        one_number().chain(one_head()).chain(several_heads()).chain(extreme()).chain(long());
    exam.sit(cases.map(|(input, why)| Case { expected: oracle(&input), input, why }))
}

const LAW: &str = "the shares are the softmax of query · key / sqrt(d) over the positions 0 ..= position, \
                   and mix the values";
const GROUPS: &str = "heads form groups of heads / kv_heads neighbours, and each group shares one head of \
                      keys and values";
const LARGE: &str = "softmax is the same after the largest score is taken from all; then no `exp` \
                     overflows, and not all are 0";

type Given = (Input, &'static str);

/// One head of one number: four rows that tell most beliefs apart, then one to three rows, exhausted.
fn one_number() -> impl Iterator<Item = Given> {
    let input = |keys: &[u32], position: usize| Input {
        query: vec![2.0],
        keys: keys.iter().map(|&key| key as f32).collect(),
        values: [10.0, 20.0, 40.0, 80.0][..keys.len()].to_vec(),
        heads: 1,
        kv_heads: 1,
        position,
    };
    let first = [input(&[1], 0), input(&[1, 2, 0, 1], 1), input(&[1, 2, 0, 1], 0)];
    let all = sequences(3, 3).flat_map(move |keys| {
        (0..keys.len()).map(move |position| input(&keys, position)).collect::<Vec<_>>()
    });
    first.into_iter().chain(all).map(|input| (input, LAW))
}

fn one_head() -> impl Iterator<Item = Given> {
    let mut seeded = Seeded::new(13);
    [(4, 1, 0), (4, 2, 1), (4, 3, 1), (16, 5, 4)]
        .into_iter()
        .map(move |(d, rows, position)| (random(&mut seeded, [1, 1, d], rows, position, 1.0), LAW))
}

fn several_heads() -> impl Iterator<Item = Given> {
    let mut seeded = Seeded::new(14);
    [
        ([6, 2, 1], 1, 0),
        ([2, 2, 2], 1, 0),
        ([2, 2, 2], 3, 2),
        ([2, 1, 2], 2, 1),
        ([4, 2, 2], 1, 0),
        ([4, 2, 2], 3, 1),
        ([6, 2, 4], 3, 2),
        ([9, 3, 8], 7, 5),
    ]
    .into_iter()
    .map(move |(shape, rows, position)| (random(&mut seeded, shape, rows, position, 1.0), GROUPS))
}

fn extreme() -> impl Iterator<Item = Given> {
    let one = |key: [f32; 2]| Input {
        query: vec![1.0],
        keys: key.to_vec(),
        values: vec![10.0, 20.0],
        heads: 1,
        kv_heads: 1,
        position: 1,
    };
    [[100.0, 101.0], [-200.0, -201.0], [0.0, -300.0], [-150.0, 150.0]]
        .into_iter()
        .map(move |keys| (one(keys), LARGE))
}

fn long() -> impl Iterator<Item = Given> {
    let mut seeded = Seeded::new(15);
    [([3, 1, 64], 33, 31, 1.0), ([9, 3, 64], 20, 19, 2.0)].into_iter().map(
        move |(shape, rows, position, size)| {
            (random(&mut seeded, shape, rows, position, size), LAW)
        },
    )
}

/// Numbers between `-size` and `size`.
fn random(
    seeded: &mut Seeded,
    [heads, kv_heads, d]: [usize; 3],
    rows: usize,
    position: usize,
    size: f32,
) -> Input {
    let mut numbers = |n: usize| -> Vec<f32> {
        (0..n).map(|_| (seeded.below(201) as f32 / 100.0 - 1.0) * size).collect()
    };
    let [query, keys, values] =
        [heads * d, rows * kv_heads * d, rows * kv_heads * d].map(&mut numbers);
    Input { query, keys, values, heads, kv_heads, position }
}

fn oracle(Input { query, keys, values, heads, kv_heads, position }: &Input) -> Near {
    let d = query.len() / heads;
    let at = |rows: &[f32], t: usize, head: usize, i: usize| {
        f64::from(rows[(t * kv_heads + head / (heads / kv_heads)) * d + i])
    };
    let mut out = Vec::new();
    for head in 0..*heads {
        let product = |t: usize| -> f64 {
            (0..d).map(|i| f64::from(query[head * d + i]) * at(keys, t, head, i)).sum()
        };
        let scores: Vec<f64> = (0..=*position).map(|t| product(t) / (d as f64).sqrt()).collect();
        // `f64` holds exp(700); the cases stay below half of that.
        let total: f64 = scores.iter().map(|score| score.exp()).sum();
        for i in 0..d {
            let mixed = (0..=*position).map(|t| scores[t].exp() / total * at(values, t, head, i));
            out.push(mixed.sum::<f64>() as f32);
        }
    }
    Near::new(out, WITHIN)
}

/// Attention with one flaw, or none.
#[derive(Clone, Copy)]
struct Flawed {
    /// What divides a product, from `d` and the number of heads.
    scale: fn(f32, f32) -> f32,
    /// How many rows count, from the position and the number of rows.
    seen: fn(usize, usize) -> usize,
    /// The head of keys, from the head, the number of heads and of heads of keys.
    map: fn(usize, usize, usize) -> usize,
    /// Scores to shares.
    shares: fn(&[f32]) -> Vec<f32>,
    /// Whether scores are divided by their sum over the heads.
    over_heads: bool,
    mixes_keys: bool,
    /// Whether the future's scores are 0 in place of no scores.
    masks_with_zero: bool,
}

const RIGHT: Flawed = Flawed {
    scale: |d, _| d.sqrt(),
    seen: |position, _| position + 1,
    map: |head, heads, kv_heads| head / (heads / kv_heads),
    shares: |scores| softmax(scores, scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
    over_heads: false,
    mixes_keys: false,
    masks_with_zero: false,
};

fn softmax(scores: &[f32], minus: f32) -> Vec<f32> {
    let shares: Vec<f32> = scores.iter().map(|score| (score - minus).exp()).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

impl Flawed {
    fn attend(
        self,
        query: &[f32],
        keys: &[f32],
        values: &[f32],
        [heads, kv_heads, position]: [usize; 3],
    ) -> Vec<f32> {
        let d = query.len() / heads;
        let width = kv_heads * d;
        let rows = keys.len() / width;
        let seen = if self.masks_with_zero { rows } else { (self.seen)(position, rows).min(rows) };
        let part = |head: usize, t: usize| {
            let from = t * width + (self.map)(head, heads, kv_heads) * d;
            from..from + d
        };
        let mut scores: Vec<Vec<f32>> = Vec::new();
        for head in 0..heads {
            let query = &query[head * d..][..d];
            let score = |t: usize| {
                if self.masks_with_zero && t > position {
                    return 0.0;
                }
                let product: f32 = query.iter().zip(&keys[part(head, t)]).map(|(q, k)| q * k).sum();
                product / (self.scale)(d as f32, heads as f32)
            };
            scores.push((0..seen).map(score).collect());
        }
        let shares: Vec<Vec<f32>> = if self.over_heads {
            let columns = (0..seen)
                .map(|t| (self.shares)(&scores.iter().map(|head| head[t]).collect::<Vec<_>>()));
            let columns: Vec<Vec<f32>> = columns.collect();
            (0..heads).map(|head| columns.iter().map(|column| column[head]).collect()).collect()
        } else {
            scores.iter().map(|scores| (self.shares)(scores)).collect()
        };
        let mixed = if self.mixes_keys { keys } else { values };
        let mut out = vec![0.0; query.len()];
        for head in 0..heads {
            for (t, share) in shares[head].iter().enumerate() {
                for (out, value) in out[head * d..][..d].iter_mut().zip(&mixed[part(head, t)]) {
                    *out += share * value;
                }
            }
        }
        out
    }
}

macro_rules! flawed {
    ($($field:ident: $value:expr),*) => {
        &|query, keys, values, heads, kv_heads, position| {
            Flawed { $($field: $value,)* ..RIGHT }.attend(query, keys, values, [heads, kv_heads, position])
        }
    };
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "future_leak",
        belief: "you let a token see the rows after its own position; in training it never could",
        answer: flawed!(seen: |_, rows| rows),
    },
    Wrong {
        id: "masks_with_zero",
        belief: "you gave the future a score of 0; exp(0) is 1, so it still gets a share",
        answer: flawed!(masks_with_zero: true),
    },
    Wrong {
        id: "not_itself",
        belief: "you left the token's own row out; the range is 0 ..= position",
        answer: flawed!(seen: |position, _| position),
    },
    Wrong {
        id: "one_too_many",
        belief: "you let it see one row after its own; the range ends with `position`",
        answer: flawed!(seen: |position, _| position + 2),
    },
    Wrong {
        id: "no_scale",
        belief: "you left the division by sqrt(d) out",
        answer: flawed!(scale: |_, _| 1.0),
    },
    Wrong {
        id: "scale_by_d",
        belief: "you divided by d; it is the root of d",
        answer: flawed!(scale: |d, _| d),
    },
    Wrong {
        id: "scale_of_all_heads",
        belief: "you took the root of the whole query's length; d is the length of one head",
        answer: flawed!(scale: |d, heads| (d * heads).sqrt()),
    },
    Wrong {
        id: "no_maximum",
        belief: "you left the largest score in; exp(101) is infinite, and infinity / infinity is NaN",
        answer: flawed!(shares: |scores| softmax(scores, 0.0)),
    },
    Wrong {
        id: "maximum_from_zero",
        belief: "your search for the largest score begins at 0; where all are far below, every exp is 0, \
                 and 0 / 0 is NaN",
        answer: flawed!(shares: |scores| softmax(scores, scores.iter().copied().fold(0.0, f32::max))),
    },
    Wrong {
        id: "shares_of_scores",
        belief: "you divided the scores by their sum; softmax takes `exp` of each first",
        answer: flawed!(shares: |scores| {
            let sum: f32 = scores.iter().sum();
            scores.iter().map(|score| score / sum).collect()
        }),
    },
    Wrong {
        id: "shares_without_sum",
        belief: "you did not divide by the sum; shares add up to 1",
        answer: flawed!(shares: |scores| {
            let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.iter().map(|score| (score - largest).exp()).collect()
        }),
    },
    Wrong {
        id: "softmax_over_heads",
        belief: "your shares add up to 1 over the heads; they do over the positions, in each head",
        answer: flawed!(over_heads: true),
    },
    Wrong {
        id: "mixes_keys",
        belief: "you mixed the keys; keys decide the shares, values are what is mixed",
        answer: flawed!(mixes_keys: true),
    },
    Wrong {
        id: "head_modulo",
        belief: "you gave head h the keys of head h % kv_heads; neighbours share: h / (heads / kv_heads)",
        answer: flawed!(map: |head, _, kv_heads| head % kv_heads),
    },
    Wrong {
        id: "first_kv_head",
        belief: "every head reads the first head of keys",
        answer: flawed!(map: |_, _, _| 0),
    },
    Wrong {
        id: "divided_by_kv_heads",
        belief: "you gave head h the keys of head h / kv_heads; a group has heads / kv_heads members",
        answer: flawed!(map: |head, _, kv_heads| (head / kv_heads).min(kv_heads - 1)),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
