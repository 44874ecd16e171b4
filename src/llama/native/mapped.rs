//! Weights where they are, in the mapped file, behind Candle's interface.
//!
//! Candle's reader copies every tensor out of the file. Its matrix product, though, takes any
//! [`QuantizedType`], and for the formats whose blocks it reads as they are the file's bytes *are* that
//! type. So a model starts at once, its weights are pages of the file that the system shares between
//! processes and takes back when memory is short, and nothing is there twice.

#![expect(unsafe_code, reason = "a mapped file's bytes are looked at as blocks")]

use std::marker::PhantomData;
use std::sync::Arc;

use candle_core::quantized::k_quants::{
    self, BlockQ2K, BlockQ3K, BlockQ4K, BlockQ5K, BlockQ6K, BlockQ8_0, GgmlType,
};
use candle_core::quantized::{GgmlDType, QStorage, QTensor, QuantizedType};
use candle_core::{CpuStorage, Result};
use half::f16;

use crate::llama::gguf::{File, TensorInfo};
use crate::llama::quant::Format;

/// A matrix of `rows` by `columns` whose blocks stay where they are, or nothing for a format that Candle
/// does not multiply there.
pub(crate) fn tensor(
    bytes: Bytes,
    format: Format,
    rows: usize,
    columns: usize,
) -> Option<Result<QTensor>> {
    let storage = match format {
        Format::Q8_0 => Blocks::<BlockQ8_0>::storage(bytes),
        Format::Q2K => Blocks::<BlockQ2K>::storage(bytes),
        Format::Q3K => Blocks::<BlockQ3K>::storage(bytes),
        Format::Q4K => Blocks::<BlockQ4K>::storage(bytes),
        Format::Q5K => Blocks::<BlockQ5K>::storage(bytes),
        Format::Q6K => Blocks::<BlockQ6K>::storage(bytes),
        _ => None,
    }?;
    Some(QTensor::new(QStorage::Cpu(storage), (rows, columns)))
}

/// The bytes of a tensor in a mapped file, which stay where they are for as long as somebody holds this.
#[derive(Debug)]
pub(crate) struct Bytes {
    file: Arc<File>,
    tensor: TensorInfo,
}

impl Bytes {
    pub(crate) fn new(file: &Arc<File>, tensor: &TensorInfo) -> Self {
        Self { file: Arc::clone(file), tensor: tensor.clone() }
    }

    pub(crate) fn get(&self) -> &[u8] {
        self.file.bytes(&self.tensor)
    }
}

/// Blocks of type `T`.
struct Blocks<T> {
    bytes: Bytes,
    of: PhantomData<fn() -> T>,
}

/// Types that are nothing but numbers, in the layout of the file: any bytes are a value of theirs.
///
/// # Safety
///
/// `repr(C)`, no padding, no pointer, no invalid value.
unsafe trait Plain: GgmlType + 'static {}

macro_rules! plain {
    ($($block:ty),*) => {$(
        // SAFETY: Candle declares it `repr(C)`: 16-bit floats and bytes, whose sum is its size.
        unsafe impl Plain for $block {}
    )*};
}
plain!(BlockQ8_0, BlockQ2K, BlockQ3K, BlockQ4K, BlockQ5K, BlockQ6K);

impl<T: Plain> Blocks<T> {
    /// Nothing where the bytes are not whole blocks at an address that is fit for them.
    fn storage(bytes: Bytes) -> Option<Box<dyn QuantizedType>> {
        let whole = bytes.get().len().is_multiple_of(size_of::<T>());
        let aligned = bytes.get().as_ptr().cast::<T>().is_aligned();
        let little = cfg!(target_endian = "little");
        (whole && aligned && little)
            .then(|| Box::new(Self { bytes, of: PhantomData }) as Box<dyn QuantizedType>)
    }

    fn blocks(&self) -> &[T] {
        let bytes = self.bytes.get();
        // SAFETY: `storage` has seen that the address is aligned and that whole blocks are there; any bytes
        // are blocks (`Plain`); the map lives as long as `self`, and does not move. Of what happens
        // if somebody changes the file meanwhile, `File` says more.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size_of::<T>()) }
    }
}

impl<T: Plain> QuantizedType for Blocks<T> {
    fn dtype(&self) -> GgmlDType {
        T::DTYPE
    }

    fn matmul_t(&self, mkn: (usize, usize, usize), lhs: &[f32], dst: &mut [f32]) -> Result<()> {
        k_quants::matmul(mkn, lhs, self.blocks(), dst)
    }

    fn matmul_t_f16(&self, mkn: (usize, usize, usize), lhs: &[f16], dst: &mut [f16]) -> Result<()> {
        k_quants::matmul_f16(mkn, lhs, self.blocks(), dst)
    }

    fn embedding(&self, _: &[u32], _: usize, _: usize) -> Result<CpuStorage> {
        candle_core::bail!("rows of mapped weights are read through `Format::dequantize`")
    }

    fn dequantize(&self, elem_count: usize) -> Result<CpuStorage> {
        let mut numbers = vec![0.0; elem_count];
        T::to_float(self.blocks(), &mut numbers);
        Ok(CpuStorage::F32(numbers))
    }

    fn storage_size_in_bytes(&self) -> usize {
        size_of_val(self.blocks())
    }

    fn as_ptr(&self) -> *const u8 {
        self.bytes.get().as_ptr()
    }

    fn block_size(&self) -> usize {
        T::BLCK_SIZE
    }

    fn from_float(&mut self, _: &[f32]) {
        unreachable!("a mapped file is read only, and nothing here quantizes into one")
    }

    fn from_float_imatrix(&mut self, _: &[f32], _: &[f32], _: usize) {
        unreachable!("a mapped file is read only, and nothing here quantizes into one")
    }

    fn size(&self) -> usize {
        size_of_val(self.blocks())
    }
}
