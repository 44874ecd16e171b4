//! Random blocks with a mean of 0 and a deviation that is asked for, in every format.
//!
//! A block is filled with random bytes, and then those parts are replaced for which not every value is
//! sane: the scales of 16 bits, and in Q2_K, Q4_K and Q5_K the small minima, which become equal to the small
//! scales, so that the mean of each group is 0.

use std::io::{self, Write};

use half::{bf16, f16};

use crate::llama::quant::Format;

/// A generator (xorshift64*, Vigna 2014) that starts from a seed and a number of a tensor.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut this = Self(
            (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03))
                .max(1),
        );
        // Similar seeds have drifted apart by then.
        (0..16).for_each(|_| {
            this.bits();
        });
        this
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from -1 to 1, of deviation `1 / √3`.
    fn number(&mut self) -> f32 {
        let bits = (self.bits() >> 40) as f32;
        bits / 8_388_608.0 - 1.0
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for bytes in bytes.chunks_mut(8) {
            let bits = self.bits().to_le_bytes();
            bytes.copy_from_slice(&bits[..bytes.len()]);
        }
    }
}

/// A tensor to be drawn.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dims: Vec<u64>,
    pub(super) format: Format,
    pub(super) kind: Kind,
}

/// What its numbers are.
pub(super) enum Kind {
    /// Mean 0, deviation `1 / √columns`.
    Matrix,
    /// Within a quarter of `mean`.
    Norm { mean: f32 },
    /// These.
    Numbers(Vec<f32>),
}

/// Blocks that are drawn before they are written.
const AT_ONCE: usize = 1_024;

impl Tensor {
    /// Draws it piece by piece.
    pub(super) fn write(&self, random: &mut Random, out: &mut impl Write) -> io::Result<()> {
        let elements = self.dims.iter().product::<u64>();
        match &self.kind {
            Kind::Numbers(numbers) => {
                numbers.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))
            }
            Kind::Norm { mean } => (0..elements).try_for_each(|_| {
                let number = mean * (1.0 + random.number() / 4.0);
                out.write_all(&number.to_le_bytes())
            }),
            Kind::Matrix => {
                let (numbers, bytes) = self.format.block();
                let deviation = 1.0 / (self.dims[0] as f32).sqrt();
                let mut left = usize::try_from(elements).map_err(io::Error::other)? / numbers;
                let mut buffer = vec![0; AT_ONCE * bytes];
                while left > 0 {
                    let blocks = left.min(AT_ONCE);
                    let buffer = &mut buffer[..blocks * bytes];
                    random.fill(buffer);
                    for block in buffer.chunks_exact_mut(bytes) {
                        shape(self.format, block, deviation, random);
                    }
                    out.write_all(buffer)?;
                    left -= blocks;
                }
                Ok(())
            }
        }
    }
}

/// Makes a block of random bytes a block of random weights.
fn shape(format: Format, block: &mut [u8], deviation: f32, random: &mut Random) {
    // Scales differ from block to block, by a quarter at most, which takes 1 percent off the deviation.
    let vary = 0.99 * (1.0 + random.number() / 4.0);
    let sign = if random.bits() >> 63 == 0 { 1.0 } else { -1.0 };
    // Divides what is wanted by the deviation of the integers, all of which are equally likely.
    let scale = |integers: f32| deviation * vary / integers;
    let mut half = |at: usize, x: f32| {
        block[at..at + 2].copy_from_slice(&f16::from_f32(x).to_le_bytes());
    };
    match format {
        Format::F32 => {
            let x = random.number() * deviation * 3.0_f32.sqrt();
            block.copy_from_slice(&x.to_le_bytes());
        }
        Format::F16 => half(0, random.number() * deviation * 3.0_f32.sqrt()),
        Format::BF16 => {
            let x = random.number() * deviation * 3.0_f32.sqrt();
            block.copy_from_slice(&bf16::from_f32(x).to_le_bytes());
        }
        // −8 to 7, −16 to 15, −128 to 127: the mean is −1/2, so the sign is drawn.
        Format::Q4_0 => half(0, sign * scale(4.64)),
        Format::Q5_0 => half(0, sign * scale(9.25)),
        Format::Q8_0 => half(0, sign * scale(73.9)),
        // 0 to 15 and 0 to 31, moved to the middle.
        Format::Q4_1 => {
            half(0, scale(4.61));
            half(2, -7.5 * scale(4.61));
        }
        Format::Q5_1 => {
            half(0, scale(9.23));
            half(2, -15.5 * scale(9.23));
        }
        // Integers of deviation 2.35 around −1/2, times small scales of deviation 18.5.
        Format::Q3K => half(108, sign * scale(2.35 * 18.5)),
        Format::Q6K => half(208, sign * scale(18.5 * 73.9)),
        // The small scales are 8 to 15: their root mean square is 11.7.
        Format::Q2K => {
            half(80, scale(1.118 * 11.7));
            half(82, 1.5 * scale(1.118 * 11.7));
            for byte in &mut block[..16] {
                let small = *byte & 7 | 8;
                *byte = small << 4 | small;
            }
        }
        // The small scales are 32 to 63: their root mean square is 48.4.
        Format::Q4K => {
            half(0, scale(4.61 * 48.4));
            half(2, 7.5 * scale(4.61 * 48.4));
            equal_scales(&mut block[4..16]);
        }
        Format::Q5K => {
            half(0, scale(9.23 * 48.4));
            half(2, 15.5 * scale(9.23 * 48.4));
            equal_scales(&mut block[4..16]);
        }
    }
}

/// Makes the minima of 6 bits equal to the scales, and both 32 or more.
fn equal_scales(packed: &mut [u8]) {
    for group in 0..4 {
        // The lower six bits are those of groups 0 to 3, the upper two belong to groups 4 to 7.
        packed[group] = packed[group] & 0x5f | 0xa0;
        packed[group + 4] = packed[group];
        let low = packed[group + 8] & 15;
        packed[group + 8] = low << 4 | low;
    }
}
