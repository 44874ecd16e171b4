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
//!    ([`Random`]). One random number a token, whatever the settings, except for law 5.
//! 8. A logit of minus infinity is a token that must not come. NaN, infinity and logits that are all
//!    minus infinity are an error: something broke before, and any token would hide it.
//!
//! # The cost
//!
//! One pass over the logits with a short list of the best so far; what is kept is sorted, never the
//! whole vocabulary. Without top-k, top-p sorts as many tokens as it takes to reach `p`.

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
        Ok(Self { settings, random: Random::new(seed), logits: Vec::new(), kept: Vec::new() })
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
        let not_a_number = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
        if let Some(id) = logits.iter().position(not_a_number) {
            return Err(LogitsError::NotANumber { id, got: logits[id] });
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
        if penalty == 1.0 {
            return;
        }
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
        if temperature == 0.0 {
            self.keep_best(logits, 1);
            return self.kept.first().map(|best| best.id);
        }
        self.keep_best(logits, if top_k == 0 { usize::MAX } else { top_k });
        let best = self.kept.iter().map(|candidate| candidate.logit).fold(f32::MIN, f32::max);
        if top_p < 1.0 {
            self.keep_mass(f64::from(top_p), best);
        }
        if min_p > 0.0 {
            // Probabilities are as exp(logit), so their ratio is a difference of logits.
            let least = f64::from(best) + f64::from(min_p).ln();
            self.kept.retain(|candidate| f64::from(candidate.logit) >= least);
        }
        if !self.kept.is_sorted_by_key(|candidate| candidate.id) {
            self.kept.sort_unstable_by_key(|candidate| candidate.id);
        }
        let weight = |candidate: &Candidate| {
            (f64::from(candidate.logit - best) / f64::from(temperature)).exp()
        };
        let total: f64 = self.kept.iter().map(weight).sum();
        let mut left = self.random.unit() * total;
        let drawn = self.kept.iter().find(|candidate| {
            left -= weight(candidate);
            left < 0.0
        });
        // Rounding may leave a little at the end.
        drawn.or(self.kept.last()).map(|candidate| candidate.id)
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
        let weight = |candidate: &Candidate| f64::from(candidate.logit - best).exp();
        let total: f64 = self.kept.iter().map(weight).sum();
        let (mut sum, mut sorted, mut step) = (0.0, 0, 64);
        while sorted < self.kept.len() {
            // A few more in order; usually the first few suffice.
            let rest = &mut self.kept[sorted..];
            let some = step.min(rest.len());
            if some < rest.len() {
                rest.select_nth_unstable_by(some - 1, better_first);
            }
            rest[..some].sort_unstable_by(better_first);
            for at in sorted..sorted + some {
                sum += weight(&self.kept[at]);
                if sum >= share * total {
                    self.kept.truncate(at + 1);
                    return;
                }
            }
            sorted += some;
            step *= 4;
        }
    }
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
