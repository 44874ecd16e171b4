//! How a model file stores numbers: thirteen formats, from 32 bits a weight down to 2.6.
//!
//! A float of 32 bits spends most of its bits on differences that a trained network does not notice. So a
//! file *quantizes*: it cuts each row into blocks, stores one scale a block, and for each weight a small
//! integer. Q4_0 is the plainest of these formats: 32 weights, one scale of 16 bits, 4 bits a weight.
//!
//! ```text
//! bytes   0..2        2                          …  17
//!         scale       weight 0   | weight 16 << 4   weight 15 | weight 31 << 4
//! weight  =  scale · (nibble − 8)
//! ```
//!
//! The other formats differ in how much they spend on what:
//!
//! | format | weights a block | bytes | bits a weight | a weight is |
//! |---|---:|---:|---:|---|
//! | F32, F16, BF16 | 1 | 4, 2, 2 | 32, 16, 16 | itself |
//! | Q8_0 | 32 | 34 | 8.5 | scale · q, q is signed |
//! | Q5_0, Q4_0 | 32 | 22, 18 | 5.5, 4.5 | scale · (q − 16), scale · (q − 8) |
//! | Q5_1, Q4_1 | 32 | 24, 20 | 6, 5 | scale · q + min |
//! | Q6_K, Q3_K | 256 | 210, 110 | 6.56, 3.44 | scale · s · (q − 32), scale · s · (q − 4) |
//! | Q5_K, Q4_K, Q2_K | 256 | 176, 144, 84 | 5.5, 4.5, 2.63 | scale · s · q − min · m |
//!
//! The K formats have two levels: a block of 256 is cut into 8 or 16 groups, each with a small integer `s`
//! (and `m`) of its own, so that a scale of 16 bits is paid once for 256 weights.
//!
//! Dequantizing gives the same bits as ggml's reference and Candle's, since products and sums are taken in
//! the same order; the crate `bench` compares them. Quantizing is here for the formats whose rule is one
//! line; the K formats are made by a search for the best scales, which model authors run and a chat never
//! does.
//!
//! The layouts are those of ggml (`ggml-common.h`), which has no text that specifies them: the code is the
//! standard.

mod blocks;
mod k_blocks;
mod names;
mod quantize;

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};

#[cfg(feature = "candle")]
pub(crate) use blocks::levels;

/// How the numbers of a tensor are stored.
///
/// ```
/// use rust_for_ai::llama::quant::Format;
///
/// let weights: Vec<f32> = (0..32).map(|i| i as f32 - 16.0).collect();
/// let bytes = Format::Q4_0.quantize(&weights).expect("a format that can be made");
/// assert_eq!(bytes.len(), 18);
/// let mut back = [0.0; 32];
/// Format::Q4_0.dequantize(&bytes, &mut back);
/// assert_eq!((back[0], back[31]), (-16.0, 14.0)); // 15 is rounded: the scale is 2
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table of this module says what each is")]
pub enum Format {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 13] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// How many numbers a block holds, and how many bytes it takes.
    ///
    /// ```
    /// # use rust_for_ai::llama::quant::Format;
    /// assert_eq!(Format::Q6K.block(), (256, 210));
    /// ```
    pub const fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::BF16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q8_0 => (32, 34),
            Self::Q2K => (256, 84),
            Self::Q3K => (256, 110),
            Self::Q4K => (256, 144),
            Self::Q5K => (256, 176),
            Self::Q6K => (256, 210),
        }
    }

    /// Its number in a GGUF file.
    pub const fn id(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::BF16 => 30,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q5_0 => 6,
            Self::Q5_1 => 7,
            Self::Q8_0 => 8,
            Self::Q2K => 10,
            Self::Q3K => 11,
            Self::Q4K => 12,
            Self::Q5K => 13,
            Self::Q6K => 14,
        }
    }

    /// The format with this number in a GGUF file.
    ///
    /// # Errors
    ///
    /// A number that stands for another format, or for none; the error has ggml's name for it.
    ///
    /// ```
    /// # use rust_for_ai::llama::quant::Format;
    /// assert_eq!(Format::from_id(14), Ok(Format::Q6K));
    /// assert_eq!(Format::from_id(20).expect_err("not read").to_string(), "IQ4_NL (20)");
    /// ```
    pub fn from_id(id: u32) -> Result<Self, OtherFormat> {
        Self::ALL.into_iter().find(|format| format.id() == id).ok_or(OtherFormat(id))
    }

    /// Its name, as ggml writes it.
    ///
    /// ```
    /// # use rust_for_ai::llama::quant::Format;
    /// assert_eq!(Format::Q4K.name(), "Q4_K");
    /// assert_eq!("Q4_K".parse(), Ok(Format::Q4K));
    /// ```
    pub fn name(self) -> &'static str {
        names::of(self.id()).unwrap_or("")
    }

    /// How many bytes so many numbers take, if they fill whole blocks and the bytes can be counted.
    ///
    /// ```
    /// # use rust_for_ai::llama::quant::Format;
    /// assert_eq!(Format::Q8_0.bytes(64), Some(68));
    /// assert_eq!(Format::Q8_0.bytes(63), None);
    /// ```
    pub fn bytes(self, numbers: usize) -> Option<usize> {
        let (elements, bytes) = self.block();
        if !numbers.is_multiple_of(elements) {
            return None;
        }
        (numbers / elements).checked_mul(bytes)
    }

    /// Writes the numbers of whole blocks to `out`.
    ///
    /// # Panics
    ///
    /// Unless `bytes` has the length of `out.len()` numbers; [`bytes`](Self::bytes) says which. A tensor
    /// of a parsed file has it.
    pub fn dequantize(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.bytes(out.len()), "the bytes of {} numbers", out.len());
        match self {
            Self::F32 => each(bytes, out, |b: &[u8; 4]| f32::from_le_bytes(*b)),
            Self::F16 => each(bytes, out, |b: &[u8; 2]| f16::from_le_bytes(*b).to_f32()),
            Self::BF16 => each(bytes, out, |b: &[u8; 2]| bf16::from_le_bytes(*b).to_f32()),
            Self::Q4_0 => each_block(bytes, out, blocks::q4_0),
            Self::Q4_1 => each_block(bytes, out, blocks::q4_1),
            Self::Q5_0 => each_block(bytes, out, blocks::q5_0),
            Self::Q5_1 => each_block(bytes, out, blocks::q5_1),
            Self::Q8_0 => each_block(bytes, out, blocks::q8_0),
            Self::Q2K => each_block(bytes, out, k_blocks::q2_k),
            Self::Q3K => each_block(bytes, out, k_blocks::q3_k),
            Self::Q4K => each_block(bytes, out, k_blocks::q4_k),
            Self::Q5K => each_block(bytes, out, k_blocks::q5_k),
            Self::Q6K => each_block(bytes, out, k_blocks::q6_k),
        }
    }

    /// The bytes of some numbers, rounded as ggml's reference rounds; `None` for the K formats, which are
    /// made by a search and only read here, and where the numbers do not fill whole blocks.
    ///
    /// Numbers are expected to be finite. What is not becomes some number, without a panic.
    pub fn quantize(self, numbers: &[f32]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.bytes(numbers.len())?);
        match self {
            Self::F32 => bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes())),
            Self::F16 => {
                bytes.extend(numbers.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()));
            }
            Self::BF16 => {
                bytes.extend(numbers.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()));
            }
            Self::Q4_0 => blocks_of(numbers, &mut bytes, quantize::q4_0),
            Self::Q4_1 => blocks_of(numbers, &mut bytes, quantize::q4_1),
            Self::Q5_0 => blocks_of(numbers, &mut bytes, quantize::q5_0),
            Self::Q5_1 => blocks_of(numbers, &mut bytes, quantize::q5_1),
            Self::Q8_0 => blocks_of(numbers, &mut bytes, quantize::q8_0),
            Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K => return None,
        }
        Some(bytes)
    }
}

fn each<const BYTES: usize>(bytes: &[u8], out: &mut [f32], number: impl Fn(&[u8; BYTES]) -> f32) {
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
        *out = number(bytes);
    }
}

fn each_block<const BYTES: usize, const NUMBERS: usize>(
    bytes: &[u8],
    out: &mut [f32],
    block: impl Fn(&[u8; BYTES], &mut [f32; NUMBERS]),
) {
    for (out, bytes) in out.as_chunks_mut().0.iter_mut().zip(bytes.as_chunks().0) {
        block(bytes, out);
    }
}

fn blocks_of<const BYTES: usize>(
    numbers: &[f32],
    bytes: &mut Vec<u8>,
    block: impl Fn(&[f32; 32]) -> [u8; BYTES],
) {
    for numbers in numbers.as_chunks().0 {
        bytes.extend_from_slice(&block(numbers));
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// The number of a format that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherFormat(pub u32);

impl fmt::Display for OtherFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", names::of(self.0).unwrap_or("an unknown type"), self.0)
    }
}

impl std::error::Error for OtherFormat {}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName(pub String);

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown format `{}`, expected one of", self.0.escape_debug())?;
        Format::ALL.iter().try_for_each(|format| write!(f, " {format}"))
    }
}

impl std::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_by_hand() {
        // One scale of 0.5 in front; nibbles 0, 15 and 8 are −8, 7 and 0.
        let half = f16::from_f32(0.5).to_le_bytes();
        let mut bytes = [half.as_slice(), &[0x88; 16]].concat();
        (bytes[2], bytes[3]) = (0xf0, 0x8f);
        let mut out = [9.0; 32];
        Format::Q4_0.dequantize(&bytes, &mut out);
        assert_eq!((out[0], out[16], out[1], out[17], out[2]), (-4.0, 3.5, 3.5, 0.0, 0.0));

        let mut bytes = [half.as_slice(), &[0; 32]].concat();
        (bytes[2], bytes[33]) = (0x80, 0x7f);
        Format::Q8_0.dequantize(&bytes, &mut out);
        assert_eq!((out[0], out[1], out[31]), (-64.0, 0.0, 63.5));
    }

    #[test]
    fn what_is_quantized_comes_back_within_half_a_step() {
        let weights: Vec<f32> = (0..256).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
        for (format, step) in [
            (Format::F32, 0.0),
            (Format::F16, 1e-3),
            (Format::BF16, 8e-3),
            (Format::Q8_0, 0.017),
            (Format::Q5_1, 0.13),
            (Format::Q5_0, 0.13),
            (Format::Q4_1, 0.27),
            (Format::Q4_0, 0.27),
        ] {
            let bytes = format.quantize(&weights).expect("a format that is written");
            let mut back = vec![f32::NAN; weights.len()];
            format.dequantize(&bytes, &mut back);
            for (x, y) in weights.iter().zip(&back) {
                // The end opposite to the largest weight is a whole step away.
                assert!((x - y).abs() <= step, "{format}: {x} came back as {y}");
            }
        }
        assert_eq!(Format::Q4K.quantize(&weights), None);
        assert_eq!(Format::Q4_0.quantize(&weights[1..]), None);
    }

    #[test]
    fn names_and_numbers_lead_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_id(format.id()), Ok(format));
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!(OtherFormat(20).to_string(), "IQ4_NL (20)");
        assert_eq!(OtherFormat(4_000).to_string(), "an unknown type (4000)");
        assert!(Format::from_id(4).is_err());
    }

    #[test]
    fn numbers_that_are_none_do_not_panic() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE] {
            for format in Format::ALL {
                let mut numbers = [0.5; 256];
                numbers[3] = odd;
                if let Some(bytes) = format.quantize(&numbers) {
                    format.dequantize(&bytes, &mut numbers);
                }
            }
        }
    }
}
