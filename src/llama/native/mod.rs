//! Our own forward pass, on Candle's matrix products.
//!
//! Candle has a quantized Llama of its own; [`CandleEngine`](super::candle::CandleEngine) runs it, as a
//! second opinion. It keeps one cache inside of the model, holds at most 4,096 positions whatever the
//! file says, gives the logits of the last position only, ignores the way in which Llama 3 stretches its
//! rotations, and takes the embedding for the output where that fails to load. Here:
//!
//! * a [`Model`] is weights, shared and never written;
//! * a [`Session`] is one conversation: its positions can be taken back, forked and reused;
//! * weights stay in the mapped file where Candle can multiply them there (`mapped`);
//! * keys and values have 16 bits and are never copied to a larger place (`cache`).
//!
//! Between the matrix products everything is plain slices of `f32`. The seam to what multiplies is
//! `Matrix::product`.

mod attention;
mod cache;
mod kernel;
mod mapped;
mod matrix;
mod model;
mod parts;
mod pool;
mod rope;
mod session;

pub use model::{LoadError, Model};
pub use parts::{Assembled, Attention, Forward, Parts};
pub use pool::threads;
pub use session::Session;
