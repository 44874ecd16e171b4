//! The products on processors with AVX2: 32 pairs of bytes in two instructions.

#![expect(
    unsafe_code,
    reason = "instructions that not every processor has, and loads of whole vectors"
)]

use std::arch::x86_64::*;

use super::{BLOCK, Piece, TILE};
use crate::llama::quant::Format;

/// That this processor has AVX2, FMA and F16C. Only [`Avx2::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let here = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        here.then_some(Self(()))
    }

    /// See [`plain::quantize`](super::plain::quantize).
    pub(super) fn quantize(self, x: &[f32], pieces: &mut [Piece]) {
        // SAFETY: `self` says that the processor has the instructions.
        unsafe { quantize(x, pieces) }
    }

    /// See [`Processor::rows`](super::Processor::rows).
    pub(super) fn rows(
        self,
        format: Format,
        row_bytes: usize,
        rows: &[u8],
        vectors: &[&[Piece]],
        out: &mut [&mut [f32]],
    ) {
        // SAFETY: `self` says that the processor has the instructions.
        unsafe {
            match format {
                Format::Q4_0 => tiles::<Q4_0>(row_bytes, rows, vectors, out),
                Format::Q4_1 => tiles::<Q4_1>(row_bytes, rows, vectors, out),
                Format::Q5_0 => tiles::<Q5_0>(row_bytes, rows, vectors, out),
                Format::Q5_1 => tiles::<Q5_1>(row_bytes, rows, vectors, out),
                _ => super::plain::rows(format, row_bytes, rows, vectors, out),
            }
        }
    }
}

// The formats, by the bytes of a block: no two are equal.
const Q4_0: usize = Format::Q4_0.block().1;
const Q4_1: usize = Format::Q4_1.block().1;
const Q5_0: usize = Format::Q5_0.block().1;
const Q5_1: usize = Format::Q5_1.block().1;

#[target_feature(enable = "avx2,fma,f16c")]
fn tiles<const FORMAT: usize>(
    row_bytes: usize,
    rows: &[u8],
    vectors: &[&[Piece]],
    out: &mut [&mut [f32]],
) {
    const { assert!(TILE == 4) };
    match (vectors, out) {
        ([a, b, c, d], [w, x, y, z]) => {
            tile::<FORMAT, 4>(row_bytes, rows, [a, b, c, d], &mut [w, x, y, z]);
        }
        ([a, b, c], [w, x, y]) => tile::<FORMAT, 3>(row_bytes, rows, [a, b, c], &mut [w, x, y]),
        ([a, b], [w, x]) => tile::<FORMAT, 2>(row_bytes, rows, [a, b], &mut [w, x]),
        (vectors, out) => {
            for (vector, out) in vectors.iter().zip(out) {
                tile::<FORMAT, 1>(row_bytes, rows, [vector], &mut [out]);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn tile<const FORMAT: usize, const N: usize>(
    row_bytes: usize,
    rows: &[u8],
    vectors: [&[Piece]; N],
    out: &mut [&mut [f32]; N],
) {
    let ones = _mm256_set1_epi16(1);
    for (r, row) in rows.chunks_exact(row_bytes).enumerate() {
        let mut sums = [_mm256_setzero_ps(); N];
        let mut mins = [0.0_f32; N];
        for (b, block) in row.chunks_exact(FORMAT).enumerate() {
            let (weights, scale, min) = unpack::<FORMAT>(block);
            for j in 0..N {
                let piece = &vectors[j][b];
                // SAFETY: 32 bytes are there, and this load takes any address.
                let levels = unsafe { _mm256_loadu_si256(piece.levels.as_ptr().cast()) };
                let pairs = _mm256_maddubs_epi16(weights, levels);
                let dots = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
                sums[j] = _mm256_fmadd_ps(_mm256_set1_ps(scale * piece.scale), dots, sums[j]);
                mins[j] += min * piece.sum;
            }
        }
        for j in 0..N {
            out[j][r] = total(sums[j]) + mins[j];
        }
    }
}

/// A block's levels, its scale and its min. Here levels have no sign, so Q4_0 and Q5_0 have a min, too: one
/// factor of the multiplication must have none.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn unpack<const FORMAT: usize>(block: &[u8]) -> (__m256i, f32, f32) {
    let scale = half(block, 0);
    match FORMAT {
        Q4_0 => (nibbles(part(block, 2)), scale, -8.0 * scale),
        Q4_1 => (nibbles(part(block, 4)), scale, half(block, 2)),
        Q5_0 => (five_bits(part(block, 2), part(block, 6)), scale, -16.0 * scale),
        _ => (five_bits(part(block, 4), part(block, 8)), scale, half(block, 2)),
    }
}

fn part<const N: usize>(block: &[u8], at: usize) -> &[u8; N] {
    block[at..].first_chunk().expect("a block's parts lie in the block")
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn half(block: &[u8], at: usize) -> f32 {
    let bits = i32::from(u16::from_le_bytes(*part(block, at)));
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)))
}

/// The low halves of 16 bytes, then the high halves.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn nibbles(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: 16 bytes are there, and this load takes any address.
    let packed = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    let both = _mm256_set_m128i(_mm_srli_epi16(packed, 4), packed);
    _mm256_and_si256(both, _mm256_set1_epi8(15))
}

/// The nibbles, with bit `i` of `high` as the fifth bit of level `i`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn five_bits(high: &[u8; 4], low: &[u8; 16]) -> __m256i {
    // Byte `i` of the vector gets the byte of `high` that has bit `i`, and keeps that bit alone.
    let bytes = _mm256_shuffle_epi8(
        _mm256_set1_epi32(i32::from_le_bytes(*high)),
        _mm256_set_epi64x(0x0303_0303_0303_0303, 0x0202_0202_0202_0202, 0x0101_0101_0101_0101, 0),
    );
    let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed());
    let set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    _mm256_or_si256(nibbles(low), _mm256_and_si256(set, _mm256_set1_epi8(16)))
}

/// The sum of eight numbers.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn total(x: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

#[target_feature(enable = "avx2,fma,f16c")]
fn quantize(x: &[f32], pieces: &mut [Piece]) {
    for (x, piece) in x.chunks_exact(BLOCK).zip(pieces) {
        let x: [__m256; 4] = std::array::from_fn(|i| {
            // SAFETY: the chunk has 32 numbers, of which these are 8; this load takes any address.
            unsafe { _mm256_loadu_ps(x[8 * i..8 * i + 8].as_ptr()) }
        });
        let magnitude = |x| _mm256_andnot_ps(_mm256_set1_ps(-0.0), x);
        let most = _mm256_max_ps(
            _mm256_max_ps(magnitude(x[0]), magnitude(x[1])),
            _mm256_max_ps(magnitude(x[2]), magnitude(x[3])),
        );
        let most = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
        let most = _mm_max_ps(most, _mm_movehl_ps(most, most));
        let largest = _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
        let unordered = |a, b| _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b);
        let odd = _mm256_or_ps(unordered(x[0], x[1]), unordered(x[2], x[3]));
        let scale = if _mm256_movemask_ps(odd) == 0 { largest / 127.0 } else { f32::NAN };
        let inverse = _mm256_set1_ps(if scale.is_normal() { 1.0 / scale } else { 0.0 });
        let whole = x.map(|x| _mm256_cvtps_epi32(_mm256_mul_ps(x, inverse)));
        let sum = _mm256_add_epi32(
            _mm256_add_epi32(whole[0], whole[1]),
            _mm256_add_epi32(whole[2], whole[3]),
        );
        // Packing works on halves of a register; the last step puts groups of four in order again.
        let pairs =
            [_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3])];
        let levels = _mm256_permutevar8x32_epi32(
            _mm256_packs_epi16(pairs[0], pairs[1]),
            _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7),
        );
        // SAFETY: 32 bytes are there, and this store takes any address.
        unsafe { _mm256_storeu_si256(piece.levels.as_mut_ptr().cast(), levels) };
        piece.scale = scale;
        // Sums of 32 levels are whole numbers below 2^24: floats hold them exactly.
        piece.sum = scale * total(_mm256_cvtepi32_ps(sum));
    }
}
