//! Writes `data/unicode_classes.bin`: the class of each character as the `regex` crates see it. With
//! `--check` it compares instead, and fails if they differ.
//!
//! `cargo run --release -p bench --bin unicode`

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use regex_syntax::hir::{Class, HirKind};

/// A pattern for each class of `rust_for_ai::bpe::unicode`, from 1 on; 0 is what is left.
const PATTERNS: [&str; 7] =
    [r"[\p{Lu}\p{Lt}]", r"\p{Ll}", r"[\p{Lm}\p{Lo}]", r"\p{M}", r"\p{N}", r"[\s--\r\n]", r"[\r\n]"];

/// As in `rust_for_ai::bpe::unicode`.
const BLOCK: usize = 128;

fn main() -> Result<()> {
    let made = table()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/unicode_classes.bin");
    if std::env::args().any(|argument| argument == "--check") {
        let there = fs::read(&path).with_context(|| path.display().to_string())?;
        ensure!(there == made, "data/unicode_classes.bin is out of date; run without --check");
    } else {
        fs::write(&path, made).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn table() -> Result<Vec<u8>> {
    let mut classes = vec![0_u8; 0x11_0000];
    for (class, pattern) in (1..).zip(PATTERNS) {
        let parsed = regex_syntax::parse(pattern)?;
        let HirKind::Class(Class::Unicode(ranges)) = parsed.kind() else {
            bail!("`{pattern}` is no class of characters");
        };
        for range in ranges.ranges() {
            for slot in &mut classes[range.start() as usize..=range.end() as usize] {
                ensure!(*slot == 0, "`{pattern}` overlaps class {slot}");
                *slot = class;
            }
        }
    }
    let mut numbers: HashMap<&[u8], u8> = HashMap::new();
    let (mut index, mut blocks) = (Vec::new(), Vec::new());
    for block in classes.chunks(BLOCK) {
        let next = u8::try_from(numbers.len());
        let number = match numbers.get(block) {
            Some(&number) => number,
            None => {
                let next = next.context("more than 256 different blocks")?;
                numbers.insert(block, next);
                blocks.extend_from_slice(block);
                next
            }
        };
        index.push(number);
    }
    Ok([index, blocks].concat())
}
