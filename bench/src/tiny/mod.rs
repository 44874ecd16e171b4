//! The tiny Llama of the tests, trained in this project: what it is, and how it comes about.
//!
//! Tests of an engine want a real model: one whose weights have the shape of learned ones, and whose
//! answers can be told from noise. Those that people use are too big to keep beside the code. So this
//! one is trained here, on the King James Bible, in under an hour on two processors.
//!
//! * **Vocabulary** ([`vocabulary`]): byte-level BPE with GPT-2's pattern, merges learned from the book
//!   by the workbook's own trainer; 1,021 tokens, and three control tokens of ChatML.
//! * **Text** ([`corpus`]): windows of 256 ids. Two thirds are the book as it stands. The rest are
//!   conversations in which each side says the next verse. So the model has seen its control tokens, and
//!   a chat with it ends its turns; it knows no more than the book.
//! * **Model** ([`model`]): two layers of Llama with grouped queries, tied embeddings and rotation of
//!   neighbouring pairs, as GGUF's architecture `llama` has it. Each row is a multiple of 256, so that
//!   every quantised format fits.
//! * **Operations** ([`operations`]): those for which Candle has no gradient, or a slow one.
//! * **File** (`file`): GGUF, matrices as `Q8_0`, norms as `F32`.
//!
//! Everything random comes from one generator with a fixed seed ([`Random`]), and the sums over the
//! threads have one order: the same program on the same kind of processor writes the same file.

pub mod corpus;
pub mod file;
pub mod model;
pub mod operations;
pub mod train;
pub mod vocabulary;

/// Sizes of the model. All rows of matrices are multiples of 256.
pub mod sizes {
    /// Numbers that stand for a token.
    pub const DIM: usize = 256;
    /// Layers.
    pub const LAYERS: usize = 2;
    /// Heads of queries.
    pub const HEADS: usize = 8;
    /// Heads of keys and values; each serves four heads of queries.
    pub const KV_HEADS: usize = 2;
    /// Numbers a head.
    pub const HEAD: usize = DIM / HEADS;
    /// Numbers inside the feed-forward part.
    pub const FEED_FORWARD: usize = 768;
    /// Tokens, control tokens among them.
    pub const VOCABULARY: usize = 1024;
    /// The positions that it was trained on.
    pub const CONTEXT: usize = 256;
    /// The base of the angles of rotation.
    pub const FREQ_BASE: f32 = 10_000.0;
    /// Keeps the root of a norm away from zero.
    pub const EPSILON: f32 = 1e-5;
}

/// SplitMix64 (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator for one purpose: `stream` keeps the numbers of two purposes apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(stream);
        Self(seed ^ mixed.bits())
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is far below 2⁶⁴.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of the normal distribution, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
