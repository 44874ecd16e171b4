//! What the programs that measure share.

use std::fs;

use anyhow::{Context, Result, bail};

/// The middle one of some numbers, or the upper of the two in the middle.
pub fn median(numbers: &[f64]) -> f64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Stops a program that was built for debugging, whose times mean nothing.
///
/// # Errors
///
/// Always in such a build.
pub fn released() -> Result<()> {
    if cfg!(debug_assertions) {
        bail!("this is a debug build, whose times mean nothing: add `--release`");
    }
    Ok(())
}

/// What of this process is in memory now, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Its own pages.
    pub anonymous: u64,
    /// Pages of files that it maps: shared with others, and given back when memory is short.
    pub mapped: u64,
}

/// Reads it from the system; Linux alone tells it.
///
/// # Errors
///
/// Another system.
pub fn memory() -> Result<Memory> {
    let status =
        fs::read_to_string("/proc/self/status").context("Linux alone tells memory apart")?;
    let bytes = |name: &str| -> Result<u64> {
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)).context(name.to_owned())?;
        let kilobytes =
            line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        Ok(kilobytes.with_context(|| format!("{name}{line}"))? * 1_024)
    };
    Ok(Memory { anonymous: bytes("RssAnon:")?, mapped: bytes("RssFile:")? })
}

/// The processor's name, and how many threads it runs at once.
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {threads} threads", name.map_or("unknown", |(_, name)| name))
}

/// So many bytes, or a few more, of the words of a sample, each line in another order and with numbers between.
pub fn varied(sample: &str, bytes: usize, random: &mut Random) -> String {
    let lines: Vec<Vec<&str>> = sample
        .lines()
        .map(|line| line.split_inclusive([' ', '\t', '。', '、']).collect())
        .collect();
    let mut text = String::new();
    while text.len() < bytes {
        for words in &lines {
            for _ in words {
                text.push_str(random.one_of(words));
                if random.below(20) == 0 {
                    text.push_str(&random.below(100_000).to_string());
                }
            }
            text.push('\n');
        }
    }
    text
}

/// A small generator (xorshift64*, Vigna 2014): the same numbers on every machine.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// With a seed, which must not be zero.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize % bound
    }

    /// One of some things.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
