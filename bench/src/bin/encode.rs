//! How fast the production encodings are beside other people's, on text that they have not seen.
//!
//! `cargo run --release -p bench --bin encode [FILE...]`
//!
//! * **Equal first.** The ids of every text are compared before anything is timed; one difference, and
//!   there are no times.
//! * **Fresh.** Each round builds our encoding anew, outside of the time, so that its cache knows no
//!   word of the text. `tiktoken-rs` has no cache. That of `tokenizers` is cleared before each round.
//! * **Interleaved.** A round times each of them once, in turn, so that a busy machine slows all. The
//!   table has medians, and in brackets the slowest and the fastest round.
//! * One thread, but for the line that says otherwise. `tokenizers` is slow on long texts: it gets a
//!   beginning of the same text, and its time is marked with the size.
//! * **The worst beside the best.** The last line names the text with the smallest ratio.

#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use std::fs;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bench::encodings::{PAIRS, Pair};
use bench::hugging_face::HuggingFace;
use bench::measure::{Random, median, processor, released, varied};
use bench::{TIKTOKEN_RS_VERSION, TOKENIZERS_VERSION};

/// How many rounds.
const ROUNDS: usize = 7;

/// How many bytes `tokenizers` gets of a text.
const SLICE: usize = 100_000;

/// A name, and what it stands for.
struct Text {
    name: String,
    text: String,
    /// A worst case is timed at a quarter and at a half of its length, too.
    worst: bool,
}

fn main() -> Result<()> {
    released()?;
    let texts = texts()?;
    println!(
        "processor: {}; tiktoken-rs {TIKTOKEN_RS_VERSION}, tokenizers {TOKENIZERS_VERSION}",
        processor()
    );
    println!("MB of text a second, one thread: median of {ROUNDS} rounds (slowest..fastest)\n");
    let mut ratios: Vec<(f64, String)> = Vec::new();
    for pair in &PAIRS {
        load(pair);
        let peer = HuggingFace::new(pair)?;
        let theirs = (pair.theirs)();
        println!(
            "{:8}{:24}{:>9}{:>24}{:>24}{:>8}{:>24}",
            pair.name, "text", "bytes", "ours", "tiktoken-rs", "ratio", "tokenizers"
        );
        for text in &texts {
            let ratio = compare(pair, &theirs, &peer, text)?;
            ratios.extend(ratio.map(|ratio| (ratio, format!("{} on {}", pair.name, text.name))));
        }
        batch(pair, &texts[0].text);
        println!();
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let (Some(worst), Some(best)) = (ratios.first(), ratios.last()) {
        println!(
            "against tiktoken-rs: worst {:.1} times ({}), best {:.1} times ({})",
            worst.0, worst.1, best.0, best.1
        );
    }
    Ok(())
}

/// Compares the ids, then the times; gives the ratio to `tiktoken-rs`, if that encodes the text.
fn compare(
    pair: &Pair,
    theirs: &tiktoken_rs::CoreBPE,
    peer: &HuggingFace,
    Text { name, text, worst }: &Text,
) -> Result<Option<f64>> {
    // With o200k's pattern, the engine of `tiktoken-rs` runs out of its stack on a megabyte of spaces.
    // That is a word in the table, not a report in its midst.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let expected = catch_unwind(|| theirs.encode_ordinary(text)).ok();
    set_hook(hook);
    let got = (pair.ours)().encode_ordinary(text);
    let same = expected.as_ref().is_none_or(|expected| *expected == got);
    ensure!(same, "{}: {name}: ids differ", pair.name);
    let slice = beginning(text, SLICE);
    let same = peer.encode(slice)? == (pair.ours)().encode_ordinary(slice);
    ensure!(same, "{}: {name}: the ids of tokenizers differ", pair.name);

    let sizes = if *worst { vec![text.len() / 4, text.len() / 2] } else { vec![] };
    let (mut ours, mut others, mut faces) = (Vec::new(), Vec::new(), Vec::new());
    let mut parts: Vec<Vec<f64>> = vec![Vec::new(); sizes.len()];
    for _ in 0..ROUNDS {
        let encoding = (pair.ours)();
        ours.push(seconds(|| encoding.encode_ordinary(text)));
        if expected.is_some() {
            others.push(seconds(|| theirs.encode_ordinary(text)));
        }
        peer.forget();
        faces.push(seconds(|| peer.encode(slice)));
        for (&size, times) in sizes.iter().zip(&mut parts) {
            let (encoding, part) = ((pair.ours)(), beginning(text, size));
            times.push(seconds(|| encoding.encode_ordinary(part)));
        }
    }
    let ratio = expected.as_ref().map(|_| median(&others) / median(&ours));
    let mut line = format!(
        "{:8}{:24}{:>9}{:>24}{:>24}{:>8}{:>24}",
        "",
        name,
        text.len(),
        speed(text.len(), &ours),
        if expected.is_some() { speed(text.len(), &others) } else { "fails".to_owned() },
        ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}x")),
        speed(slice.len(), &faces)
    );
    if *worst {
        let milliseconds = |times: &Vec<f64>| format!("{:.1}", median(times) * 1e3);
        let all: Vec<String> = parts.iter().chain([&ours]).map(milliseconds).collect();
        line += &format!("   quarter, half, whole: {} ms", all.join(", "));
    }
    println!("{line}");
    Ok(ratio)
}

/// How long it takes to build an encoding.
fn load(pair: &Pair) {
    // The first one decompresses the file; the peer carries it as it is.
    let first = seconds(|| (pair.ranks)());
    let times: Vec<f64> = (0..ROUNDS).map(|_| seconds(pair.ours)).collect();
    let others: Vec<f64> = (0..ROUNDS).map(|_| seconds(pair.theirs)).collect();
    println!(
        "{:8}built in {:.0} ms, after {:.0} ms once for the file of ranks; tiktoken-rs in {:.0} ms",
        pair.name,
        median(&times) * 1e3,
        first * 1e3,
        median(&others) * 1e3
    );
}

/// A batch of lines on all processors.
fn batch(pair: &Pair, text: &str) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let encoding = (pair.ours)();
        one.push(seconds(|| {
            lines.iter().map(|line| encoding.encode_ordinary(line)).collect::<Vec<_>>()
        }));
        let encoding = (pair.ours)();
        all.push(seconds(|| encoding.encode_batch(&lines)));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{:8}the book in {} lines: {} on one thread, {} on {threads}",
        "",
        lines.len(),
        speed(text.len(), &one),
        speed(text.len(), &all)
    );
}

/// The book, the multilingual sample many times over with varied words between, or the files that were
/// named; then the worst cases.
fn texts() -> Result<Vec<Text>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let mut texts =
        vec![Text { name: "book".into(), text: read(&data.join("kjv.txt"))?, worst: false }];
    let sample = read(&data.join("multilingual.tsv"))?;
    texts.push(Text {
        name: "15 languages, varied".into(),
        text: varied(&sample, 1_000_000, &mut Random::new(2)),
        worst: false,
    });
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into());
        texts.push(Text { name, text: read(&path)?, worst: false });
    }
    let mut random = Random::new(1);
    let mut made = |name: &str, alphabet: &[u8]| {
        let text = (0..1_000_000).map(|_| char::from(random.one_of(alphabet))).collect();
        Text { name: name.into(), text, worst: true }
    };
    texts.push(made("one letter", b"a"));
    texts.push(made("spaces", b" "));
    texts.push(made("line breaks", b"\n"));
    texts.push(made("random letters", b"abcdefghijklmnopqrstuvwxyz"));
    texts.push(made("random digits", b"0123456789"));
    texts.push(made("random punctuation", b"!#$%&()*+,-.:;<=>?@[]^_{|}~"));
    Ok(texts)
}

fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = std::hint::black_box(run());
    let time = start.elapsed().as_secs_f64();
    drop(made);
    time
}

fn speed(bytes: usize, times: &[f64]) -> String {
    let speed = |time: f64| bytes as f64 / 1e6 / time;
    let slowest = times.iter().copied().fold(f64::MIN, f64::max);
    let fastest = times.iter().copied().fold(f64::MAX, f64::min);
    format!("{:.1} ({:.1}..{:.1})", speed(median(times)), speed(slowest), speed(fastest))
}

/// The first bytes of a text, cut before a character.
fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes.min(text.len()))]
}
