//! Small models with random weights, one for each thing that a Llama's file may have.
//!
//! llama.cpp and our engine run the same bytes: `bench --bin synthetic_models` writes these files for the
//! script that asks llama.cpp, and the test of logits makes them again in memory. There is one for each
//! format, and one for each other difference in shape.

use std::io;

use rust_for_ai::llama::quant::Format;
use rust_for_ai::llama::synthetic::{RopeScaling, Shape, Synthetic, vocabulary};

/// Tokens of each.
const VOCABULARY: usize = 512;

/// Each model with its name.
pub fn all() -> Vec<(String, Synthetic)> {
    let tiny = Shape::tiny();
    let scaling = RopeScaling { factor: 8.0, low: 1.0, high: 4.0, context: 512 };
    let formats =
        Format::ALL.map(|format| (format.name().to_owned(), tiny.clone(), format, format));
    let variants = [
        ("rope_scaling", Shape { rope_scaling: Some(scaling), ..tiny.clone() }, Format::Q8_0),
        ("rope_base", Shape { rope_base: 500_000.0, ..tiny.clone() }, Format::Q8_0),
        ("long_heads", Shape { key_length: Some(128), ..tiny.clone() }, Format::Q4_0),
        ("short_heads", Shape { key_length: Some(32), heads: 8, ..tiny.clone() }, Format::F32),
        ("own_keys", Shape { kv_heads: 4, ..tiny.clone() }, Format::Q5_1),
        ("one_key", Shape { kv_heads: 1, ..tiny.clone() }, Format::Q4_1),
        ("tied", Shape { tied: true, ..tiny.clone() }, Format::Q4K),
        ("epsilon", Shape { epsilon: 1e-2, ..tiny.clone() }, Format::Q8_0),
    ];
    let variants = variants.map(|(name, shape, format)| (name.to_owned(), shape, format, format));
    let mixed = [("mixed".to_owned(), tiny.clone(), Format::Q4_0, Format::Q6K)];
    (formats.into_iter().chain(variants).chain(mixed).zip(1..))
        .map(|((name, shape, format, output), seed)| {
            let vocabulary = vocabulary(VOCABULARY).expect("there is room for the bytes");
            (name, Synthetic { shape, vocabulary, format, output, seed })
        })
        .collect()
}

/// The file of a model.
///
/// # Errors
///
/// A shape that cannot be.
pub fn file(model: &Synthetic) -> io::Result<Vec<u8>> {
    model.write(Vec::new())
}
