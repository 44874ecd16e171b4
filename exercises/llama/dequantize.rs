//! Stage `llama.dequantize`: from blocks of integers to numbers.
//!
//! A file spends 4.5 bits on a weight in place of 32: it cuts each row into blocks of 32 weights, and stores one
//! scale a block and one small integer a weight. Three of these formats, all numbers little-endian:
//!
//! ```text
//! Q8_0   34 bytes   scale: f16    32 integers from -128 to 127, a byte each     weight = scale · q
//! Q4_0   18 bytes   scale: f16    32 integers from 0 to 15, two a byte          weight = scale · (q − 8)
//! Q4_1   20 bytes   scale: f16, min: f16    32 integers from 0 to 15            weight = scale · q + min
//! ```
//!
//! Where two integers share a byte, byte `i` holds weight `i` in its lower half and weight `i + 16` in its upper
//! half: all lower halves are the first 16 weights. A tensor is its blocks one after the other.
//!
//! An `f16` has 1 bit for the sign, 5 for the exponent, 10 for the fraction, and `std` has no type for it yet:
//!
//! ```text
//! exponent 1 to 30:   ± 2^(exponent − 15) · (1 + fraction / 1024)
//! exponent 0:         ± 2^−14 · (fraction / 1024)                     without the 1, so that 0 is possible
//!
//! half(0x3c00)  ->   1.0        half(0xb800)  ->  -0.5
//! half(0x0200)  ->   2^-15      scales of small weights are such numbers
//! ```
//!
//! ```text
//! dequantize("Q4_0", &[0x00, 0x38, 0x9f, …])   ->   Some([3.5, …, 0.5, …])
//!     the scale is 0.5; byte 0x9f has 15 below and 9 above: weight 0 is 7 · 0.5, weight 16 is 1 · 0.5
//! dequantize("Q5_K", …)                        ->   None
//! ```
//!
//! The bytes are whole blocks; exponent 31 (infinity) does not come up.

/// The number in these 16 bits.
pub fn half(bits: u16) -> f32 {
    todo!("llama.dequantize")
}

/// The numbers of a tensor in the format `Q8_0`, `Q4_0` or `Q4_1`; `None` in another one.
pub fn dequantize(format: &str, bytes: &[u8]) -> Option<Vec<f32>> {
    todo!("llama.dequantize")
}
