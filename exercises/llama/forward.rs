//! Stage `llama.forward`: put the parts together: from ids to logits.
//!
//! A vector goes through the network, the *stream*. It begins as the embedding of the token. Each layer
//! adds to it twice: what attention found in earlier tokens, then what the feed-forward block makes of it.
//! Both read a normalised copy, and the stream itself is never normalised. After the last layer, a
//! matrix turns the stream into a number for each id of the vocabulary: the *logits* of the next token.
//!
//! ```text
//! stream = embedding(id)
//! in each layer:
//!     x       = rms_norm(stream, norm Attn)
//!     q, k, v = AttnQ · x, AttnK · x, AttnV · x      rope turns each head of q and of k, and not v
//!     push k and v to the cache; the token sees itself
//!     stream += AttnOutput · attention(q, keys and values of the layer)
//!     x       = rms_norm(stream, norm Ffn)
//!     stream += FfnDown · (silu(FfnGate · x) * (FfnUp · x))       * multiplies number by number
//! logits = Output · rms_norm(stream, norm Output)
//!
//! silu(x) = x / (1 + exp(-x))      silu(2.0) = 1.7616, silu(-2.0) = -0.2384
//! ```
//!
//! - Your own [`rms_norm`], [`rope`] and [`attention`] do the work; solve them first.
//! - `weights.product(Matrix::AttnQ(0), &x)` is a matrix times a vector, here of layer 0;
//!   `weights.norm(Norm::Attn(0))` are the weights of a normalisation; `weights.shape()` has the rest.
//! - A head has `q.len() / shape.heads` numbers. `rope` takes one head at a time.
//! - The position of a token is `cache.len()` before its first push. The cache may hold earlier tokens:
//!   `forward(…, &[5, 6])`, then `forward(…, &[7])` gives what a fresh `forward(…, &[5, 6, 7])` gives.
//! - There is at least one id. Only the logits after the last one are asked for.
//!
//! Numbers may differ from the check's by one part in 1,000.

use rust_for_ai::llama::parts::{Cache, Matrix, Norm, Weights};

use super::{attention, rms_norm, rope};

/// Feeds `ids` at the positions that follow those in `cache`, and gives the logits after the last one.
pub fn forward(weights: &dyn Weights, cache: &mut dyn Cache, ids: &[u32]) -> Vec<f32> {
    todo!("llama.forward")
}

/// Adds number by number.
fn add(stream: &mut [f32], found: &[f32]) {
    stream.iter_mut().zip(found).for_each(|(sum, x)| *sum += x);
}
