//! The seams between the parts of a forward pass: what the answers of chapter `llama` meet at.
//!
//! A pass through a Llama needs three things that it does not make itself: numbers that describe the
//! network ([`Shape`]), its weights ([`Weights`]) and a memory of earlier positions ([`Cache`]). As the
//! three are traits or plain data, the same pass runs on a toy with random weights in a check and on a
//! quantized file with a hundred million of them in a chat.
//!
//! Weights are not handed over as numbers: a file holds them in blocks of a few bits, and they would
//! take seven times the memory. What a pass needs is each matrix times a vector, so that is what
//! [`Weights::product`] gives. The names follow those of tensors in GGUF files.

/// The numbers that describe a Llama.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// How many layers there are, one after the other.
    pub layers: usize,
    /// How many heads a query has.
    pub heads: usize,
    /// How many heads keys and values have; divides `heads`.
    pub kv_heads: usize,
    /// What is added to the mean of the squares in every normalisation.
    pub epsilon: f32,
    /// The base of the frequencies of the rotation.
    pub freq_base: f32,
}

/// A matrix of the network; in brackets, its layer, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// `attn_q`: from the stream to the queries of all heads.
    AttnQ(usize),
    /// `attn_k`: from the stream to the keys of all heads of keys.
    AttnK(usize),
    /// `attn_v`: from the stream to the values of all heads of keys.
    AttnV(usize),
    /// `attn_output`: from the mixed values of all heads back to the stream.
    AttnOutput(usize),
    /// `ffn_gate`: from the stream to the gate, which is wider.
    FfnGate(usize),
    /// `ffn_up`: from the stream to what the gate lets through.
    FfnUp(usize),
    /// `ffn_down`: from there back to the stream.
    FfnDown(usize),
    /// `output`: from the stream to a number for each id. Some files have no such matrix, and the table
    /// of embeddings serves; that is for whoever implements [`Weights`] to see.
    Output,
}

/// The weights of a normalisation; in brackets, the layer, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// `attn_norm`: in front of attention.
    Attn(usize),
    /// `ffn_norm`: in front of the feed-forward block.
    Ffn(usize),
    /// `output_norm`: in front of the last matrix.
    Output,
}

/// What a forward pass asks of the weights.
pub trait Weights {
    /// The numbers that describe the network.
    fn shape(&self) -> Shape;

    /// The vector with which a token enters the stream.
    fn embedding(&self, id: u32) -> Vec<f32>;

    /// The weights of a normalisation, as many as the stream has numbers.
    fn norm(&self, norm: Norm) -> &[f32];

    /// A matrix times a vector.
    fn product(&self, matrix: Matrix, x: &[f32]) -> Vec<f32>;
}

/// Keys and values of earlier positions, a row for each position in each layer.
///
/// A row is one vector: the heads of one position, one after the other. The rows of a layer lie in one
/// slice, the first position first.
pub trait Cache {
    /// How many positions every layer holds: the next token's position.
    ///
    /// While a token is on its way through the layers, the earlier layers hold a row more.
    fn len(&self) -> usize;

    /// Whether there is no position that every layer holds.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a row to a layer.
    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]);

    /// The keys of a layer.
    fn keys(&self, layer: usize) -> &[f32];

    /// The values of a layer.
    fn values(&self, layer: usize) -> &[f32];

    /// Forgets the rows of position `len` and later ones, in every layer.
    fn truncate(&mut self, len: usize);

    /// A second cache with the same rows; from here on the two go their own ways.
    fn fork(&self) -> Self
    where
        Self: Sized;
}

/// What a chat asks of a model's vocabulary, template and sampler.
pub trait Voice {
    /// The ids of a whole conversation, ready for the answer. Messages alternate, the user's first and
    /// last.
    fn render(&self, messages: &[String]) -> Vec<u32>;

    /// The bytes of a token; of a control token, its name. A character may span tokens.
    fn piece(&self, id: u32) -> Vec<u8>;

    /// Whether the model ends its turn with this id.
    fn ends_turn(&self, id: u32) -> bool;

    /// Chooses the next id.
    fn sample(&mut self, logits: &[f32]) -> u32;
}

/// Where an answer ends at the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many tokens it may have; 1 or more.
    pub max_tokens: usize,
    /// Texts that end it and are not part of it; none of them empty.
    pub stops: Vec<String>,
}

/// A model that is asked one thing at a time.
pub trait Greedy {
    /// The logits after the last of `ids`, as if nothing had been fed before.
    ///
    /// # Errors
    ///
    /// What the library underneath says.
    fn logits(&mut self, ids: &[u32]) -> Result<Vec<f32>, String>;

    /// The `n` ids that follow `ids`, each the one with the largest logit.
    ///
    /// # Errors
    ///
    /// What the library underneath says.
    fn greedy(&mut self, ids: &[u32], n: usize) -> Result<Vec<u32>, String>;
}

/// Bytes of tokens in, text out: the answer to stage `llama.stream_utf8`, and
/// [`Utf8`](super::stream::Utf8).
pub trait TextStream {
    /// Takes the bytes of a token; gives all that is decided by now.
    fn push(&mut self, bytes: &[u8]) -> String;

    /// No more bytes come: gives U+FFFD if a character was begun, else nothing. The next text may follow.
    fn finish(&mut self) -> String;
}
