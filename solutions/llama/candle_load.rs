//! Stage `llama.candle_load`: run the same model with Candle.
//!
//! Candle is Hugging Face's framework of tensors in Rust, and its crate `candle-transformers` has a Llama
//! for GGUF files. It is a second opinion on your own forward pass, and what you would begin with at
//! work. It has few words and some edges; this stage is about the edges.
//!
//! ```text
//! let mut model = Candle::load(&std::fs::read("model.gguf")?)?;
//! model.logits(&[1, 5, 6])?        one number for each id of the vocabulary, for what follows 6
//! model.greedy(&[1, 5, 6], 2)?     [9, 4]: 9 has the largest logit after 1 5 6, and 4 after 1 5 6 9
//! model.logits(&[1, 5, 6])?        as the first time: each call is a conversation of its own
//! ```
//!
//! - `gguf_file::Content::read` reads the head of a file, and `ModelWeights::from_gguf` the weights.
//!   Both want a reader: `std::io::Cursor::new(file)` is one. The device is `Device::Cpu`.
//! - `weights.forward(&input, index_pos)` takes a tensor of ids with the shape `(1, n)`, keeps their keys
//!   and values in a cache of its own, and gives the logits after the last one, with the shape `(1, vocabulary)`.
//! - `index_pos` is the position of the first id of this call. At 0 the cache begins anew; at any
//!   other number, the ids go behind what is there. Nothing checks that the number is right.
//! - A model holds one conversation: the cache is inside of it.
//! - A file that Candle cannot read is an `Err` with what Candle says of it, and no panic.
//! - Ids come from your own tokenizer, and bring the token that begins a text if the model wants one.
//!
//! Candle has a tokenizer for GGUF files, too, and you find out what it is worth. `first_difference` gets a
//! file, a text and its right ids; it makes Candle's tokenizer of the file, has it encode the text, and gives the
//! index of the first id that differs. A list that ends where the other one goes on differs there.
//!
//! ```text
//! the tiny model, data/tiny.gguf, with the ids of our tokenizer
//! " In the beginning"   [302, 110, 258, …]        Candle the same           None
//! "In the beginning"    [73, 110, 258, …]         Candle [302, 110, …]      Some(0)
//! " In<|im_end|>"       [302, 110, 60, 124, …]    Candle [302, 110, 1023]   Some(2)
//! ```
//!
//! It puts a space in front of a text that has none, and makes a control token of what a user wrote. Nothing
//! says so, and the model still answers. For SmolLM2 it also cuts a text in GPT-2's way, since it does not
//! know that model's: of "it's  2" the two spaces are one token, and Candle gives two. Llama-2's tokenizer it
//! refuses: that is an `Err`.
//!
//! - `Content::read` as above, then `tokenizers::Tokenizer::from_gguf(&content)`. That function is of the trait
//!   `candle_core::quantized::tokenizer::TokenizerFromGguf`, which has to be in scope.
//! - `tokenizer.encode(text, false)` gives an `Encoding`, and its `get_ids` the ids.
//!
//! This stage needs the feature `candle`, which takes minutes to compile, once. `cargo lab check
//! llama.candle_load` sees to it. Numbers may differ from the check's by one part in 1,000.

use std::io::Cursor;

use candle_core::quantized::gguf_file;
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use rust_for_ai::llama::parts::Greedy;
use tokenizers::Tokenizer;

/// Candle's Llama.
#[derive(Debug)]
pub struct Candle {
    // BEGIN SOLUTION
    weights: ModelWeights,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}

impl Candle {
    /// The model in the bytes of a GGUF file.
    pub fn load(file: &[u8]) -> Result<Self, String> {
        // BEGIN SOLUTION
        let mut reader = Cursor::new(file);
        let content = gguf_file::Content::read(&mut reader).map_err(|error| error.to_string())?;
        let weights = ModelWeights::from_gguf(content, &mut reader, &Device::Cpu);
        Ok(Self { weights: weights.map_err(|error| error.to_string())? })
        // END SOLUTION
    }

    /// The logits after the last of `ids`, of which the first stands at `position`.
    fn feed(&mut self, ids: &[u32], position: usize) -> candle_core::Result<Vec<f32>> {
        // BEGIN SOLUTION
        let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        self.weights.forward(&input, position)?.squeeze(0)?.to_vec1()
        // END SOLUTION
    }
}

impl Greedy for Candle {
    fn logits(&mut self, ids: &[u32]) -> Result<Vec<f32>, String> {
        // BEGIN SOLUTION
        self.feed(ids, 0).map_err(|error| error.to_string())
        // END SOLUTION
    }

    fn greedy(&mut self, ids: &[u32], n: usize) -> Result<Vec<u32>, String> {
        // BEGIN SOLUTION
        let mut logits = self.logits(ids)?;
        let mut chosen = Vec::new();
        for position in ids.len()..ids.len() + n {
            let best = (0..).zip(&logits).max_by(|(_, a), (_, b)| a.total_cmp(b));
            let id = best.map_or(0, |(id, _)| id);
            chosen.push(id);
            logits = self.feed(&[id], position).map_err(|error| error.to_string())?;
        }
        Ok(chosen)
        // END SOLUTION
    }
}

/// The index of the first of `ids` that Candle's own tokenizer, made of the file, has otherwise.
pub fn first_difference(file: &[u8], text: &str, ids: &[u32]) -> Result<Option<usize>, String> {
    // BEGIN SOLUTION
    let content = gguf_file::Content::read(&mut Cursor::new(file));
    let tokenizer = content.and_then(|content| Tokenizer::from_gguf(&content));
    let encoding = tokenizer.map_err(|error| error.to_string())?.encode(text, false);
    let encoding = encoding.map_err(|error| error.to_string())?;
    let theirs = encoding.get_ids();
    Ok((0..theirs.len().max(ids.len())).find(|&at| theirs.get(at) != ids.get(at)))
    // END SOLUTION
}
