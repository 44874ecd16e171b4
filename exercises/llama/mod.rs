//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat, a stage a file.

mod attention;
mod rms_norm;
mod rope;

pub use attention::attention;
pub use rms_norm::rms_norm;
pub use rope::rope;
