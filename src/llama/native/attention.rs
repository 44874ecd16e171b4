//! Causal attention of a chunk of positions over all that are in the cache.
//!
//! Each query looks at the keys of its own and of earlier positions: scores `q·k / √d`, their softmax,
//! and the values averaged with it. Several query heads share one key head (GQA, Ainslie and others
//! 2023): heads `g·n .. (g + 1)·n` share head `g`, for `n` query heads a key head.
//!
//! # How the work is cut
//!
//! A unit of work is one key head and up to 16 positions. It goes through the keys in tiles of 32
//! rows: a tile is converted from 16 bits to `f32` once, into a buffer that stays in the first-level
//! cache, and then serves all queries of the unit. So a chunk of 256 positions converts each key 16
//! times and not 256 times. Values are treated the same way afterwards. The scores of a unit are kept
//! whole; an online softmax would save that memory, 16 × heads × positions numbers, and costs a second
//! multiplication for each value. For 16 positions, 4 heads and 8,192 positions it is 2 MB.
//!
//! Units are independent, and run on Candle's own threads: a second pool would fight the first for the
//! processors while both wait by spinning (on two processors that cost a factor of up to three).

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::cache::Layer;
use super::pool;

/// The sizes of the heads of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heads {
    /// Of queries.
    pub(crate) queries: usize,
    /// Of keys, and of values.
    pub(crate) keys: usize,
    /// Numbers in a head.
    pub(crate) size: usize,
}

impl Heads {
    fn group(&self) -> usize {
        self.queries / self.keys
    }
}

/// Positions of a unit.
const QUERIES: usize = 16;
/// Rows of a tile.
const TILE: usize = 32;

/// For queries at the last `n` positions of `layer`, the averages of its values.
///
/// `queries` is `[n, heads.queries · heads.size]`, and so is `out`.
pub(crate) fn attend(heads: Heads, queries: &[f32], layer: &Layer, out: &mut [f32]) {
    let width = heads.queries * heads.size;
    let n = queries.len() / width;
    let before = layer.keys.len() / (heads.keys * heads.size) - n;
    // One row of `out` in pieces, a piece for each key head: what a unit writes.
    let mut pieces: Vec<Vec<&mut [f32]>> = (0..heads.keys).map(|_| Vec::with_capacity(n)).collect();
    for row in out.chunks_exact_mut(width) {
        for (pieces, piece) in
            pieces.iter_mut().zip(row.chunks_exact_mut(heads.group() * heads.size))
        {
            pieces.push(piece);
        }
    }
    let mut units: Vec<Unit<'_>> = Vec::new();
    for (key_head, pieces) in pieces.into_iter().enumerate() {
        let mut pieces = pieces.into_iter().peekable();
        for first in (0..n).step_by(QUERIES) {
            let out: Vec<&mut [f32]> = pieces.by_ref().take(QUERIES).collect();
            units.push(Unit { key_head, first, out });
        }
    }
    // Later positions see more keys: the longest units first, so that none is left over at the end.
    units.reverse();
    pool::each(&mut units, |unit| unit.attend(heads, queries, before, layer));
}

/// One key head and some neighbouring positions.
struct Unit<'a> {
    key_head: usize,
    /// The index of its first query.
    first: usize,
    /// For each of its positions, the room for the heads that share the key head.
    out: Vec<&'a mut [f32]>,
}

impl Unit<'_> {
    fn attend(&mut self, heads: Heads, queries: &[f32], before: usize, layer: &Layer) {
        let Heads { size, .. } = heads;
        let group = heads.group();
        let seen = before + self.first + self.out.len();
        let scale = 1.0 / (size as f32).sqrt();
        let query = |at: usize, head: usize| {
            let from = ((self.first + at) * heads.queries + self.key_head * group + head) * size;
            &queries[from..from + size]
        };
        // Scores of a query in a row of `seen`; those of later positions are never written or read.
        let mut scores = vec![0.0; self.out.len() * group * seen];
        let mut tile = vec![0.0; TILE * size];
        for from in (0..seen).step_by(TILE) {
            let rows = TILE.min(seen - from);
            self.load(heads, &layer.keys, from, rows, &mut tile);
            for at in 0..self.out.len() {
                let visible = (before + self.first + at + 1).saturating_sub(from).min(rows);
                for head in 0..group {
                    let query = query(at, head);
                    let scores = &mut scores[(at * group + head) * seen + from..][..visible];
                    for (score, key) in scores.iter_mut().zip(tile.chunks_exact(size)) {
                        *score = dot(query, key) * scale;
                    }
                }
            }
        }
        for at in 0..self.out.len() {
            let visible = before + self.first + at + 1;
            for head in 0..group {
                softmax(&mut scores[(at * group + head) * seen..][..visible]);
            }
        }
        for out in &mut self.out {
            out.fill(0.0);
        }
        for from in (0..seen).step_by(TILE) {
            let rows = TILE.min(seen - from);
            self.load(heads, &layer.values, from, rows, &mut tile);
            for at in 0..self.out.len() {
                let visible = (before + self.first + at + 1).saturating_sub(from).min(rows);
                for head in 0..group {
                    let weights = &scores[(at * group + head) * seen + from..][..visible];
                    let out = &mut self.out[at][head * size..(head + 1) * size];
                    for (&weight, value) in weights.iter().zip(tile.chunks_exact(size)) {
                        for (out, value) in out.iter_mut().zip(value) {
                            *out += weight * value;
                        }
                    }
                }
            }
        }
    }

    /// Some rows of this unit's head as `f32`, one after the other.
    fn load(&self, heads: Heads, from: &[f16], row: usize, rows: usize, tile: &mut [f32]) {
        let width = heads.keys * heads.size;
        for (row, tile) in (row..row + rows).zip(tile.chunks_exact_mut(heads.size)) {
            let at = row * width + self.key_head * heads.size;
            from[at..at + heads.size].convert_to_f32_slice(tile);
        }
    }
}

/// The dot product, in eight partial sums that the compiler keeps in vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Scores to weights that add up to 1. The maximum is taken away first, so that no power overflows.
fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - highest).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Straight from the formula, in f64, one query at a time.
    fn oracle(heads: Heads, queries: &[f32], layer: &Layer) -> Vec<f32> {
        let (width, narrow) = (heads.queries * heads.size, heads.keys * heads.size);
        let n = queries.len() / width;
        let before = layer.keys.len() / narrow - n;
        let mut out = Vec::new();
        for (at, row) in queries.chunks(width).enumerate() {
            for (head, query) in row.chunks(heads.size).enumerate() {
                let shared = head * heads.keys / heads.queries * heads.size;
                let rows = |of: &[f16]| -> Vec<Vec<f64>> {
                    let rows = of.chunks(narrow).take(before + at + 1);
                    rows.map(|row| {
                        row[shared..shared + heads.size].iter().map(|x| x.to_f64()).collect()
                    })
                    .collect()
                };
                let scores: Vec<f64> = rows(&layer.keys)
                    .iter()
                    .map(|key| {
                        let dot: f64 = query.iter().zip(key).map(|(&q, k)| f64::from(q) * k).sum();
                        (dot / (heads.size as f64).sqrt()).exp()
                    })
                    .collect();
                let sum: f64 = scores.iter().sum();
                for i in 0..heads.size {
                    let values = rows(&layer.values);
                    let mean = scores.iter().zip(&values).map(|(s, v)| s / sum * v[i]).sum::<f64>();
                    out.push(mean as f32);
                }
            }
        }
        out
    }

    #[test]
    fn equals_the_formula() {
        let mut state = 7_u32;
        let mut number = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 16_384.0 - 2.0
        };
        for (queries, keys, size, before, n) in [
            (1, 1, 2, 0, 1),
            (4, 2, 6, 0, 3),
            (6, 2, 8, 33, 1),
            (9, 3, 16, 5, 40),
            (2, 2, 64, 100, 17),
        ] {
            let heads = Heads { queries, keys, size };
            let mut rows =
                |width: usize, n: usize| -> Vec<f32> { (0..n * width).map(|_| number()).collect() };
            let q = rows(queries * size, n);
            let [keys, values] = [(); 2].map(|()| {
                rows(keys * size, before + n).into_iter().map(f16::from_f32).collect::<Vec<f16>>()
            });
            let layer = Layer { keys, values };
            let mut out = vec![f32::NAN; q.len()];
            attend(heads, &q, &layer, &mut out);
            for (got, expected) in out.iter().zip(oracle(heads, &q, &layer)) {
                assert!((got - expected).abs() < 2e-5, "{heads:?} {before} {n}: {got} {expected}");
            }
        }
    }
}
