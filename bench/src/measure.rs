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
