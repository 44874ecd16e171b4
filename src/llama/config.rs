//! The numbers that say which Llama a file holds.

use super::gguf::{Gguf, GgufError};

/// The shape of a model, from its file's metadata; checked, so that what follows can rely on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What the file calls itself; empty if it does not.
    pub name: String,
    /// How many blocks there are.
    pub layers: usize,
    /// Numbers in the vector that goes from block to block.
    pub width: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys, and of values; divides `heads`.
    pub key_heads: usize,
    /// Numbers in a head.
    pub head: usize,
    /// Numbers in the middle of a feed-forward block.
    pub feed_forward: usize,
    /// Ids in the vocabulary.
    pub vocabulary: usize,
    /// Positions that the model was trained on.
    pub context: usize,
    /// What is added below the root in RMSNorm.
    pub epsilon: f32,
    /// Numbers of a head that are rotated by position; even.
    pub rotated: usize,
    /// The base of the rotation's speeds.
    pub rope_base: f32,
    /// All rotations are slowed down by this.
    pub rope_linear: f32,
}

/// Why a file's model cannot run here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value is missing or has another type.
    Metadata(GgufError),
    /// A value that makes no sense, or that we do not support.
    Value {
        /// The key in the metadata, or the tensor's name.
        what: String,
        /// What would do.
        expected: String,
        /// What there is.
        got: String,
    },
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Metadata(error) => error.fmt(f),
            Self::Value { what, expected, got } => {
                write!(f, "`{what}`: expected {expected}, got {got}")
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Metadata(error) => Some(error),
            Self::Value { .. } => None,
        }
    }
}

impl From<GgufError> for ConfigError {
    fn from(error: GgufError) -> Self {
        Self::Metadata(error)
    }
}

pub(crate) fn refuse(
    what: impl Into<String>,
    expected: impl Into<String>,
    got: impl std::fmt::Display,
) -> ConfigError {
    ConfigError::Value { what: what.into(), expected: expected.into(), got: got.to_string() }
}

impl Config {
    /// Reads the shape of a model of architecture `llama`.
    ///
    /// # Errors
    ///
    /// A key is missing or of another type; another architecture; heads that do not divide; experts,
    /// or a way to stretch the context that we do not have. Nothing is guessed: a value that a model
    /// needs and that we would ignore gives wrong text and no message.
    pub fn from_gguf(file: &Gguf) -> Result<Self, ConfigError> {
        let architecture = file.str("general.architecture")?;
        if architecture != "llama" {
            return Err(refuse(
                "general.architecture",
                "`llama`",
                format_args!("`{architecture}`"),
            ));
        }
        let optional = |key: &str, default: usize| match file.get(key) {
            None => Ok(default),
            Some(_) => count(file, key),
        };
        let real = |key: &str, default: f32| match file.get(key) {
            None => Ok(default),
            Some(_) => file.f32(key),
        };
        let width = count(file, "llama.embedding_length")?;
        let heads = count(file, "llama.attention.head_count")?;
        let key_heads = optional("llama.attention.head_count_kv", heads)?;
        if heads % key_heads != 0 {
            return Err(refuse(
                "llama.attention.head_count_kv",
                format!("a divisor of the {heads} heads"),
                key_heads,
            ));
        }
        if file.get("llama.attention.key_length").is_none() && width % heads != 0 {
            return Err(refuse(
                "llama.attention.head_count",
                format!("a divisor of the width {width}"),
                heads,
            ));
        }
        let head = optional("llama.attention.key_length", width / heads)?;
        let value = optional("llama.attention.value_length", head)?;
        if value != head {
            let expected = format!("{head}, as long as a key");
            return Err(refuse("llama.attention.value_length", expected, value));
        }
        let rotated = optional("llama.rope.dimension_count", head)?;
        if rotated > head || rotated % 2 != 0 {
            let expected = format!("an even number up to {head}");
            return Err(refuse("llama.rope.dimension_count", expected, rotated));
        }
        if optional_zero(file, "llama.expert_count")? > 0 {
            return Err(refuse(
                "llama.expert_count",
                "0 (no mixture of experts)",
                count(file, "llama.expert_count")?,
            ));
        }
        let scaling = match file.get("llama.rope.scaling.type") {
            None => "none",
            Some(_) => file.str("llama.rope.scaling.type")?,
        };
        let rope_linear = match scaling {
            "none" => 1.0,
            "linear" => file.f32("llama.rope.scaling.factor")?,
            other => {
                let expected = "`none` or `linear`";
                return Err(refuse("llama.rope.scaling.type", expected, format_args!("`{other}`")));
            }
        };
        let config = Self {
            name: file.str("general.name").unwrap_or_default().to_owned(),
            layers: count(file, "llama.block_count")?,
            width,
            heads,
            key_heads,
            head,
            feed_forward: count(file, "llama.feed_forward_length")?,
            vocabulary: file.strings("tokenizer.ggml.tokens")?.len(),
            context: count(file, "llama.context_length")?,
            epsilon: file.f32("llama.attention.layer_norm_rms_epsilon")?,
            rotated,
            rope_base: real("llama.rope.freq_base", 10_000.0)?,
            rope_linear,
        };
        for (key, number) in [
            ("llama.rope.freq_base", config.rope_base),
            ("llama.rope.scaling.factor", config.rope_linear),
            ("llama.attention.layer_norm_rms_epsilon", config.epsilon),
        ] {
            if !(number.is_finite() && number > 0.0) {
                return Err(refuse(key, "a number above 0", number));
            }
        }
        Ok(config)
    }

    /// Bytes that a position takes in the cache of a conversation: keys and values of 16 bits.
    pub fn cache_bytes(&self) -> usize {
        2 * self.layers * self.key_heads * self.head * size_of::<half::f16>()
    }
}

/// A count from the metadata. None of them may be 0 or beyond what a model on one machine has: they
/// are multiplied with each other, and the products must not overflow.
fn count(file: &Gguf, key: &str) -> Result<usize, ConfigError> {
    const MOST: u64 = 1 << 24;
    let value = file.u64(key)?;
    if value == 0 || value > MOST {
        return Err(refuse(key, format!("a number from 1 to {MOST}"), value));
    }
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

fn optional_zero(file: &Gguf, key: &str) -> Result<u64, ConfigError> {
    Ok(match file.get(key) {
        None => 0,
        Some(_) => file.u64(key)?,
    })
}
