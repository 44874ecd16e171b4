//! A quantized Llama on the CPU: its file, its arithmetic, its chat. What chapter `llama` leads to.

pub mod engine;

pub use engine::{Engine, EngineError};
