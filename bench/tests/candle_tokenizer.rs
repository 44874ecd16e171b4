//! Candle's tokenizer of a GGUF file beside ours: what stage `llama.candle_load` teaches, on files.
//!
//! Ours is right: `model_tokenizer.rs` proves it for the small model, and the tiny model was trained with it.
//! The small model is what `cargo lab model` fetches; without it, that part says so and passes, unless
//! `RUST_FOR_AI_NEEDS_MODEL` is 1.

#![expect(clippy::print_stderr, reason = "a test that could not run says so")]

use std::env;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use rust_for_ai::llama::gguf::File;
use rust_for_ai::llama::tokenizer::Tokenizer;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/tiny.gguf");

/// A text, our ids and Candle's.
type Compared<'a> = (&'a str, &'a [u32], &'a [u32]);

#[track_caller]
fn compare(path: &Path, texts: &[Compared<'_>]) {
    let bytes = std::fs::read(path).expect("the model");
    let content = Content::read(&mut Cursor::new(&bytes)).expect("Candle reads its head");
    let theirs = tokenizers::Tokenizer::from_gguf(&content).expect("Candle makes a tokenizer");
    let file = File::open(path).expect("the model");
    let ours = Tokenizer::from_gguf(file.gguf()).expect("a tokenizer");
    for &(text, right, candles) in texts {
        assert_eq!(ours.encode(text), right, "ours, {text:?}");
        let encoding = theirs.encode(text, false).expect("it encodes");
        assert_eq!(encoding.get_ids(), candles, "Candle's, {text:?}");
    }
}

#[test]
fn on_the_tiny_model_it_adds_a_space_and_obeys_the_user() {
    let plain: &[u32] = &[302, 110, 258, 804, 264, 110, 290];
    compare(
        Path::new(TINY),
        &[
            (" In the beginning", plain, plain),
            ("In the beginning", &[73, 110, 258, 804, 264, 110, 290], plain),
            ("\nHi", &[10, 72, 105], &[32, 10, 72, 105]),
            (" In<|im_end|>", &[302, 110, 60, 124, 311, 95, 101, 260, 124, 62], &[302, 110, 1023]),
            (" In", &[302, 110], &[302, 110]),
        ],
    );
}

#[test]
fn on_the_small_model_it_also_cuts_otherwise() {
    let cache = match env::var_os("RUST_FOR_AI_CACHE") {
        Some(folder) => PathBuf::from(folder),
        None => dirs::cache_dir().expect("a cache folder").join("rust-for-ai"),
    };
    let path = cache.join("models").join("SmolLM2-135M-Instruct.Q4_1.gguf");
    if !path.exists() {
        let needed = env::var_os("RUST_FOR_AI_NEEDS_MODEL").is_some_and(|value| value == "1");
        assert!(!needed, "{} is missing, and the environment says it is needed", path.display());
        eprintln!("not tested, as {} is missing: `cargo lab model` fetches it", path.display());
        return;
    }
    compare(
        &path,
        &[
            (" In the beginning", &[533, 260, 3616], &[533, 260, 3616]),
            ("In the beginning", &[788, 260, 3616], &[533, 260, 3616]),
            (" it's  2", &[357, 506, 256, 34], &[357, 506, 216, 216, 34]),
            (" Hello\n\n12\n", &[38_699, 1_116, 33, 34, 198], &[38_699, 198, 198, 33, 34, 198]),
            ("<|im_end|>", &[44, 108, 306, 79, 486, 108, 46], &[2]),
        ],
    );
}
