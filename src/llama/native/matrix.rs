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

use super::{mapped, pool};
use crate::llama::engine::EngineError;
use crate::llama::gguf::{File, TensorInfo};
use crate::llama::quant::Format;

/// `rows` vectors of `columns` weights.
#[derive(Debug)]
pub(crate) struct Matrix {
    product: QMatMul,
    rows: usize,
    columns: usize,
}

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
        let tensor = match mapped::tensor(file, info, rows, columns) {
            Some(tensor) => tensor,
            None => copied(file, info, rows, columns),
        };
        let product = tensor.and_then(|tensor| QMatMul::from_arc(Arc::new(tensor)));
        Ok(Self { product: product.map_err(backend)?, rows, columns })
    }

    /// For each of the vectors in `x`, its dot products with all rows: from `[n, columns]` to
    /// `[n, rows]`.
    pub(crate) fn product(&self, x: &[f32], out: &mut Vec<f32>) -> Result<(), EngineError> {
        let n = x.len() / self.columns;
        let result = Tensor::from_slice(x, (n, self.columns), &Device::Cpu)
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

/// A copy of the tensor in the representation that Candle is fast on.
fn copied(
    file: &File,
    info: &TensorInfo,
    rows: usize,
    columns: usize,
) -> candle_core::Result<QTensor> {
    let bytes = file.bytes(info);
    let quantized = columns % Format::Q8_0.block().0 == 0;
    let (format, data) = match info.format {
        Format::Q4_1 | Format::Q5_0 | Format::Q5_1 if quantized => {
            (GgmlDType::Q8_0, Cow::Owned(to_q8_0(info.format, bytes, columns)))
        }
        Format::F16 => (GgmlDType::F16, Cow::Borrowed(bytes)),
        Format::BF16 => (GgmlDType::BF16, Cow::Borrowed(bytes)),
        Format::F32 => (GgmlDType::F32, Cow::Borrowed(bytes)),
        // What the map had at an odd address.
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

/// Rows in another format, as rows in Q8_0; in parallel.
fn to_q8_0(format: Format, bytes: &[u8], columns: usize) -> Vec<u8> {
    let (from, to) = (row_bytes(format, columns), row_bytes(Format::Q8_0, columns));
    let rows = bytes.len() / from;
    let mut out = vec![0; rows * to];
    let some = rows.div_ceil(8 * pool::threads()).max(1);
    let mut parts: Vec<(&[u8], &mut [u8])> =
        bytes.chunks(some * from).zip(out.chunks_mut(some * to)).collect();
    pool::each(&mut parts, |(from_rows, to_rows)| {
        let mut numbers = vec![0.0; columns];
        for (row, out) in from_rows.chunks_exact(from).zip(to_rows.chunks_exact_mut(to)) {
            format.dequantize(row, &mut numbers);
            let blocks = Format::Q8_0
                .quantize(&numbers)
                .expect("Q8_0 is written, and rows are whole blocks");
            out.copy_from_slice(&blocks);
        }
    });
    out
}

/// Bytes of a row of `columns` numbers.
pub(crate) fn row_bytes(format: Format, columns: usize) -> usize {
    let (numbers, bytes) = format.block();
    columns / numbers * bytes
}
