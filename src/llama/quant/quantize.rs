//! From 32 numbers to a block, rounded as ggml's reference does it, so that the bytes are equal.
//!
//! *Symmetric* formats (Q4_0, Q5_0) choose the scale so that the number farthest from zero becomes the
//! lowest integer: there is one more integer below zero than above it, and that one should not be wasted.
//! The scale is negative when that number is positive. *Affine* formats (Q4_1, Q5_1) spread the integers
//! from the minimum to the maximum. The integers are found with the exact scale, before it is rounded to
//! 16 bits: one would gain a little by the rounded one, and lose equality with every file in the wild.

use half::f16;

type Numbers = [f32; 32];

/// The scale for which the number farthest from zero becomes `lowest`, the first one among equals; then
/// its inverse, or 0.
fn symmetric(numbers: &Numbers, lowest: f32) -> (f32, f32) {
    let farthest =
        numbers.iter().fold(0.0_f32, |best, &x| if best.abs() < x.abs() { x } else { best });
    with_inverse(farthest / lowest)
}

/// The minimum, the scale for which the maximum becomes `highest`, and its inverse, or 0.
fn affine(numbers: &Numbers, highest: f32) -> (f32, (f32, f32)) {
    // Not `f32::min`, which may give either zero of 0.0 and -0.0.
    let min = numbers.iter().fold(f32::INFINITY, |min, &x| if x < min { x } else { min });
    let max = numbers.iter().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    (min, with_inverse((max - min) / highest))
}

fn with_inverse(scale: f32) -> (f32, f32) {
    (scale, if scale == 0.0 { 0.0 } else { 1.0 / scale })
}

fn half(x: f32) -> [u8; 2] {
    f16::from_f32(x).to_le_bytes()
}

/// The low nibbles of 32 integers: `i` and `i + 16` share a byte.
fn low(integers: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|i| integers[i] & 15 | integers[i + 16] << 4)
}

/// The fifth bits of 32 integers.
fn high(integers: &[u8; 32]) -> [u8; 4] {
    let bits = (0..32).map(|i| u32::from(integers[i] >> 4 & 1) << i);
    bits.sum::<u32>().to_le_bytes()
}

/// Parts put one behind the other.
fn joined<const BYTES: usize>(parts: &[&[u8]]) -> [u8; BYTES] {
    let mut block = [0; BYTES];
    let mut at = 0;
    for part in parts {
        block[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    block
}

pub(super) fn q4_0(numbers: &Numbers) -> [u8; 18] {
    let (scale, inverse) = symmetric(numbers, -8.0);
    // A cast cuts towards zero, so adding a half rounds.
    let integers = numbers.map(|x| ((x * inverse + 8.5) as u8).min(15));
    joined(&[&half(scale), &low(&integers)])
}

pub(super) fn q4_1(numbers: &Numbers) -> [u8; 20] {
    let (min, (scale, inverse)) = affine(numbers, 15.0);
    let integers = numbers.map(|x| (((x - min) * inverse + 0.5) as u8).min(15));
    joined(&[&half(scale), &half(min), &low(&integers)])
}

pub(super) fn q5_0(numbers: &Numbers) -> [u8; 22] {
    let (scale, inverse) = symmetric(numbers, -16.0);
    let integers = numbers.map(|x| ((x * inverse + 16.5) as u8).min(31));
    joined(&[&half(scale), &high(&integers), &low(&integers)])
}

pub(super) fn q5_1(numbers: &Numbers) -> [u8; 24] {
    let (min, (scale, inverse)) = affine(numbers, 31.0);
    let integers = numbers.map(|x| (((x - min) * inverse + 0.5) as u8).min(31));
    joined(&[&half(scale), &half(min), &high(&integers), &low(&integers)])
}

pub(super) fn q8_0(numbers: &Numbers) -> [u8; 34] {
    let farthest = numbers.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let (scale, inverse) = with_inverse(farthest / 127.0);
    // Halves are rounded away from zero.
    let integers = numbers.map(|x| ((x * inverse).round() as i8).cast_unsigned());
    joined(&[&half(scale), &integers])
}
