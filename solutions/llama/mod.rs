//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat, a stage a file.

mod attention;
mod chat;
mod forward;
mod kv_cache;
mod rms_norm;
mod rope;

pub use attention::attention;
pub use chat::chat;
pub use forward::forward;
pub use kv_cache::KvCache;
pub use rms_norm::rms_norm;
pub use rope::rope;
