//! The checks of chapter `llama`, a file a stage, each with its wrong answers beside it.
//!
//! Numbers are compared up to rounding (`near`). Oracles compute in `f64`, straight
//! from the formula.

mod attention;
#[cfg(feature = "candle")]
mod candle_load;
mod chat;
mod chat_template;
mod dequantize;
pub mod file;
mod forward;
mod gguf;
mod kv_cache;
mod quantized_dot;
mod rms_norm;
mod rope;
mod sampler;
mod stream_utf8;
mod toy;
mod trained;

pub use attention::attention;
#[cfg(feature = "candle")]
pub use candle_load::candle_load;
pub use chat::chat;
pub use chat_template::chat_template;
pub use dequantize::dequantize;
pub use forward::forward;
pub use gguf::gguf;
pub use kv_cache::kv_cache;
pub use quantized_dot::quantized_dot;
pub use rms_norm::rms_norm;
pub use rope::rope;
pub use sampler::sampler;
pub use stream_utf8::stream_utf8;

use super::Verdict;

/// The tiny model that this project trained, for the last cases of a stage.
const TINY: &[u8] = include_bytes!("../../../data/tiny.gguf");

/// Each wrong answer of the chapter with its own id and what its stage's check says of it.
///
/// A check is sound only if every one of these fails and is recognised.
pub fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    let stages = [
        gguf::wrong_answers(),
        dequantize::wrong_answers(),
        quantized_dot::wrong_answers(),
        rms_norm::wrong_answers(),
        rope::wrong_answers(),
        attention::wrong_answers(),
        kv_cache::wrong_answers(),
        forward::wrong_answers(),
        #[cfg(feature = "candle")]
        candle_load::wrong_answers(),
        sampler::wrong_answers(),
        chat_template::wrong_answers(),
        stream_utf8::wrong_answers(),
        chat::wrong_answers(),
    ];
    stages.into_iter().flatten().collect()
}
