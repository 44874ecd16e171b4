//! Draws the plot on the front page, from the record that the page names.
//!
//! ```text
//! cargo run --features notebook --example front_plot               draw it anew
//! cargo run --features notebook --example front_plot -- --check    compare
//! ```
//!
//! It is the workbook's own plot of bars, as notebooks show it, with two things that a picture in a file needs:
//! the name space of SVG, and a white panel, since a forge in dark mode has none. Drawing is a function of the
//! record alone, so the comparison is one of bytes. That each bar is as long as its record says is looked at by
//! `tests/reading.rs`, too, which needs no plotting.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use rust_for_ai::notebook::{Axis, bars};

#[path = "../tests/reading/json.rs"]
mod json;

const RECORD: &str = "interview/measured/race.json";
const PICTURE: &str = "docs/race.svg";

/// The figures that become bars, and what they are called beside them.
const BARS: [(&str, &str); 5] = [
    ("list", "this project, called from Python"),
    ("tiktoken", "the package tiktoken"),
    ("look_up", "pure Python, looks up words"),
    ("lean", "pure Python, written with care"),
    ("pure", "pure Python, the simplest"),
];

/// The picture, for a record.
fn drawn(record: &str) -> Result<String, String> {
    let record = json::Json::parse(record).map_err(|error| format!("{RECORD}: {error}"))?;
    let figures = record.list("figures").unwrap_or_default();
    let row = |(id, name): &(&str, &str)| {
        let figure = figures.iter().find(|figure| figure.text("id") == Some(id));
        let value = figure.and_then(|figure| figure.number("value"));
        let value = value.ok_or_else(|| format!("{RECORD}: expected a figure `{id}`"))?;
        Ok((format!("{name}: {value:.1}"), vec![value]))
    };
    let rows = BARS.iter().map(row).collect::<Result<Vec<_>, String>>()?;
    let axis = Axis::linear("encoding the book with GPT-4's vocabulary, one thread", "MB/s");
    let html = bars("", axis, &["median of 16 rounds"], &rows);
    let svg = html.as_str().split_once("<svg ").and_then(|(_, rest)| rest.split_once("</svg>"));
    let (open, body) =
        svg.and_then(|(svg, _)| svg.split_once('>')).ok_or("expected bars as SVG, got none")?;
    let panel = "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>";
    Ok(format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {open}>{panel}{body}</svg>\n"))
}

fn run(check: bool) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let picture = root.join(PICTURE);
    let record =
        fs::read_to_string(root.join(RECORD)).map_err(|error| format!("{RECORD}: {error}"))?;
    let svg = drawn(&record)?;
    if !check {
        return fs::write(&picture, svg).map_err(|error| format!("{PICTURE}: {error}"));
    }
    match fs::read_to_string(&picture) {
        Ok(there) if there == svg => Ok(()),
        _ => Err(format!(
            "{PICTURE} is not what {RECORD} gives\n\nhint: `cargo run --features notebook --example front_plot`"
        )),
    }
}

#[expect(clippy::print_stderr, reason = "why it could not be drawn")]
fn main() -> ExitCode {
    match run(std::env::args().any(|word| word == "--check")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
