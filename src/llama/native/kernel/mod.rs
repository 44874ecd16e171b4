//! Our own products of quantized rows with vectors, for the formats with blocks of 32 weights.
//!
//! A weight is `scale · level + min`, with one scale and one min a block and a level of 4 or 5 bits. The
//! vector is cut into blocks of 32 as well, each with a scale and levels of 8 bits. So the sum over a block
//! needs whole numbers alone, and two products of floats:
//!
//! ```text
//! Σ (scale · level + min) · (s · q)  =  scale · s · Σ level · q  +  min · s · Σ q
//! ```
//!
//! `s · Σ q` is the same for all rows and is taken once. A processor multiplies and adds 32 pairs of bytes
//! in two instructions, so what is left is to fetch the weights: writing an answer costs what reading the
//! weights costs. That is why they stay as they are in the file, 5 bits a weight in Q4_1.
//!
//! Four positions are taken at once where there are so many: a block is unpacked once for all four.
//!
//! [`plain`] is the arithmetic in plain Rust, for any processor, and the oracle of [`avx2`]. Which of the
//! two runs is decided when the program runs, so one build serves all processors.
//!
//! Source of the idea: the `Q8_1` activations of ggml (Gerganov and others, 2023).

#[cfg(target_arch = "x86_64")]
mod avx2;
mod plain;

use super::mapped::Bytes;
use super::pool;
use crate::llama::quant::Format;

/// Numbers in a block, of weights and of vectors.
const BLOCK: usize = 32;
/// Positions that share an unpacked block.
const TILE: usize = 4;

/// A matrix whose rows are blocks of a format that has a kernel.
pub(crate) struct Blocks {
    bytes: Bytes,
    format: Format,
    row_bytes: usize,
    rows: usize,
}

/// 32 numbers of a vector.
///
/// It fills a cache line, so that the levels of no block stand across two.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Piece {
    levels: [i8; BLOCK],
    scale: f32,
    /// The scale times the sum of the levels.
    sum: f32,
}

impl Piece {
    const ZERO: Self = Self { levels: [0; BLOCK], scale: 0.0, sum: 0.0 };
}

/// What computes.
#[derive(Debug, Clone, Copy)]
enum Processor {
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    Plain,
}

impl Processor {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = avx2::Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Plain
    }

    fn quantize(self, x: &[f32], pieces: &mut [Piece]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.quantize(x, pieces),
            Self::Plain => plain::quantize(x, pieces),
        }
    }

    /// Dot products of some rows with up to [`TILE`] vectors: `out[j][r]` for vector `j`, row `r`.
    fn rows(
        self,
        format: Format,
        row_bytes: usize,
        rows: &[u8],
        vectors: &[&[Piece]],
        out: &mut [&mut [f32]],
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.rows(format, row_bytes, rows, vectors, out),
            Self::Plain => plain::rows(format, row_bytes, rows, vectors, out),
        }
    }
}

impl Blocks {
    /// Nothing for a format without a kernel, or where the bytes are not `rows` rows of whole blocks.
    pub(crate) fn new(bytes: Bytes, format: Format, rows: usize, columns: usize) -> Option<Self> {
        let known = matches!(format, Format::Q4_0 | Format::Q4_1 | Format::Q5_0 | Format::Q5_1);
        let row_bytes = super::matrix::row_bytes(format, columns);
        let whole = columns.is_multiple_of(BLOCK) && bytes.get().len() == rows * row_bytes;
        (known && whole && rows > 0 && columns > 0).then_some(Self {
            bytes,
            format,
            row_bytes,
            rows,
        })
    }

    /// For each vector in `x`, its dot products with all rows: from `[n, columns]` to `[n, rows]`.
    pub(crate) fn product(&self, x: &[f32], columns: usize, out: &mut [f32]) {
        let processor = Processor::detect();
        let n = x.len() / columns;
        let width = columns / BLOCK;
        let mut pieces = vec![Piece::ZERO; n * width];
        let mut parts: Vec<_> =
            x.chunks(TILE * columns).zip(pieces.chunks_mut(TILE * width)).collect();
        pool::each(&mut parts, |(x, pieces)| processor.quantize(x, pieces));
        let vectors: Vec<&[Piece]> = pieces.chunks_exact(width).collect();

        // Some rows for each unit of work, and the places of their results: a piece of each vector's.
        let some = self.rows.div_ceil(8 * pool::threads()).max(16);
        let mut units: Vec<(&[u8], Vec<&mut [f32]>)> = self
            .bytes
            .get()
            .chunks(some * self.row_bytes)
            .map(|rows| (rows, Vec::with_capacity(n)))
            .collect();
        for out in out.chunks_exact_mut(self.rows) {
            for (unit, out) in units.iter_mut().zip(out.chunks_mut(some)) {
                unit.1.push(out);
            }
        }
        pool::each(&mut units, |(rows, out)| {
            for (vectors, out) in vectors.chunks(TILE).zip(out.chunks_mut(TILE)) {
                processor.rows(self.format, self.row_bytes, rows, vectors, out);
            }
        });
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { format, rows, row_bytes, .. } = self;
        write!(f, "{rows} rows of {row_bytes} bytes in {}", format.name())
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    const FORMATS: [Format; 4] = [Format::Q4_0, Format::Q4_1, Format::Q5_0, Format::Q5_1];

    struct Random(u32);

    impl Random {
        fn byte(&mut self) -> u8 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 24) as u8
        }

        fn number(&mut self) -> f32 {
            f32::from(i16::from_le_bytes([self.byte(), self.byte()])) / 32_768.0
        }

        /// Any bytes are levels; scales and mins are numbers.
        fn rows(&mut self, format: Format, rows: usize, columns: usize) -> Vec<u8> {
            let mut bytes = Vec::new();
            for _ in 0..rows * columns / BLOCK {
                let (_, size) = format.block();
                let at = bytes.len();
                bytes.resize_with(at + size, || self.byte());
                let halves = if matches!(format, Format::Q4_1 | Format::Q5_1) { 2 } else { 1 };
                for half in 0..halves {
                    let number = f16::from_f32(self.number() * 0.1).to_le_bytes();
                    bytes[at + 2 * half..][..2].copy_from_slice(&number);
                }
            }
            bytes
        }
    }

    /// What a processor makes of it, by row and then by vector.
    fn products(
        processor: Processor,
        format: Format,
        rows: &[u8],
        x: &[f32],
        columns: usize,
    ) -> Vec<Vec<f32>> {
        let row_bytes = super::super::matrix::row_bytes(format, columns);
        let mut pieces = vec![Piece::ZERO; x.len() / BLOCK];
        processor.quantize(x, &mut pieces);
        let vectors: Vec<&[Piece]> = pieces.chunks(columns / BLOCK).collect();
        let mut out = vec![vec![f32::NAN; rows.len() / row_bytes]; vectors.len()];
        let mut places: Vec<&mut [f32]> = out.iter_mut().map(Vec::as_mut_slice).collect();
        for (vectors, out) in vectors.chunks(TILE).zip(places.chunks_mut(TILE)) {
            processor.rows(format, row_bytes, rows, vectors, out);
        }
        out
    }

    #[test]
    fn every_processor_multiplies_as_the_formula_says() {
        let mut random = Random(3);
        for format in FORMATS {
            for (rows, columns, n) in [(1, 32, 1), (3, 64, 2), (5, 96, 3), (2, 256, 4), (7, 160, 9)]
            {
                let weights = random.rows(format, rows, columns);
                let mut x: Vec<f32> = (0..n * columns).map(|_| random.number() * 3.0).collect();
                // A block of zeros has no scale, and one outlier takes all levels of its block.
                x[..BLOCK].fill(0.0);
                x[(n - 1) * columns + 7] = 900.0;

                let mut numbers = vec![0.0; rows * columns];
                format.dequantize(&weights, &mut numbers);
                let plain = products(Processor::Plain, format, &weights, &x, columns);
                let best = products(Processor::detect(), format, &weights, &x, columns);
                for (j, x) in x.chunks(columns).enumerate() {
                    for (r, weights) in numbers.chunks(columns).enumerate() {
                        let exact: f64 = weights.iter().zip(x).map(|(w, x)| f64::from(w * x)).sum();
                        // Half a level of each number of a block, at worst all of them one way.
                        let bound: f32 = weights
                            .chunks(BLOCK)
                            .zip(x.chunks(BLOCK))
                            .map(|(weights, x)| {
                                let largest = x.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                                let sum: f32 = weights.iter().map(|w| w.abs()).sum();
                                largest / 254.0 * sum
                            })
                            .sum();
                        let [plain, best] = [plain[j][r], best[j][r]];
                        let place = format!("{} {rows}x{columns}, row {r}, {j}", format.name());
                        assert!(
                            (f64::from(plain) - exact).abs() <= f64::from(bound) * 1.001 + 1e-4,
                            "{place}: {plain} for {exact}"
                        );
                        // Whole numbers are equal; floats are added in another order.
                        let size: f32 = weights.iter().zip(x).map(|(w, x)| (w * x).abs()).sum();
                        assert!(
                            (plain - best).abs() <= 1e-5 * (size + bound),
                            "{place}: {best}, plain {plain}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn vectors_of_any_number_have_the_same_products() {
        let mut random = Random(5);
        let (rows, columns, n) = (37, 64, 11);
        let weights = random.rows(Format::Q4_1, rows, columns);
        let x: Vec<f32> = (0..n * columns).map(|_| random.number()).collect();
        let all = products(Processor::detect(), Format::Q4_1, &weights, &x, columns);
        for (x, all) in x.chunks(columns).zip(&all) {
            let alone = products(Processor::detect(), Format::Q4_1, &weights, x, columns);
            assert_eq!(&alone[0], all);
        }
    }

    #[test]
    fn both_cut_vectors_into_the_same_levels() {
        let mut random = Random(11);
        let mut x: Vec<f32> = (0..40 * BLOCK).map(|_| random.number()).collect();
        x[..BLOCK].fill(0.0);
        x[BLOCK] = f32::INFINITY;
        x[2 * BLOCK] = f32::NAN;
        x[3 * BLOCK..4 * BLOCK].fill(f32::MIN_POSITIVE / 8.0);
        let [mut plain, mut best] = [(); 2].map(|()| vec![Piece::ZERO; 40]);
        Processor::Plain.quantize(&x, &mut plain);
        Processor::detect().quantize(&x, &mut best);
        for (i, (plain, best)) in plain.iter().zip(&best).enumerate() {
            // What is no number stays none.
            let odd = [1, 2].contains(&i);
            if odd {
                assert!(!plain.sum.is_finite() && !best.sum.is_finite(), "{i}: {plain:?} {best:?}");
            } else {
                assert_eq!(plain.levels, best.levels, "{i}");
                assert_eq!(plain.scale.to_bits(), best.scale.to_bits(), "{i}");
                assert!((plain.sum - best.sum).abs() <= 1e-6 * plain.sum.abs(), "{i}");
            }
        }
    }
}
