//! Stage `llama.quantized_dot`: multiply integers, and scale once a block.
//!
//! Nearly all work of a model is dot products of a row of weights with a vector. Weights are integers with a
//! scale. One could dequantize them and multiply floats; faster is to make integers of the vector, too,
//! multiply integers, and bring in the scales once for 32 products:
//!
//! ```text
//! Σ (a · p[i]) · (b · q[i])   =   a · b · Σ p[i] · q[i]        a, b: scales of a block    p, q: its integers
//! ```
//!
//! The vector is cut into blocks of 32, too. The scale of such a block is the largest size of its numbers
//! divided by 127, so that integers go from -127 to 127; each number becomes the integer *nearest* to itself
//! divided by the scale. (A block of zeros has the scale 0; all its integers are 0.)
//!
//! The row is in Q4_0, already taken apart: for each block its scale and 16 bytes, where byte `i` holds the
//! integers of weights `i` (lower half) and `i + 16` (upper half), each 8 more than it stands for.
//!
//! ```text
//! row: scale 0.5, all bytes 0x88 but the first, 0x9f   ->   integers 7, 0, …, 0, 1 (at 16), 0, …
//! x:   254.0, 0, …, 0, 100.9 (at 16), 0, …             ->   scale 2, integers 127, 0, …, 0, 50, 0, …
//! quantized_dot(&row, &x)  =  0.5 · 2 · (7 · 127 + 1 · 50)  =  939.0          exact is 939.45
//! ```
//!
//! What is lost by rounding is small beside what was lost when the weights were quantized. Sums of a
//! block must be exact: 32 products of 8 · 127 need more than 8 bits.

/// The dot product of a row in Q4_0 and `x`, of which each block of 32 becomes integers first.
///
/// `x` has 32 numbers for each block of the row.
pub fn quantized_dot(row: &[(f32, [u8; 16])], x: &[f32]) -> f32 {
    // BEGIN SOLUTION
    let mut sum = 0.0;
    for ((weight_scale, bytes), x) in row.iter().zip(x.chunks_exact(32)) {
        let scale = x.iter().fold(0.0_f32, |most, x| most.max(x.abs())) / 127.0;
        // Where the scale is 0, this is NaN, and NaN becomes the integer 0.
        let integer = |x: f32| (x / scale).round() as i32;
        let mut products = 0;
        for (i, byte) in bytes.iter().enumerate() {
            products += (i32::from(byte & 15) - 8) * integer(x[i]);
            products += (i32::from(byte >> 4) - 8) * integer(x[i + 16]);
        }
        sum += weight_scale * scale * products as f32;
    }
    sum
    // END SOLUTION
}
