//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "llama",
    title: "A quantized Llama: from the bytes of its file to a chat",
    ends_with: "you chat with a quantized Llama through your own code, and its logits agree with llama.cpp's",
    notebook: "notebooks/rust/60_llama.ipynb",
    stages: &[&RMS_NORM],
};

/// The vector's size.
pub const RMS_NORM: Stage = Stage {
    id: "llama.rms_norm",
    title: "scale a vector to size one",
    rust: "iterator chains over two slices with `zip`; they stop at the shorter one and check no bounds",
    ai: "RMSNorm: cheaper than LayerNorm, and what stands in front of each block of a Llama",
    minutes: 15,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the size of a vector is the root of the mean of its squares; a small epsilon under the root \
         keeps the division alive when all numbers are 0",
        "two passes: one adds up the squares, one divides and multiplies by the weights",
        "`let mean = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;`, then \
         `x.iter().zip(weight).map(…).collect()`",
    ],
    reading: &[
        Reading {
            title: "Zhang, Sennrich: Root Mean Square Layer Normalization (2019)",
            at: "https://arxiv.org/abs/1910.07467",
        },
        Reading {
            title: "Touvron and others: LLaMA (2023), section 2.2 lists what a Llama changes",
            at: "https://arxiv.org/abs/2302.13971",
        },
    ],
    questions: &["Why does a Llama normalise before each block and not after it?"],
    solved: &[],
};
