//! The tiny model as a GGUF file.
//!
//! GPT-2's tokenizers write bytes as characters that can be seen: those of Latin-1 that print stand for
//! themselves, and the other 68 bytes are the characters from U+0100 on, in their order.

use std::io::Write;

use anyhow::{Context, Result};
use rust_for_ai::llama::gguf::Writer;
use rust_for_ai::llama::quant::Format;

use super::model::Model;
use super::sizes::{
    CONTEXT, DIM, EPSILON, FEED_FORWARD, FREQ_BASE, HEAD, HEADS, KV_HEADS, LAYERS, VOCABULARY,
};
use super::vocabulary::{CONTROL, END_OF_TEXT, END_OF_TURN, Vocabulary};

/// ChatML, as other models' files have it.
const TEMPLATE: &str = "{% for message in messages %}\
    {{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}\
    {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Writes the file, matrices in `format`, norms as `F32`.
///
/// # Errors
///
/// A format that cannot be made; an error of `out`.
pub fn write(
    model: &Model,
    vocabulary: &Vocabulary,
    format: Format,
    out: impl Write,
) -> Result<()> {
    let mut file = Writer::new();
    metadata(&mut file, vocabulary);
    let of = |rank: usize| if rank == 1 { Format::F32 } else { format };
    for (name, weight) in model.weights() {
        // The file names the length of a row first.
        let dims: Vec<u64> = weight.dims().iter().rev().map(|&dim| dim as u64).collect();
        file.tensor(name, &dims, of(dims.len()));
    }
    let mut body = file.begin(out)?;
    for (name, weight) in model.weights() {
        let numbers: Vec<f32> = weight.flatten_all()?.to_vec1()?;
        let bytes = of(weight.rank()).quantize(&numbers);
        body.write_all(&bytes.with_context(|| format!("`{name}`: {format} cannot be made"))?)?;
    }
    body.finish()?;
    Ok(())
}

fn metadata(file: &mut Writer, vocabulary: &Vocabulary) {
    file.set("general.architecture", "llama")
        .set("general.name", "The tiny Llama of Rust for AI, trained on the King James Bible")
        .set("general.license", "MIT OR Apache-2.0")
        .set("general.alignment", 32_u32)
        .set("llama.vocab_size", VOCABULARY as u32)
        .set("llama.context_length", CONTEXT as u32)
        .set("llama.embedding_length", DIM as u32)
        .set("llama.block_count", LAYERS as u32)
        .set("llama.feed_forward_length", FEED_FORWARD as u32)
        .set("llama.rope.dimension_count", HEAD as u32)
        .set("llama.rope.freq_base", FREQ_BASE)
        .set("llama.attention.head_count", HEADS as u32)
        .set("llama.attention.head_count_kv", KV_HEADS as u32)
        .set("llama.attention.layer_norm_rms_epsilon", EPSILON)
        .set("tokenizer.ggml.model", "gpt2")
        .set("tokenizer.ggml.pre", "gpt-2");
    let mut tokens: Vec<String> = vocabulary.tokens().iter().map(|token| visible(token)).collect();
    let merges: Vec<String> = (vocabulary.merges().iter())
        .map(|&(left, right)| format!("{} {}", tokens[left as usize], tokens[right as usize]))
        .collect();
    // 1 is an ordinary token, 3 a control token.
    let mut types = vec![1_i32; tokens.len()];
    for (name, _) in CONTROL {
        tokens.push(name.to_owned());
        types.push(3);
    }
    file.set("tokenizer.ggml.tokens", tokens)
        .set("tokenizer.ggml.token_type", types)
        .set("tokenizer.ggml.merges", merges)
        .set("tokenizer.ggml.bos_token_id", END_OF_TEXT)
        .set("tokenizer.ggml.eos_token_id", END_OF_TURN)
        .set("tokenizer.ggml.padding_token_id", END_OF_TEXT)
        .set("tokenizer.ggml.add_bos_token", false)
        .set("tokenizer.ggml.add_space_prefix", false)
        .set("tokenizer.chat_template", TEMPLATE);
}

/// Bytes as GPT-2's characters.
fn visible(bytes: &[u8]) -> String {
    let prints = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100;
    let table: Vec<char> = (0..=255)
        .map(|byte| {
            let code = if prints(byte) { byte.into() } else { next };
            next += u32::from(!prints(byte));
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    bytes.iter().map(|&byte| table[usize::from(byte)]).collect()
}
