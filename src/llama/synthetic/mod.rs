//! Models of any shape with random weights: for tests, and to see how a size behaves without having it.
//!
//! Speed, memory and the arithmetic of a Llama do not depend on what it has learned. So a file with the
//! exact shape of Llama-2-7B and random weights tells how long its 3.8 GB take to load and to multiply,
//! and a tiny one tells whether two engines agree on every logit.
//!
//! The bytes of the blocks are drawn directly, none of them is quantized from a float, and nothing is
//! kept: a file of any size is written in the memory of a buffer. All is seeded, and each tensor's numbers
//! depend on the seed and its place alone.
//!
//! # Random, but sane
//!
//! Uniform random bytes would be scales of 60,000 and NaN. What is drawn here has the statistics of a
//! network: weights have the mean 0 and the standard deviation `1 / sqrt(length of a row)`, so that a
//! matrix keeps the size of a vector, norms lie around 1, and logits spread as those of a language model
//! do. Per format that takes one line: the deviation of the integers, if all are equally likely, says
//! which scale gives the deviation that is wanted.
//!
//! ```text
//! Q4_0    q − 8 with q from 0 to 15: deviation 4.61, so scale = wanted / 4.61, with a random sign
//! Q4_1    q · scale + min: min = −7.5 · scale brings the mean to 0
//! Q4_K    the same within each group: s = m, and min = 7.5 · scale
//! ```

mod weights;

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::io::{self, Write};

use self::weights::{Kind, Random, Tensor};
use super::gguf::Writer;
use super::quant::Format;
use crate::bpe::sentencepiece::{self, MARK, Piece};

/// The shape of a Llama.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What the file calls it.
    pub name: String,
    /// How many blocks of attention and feed-forward stand behind each other.
    pub layers: u32,
    /// The length of the vector that goes through them.
    pub dim: u32,
    /// Heads of attention.
    pub heads: u32,
    /// Heads of keys and values; divides `heads`.
    pub kv_heads: u32,
    /// The length of a head, where it is not `dim / heads`.
    pub key_length: Option<u32>,
    /// The length of the vector inside of the feed-forward network.
    pub ffn: u32,
    /// Positions that it was made for.
    pub context: u32,
    /// What is added under the root of a norm.
    pub epsilon: f32,
    /// The base of the angles by which positions rotate.
    pub rope_base: f32,
    /// The stretching of slow rotations, as Llama 3 has it.
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the embeddings serve as output matrix, too.
    pub tied: bool,
}

/// How Llama 3 stretches rotations to a longer context than it was trained on.
///
/// A rotation that turns often enough within the old context stays, a slow one becomes `factor` times as
/// slow, and those between are mixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RopeScaling {
    /// How many times as slow.
    pub factor: f32,
    /// A rotation that makes fewer turns than that within the old context is slow.
    pub low: f32,
    /// A rotation that makes more turns than that is fast.
    pub high: f32,
    /// The context before, in positions.
    pub context: u32,
}

impl Shape {
    /// Llama-2-7B.
    pub fn llama2_7b() -> Self {
        Self {
            name: "Llama-2-7B, random weights".to_owned(),
            layers: 32,
            dim: 4_096,
            heads: 32,
            kv_heads: 32,
            key_length: None,
            ffn: 11_008,
            context: 4_096,
            epsilon: 1e-5,
            rope_base: 10_000.0,
            rope_scaling: None,
            tied: false,
        }
    }

    /// SmolLM2-135M. Its rows of 576 are no whole blocks of a K format.
    pub fn smollm2_135m() -> Self {
        Self {
            name: "SmolLM2-135M, random weights".to_owned(),
            layers: 30,
            dim: 576,
            heads: 9,
            kv_heads: 3,
            ffn: 1_536,
            context: 8_192,
            rope_base: 100_000.0,
            tied: true,
            ..Self::llama2_7b()
        }
    }

    /// Two layers, and yet all that a Llama may have: grouped heads, several blocks a row in each format.
    pub fn tiny() -> Self {
        Self {
            name: "tiny, random weights".to_owned(),
            layers: 2,
            dim: 256,
            heads: 4,
            kv_heads: 2,
            ffn: 768,
            context: 512,
            ..Self::llama2_7b()
        }
    }

    /// The length of a head.
    pub fn head(&self) -> u32 {
        self.key_length.unwrap_or(self.dim / self.heads.max(1))
    }

    /// By what each of a head's rotations is slowed down, the fastest first: the tensor
    /// `rope_freqs.weight`.
    ///
    /// ```
    /// # use rust_for_ai::llama::synthetic::{RopeScaling, Shape};
    /// let scaling = RopeScaling { factor: 8.0, low: 1.0, high: 4.0, context: 8_192 };
    /// let shape = Shape { rope_base: 500_000.0, rope_scaling: Some(scaling), ..Shape::llama2_7b() };
    /// let factors = shape.rope_factors().expect("it has a scaling");
    /// assert_eq!((factors.len(), factors[0], factors[63]), (64, 1.0, 8.0));
    /// ```
    pub fn rope_factors(&self) -> Option<Vec<f32>> {
        let RopeScaling { factor, low, high, context } = self.rope_scaling?;
        let head = self.head();
        let factors = (0..head / 2).map(|pair| {
            let angle = self.rope_base.powf(-((2 * pair) as f32) / head as f32);
            let turns = context as f32 * angle / TAU;
            if turns < low {
                factor
            } else if turns > high {
                1.0
            } else {
                let fast = (turns - low) / (high - low);
                1.0 / ((1.0 - fast) / factor + fast)
            }
        });
        Some(factors.collect())
    }
}

/// A vocabulary of so many pieces that was learned from nothing: Llama-2's first 259 (unknown, begin, end,
/// the bytes), words that are made of shorter ones, and last the characters of ASCII, as in Llama-2's.
///
/// # Errors
///
/// Fewer than 259 pieces leave no room for the bytes; 500,000 are the most that are made.
///
/// ```
/// use rust_for_ai::llama::synthetic;
/// let pieces = synthetic::vocabulary(512)?;
/// assert_eq!((pieces.len(), &*pieces[259].text, &*pieces[511].text), (512, "▁a", "~"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn vocabulary(pieces: usize) -> io::Result<Vec<Piece>> {
    const FIRST: usize = 259;
    if !(FIRST..=500_000).contains(&pieces) {
        let message = format!("expected {FIRST} to 500000 pieces, got {pieces}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let room = pieces - FIRST;
    let characters: Vec<String> =
        std::iter::once(MARK).chain('!'..='~').map(String::from).take(room).collect();
    let letters = 'a'..='z';
    // Each word is a shorter one, or its first character, and one more letter; the shortest come first.
    let starts = std::iter::once(MARK).chain(letters.clone()).map(String::from);
    let mut starts: VecDeque<String> = starts.collect();
    let mut words: Vec<String> = Vec::new();
    while let Some(start) = starts.pop_front().filter(|_| words.len() < room - characters.len()) {
        let grown: Vec<String> = letters.clone().map(|letter| format!("{start}{letter}")).collect();
        starts.extend(grown.iter().cloned());
        words.extend(grown);
    }
    words.truncate(room - characters.len());
    words.extend(characters);
    let scored: Vec<(&str, f32)> =
        words.iter().enumerate().map(|(index, word)| (&**word, -(index as f32))).collect();
    Ok(sentencepiece::pieces(&scored))
}

/// A model to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Synthetic {
    /// Its shape.
    pub shape: Shape,
    /// Its vocabulary; the first three pieces are unknown, begin and end.
    pub vocabulary: Vec<Piece>,
    /// How its matrices are stored.
    pub format: Format,
    /// How its output matrix is stored, or its embeddings where they are tied: files in the wild spend more
    /// bits here.
    pub output: Format,
    /// Other seeds give other weights.
    pub seed: u64,
}

impl Synthetic {
    /// Writes the model as a GGUF file.
    ///
    /// # Errors
    ///
    /// Those of `out`, and `InvalidInput` where rows are no whole blocks of the format.
    ///
    /// ```
    /// use rust_for_ai::llama::gguf::Gguf;
    /// use rust_for_ai::llama::quant::Format;
    /// use rust_for_ai::llama::synthetic::{self, Shape, Synthetic};
    ///
    /// let model = Synthetic {
    ///     shape: Shape { layers: 1, ..Shape::tiny() },
    ///     vocabulary: synthetic::vocabulary(300)?,
    ///     format: Format::Q4K,
    ///     output: Format::Q6K,
    ///     seed: 1,
    /// };
    /// let gguf = Gguf::parse(&model.write(Vec::new())?)?;
    /// assert_eq!(gguf.u32("llama.block_count")?, 1);
    /// assert_eq!(gguf.tensor("output.weight")?.dims, [256, 300]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write<W: Write>(&self, out: W) -> io::Result<W> {
        let mut writer = Writer::new();
        self.metadata(&mut writer);
        let tensors = self.tensors();
        for tensor in &tensors {
            writer.tensor(&tensor.name, &tensor.dims, tensor.format);
        }
        let mut body = writer.begin(out)?;
        for (number, tensor) in (1..).zip(&tensors) {
            tensor.write(&mut Random::new(self.seed, number), &mut body)?;
        }
        body.finish()
    }

    fn metadata(&self, writer: &mut Writer) {
        let Shape { name, layers, dim, heads, kv_heads, ffn, context, epsilon, rope_base, .. } =
            &self.shape;
        writer
            .set("general.architecture", "llama")
            .set("general.name", name.as_str())
            .set("general.quantization_version", 2_u32)
            .set("llama.block_count", *layers)
            .set("llama.context_length", *context)
            .set("llama.embedding_length", *dim)
            .set("llama.feed_forward_length", *ffn)
            .set("llama.attention.head_count", *heads)
            .set("llama.attention.head_count_kv", *kv_heads)
            .set("llama.attention.layer_norm_rms_epsilon", *epsilon)
            .set("llama.rope.dimension_count", self.shape.head())
            .set("llama.rope.freq_base", *rope_base)
            .set("llama.vocab_size", self.vocabulary.len() as u32);
        if let Some(length) = self.shape.key_length {
            writer.set("llama.attention.key_length", length);
            writer.set("llama.attention.value_length", length);
        }
        let kind = |piece: &Piece| match piece.kind {
            sentencepiece::Kind::Normal => 1,
            sentencepiece::Kind::Unknown => 2,
            sentencepiece::Kind::Control => 3,
            sentencepiece::Kind::Byte(_) => 6,
        };
        let pieces = || self.vocabulary.iter();
        writer
            .set("tokenizer.ggml.model", "llama")
            .set("tokenizer.ggml.tokens", pieces().map(|it| it.text.clone()).collect::<Vec<_>>())
            .set("tokenizer.ggml.scores", pieces().map(|it| it.score).collect::<Vec<_>>())
            .set("tokenizer.ggml.token_type", pieces().map(kind).collect::<Vec<i32>>())
            .set("tokenizer.ggml.unknown_token_id", 0_u32)
            .set("tokenizer.ggml.bos_token_id", 1_u32)
            .set("tokenizer.ggml.eos_token_id", 2_u32)
            .set("tokenizer.ggml.add_bos_token", true)
            .set("tokenizer.ggml.add_eos_token", false);
    }

    /// All tensors in the order of the file.
    fn tensors(&self) -> Vec<Tensor> {
        let shape = &self.shape;
        let [dim, ffn] = [shape.dim, shape.ffn].map(u64::from);
        let [queries, keys] = [shape.heads, shape.kv_heads].map(|n| u64::from(n * shape.head()));
        let words = self.vocabulary.len() as u64;
        let norm = |name: String, mean| Tensor {
            name,
            dims: vec![dim],
            format: Format::F32,
            kind: Kind::Norm { mean },
        };
        let matrix = |name: String, columns, rows, format| Tensor {
            name,
            dims: vec![columns, rows],
            format,
            kind: Kind::Matrix,
        };
        let embeddings = if shape.tied { self.output } else { self.format };
        let mut all = vec![matrix("token_embd.weight".to_owned(), dim, words, embeddings)];
        if let Some(factors) = shape.rope_factors() {
            all.push(Tensor {
                name: "rope_freqs.weight".to_owned(),
                dims: vec![factors.len() as u64],
                format: Format::F32,
                kind: Kind::Numbers(factors),
            });
        }
        for layer in 0..shape.layers {
            let named = |name: &str| format!("blk.{layer}.{name}.weight");
            all.push(norm(named("attn_norm"), 1.0));
            for (name, columns, rows) in [
                ("attn_q", dim, queries),
                ("attn_k", dim, keys),
                ("attn_v", dim, keys),
                ("attn_output", queries, dim),
            ] {
                all.push(matrix(named(name), columns, rows, self.format));
            }
            all.push(norm(named("ffn_norm"), 1.0));
            for (name, columns, rows) in
                [("ffn_gate", dim, ffn), ("ffn_up", dim, ffn), ("ffn_down", ffn, dim)]
            {
                all.push(matrix(named(name), columns, rows, self.format));
            }
        }
        // Here logits get the spread of a language model's, a deviation of about 3.
        all.push(norm("output_norm.weight".to_owned(), 3.0));
        if !shape.tied {
            all.push(matrix("output.weight".to_owned(), dim, words, self.output));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llama::gguf::Gguf;

    #[test]
    fn weights_have_the_mean_and_the_deviation_of_a_network() {
        for format in Format::ALL {
            let model = Synthetic {
                shape: Shape { layers: 1, ..Shape::tiny() },
                vocabulary: vocabulary(300).expect("room for the bytes"),
                format,
                output: format,
                seed: 5,
            };
            let file = model.write(Vec::new()).expect("memory takes all");
            let gguf = Gguf::parse(&file).expect("a valid file");
            for (name, wanted) in [("blk.0.ffn_down.weight", 768.0_f64), ("output.weight", 256.0)] {
                let tensor = gguf.tensor(name).expect("it is there");
                let mut numbers = vec![0.0; tensor.elements()];
                tensor.format.dequantize(&file[tensor.range.clone()], &mut numbers);
                let count = numbers.len() as f64;
                let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
                let squares = numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
                let deviation = squares.sqrt() * wanted.sqrt();
                assert!((0.9..1.1).contains(&deviation), "{format} {name}: {deviation} times");
                assert!(mean.abs() * wanted.sqrt() < 0.02, "{format} {name}: mean {mean}");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_file() {
        let model = |seed| Synthetic {
            shape: Shape {
                layers: 1,
                tied: true,
                key_length: Some(32),
                rope_scaling: Some(RopeScaling { factor: 8.0, low: 1.0, high: 4.0, context: 64 }),
                ..Shape::tiny()
            },
            vocabulary: vocabulary(259).expect("room for the bytes"),
            format: Format::Q4_0,
            output: Format::Q8_0,
            seed,
        };
        let file = |seed| model(seed).write(Vec::new()).expect("memory takes all");
        assert!(file(1) == file(1) && file(1) != file(2));
        let file = file(1);
        let gguf = Gguf::parse(&file).expect("a valid file");
        assert_eq!(gguf.tensor("rope_freqs.weight").map(|it| it.dims.clone()), Ok(vec![16]));
        assert_eq!(
            gguf.tensor("blk.0.attn_q.weight").map(|it| it.dims.clone()),
            Ok(vec![256, 128])
        );
        assert!(gguf.tensor("output.weight").is_err());
    }

    #[test]
    fn words_are_made_of_words() {
        let pieces = vocabulary(32_000).expect("a usual size");
        let texts: std::collections::HashSet<&str> =
            pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(texts.len(), 32_000);
        for piece in &pieces[259..32_000 - 95] {
            let (last, _) = piece.text.char_indices().next_back().expect("no word is empty");
            assert!(texts.contains(&piece.text[..last]), "{}", piece.text);
        }
        assert!(vocabulary(258).is_err());
    }
}
