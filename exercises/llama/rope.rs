//! Stage `llama.rope`: turn pairs of numbers by their position.
//!
//! Attention compares vectors and does not see where they stand. So a Llama turns each query and key
//! by an angle that grows with the position: then the product of two of them depends on how far apart
//! they are. The numbers of one head form pairs of neighbours, (0, 1), (2, 3) and so on, and each pair
//! is a point in a plane that turns about the origin, against the clock. The first pair turns by one
//! radian a position, each later one slower.
//!
//! ```text
//! angle of pair i = position / freq_base^(2i / d)        d: how many numbers the head has
//!
//! rope(&[1.0, 0.0], 0, 10000.0)           ->  [1.0, 0.0]              position 0 turns nothing
//! rope(&[1.0, 0.0], 1, 10000.0)           ->  [0.540302, 0.841471]    by 1: its cosine, its sine
//! rope(&[1.0, 0.0, 0.0, 2.0], 1, 100.0)   ->  [0.540302, 0.841471, -0.199667, 1.990008]
//!                                             the second pair by 1 / 100^(2/4) = 0.1
//! ```
//!
//! Turning (x, y) by an angle gives (x cos - y sin, x sin + y cos).
//!
//! Files in the wild know two ways to pair. A GGUF file of the architecture `llama` pairs neighbours,
//! as here. Hugging Face's files of the same model pair number i with number i + d/2; whoever makes the
//! GGUF file reorders the rows of two matrices for that. With the wrong way the first words of an answer
//! still look fine.
//!
//! Numbers may differ from the check's by one part in 1,000.

/// The vector of one head, turned to `position`.
///
/// `vector` has an even length; so has the result.
pub fn rope(vector: &[f32], position: usize, freq_base: f32) -> Vec<f32> {
    todo!("llama.rope")
}
