//! What a second processor is worth: the production batch encode on one thread and on two, at several grain sizes.
//!
//! `cargo run --release -p bench --bin parallel [LINES...] [warm | fresh] [tiny]`
//!
//! * **Equal first.** For each way to cut the corpus, the ids of the batch are compared with those of a loop over
//!   the texts, on one thread and on two; one difference, and there are no times.
//! * **The corpus** has 10 MB: the book, then words of the multilingual sample in random order with numbers between,
//!   until there is enough. It is cut into texts of so many lines, down to one line and up to all of them.
//! * **Interleaved.** A round times three in turn: a loop, the batch on a pool of one thread, the batch on a pool
//!   of two. The *faster* of the first two is what two threads are compared with, round by round. The table has
//!   medians, and in brackets the smallest and the largest.
//! * **Warm**: the encoding has met the corpus before. **Fresh**: it is built anew for each time, outside of the
//!   time, so that the cache of words of each thread is empty.
//! * **Where it loses**: batches of few and short texts, some hundred of them in a row; what `par_iter` makes of them,
//!   and the batch, which leaves them to one thread.
//!
//! Rows can be named, as `1 1000 all warm` or `tiny`.

#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bench::measure::{Random, median, processor, released, varied};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use rust_for_ai::bpe::Encoding;

/// How many rounds.
const ROUNDS: usize = 15;

/// How many bytes the corpus has, or a few more.
const BYTES: usize = 10_000_000;

/// How many lines a text has; the last stands for all.
const LINES: [usize; 6] = [1, 10, 100, 1_000, 10_000, usize::MAX];

/// Names of rows with a warm cache and with an empty one.
const KINDS: [&str; 2] = ["warm", "fresh"];

/// A tiny batch: how many texts, and how many bytes each of them.
const TINY: [(usize, usize); 6] = [(1, 50), (8, 50), (64, 50), (2, 5_000), (8, 5_000), (64, 5_000)];

/// How often a tiny batch is encoded in one time.
const TIMES: usize = 200;

fn main() -> Result<()> {
    released()?;
    let corpus = corpus()?;
    let (one, two) = (pool(1)?, pool(2)?);
    // Rows by name, for a machine that is quiet for a moment only.
    let rows: Vec<String> = std::env::args().skip(1).collect();
    let named = |row: &str| rows.iter().any(|name| name == row);
    let wanted = |row: &str| rows.is_empty() || named(row);
    println!("processor: {}", processor());
    println!("cl100k on {} bytes; median of {ROUNDS} rounds (smallest..largest)\n", corpus.len());
    println!(
        "{:14}{:>10}{:>22}{:>22}{:>22}{:>20}",
        "texts",
        "lines each",
        "a loop, MB/s",
        "batch on 1, MB/s",
        "batch on 2, MB/s",
        "2 against best of 1"
    );
    for lines in LINES.into_iter().filter(|&lines| wanted(&name(lines))) {
        let texts = texts(&corpus, lines);
        for fresh in [false, true].into_iter().filter(|&fresh| !named(KINDS[usize::from(!fresh)])) {
            compare(&texts, lines, fresh, &one, &two)?;
        }
    }
    if !wanted("tiny") {
        return Ok(());
    }
    ThreadPoolBuilder::new().num_threads(2).build_global().context("the pool of all")?;
    println!(
        "\n{TIMES} small batches in a row, called from outside of the pool: microseconds for each batch"
    );
    println!(
        "{:14}{:>10}{:>22}{:>22}{:>22}{:>20}{:>20}",
        "texts",
        "bytes each",
        "a loop",
        "par_iter on 2",
        "batch on 2",
        "par_iter: ratio",
        "batch: ratio"
    );
    for (count, bytes) in TINY {
        tiny(&corpus, count, bytes)?;
    }
    Ok(())
}

fn pool(threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(threads).build().context("a pool of threads")
}

/// The book, and the sample's words until there is enough.
fn corpus() -> Result<String> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let read =
        |name: &str| fs::read_to_string(data.join(name)).with_context(|| format!("data/{name}"));
    let mut corpus = read("kjv.txt")?;
    let missing = BYTES.saturating_sub(corpus.len());
    corpus.push_str(&varied(&read("multilingual.tsv")?, missing, &mut Random::new(2)));
    Ok(corpus)
}

/// How a number of lines is shown.
fn name(lines: usize) -> String {
    if lines == usize::MAX { "all".to_owned() } else { lines.to_string() }
}

/// The corpus as texts of so many lines.
fn texts(corpus: &str, lines: usize) -> Vec<&str> {
    let ends = corpus.match_indices('\n').map(|(at, _)| at + 1);
    let mut texts = Vec::new();
    let mut start = 0;
    for end in ends.enumerate().filter(|(line, _)| (line + 1) % lines == 0).map(|(_, end)| end) {
        texts.push(&corpus[start..end]);
        start = end;
    }
    if start < corpus.len() {
        texts.push(&corpus[start..]);
    }
    texts
}

/// The three ways, each with the seconds that it took.
#[derive(Default)]
struct Times {
    a_loop: Vec<f64>,
    on_one: Vec<f64>,
    on_two: Vec<f64>,
}

impl Times {
    /// Two threads against the faster way of one, round by round.
    fn ratios(&self) -> Vec<f64> {
        let ones = self.a_loop.iter().zip(&self.on_one).map(|(a, b)| a.min(*b));
        ones.zip(&self.on_two).map(|(one, two)| one / two).collect()
    }
}

fn in_a_loop(encoding: &Encoding, texts: &[&str]) -> Vec<Vec<u32>> {
    texts.iter().map(|text| encoding.encode_ordinary(text)).collect()
}

fn compare(
    texts: &[&str],
    lines: usize,
    fresh: bool,
    one: &ThreadPool,
    two: &ThreadPool,
) -> Result<()> {
    let mut encoding = Encoding::cl100k();
    equal(&encoding, texts, one, two)?;
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let mut timed = |run: &(dyn Fn(&Encoding) -> Vec<Vec<u32>> + Sync)| {
            if fresh {
                encoding = Encoding::cl100k();
            }
            seconds(|| run(&encoding))
        };
        times.a_loop.push(timed(&|encoding| in_a_loop(encoding, texts)));
        times.on_one.push(timed(&|encoding| one.install(|| encoding.encode_batch(texts))));
        times.on_two.push(timed(&|encoding| two.install(|| encoding.encode_batch(texts))));
    }
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let speeds = |times: &[f64]| -> Vec<f64> {
        times.iter().map(|time| bytes as f64 / 1e6 / time).collect()
    };
    println!(
        "{:<14}{:>10}{:>22}{:>22}{:>22}{:>20}{}",
        texts.len(),
        name(lines),
        spread(&speeds(&times.a_loop), 0),
        spread(&speeds(&times.on_one), 0),
        spread(&speeds(&times.on_two), 0),
        spread(&times.ratios(), 2),
        if fresh { "  fresh" } else { "" }
    );
    Ok(())
}

fn equal(encoding: &Encoding, texts: &[&str], one: &ThreadPool, two: &ThreadPool) -> Result<()> {
    let expected = in_a_loop(encoding, texts);
    for pool in [one, two] {
        let got = pool.install(|| encoding.encode_batch(texts));
        ensure!(got == expected, "{} texts: ids differ", texts.len());
    }
    Ok(())
}

/// What Rayon does by itself, beside what the batch makes of it.
fn tiny(corpus: &str, count: usize, bytes: usize) -> Result<()> {
    let texts: Vec<&str> = (0..count).map(|text| &corpus[text * bytes..][..bytes]).collect();
    let encoding = Encoding::cl100k();
    let plain = || -> Vec<Vec<u32>> {
        texts.par_iter().map(|text| encoding.encode_ordinary(text)).collect()
    };
    let expected = in_a_loop(&encoding, &texts);
    ensure!(plain() == expected && encoding.encode_batch(&texts) == expected, "ids differ");
    let many = |run: &dyn Fn() -> Vec<Vec<u32>>| {
        seconds(|| (0..TIMES).for_each(|_| drop(black_box(run())))) / TIMES as f64 * 1e6
    };
    let (mut loops, mut plains, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        loops.push(many(&|| in_a_loop(&encoding, &texts)));
        plains.push(many(&plain));
        batches.push(many(&|| encoding.encode_batch(&texts)));
    }
    let ratios = |others: &[f64]| -> Vec<f64> {
        loops.iter().zip(others).map(|(one, other)| one / other).collect()
    };
    println!(
        "{count:<14}{bytes:>10}{:>22}{:>22}{:>22}{:>20}{:>20}",
        spread(&loops, 1),
        spread(&plains, 1),
        spread(&batches, 1),
        spread(&ratios(&plains), 2),
        spread(&ratios(&batches), 2)
    );
    Ok(())
}

fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = black_box(run());
    let time = start.elapsed().as_secs_f64();
    drop(made);
    time
}

/// The median, the smallest and the largest.
fn spread(numbers: &[f64], digits: usize) -> String {
    let smallest = numbers.iter().copied().fold(f64::MAX, f64::min);
    let largest = numbers.iter().copied().fold(f64::MIN, f64::max);
    format!("{:.digits$} ({smallest:.digits$}..{largest:.digits$})", median(numbers))
}
