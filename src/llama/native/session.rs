//! One conversation with a model: its forward pass and its positions.
//!
//! ```text
//! x = embedding[id]
//! for each block:
//!     h = rms_norm(x)
//!     q, k, v = query·h, key·h, value·h;  q and k rotated by position;  k and v into the cache
//!     x += attention_out · attention(q, all keys, all values)
//!     h = rms_norm(x)
//!     x += down · (silu(gate·h) * up·h)
//! logits = output · rms_norm(x)
//! ```
//!
//! Ids are fed in chunks: a matrix that is read once serves all vectors of a chunk. That is why a prompt
//! is read many times faster than an answer is written, where each id needs all weights anew.

use std::sync::Arc;

use super::attention::attend;
use super::cache::Cache;
use super::model::{Block, Model};
use super::pool;
use super::rope::Rope;
use crate::llama::engine::{Engine, EngineError, check_feed};

/// Ids that go through the blocks together. More would save little and need more memory for what is
/// between the products.
const CHUNK: usize = 256;

/// One conversation; as many as one likes share a [`Model`].
#[derive(Debug)]
pub struct Session {
    model: Arc<Model>,
    cache: Cache,
    context: usize,
    ids: Vec<u32>,
    logits: Vec<f32>,
    scratch: Scratch,
}

/// What is between the products, kept from call to call: fresh memory would cost a page fault for each
/// four kilobytes.
#[derive(Debug, Default)]
struct Scratch {
    x: Vec<f32>,
    normed: Vec<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    attended: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    change: Vec<f32>,
    angles: Vec<(f32, f32)>,
}

impl Session {
    /// A conversation of up to as many positions as the model was trained on.
    pub fn new(model: &Arc<Model>) -> Self {
        Self::with_context(model, model.config().context)
    }

    /// A conversation of up to `context` positions, and no more than the model was trained on.
    pub fn with_context(model: &Arc<Model>, context: usize) -> Self {
        let config = model.config();
        let context = context.min(config.context);
        Self {
            cache: Cache::new(config.layers, config.key_heads * config.head, context),
            model: Arc::clone(model),
            context,
            ids: Vec::new(),
            logits: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// A second conversation that begins like this one and goes its own way.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            model: Arc::clone(&self.model),
            cache: self.cache.fork(),
            context: self.context,
            ids: self.ids.clone(),
            logits: self.logits.clone(),
            scratch: Scratch::default(),
        }
    }

    /// Bytes that the keys and values of all positions take.
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Appends `ids` and gives the logits after *each* of them: `[ids.len(), vocabulary]`, a row an id.
    /// For perplexity, and for the probabilities of a given text.
    ///
    /// # Errors
    ///
    /// As [`Engine::feed`].
    pub fn feed_all(&mut self, ids: &[u32]) -> Result<Vec<f32>, EngineError> {
        let mut all = Vec::with_capacity(ids.len() * self.model.config().vocabulary);
        self.append(ids, |session, chunk| {
            session.forward(chunk)?;
            let rows = 0..chunk.len();
            session.project(rows)?;
            all.extend_from_slice(&session.logits);
            Ok(())
        })?;
        let last = all.len() - self.model.config().vocabulary;
        self.logits.clear();
        self.logits.extend_from_slice(&all[last..]);
        Ok(all)
    }

    /// Runs `each` on chunks of `ids`; takes all of them back if one fails.
    fn append(
        &mut self,
        ids: &[u32],
        mut each: impl FnMut(&mut Self, &[u32]) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let before = self.ids.len();
        check_feed(ids, before, self.context, self.model.config().vocabulary)?;
        for chunk in ids.chunks(CHUNK) {
            if let Err(error) = each(self, chunk) {
                self.ids.truncate(before);
                self.cache.truncate(before);
                return Err(error);
            }
            self.ids.extend_from_slice(chunk);
        }
        Ok(())
    }

    /// Takes a chunk through all blocks; leaves its vectors in `scratch.x`.
    fn forward(&mut self, ids: &[u32]) -> Result<(), EngineError> {
        let Self { model, cache, scratch, .. } = self;
        let first = self.ids.len();
        scratch.angles.clear();
        for position in first..first + ids.len() {
            model.rope.angles(position, &mut scratch.angles);
        }
        model.embed(ids, &mut scratch.x);
        for (number, block) in model.layers.iter().enumerate() {
            scratch.attention(model, block, cache, number, ids.len())?;
            scratch.feed_forward(model, block)?;
        }
        Ok(())
    }

    /// The logits of some of the chunk's vectors.
    fn project(&mut self, rows: std::ops::Range<usize>) -> Result<(), EngineError> {
        let Self { model, scratch, logits, .. } = self;
        let (config, width) = (model.config(), model.config().width);
        let x = &scratch.x[rows.start * width..rows.end * width];
        rms_norm(x, &model.norm, config.epsilon, &mut scratch.normed);
        model.output.product(&scratch.normed, logits)
    }
}

impl Engine for Session {
    fn name(&self) -> &str {
        "native"
    }

    fn context(&self) -> usize {
        self.context
    }

    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        self.ids.truncate(len);
        self.cache.truncate(len);
        Ok(())
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        let mut left = ids.len();
        self.append(ids, |session, chunk| {
            session.forward(chunk)?;
            left -= chunk.len();
            match left {
                0 => session.project(chunk.len() - 1..chunk.len()),
                _ => Ok(()),
            }
        })?;
        Ok(&self.logits)
    }
}

impl Scratch {
    fn attention(
        &mut self,
        model: &Model,
        block: &Block,
        cache: &mut Cache,
        layer: usize,
        n: usize,
    ) -> Result<(), EngineError> {
        rms_norm(&self.x, &block.attention_norm, model.config().epsilon, &mut self.normed);
        block.query.product(&self.normed, &mut self.query)?;
        block.key.product(&self.normed, &mut self.key)?;
        block.value.product(&self.normed, &mut self.value)?;
        let heads = model.heads();
        let pairs = self.angles.len() / n;
        if pairs > 0 {
            for rows in [&mut self.query, &mut self.key] {
                let width = rows.len() / n;
                for (row, angles) in
                    rows.chunks_exact_mut(width).zip(self.angles.chunks_exact(pairs))
                {
                    Rope::rotate(row, heads.size, angles);
                }
            }
        }
        let layer = cache.push(layer, &self.key, &self.value);
        self.attended.resize(self.query.len(), 0.0);
        attend(heads, &self.query, layer, &mut self.attended);
        block.attention_out.product(&self.attended, &mut self.change)?;
        add(&mut self.x, &self.change);
        Ok(())
    }

    fn feed_forward(&mut self, model: &Model, block: &Block) -> Result<(), EngineError> {
        rms_norm(&self.x, &block.feed_forward_norm, model.config().epsilon, &mut self.normed);
        block.gate.product(&self.normed, &mut self.gate)?;
        block.up.product(&self.normed, &mut self.up)?;
        let some = self.gate.len().div_ceil(8 * pool::threads()).max(4_096);
        let mut parts: Vec<_> = self.gate.chunks_mut(some).zip(self.up.chunks(some)).collect();
        pool::each(&mut parts, |(gate, up)| {
            for (gate, up) in gate.iter_mut().zip(*up) {
                *gate = *gate / (1.0 + (-*gate).exp()) * up;
            }
        });
        block.down.product(&self.gate, &mut self.change)?;
        add(&mut self.x, &self.change);
        Ok(())
    }
}

/// Each row divided by the root of the mean of its squares, times the weights. Source: Zhang and
/// Sennrich (2019).
fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut Vec<f32>) {
    out.clear();
    for row in x.chunks_exact(weight.len()) {
        let mut sums = [0.0_f32; 8];
        for (i, x) in row.iter().enumerate() {
            sums[i % 8] += x * x;
        }
        let mean = sums.iter().sum::<f32>() / row.len() as f32;
        let scale = 1.0 / (mean + epsilon).sqrt();
        out.extend(row.iter().zip(weight).map(|(x, weight)| x * scale * weight));
    }
}

fn add(x: &mut [f32], change: &[f32]) {
    for (x, change) in x.iter_mut().zip(change) {
        *x += change;
    }
}
