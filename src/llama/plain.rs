//! The weights of a small model as plain numbers: for experiments, and as a naive twin.
//!
//! Everything is dequantized once, to 32 bits, and a product is two loops. That takes four bytes a weight,
//! seven times the file of a model of 4 bits, and runs at a fraction of the speed of `native`. In
//! return there is nothing in it to get wrong, and it needs no framework: a notebook that loads it
//! compiles in seconds. For the model in `data/` it is quick enough.
//!
//! It is [`Weights`], so a forward pass is not part of it: bring one.

use std::collections::HashMap;

use super::config::{Config, ConfigError, refuse};
use super::gguf::Gguf;
use super::parts::{Matrix, Norm, Shape, Weights};

/// The weights of a Llama as `f32`.
///
/// ```
/// use rust_for_ai::llama::gguf::Gguf;
/// use rust_for_ai::llama::parts::{Matrix, Weights};
/// use rust_for_ai::llama::plain::Plain;
///
/// let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/tiny.gguf"))?;
/// let model = Plain::new(&Gguf::parse(&file)?, &file)?;
/// let stream = model.embedding(5);
/// assert_eq!(model.shape().layers, 2);
/// assert_eq!(model.product(Matrix::AttnQ(0), &stream).len(), stream.len());
/// assert_eq!(model.product(Matrix::Output, &stream).len(), 1_024);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plain {
    config: Config,
    /// A row for each id.
    embeddings: Vec<f32>,
    norms: HashMap<Norm, Vec<f32>>,
    /// Row by row. `Output` is missing where the embeddings serve.
    matrices: HashMap<Matrix, Vec<f32>>,
}

impl Plain {
    /// Dequantizes the weights of a file; `bytes` is all of it.
    ///
    /// # Errors
    ///
    /// What [`Config::from_gguf`] refuses; a tensor that is missing or has another shape than the metadata
    /// says; and rotations that [`Shape`] has no place for.
    pub fn new(file: &Gguf, bytes: &[u8]) -> Result<Self, ConfigError> {
        let config = Config::from_gguf(file)?;
        if config.rotated != config.head {
            let expected = format!("{}, the whole head", config.head);
            return Err(refuse("llama.rope.dimension_count", expected, config.rotated));
        }
        if config.rope_linear != 1.0 || file.tensor("rope_freqs.weight").is_ok() {
            return Err(refuse("llama.rope.scaling.type", "`none`", "stretched rotations"));
        }
        let read = |name: &str, dims: &[usize]| {
            let tensor = file.tensor(name)?;
            if !tensor.dims.iter().copied().eq(dims.iter().map(|&dim| dim as u64)) {
                return Err(refuse(name, format!("{dims:?}"), format!("{:?}", tensor.dims)));
            }
            let data = bytes.get(tensor.range.clone()).ok_or_else(|| {
                refuse(name, format!("bytes {:?}", tensor.range), format!("{} bytes", bytes.len()))
            })?;
            let mut numbers = vec![0.0; tensor.elements()];
            tensor.format.dequantize(data, &mut numbers);
            Ok(numbers)
        };
        let (stream, inner) = (config.width, config.feed_forward);
        let (query, key) = (config.heads * config.head, config.key_heads * config.head);
        let (mut norms, mut matrices) = (HashMap::new(), HashMap::new());
        for layer in 0..config.layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            for (matrix, part, columns, rows) in [
                (Matrix::AttnQ(layer), "attn_q", stream, query),
                (Matrix::AttnK(layer), "attn_k", stream, key),
                (Matrix::AttnV(layer), "attn_v", stream, key),
                (Matrix::AttnOutput(layer), "attn_output", query, stream),
                (Matrix::FfnGate(layer), "ffn_gate", stream, inner),
                (Matrix::FfnUp(layer), "ffn_up", stream, inner),
                (Matrix::FfnDown(layer), "ffn_down", inner, stream),
            ] {
                matrices.insert(matrix, read(&name(part), &[columns, rows])?);
            }
            norms.insert(Norm::Attn(layer), read(&name("attn_norm"), &[stream])?);
            norms.insert(Norm::Ffn(layer), read(&name("ffn_norm"), &[stream])?);
        }
        norms.insert(Norm::Output, read("output_norm.weight", &[stream])?);
        if file.tensor("output.weight").is_ok() {
            matrices.insert(Matrix::Output, read("output.weight", &[stream, config.vocabulary])?);
        }
        let embeddings = read("token_embd.weight", &[stream, config.vocabulary])?;
        Ok(Self { config, embeddings, norms, matrices })
    }

    /// The shape of the model, as its file says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All numbers of a matrix, row by row; a row is as long as the vector that it is multiplied with.
    ///
    /// # Panics
    ///
    /// If the model has no such layer.
    pub fn matrix(&self, matrix: Matrix) -> &[f32] {
        match self.matrices.get(&matrix) {
            Some(numbers) => numbers,
            None if matrix == Matrix::Output => &self.embeddings,
            None => panic!("the model has no {matrix:?}: it has {} layers", self.config.layers),
        }
    }
}

impl Weights for Plain {
    fn shape(&self) -> Shape {
        Shape {
            layers: self.config.layers,
            heads: self.config.heads,
            kv_heads: self.config.key_heads,
            epsilon: self.config.epsilon,
            freq_base: self.config.rope_base,
        }
    }

    fn embedding(&self, id: u32) -> Vec<f32> {
        let (width, vocabulary) = (self.config.width, self.config.vocabulary);
        assert!((id as usize) < vocabulary, "the vocabulary has {vocabulary} ids, and no {id}");
        self.embeddings[id as usize * width..][..width].to_vec()
    }

    fn norm(&self, norm: Norm) -> &[f32] {
        let layers = self.config.layers;
        let weights = self.norms.get(&norm);
        weights.unwrap_or_else(|| panic!("the model has no {norm:?}: it has {layers} layers"))
    }

    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32> {
        let columns = match matrix {
            Matrix::AttnOutput(_) => self.config.heads * self.config.head,
            Matrix::FfnDown(_) => self.config.feed_forward,
            _ => self.config.width,
        };
        assert_eq!(x.len(), columns, "{matrix:?} takes {columns} numbers, got {}", x.len());
        let dot = |row: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum();
        self.matrix(matrix).chunks_exact(columns).map(dot).collect()
    }
}
