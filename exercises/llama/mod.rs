//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat, a stage a file.

mod attention;
#[cfg(feature = "candle")]
mod candle_load;
mod chat;
mod chat_template;
mod dequantize;
mod forward;
mod gguf;
mod kv_cache;
mod quantized_dot;
mod rms_norm;
mod rope;
mod sampler;
mod stream_utf8;

pub use attention::attention;
#[cfg(feature = "candle")]
pub use candle_load::{Candle, first_difference};
pub use chat::chat;
pub use chat_template::chat_template;
pub use dequantize::{dequantize, half};
pub use forward::forward;
pub use gguf::gguf;
pub use kv_cache::KvCache;
pub use quantized_dot::quantized_dot;
pub use rms_norm::rms_norm;
pub use rope::rope;
pub use sampler::sampler;
pub use stream_utf8::Utf8Stream;
