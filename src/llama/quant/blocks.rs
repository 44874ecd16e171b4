//! Blocks of 32 weights: one scale, perhaps a minimum, and an integer a weight.
//!
//! Weights 0 to 15 are the low halves of the bytes, weights 16 to 31 the high halves. So the two halves of
//! a block are two straight loops, which the compiler turns into vector code. The fifth bit of the Q5
//! formats stands in a number of 32 bits: bit `i` belongs to weight `i`.

use half::f16;

/// The number of 16 bits at `at`.
pub(super) fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Cuts 16 bytes into 32 nibbles, in the order of the weights.
fn nibbles(bytes: &[u8; 16]) -> [u8; 32] {
    let mut all = [0; 32];
    for (i, byte) in bytes.iter().enumerate() {
        all[i] = byte & 15;
        all[i + 16] = byte >> 4;
    }
    all
}

/// The nibbles at `at`, with bit `i` of the 4 bytes before them as the fifth bit of weight `i`.
fn five_bits(high: &[u8; 4], low: &[u8; 16]) -> [u8; 32] {
    let high = u32::from_le_bytes(*high);
    let mut all = nibbles(low);
    for (i, q) in all.iter_mut().enumerate() {
        *q |= (high >> i & 1) as u8 * 16;
    }
    all
}

/// The `N` bytes from `at` on, as an array.
pub(super) fn part<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().expect("a block's parts lie in the block")
}

pub(super) fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (out, q) in out.iter_mut().zip(nibbles(part(block, 2))) {
        *out = (f32::from(q) - 8.0) * scale;
    }
}

pub(super) fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    for (out, q) in out.iter_mut().zip(nibbles(part(block, 4))) {
        *out = f32::from(q) * scale + min;
    }
}

pub(super) fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (out, q) in out.iter_mut().zip(five_bits(part(block, 2), part(block, 6))) {
        *out = (f32::from(q) - 16.0) * scale;
    }
}

pub(super) fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    for (out, q) in out.iter_mut().zip(five_bits(part(block, 4), part(block, 8))) {
        *out = f32::from(q) * scale + min;
    }
}

pub(super) fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (out, q) in out.iter_mut().zip(&block[2..]) {
        *out = f32::from(q.cast_signed()) * scale;
    }
}

/// A block's integers in `out`, with its scale and min: a weight is `scale · out[i] + min`.
///
/// `block` is a whole block of Q4_0, Q4_1, Q5_0 or Q5_1.
#[cfg(feature = "candle")]
pub(crate) fn levels(format: super::Format, block: &[u8], out: &mut [i8; 32]) -> (f32, f32) {
    use super::Format;
    let (levels, below) = match format {
        Format::Q4_0 => (nibbles(part(block, 2)), 8),
        Format::Q4_1 => (nibbles(part(block, 4)), 0),
        Format::Q5_0 => (five_bits(part(block, 2), part(block, 6)), 16),
        _ => (five_bits(part(block, 4), part(block, 8)), 0),
    };
    *out = levels.map(|level| level.cast_signed() - below);
    let min = match format {
        Format::Q4_1 | Format::Q5_1 => half_at(block, 2),
        _ => 0.0,
    };
    (half_at(block, 0), min)
}
