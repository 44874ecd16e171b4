//! Pictures for notebooks in Python: the same that Rust cells draw, as HTML.
//!
//! And two answers as a learner writes them, in Rust: the trainer of stage `bpe.train` and the product of stage
//! `llama.quantized_dot`. They tell what of a difference in time is the language and what the algorithm.

use std::collections::HashMap;
use std::time::Instant;

use pyo3::prelude::*;
use rust_for_ai::notebook::{self, Axis};

/// Adds what `rust_for_ai.notebook` is made of to the compiled module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(lines, module)?)?;
    module.add_function(wrap_pyfunction!(table, module)?)?;
    module.add_function(wrap_pyfunction!(tokens, module)?)?;
    module.add_function(wrap_pyfunction!(recount, module)?)?;
    module.add_function(wrap_pyfunction!(quantized_dots, module)?)
}

type NamedAxis = (String, String, bool, bool);
type Curve = (String, Vec<(f64, f64)>);

/// Curves over a pair of axes.
#[pyfunction]
#[pyo3(name = "_lines")]
#[expect(clippy::needless_pass_by_value, reason = "Python's values are read into ours")]
fn lines(see: &str, x: NamedAxis, y: NamedAxis, curves: Vec<Curve>) -> String {
    let curves: Vec<(&str, Vec<(f64, f64)>)> =
        curves.iter().map(|(name, points)| (name.as_str(), points.clone())).collect();
    notebook::lines(see, axis(x), axis(y), &curves).as_str().to_owned()
}

/// An axis. Its names live as long as the process: a notebook has a handful of them.
fn axis((name, unit, log, whole): NamedAxis) -> Axis {
    let kept = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    Axis { name: kept(name), unit: kept(unit), log, whole }
}

/// Headings, then rows.
#[pyfunction]
#[pyo3(name = "_table")]
#[expect(clippy::needless_pass_by_value, reason = "Python's lists are read into ours")]
fn table(headings: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    notebook::table(&headings, &rows).as_str().to_owned()
}

/// The tokens of a text, each on a ground of its own.
#[pyfunction]
#[pyo3(name = "_tokens")]
#[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
fn tokens(title: &str, tokens: Vec<(u32, Vec<u8>)>) -> String {
    notebook::tokens(title, &tokens).as_str().to_owned()
}

/// The merges that a text teaches, by counting all pairs anew before each merge.
#[pyfunction]
#[pyo3(name = "_recount")]
fn recount(py: Python<'_>, text: &str, vocab_size: usize) -> Vec<(u32, u32)> {
    py.detach(|| {
        let mut ids: Vec<u32> = text.bytes().map(u32::from).collect();
        let mut merges = Vec::new();
        for new in (256..).take(vocab_size.saturating_sub(256)) {
            let mut counts: HashMap<(u32, u32), usize> = HashMap::new();
            for pair in ids.windows(2) {
                *counts.entry((pair[0], pair[1])).or_insert(0) += 1;
            }
            let best = counts.into_iter().min_by_key(|&(pair, count)| (usize::MAX - count, pair));
            let Some((pair, _)) = best else { break };
            ids = merged(&ids, pair, new);
            merges.push(pair);
        }
        merges
    })
}

/// Replaces a pair by its new id, from the left.
fn merged(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32> {
    let mut merged = Vec::with_capacity(ids.len());
    let mut rest = ids;
    while let [left, tail @ ..] = rest {
        let here = tail.first().is_some_and(|right| (*left, *right) == pair);
        merged.push(if here { new } else { *left });
        rest = if here { &tail[1..] } else { tail };
    }
    merged
}

/// A row of weights in Q4_0, taken apart: for each block its scale and the bytes of its integers.
type Row = Vec<(f32, [u8; 16])>;

/// The products of rows with a vector, and the seconds that they took once all was here.
#[pyfunction]
#[pyo3(name = "_quantized_dots")]
#[expect(clippy::needless_pass_by_value, reason = "Python's lists are read into ours")]
fn quantized_dots(py: Python<'_>, rows: Vec<Row>, x: Vec<f32>) -> (Vec<f32>, f64) {
    py.detach(|| {
        let start = Instant::now();
        let products = rows.iter().map(|row| quantized_dot(row, &x)).collect();
        (products, start.elapsed().as_secs_f64())
    })
}

/// One of them. The vector becomes integers for each row anew, as in the stage; the production code does it once.
fn quantized_dot(row: &[(f32, [u8; 16])], x: &[f32]) -> f32 {
    let blocks = row.iter().zip(x.chunks_exact(32));
    let product = |((weight_scale, bytes), x): (&(f32, [u8; 16]), &[f32])| {
        let scale = x.iter().fold(0.0_f32, |most, x| most.max(x.abs())) / 127.0;
        // Of a block of zeros this is NaN, which becomes 0.
        let integer = |x: f32| (x / scale).round() as i32;
        let pairs = bytes.iter().zip(x.iter().zip(&x[16..]));
        let sum: i32 = pairs
            .map(|(byte, (low, high))| {
                (i32::from(byte & 15) - 8) * integer(*low)
                    + (i32::from(byte >> 4) - 8) * integer(*high)
            })
            .sum();
        weight_scale * scale * sum as f32
    };
    blocks.map(product).sum()
}
