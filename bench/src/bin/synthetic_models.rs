//! Writes the small models with random weights of the golden logits into a folder.
//!
//! `cargo run --release -p bench --bin synthetic_models -- target/synthetic`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use bench::synthetic_models;

fn main() -> Result<()> {
    let folder: PathBuf = std::env::args().nth(1).context("expected a folder")?.into();
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (name, model) in synthetic_models::all() {
        let path = folder.join(format!("{name}.gguf"));
        let file = synthetic_models::file(&model).with_context(|| name.clone())?;
        fs::write(&path, file).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
