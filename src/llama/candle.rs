//! Candle's own quantized Llama, as a second opinion.
//!
//! `candle_transformers::models::quantized_llama`, version 0.11.1, behind [`Engine`]. It reads and
//! copies the whole file. Its cache grows by a copy with every id, and knows no way back; so a
//! [`truncate`](Engine::truncate) here means that what is left is fed anew with the next ids. It holds
//! 4,096 positions at most, whatever the file says.

use std::io::Cursor;

use candle_core::quantized::gguf_file;
use candle_core::{Device, IndexOp, Tensor};
use candle_transformers::models::quantized_llama::{MAX_SEQ_LEN, ModelWeights};

use super::config::Config;
use super::engine::{Engine, EngineError, check_feed};
use super::gguf::File;
use super::native::LoadError;

/// One conversation with Candle's Llama.
#[derive(Debug)]
pub struct CandleEngine {
    weights: ModelWeights,
    context: usize,
    vocabulary: usize,
    ids: Vec<u32>,
    /// Positions in Candle's cache that stand for `ids`.
    cached: usize,
    logits: Vec<f32>,
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn backend(error: candle_core::Error) -> EngineError {
    EngineError::Backend(format!("candle: {error}"))
}

impl CandleEngine {
    /// Reads and copies the weights of a file.
    ///
    /// # Errors
    ///
    /// Another architecture, or what Candle refuses.
    pub fn load(file: &File) -> Result<Self, LoadError> {
        let config = Config::from_gguf(file.gguf())?;
        let mut reader = Cursor::new(file.as_bytes());
        let weights = gguf_file::Content::read(&mut reader)
            .and_then(|content| ModelWeights::from_gguf(content, &mut reader, &Device::Cpu))
            .map_err(backend)?;
        Ok(Self {
            weights,
            context: config.context.min(MAX_SEQ_LEN),
            vocabulary: config.vocabulary,
            ids: Vec::new(),
            cached: 0,
            logits: Vec::new(),
        })
    }

    /// Takes no more than `context` positions.
    #[must_use]
    pub fn with_context(mut self, context: usize) -> Self {
        self.context = self.context.min(context);
        self
    }

    fn run(&mut self) -> candle_core::Result<()> {
        let fresh = &self.ids[self.cached..];
        let input = Tensor::new(fresh, &Device::Cpu)?.unsqueeze(0)?;
        self.logits = self.weights.forward(&input, self.cached)?.i(0)?.to_vec1()?;
        self.cached = self.ids.len();
        Ok(())
    }
}

impl Engine for CandleEngine {
    fn name(&self) -> &str {
        "candle"
    }

    fn context(&self) -> usize {
        self.context
    }

    fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        if len < self.ids.len() {
            self.ids.truncate(len);
            self.cached = 0;
        }
        Ok(())
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        let before = self.ids.len();
        check_feed(ids, before, self.context, self.vocabulary)?;
        self.ids.extend_from_slice(ids);
        if let Err(error) = self.run() {
            self.ids.truncate(before);
            self.cached = 0;
            return Err(backend(error));
        }
        Ok(&self.logits)
    }
}
