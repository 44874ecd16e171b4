//! Blocks of 256 weights in two levels: groups of 16 or 32 weights have small integers of their own, and
//! one scale of 16 bits stands for all.
//!
//! Q4_K, for example: 8 groups of 32 weights. Group `g` has a scale and a minimum of 6 bits each, packed
//! into 12 bytes; weights are nibbles, groups 0 and 1 in the low and high halves of bytes 0 to 31, groups 2
//! and 3 in bytes 32 to 63, and so on. Where the 6 bits do not fit, their upper two stand in the spare bits
//! of an earlier byte, which is all that makes these layouts hard to read.

use super::blocks::{half_at, part};

/// 16 groups of 16; weights of 2 bits, scales and minima of 4.
pub(super) fn q2_k(block: &[u8; 84], out: &mut [f32; 256]) {
    let scales: &[u8; 16] = part(block, 0);
    let packed: &[u8; 64] = part(block, 16);
    let (scale, min) = (half_at(block, 80), half_at(block, 82));
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let (bytes, shift, _) = sixteen(group);
        let scale = scale * f32::from(scales[group] & 15);
        let min = min * f32::from(scales[group] >> 4);
        for (out, byte) in out.iter_mut().zip(&packed[bytes..bytes + 16]) {
            *out = scale * f32::from(byte >> shift & 3) - min;
        }
    }
}

/// 16 groups of 16; weights of 3 bits, scales of 6, both below zero for half of their values. The third
/// bit of a weight means 4 when it is *not* set.
pub(super) fn q3_k(block: &[u8; 110], out: &mut [f32; 256]) {
    let third: &[u8; 32] = part(block, 0);
    let packed: &[u8; 64] = part(block, 32);
    let scales: &[u8; 12] = part(block, 96);
    let scale = half_at(block, 108);
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let (bytes, shift, bit) = sixteen(group);
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        let scale = scale * (f32::from(low | high << 4) - 32.0);
        let third = &third[group % 2 * 16..][..16];
        for ((out, byte), third) in out.iter_mut().zip(&packed[bytes..bytes + 16]).zip(third) {
            let q = (byte >> shift & 3) | (third >> bit & 1) << 2;
            *out = scale * (f32::from(q) - 4.0);
        }
    }
}

/// Where a group of 16 weights of 2 bits lies: its first byte, how far to shift, and the bit of the
/// mask that is its. Eight groups share 32 bytes.
fn sixteen(group: usize) -> (usize, usize, usize) {
    let (half, quarter, side) = (group / 8, group % 8 / 2, group % 2);
    (half * 32 + side * 16, quarter * 2, half * 4 + quarter)
}

/// The scale and the minimum of 6 bits of each of 8 groups.
fn six_bits(packed: &[u8; 12]) -> [(f32, f32); 8] {
    std::array::from_fn(|group| {
        let (scale, min) = if group < 4 {
            (packed[group] & 63, packed[group + 4] & 63)
        } else {
            let (low, high) = (packed[group + 4], |at: usize| packed[at] >> 6 << 4);
            (low & 15 | high(group - 4), low >> 4 | high(group))
        };
        (f32::from(scale), f32::from(min))
    })
}

/// 8 groups of 32; weights of 4 bits.
pub(super) fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    let groups = six_bits(part(block, 4));
    let packed: &[u8; 128] = part(block, 16);
    for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, min) = (scale * groups[group].0, min * groups[group].1);
        let shift = group % 2 * 4;
        for (out, byte) in out.iter_mut().zip(&packed[group / 2 * 32..][..32]) {
            *out = scale * f32::from(byte >> shift & 15) - min;
        }
    }
}

/// 8 groups of 32; weights of 5 bits, of which the fifth stands apart: bit `g` of byte `i` belongs to
/// weight `i` of group `g`.
pub(super) fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (scale, min) = (half_at(block, 0), half_at(block, 2));
    let groups = six_bits(part(block, 4));
    let fifth: &[u8; 32] = part(block, 16);
    let packed: &[u8; 128] = part(block, 48);
    for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, min) = (scale * groups[group].0, min * groups[group].1);
        let shift = group % 2 * 4;
        let bytes = &packed[group / 2 * 32..][..32];
        for ((out, byte), fifth) in out.iter_mut().zip(bytes).zip(fifth) {
            let q = (byte >> shift & 15) | (fifth >> group & 1) << 4;
            *out = scale * f32::from(q) - min;
        }
    }
}

/// 16 groups of 16; weights of 6 bits: the lower 4 in one place, the upper 2 in another; scales are
/// signed bytes.
pub(super) fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let low: &[u8; 128] = part(block, 0);
    let high: &[u8; 64] = part(block, 128);
    let scales: &[u8; 16] = part(block, 192);
    let scale = half_at(block, 208);
    for (group, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        // Half of the block, quarter of the half, left or right sixteen of the quarter.
        let (half, quarter, side) = (group / 8, group % 8 / 2, group % 2);
        let scale = scale * f32::from(scales[group].cast_signed());
        let low = &low[half * 64 + quarter % 2 * 32 + side * 16..][..16];
        let high = &high[half * 32 + side * 16..][..16];
        for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
            let q = (low >> (quarter / 2 * 4) & 15) | (high >> (quarter * 2) & 3) << 4;
            *out = scale * (f32::from(q) - 32.0);
        }
    }
}
