//! Prints the figures of the chapter's page, `src/llama/README.md`: work and bytes of known shapes, and
//! what each format costs the tiny model. None of them is a time, so each machine prints the same, but for
//! the last digit.
//!
//! `cargo run --release -p bench --bin llama_figures`

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rust_for_ai::llama::gguf::Gguf;
use rust_for_ai::llama::parts::{Cache, Matrix, Norm, Shape, Weights};
use rust_for_ai::llama::plain::Plain;
use rust_for_ai::llama::quant::Format;
use rust_for_ai::llama::tokenizer::Tokenizer;
use solutions::llama::{KvCache, attention, forward, rms_norm, rope};

fn main() -> Result<()> {
    shapes();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let read = |name: &str| fs::read(data.join(name)).with_context(|| name.to_owned());
    let (file, book) = (read("tiny.gguf")?, String::from_utf8(read("kjv.txt")?)?);
    let gguf = Gguf::parse(&file)?;
    formats(&Plain::new(&gguf, &file)?, &Tokenizer::from_gguf(&gguf)?, &book)
}

/// What a model is made of: layers, numbers in the stream, heads of keys times their size, numbers inside
/// of a feed-forward block, ids.
struct Sizes {
    name: &'static str,
    layers: u64,
    stream: u64,
    keys: u64,
    inner: u64,
    vocabulary: u64,
}

fn shapes() {
    let sizes = |name, layers, stream, keys, inner, vocabulary| Sizes {
        name,
        layers,
        stream,
        keys,
        inner,
        vocabulary,
    };
    println!(
        "model          products a token  of them output  a position more  equal at  MB a token, 4.5 bits  cache, bytes a position"
    );
    for Sizes { name, layers, stream, keys, inner, vocabulary } in [
        sizes("tiny", 2, 256, 64, 768, 1_024),
        sizes("SmolLM2-135M", 30, 576, 192, 1_536, 49_152),
        sizes("Llama-2-7B", 32, 4_096, 4_096, 11_008, 32_000),
        sizes("Llama-3-8B", 32, 4_096, 1_024, 14_336, 128_256),
    ] {
        let output = stream * vocabulary;
        let all = layers * (2 * stream * stream + 2 * stream * keys + 3 * stream * inner) + output;
        // Each head multiplies its query with a key, and a share with a value.
        let position = 2 * layers * stream;
        println!(
            "{name:<12} {all:>18} {:>14.1}% {position:>16} {:>9} {:>21.1} {:>24}",
            100.0 * output as f64 / all as f64,
            all / position,
            all as f64 * 4.5 / 8e6,
            2 * layers * keys * 2
        );
    }
}

/// A model some of whose matrices are replaced.
struct Packed<'a> {
    model: &'a Plain,
    matrices: HashMap<Matrix, Vec<f32>>,
}

impl Weights for Packed<'_> {
    fn shape(&self) -> Shape {
        self.model.shape()
    }

    fn embedding(&self, id: u32) -> Vec<f32> {
        let width = self.model.config().width;
        self.matrices[&Matrix::Output][id as usize * width..][..width].to_vec()
    }

    fn norm(&self, norm: Norm) -> &[f32] {
        self.model.norm(norm)
    }

    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32> {
        let dot = |row: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum();
        self.matrices[&matrix].chunks_exact(x.len()).map(dot).collect()
    }
}

/// The loss of the tiny model in each format, on verses that its training has not seen.
fn formats(model: &Plain, tokenizer: &Tokenizer, book: &str) -> Result<()> {
    /// Of each 20 groups of 64 verses, the training holds the last one out.
    const HELD_OUT: [usize; 4] = [19, 139, 259, 379];
    let verses: Vec<&str> = book.lines().collect();
    let start = tokenizer.control("<|endoftext|>").context("the tiny model has a first token")?;
    let windows: Vec<Vec<u32>> = HELD_OUT
        .iter()
        .map(|group| {
            let text = verses[64 * group..][..16].join("\n");
            let mut ids = vec![start];
            ids.extend(tokenizer.encode(&text));
            ids.truncate(model.config().context);
            ids
        })
        .collect();
    let bytes: usize = windows.iter().flatten().map(|&id| tokenizer.piece(id).len()).sum::<usize>();
    println!(
        "\n{bytes} bytes that the training has not seen\nformat  bits a weight  error of weights  bits a byte"
    );
    for format in
        [Format::F32, Format::Q8_0, Format::Q5_1, Format::Q5_0, Format::Q4_1, Format::Q4_0]
    {
        let (packed, error) = pack(model, format).context(format.name())?;
        let loss: f64 = windows.iter().map(|ids| loss(&packed, ids, forward)).sum();
        let (elements, block) = format.block();
        println!(
            "{:<7} {:>12.1} {error:>16.2}% {:>12.4}",
            format.name(),
            8.0 * block as f64 / elements as f64,
            loss / std::f64::consts::LN_2 / bytes as f64
        );
    }
    println!("\na flaw in the forward pass                 bits a byte");
    let (exact, _) = pack(model, Format::F32).context("plain numbers")?;
    for flaw in Flaw::ALL {
        let pass = |weights: &dyn Weights, cache: &mut dyn Cache, ids: &[u32]| {
            ids.iter().map(|&id| flawed(flaw, weights, cache, id)).last().unwrap_or_default()
        };
        let loss: f64 = windows.iter().map(|ids| loss(&exact, ids, pass)).sum();
        println!(
            "{:<42} {:>11.4}",
            format!("{flaw:?}"),
            loss / std::f64::consts::LN_2 / bytes as f64
        );
    }
    Ok(())
}

/// What may be wrong in a forward pass that runs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    None,
    HalvesTurned,
    KeysNotTurned,
    NothingTurned,
    PositionOneMoreForQueries,
    PositionOneMoreForAll,
    EpsilonOutsideOfTheRoot,
    HeadsMappedByRemainder,
    ScoresNotDivided,
    GateAndUpSwapped,
    LastNormLeftOut,
}

impl Flaw {
    const ALL: [Self; 11] = [
        Self::None,
        Self::HalvesTurned,
        Self::KeysNotTurned,
        Self::NothingTurned,
        Self::PositionOneMoreForQueries,
        Self::PositionOneMoreForAll,
        Self::EpsilonOutsideOfTheRoot,
        Self::HeadsMappedByRemainder,
        Self::ScoresNotDivided,
        Self::GateAndUpSwapped,
        Self::LastNormLeftOut,
    ];
}

/// A forward pass for one id, with a flaw.
fn flawed(flaw: Flaw, weights: &dyn Weights, cache: &mut dyn Cache, id: u32) -> Vec<f32> {
    let shape = weights.shape();
    let normalised = |x: &[f32], norm| match flaw {
        Flaw::LastNormLeftOut if norm == Norm::Output => x.to_vec(),
        Flaw::EpsilonOutsideOfTheRoot => {
            let root = (x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32).sqrt();
            let scale = 1.0 / (root + shape.epsilon);
            x.iter().zip(weights.norm(norm)).map(|(x, w)| x * scale * w).collect()
        }
        _ => rms_norm(x, weights.norm(norm), shape.epsilon),
    };
    let turned = |heads: &[f32], d: usize, position: usize| -> Vec<f32> {
        let turn = |head: &[f32]| match flaw {
            Flaw::NothingTurned => head.to_vec(),
            Flaw::HalvesTurned => {
                // To neighbours, turned, and back.
                let (low, high) = head.split_at(d / 2);
                let pairs: Vec<f32> = low.iter().zip(high).flat_map(|(a, b)| [*a, *b]).collect();
                let pairs = rope(&pairs, position, shape.freq_base);
                let every = |at: usize| pairs.iter().skip(at).step_by(2).copied();
                every(0).chain(every(1)).collect()
            }
            _ => rope(head, position, shape.freq_base),
        };
        heads.chunks(d).flat_map(turn).collect()
    };
    let mut stream = weights.embedding(id);
    let add = |stream: &mut [f32], x: &[f32]| stream.iter_mut().zip(x).for_each(|(s, x)| *s += x);
    let position = cache.len() + usize::from(flaw == Flaw::PositionOneMoreForAll);
    for layer in 0..shape.layers {
        let x = normalised(&stream, Norm::Attn(layer));
        let query = weights.product(Matrix::AttnQ(layer), &x);
        let key = weights.product(Matrix::AttnK(layer), &x);
        let d = query.len() / shape.heads;
        let later = usize::from(flaw == Flaw::PositionOneMoreForQueries);
        let mut query = turned(&query, d, position + later);
        let key = if flaw == Flaw::KeysNotTurned { key } else { turned(&key, d, position) };
        cache.push(layer, &key, &weights.product(Matrix::AttnV(layer), &x));
        if flaw == Flaw::ScoresNotDivided {
            query.iter_mut().for_each(|x| *x *= (d as f32).sqrt());
        }
        // Head `h` reads keys `h / group`; with the wrong map `h % kv_heads`.
        let group = shape.heads / shape.kv_heads;
        let place = |h: usize| h % shape.kv_heads * group + h / shape.kv_heads;
        let moved: Vec<usize> = (0..shape.heads)
            .map(|h| if flaw == Flaw::HeadsMappedByRemainder { place(h) } else { h })
            .collect();
        let mut asked = query.clone();
        for (h, &to) in moved.iter().enumerate() {
            asked[to * d..][..d].copy_from_slice(&query[h * d..][..d]);
        }
        let (keys, values) = (cache.keys(layer), cache.values(layer));
        let rows = keys.len() / (shape.kv_heads * d);
        let found = attention(&asked, keys, values, shape.heads, shape.kv_heads, rows - 1);
        let mixed: Vec<f32> = moved.iter().flat_map(|&to| found[to * d..][..d].to_vec()).collect();
        add(&mut stream, &weights.product(Matrix::AttnOutput(layer), &mixed));
        let x = normalised(&stream, Norm::Ffn(layer));
        let mut gate = weights.product(Matrix::FfnGate(layer), &x);
        let mut up = weights.product(Matrix::FfnUp(layer), &x);
        if flaw == Flaw::GateAndUpSwapped {
            std::mem::swap(&mut gate, &mut up);
        }
        let inner: Vec<f32> =
            gate.iter().zip(&up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
        add(&mut stream, &weights.product(Matrix::FfnDown(layer), &inner));
    }
    weights.product(Matrix::Output, &normalised(&stream, Norm::Output))
}

/// The model with all of its matrices in a format, and how far they are off, in per cent.
fn pack(model: &Plain, format: Format) -> Option<(Packed<'_>, f64)> {
    let layer = |layer: usize| {
        [
            Matrix::AttnQ(layer),
            Matrix::AttnK(layer),
            Matrix::AttnV(layer),
            Matrix::AttnOutput(layer),
            Matrix::FfnGate(layer),
            Matrix::FfnUp(layer),
            Matrix::FfnDown(layer),
        ]
    };
    let all = (0..model.config().layers).flat_map(layer).chain([Matrix::Output]);
    let (mut matrices, mut error, mut size) = (HashMap::new(), 0.0, 0.0);
    for matrix in all {
        let exact = model.matrix(matrix);
        let mut back = vec![0.0; exact.len()];
        format.dequantize(&format.quantize(exact)?, &mut back);
        let square = |x: f32| f64::from(x) * f64::from(x);
        error += exact.iter().zip(&back).map(|(a, b)| square(a - b)).sum::<f64>();
        size += exact.iter().copied().map(square).sum::<f64>();
        matrices.insert(matrix, back);
    }
    Some((Packed { model, matrices }, 100.0 * (error / size).sqrt()))
}

/// Nats for all ids but the first.
fn loss(
    model: &Packed<'_>,
    ids: &[u32],
    pass: impl Fn(&dyn Weights, &mut dyn Cache, &[u32]) -> Vec<f32>,
) -> f64 {
    let mut cache = KvCache::new(model.shape().layers);
    let mut sum = 0.0;
    for pair in ids.windows(2) {
        let logits = pass(model, &mut cache, &pair[..1]);
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = logits.iter().map(|&x| f64::from(x - largest).exp()).sum();
        sum += total.ln() - f64::from(logits[pair[1] as usize] - largest);
    }
    sum
}
