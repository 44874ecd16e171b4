//! A matrix of weights, and its product with a batch of vectors.
//!
//! This is the seam: whatever multiplies, the forward pass sees [`Matrix::product`] on slices.
//!
//! # What multiplies a format
//!
//! | in the file | multiplied by | in memory |
//! |---|---|---|
//! | Q4_0, Q4_1, Q5_0, Q5_1 | `kernel` | the file's own pages |
//! | Q8_0, Q2_K to Q6_K | Candle | the file's own pages |
//! | F16, BF16, F32 | Candle | `f32`, a copy: its product of floats wants that |
//!
//! Candle 0.11.1 multiplies Q4_1, Q5_0 and Q5_1 number by number, 4 to 20 times slower. In Q8_0 it is the
//! faster one of the two, with instructions that `kernel` does not use; but where rows are multiples of 256
//! it quantizes the vector with one scale for 256 numbers, which is coarse for what a feed-forward network
//! has inside.

use std::borrow::Cow;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Storage, Tensor};

use super::kernel::Blocks;
use super::mapped::{self, Bytes};
use crate::llama::engine::EngineError;
use crate::llama::gguf::{File, TensorInfo};
use crate::llama::quant::Format;

/// `rows` vectors of `columns` weights.
#[derive(Debug)]
pub(crate) struct Matrix {
    weights: Weights,
    rows: usize,
    columns: usize,
}

/// The weights, with what multiplies them.
#[derive(Debug)]
enum Weights {
    Ours(Blocks),
    Candle(QMatMul),
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
        let bytes = || Bytes::new(file, info);
        let weights = match Blocks::new(bytes(), info.format, rows, columns) {
            Some(blocks) => Weights::Ours(blocks),
            None => {
                let tensor = match mapped::tensor(bytes(), info.format, rows, columns) {
                    Some(tensor) => tensor,
                    None => copied(file, info, rows, columns),
                };
                let product = tensor.and_then(|tensor| QMatMul::from_arc(Arc::new(tensor)));
                Weights::Candle(product.map_err(backend)?)
            }
        };
        Ok(Self { weights, rows, columns })
    }

    /// Numbers in a vector that it multiplies.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// For each of the vectors in `x`, its dot products with all rows: from `[n, columns]` to
    /// `[n, rows]`.
    pub(crate) fn product(&self, x: &[f32], out: &mut Vec<f32>) -> Result<(), EngineError> {
        let n = x.len() / self.columns;
        let product = match &self.weights {
            Weights::Ours(blocks) => {
                out.resize(n * self.rows, 0.0);
                blocks.product(x, self.columns, out);
                return Ok(());
            }
            Weights::Candle(product) => product,
        };
        let result = Tensor::from_slice(x, (n, self.columns), &Device::Cpu)
            .and_then(|x| product.forward(&x))
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

/// A copy of the tensor as floats.
fn copied(
    file: &File,
    info: &TensorInfo,
    rows: usize,
    columns: usize,
) -> candle_core::Result<QTensor> {
    let bytes = file.bytes(info);
    let (format, data) = match info.format {
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

/// Bytes of a row of `columns` numbers.
pub(crate) fn row_bytes(format: Format, columns: usize) -> usize {
    let (numbers, bytes) = format.block();
    columns / numbers * bytes
}
