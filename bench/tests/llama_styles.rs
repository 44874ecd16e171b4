//! Right answers in another style than the reference pass the first stages of chapter `llama`, too: other
//! orders of summation, inverses in place of divisions, readers without a position.

use rust_for_ai::check::llama as check;
use rust_for_ai::check::llama::file::{Contents, Flaw, Tensor, Value};
use rust_for_ai::check::{State, Verdict};

fn passes(verdict: &Verdict) {
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

/// Sums of 16 bits, which just hold a block; the inverse of the scale; blocks from the last to the first.
fn dot_by_inverse(row: &[(f32, [u8; 16])], x: &[f32]) -> f32 {
    let quantized: Vec<(f32, Vec<i8>)> = x
        .chunks(32)
        .map(|x| {
            let most = x.iter().map(|x| x.abs()).fold(f32::MIN_POSITIVE, f32::max);
            (most / 127.0, x.iter().map(|x| (x * (127.0 / most)).round_ties_even() as i8).collect())
        })
        .collect();
    let products = row.iter().zip(&quantized).rev().map(|((a, bytes), (b, q))| {
        let (low, high) = q.split_at(16);
        let pairs = bytes.iter().zip(low.iter().zip(high));
        let sum: i16 = pairs
            .map(|(byte, (&low, &high))| {
                i16::from(byte % 16) * i16::from(low) + i16::from(byte / 16) * i16::from(high)
            })
            .sum();
        // The − 8 of all weights at once.
        let all: i16 = q.iter().map(|&q| i16::from(q)).sum();
        a * (b * (f32::from(sum) - 8.0 * f32::from(all)))
    });
    products.sum()
}

/// Floats of 16 bits by moving their bits; the − 8 after the product.
fn dequantize_by_bits(format: &str, bytes: &[u8]) -> Option<Vec<f32>> {
    fn half(low: u8, high: u8) -> f32 {
        let bits = u32::from(u16::from_le_bytes([low, high]));
        // The exponent moves to its place in an f32, with 112 less than it should be.
        let size = f32::from_bits((bits & 0x7fff) << 13) * 2.0_f32.powi(112);
        if bits > 0x7fff { -size } else { size }
    }
    let (length, integers) = match format {
        "Q8_0" => (34, 2),
        "Q4_0" => (18, 2),
        "Q4_1" => (20, 4),
        _ => return None,
    };
    let mut out = vec![0.0; bytes.len() / length * 32];
    for (index, x) in out.iter_mut().enumerate() {
        let block = &bytes[index / 32 * length..][..length];
        let scale = half(block[0], block[1]);
        let byte = |at: usize| block[integers + at];
        let at = index % 32;
        let nibble = f32::from(byte(at % 16 % (length - integers)) >> (at / 16 * 4) & 15);
        *x = match format {
            "Q8_0" => f32::from(i8::from_ne_bytes([byte(at)])) * scale,
            "Q4_0" => nibble.mul_add(scale, -8.0 * scale),
            _ => half(block[2], block[3]) + nibble * scale,
        };
    }
    Some(out)
}

/// A slice that grows shorter, and functions in place of methods.
fn gguf_by_shrinking(file: &[u8]) -> Result<Contents, Flaw> {
    type Rest<'a> = &'a [u8];
    let at = |rest: Rest<'_>| file.len() - rest.len();
    let bytes = |rest: &mut Rest<'_>, length: u64| {
        let length = usize::try_from(length).map_err(|_| Flaw::Ends { at: at(rest) })?;
        let (taken, left) = rest.split_at_checked(length).ok_or(Flaw::Ends { at: at(rest) })?;
        *rest = left;
        Ok::<Vec<u8>, Flaw>(taken.to_vec())
    };
    let number = |rest: &mut Rest<'_>, length: u64| {
        let bytes = bytes(rest, length)?;
        Ok::<u64, Flaw>(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    let text = |rest: &mut Rest<'_>| {
        let length = number(rest, 8)?;
        let start = at(rest);
        String::from_utf8(bytes(rest, length)?).map_err(|_| Flaw::Text { at: start })
    };
    let scalar = |rest: &mut Rest<'_>, kind: u64| {
        Ok(match kind {
            4 => Value::U32(number(rest, 4)? as u32),
            5 => Value::I32(number(rest, 4)? as u32 as i32),
            6 => Value::F32(f32::from_bits(number(rest, 4)? as u32)),
            7 => Value::Bool(number(rest, 1)? == 1),
            8 => Value::Text(text(rest)?),
            _ => return Err(Flaw::Type(kind as u32)),
        })
    };
    let mut rest = file;
    if bytes(&mut rest, 4)? != *b"GGUF" {
        return Err(Flaw::Magic);
    }
    match number(&mut rest, 4)? {
        3 => {}
        other => return Err(Flaw::Version(other as u32)),
    }
    let (tensors, values) = (number(&mut rest, 8)?, number(&mut rest, 8)?);
    let mut contents = Contents::default();
    for _ in 0..values {
        let key = text(&mut rest)?;
        let value = match number(&mut rest, 4)? {
            9 => {
                let (kind, count) = (number(&mut rest, 4)?, number(&mut rest, 8)?);
                let mut list = Vec::new();
                for _ in 0..count {
                    list.push(scalar(&mut rest, kind)?);
                }
                Value::List(list)
            }
            kind => scalar(&mut rest, kind)?,
        };
        contents.values.push((key, value));
    }
    for _ in 0..tensors {
        let name = text(&mut rest)?;
        let mut dims = Vec::new();
        for _ in 0..number(&mut rest, 4)? {
            dims.push(number(&mut rest, 8)?);
        }
        let format = number(&mut rest, 4)? as u32;
        contents.tensors.push(Tensor { name, dims, format, start: number(&mut rest, 8)? });
    }
    let weights = at(rest).div_ceil(32) * 32;
    for tensor in &mut contents.tensors {
        tensor.start += weights as u64;
    }
    Ok(contents)
}

#[test]
fn other_styles_pass() {
    passes(&check::gguf(gguf_by_shrinking));
    passes(&check::dequantize(dequantize_by_bits));
    passes(&check::quantized_dot(dot_by_inverse));
}
