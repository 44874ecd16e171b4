//! Each format against Candle's: blocks of random bytes give the same numbers, and numbers the same blocks,
//! bit for bit.
//!
//! `CARGO_TARGET_DIR=… cargo test --release -p bench --features candle --test formats`

#![cfg(feature = "candle")]

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use rust_for_ai::llama::quant::Format;

fn theirs(format: Format) -> GgmlDType {
    match format {
        Format::F32 => GgmlDType::F32,
        Format::F16 => GgmlDType::F16,
        Format::BF16 => GgmlDType::BF16,
        Format::Q4_0 => GgmlDType::Q4_0,
        Format::Q4_1 => GgmlDType::Q4_1,
        Format::Q5_0 => GgmlDType::Q5_0,
        Format::Q5_1 => GgmlDType::Q5_1,
        Format::Q8_0 => GgmlDType::Q8_0,
        Format::Q2K => GgmlDType::Q2K,
        Format::Q3K => GgmlDType::Q3K,
        Format::Q4K => GgmlDType::Q4K,
        Format::Q5K => GgmlDType::Q5K,
        Format::Q6K => GgmlDType::Q6K,
    }
}

/// xorshift64*, as everywhere in this project.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn number(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// Enough for each byte of a block to have had each value.
const BLOCKS: usize = 4_096;

#[test]
fn random_blocks_give_the_same_numbers() {
    let mut random = Random(17);
    for format in Format::ALL {
        let (numbers, bytes) = format.block();
        let data: Vec<u8> = (0..BLOCKS * bytes).map(|_| (random.bits() >> 56) as u8).collect();
        let storage = QStorage::from_data(Cow::Owned(data.clone()), &Device::Cpu, theirs(format))
            .expect("bytes of whole blocks");
        let tensor = QTensor::new(storage, BLOCKS * numbers).expect("whole blocks");
        let expected: Vec<f32> = tensor
            .dequantize(&Device::Cpu)
            .and_then(|tensor| tensor.to_vec1())
            .expect("a format that Candle reads");
        let mut got = vec![9.0; BLOCKS * numbers];
        format.dequantize(&data, &mut got);
        assert_eq!(expected.len(), got.len());
        let mut finite = 0;
        for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
            let (block, at) = (index / numbers, index % numbers);
            let same = expected.to_bits() == got.to_bits() || (expected.is_nan() && got.is_nan());
            assert!(same, "{format}, block {block}, number {at}: expected {expected}, got {got}");
            finite += usize::from(got.is_finite());
        }
        assert!(finite * 10 > got.len() * 8, "{format}: only {finite} are finite");
    }
}

#[test]
fn numbers_give_the_same_blocks() {
    let mut random = Random(23);
    let mut numbers = Vec::new();
    for block in 0..BLOCKS {
        let size = 10.0_f32.powi(block as i32 % 9 - 4);
        let shift = if block % 3 == 0 { size } else { 0.0 };
        numbers.extend((0..32).map(|_| match block % 7 {
            // Some blocks have few different numbers: ties at halves, equal ends, zeros.
            0 => (random.number() * 4.0).round() * size,
            1 => (random.number() * 15.0).round() / 2.0,
            2 if block % 5 == 0 => 0.0,
            _ => random.number() * size + shift,
        }));
    }
    let tensor = Tensor::new(&numbers[..], &Device::Cpu).expect("memory");
    for format in Format::ALL {
        let Some(got) = format.quantize(&numbers) else {
            continue;
        };
        let expected = QTensor::quantize(&tensor, theirs(format)).expect("whole blocks");
        let expected = expected.data().expect("data on the CPU");
        let (_, bytes) = format.block();
        assert_eq!(expected.len(), got.len(), "{format}");
        for (block, (expected, got)) in expected.chunks(bytes).zip(got.chunks(bytes)).enumerate() {
            assert_eq!(expected, got, "{format}, block {block}");
        }
    }
}
