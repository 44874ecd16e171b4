//! The products in plain Rust: what runs where there is no better, and what the others must equal.

use super::{BLOCK, Piece};
use crate::llama::quant::{Format, levels};

/// Each 32 numbers to a piece: the largest of them is 127.
pub(super) fn quantize(x: &[f32], pieces: &mut [Piece]) {
    for (x, piece) in x.chunks_exact(BLOCK).zip(pieces) {
        let largest = x.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        // `max` passes over what is no number; it must not become one on the way.
        let scale = if x.iter().any(|x| x.is_nan()) { f32::NAN } else { largest / 127.0 };
        let inverse = if scale.is_normal() { 1.0 / scale } else { 0.0 };
        let mut sum = 0_i32;
        for (x, level) in x.iter().zip(&mut piece.levels) {
            *level = (x * inverse).round_ties_even() as i8;
            sum += i32::from(*level);
        }
        piece.scale = scale;
        piece.sum = scale * sum as f32;
    }
}

/// See [`Processor::rows`](super::Processor::rows).
pub(super) fn rows(
    format: Format,
    row_bytes: usize,
    rows: &[u8],
    vectors: &[&[Piece]],
    out: &mut [&mut [f32]],
) {
    let (_, block_bytes) = format.block();
    let mut weights = [0_i8; BLOCK];
    for (r, row) in rows.chunks_exact(row_bytes).enumerate() {
        for out in out.iter_mut() {
            out[r] = 0.0;
        }
        for (b, block) in row.chunks_exact(block_bytes).enumerate() {
            let (scale, min) = levels(format, block, &mut weights);
            for (vector, out) in vectors.iter().zip(out.iter_mut()) {
                let Piece { levels, scale: s, sum } = &vector[b];
                let dot: i32 =
                    weights.iter().zip(levels).map(|(&w, &q)| i32::from(w) * i32::from(q)).sum();
                out[r] += scale * s * dot as f32 + min * sum;
            }
        }
    }
}
