//! Grouped bars as SVG: a group a row, a bar a series.
//!
//! Written by hand rather than with the plotting library, which has no bars beside each other with names
//! for rows. As with [`lines`](super::lines), there is no picture without a sentence that says what to
//! see, and without the name and unit of the axis.

use std::fmt::Write;

use super::{Axis, COLOURS, Html, escape, ticks};

/// The least room for the names of groups, and about how wide a letter of one is.
const LEFT: f64 = 110.0;
const LETTER: f64 = 6.2;
const WIDTH: f64 = 520.0;
const BAR: f64 = 9.0;
const GAP: f64 = 8.0;
const TOP: f64 = 28.0;

/// Bars from zero: for each group its name and one value a series. The axis is linear.
///
/// ```
/// use rust_for_ai::notebook::{Axis, bars};
/// let html = bars(
///     "Greek costs more",
///     Axis::linear("cost", "tokens a byte"),
///     &["GPT-2", "GPT-4"],
///     &[("English".into(), vec![0.22, 0.21]), ("Greek".into(), vec![0.57, 0.35])],
/// );
/// assert!(html.as_str().contains("cost (tokens a byte)"));
/// assert_eq!(html.as_str().matches("<title>").count(), 4);
/// ```
pub fn bars(see: &str, axis: Axis, series: &[&str], groups: &[(String, Vec<f64>)]) -> Html {
    let longest = groups.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let left = (longest as f64 * LETTER + 14.0).round().max(LEFT);
    let most =
        groups.iter().flat_map(|(_, values)| values).copied().fold(f64::MIN_POSITIVE, f64::max);
    let (step, count) = steps(most);
    let decimals = ticks::decimals(step);
    let most = step * f64::from(count);
    let row = BAR * series.len() as f64 + GAP;
    let bottom = TOP + row * groups.len() as f64;
    let place = |value: f64| left + WIDTH * value / most;
    let mut svg = format!(
        "<svg width=\"{}\" height=\"{}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#111\">",
        left + WIDTH + 50.0,
        bottom + 44.0
    );
    for tick in 0..=count {
        let value = step * f64::from(tick);
        let x = place(value);
        let _ = write!(
            svg,
            "<line x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            ticks::written(value, decimals)
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"13\">{}</text>",
        left + WIDTH / 2.0,
        bottom + 36.0,
        escape(&axis.label())
    );
    for (index, (name, colour)) in series.iter().zip(COLOURS).enumerate() {
        let x = left + 130.0 * index as f64;
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"16\">{}</text>",
            x + 17.0,
            escape(name)
        );
    }
    for (index, (name, values)) in groups.iter().enumerate() {
        let y = TOP + GAP / 2.0 + row * index as f64;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y + (row - GAP) / 2.0 + 4.0,
            escape(name)
        );
        for (bar, ((value, series), colour)) in values.iter().zip(series).zip(COLOURS).enumerate() {
            let _ = write!(
                svg,
                "<rect x=\"{left}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" fill=\"{colour}\">\
                 <title>{}, {}: {value:.3}</title></rect>",
                y + BAR * bar as f64,
                (place(*value) - left).max(0.0),
                BAR - 1.0,
                escape(name),
                escape(series)
            );
        }
    }
    svg.push_str("</svg>");
    super::figure(see, &svg)
}

/// A round step, and how many of them reach the greatest value.
fn steps(most: f64) -> (f64, u32) {
    let power = 10f64.powf(most.log10().floor());
    let step = [0.1, 0.2, 0.5, 1.0, 2.0]
        .into_iter()
        .map(|part| part * power)
        .find(|step| most / step <= 8.0)
        .unwrap_or(power);
    // At most nine.
    (step, (most / step).ceil() as u32)
}
