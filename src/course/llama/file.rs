//! The first stages of chapter `llama`: a model's file, the numbers in it, and the product of those.

use crate::course::{Level, Reading, Stage};

/// What a model file says of itself.
pub const GGUF: Stage = Stage {
    id: "llama.gguf",
    title: "read the head of a model file",
    rust: "a cursor over `&[u8]`: `get` in place of slicing, `from_le_bytes`, and `?` with an error type of \
           one's own",
    ai: "GGUF: settings, vocabulary and weights in one file, and what a reader owes to a stranger's file",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "everything stands one behind the other, so whoever knows where he is can read the next number; each \
         read may find the end of the file",
        "`take` is the only place that looks at the file: it gives the next n bytes and moves on, or fails with \
         its position; numbers and texts are made of it, values of these, and `gguf` reads them in the order of \
         the picture",
        "`self.file[self.at..].get(..length).ok_or(Flaw::Ends { at: self.at })?` in `take`; in `gguf`, \
         `let mut reader = Reader { file, at: 0 };`, a loop over values with `reader.value(kind)?`, one over \
         tensors, and `reader.at.next_multiple_of(32)` for where the weights begin",
    ],
    reading: &[
        Reading {
            title: "GGUF, the format's description",
            at: "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md",
        },
        Reading { title: "The reader of this project", at: "src/llama/gguf/mod.rs" },
    ],
    questions: &[
        "A file says that a list has 2^62 elements. What does your reader do, and what would \
         `Vec::with_capacity` do?",
        "Why does a model file align its weights?",
    ],
    solved: &[],
};

/// Numbers out of few bits.
pub const DEQUANTIZE: Stage = Stage {
    id: "llama.dequantize",
    title: "from blocks of integers to numbers",
    rust: "`chunks_exact`, shifts and masks, and casts that say what a byte means: `q as i8`",
    ai: "quantization: 32 weights share a scale, and each keeps 4 or 8 bits",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a block is a few bytes of scale and then integers; a weight is an integer, shifted or not, times the \
         scale",
        "first `half`: cut the bits into sign, exponent and fraction. Then, for each format, walk over blocks \
         of its size: the scale from the first two bytes, the lower halves of the rest, the upper halves",
        "`for block in bytes.chunks_exact(18) { let scale = half(u16::from_le_bytes([block[0], block[1]])); \
         numbers.extend(block[2..].iter().map(|byte| …)); … }`, and `byte & 15`, `byte >> 4`",
    ],
    reading: &[
        Reading {
            title: "Dettmers, Zettlemoyer: The case for 4-bit precision (2022)",
            at: "https://arxiv.org/abs/2212.09720",
        },
        Reading { title: "The thirteen formats of this project", at: "src/llama/quant/mod.rs" },
    ],
    questions: &[
        "How many bits does a weight take in Q4_0, and why not 4?",
        "What does Q4_1 gain over Q4_0 for its extra half bit?",
    ],
    solved: &[],
};

/// The product that a model consists of.
pub const QUANTIZED_DOT: Stage = Stage {
    id: "llama.quantized_dot",
    title: "multiply integers, and scale once a block",
    rust: "widening before multiplying: `i32::from`; what `as` does with fractions, and overflow that panics",
    ai: "activations are quantized, too, so that nearly all arithmetic of a model is on small integers",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the scales are the same for all 32 products of a block, so they can wait until the products are added",
        "for each block: the largest size in x gives the scale, each x becomes an integer, integers are \
         multiplied and added as `i32`, and the sum is multiplied by both scales",
        "`for ((weight_scale, bytes), x) in row.iter().zip(x.chunks_exact(32))`, \
         `(x[i] / scale).round() as i32`, `i32::from(bytes[i] & 15) - 8`",
    ],
    reading: &[
        Reading {
            title: "Jacob and others: Quantization and Training for Integer-Arithmetic-Only Inference (2017)",
            at: "https://arxiv.org/abs/1712.05877",
        },
        Reading {
            title: "Dettmers and others: LLM.int8() (2022), on what one large activation does",
            at: "https://arxiv.org/abs/2208.07339",
        },
    ],
    questions: &[
        "Why has each block of 32 activations a scale of its own?",
        "How many products of a 4-bit and an 8-bit integer fit into an i16 before it may overflow?",
    ],
    solved: &[],
};
