//! Our engine beside Candle's own Llama, on any model files: equal first, then tokens a second.
//!
//! `cargo run --release -p bench --features candle --bin llama_race -- [--rounds N] [--prompt N] [--ours] FILE…`
//!
//! Each round feeds a prompt of 128 ids, or as many as `--prompt` says, to either engine, then 32 ids one
//! at a time, in turns. What is printed are medians, and the median, the least and the greatest of the
//! rounds' ratios. `--ours` leaves Candle out, for models of which two do not fit in memory. Memory is that
//! of the process, so it is told of the first file alone.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bench::logits::log_sum_exp;
use bench::measure::{Memory, median, memory, released};
use rust_for_ai::llama::gguf::File;
use rust_for_ai::llama::native::threads;
use rust_for_ai::llama::{CandleEngine, Engine, Model, Session};

const ANSWER: usize = 32;
/// Positions that a session may hold.
const CONTEXT: usize = 2_048;

struct Options {
    rounds: usize,
    /// Ids of a prompt.
    prompt: usize,
    alone: bool,
}

fn main() -> Result<()> {
    released()?;
    let mut options = Options { rounds: 5, prompt: 128, alone: false };
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let number = arguments.next().and_then(|number| number.parse().ok());
            let number = number.filter(|&number: &usize| number > 0);
            number.with_context(|| format!("{argument}: expected a number above 0"))
        };
        match argument.as_str() {
            "--rounds" => options.rounds = number()?,
            "--prompt" => options.prompt = number()?.min(CONTEXT - ANSWER),
            "--ours" => options.alone = true,
            file => files.push(file.to_owned()),
        }
    }
    ensure!(!files.is_empty(), "which model files?");
    println!(
        "{} threads, {} rounds, {} ids of a prompt, {ANSWER} of an answer; tokens a second",
        threads(),
        options.rounds,
        options.prompt
    );
    println!(
        "{:<40} {:>8} {:>8} {:>24} {:>8} {:>8} {:>24}",
        "", "prompt", "candle", "ratio", "answer", "candle", "ratio"
    );
    for (number, file) in files.iter().enumerate() {
        let used = race(Path::new(file), &options).with_context(|| file.clone())?;
        if number == 0 {
            let mb = |bytes: u64| bytes as f64 / 1e6;
            println!(
                "    after two prompts and an answer: {:.0} MB anonymous, {:.0} MB of the file mapped",
                mb(used.anonymous),
                mb(used.mapped)
            );
        }
    }
    Ok(())
}

/// Prints a line of figures; gives what our engine took before Candle came.
fn race(path: &Path, options: &Options) -> Result<Memory> {
    let &Options { rounds, prompt, alone } = options;
    let file = Arc::new(File::open(path)?);
    let model = Arc::new(Model::load(&file)?);
    let mut session = Session::with_context(&model, CONTEXT);
    let vocabulary = model.config().vocabulary as u32;
    // Any ids do: the work is the same.
    let ids: Vec<u32> = (0..)
        .map(|i: u32| i.wrapping_mul(2_654_435_761) % vocabulary)
        .take(prompt + ANSWER)
        .collect();

    let ours = session.feed(&ids[..prompt])?.to_vec();
    pass(&mut session, prompt, &ids)?;
    let used = memory()?;
    let mut candle = match alone {
        true => None,
        false => Some(CandleEngine::load(&file)?),
    };
    if let Some(candle) = &mut candle {
        let theirs = candle.feed(&ids[..prompt])?.to_vec();
        let apart = divergence(&theirs, &ours);
        // Both round; random weights spread their errors far. Another model would be apart by whole bits.
        ensure!(apart < 0.05, "the two do not agree: their predictions differ by {apart:.4} nats");
        pass(candle, prompt, &ids)?;
    }
    let mut times: [Vec<[f64; 2]>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        times[0].push(pass(&mut session, prompt, &ids)?);
        if let Some(candle) = &mut candle {
            times[1].push(pass(candle, prompt, &ids)?);
        }
    }
    let [ours, theirs] = &times;
    let mut line = format!("{:<40}", path.file_name().unwrap_or_default().to_string_lossy());
    for phase in 0..2 {
        let speed =
            |of: &[[f64; 2]]| median(&of.iter().map(|times| times[phase]).collect::<Vec<_>>());
        line += &format!(" {:>8.1}", speed(ours));
        if !alone {
            let mut ratios: Vec<f64> =
                ours.iter().zip(theirs).map(|(ours, theirs)| ours[phase] / theirs[phase]).collect();
            ratios.sort_by(f64::total_cmp);
            let [least, most] = [ratios[0], ratios[ratios.len() - 1]];
            line += &format!(
                " {:>8.1} {:>7.2} ({least:>5.2} to {most:>5.2})",
                speed(theirs),
                median(&ratios)
            );
        }
    }
    println!("{line}");
    Ok(used)
}

/// Tokens a second through the prompt and through the answer.
fn pass(engine: &mut dyn Engine, prompt: usize, ids: &[u32]) -> Result<[f64; 2]> {
    engine.truncate(0)?;
    let start = Instant::now();
    engine.feed(&ids[..prompt])?;
    let fed = start.elapsed();
    let start = Instant::now();
    for id in &ids[prompt..] {
        engine.feed(&[*id])?;
    }
    Ok([prompt as f64 / fed.as_secs_f64(), ANSWER as f64 / start.elapsed().as_secs_f64()])
}

/// How far the second's predictions are from the first's, in nats (Kullback and Leibler 1951).
fn divergence(of: &[f32], from: &[f32]) -> f64 {
    let log_softmax = |logits: &[f32]| -> Vec<f64> {
        let sum = log_sum_exp(logits);
        logits.iter().map(|&x| f64::from(x) - sum).collect()
    };
    log_softmax(of).iter().zip(log_softmax(from)).map(|(p, q)| p.exp() * (p - q)).sum()
}
