//! Training: AdamW, a rate that rises and falls, batches cut in two for two threads.
//!
//! The halves are summed in one order, so the weights do not depend on which thread was first.

use std::thread;

use anyhow::{Result, anyhow};
use candle_core::{Device, IndexOp, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss, ops};

use super::Random;
use super::corpus::Corpus;
use super::model::Model;
use super::sizes::{CONTEXT, VOCABULARY};

/// Samples a step.
pub const BATCH: usize = 8;
/// Parts of a batch, a thread each.
const PARTS: usize = 2;
/// The highest rate of learning.
const RATE: f64 = 2e-3;
/// Steps in which the rate rises.
const WARM_UP: usize = 100;

/// A model, its optimisers and how far it is.
#[derive(Debug)]
pub struct Training<'c> {
    /// The weights.
    pub model: Model,
    /// How many steps were made.
    pub step: usize,
    steps: usize,
    seed: u64,
    corpus: &'c Corpus,
    matrices: AdamW,
    norms: AdamW,
}

impl<'c> Training<'c> {
    /// A training of so many steps. The rate depends on how many there will be.
    ///
    /// # Errors
    ///
    /// What Candle refuses.
    pub fn new(corpus: &'c Corpus, seed: u64, steps: usize) -> Result<Self> {
        let model = Model::new(seed)?;
        let optimiser = |dims: usize, weight_decay: f64| {
            let vars = model.weights().iter().map(|(_, var)| var.clone());
            let vars: Vec<Var> = vars.filter(|var| var.rank() == dims).collect();
            let settings = ParamsAdamW { beta2: 0.98, weight_decay, ..ParamsAdamW::default() };
            AdamW::new(vars, settings)
        };
        let (matrices, norms) = (optimiser(2, 0.1)?, optimiser(1, 0.0)?);
        Ok(Self { model, step: 0, steps, seed, corpus, matrices, norms })
    }

    /// One step; returns the loss, in nats a token.
    ///
    /// # Errors
    ///
    /// What Candle refuses.
    pub fn step(&mut self) -> Result<f32> {
        let rate = RATE * self.rate();
        let part = |part: usize| -> Result<_> {
            let first = self.step * BATCH + part * (BATCH / PARTS);
            let numbers = first as u64..(first + BATCH / PARTS) as u64;
            let (mut inputs, mut targets) = (Vec::new(), Vec::<u32>::new());
            for number in numbers {
                let ids = self.corpus.sample(self.seed, number, CONTEXT + 1);
                inputs.extend(&ids[..CONTEXT]);
                targets.extend(&ids[1..]);
            }
            let logits = self.model.forward(&inputs, CONTEXT)?;
            let loss = loss::cross_entropy(&logits, &Tensor::new(&targets[..], &Device::Cpu)?)?;
            let loss = (loss / PARTS as f64)?;
            Ok((loss.to_scalar::<f32>()?, loss.backward()?))
        };
        let (first, second) = thread::scope(|scope| {
            let second = scope.spawn(|| part(1));
            (part(0), second.join())
        });
        let (loss, mut grads) = first?;
        let (second_loss, second) =
            second.map_err(|_| anyhow!("a thread of the training died"))??;
        for (name, var) in self.model.weights() {
            let missing = || anyhow!("`{name}` has no gradient");
            let sum =
                (grads.get(var).ok_or_else(missing)? + second.get(var).ok_or_else(missing)?)?;
            grads.insert(var, sum);
        }
        self.matrices.set_learning_rate(rate);
        self.matrices.step(&grads)?;
        self.norms.set_learning_rate(rate);
        self.norms.step(&grads)?;
        self.step += 1;
        Ok(loss + second_loss)
    }

    /// Rises in a line, then falls as a cosine to a hundredth.
    fn rate(&self) -> f64 {
        if self.step < WARM_UP {
            return (self.step + 1) as f64 / WARM_UP as f64;
        }
        let done = (self.step - WARM_UP) as f64 / (self.steps.max(WARM_UP + 1) - WARM_UP) as f64;
        0.01 + 0.99 * 0.5 * (1.0 + (done * std::f64::consts::PI).cos())
    }
}

/// Bits a byte on the first `groups` groups of verses that are held out, each read from its beginning
/// as far as the context goes.
///
/// # Errors
///
/// What Candle refuses.
pub fn bits_per_byte(model: &Model, corpus: &Corpus, groups: usize) -> Result<f64> {
    let (mut nats, mut bytes) = (0.0, 0);
    for group in corpus.held_out_groups().take(groups) {
        // As many windows of whole verses as the group has.
        let mut first = group.start;
        while first < group.end {
            let mut end = first + 1;
            while end < group.end && corpus.plain(first..end + 1).len() <= CONTEXT + 1 {
                end += 1;
            }
            let ids = corpus.plain(first..end);
            let ids = &ids[..ids.len().min(CONTEXT + 1)];
            let t = ids.len() - 1;
            let targets = Tensor::new(&ids[1..], &Device::Cpu)?;
            let loss = loss::cross_entropy(&model.forward(&ids[..t], t)?, &targets)?;
            nats += f64::from(loss.to_scalar::<f32>()?) * t as f64;
            bytes += corpus.bytes(first..end);
            first = end;
        }
    }
    Ok(nats / std::f64::consts::LN_2 / bytes as f64)
}

/// The yardstick: bits a byte of a model that looks at one token back, on all groups that are held out.
/// Its counts are mixed with those of single tokens; of some ways to mix, the best on these very verses.
pub fn bigram_bits_per_byte(corpus: &Corpus) -> f64 {
    let mut pairs = vec![0.0_f64; VOCABULARY * VOCABULARY];
    let mut singles = vec![1.0_f64; VOCABULARY];
    for verse in (0..corpus.verses()).filter(|&verse| !Corpus::held_out(verse)) {
        for pair in corpus.plain(verse..verse + 1).windows(2) {
            pairs[pair[0] as usize * VOCABULARY + pair[1] as usize] += 1.0;
            singles[pair[1] as usize] += 1.0;
        }
    }
    let total: f64 = singles.iter().sum();
    let sums: Vec<f64> = pairs.chunks(VOCABULARY).map(|row| row.iter().sum()).collect();
    let bits = |mixed: f64| {
        let (mut bits, mut bytes) = (0.0, 0);
        for group in corpus.held_out_groups() {
            bytes += corpus.bytes(group.clone());
            for pair in corpus.plain(group).windows(2) {
                let [a, b] = [pair[0] as usize, pair[1] as usize];
                let single = singles[b] / total;
                let pair = pairs[a * VOCABULARY + b];
                bits -= ((pair + mixed * single) / (sums[a] + mixed)).log2();
            }
        }
        bits / bytes as f64
    };
    [3.0, 10.0, 30.0, 100.0, 300.0].map(bits).into_iter().fold(f64::INFINITY, f64::min)
}

/// Goes on with `ids`, at temperature 0.8.
///
/// # Errors
///
/// What Candle refuses.
pub fn go_on(model: &Model, ids: &[u32], count: usize, random: &mut Random) -> Result<Vec<u32>> {
    let mut ids = ids.to_vec();
    let end = CONTEXT.min(ids.len() + count);
    while ids.len() < end {
        let logits = model.forward(&ids, ids.len())?.i(ids.len() - 1)?;
        let p: Vec<f32> = ops::softmax(&(logits / 0.8)?, 0)?.to_vec1()?;
        let mut left = random.unit() as f32;
        let chosen = p.iter().position(|p| {
            left -= p;
            left < 0.0
        });
        ids.push(chosen.unwrap_or(0) as u32);
    }
    Ok(ids)
}
