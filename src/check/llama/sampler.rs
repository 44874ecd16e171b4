//! Check `llama.sampler`: penalty, top-k, top-p, temperature, draw.
//!
//! The answer is one id, so the cases are made such that beliefs part: each random number lies in the
//! middle of a token's share. The oracle computes in `f64`; where a sum comes so near to a limit that
//! rounding would decide, the case is left out.
//!
//! Longer than most files here, since the flaws read best beside the oracle that each of them departs from.

use crate::check::cases::Seeded;
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::SAMPLER;

type Answer = dyn Fn(&[f32], &[u32], f32, usize, f32, f32, f32) -> u32;

#[derive(Clone)]
struct Input {
    logits: Vec<f32>,
    recent: Vec<u32>,
    penalty: f32,
    top_k: usize,
    top_p: f32,
    temperature: f32,
    u: f32,
}

/// Grades a function from logits, recent tokens, settings and a random number to the token drawn.
pub fn sampler(
    answer: impl Fn(&[f32], &[u32], f32, usize, f32, f32, f32) -> u32 + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &SAMPLER,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input: &Input| {
            let Input { logits, recent, penalty, top_k, top_p, temperature, u } = input;
            answer(logits, recent, *penalty, *top_k, *top_p, *temperature, *u)
        },
        call: |Input { logits, recent, penalty, top_k, top_p, temperature, u }| {
            let logits = Near::new(logits.clone(), 0.0).show();
            format!(
                "sampler(&{logits}, &{recent:?}, {penalty:?}, {top_k}, {top_p:?}, {temperature:?}, {u:?})"
            )
        },
        show: u32::to_string,
        diff: |input, expected, got| {
            let right = right(input);
            let Input { penalty, top_k, top_p, temperature, u, .. } = input;
            let mut lines = vec![format!(
                "penalty {penalty}, top_k {top_k}, top_p {top_p}, temperature {temperature}, u {u}"
            )];
            if input.temperature > 0.0 {
                let share = |&(id, share): &(u32, f64)| format!("{id} with {share:.4}");
                let shares: Vec<String> = right.shares.iter().take(8).map(share).collect();
                let more = if right.shares.len() > 8 { ", …" } else { "" };
                lines.push(format!("in the draw: {}{more}", shares.join(", ")));
                let sum = |id: u32| -> f64 {
                    right
                        .shares
                        .iter()
                        .filter(|(other, _)| *other <= id)
                        .map(|(_, share)| share)
                        .sum()
                };
                lines.push(format!(
                    "with token {expected} the sum is {:.4}, above u",
                    sum(*expected)
                ));
            }
            if *got as usize >= input.logits.len() {
                lines.push(format!(
                    "token {got} does not exist: ids go up to {}",
                    input.logits.len() - 1
                ));
            } else if input.temperature > 0.0 && right.shares.iter().all(|(id, _)| id != got) {
                lines.push(format!("token {got} should be out of the draw"));
            }
            lines
        },
    };
    exam.sit(cases().map(|(input, why)| Case { expected: right(&input).drawn, input, why }))
}

const DRAW: &str =
    "walk by ascending id; the first token with which the sum of probabilities is above `u`";
const GREEDY: &str = "temperature 0 takes the highest logit, of equal ones the lowest id";
const TOP_K: &str = "the `top_k` highest logits stay, of equal ones the lower ids; 0 keeps all";
const TOP_P: &str = "probabilities of what top-k left; from the most probable down, until their sum is `top_p` or more";
const TEMPERATURE: &str = "temperature divides the logits of what is left, after top-k and top-p";
const PENALTY: &str =
    "once for each token in `recent`: divide a logit above 0, multiply another one";
const LARGE: &str = "take the highest logit away before `exp`; else large ones become infinite";

fn cases() -> impl Iterator<Item = (Input, &'static str)> {
    let none = Input {
        logits: vec![],
        recent: vec![],
        penalty: 1.0,
        top_k: 0,
        top_p: 1.0,
        temperature: 1.0,
        u: 0.0,
    };
    let plain = |logits: &[f32], u: f32| Input { logits: logits.to_vec(), u, ..none.clone() };
    // Probabilities 0.1, 0.3, 0.6.
    let ten = |tenths: &[f32]| -> Vec<f32> { tenths.iter().map(|tenth| tenth.ln()).collect() };
    let three = ten(&[1.0, 3.0, 6.0]);
    let never = f32::NEG_INFINITY;

    let mut cases = vec![
        (plain(&[0.0], 0.5), DRAW),
        (plain(&[0.0, 0.0], 0.25), DRAW),
        (plain(&[0.0, 0.0], 0.75), DRAW),
        // The sum is u here, and has to be above.
        (plain(&[0.0, 0.0], 0.5), DRAW),
        (plain(&three, 0.05), DRAW),
        (plain(&three, 0.25), DRAW),
        (plain(&three, 0.75), DRAW),
        (plain(&[never, 0.0], 0.0), DRAW),
        (plain(&[-5.0, -5.0 + 3_f32.ln()], 0.5), DRAW),
    ];
    let greedy = |logits: &[f32]| Input { temperature: 0.0, ..plain(logits, 0.9) };
    cases.extend([
        (greedy(&[1.0, 3.0, 2.0]), GREEDY),
        (greedy(&[1.0, 3.0, 3.0]), GREEDY),
        (greedy(&[-2.0, -1.0]), GREEDY),
    ]);
    let top_k = |logits: &[f32], top_k, u| Input { top_k, ..plain(logits, u) };
    cases.extend([
        (top_k(&three, 2, 0.2), TOP_K),
        (top_k(&three, 2, 0.5), TOP_K),
        (top_k(&three, 1, 0.05), TOP_K),
        (top_k(&three, 3, 0.05), TOP_K),
        (top_k(&three, 9, 0.05), TOP_K),
        // What is left adds up to 1 again: two thirds and a third.
        (top_k(&ten(&[6.0, 3.0, 1.0]), 2, 0.64), TOP_K),
        // Two of four equal ones: the first two.
        (top_k(&[0.0, 0.0, 0.0, 0.0], 2, 0.3), TOP_K),
        (top_k(&[1.0, 2.0, 2.0, 2.0], 2, 0.99), TOP_K),
    ]);
    let top_p = |logits: &[f32], top_p, u| Input { top_p, ..plain(logits, u) };
    cases.extend([
        (top_p(&three, 0.5, 0.05), TOP_P),
        // 0.6 does not reach 0.8; with 0.3 it does.
        (top_p(&three, 0.8, 0.2), TOP_P),
        (top_p(&three, 0.8, 0.5), TOP_P),
        (top_p(&three, 0.95, 0.05), TOP_P),
        // One of two equal ones reaches 0.5.
        (top_p(&[0.0, 0.0], 0.5, 0.9), TOP_P),
        (top_p(&[0.0, 0.0, 0.0, 0.0], 0.5, 0.9), TOP_P),
        (top_p(&three, 0.001, 0.9), TOP_P),
        // Of what top-k left, 0.7 is 5 of 7 and not 5 of 10.
        (Input { top_k: 2, ..top_p(&ten(&[3.0, 2.0, 5.0]), 0.6, 0.1) }, TOP_P),
    ]);
    let hot = |logits: &[f32], temperature, u| Input { temperature, ..plain(logits, u) };
    cases.extend([
        (hot(&[0.0, 2_f32.ln(), 8_f32.ln()], 0.5, 0.15), TEMPERATURE),
        (hot(&[0.0, 4_f32.ln()], 2.0, 0.3), TEMPERATURE),
        // At temperature 4 the two would share 0.57 and 0.43, and top-p would keep both.
        (Input { top_p: 0.7, ..hot(&ten(&[1.0, 3.0]), 4.0, 0.2) }, TEMPERATURE),
        (Input { top_p: 0.7, ..hot(&ten(&[4.0, 6.0]), 0.1, 0.01) }, TEMPERATURE),
    ]);
    let penalty = |logits: &[f32], recent: &[u32], penalty| Input {
        recent: recent.to_vec(),
        penalty,
        ..greedy(logits)
    };
    cases.extend([
        // Equal after the penalty.
        (Input { temperature: 1.0, u: 0.9, ..penalty(&[1.0, 2.0, 1.0], &[1], 2.0) }, PENALTY),
        (Input { temperature: 1.0, u: 0.25, ..penalty(&[1.0, 2.0, 1.0], &[1], 2.0) }, PENALTY),
        (penalty(&[2.0, 3.0], &[1], 2.0), PENALTY),
        (penalty(&[-2.0, -3.0], &[0], 2.0), PENALTY),
        // Twice in `recent` counts once: 3 / 2 stays above 1.
        (penalty(&[1.0, 3.0], &[1, 1], 2.0), PENALTY),
        (penalty(&[2.0, 3.0, 1.0], &[2, 0], 2.0), PENALTY),
        (penalty(&[2.0, 3.0], &[], 2.0), PENALTY),
        // The penalty comes first: token 1 is not among the two best any more.
        (Input { top_k: 1, temperature: 1.0, ..penalty(&[2.0, 3.0], &[1], 2.0) }, PENALTY),
        (
            Input { top_p: 0.5, temperature: 1.0, u: 0.1, ..penalty(&[2.0, 3.0], &[1], 2.0) },
            PENALTY,
        ),
    ]);
    cases.extend([
        (plain(&[1_000.0, 1_000.0], 0.25), LARGE),
        (plain(&[-1_000.0, -1_000.0], 0.25), LARGE),
        (top_p(&[500.0, 400.0, 500.0], 0.9, 0.25), LARGE),
        (hot(&[80.0, 80.0], 0.01, 0.25), LARGE),
    ]);

    let mut seeded = Seeded::new(23);
    let mut random = Vec::new();
    while random.len() < 160 {
        let n = [3, 5, 12, 40][random.len() % 4];
        let coarse = seeded.below(2) == 0;
        let mut logit = || match seeded.below(12) {
            0 => never,
            _ if coarse => seeded.below(9) as f32 - 4.0,
            _ => seeded.below(20_001) as f32 / 1_000.0 - 10.0,
        };
        let mut logits: Vec<f32> = (0..n).map(|_| logit()).collect();
        logits[0] = 0.5;
        let input = Input {
            logits,
            recent: seeded.sequence(5, n),
            penalty: [1.0, 1.1, 2.0][seeded.below(3) as usize],
            top_k: [0, 1, 5, 40][seeded.below(4) as usize],
            top_p: [1.0, 0.95, 0.8, 0.3][seeded.below(4) as usize],
            temperature: [0.0, 0.7, 1.0, 2.0][seeded.below(4) as usize],
            u: seeded.below(1_000) as f32 / 1_000.0,
        };
        if right(&input).margin > 1e-4 {
            random.push((input, "all five steps, in their order"));
        }
    }
    cases.into_iter().chain(random)
}

struct Right {
    drawn: u32,
    /// What is in the draw, by ascending id.
    shares: Vec<(u32, f64)>,
    /// How far a sum stayed from a limit, at least. Equal logits in small numbers add up exactly.
    margin: f64,
}

/// The laws over the whole vocabulary: a flag a token says whether it is left.
fn right(input: &Input) -> Right {
    let n = input.logits.len();
    let mut logits: Vec<f64> = input.logits.iter().map(|&logit| f64::from(logit)).collect();
    for (id, logit) in logits.iter_mut().enumerate() {
        if input.recent.iter().any(|&recent| recent as usize == id) {
            let penalty = f64::from(input.penalty);
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }
    let mut left = vec![true; n];
    // Where rounding to `f32` could decide which of two is better, the case is no good.
    let mut sorted: Vec<f64> = logits.iter().copied().filter(|logit| logit.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let gaps = sorted.windows(2).map(|two| two[1] - two[0]).filter(|&gap| gap > 0.0);
    let mut margin = gaps.fold(f64::INFINITY, f64::min);
    // The best of those that `open` has: the first of the highest.
    let best = |open: &[bool]| -> Option<usize> {
        let open = (0..n).filter(|&id| open[id]);
        open.fold(None, |best, id| match best {
            Some(best) if logits[best] >= logits[id] => Some(best),
            _ => Some(id),
        })
    };
    let ids = |left: &[bool]| -> Vec<usize> { (0..n).filter(|&id| left[id]).collect() };
    let shares = |left: &[bool], temperature: f64| -> Vec<(usize, f64)> {
        let highest = best(left).map_or(0.0, |id| logits[id]);
        let weight = |id: usize| ((logits[id] - highest) / temperature).exp();
        let total: f64 = ids(left).into_iter().map(weight).sum();
        ids(left).into_iter().map(|id| (id, weight(id) / total)).collect()
    };
    if input.temperature == 0.0 {
        let drawn = best(&left).unwrap_or(0) as u32;
        return Right { drawn, shares: Vec::new(), margin };
    }
    // The order in which top-k and top-p take tokens.
    let mut order = Vec::new();
    let mut open = left.clone();
    while let Some(id) = best(&open) {
        open[id] = false;
        order.push(id);
        if order.len() == input.top_k {
            break;
        }
    }
    left = (0..n).map(|id| order.contains(&id)).collect();
    if input.top_p < 1.0 {
        let top_p = f64::from(input.top_p);
        let probabilities = shares(&left, 1.0);
        let share = |id: usize| {
            probabilities.iter().find(|(other, _)| *other == id).map_or(0.0, |found| found.1)
        };
        let (mut sum, mut kept) = (0.0, 0);
        for &id in &order {
            sum += share(id);
            kept += 1;
            margin = margin.min((sum - top_p).abs());
            if sum >= top_p {
                break;
            }
        }
        order.truncate(kept);
        left = (0..n).map(|id| order.contains(&id)).collect();
    }
    let shares = shares(&left, f64::from(input.temperature));
    let (mut sum, mut drawn) = (0.0, None);
    for &(id, share) in &shares {
        sum += share;
        margin = margin.min((sum - f64::from(input.u)).abs());
        if drawn.is_none() && sum > f64::from(input.u) {
            drawn = Some(id as u32);
        }
    }
    let shares = shares.into_iter().map(|(id, share)| (id as u32, share)).collect();
    Right { drawn: drawn.unwrap_or(0), shares, margin }
}

/// Every flaw in one sampler, in `f32`.
#[derive(Clone, Copy)]
struct Flawed {
    penalty: Penalty,
    penalty_late: bool,
    top_k: TopK,
    top_p: TopP,
    temperature_first: bool,
    temperature: fn(f32, f32) -> f32,
    greedy: Greedy,
    draw: Draw,
    no_max: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Penalty {
    Right,
    AlwaysDivides,
    EachTime,
    Reversed,
    None,
}

#[derive(Clone, Copy, PartialEq)]
enum TopK {
    Right,
    KeepsEqual,
    HigherIds,
    ZeroIsNone,
}

#[derive(Clone, Copy, PartialEq)]
enum TopP {
    Right,
    WithoutCrossing,
    UntilAbove,
    OfAllTokens,
}

#[derive(Clone, Copy, PartialEq)]
enum Greedy {
    Right,
    LastOfEqual,
    Divides,
}

#[derive(Clone, Copy, PartialEq)]
enum Draw {
    Right,
    AtLeast,
    ByProbability,
    NotRenormalised,
}

const RIGHT: Flawed = Flawed {
    penalty: Penalty::Right,
    penalty_late: false,
    top_k: TopK::Right,
    top_p: TopP::Right,
    temperature_first: false,
    temperature: |logit, temperature| logit / temperature,
    greedy: Greedy::Right,
    draw: Draw::Right,
    no_max: false,
};

impl Flawed {
    fn softmax(self, logits: &[f32]) -> Vec<f32> {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let highest = if self.no_max { 0.0 } else { highest };
        let weights: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
        let sum: f32 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    fn penalise(self, kept: &mut [(u32, f32)], recent: &[u32], penalty: f32) {
        for (id, logit) in kept {
            let times = recent.iter().filter(|&recent| recent == id).count();
            let times = match self.penalty {
                Penalty::None => 0,
                Penalty::EachTime => times,
                _ => times.min(1),
            };
            for _ in 0..times {
                let divides = match self.penalty {
                    Penalty::AlwaysDivides => true,
                    Penalty::Reversed => *logit <= 0.0,
                    _ => *logit > 0.0,
                };
                *logit = if divides { *logit / penalty } else { *logit * penalty };
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the stage's, and the flaws")]
    fn draw(
        self,
        logits: &[f32],
        recent: &[u32],
        penalty: f32,
        top_k: usize,
        top_p: f32,
        temperature: f32,
        u: f32,
    ) -> u32 {
        let mut kept: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();
        if !self.penalty_late || temperature == 0.0 {
            self.penalise(&mut kept, recent, penalty);
        }
        if self.greedy != Greedy::Divides && temperature == 0.0 {
            let last = self.greedy == Greedy::LastOfEqual;
            let better = |a: f32, b: f32| if last { b >= a } else { b > a };
            let best = kept.iter().copied().reduce(|a, b| if better(a.1, b.1) { b } else { a });
            return best.map_or(0, |(id, _)| id);
        }
        if self.temperature_first {
            kept.iter_mut().for_each(|(_, logit)| *logit /= temperature);
        }
        if self.top_k == TopK::HigherIds {
            kept.reverse();
        }
        kept.sort_by(|a, b| b.1.total_cmp(&a.1));
        let all = self.softmax(&kept.iter().map(|&(_, logit)| logit).collect::<Vec<_>>());
        match self.top_k {
            TopK::ZeroIsNone => kept.truncate(top_k),
            TopK::KeepsEqual if top_k > 0 && top_k < kept.len() => {
                let least = kept[top_k - 1].1;
                kept.retain(|&(_, logit)| logit >= least);
            }
            _ if top_k > 0 => kept.truncate(top_k),
            _ => {}
        }
        if top_p < 1.0 {
            let probabilities = match self.top_p {
                TopP::OfAllTokens => all.clone(),
                _ => self.softmax(&kept.iter().map(|&(_, logit)| logit).collect::<Vec<_>>()),
            };
            let mut sum = 0.0;
            let reached = probabilities.iter().take(kept.len()).position(|probability| {
                sum += probability;
                if self.top_p == TopP::UntilAbove { sum > top_p } else { sum >= top_p }
            });
            let most = match reached {
                Some(last) if self.top_p == TopP::WithoutCrossing => last.max(1),
                Some(last) => last + 1,
                None => kept.len(),
            };
            kept.truncate(most);
        }
        let probabilities_before = all;
        if self.penalty_late {
            self.penalise(&mut kept, recent, penalty);
        }
        let by_probability: Vec<(u32, f32)> = kept.clone();
        if self.draw != Draw::ByProbability {
            kept.sort_by_key(|&(id, _)| id);
        }
        let scaled = kept.iter().map(|&(_, logit)| match self.temperature_first {
            true => logit,
            false => (self.temperature)(logit, temperature),
        });
        let mut probabilities = self.softmax(&scaled.collect::<Vec<_>>());
        if self.draw == Draw::NotRenormalised {
            // What the softmax over all tokens said, with the filtered ones gone.
            let before = |id: u32| by_probability.iter().position(|&(other, _)| other == id);
            let before = |id: u32| before(id).map_or(0.0, |at| probabilities_before[at]);
            probabilities = kept.iter().map(|&(id, _)| before(id)).collect();
        }
        let mut sum = 0.0;
        let drawn = probabilities.into_iter().position(|probability| {
            sum += probability;
            if self.draw == Draw::AtLeast { sum >= u } else { sum > u }
        });
        kept[drawn.unwrap_or(kept.len() - 1)].0
    }
}

macro_rules! wrong {
    ($id:literal, $belief:literal, $flaw:expr) => {
        Wrong {
            id: $id,
            belief: $belief,
            answer: &|logits, recent, penalty, top_k, top_p, temperature, u| {
                $flaw.draw(logits, recent, penalty, top_k, top_p, temperature, u)
            },
        }
    };
}

const WRONG: &[Wrong<Answer>] = &[
    wrong!(
        "at_least",
        "you drew the first token with which the sum is at least `u`; it has to be above, else `u` = 0 draws a token of probability 0",
        Flawed { draw: Draw::AtLeast, ..RIGHT }
    ),
    wrong!(
        "by_probability",
        "you walked from the most probable token down in the draw; walk by ascending id",
        Flawed { draw: Draw::ByProbability, ..RIGHT }
    ),
    wrong!(
        "not_renormalised",
        "you drew with the probabilities of before the filters; those of what is left have to add up to 1 again",
        Flawed { draw: Draw::NotRenormalised, ..RIGHT }
    ),
    wrong!(
        "last_of_equal",
        "of equal logits you took the last (`max_by` does); the lowest id counts",
        Flawed { greedy: Greedy::LastOfEqual, ..RIGHT }
    ),
    wrong!(
        "divides_by_zero",
        "you divided by a temperature of 0, which makes NaN; 0 takes the highest logit",
        Flawed { greedy: Greedy::Divides, ..RIGHT }
    ),
    wrong!(
        "top_k_zero",
        "you kept nothing at `top_k` 0; it keeps all",
        Flawed { top_k: TopK::ZeroIsNone, ..RIGHT }
    ),
    wrong!(
        "top_k_keeps_equal",
        "you kept all tokens as good as the k-th; exactly `top_k` stay, of equal ones the lower ids",
        Flawed { top_k: TopK::KeepsEqual, ..RIGHT }
    ),
    wrong!(
        "top_k_higher_ids",
        "of equal logits you preferred the higher ids; the lower ones stay",
        Flawed { top_k: TopK::HigherIds, ..RIGHT }
    ),
    wrong!(
        "top_p_without_crossing",
        "you left out the token that reaches `top_p`; it stays, so at least one always does",
        Flawed { top_p: TopP::WithoutCrossing, ..RIGHT }
    ),
    wrong!(
        "top_p_until_above",
        "you went on until the sum was above `top_p`; `top_p` itself is enough",
        Flawed { top_p: TopP::UntilAbove, ..RIGHT }
    ),
    wrong!(
        "top_p_of_all",
        "you gave top-p the probabilities among all tokens; it is those among what top-k left",
        Flawed { top_p: TopP::OfAllTokens, ..RIGHT }
    ),
    wrong!(
        "temperature_first",
        "you applied the temperature before top-p; here it comes last, so that it does not change which tokens are in the draw",
        Flawed { temperature_first: true, ..RIGHT }
    ),
    wrong!(
        "temperature_multiplies",
        "you multiplied by the temperature; divide by it, so that a high one evens the logits out",
        Flawed { temperature: |logit, temperature| logit * temperature, ..RIGHT }
    ),
    wrong!(
        "no_temperature",
        "you left the temperature out",
        Flawed { temperature: |logit, _| logit, ..RIGHT }
    ),
    wrong!(
        "penalty_always_divides",
        "you divided a negative logit by the penalty, which raises it; multiply it",
        Flawed { penalty: Penalty::AlwaysDivides, ..RIGHT }
    ),
    wrong!(
        "penalty_each_time",
        "you applied the penalty for each occurrence; it is once a token",
        Flawed { penalty: Penalty::EachTime, ..RIGHT }
    ),
    wrong!(
        "penalty_reversed",
        "you raised what occurred lately; a logit above 0 is divided, another one multiplied",
        Flawed { penalty: Penalty::Reversed, ..RIGHT }
    ),
    wrong!(
        "penalty_late",
        "you applied the penalty after top-k and top-p; it comes first, and may take a token out of the draw",
        Flawed { penalty_late: true, ..RIGHT }
    ),
    wrong!("no_penalty", "you left the penalty out", Flawed { penalty: Penalty::None, ..RIGHT }),
    wrong!(
        "no_max",
        "you took `exp` of the logits as they are; of large ones it is infinite, and infinity by infinity is NaN",
        Flawed { no_max: true, ..RIGHT }
    ),
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
