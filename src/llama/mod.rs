//! A quantized Llama on the CPU: its file, its arithmetic, its chat. What chapter `llama` leads to.
//! `README.md` in this folder counts what a Llama computes and reads.
//!
//! | module | what it is |
//! |---|---|
//! | [`gguf`] | the file: metadata and tensors, mapped and checked |
//! | [`quant`] | the formats of its numbers |
//! | [`config`] | the shape of the model in it |
//! | [`tokenizer`] | its tokenizer: text to ids, ids to bytes |
//! | [`template`] | a conversation to the ids that the model was trained to continue |
//! | [`sampler`] | the next token from the logits |
//! | [`stream`] | what of a text may be shown while it arrives |
//! | [`chat`] | turns, streaming, reuse of the cache, the end of the context |
//! | [`engine`] | what a chat needs of a model that runs |
//! | [`parts`] | the seams between the parts of a pass that a learner writes |
//! | [`plain`] | the weights of a small model as plain numbers |
//! | [`synthetic`] | files of any shape with random weights |
//! | `native` | our forward pass, on Candle's matrix products (feature `candle`) |
//! | `candle` | Candle's own Llama, as a second opinion (feature `candle`) |

#[cfg(feature = "candle")]
pub mod candle;
pub mod chat;
pub mod config;
pub mod engine;
pub mod gguf;
#[cfg(feature = "candle")]
pub mod native;
pub mod parts;
pub mod plain;
pub mod quant;
pub mod sampler;
pub mod stream;
pub mod synthetic;
pub mod template;
pub mod tokenizer;

#[cfg(feature = "candle")]
pub use candle::CandleEngine;
pub use config::{Config, ConfigError};
pub use engine::{Engine, EngineError};
#[cfg(feature = "candle")]
pub use native::{LoadError, Model, Session};
