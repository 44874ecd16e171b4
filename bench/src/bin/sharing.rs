//! What it costs to share, where a token cache pays, and how ours does beside other people's.
//!
//! `cargo run --release -p bench --bin sharing`
//!
//! * **Costs.** Each way to share a number, alone and by several threads at once: `rust_for_ai::sharing::costs`, which
//!   the notebook draws.
//! * **Does it pay?** Texts of many lengths, encoded by our cl100k and asked of a cache that holds them. Where
//!   encoding is as fast as a look-up, a cache is work for nothing. Our encoding keeps a table of words inside, which
//!   is warm here, as it is in a server.
//! * **Beside others.** `quick_cache` and `moka`, bounded alike, with the same weigher, and one `Mutex<HashMap>` without
//!   a bound. **Equal first**: every cache must give the ids of the encoder for each text, or there are no times.
//!   Requests follow Zipf's law over distinct prompts. **Interleaved**: a round measures each of them once, in turn.
//!   Medians of all rounds, in brackets the fastest and the slowest.

#![expect(clippy::print_stdout, reason = "the tables are what the program is for")]

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bench::measure::{median, released};
use rust_for_ai::bpe::Encoding;
use rust_for_ai::sharing::TokenCache;
use rust_for_ai::sharing::costs::{costs, sizes};

const ROUNDS: usize = 9;
const THREADS: [usize; 3] = [1, 2, 4];
const MOKA_VERSION: &str = "0.12.16";
const QUICK_CACHE_VERSION: &str = "0.7.0";

fn main() -> Result<()> {
    released()?;
    sharing();
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/kjv.txt");
    let book = fs::read_to_string(&book).with_context(|| book.display().to_string())?;
    let encoding = Encoding::cl100k();
    pays(&encoding, &book);
    let prompts = prompts(&book);
    beside("all held", &encoding, &prompts, 1 << 30)?;
    let bytes: usize =
        prompts.iter().map(|prompt| weight(prompt, &encoding.encode_ordinary(prompt))).sum();
    beside("a tenth held", &encoding, &prompts, bytes / 10)
}

fn sharing() {
    println!("an operation, ns: median of {ROUNDS} rounds of 200,000\n");
    println!("{:28}{:>10}{:>12}{:>12}", "", "1 thread", "2 threads", "4 threads");
    let costs = costs(&THREADS, ROUNDS, 200_000);
    let mut names: Vec<&str> = costs.iter().map(|cost| cost.name).collect();
    names.dedup();
    for name in names {
        let of = |threads: usize| {
            let cost = costs.iter().find(|cost| cost.name == name && cost.threads == threads);
            cost.map_or("".to_owned(), |cost| format!("{:.1}", cost.nanoseconds))
        };
        println!("{name:28}{:>10}{:>12}{:>12}", of(1), of(2), of(4));
    }
    println!("\n{:28}{:>10}{:>12}", "bytes", "u64", "Vec<u32>");
    for (name, number, vector) in sizes() {
        println!("{name:28}{number:>10}{vector:>12}");
    }
}

/// Median, fastest and slowest of some times.
fn spread(times: &[f64]) -> String {
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    format!("{:.0} ({least:.0}..{most:.0})", median(times))
}

/// The beginning of a text, of about so many bytes.
fn beginning(text: &str, bytes: usize) -> &str {
    let end = (bytes..).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
    &text[..end.min(text.len())]
}

/// Where a cache begins to pay.
fn pays(encoding: &Encoding, book: &str) {
    println!(
        "\nto encode a text, or to look it up: ns, median of {ROUNDS} rounds (fastest..slowest)\n"
    );
    println!("{:>10}{:>8}{:>28}{:>28}{:>10}", "bytes", "tokens", "encode", "look up", "ratio");
    let cache = TokenCache::new(1 << 30);
    for bytes in [5, 20, 100, 500, 2_000, 10_000, 100_000] {
        // Sixteen texts of this length from all over the book.
        let step = (book.len() - 2 * bytes) / 16;
        let texts: Vec<&str> = (0..16)
            .filter_map(|i| {
                book[..].get(
                    (0..4).find_map(|off| {
                        book.is_char_boundary(i * step + off).then_some(i * step + off)
                    })?..,
                )
            })
            .map(|rest| beginning(rest, bytes))
            .collect();
        let tokens: usize = texts.iter().map(|text| encoding.encode_ordinary(text).len()).sum();
        let repeat = (2_000_000 / bytes).clamp(2, 20_000) / texts.len() + 1;
        let (mut encode, mut look_up) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            encode
                .push(time(repeat, &texts, |text| drop(black_box(encoding.encode_ordinary(text)))));
            look_up.push(time(repeat, &texts, |text| {
                drop(black_box(cache.ids(text, |text| encoding.encode_ordinary(text))));
            }));
        }
        println!(
            "{bytes:>10}{:>8}{:>28}{:>28}{:>10.1}",
            tokens / texts.len(),
            spread(&encode),
            spread(&look_up),
            median(&encode) / median(&look_up)
        );
    }
}

/// Nanoseconds a text.
fn time(repeat: usize, texts: &[&str], task: impl Fn(&str)) -> f64 {
    let start = Instant::now();
    for _ in 0..repeat {
        texts.iter().for_each(|text| task(black_box(text)));
    }
    start.elapsed().as_nanos() as f64 / (repeat * texts.len()) as f64
}

/// Prompts as a server sees them: some thousand, of half a kilobyte to four.
fn prompts(book: &str) -> Vec<String> {
    let lines: Vec<&str> = book.lines().collect();
    lines
        .chunks(8)
        .enumerate()
        .map(|(i, lines)| lines[..1 + i % lines.len()].join("\n"))
        .take(4_000)
        .collect()
}

/// A number below `below`, smaller ones more often (Zipf's law with the exponent 1), by a generator of its own.
fn zipf(below: usize, state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let uniform = (*state >> 11) as f64 / (1_u64 << 53) as f64;
    ((below as f64).powf(uniform) as usize - 1).min(below - 1)
}

type Ids = Arc<[u32]>;
type Ask<'a> = Box<dyn Fn(&str) -> Ids + Sync + 'a>;

/// What an entry weighs, for all of them: what ours counts.
fn weight(text: &str, ids: &[u32]) -> usize {
    128 + text.len() + size_of_val(ids)
}

#[derive(Clone)]
struct Weigher;

impl quick_cache::Weighter<String, Ids> for Weigher {
    fn weight(&self, text: &String, ids: &Ids) -> u64 {
        weight(text, ids) as u64
    }
}

/// Empty caches, each with its name.
fn caches<'a>(encoding: &'a Encoding, count: usize, bytes: usize) -> Vec<(&'static str, Ask<'a>)> {
    let ours = TokenCache::new(bytes);
    let shards = NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN);
    let faster = TokenCache::with_hasher(bytes, shards, ahash::RandomState::new());
    let quick = quick_cache::sync::Cache::with_weighter(count, bytes as u64, Weigher);
    let moka: moka::sync::Cache<String, Ids> = moka::sync::Cache::builder()
        .weigher(|text: &String, ids: &Ids| u32::try_from(weight(text, ids)).unwrap_or(u32::MAX))
        .max_capacity(bytes as u64)
        .build();
    let one: Mutex<HashMap<String, Ids>> = Mutex::default();
    let locked = move |text: &str| {
        let lock = || one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ids) = lock().get(text) {
            return Arc::clone(ids);
        }
        let ids: Ids = encoding.encode_ordinary(text).into();
        Arc::clone(lock().entry(text.to_owned()).or_insert(ids))
    };
    vec![
        ("none, encodes", Box::new(|text| encoding.encode_ordinary(text).into())),
        ("ours", Box::new(move |text| ours.ids(text, |text| encoding.encode_ordinary(text)))),
        (
            "ours, hashed by ahash",
            Box::new(move |text| faster.ids(text, |text| encoding.encode_ordinary(text))),
        ),
        (
            "quick_cache",
            Box::new(move |text| {
                let make =
                    || Ok::<_, std::convert::Infallible>(encoding.encode_ordinary(text).into());
                match quick.get_or_insert_with(text, make) {
                    Ok(ids) => ids,
                    Err(never) => match never {},
                }
            }),
        ),
        (
            "moka",
            Box::new(move |text| {
                moka.get_with_by_ref(text, || encoding.encode_ordinary(text).into())
            }),
        ),
        ("Mutex<HashMap>, no bound", Box::new(locked)),
    ]
}

/// Races the caches on requests by Zipf's law.
fn beside(what: &str, encoding: &Encoding, prompts: &[String], bytes: usize) -> Result<()> {
    const REQUESTS: usize = 40_000;
    let caches = caches(encoding, prompts.len(), bytes);
    for (name, ask) in &caches {
        for prompt in prompts.iter().chain(prompts.iter().rev()) {
            ensure!(
                *ask(prompt) == *encoding.encode_ordinary(prompt),
                "{name} differs on {prompt:?}"
            );
        }
    }
    let length: usize = prompts.iter().map(String::len).sum::<usize>() / prompts.len();
    println!(
        "\n{what} ({bytes} bytes): {} prompts of {length} bytes on average, by Zipf's law; all ids equal\n\
         ns a request and thread, median of {ROUNDS} rounds of {REQUESTS} (fastest..slowest); ours / theirs\n\
         quick_cache {QUICK_CACHE_VERSION}, moka {MOKA_VERSION}\n",
        prompts.len()
    );
    println!("{:28}{:>30}{:>30}{:>30}", "", "1 thread", "2 threads", "4 threads");
    let mut times = vec![[const { Vec::new() }; THREADS.len()]; caches.len()];
    for round in 0..ROUNDS {
        for (at, &threads) in THREADS.iter().enumerate() {
            // Another one begins each time: who comes after a big one finds the processor's cache cold.
            for turn in 0..caches.len() {
                let which = (round + turn) % caches.len();
                times[which][at].push(requests(threads, REQUESTS, prompts, &caches[which].1));
            }
        }
    }
    for ((name, _), of) in caches.iter().zip(&times) {
        let shown = |at: usize| {
            let ratio = median(&times[1][at]) / median(&of[at]);
            format!("{} {ratio:.2}", spread(&of[at]))
        };
        println!("{name:28}{:>30}{:>30}{:>30}", shown(0), shown(1), shown(2));
    }
    Ok(())
}

/// Nanoseconds a request, as the slowest of the threads sees it.
fn requests(threads: usize, requests: usize, prompts: &[String], ask: &Ask<'_>) -> f64 {
    let start = Barrier::new(threads);
    let one = |thread: usize| {
        let mut state = 7 + thread as u64;
        let chosen: Vec<usize> = (0..requests).map(|_| zipf(prompts.len(), &mut state)).collect();
        start.wait();
        let start = Instant::now();
        for at in chosen {
            drop(black_box(ask(&prompts[at])));
        }
        start.elapsed().as_nanos() as f64 / requests as f64
    };
    let one = &one;
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        all.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).fold(0.0, f64::max)
    })
}
