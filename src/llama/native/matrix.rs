//! A matrix of weights, and its product with a batch of vectors.
//!
//! This is the seam: whatever multiplies, the forward pass sees [`Matrix::product`] on slices. Today
//! Candle multiplies.
//!
//! # Which representation a format gets
//!
//! | in the file | in memory | why |
//! |---|---|---|
//! | Q4_0, Q8_0, Q2_K to Q6_K | the file's own pages | Candle's product reads these blocks as they are |
//! | Q4_1, Q5_0, Q5_1 | Q8_0, a copy | Candle 0.11.1 multiplies them number by number, three times slower |
//! | F16, BF16, F32 | `f32`, a copy | Candle's product of floats wants that |
//!
//! Q8_0 has 8 bits for what had 4 or 5, so little is lost: `quant` measures it. It takes 8.5 bits a
//! weight where Q4_1 took 5.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Storage, Tensor};

use half::f16;

use super::mapped::{self, Bytes};
use super::pool;
use crate::llama::engine::EngineError;
use crate::llama::gguf::{File, TensorInfo};
use crate::llama::quant::Format;

/// `rows` vectors of `columns` weights.
#[derive(Debug)]
pub(crate) struct Matrix {
    product: QMatMul,
    rows: usize,
    columns: usize,
    /// Zeros behind each row, and so behind each vector; see [`padding`].
    padding: usize,
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn backend(error: candle_core::Error) -> EngineError {
    EngineError::Backend(error.to_string())
}

impl Matrix {
    /// The matrix of a tensor that has `rows` rows of `columns` numbers, as the caller has checked.
    pub(crate) fn load(
        file: &Arc<File>,
        info: &TensorInfo,
        rows: usize,
        columns: usize,
    ) -> Result<Self, EngineError> {
        let left = Bytes::Mapped(Arc::clone(file), info.clone());
        let (tensor, padding) = match mapped::tensor(left, info.format, rows, columns) {
            Some(tensor) => (tensor, 0),
            None => (copied(file, info, rows, columns), padding(info.format, columns)),
        };
        let product = tensor.and_then(|tensor| QMatMul::from_arc(Arc::new(tensor)));
        Ok(Self { product: product.map_err(backend)?, rows, columns, padding })
    }

    /// Numbers in a vector that it multiplies.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// For each of the vectors in `x`, its dot products with all rows: from `[n, columns]` to
    /// `[n, rows]`.
    pub(crate) fn product(&self, x: &[f32], out: &mut Vec<f32>) -> Result<(), EngineError> {
        let n = x.len() / self.columns;
        let width = self.columns + self.padding;
        let x = if self.padding == 0 {
            Cow::Borrowed(x)
        } else {
            let mut padded = vec![0.0; n * width];
            for (x, to) in x.chunks_exact(self.columns).zip(padded.chunks_exact_mut(width)) {
                to[..self.columns].copy_from_slice(x);
            }
            Cow::Owned(padded)
        };
        let result = Tensor::from_slice(&x, (n, width), &Device::Cpu)
            .and_then(|x| self.product.forward(&x))
            .map_err(backend)?;
        let (storage, layout) = result.storage_and_layout();
        let numbers = match &*storage {
            Storage::Cpu(numbers) => numbers.as_slice::<f32>().map_err(backend)?,
            _ => return Err(EngineError::Backend("expected a result on the CPU".to_owned())),
        };
        let from = layout.start_offset();
        out.clear();
        out.extend_from_slice(&numbers[from..from + n * self.rows]);
        Ok(())
    }
}

/// Zeros that a copy in Q8_0 has behind each row.
///
/// Candle 0.11.1 quantizes activations with one scale for 256 numbers where the rows of a Q8_0 matrix are
/// multiples of 256, and with one for 32 where they are not. The first is too coarse for what a
/// feed-forward network has inside: on SmolLM2 it triples the distance from the exact logits. One block
/// of zeros makes the rows no multiple of 256.
fn padding(format: Format, columns: usize) -> usize {
    let copied = matches!(format, Format::Q4_1 | Format::Q5_0 | Format::Q5_1);
    if copied && columns.is_multiple_of(256) { Q8_0_NUMBERS } else { 0 }
}

/// A copy of the tensor in the representation that Candle is fast on.
fn copied(
    file: &File,
    info: &TensorInfo,
    rows: usize,
    columns: usize,
) -> candle_core::Result<QTensor> {
    let bytes = file.bytes(info);
    let (format, data) = match info.format {
        Format::Q4_1 | Format::Q5_0 | Format::Q5_1 if columns.is_multiple_of(Q8_0_NUMBERS) => {
            let padding = padding(info.format, columns);
            let mut owned = to_q8_0(info.format, bytes, columns);
            file.release(info);
            if padding > 0 {
                let row = row_bytes(Format::Q8_0, columns);
                let zeros = row_bytes(Format::Q8_0, padding);
                let mut padded = vec![0; rows * (row + zeros)];
                for (row, to) in owned.chunks_exact(row).zip(padded.chunks_exact_mut(row + zeros)) {
                    to[..row.len()].copy_from_slice(row);
                }
                owned = padded;
            }
            return mapped::tensor(Bytes::Owned(owned), Format::Q8_0, rows, columns + padding)
                .unwrap_or_else(|| {
                    candle_core::bail!("expected blocks of Q8_0 at an address fit for them")
                });
        }
        Format::F16 => (GgmlDType::F16, Cow::Borrowed(bytes)),
        Format::BF16 => (GgmlDType::BF16, Cow::Borrowed(bytes)),
        Format::F32 => (GgmlDType::F32, Cow::Borrowed(bytes)),
        // What the file has at an odd address.
        _ => {
            let mut numbers = vec![0.0; rows * columns];
            info.format.dequantize(bytes, &mut numbers);
            let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            (GgmlDType::F32, Cow::Owned(bytes))
        }
    };
    let storage = QStorage::from_data(data, &Device::Cpu, format)?;
    file.release(info);
    QTensor::new(storage, (rows, columns))
}

/// Numbers and bytes of a block of Q8_0.
const Q8_0_NUMBERS: usize = 32;
const Q8_0_BYTES: usize = 34;

/// Rows in another format, as rows in Q8_0; in parallel.
fn to_q8_0(format: Format, bytes: &[u8], columns: usize) -> Vec<u8> {
    let (from, to) = (row_bytes(format, columns), row_bytes(Format::Q8_0, columns));
    let rows = bytes.len() / from;
    let mut out = vec![0; rows * to];
    let some = rows.div_ceil(8 * pool::threads()).max(1);
    let mut parts: Vec<(&[u8], &mut [u8])> =
        bytes.chunks(some * from).zip(out.chunks_mut(some * to)).collect();
    pool::each(&mut parts, |(from_rows, to_rows)| {
        if format == Format::Q4_1 {
            return q4_1_to_q8_0(from_rows, to_rows);
        }
        let mut numbers = vec![0.0; columns];
        for (row, out) in from_rows.chunks_exact(from).zip(to_rows.chunks_exact_mut(to)) {
            format.dequantize(row, &mut numbers);
            let blocks = Format::Q8_0.quantize(&numbers);
            out.copy_from_slice(&blocks.expect("Q8_0 is written, and rows are whole blocks"));
        }
    });
    out
}

/// A block of Q4_1 has 16 levels, so 16 roundings serve its 32 numbers. A twentieth of a second for
/// SmolLM2; number by number it was half a second, most of the time to its first token.
fn q4_1_to_q8_0(from: &[u8], to: &mut [u8]) {
    const Q4_1_BYTES: usize = 20;
    for (block, out) in from.chunks_exact(Q4_1_BYTES).zip(to.chunks_exact_mut(Q8_0_BYTES)) {
        let number = |at: usize| f16::from_le_bytes([block[at], block[at + 1]]).to_f32();
        let (step, lowest) = (number(0), number(2));
        // The lowest level is the block's lowest number, the highest its highest.
        let largest = lowest.abs().max((15.0 * step + lowest).abs());
        let scale = largest / 127.0;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let mut levels = [0_u8; 16];
        for (q, level) in (0_u8..).zip(&mut levels) {
            let x = (step * f32::from(q) + lowest) * inverse;
            *level = (x + 0.5_f32.copysign(x)) as i8 as u8;
        }
        let (head, quants) = out.split_at_mut(2);
        head.copy_from_slice(&f16::from_f32(scale).to_le_bytes());
        let (low, high) = quants.split_at_mut(Q8_0_NUMBERS / 2);
        for ((packed, low), high) in block[4..].iter().zip(low).zip(high) {
            *low = levels[usize::from(packed & 15)];
            *high = levels[usize::from(packed >> 4)];
        }
    }
}

/// Bytes of a row of `columns` numbers.
pub(crate) fn row_bytes(format: Format, columns: usize) -> usize {
    let (numbers, bytes) = format.block();
    columns / numbers * bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_at_once_equal_numbers_one_by_one() {
        let mut state = 1_u32;
        let numbers: Vec<f32> = (0..64 * 32)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 / 8_388_608.0 - 1.0) * [0.0, 1e-3, 1.0, 50.0][i / 32 % 4]
            })
            .collect();
        let packed = Format::Q4_1.quantize(&numbers).expect("whole blocks");
        let mut levels = vec![0.0; numbers.len()];
        Format::Q4_1.dequantize(&packed, &mut levels);
        let one_by_one = Format::Q8_0.quantize(&levels).expect("whole blocks");
        let at_once = to_q8_0(Format::Q4_1, &packed, 64);
        let [expected, got] = [one_by_one, at_once].map(|bytes| {
            let mut numbers = vec![0.0; numbers.len()];
            Format::Q8_0.dequantize(&bytes, &mut numbers);
            numbers
        });
        for (block, levels) in levels.chunks(32).enumerate() {
            let largest = levels.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            for (i, level) in levels.iter().enumerate() {
                // Half a step, which is a 254th of the largest number, and as much again where the
                // scale is so small that 16 bits hold few digits of it.
                let (expected, got) = (expected[block * 32 + i], got[block * 32 + i]);
                assert!((got - level).abs() <= largest / 100.0, "{got} for {level}");
                assert!((got - expected).abs() <= largest / 50.0, "{got} and {expected}");
            }
        }
    }
}
