//! The tiny model's weights, written out as `f32`: what the last cases of `llama.forward` run on.
//!
//! It was trained by this project and is committed as `data/tiny.gguf`. The reader trusts its input, and
//! knows the two formats that are in it.

use std::collections::HashMap;

use super::TINY;
use super::gguf::tiny;
use crate::llama::parts::{Matrix, Norm, Shape, Weights};

/// The tiny model.
pub(super) struct Trained {
    /// By name: how long a row is, and all rows.
    tensors: HashMap<String, (usize, Vec<f32>)>,
}

/// Its numbers; they stand in its file, too.
const SHAPE: Shape = Shape { layers: 2, heads: 8, kv_heads: 2, epsilon: 1e-5, freq_base: 10_000.0 };

impl Trained {
    pub(super) fn new() -> Self {
        let tensors = tiny().into_iter().map(|tensor| {
            let size = |dim: &u64| usize::try_from(*dim).unwrap_or(0);
            let (row, count) =
                (tensor.dims.first().map_or(0, size), tensor.dims.iter().map(size).product());
            let bytes = &TINY[usize::try_from(tensor.start).unwrap_or(0)..];
            // 0 is F32, and 8 is Q8_0.
            let numbers =
                if tensor.format == 0 { floats(bytes, count) } else { q8_0(bytes, count) };
            (tensor.name, (row, numbers))
        });
        Self { tensors: tensors.collect() }
    }

    fn tensor(&self, name: &str) -> &(usize, Vec<f32>) {
        match self.tensors.get(&format!("{name}.weight")) {
            Some(tensor) => tensor,
            None => panic!("the model has no {name}"),
        }
    }
}

fn floats(bytes: &[u8], count: usize) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().take(count).map(|&number| f32::from_le_bytes(number)).collect()
}

/// Blocks of a scale in 16 bits and 32 signed bytes.
fn q8_0(bytes: &[u8], count: usize) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(count);
    for block in bytes.chunks_exact(34).take(count / 32) {
        let bits = u32::from(block[0]) + 256 * u32::from(block[1]);
        // No scale of this file has an exponent of 0 or a sign: 16 bits become 32 by a new bias.
        let scale = f32::from_bits((bits << 13) + (112 << 23));
        numbers.extend(block[2..].iter().map(|&byte| scale * f32::from(byte.cast_signed())));
    }
    numbers
}

impl Weights for Trained {
    fn shape(&self) -> Shape {
        SHAPE
    }

    fn embedding(&self, id: u32) -> Vec<f32> {
        let (row, numbers) = self.tensor("token_embd");
        numbers[id as usize * row..][..*row].to_vec()
    }

    fn norm(&self, norm: Norm) -> &[f32] {
        let name = match norm {
            Norm::Attn(layer) => format!("blk.{layer}.attn_norm"),
            Norm::Ffn(layer) => format!("blk.{layer}.ffn_norm"),
            Norm::Output => "output_norm".to_owned(),
        };
        &self.tensor(&name).1
    }

    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32> {
        let name = match matrix {
            Matrix::AttnQ(layer) => format!("blk.{layer}.attn_q"),
            Matrix::AttnK(layer) => format!("blk.{layer}.attn_k"),
            Matrix::AttnV(layer) => format!("blk.{layer}.attn_v"),
            Matrix::AttnOutput(layer) => format!("blk.{layer}.attn_output"),
            Matrix::FfnGate(layer) => format!("blk.{layer}.ffn_gate"),
            Matrix::FfnUp(layer) => format!("blk.{layer}.ffn_up"),
            Matrix::FfnDown(layer) => format!("blk.{layer}.ffn_down"),
            // It has no matrix of its own for this.
            Matrix::Output => "token_embd".to_owned(),
        };
        let (row, numbers) = self.tensor(&name);
        let (expected, got) = (*row, x.len());
        assert_eq!(got, expected, "{matrix:?} takes {expected} numbers, got {got}");
        let dot = |row: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum();
        numbers.chunks_exact(*row).map(dot).collect()
    }
}
