//! What a conversation needs besides a model: its template, its tokenizer, and a choice.
//!
//! A trait, so that the answers of the chapter's stages can stand in for ours one by one, and so that a
//! test can script a conversation without a vocabulary.

use crate::llama::parts::TextStream;
use crate::llama::sampler::Sampler;
use crate::llama::stream::Utf8;
use crate::llama::template::{Message, Template};
use crate::llama::tokenizer::Tokenizer;

/// Writes a conversation down as ids, reads ids as text, and chooses the next one.
pub trait Voice {
    /// The conversation as ids, at whose end the assistant's answer is to begin.
    ///
    /// # Errors
    ///
    /// The template has no place for such messages. The text says why.
    fn render(&self, messages: &[Message]) -> Result<Vec<u32>, String>;

    /// The bytes that an id adds to a text; none for a control token.
    fn piece(&self, id: u32) -> Vec<u8>;

    /// Whether this id says that the answer is complete.
    fn ends_turn(&self, id: u32) -> bool;

    /// The next id, by the logits after the ids in `history`.
    ///
    /// # Errors
    ///
    /// No id can be chosen by such logits. The text says why.
    fn sample(&mut self, logits: &[f32], history: &[u32]) -> Result<u32, String>;

    /// What makes text of the bytes of one answer.
    fn text(&self) -> Box<dyn TextStream> {
        Box::<Utf8>::default()
    }
}

/// The library's own.
#[derive(Debug)]
pub struct Standard<'a> {
    /// From the model's file.
    pub tokenizer: &'a Tokenizer,
    /// The model's, or the one that was asked for.
    pub template: Template,
    /// How to choose.
    pub sampler: Sampler,
}

impl Voice for Standard<'_> {
    fn render(&self, messages: &[Message]) -> Result<Vec<u32>, String> {
        self.template.render(self.tokenizer, messages).map_err(|error| error.to_string())
    }

    fn piece(&self, id: u32) -> Vec<u8> {
        self.tokenizer.piece(id).to_vec()
    }

    fn ends_turn(&self, id: u32) -> bool {
        self.tokenizer.ends_turn(id)
    }

    fn sample(&mut self, logits: &[f32], history: &[u32]) -> Result<u32, String> {
        self.sampler.sample(logits, history).map_err(|error| error.to_string())
    }
}
