//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat, a stage a file.

mod rms_norm;

pub use rms_norm::rms_norm;
