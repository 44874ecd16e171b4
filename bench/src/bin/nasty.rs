//! Prints the texts of `check::real_tokenizers::nasty` as a list in JSON, for peers in other languages.
//!
//! `cargo run --release -p bench --bin nasty > target/nasty.json`

use std::io::{Write, stdout};

use anyhow::Result;
use rust_for_ai::check::real_tokenizers::nasty;

fn main() -> Result<()> {
    let mut out = stdout().lock();
    serde_json::to_writer(&mut out, &nasty())?;
    writeln!(out)?;
    Ok(())
}
