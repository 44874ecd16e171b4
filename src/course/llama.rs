//! Chapter `llama`: a quantized Llama, from the bytes of its file to a chat.

use super::{Chapter, Level, Reading, Stage};

mod file;
mod text;

pub use file::{DEQUANTIZE, GGUF, QUANTIZED_DOT};
pub use text::{CHAT_TEMPLATE, SAMPLER, STREAM_UTF8};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "llama",
    title: "A quantized Llama: from the bytes of its file to a chat",
    ends_with: "you chat with a quantized Llama through your own code, and its logits agree with llama.cpp's",
    notebook: "notebooks/rust/60_llama.ipynb",
    stages: &[
        &GGUF,
        &DEQUANTIZE,
        &QUANTIZED_DOT,
        &RMS_NORM,
        &ROPE,
        &ATTENTION,
        &KV_CACHE,
        &FORWARD,
        &CANDLE_LOAD,
        &SAMPLER,
        &CHAT_TEMPLATE,
        &STREAM_UTF8,
        &CHAT,
    ],
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

/// The vector's place.
pub const ROPE: Stage = Stage {
    id: "llama.rope",
    title: "turn pairs of numbers by their position",
    rust: "`chunks_exact(2)` and `sin_cos`; building a new vector where writing in place would read what \
           it has written",
    ai: "rotary positions: after turning, the product of query and key depends on their distance alone",
    minutes: 20,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a pair (x, y) is a point in a plane; the position tells how far it turns about the origin, and \
         each later pair turns slower",
        "for each pair of neighbours: its angle, the sine and cosine of that, and two numbers that both \
         need the old x and y",
        "`for (i, pair) in vector.chunks_exact(2).enumerate() { let angle = position as f32 / \
         freq_base.powf(2.0 * i as f32 / d); let (sin, cos) = angle.sin_cos(); … }`",
    ],
    reading: &[
        Reading {
            title: "Su and others: RoFormer, rotary position embedding (2021), section 3",
            at: "https://arxiv.org/abs/2104.09864",
        },
        Reading {
            title: "a model that talked nonsense after 30 words: neighbours turned where halves were meant",
            at: "https://github.com/huggingface/candle/issues/3410",
        },
    ],
    questions: &[
        "Why can the cache hold keys that are already turned?",
        "Two files hold the same Llama, and one rotates halves, the other neighbours. What differs in \
         their weights?",
    ],
    solved: &[],
};

/// What a token takes from those before it.
pub const ATTENTION: Stage = Stage {
    id: "llama.attention",
    title: "mix values by how well their keys match",
    rust: "rows of a matrix as sub-slices of one flat vector, and `fold` for the maximum of floats, which \
           have no `max()` since NaN has no order",
    ai: "causal attention with grouped heads: what makes the cache small, and a softmax that cannot overflow",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "each head is a small search of its own: scores for all positions so far, scores to shares, and a \
         mix of values in these shares",
        "for each head: find its part of the query and where its part of a row begins; collect the scores; \
         take the largest from each, `exp`, divide by the sum; add up share times value",
        "`let group = heads / kv_heads;`, and the part of row `t` that head `h` reads begins at \
         `t * kv_heads * d + h / group * d`; the largest score is `scores.iter().copied()\
         .fold(f32::NEG_INFINITY, f32::max)`",
    ],
    reading: &[
        Reading {
            title: "Vaswani and others: Attention Is All You Need (2017), section 3.2",
            at: "https://arxiv.org/abs/1706.03762",
        },
        Reading {
            title: "Ainslie and others: GQA, queries that share keys (2023)",
            at: "https://arxiv.org/abs/2305.13245",
        },
    ],
    questions: &[
        "Why are scores divided by the root of d, and what happens in training without it?",
        "A model has 32 heads of queries and 8 of keys. What does that save, and where is it felt first?",
    ],
    solved: &[],
};

/// What was computed once.
pub const KV_CACHE: Stage = Stage {
    id: "llama.kv_cache",
    title: "remember keys and values, and forget them again",
    rust: "implementing a trait; lending slices of what you own, so that the compiler rules out a fork that \
           shares",
    ai: "the cache of keys and values: why a token costs the same work at every position, and what prefix \
         reuse and going back in a chat rest on",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "keep two flat vectors for each layer, and the length of a row; all lengths in numbers are rows \
         times that",
        "push extends two vectors; truncate cuts every vector of every layer to `len` rows; the length is \
         that of the shortest layer, divided by the length of a row",
        "`layers: Vec<(Vec<f32>, Vec<f32>)>, width: usize`, `#[derive(Clone)]`; `keys.truncate(len * \
         self.width)`; `self.layers.iter().map(|(keys, _)| keys.len()).min()`; mind the division before \
         the first push",
    ],
    reading: &[
        Reading {
            title: "Kwon and others: PagedAttention (2023), sections 2 and 3 on what a cache costs",
            at: "https://arxiv.org/abs/2309.06180",
        },
        Reading {
            title: "`Vec::truncate`: what it does where the vector is shorter",
            at: "https://doc.rust-lang.org/std/vec/struct.Vec.html#method.truncate",
        },
    ],
    questions: &[
        "How many bytes does the cache of a Llama-2-7B take for a token in 16 bits, and for 4,096 of them?",
        "Why is there a cache of keys and values, and none of queries?",
    ],
    solved: &[],
};

/// From ids to logits.
pub const FORWARD: Stage = Stage {
    id: "llama.forward",
    title: "put the parts together: from ids to logits",
    rust: "`&dyn Weights` and `&mut dyn Cache`: code that knows neither who holds the weights nor in which \
           format",
    ai: "a whole Llama in forty lines: the stream, two blocks a layer, and logits",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &["llama.rms_norm", "llama.rope", "llama.attention"],
    hints: [
        "follow one token: its embedding goes through all layers, each block reads a normalised copy and \
         adds its result to the stream",
        "a loop over ids, in it one over layers; the position is the length of the cache before the first \
         layer; push before attention, and turn each head of query and key by itself",
        "first the two ends, which the first cases grade: `stream = weights.embedding(id)` and \
         `weights.product(Matrix::Output, &rms_norm(&stream, weights.norm(Norm::Output), shape.epsilon))`; \
         then the feed-forward block; then attention, with `heads.chunks(d).flat_map(|head| rope(head, \
         position, shape.freq_base)).collect()`",
    ],
    reading: &[
        Reading {
            title: "Touvron and others: LLaMA (2023), section 2",
            at: "https://arxiv.org/abs/2302.13971",
        },
        Reading {
            title: "Shazeer: GLU Variants Improve Transformer (2020)",
            at: "https://arxiv.org/abs/2002.05202",
        },
        Reading {
            title: "Karpathy: llama2.c, the same in C",
            at: "https://github.com/karpathy/llama2.c",
        },
    ],
    questions: &[
        "Which of these products is the most work for one token of a Llama-2-7B, and which at the end of a \
         long context?",
        "Why does reading a prompt go much faster, per token, than writing the answer?",
    ],
    solved: &[],
};

/// The loop around all of it.
pub const CHAT: Stage = Stage {
    id: "llama.chat",
    title: "answer a message, and remember the answer",
    rust: "a loop that borrows three things mutably, one after the other; `utf8_chunks`; `?` through all of it",
    ai: "the decoding loop of every chat: reuse of the prefix, stop strings, streaming",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "there are three things to keep: the bytes of the answer so far, how many of them were shown, and \
         which ids are in the cache, which the engine knows",
        "first the loop without stops: render, feed what the cache lacks, then sample, show, feed one id; \
         show only up to the end of the last whole character; then stops, which only change how far you \
         may show",
        "`let same = prompt.iter().zip(engine.ids()).take_while(|(new, old)| new == old).count();`, \
         `engine.truncate(same)?`, `let mut id = voice.sample(engine.feed(&prompt[same..])?);`; the whole \
         characters are `bytes.utf8_chunks().next().map_or(\"\", |chunk| chunk.valid())`",
    ],
    reading: &[
        Reading {
            title: "`utf8_chunks`: the valid part of bytes, and the rest",
            at: "https://doc.rust-lang.org/std/primitive.slice.html#method.utf8_chunks",
        },
        Reading {
            title: "Zheng and others: SGLang (2023), section 3 on reuse of prefixes between requests",
            at: "https://arxiv.org/abs/2312.07104",
        },
    ],
    questions: &[
        "A user edits an early message of a long chat. What can be kept of the cache?",
        "A client gets half an emoji in one event of a stream. Where is the bug, and which languages see it \
         first?",
    ],
    solved: &[],
};

/// A second opinion.
pub const CANDLE_LOAD: Stage = Stage {
    id: "llama.candle_load",
    title: "run the same model with Candle",
    rust: "a crate whose state is hidden in `&mut self`; `map_err`, and `total_cmp` to find the largest float",
    ai: "a framework's Llama as a second opinion: positions that nobody checks, one cache inside the model, \
         and a tokenizer that is wrong in silence",
    minutes: 35,
    level: Level::Core,
    version: 2,
    uses: &[],
    hints: [
        "Candle keeps the cache, and you keep the position: it has to be right in each call, and 0 means a \
         new conversation",
        "one private function that feeds ids at a position and gives a `Vec<f32>`; `logits` calls it once \
         at 0, `greedy` goes on with one id a time. For `first_difference`, walk both lists as far as the \
         longer one goes",
        "`let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?; self.weights.forward(&input, \
         position)?.squeeze(0)?.to_vec1()`, and in the loop `position` runs over `ids.len()..ids.len() + n`; \
         `theirs.get(at) != ids.get(at)` holds past an end, too",
    ],
    reading: &[
        Reading {
            title: "Candle: a framework of tensors in Rust, with its models and examples",
            at: "https://github.com/huggingface/candle",
        },
        Reading {
            title: "a limit of 4,096 positions, whatever the file says",
            at: "https://github.com/huggingface/candle/issues/1566",
        },
    ],
    questions: &[
        "Two users talk to one model. What goes wrong with a cache inside of it, and what would you change?",
        "How do you find out that a tokenizer is wrong, if the model still answers?",
    ],
    solved: &[],
};
