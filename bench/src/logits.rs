//! What llama.cpp makes of models, and how far an engine is from it.
//!
//! `bench/llama_logits.py` writes the files in `data/golden/llama/` and says how they are laid out. Each
//! case has two references: `run`, llama.cpp as people run it, whose matrix products quantize the
//! activations; and `exact`, the same weights in 32 bits. Neither is the truth about a model that was
//! trained in 16 bits, but their distance says how much of a difference is the price of quantized
//! arithmetic, and so what an engine may be off.
//!
//! # The distance
//!
//! Logits become probabilities by a softmax, so a number added to all of them changes nothing. The
//! measure is the Kullback-Leibler divergence `Σ p · ln(p / q)` of the engine's `q` from the reference's
//! `p`, in nats: over the 64 likeliest ids, and the rest as one.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// One case: ids, and what the references make of them.
#[derive(Debug)]
pub struct Case {
    /// The file name of the model.
    pub model: String,
    /// The CRC-32 of the model's file.
    pub crc32: u32,
    /// A word for messages.
    pub name: String,
    /// What was fed.
    pub ids: Vec<u32>,
    /// How many of them are the prompt of a chat; the rest is llama.cpp's answer.
    pub prompt: Option<usize>,
    /// What came out.
    pub golden: Golden,
}

/// The numbers of a case, from two references.
#[derive(Debug)]
pub enum Golden {
    /// The logits after each id from index `from` on.
    Logits {
        /// The first of the ids that has a row.
        from: usize,
        /// llama.cpp as people run it.
        run: Vec<Row>,
        /// The same weights in 32 bits.
        exact: Vec<Row>,
    },
    /// The loss in nats of each id but the first of each window.
    Losses {
        /// Ids that are fed together, to an engine that knows nothing before them.
        window: usize,
        /// llama.cpp as people run it.
        run: Vec<f32>,
        /// The same weights in 32 bits.
        exact: Vec<f32>,
    },
}

/// The logits of a reference at one position.
#[derive(Debug, Clone)]
pub struct Row {
    /// The ids with the largest logits, the largest first.
    pub top: Vec<u32>,
    /// Their logits.
    pub logits: Vec<f32>,
    /// The logarithm of the sum of the exponentials of all logits.
    pub sum: f32,
    /// The mean of all logits.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
}

impl Row {
    /// By how much the largest logit is above the next.
    pub fn margin(&self) -> f32 {
        self.logits[0] - self.logits[1]
    }

    /// The divergence of an engine's logits from these, in nats.
    pub fn divergence(&self, logits: &[f32]) -> f64 {
        let sum = log_sum_exp(logits);
        let parts: Vec<(f64, f64)> = (self.top.iter().zip(&self.logits))
            .map(|(&id, &logit)| {
                let p = f64::from(logit) - f64::from(self.sum);
                let q = f64::from(logits[id as usize]) - sum;
                (p.exp(), q.exp())
            })
            .collect();
        divergence(&parts)
    }

    /// The divergence of another reference's row from this one, over the ids that both have.
    pub fn divergence_of(&self, other: &Self) -> f64 {
        let parts: Vec<(f64, f64)> = (self.top.iter().zip(&self.logits))
            .filter_map(|(id, &logit)| {
                let there = other.top.iter().position(|other| other == id)?;
                let p = f64::from(logit) - f64::from(self.sum);
                let q = f64::from(other.logits[there]) - f64::from(other.sum);
                Some((p.exp(), q.exp()))
            })
            .collect();
        divergence(&parts)
    }

    /// The largest difference of a logit between two references.
    pub fn distance(&self, other: &Self) -> f32 {
        (self.top.iter().zip(&self.logits))
            .filter_map(|(id, logit)| {
                let there = other.top.iter().position(|other| other == id)?;
                Some((logit - other.logits[there]).abs())
            })
            .fold(0.0, f32::max)
    }
}

/// `Σ p · ln(p / q)` over these and the rest.
fn divergence(parts: &[(f64, f64)]) -> f64 {
    // Below this a rest is rounding.
    const LEAST: f64 = 1e-7;
    let rest = |sum: f64| (1.0 - sum).max(LEAST);
    let p = rest(parts.iter().map(|(p, _)| p).sum());
    let q = rest(parts.iter().map(|(_, q)| q).sum());
    let of = |&(p, q): &(f64, f64)| p * (p / q.max(f64::MIN_POSITIVE)).ln();
    // A logit that is no number makes this NaN, and no bound holds for NaN.
    parts.iter().map(of).sum::<f64>() + of(&(p, q))
}

/// The logarithm of the sum of the exponentials.
pub fn log_sum_exp(logits: &[f32]) -> f64 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    most + logits.iter().map(|&x| (f64::from(x) - most).exp()).sum::<f64>().ln()
}

/// The loss in nats of the id that came, given the logits before it.
pub fn loss(logits: &[f32], id: u32) -> f64 {
    log_sum_exp(logits) - f64::from(logits[id as usize])
}

/// The id with the largest logit.
pub fn best(logits: &[f32]) -> u32 {
    let best = (0_u32..).zip(logits).max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map_or(0, |(id, _)| id)
}

/// The cases of a golden file.
///
/// # Errors
///
/// The file cannot be read, or is not laid out as it should be.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&bytes).with_context(|| path.display().to_string())
}

fn parse(bytes: &[u8]) -> Result<Vec<Case>> {
    let mut numbers = Numbers { bytes, at: 0 };
    let length = u32::from_le_bytes(numbers.take(4)?.try_into()?) as usize;
    let header: Value = serde_json::from_slice(numbers.take(length)?)?;
    let top = number(&header, "top")?;
    let list = header["cases"].as_array().context("`cases`: expected a list")?;
    let cases = list.iter().map(|case| one(case, top, &mut numbers)).collect::<Result<_>>()?;
    ensure!(numbers.at == bytes.len(), "{} bytes are left over", bytes.len() - numbers.at);
    Ok(cases)
}

fn one(case: &Value, top: usize, numbers: &mut Numbers<'_>) -> Result<Case> {
    let text = |key: &str| -> Result<String> {
        Ok(case[key].as_str().with_context(|| format!("`{key}`"))?.to_owned())
    };
    let ids = case["ids"].as_array().context("`ids`: expected a list")?;
    let ids: Vec<u32> = serde_json::from_value(Value::from(ids.clone()))?;
    let golden = match text("kind")?.as_str() {
        "logits" => {
            let from = if case["from"].is_null() { 0 } else { number(case, "from")? };
            let count = ids.len().checked_sub(from).context("`from`: beyond the ids")?;
            Golden::Logits {
                from,
                run: numbers.rows(count, top)?,
                exact: numbers.rows(count, top)?,
            }
        }
        "losses" => {
            let window = number(case, "window")?;
            ensure!(window > 1, "`window`: expected two ids or more, got {window}");
            let count = ids.len() - ids.len().div_ceil(window);
            Golden::Losses { window, run: numbers.f32s(count)?, exact: numbers.f32s(count)? }
        }
        other => bail!("`kind`: expected `logits` or `losses`, got `{other}`"),
    };
    Ok(Case {
        model: text("model")?,
        crc32: number(case, "crc32")?.try_into()?,
        name: text("name")?,
        ids,
        prompt: case["prompt"].as_u64().map(|prompt| prompt as usize),
        golden,
    })
}

fn number(value: &Value, key: &str) -> Result<usize> {
    let number = value[key].as_u64().with_context(|| format!("`{key}`: expected a number"))?;
    Ok(number.try_into()?)
}

struct Numbers<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Numbers<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count);
        self.at += count;
        taken.with_context(|| format!("expected {count} bytes more, got {}", rest.len()))
    }

    fn f32s(&mut self, count: usize) -> Result<Vec<f32>> {
        let (numbers, _) = self.take(4 * count)?.as_chunks();
        Ok(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    }

    fn rows(&mut self, count: usize, top: usize) -> Result<Vec<Row>> {
        (0..count)
            .map(|_| {
                let (ids, _) = self.take(2 * top)?.as_chunks();
                let ids = ids.iter().map(|&bytes| u16::from_le_bytes(bytes).into()).collect();
                let logits = self.f32s(top)?;
                let last = self.f32s(3)?;
                Ok(Row { top: ids, logits, sum: last[0], mean: last[1], deviation: last[2] })
            })
            .collect()
    }
}
