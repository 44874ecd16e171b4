//! The weights of a Llama, ready to be multiplied.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::attention::Heads;
use super::matrix::{Matrix, row_bytes};
use super::rope::Rope;
use crate::llama::config::{Config, ConfigError, refuse};
use crate::llama::engine::EngineError;
use crate::llama::gguf::{File, OpenError, TensorInfo};

/// A quantized Llama: weights that any number of [`Session`](super::Session)s share.
///
/// ```no_run
/// use std::sync::Arc;
/// use rust_for_ai::llama::{Engine, Model, Session};
///
/// let model = Arc::new(Model::open("model.gguf")?);
/// let mut session = Session::new(&model);
/// let logits = session.feed(&[1, 15043])?;
/// assert_eq!(logits.len(), model.config().vocabulary);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Model {
    file: Arc<File>,
    config: Config,
    pub(super) rope: Rope,
    embedding: TensorInfo,
    pub(super) layers: Vec<Block>,
    pub(super) norm: Vec<f32>,
    pub(super) output: Matrix,
}

/// One of a Llama's blocks: attention, then a feed-forward network.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) attention_norm: Vec<f32>,
    pub(super) query: Matrix,
    pub(super) key: Matrix,
    pub(super) value: Matrix,
    pub(super) attention_out: Matrix,
    pub(super) feed_forward_norm: Vec<f32>,
    pub(super) gate: Matrix,
    pub(super) up: Matrix,
    pub(super) down: Matrix,
}

/// Why a model did not load.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read, or is no GGUF.
    Open(OpenError),
    /// It holds another model than we can run.
    Config(ConfigError),
    /// The library underneath refuses a tensor.
    Tensor(EngineError),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Tensor(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Open(error) => error,
            Self::Config(error) => error,
            Self::Tensor(error) => error,
        })
    }
}

impl From<OpenError> for LoadError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<ConfigError> for LoadError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<EngineError> for LoadError {
    fn from(error: EngineError) -> Self {
        Self::Tensor(error)
    }
}

impl Model {
    /// Maps a GGUF file and prepares its weights.
    ///
    /// # Errors
    ///
    /// As [`Model::load`], and where the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::load(&Arc::new(File::open(path)?))
    }

    /// Prepares the weights of a mapped file.
    ///
    /// # Errors
    ///
    /// Another architecture; a tensor that is missing, has another shape than the metadata says, or
    /// that this forward pass has no use for, since leaving out a bias gives wrong text and no message.
    pub fn load(file: &Arc<File>) -> Result<Self, LoadError> {
        let config = Config::from_gguf(file.gguf())?;
        let mut tensors = Tensors { file, used: HashSet::new() };
        let divisors = match tensors.optional("rope_freqs.weight") {
            Some(_) => tensors.vector("rope_freqs.weight", config.rotated / 2)?,
            None => Vec::new(),
        };
        if let Some(index) = divisors.iter().position(|by| !(by.is_finite() && *by > 0.0)) {
            let got = format_args!("{} at index {index}", divisors[index]).to_string();
            return Err(refuse("rope_freqs.weight", "numbers above 0", got).into());
        }
        let rope = Rope::new(config.rotated, config.rope_base, config.rope_linear, &divisors);
        let [width, wide, narrow, middle] = [
            config.width,
            config.heads * config.head,
            config.key_heads * config.head,
            config.feed_forward,
        ];
        let mut layers = Vec::with_capacity(config.layers);
        for layer in 0..config.layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            layers.push(Block {
                attention_norm: tensors.vector(&name("attn_norm"), width)?,
                query: tensors.matrix(&name("attn_q"), wide, width)?,
                key: tensors.matrix(&name("attn_k"), narrow, width)?,
                value: tensors.matrix(&name("attn_v"), narrow, width)?,
                attention_out: tensors.matrix(&name("attn_output"), width, wide)?,
                feed_forward_norm: tensors.vector(&name("ffn_norm"), width)?,
                gate: tensors.matrix(&name("ffn_gate"), middle, width)?,
                up: tensors.matrix(&name("ffn_up"), middle, width)?,
                down: tensors.matrix(&name("ffn_down"), width, middle)?,
            });
        }
        let norm = tensors.vector("output_norm.weight", width)?;
        let embedding = tensors.shaped("token_embd.weight", &[width, config.vocabulary])?.clone();
        // A model without an output matrix uses the embedding's.
        let output = match tensors.optional("output.weight") {
            Some(_) => "output.weight",
            None => "token_embd.weight",
        };
        let output = tensors.matrix(output, config.vocabulary, width)?;
        if let Some(tensor) = file.gguf().tensors().iter().find(|t| !tensors.used.contains(&t.name))
        {
            let expected = "none but the tensors of a plain Llama";
            return Err(refuse(&tensor.name, expected, "one that would be ignored").into());
        }
        Ok(Self { file: Arc::clone(file), config, rope, embedding, layers, norm, output })
    }

    /// The model's shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The file, for its metadata.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(super) fn heads(&self) -> Heads {
        Heads { queries: self.config.heads, keys: self.config.key_heads, size: self.config.head }
    }

    /// The vectors of `ids`, which the vocabulary has, one after the other.
    pub(super) fn embed(&self, ids: &[u32], x: &mut Vec<f32>) {
        let width = self.config.width;
        let row = row_bytes(self.embedding.format, width);
        let bytes = self.file.bytes(&self.embedding);
        x.resize(ids.len() * width, 0.0);
        for (&id, x) in ids.iter().zip(x.chunks_exact_mut(width)) {
            self.embedding.format.dequantize(&bytes[id as usize * row..][..row], x);
        }
    }
}

/// The tensors of a file, and which of them were asked for.
struct Tensors<'a> {
    file: &'a Arc<File>,
    used: HashSet<String>,
}

impl<'a> Tensors<'a> {
    fn optional(&self, name: &str) -> Option<&'a TensorInfo> {
        self.file.gguf().tensors().iter().find(|tensor| tensor.name == name)
    }

    /// A tensor with these lengths, rows' length first; trailing ones count for nothing.
    fn shaped(&mut self, name: &str, lengths: &[usize]) -> Result<&'a TensorInfo, ConfigError> {
        let tensor = self.file.gguf().tensor(name)?;
        let got = &tensor.dims;
        let fits = got.len() >= lengths.len()
            && got.iter().skip(lengths.len()).all(|&length| length == 1)
            && got.iter().zip(lengths).all(|(&got, &length)| got == length as u64);
        let (block, _) = tensor.format.block();
        if !fits {
            let expected = format!("the lengths {lengths:?}");
            return Err(refuse(name, expected, format_args!("{got:?}")));
        }
        if !lengths[0].is_multiple_of(block) {
            let expected =
                format!("rows of whole blocks of {block} numbers in {}", tensor.format.name());
            return Err(refuse(name, expected, format_args!("rows of {}", lengths[0])));
        }
        self.used.insert(name.to_owned());
        Ok(tensor)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, ConfigError> {
        let tensor = self.shaped(name, &[length])?;
        let mut numbers = vec![0.0; length];
        tensor.format.dequantize(self.file.bytes(tensor), &mut numbers);
        Ok(numbers)
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Matrix, LoadError> {
        let tensor = self.shaped(name, &[columns, rows])?;
        Ok(Matrix::load(self.file, tensor, rows, columns)?)
    }
}
