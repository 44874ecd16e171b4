//! Writes `data/golden/bpe_merges.txt` and `bpe_ids.txt`: what the `tokenizers` crate makes of
//! `data/golden/bpe_text.txt`. With `--check` it compares instead, and fails if they differ.
//!
//! `cargo run --release -p bench --bin golden`

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use bench::{Peer, TOKENIZERS_VERSION, train};
use rust_for_ai::bpe::Tokenize;

/// How many lines of the text are encoded; the check of `bpe.encode_decode` takes as many.
const LINES: usize = 24;

/// Enough for common words of the text to be one token.
const MERGES: usize = 96;

fn main() -> Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden");
    let text =
        fs::read_to_string(folder.join("bpe_text.txt")).context("data/golden/bpe_text.txt")?;
    let merges = train(&text, 256 + MERGES).map_err(|error| anyhow!("{error}"))?;
    let excerpt: String = text.split_inclusive('\n').take(LINES).collect();
    let ids = Peer::new(&merges).map_err(|error| anyhow!("{error}"))?.encode(&excerpt);

    let made = format!(
        "# made by the crate tokenizers {TOKENIZERS_VERSION} from bpe_text.txt: \
         cargo run --release -p bench --bin golden\n"
    );
    let pairs: Vec<String> = merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
    let lines: Vec<String> = ids
        .chunks(20)
        .map(|line| line.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))
        .collect();
    for (name, body) in [("bpe_merges.txt", pairs), ("bpe_ids.txt", lines)] {
        let file = format!("{made}{}\n", body.join("\n"));
        let path = folder.join(name);
        if check {
            let there = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            ensure!(
                there == file,
                "data/golden/{name} is not what the peer makes; run without --check"
            );
        } else {
            fs::write(&path, file).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
