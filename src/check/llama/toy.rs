//! A small Llama with random weights: what `llama.forward` is put to.
//!
//! All sizes differ from each other, so that a vector at the wrong place has the wrong length. The
//! output matrices of the two blocks can be zero: then a layer adds nothing, and what is left can be
//! graded alone.

use std::collections::HashMap;

use crate::check::cases::Seeded;
use crate::llama::parts::{Cache, Matrix, Norm, Shape, Weights};

/// The sizes of a toy, and what of it is silent.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    /// Numbers in a head.
    pub(super) d: usize,
    /// Numbers in the stream.
    pub(super) stream: usize,
    /// Whether attention adds anything.
    pub(super) attends: bool,
    /// Whether the feed-forward block does.
    pub(super) feeds: bool,
}

pub(super) const VOCABULARY: usize = 11;
const INNER: usize = 10;

/// Weights that stand in memory.
pub(super) struct Toy {
    shape: Shape,
    embeddings: Vec<Vec<f32>>,
    norms: HashMap<Norm, Vec<f32>>,
    /// Row by row.
    matrices: HashMap<Matrix, Vec<Vec<f32>>>,
}

impl Toy {
    pub(super) fn new(sizes: Sizes, seed: u64) -> Self {
        let Sizes { layers, heads, kv_heads, d, stream, attends, feeds } = sizes;
        let mut seeded = Seeded::new(seed);
        let mut numbers = |n: usize, middle: f32, size: f32| -> Vec<f32> {
            (0..n).map(|_| middle + (seeded.below(2_001) as f32 / 1_000.0 - 1.0) * size).collect()
        };
        let embeddings = (0..VOCABULARY).map(|_| numbers(stream, 0.0, 1.0)).collect();
        let mut norms = HashMap::new();
        let mut matrices = HashMap::new();
        let mut matrix = |name, rows: usize, columns: usize, size: f32| {
            // So large that a product is about as long as what goes in.
            let size = size * 1.7 / (columns as f32).sqrt();
            matrices.insert(name, (0..rows).map(|_| numbers(columns, 0.0, size)).collect());
        };
        for layer in 0..layers {
            // Large queries: some tokens are looked at much more than others.
            matrix(Matrix::AttnQ(layer), heads * d, stream, 2.0);
            matrix(Matrix::AttnK(layer), kv_heads * d, stream, 1.0);
            matrix(Matrix::AttnV(layer), kv_heads * d, stream, 1.0);
            matrix(Matrix::AttnOutput(layer), stream, heads * d, if attends { 1.0 } else { 0.0 });
            matrix(Matrix::FfnGate(layer), INNER, stream, 1.0);
            matrix(Matrix::FfnUp(layer), INNER, stream, 1.0);
            matrix(Matrix::FfnDown(layer), stream, INNER, if feeds { 1.0 } else { 0.0 });
        }
        matrix(Matrix::Output, VOCABULARY, stream, 2.0);
        for layer in 0..layers {
            norms.insert(Norm::Attn(layer), numbers(stream, 1.0, 0.5));
            norms.insert(Norm::Ffn(layer), numbers(stream, 1.0, 0.5));
        }
        norms.insert(Norm::Output, numbers(stream, 1.0, 0.5));
        let shape = Shape { layers, heads, kv_heads, epsilon: 1e-5, freq_base: 100.0 };
        Self { shape, embeddings, norms, matrices }
    }

    /// A matrix, row by row.
    pub(super) fn rows(&self, matrix: Matrix) -> &[Vec<f32>] {
        self.matrices.get(&matrix).map_or_else(|| lacks(&matrix), Vec::as_slice)
    }
}

impl Weights for Toy {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn embedding(&self, id: u32) -> Vec<f32> {
        self.embeddings.get(id as usize).map_or_else(|| lacks(&id), Clone::clone)
    }

    fn norm(&self, norm: Norm) -> &[f32] {
        self.norms.get(&norm).map_or_else(|| lacks(&norm), Vec::as_slice)
    }

    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32> {
        let rows = self.rows(matrix);
        let columns = rows[0].len();
        assert_eq!(x.len(), columns, "{matrix:?} takes {columns} numbers, got {}", x.len());
        rows.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }
}

/// A learner asked for what the model does not have.
fn lacks<T>(what: &dyn std::fmt::Debug) -> T {
    panic!("the model has no {what:?}")
}

/// A cache for a forward pass to write to, so that it does not wait for the learner's.
pub(super) struct Rows {
    layers: Vec<(Vec<f32>, Vec<f32>)>,
    width: usize,
}

impl Rows {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { layers: vec![Default::default(); sizes.layers], width: sizes.kv_heads * sizes.d }
    }
}

impl Cache for Rows {
    fn len(&self) -> usize {
        self.layers.iter().map(|(keys, _)| keys.len() / self.width).min().unwrap_or(0)
    }

    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]) {
        let width = self.width;
        for (what, row) in [("key", key), ("value", value)] {
            let got = row.len();
            assert_eq!(got, width, "a {what} for the cache has {width} numbers, got {got}");
        }
        self.layers[layer].0.extend_from_slice(key);
        self.layers[layer].1.extend_from_slice(value);
    }

    fn keys(&self, layer: usize) -> &[f32] {
        &self.layers[layer].0
    }

    fn values(&self, layer: usize) -> &[f32] {
        &self.layers[layer].1
    }

    fn truncate(&mut self, len: usize) {
        for (keys, values) in &mut self.layers {
            keys.truncate(len * self.width);
            values.truncate(len * self.width);
        }
    }

    fn fork(&self) -> Self {
        Self { layers: self.layers.clone(), width: self.width }
    }
}
