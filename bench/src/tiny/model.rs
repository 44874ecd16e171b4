//! The tiny Llama with gradients.
//!
//! Weights have the names and the shapes of the file: a matrix is `[outputs, inputs]`. Heads of queries
//! that share keys and values lie side by side, so they are multiplied with them as one matrix, and
//! nothing is repeated.

use std::path::Path;

use candle_core::{Device, Error, Result, Tensor, Var, safetensors};
use candle_nn::ops;

use super::Random;
use super::operations::{causal_softmax, norm, rotate};
use super::sizes::{DIM, FEED_FORWARD, HEAD, HEADS, KV_HEADS, LAYERS, VOCABULARY};

/// The weights by name.
#[derive(Debug)]
pub struct Model {
    weights: Vec<(String, Var)>,
}

/// The weights of one layer, in the order of [`Model::shapes`].
const OF_LAYER: [(&str, &[usize]); 9] = [
    ("attn_norm", &[DIM]),
    ("attn_q", &[DIM, DIM]),
    ("attn_k", &[KV_HEADS * HEAD, DIM]),
    ("attn_v", &[KV_HEADS * HEAD, DIM]),
    ("attn_output", &[DIM, DIM]),
    ("ffn_norm", &[DIM]),
    ("ffn_gate", &[FEED_FORWARD, DIM]),
    ("ffn_up", &[FEED_FORWARD, DIM]),
    ("ffn_down", &[DIM, FEED_FORWARD]),
];

impl Model {
    /// Random weights.
    ///
    /// # Errors
    ///
    /// What Candle refuses.
    pub fn new(seed: u64) -> Result<Self> {
        let mut random = Random::new(seed, u64::MAX);
        let mut weights = Vec::new();
        for (name, shape) in Self::shapes() {
            let count = shape.iter().product();
            // What adds to the residual stream starts smaller, the deeper the model.
            let adds = name.contains("attn_output") || name.contains("ffn_down");
            let scale = if adds { 0.02 / (2.0 * LAYERS as f64).sqrt() } else { 0.02 };
            let values: Vec<f32> = match shape.len() {
                1 => vec![1.0; count],
                _ => (0..count).map(|_| (scale * random.normal()) as f32).collect(),
            };
            weights.push((name, Var::from_vec(values, shape, &Device::Cpu)?));
        }
        Ok(Self { weights })
    }

    /// Weights that were kept in a file of `safetensors`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or lacks a weight.
    pub fn load(path: &Path) -> Result<Self> {
        let kept = safetensors::load(path, &Device::Cpu)?;
        let weight = |(name, _): (String, Vec<usize>)| match kept.get(&name) {
            Some(weight) => Ok((name, Var::from_tensor(weight)?)),
            None => Err(Error::msg(format!("{}: expected `{name}`, got none", path.display()))),
        };
        Ok(Self { weights: Self::shapes().into_iter().map(weight).collect::<Result<_>>()? })
    }

    /// Names and shapes of all weights.
    pub fn shapes() -> Vec<(String, Vec<usize>)> {
        let mut shapes = vec![("token_embd.weight".to_owned(), vec![VOCABULARY, DIM])];
        for layer in 0..LAYERS {
            shapes.extend(
                OF_LAYER
                    .map(|(name, shape)| (format!("blk.{layer}.{name}.weight"), shape.to_vec())),
            );
        }
        shapes.push(("output_norm.weight".to_owned(), vec![DIM]));
        shapes
    }

    /// The weights by name, in the order of [`Self::shapes`].
    pub fn weights(&self) -> &[(String, Var)] {
        &self.weights
    }

    /// The logits `[batch · t, VOCABULARY]` for `batch` rows of `t` ids.
    ///
    /// # Errors
    ///
    /// What Candle refuses.
    pub fn forward(&self, ids: &[u32], t: usize) -> Result<Tensor> {
        let mut next = self.weights.iter().map(|(_, weight)| weight.as_tensor());
        let mut weight = || next.next().ok_or_else(|| Error::msg("a weight is missing"));
        let embedding = weight()?;
        let mut x = embedding.index_select(&Tensor::new(ids, &Device::Cpu)?, 0)?;
        for _ in 0..LAYERS {
            let h = norm(&x)?.broadcast_mul(weight()?)?;
            let q = rotate(&linear(&h, weight()?)?, t)?;
            let k = rotate(&linear(&h, weight()?)?, t)?;
            let v = linear(&h, weight()?)?;
            let h = linear(&attention(&q, &k, &v, t)?, weight()?)?;
            x = (x + h)?;
            let h = norm(&x)?.broadcast_mul(weight()?)?;
            let gate = ops::silu(&linear(&h, weight()?)?)?;
            let up = linear(&h, weight()?)?;
            x = (x + linear(&(gate * up)?, weight()?)?)?;
        }
        linear(&norm(&x)?.broadcast_mul(weight()?)?, embedding)
    }
}

fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.matmul(&weight.t()?)
}

/// `q` is `[batch · t, DIM]`, as is the answer; `k` and `v` are `[batch · t, KV_HEADS · HEAD]`.
fn attention(q: &Tensor, k: &Tensor, v: &Tensor, t: usize) -> Result<Tensor> {
    const GROUP: usize = HEADS / KV_HEADS;
    let batch = q.dim(0)? / t;
    let q = q.reshape((batch, t, KV_HEADS, GROUP, HEAD))?.permute((0, 2, 3, 1, 4))?;
    let q = q.contiguous()?.reshape((batch * KV_HEADS, GROUP * t, HEAD))?;
    let heads = |x: &Tensor| {
        let x = x.reshape((batch, t, KV_HEADS, HEAD))?.transpose(1, 2)?.contiguous()?;
        x.reshape((batch * KV_HEADS, t, HEAD))
    };
    let p = causal_softmax(&q.matmul(&heads(k)?.t()?)?)?;
    let out = p.matmul(&heads(v)?)?.reshape((batch, KV_HEADS, GROUP, t, HEAD))?;
    out.permute((0, 3, 1, 2, 4))?.contiguous()?.reshape((batch * t, DIM))
}
