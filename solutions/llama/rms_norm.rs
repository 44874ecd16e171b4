//! Stage `llama.rms_norm`: scale a vector to size one.
//!
//! Sixty matrix products one after the other would let the numbers explode or vanish. So a Llama brings
//! each vector back to size before each block: it divides by the *root of the mean of the squares*, and
//! then multiplies each number by a weight that was learned.
//!
//! ```text
//! out[i] = x[i] / sqrt(mean(x[j]²) + epsilon) · weight[i]
//!
//! rms_norm(&[1.0, 7.0], &[1.0, 1.0], 0.0)  ->  [0.2, 1.4]      the mean of 1 and 49 is 25, its root 5
//! rms_norm(&[1.0, 7.0], &[3.0, 0.5], 0.0)  ->  [0.6, 0.7]
//! rms_norm(&[0.0, 0.0], &[1.0, 1.0], 1e-5) ->  [0.0, 0.0]      epsilon is there for this
//! ```
//!
//! Numbers may differ from the check's by one part in 100,000: sums of floats depend on their order.

/// `x` divided by the root of the mean of its squares plus `epsilon`, times `weight`.
///
/// `x` and `weight` have the same length, which is not 0; so has the result.
pub fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    // BEGIN SOLUTION
    let mean = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
    let scale = 1.0 / (mean + epsilon).sqrt();
    x.iter().zip(weight).map(|(x, weight)| x * scale * weight).collect()
    // END SOLUTION
}
