//! Writes a model of a known shape with random weights, as a GGUF file that any program loads.
//!
//! ```text
//! cargo run --release -p bench --bin synthetic -- --shape llama2-7b --format Q4_0 --output Q6_K OUT
//! ```
//!
//! Shapes are `llama2-7b`, `smollm2-135m` and `tiny`. `--output` is the format of the output matrix, or of
//! the embeddings where they are tied; without it all matrices have one format. `--pieces PATH` takes
//! Llama-2's real vocabulary, which `cargo lab vocabulary llama2` stores; without it words are made up.
//! `--layers`, `--vocabulary`, `--key-length` change the shape, `--rope-scaling FACTOR` stretches it as Llama 3 does,
//! `--tied` and `--untied` say whether the embeddings serve as output matrix, `--seed` gives other weights.
//!
//! Llama-2-7B in Q4_0 takes 3.8 GB on the disk.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};

use anyhow::{Context, Result, bail};
use bench::pieces::llama2;
use rust_for_ai::llama::quant::Format;
use rust_for_ai::llama::synthetic::{RopeScaling, Shape, Synthetic, vocabulary};

fn main() -> Result<()> {
    let mut shape = None;
    let mut format = Format::Q4_0;
    let mut output = None;
    let mut pieces = None;
    let mut words = None;
    let mut seed = 1;
    let mut changes: Vec<(String, String)> = Vec::new();
    let mut path = None;

    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value =
            || arguments.next().with_context(|| format!("{argument}: expected a value"));
        match &*argument {
            "--shape" => {
                shape = Some(match &*value()? {
                    "llama2-7b" => (Shape::llama2_7b(), 32_000),
                    "smollm2-135m" => (Shape::smollm2_135m(), 49_152),
                    "tiny" => (Shape::tiny(), 512),
                    other => bail!("expected llama2-7b, smollm2-135m or tiny, got `{other}`"),
                });
            }
            "--format" => format = value()?.parse()?,
            "--output" => output = Some(value()?.parse::<Format>()?),
            "--pieces" => pieces = Some(value()?),
            "--vocabulary" => words = Some(value()?.parse()?),
            "--seed" => seed = value()?.parse()?,
            "--layers" | "--key-length" | "--rope-scaling" => {
                let value = value()?;
                changes.push((argument, value));
            }
            "--tied" | "--untied" => changes.push((argument, String::new())),
            _ if argument.starts_with('-') => bail!("unknown option `{argument}`"),
            _ => path = Some(argument),
        }
    }
    let (mut shape, usual) = shape.context("expected --shape llama2-7b, smollm2-135m or tiny")?;
    for (option, value) in changes {
        let context = || format!("{option} {value}");
        match &*option {
            "--layers" => shape.layers = value.parse().with_context(context)?,
            "--key-length" => shape.key_length = Some(value.parse().with_context(context)?),
            "--rope-scaling" => {
                shape.rope_scaling = Some(RopeScaling {
                    factor: value.parse().with_context(context)?,
                    low: 1.0,
                    high: 4.0,
                    context: shape.context,
                });
            }
            other => shape.tied = other == "--tied",
        }
    }
    let path = path.context("expected the path of the file to write")?;
    let vocabulary = match pieces {
        Some(pieces) => llama2(&std::fs::read_to_string(&pieces).context(pieces)?)?,
        None => vocabulary(words.unwrap_or(usual))?,
    };
    let model = Synthetic { shape, vocabulary, format, output: output.unwrap_or(format), seed };
    let file = File::create(&path).with_context(|| path.clone())?;
    let file =
        model.write(BufWriter::with_capacity(1 << 20, file)).with_context(|| path.clone())?;
    let size = file.get_ref().metadata()?.len();
    writeln!(stdout(), "{path}: {size} bytes, {} in {format}", model.shape.name)?;
    Ok(())
}
