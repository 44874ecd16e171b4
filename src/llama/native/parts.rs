//! An engine made of parts: what a learner wrote, on the weights of a file.
//!
//! The answers of chapter `llama` meet the rest of a model at the traits of [`parts`](crate::llama::parts).
//! Here is what stands on the other side: a [`Model`] is [`Weights`], with its matrix products, and
//! [`Assembled`] is an [`Engine`] whose normalisation, rotation, attention, cache and pass are functions
//! that somebody hands over. An id at a time goes through it, so it reads a prompt no faster than it
//! writes an answer: a tenth of [`Session`](super::Session)'s speed, and every line of it is a learner's.
//!
//! A part may panic. That is an error of the engine, with the place, and the conversation is as it was.

use std::sync::Arc;

use super::model::{LoadError, Model};
use crate::check::quietly;
use crate::llama::config::refuse;
use crate::llama::engine::{Engine, EngineError, check_feed};
use crate::llama::parts::{Cache, Matrix, Norm, Shape, Weights};

/// A whole pass: the logits after the last of some ids.
pub type Forward = fn(&dyn Weights, &mut dyn Cache, &[u32]) -> Vec<f32>;

/// Attention at one position: the query, all keys, all values; heads, key heads, the position.
pub type Attention = fn(&[f32], &[f32], &[f32], usize, usize, usize) -> Vec<f32>;

/// The parts of a pass, as the stages of chapter `llama` ask for them.
#[derive(Clone, Copy)]
pub struct Parts {
    /// `llama.rms_norm`.
    pub rms_norm: fn(&[f32], &[f32], f32) -> Vec<f32>,
    /// `llama.rope`.
    pub rope: fn(&[f32], usize, f32) -> Vec<f32>,
    /// `llama.attention`.
    pub attention: Attention,
    /// `llama.kv_cache`: an empty cache for so many layers.
    pub cache: fn(usize) -> Box<dyn Cache>,
    /// `llama.forward`. Where there is none, the pass of this file calls the three functions above.
    pub forward: Option<Forward>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("forward", &self.forward.is_some()).finish_non_exhaustive()
    }
}

/// One conversation with a model, through parts.
pub struct Assembled {
    model: Arc<Model>,
    parts: Parts,
    cache: Box<dyn Cache>,
    context: usize,
    ids: Vec<u32>,
    logits: Vec<f32>,
}

impl std::fmt::Debug for Assembled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { parts, context, ids, .. } = self;
        f.debug_struct("Assembled")
            .field("parts", parts)
            .field("context", context)
            .field("ids", ids)
            .finish_non_exhaustive()
    }
}

impl Assembled {
    /// A conversation of up to `context` positions, and no more than the model was trained on.
    ///
    /// # Errors
    ///
    /// The model turns only a part of each head, or turns at other speeds than the plain ones: the
    /// stages do not ask for that, and ignoring it would give wrong text.
    pub fn new(model: &Arc<Model>, parts: Parts, context: usize) -> Result<Self, LoadError> {
        let config = model.config();
        let plain = "whole heads that turn at plain speeds, as the stages teach";
        if config.rotated != config.head {
            let got = format_args!("{} of {} numbers", config.rotated, config.head).to_string();
            return Err(refuse("llama.rope.dimension_count", plain, got).into());
        }
        if config.rope_linear != 1.0 {
            return Err(refuse("llama.rope.scaling.factor", plain, config.rope_linear).into());
        }
        let mut tensors = model.file().gguf().tensors().iter();
        if tensors.any(|tensor| tensor.name == "rope_freqs.weight") {
            return Err(refuse("rope_freqs.weight", plain, "other speeds").into());
        }
        Ok(Self {
            model: Arc::clone(model),
            parts,
            cache: (parts.cache)(config.layers),
            context: context.min(config.context),
            ids: Vec::new(),
            logits: Vec::new(),
        })
    }
}

impl Engine for Assembled {
    fn name(&self) -> &str {
        "mine"
    }

    fn context(&self) -> usize {
        self.context
    }

    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        let cache = &mut self.cache;
        quietly(|| cache.truncate(len)).map_err(panicked)?;
        self.ids.truncate(len);
        Ok(())
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        let vocabulary = self.model.config().vocabulary;
        check_feed(ids, self.ids.len(), self.context, vocabulary)?;
        let (cache, model, parts) = (&mut *self.cache, &*self.model, self.parts);
        let logits = quietly(|| match parts.forward {
            Some(forward) => forward(model, cache, ids),
            None => pass(parts, model, cache, ids),
        });
        let logits = logits.map_err(panicked).and_then(|logits| match logits.len() {
            got if got == vocabulary => Ok(logits),
            got => Err(EngineError::Backend(format!(
                "your code gave {got} logits, expected one for each of the {vocabulary} ids"
            ))),
        });
        match logits {
            Ok(logits) => {
                self.logits = logits;
                self.ids.extend(ids);
                Ok(&self.logits)
            }
            Err(error) => {
                self.truncate(self.ids.len())?;
                Err(error)
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn panicked(caught: crate::check::Caught) -> EngineError {
    EngineError::Backend(format!("your code {caught}"))
}

/// The pass where no other one is given: one id at a time, through the parts.
fn pass(parts: Parts, weights: &dyn Weights, cache: &mut dyn Cache, ids: &[u32]) -> Vec<f32> {
    let shape = weights.shape();
    let normed = |x: &[f32], norm| (parts.rms_norm)(x, weights.norm(norm), shape.epsilon);
    let mut stream = Vec::new();
    for &id in ids {
        let position = cache.len();
        stream = weights.embedding(id);
        for layer in 0..shape.layers {
            let x = normed(&stream, Norm::Attn(layer));
            let [query, key, value] = [Matrix::AttnQ, Matrix::AttnK, Matrix::AttnV]
                .map(|matrix| weights.product(matrix(layer), &x));
            let size = query.len() / shape.heads;
            let turned = |heads: &[f32]| -> Vec<f32> {
                let turn = |head| (parts.rope)(head, position, shape.freq_base);
                heads.chunks(size).flat_map(turn).collect()
            };
            cache.push(layer, &turned(&key), &value);
            let query = turned(&query);
            let (keys, values) = (cache.keys(layer), cache.values(layer));
            let mixed =
                (parts.attention)(&query, keys, values, shape.heads, shape.kv_heads, position);
            add(&mut stream, &weights.product(Matrix::AttnOutput(layer), &mixed));

            let x = normed(&stream, Norm::Ffn(layer));
            let mut gate = weights.product(Matrix::FfnGate(layer), &x);
            let up = weights.product(Matrix::FfnUp(layer), &x);
            for (gate, up) in gate.iter_mut().zip(up) {
                *gate = *gate / (1.0 + (-*gate).exp()) * up;
            }
            add(&mut stream, &weights.product(Matrix::FfnDown(layer), &gate));
        }
    }
    weights.product(Matrix::Output, &normed(&stream, Norm::Output))
}

fn add(stream: &mut [f32], change: &[f32]) {
    stream.iter_mut().zip(change).for_each(|(x, change)| *x += change);
}

/// A layer, an id or a vector that the model does not have panics: [`Assembled`] makes an error of it.
impl Weights for Model {
    fn shape(&self) -> Shape {
        let config = self.config();
        Shape {
            layers: config.layers,
            heads: config.heads,
            kv_heads: config.key_heads,
            epsilon: config.epsilon,
            freq_base: config.rope_base,
        }
    }

    fn embedding(&self, id: u32) -> Vec<f32> {
        let mut x = Vec::new();
        self.embed(&[id], &mut x);
        x
    }

    fn norm(&self, norm: Norm) -> &[f32] {
        match norm {
            Norm::Attn(layer) => &self.layers[layer].attention_norm,
            Norm::Ffn(layer) => &self.layers[layer].feed_forward_norm,
            Norm::Output => &self.norm,
        }
    }

    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32> {
        let weights = match matrix {
            Matrix::AttnQ(layer) => &self.layers[layer].query,
            Matrix::AttnK(layer) => &self.layers[layer].key,
            Matrix::AttnV(layer) => &self.layers[layer].value,
            Matrix::AttnOutput(layer) => &self.layers[layer].attention_out,
            Matrix::FfnGate(layer) => &self.layers[layer].gate,
            Matrix::FfnUp(layer) => &self.layers[layer].up,
            Matrix::FfnDown(layer) => &self.layers[layer].down,
            Matrix::Output => &self.output,
        };
        let (columns, got) = (weights.columns(), x.len());
        assert_eq!(got, columns, "{matrix:?} takes {columns} numbers, got {got}");
        let mut out = Vec::new();
        if let Err(error) = weights.product(x, &mut out) {
            panic!("{matrix:?}: {error}");
        }
        out
    }
}
