//! From logits to the next token: which tokens are in the draw, and the draw.
//!
//! # The order
//!
//! ```text
//! repeat penalty  ->  top-k  ->  top-p  ->  min-p  ->  temperature  ->  draw
//! ```
//!
//! That is the order of llama.cpp's default chain (`--samplers` in its server's documentation; we leave
//! out what is off there by default). Temperature comes last, so the filters judge the probabilities
//! that the model gave, and temperature does not change which tokens are in the draw. Hugging Face's
//! `transformers` applies it first; the same settings then let more tokens in at a temperature above 1.
//!
//! # The laws
//!
//! 1. **Repeat penalty** `r`: the logit of each token among the last `n` is divided by `r` if it is
//!    positive, and multiplied if it is not, so that it falls in both cases. Once a token, however often
//!    it occurs.
//! 2. **Top-k** keeps the `k` highest logits; of equal ones the lower ids.
//! 3. **Top-p** walks what is kept from the most probable one down and keeps until the sum reaches `p`,
//!    *with* the token that reaches it. So at least one is kept.
//! 4. **Min-p** keeps what has at least `m` times the probability of the most probable one.
//! 5. **Temperature** divides the logits; 0 takes the highest logit, of equal ones the lowest id, and
//!    no random number.
//! 6. **The draw** walks the kept tokens by ascending id and takes the first with which the sum of
//!    probabilities exceeds `u`, a random number from [0, 1).
//! 7. **The same logits and the same seed give the same tokens**, since the generator is ours
//!    ([`Random`]), and so is `exp`. One random number a token, whatever the settings, except for law 5.
//! 8. A logit of minus infinity is a token that must not come. NaN, infinity and logits that are all
//!    minus infinity are an error: something broke before, and any token would hide it.
//!
//! # The cost
//!
//! Nothing sorts the vocabulary. Top-k is one pass with a short list of the best so far. Top-p throws
//! probabilities into bins by logit, the best bin first: those before the bin in which the sum reaches `p`
//! are kept as they are, and that one bin is sorted. Min-p is a limit that is known once the best logit
//! is. What is left then is one `exp` a token, of our own: the standard library's would be most of the time,
//! and may differ in the last bit from machine to machine. Probabilities have 6 digits, as logits do.
//!
//! For 49,152 logits without top-k a draw takes 0.05 to 0.1 ms with temperature alone or min-p, and 0.2 to
//! 0.45 ms with top-p, the most where all tokens are nearly alike. Sorting as many as top-p keeps took 2 to 6 ms
//! (`sampler::tests::times`, the median of 200 draws, one core of two that were busy).

use std::fmt;

/// How to draw. The default is that of llama.cpp.
///
/// ```
/// use rust_for_ai::llama::sampler::{Sampler, Settings};
///
/// let mut greedy = Sampler::new(Settings { temperature: 0.0, ..Settings::default() })?;
/// assert_eq!(greedy.sample(&[0.5, 2.0, 2.0, -1.0], &[]), Ok(1));
/// let error = Sampler::new(Settings { top_p: 1.5, ..Settings::default() }).unwrap_err();
/// assert_eq!(error.to_string(), "top-p is 1.5, expected a number above 0, at most 1");
/// # Ok::<(), rust_for_ai::llama::sampler::SettingsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Divides the logits; 0 takes the best token each time.
    pub temperature: f32,
    /// How many tokens stay in the draw; 0 for all.
    pub top_k: usize,
    /// How much probability stays in the draw; 1 for all.
    pub top_p: f32,
    /// The least probability, as a share of the highest one; 0 for no limit.
    pub min_p: f32,
    /// Weakens tokens that occurred lately; 1 for not at all.
    pub repeat_penalty: f32,
    /// How many of the last tokens that concerns.
    pub repeat_last_n: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
            repeat_penalty: 1.0,
            repeat_last_n: 64,
            seed: 0,
        }
    }
}

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsError {
    /// Its name.
    pub setting: &'static str,
    /// What it may be.
    pub expected: &'static str,
    /// What it is.
    pub got: f32,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.setting, self.got, self.expected)
    }
}

impl std::error::Error for SettingsError {}

/// Logits that no token can be drawn from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogitsError {
    /// A logit is NaN or infinite.
    NotANumber {
        /// The token.
        id: usize,
        /// Its logit.
        got: f32,
    },
    /// There is no logit above minus infinity.
    NoToken {
        /// How many logits there are.
        logits: usize,
    },
}

impl fmt::Display for LogitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { id, got } => {
                write!(f, "the logit of token {id} is {got}, expected a finite number")
            }
            Self::NoToken { logits } => {
                write!(
                    f,
                    "none of the {logits} logits is above minus infinity, expected one or more"
                )
            }
        }
    }
}

impl std::error::Error for LogitsError {}

/// Draws tokens.
#[derive(Debug, Clone)]
pub struct Sampler {
    settings: Settings,
    random: Random,
    /// Room for the logits after the penalty.
    logits: Vec<f32>,
    /// Room for the tokens that are in the draw.
    kept: Vec<Candidate>,
    /// Room for how likely each of them is, as a multiple of the best one's probability.
    weights: Vec<f32>,
}

/// A token in the draw.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    logit: f32,
    id: u32,
}

/// The higher logit first, of equal ones the lower id. There are no NaNs here.
fn better_first(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    let by_logit = b.logit.partial_cmp(&a.logit).unwrap_or(std::cmp::Ordering::Equal);
    by_logit.then(a.id.cmp(&b.id))
}

impl Sampler {
    /// With these settings; the random numbers begin at the seed.
    ///
    /// # Errors
    ///
    /// A setting out of its range.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let Settings { temperature, top_p, min_p, repeat_penalty, seed, .. } = settings;
        let finite = f32::is_finite;
        for (setting, got, valid, expected) in [
            (
                "the temperature",
                temperature,
                finite(temperature) && temperature >= 0.0,
                "a finite number, 0 or above",
            ),
            ("top-p", top_p, top_p > 0.0 && top_p <= 1.0, "a number above 0, at most 1"),
            ("min-p", min_p, (0.0..=1.0).contains(&min_p), "a number from 0 to 1"),
            (
                "the repeat penalty",
                repeat_penalty,
                finite(repeat_penalty) && repeat_penalty > 0.0,
                "a finite number above 0",
            ),
        ] {
            if !valid {
                return Err(SettingsError { setting, expected, got });
            }
        }
        Ok(Self {
            settings,
            random: Random::new(seed),
            logits: Vec::new(),
            kept: Vec::new(),
            weights: Vec::new(),
        })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next token. `recent` are the tokens so far, the newest last; a logit belongs to each token of
    /// the vocabulary.
    ///
    /// # Errors
    ///
    /// A logit that is NaN or infinite, or none that is above minus infinity.
    pub fn sample(&mut self, logits: &[f32], recent: &[u32]) -> Result<u32, LogitsError> {
        check(logits)?;
        if self.settings.repeat_penalty == 1.0 {
            return self.draw(logits).ok_or(LogitsError::NoToken { logits: logits.len() });
        }
        let mut penalised = std::mem::take(&mut self.logits);
        penalised.clear();
        penalised.extend_from_slice(logits);
        self.penalise(&mut penalised, recent);
        let drawn = self.draw(&penalised);
        self.logits = penalised;
        drawn.ok_or(LogitsError::NoToken { logits: logits.len() })
    }

    fn penalise(&self, logits: &mut [f32], recent: &[u32]) {
        let penalty = self.settings.repeat_penalty;
        let from = recent.len().saturating_sub(self.settings.repeat_last_n);
        let mut ids = recent[from..].to_vec();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            if let Some(logit) = logits.get_mut(id as usize) {
                let weaker = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
                // A penalty far below 1 could make a logit infinite.
                *logit = weaker.clamp(f32::NEG_INFINITY, f32::MAX);
            }
        }
    }

    /// The token, unless there is none.
    fn draw(&mut self, logits: &[f32]) -> Option<u32> {
        let Settings { temperature, top_k, top_p, min_p, .. } = self.settings;
        let best = highest(logits);
        if best == f32::NEG_INFINITY {
            return None;
        }
        if temperature == 0.0 {
            return logits.iter().zip(0..).find(|(logit, _)| **logit == best).map(|(_, id)| id);
        }
        // Probabilities are as exp(logit), so their ratio is a difference of logits.
        let least = at_least(f64::from(best) + f64::from(min_p).ln());
        if top_k > 0 {
            self.keep_best(logits, top_k);
        } else {
            self.kept.clear();
            let all = logits.iter().zip(0..).map(|(&logit, id)| Candidate { logit, id });
            if top_p == 1.0 && min_p > 0.0 {
                self.kept.extend(all.filter(|candidate| candidate.logit >= least));
            } else {
                // With those that must not come: they weigh nothing.
                self.kept.extend(all);
            }
        }
        if top_p < 1.0 {
            self.keep_mass(f64::from(top_p), best);
        }
        if min_p > 0.0 {
            retain(&mut self.kept, |candidate| candidate.logit >= least);
        }
        if top_k > 0 {
            self.kept.sort_unstable_by_key(|candidate| candidate.id);
        }
        self.weigh(best, temperature);
        let mut left = self.random.unit() * sum(&self.weights);
        let drawn = self.weights.iter().position(|weight| {
            left -= f64::from(*weight);
            left < 0.0
        });
        // Rounding may leave a little at the end.
        let last = || self.weights.iter().rposition(|&weight| weight > 0.0);
        drawn.or_else(last).map(|at| self.kept[at].id)
    }

    /// Weighs what is kept: 1 for the best logit.
    fn weigh(&mut self, best: f32, temperature: f32) {
        // Zero times infinity would be no number.
        let factor = (1.0 / temperature).min(f32::MAX);
        let weight = |candidate: &Candidate| exp((candidate.logit - best) * factor);
        self.weights.clear();
        self.weights.extend(self.kept.iter().map(weight));
    }

    /// Keeps the `most` best tokens above minus infinity, by ascending id or with the best first.
    fn keep_best(&mut self, logits: &[f32], most: usize) {
        let kept = &mut self.kept;
        kept.clear();
        // What is not above this is out: the k-th best of some earlier ones.
        let mut bar = f32::NEG_INFINITY;
        let room = most.saturating_mul(4).max(256);
        for (&logit, id) in logits.iter().zip(0..) {
            if logit > bar {
                kept.push(Candidate { logit, id });
                if kept.len() == room {
                    kept.select_nth_unstable_by(most - 1, better_first);
                    kept.truncate(most);
                    // Later ids lose among equals, so they have to be above.
                    bar = kept[most - 1].logit;
                }
            }
        }
        if kept.len() > most {
            kept.select_nth_unstable_by(most - 1, better_first);
            kept.truncate(most);
        }
    }

    /// Keeps the best tokens until their probabilities reach `share` of all.
    fn keep_mass(&mut self, share: f64, best: f32) {
        self.weigh(best, 1.0);
        let mut bins = [0.0; BINS];
        for (candidate, weight) in self.kept.iter().zip(&self.weights) {
            bins[bin(best, candidate)] += f64::from(*weight);
        }
        let enough = share * bins.iter().sum::<f64>();
        let mut before = 0.0;
        let reached = bins.iter().position(|weight| {
            let reaches = before + weight >= enough;
            before += if reaches { 0.0 } else { *weight };
            reaches
        });
        let edge = reached.unwrap_or(BINS - 1);
        retain(&mut self.kept, |candidate| bin(best, candidate) <= edge);
        let mut last: Vec<Candidate> =
            self.kept.iter().filter(|candidate| bin(best, candidate) == edge).copied().collect();
        last.sort_unstable_by(better_first);
        let reached = last.iter().position(|candidate| {
            before += f64::from(exp(candidate.logit - best));
            before >= enough
        });
        // Rounding may leave the sum a little below; then all of them stay.
        if let Some(worst) = reached.map(|at| last[at]).or(last.last().copied()) {
            retain(&mut self.kept, |it| {
                (it.logit > worst.logit) | ((it.logit == worst.logit) & (it.id <= worst.id))
            });
        }
    }
}

/// Bins of [`Sampler::keep_mass`], and how many of them have logits that are less than 1 apart. The last
/// bin has all that are a factor of e³² or more less likely than the best.
const BINS: usize = 4_096;
const BINS_A_NAT: f32 = 128.0;

/// The bin of a token. A higher logit is never in a later bin: each step of this rounds and keeps the order.
fn bin(best: f32, candidate: &Candidate) -> usize {
    /// Adding this leaves a whole number in the last bits.
    const ROUND: f32 = (1 << 23) as f32;
    const LAST: f32 = (BINS - 1) as f32;
    let distance = (best - candidate.logit) * BINS_A_NAT;
    let distance = if distance < LAST { distance } else { LAST };
    (distance + ROUND).to_bits() as usize % BINS
}

/// As [`Vec::retain`], without a branch a token: half of the guesses of a processor would be wrong.
fn retain(kept: &mut Vec<Candidate>, keep: impl Fn(&Candidate) -> bool) {
    let mut n = 0;
    for at in 0..kept.len() {
        let candidate = kept[at];
        kept[n] = candidate;
        n += usize::from(keep(&candidate));
    }
    kept.truncate(n);
}

/// Refuses what no token can be drawn from; for those who bring their own way to draw.
///
/// ```
/// use rust_for_ai::llama::sampler::check;
/// assert!(check(&[0.0, f32::NEG_INFINITY]).is_ok());
/// assert!(check(&[0.0, f32::NAN]).is_err());
/// assert!(check(&[f32::NEG_INFINITY]).is_err());
/// ```
///
/// # Errors
///
/// A logit that is NaN or infinite, or none that is above minus infinity.
pub fn check(logits: &[f32]) -> Result<(), LogitsError> {
    let number = |logit: f32| logit < f32::INFINITY;
    // All of them, whatever the first ones are: that is many at once.
    let (numbers, some) = logits.iter().fold((true, false), |(numbers, some), &logit| {
        (numbers & number(logit), some | (logit > f32::NEG_INFINITY))
    });
    if !some && numbers {
        return Err(LogitsError::NoToken { logits: logits.len() });
    }
    let wrong = if numbers { None } else { logits.iter().position(|&logit| !number(logit)) };
    wrong.map_or(Ok(()), |id| Err(LogitsError::NotANumber { id, got: logits[id] }))
}

/// The highest logit. Sixteen at once: in one after the other, each comparison waits for the last.
fn highest(logits: &[f32]) -> f32 {
    let higher = |a: f32, b: f32| if b > a { b } else { a };
    let (many, few) = logits.as_chunks::<16>();
    let mut best = [f32::NEG_INFINITY; 16];
    for chunk in many {
        best.iter_mut().zip(chunk).for_each(|(best, &logit)| *best = higher(*best, logit));
    }
    best.into_iter().chain(few.iter().copied()).fold(f32::NEG_INFINITY, higher)
}

/// The sum, eight at once.
fn sum(weights: &[f32]) -> f64 {
    let (many, few) = weights.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in many {
        sums.iter_mut().zip(chunk).for_each(|(sum, &weight)| *sum += f64::from(weight));
    }
    sums.into_iter().chain(few.iter().copied().map(f64::from)).sum()
}

/// The least number of 32 bits that is `limit` or above.
fn at_least(limit: f64) -> f32 {
    let near = limit as f32;
    if f64::from(near) < limit { near.next_up() } else { near }
}

/// e to the power of a number that is not above 0, to 6 digits; 0 where less than 10⁻³⁷ is left.
///
/// x is k·ln 2 + r with a whole k and a small r. e to the power of r is the beginning of its series, and
/// 2 to the power of k goes into the exponent of the number. No step waits for a comparison, so the
/// compiler does four or more at once.
fn exp(x: f32) -> f32 {
    /// Adding this leaves a whole number in the last bits.
    const ROUND: f32 = 1.5 * (1 << 23) as f32;
    // ln 2 in two parts; the first has so few digits that k times it is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // 1 / n!, from the last to the first.
    const SERIES: [f32; 8] =
        [1.0 / 5_040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = x - k * LN_2[0] - k * LN_2[1];
    let power = SERIES.iter().fold(0.0, |power, factor| power * r + factor);
    let scaled = f32::from_bits(power.to_bits().wrapping_add(shifted.to_bits() << 23));
    if x > -86.0 { scaled } else { 0.0 }
}

/// Random numbers, the same on every machine: SplitMix64, by Steele, Lea and Flood (2014).
///
/// A counter goes up by a large odd number, and each value of it is mixed well. Not for secrets.
///
/// ```
/// use rust_for_ai::llama::sampler::Random;
/// let mut random = Random::new(0);
/// assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
/// assert!((0.0..1.0).contains(&random.unit()));
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// 64 random bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends, so it is no iterator's")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from [0, 1), one of 2⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
