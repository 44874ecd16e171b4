//! Trains the tiny Llama of the tests on the book, and says how good it is.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p bench --features candle --bin train_tiny`
//!
//! * `--steps N`: fewer steps than the model in `data/` has, to try something;
//! * `--checkpoint FILE`: weights in full precision, written every 100 steps;

#![expect(clippy::print_stdout, reason = "it prints how far it is")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bench::tiny::Random;
use bench::tiny::corpus::Corpus;
use bench::tiny::sizes::CONTEXT;
use bench::tiny::train::{BATCH, Training, bigram_bits_per_byte, bits_per_byte, go_on};
use bench::tiny::vocabulary::{END_OF_TEXT, Vocabulary};
use candle_core::safetensors;

/// Seed of weights and samples.
const SEED: u64 = 1611;
/// Steps of the model in `data/`.
const STEPS: usize = 2000;

struct Options {
    steps: usize,
    checkpoint: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = options()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/kjv.txt");
    let book = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let vocabulary = Vocabulary::learn(&book)?;
    let corpus = Corpus::new(&vocabulary, &book);
    let ids: usize = (0..corpus.verses()).map(|v| corpus.plain(v..v + 1).len() - 1).sum();
    println!("{ids} ids, {:.3} bytes an id", book.len() as f64 / ids as f64);
    println!("a bigram model: {:.3} bits a byte", bigram_bits_per_byte(&corpus));

    let mut training = Training::new(&corpus, SEED, options.steps)?;
    let parameters: usize = training.model.weights().iter().map(|(_, w)| w.elem_count()).sum();
    println!("{parameters} parameters, {} steps of {} ids", options.steps, BATCH * CONTEXT);
    let start = Instant::now();
    let mut mean = 0.0;
    while training.step < options.steps {
        let loss = training.step()?;
        mean = if training.step == 1 { loss } else { 0.95 * mean + 0.05 * loss };
        if training.step % 10 == 0 {
            println!("step {:5}  loss {mean:.3}  {:.0?}", training.step, start.elapsed());
        }
        if training.step % 100 == 0 || training.step == options.steps {
            let all = training.step == options.steps;
            let bits = bits_per_byte(&training.model, &corpus, if all { usize::MAX } else { 3 })?;
            let text = go_on(&training.model, &[END_OF_TEXT], 60, &mut Random::new(SEED, 1))?;
            println!("{bits:.3} bits a byte on verses held out; {}", vocabulary.show(&text));
            if let Some(path) = &options.checkpoint {
                let weights = training.model.weights().iter();
                let weights =
                    weights.map(|(name, w)| (name.clone(), w.as_tensor().clone())).collect();
                safetensors::save(&weights, path)?;
            }
        }
    }
    Ok(())
}

fn options() -> Result<Options> {
    let mut options = Options { steps: STEPS, checkpoint: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("`{argument}` wants a value"));
        match argument.as_str() {
            "--steps" => options.steps = value()?.parse().context("`--steps` wants a number")?,
            "--checkpoint" => options.checkpoint = Some(value()?.into()),
            _ => bail!("unknown option `{argument}`"),
        }
    }
    Ok(options)
}
