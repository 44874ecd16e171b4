//! Grades chapter `llama`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::llama as check, course::llama as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::llama as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::GGUF, || check::gguf(answer::gguf)),
            graded(&stage::DEQUANTIZE, || check::dequantize(answer::dequantize)),
            graded(&stage::QUANTIZED_DOT, || check::quantized_dot(answer::quantized_dot)),
            graded(&stage::RMS_NORM, || check::rms_norm(answer::rms_norm)),
            graded(&stage::ROPE, || check::rope(answer::rope)),
            graded(&stage::ATTENTION, || check::attention(answer::attention)),
            graded(&stage::KV_CACHE, || check::kv_cache(answer::KvCache::new)),
            graded(&stage::FORWARD, || check::forward(answer::forward)),
            #[cfg(feature = "candle")]
            graded(&stage::CANDLE_LOAD, || {
                check::candle_load(answer::Candle::load, answer::first_difference)
            }),
            graded(&stage::SAMPLER, || check::sampler(answer::sampler)),
            graded(&stage::CHAT_TEMPLATE, || check::chat_template(answer::chat_template)),
            graded(&stage::STREAM_UTF8, || check::stream_utf8(answer::Utf8Stream::new)),
            graded(&stage::CHAT, || check::chat(answer::chat)),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
