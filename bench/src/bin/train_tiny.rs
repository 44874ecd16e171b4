//! Trains the tiny Llama of the tests on the book, and says how good it is.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p bench --features candle --bin train_tiny`
//!
//! * `--steps N`: fewer steps than the model in `data/` has, to try something;
//! * `--checkpoint FILE`: weights in full precision, written every 100 steps;
//! * `--from FILE`: no training, only what follows it, with the weights of a checkpoint;
//! * `--format NAME`, `--out FILE`: the format of the matrices, `Q8_0` by default; where to write the
//!   model, if not to `data/tiny.gguf`.

#![expect(clippy::print_stdout, reason = "it prints how far it is")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bench::tiny::Random;
use bench::tiny::corpus::Corpus;
use bench::tiny::file::write;
use bench::tiny::model::Model;
use bench::tiny::sizes::CONTEXT;
use bench::tiny::train::{BATCH, Training, bigram_bits_per_byte, bits_per_byte, go_on};
use bench::tiny::vocabulary::{END_OF_TEXT, Vocabulary};
use candle_core::safetensors;
use rust_for_ai::llama::quant::Format;

/// Seed of weights and samples.
const SEED: u64 = 1611;
/// The rate of learning falls as if there were so many steps.
const STEPS: usize = 2000;
/// Steps that the model in `data/` has seen: the last ones were saved, as they took long and gave little.
const LAST: usize = 1600;

struct Options {
    last: usize,
    checkpoint: Option<PathBuf>,
    from: Option<PathBuf>,
    format: Format,
    out: PathBuf,
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

    let model = match &options.from {
        Some(path) => Model::load(path)?,
        None => train(&options, &corpus, &vocabulary)?,
    };
    let bits = bits_per_byte(&model, &corpus, usize::MAX)?;
    println!("the model: {bits:.3} bits a byte on verses that it has not seen");
    for start in ["", "In the beginning", "And Jesus said unto them,"] {
        let ids = [vec![END_OF_TEXT], vocabulary.encode(start)].concat();
        let text = go_on(&model, &ids, 100, &mut Random::new(SEED, 1))?;
        println!("{}\n", vocabulary.show(&text));
    }
    let mut file = Vec::new();
    write(&model, &vocabulary, options.format, &mut file)?;
    fs::write(&options.out, &file).with_context(|| options.out.display().to_string())?;
    println!("{}: {} bytes", options.out.display(), file.len());
    Ok(())
}

fn train(options: &Options, corpus: &Corpus, vocabulary: &Vocabulary) -> Result<Model> {
    let mut training = Training::new(corpus, SEED, STEPS)?;
    let parameters: usize = training.model.weights().iter().map(|(_, w)| w.elem_count()).sum();
    println!("{parameters} parameters, {} steps of {} ids", options.last, BATCH * CONTEXT);
    let start = Instant::now();
    let mut mean = 0.0;
    while training.step < options.last {
        let loss = training.step()?;
        mean = if training.step == 1 { loss } else { 0.95 * mean + 0.05 * loss };
        if training.step.is_multiple_of(10) {
            println!("step {:5}  loss {mean:.3}  {:.0?}", training.step, start.elapsed());
        }
        if training.step.is_multiple_of(100) {
            let bits = bits_per_byte(&training.model, corpus, 3)?;
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
    Ok(training.model)
}

fn options() -> Result<Options> {
    let mut options = Options {
        last: LAST,
        checkpoint: None,
        from: None,
        format: Format::Q8_0,
        out: Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/tiny.gguf"),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("`{argument}` wants a value"));
        match argument.as_str() {
            "--steps" => options.last = value()?.parse().context("`--steps` wants a number")?,
            "--checkpoint" => options.checkpoint = Some(value()?.into()),
            "--from" => options.from = Some(value()?.into()),
            "--format" => options.format = value()?.parse()?,
            "--out" => options.out = value()?.into(),
            _ => bail!("unknown option `{argument}`"),
        }
    }
    Ok(options)
}
