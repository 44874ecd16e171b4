//! Pictures for notebooks in Python: the same that Rust cells draw, as HTML.
//!
//! And the trainer of stage `bpe.train` as a learner writes it, in Rust: it tells what of a difference in time is
//! the language and what the algorithm.

use std::collections::HashMap;

use pyo3::prelude::*;
use rust_for_ai::notebook::{self, Axis};

/// Adds what `rust_for_ai.notebook` is made of to the compiled module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(lines, module)?)?;
    module.add_function(wrap_pyfunction!(table, module)?)?;
    module.add_function(wrap_pyfunction!(tokens, module)?)?;
    module.add_function(wrap_pyfunction!(recount, module)?)
}

type NamedAxis = (String, String, bool);
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
fn axis((name, unit, log): NamedAxis) -> Axis {
    let kept = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    Axis { name: kept(name), unit: kept(unit), log }
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
