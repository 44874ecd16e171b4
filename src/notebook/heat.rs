//! A matrix of coloured cells as SVG: white for 0, and the darker the larger.
//!
//! Written by hand, as [`bars`](super::bars) is: rows and columns have texts for names, which the plotting library
//! has no axis for. The scale stands beside the cells, with its unit.

use std::fmt::Write;

use super::{Axis, Colour, Html, escape, ticks};

const CELL: f64 = 22.0;
const LEFT: f64 = 110.0;
const TOP: f64 = 8.0;
/// Steps of the scale.
const STEPS: u32 = 5;

/// Cells from `rows`, a colour each: for each row its name and a value for each column.
///
/// Values below 0 are drawn as 0, and a value that is not finite is left blank, as is one that is
/// missing at the end of a row. The colours run from 0 to the greatest value. What `x` and `y` measure
/// stands at the axes, what the cells measure at the scale; pointing at a cell tells its value.
///
/// ```
/// use rust_for_ai::notebook::{Axis, heat};
/// let html = heat(
///     "the second word looks back",
///     ["looked at", "looks"],
///     Axis::linear("attention", "share"),
///     &["a", "b"],
///     &[("a".into(), vec![1.0]), ("b".into(), vec![0.8, 0.2])],
/// );
/// assert_eq!(html.as_str().matches("<title>").count(), 3);
/// assert!(html.as_str().contains("attention (share)"));
/// ```
pub fn heat(
    see: &str,
    [x, y]: [&str; 2],
    value: Axis,
    columns: &[&str],
    rows: &[(String, Vec<f64>)],
) -> Html {
    let finite = || rows.iter().flat_map(|(_, row)| row).copied().filter(|v| v.is_finite());
    let most = finite().fold(f64::MIN_POSITIVE, f64::max);
    let longest = columns.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let (right, bottom) = (LEFT + CELL * columns.len() as f64, TOP + CELL * rows.len() as f64);
    // Names below the columns stand slanted: about 6 units a letter, downwards as well as to the left.
    let names = 24.0 + 6.0 * longest as f64;
    let height = (bottom + names + 24.0).max(TOP + 170.0);
    let mut svg = format!(
        "<svg width=\"{}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#111\">",
        right + 130.0
    );
    for (index, (name, row)) in rows.iter().enumerate() {
        let top = TOP + CELL * index as f64;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            top + CELL * 0.7,
            escape(name)
        );
        for (column, (value, column_name)) in row.iter().zip(columns).enumerate() {
            if value.is_finite() {
                cell(&mut svg, LEFT + CELL * column as f64, top, value / most);
                let _ = write!(
                    svg,
                    "<title>{}, {}: {value:.3}</title></rect>",
                    escape(name),
                    escape(column_name)
                );
            }
        }
    }
    for (index, name) in columns.iter().enumerate() {
        let (x, y) = (LEFT + CELL * (index as f64 + 0.7), bottom + 14.0);
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\" transform=\"rotate(-45 {x} {y})\">{}</text>",
            escape(name)
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"13\">{}</text>\
         <text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\" font-size=\"13\">{}</text>",
        (LEFT + right) / 2.0,
        bottom + names + 12.0,
        escape(x),
        (TOP + bottom) / 2.0,
        escape(y)
    );
    scale(&mut svg, right + 24.0, value, most);
    svg.push_str("</svg>");
    super::figure(see, &svg)
}

/// The scale: a cell for each step, the greatest value on top.
fn scale(svg: &mut String, left: f64, value: Axis, most: f64) {
    let _ = write!(
        svg,
        "<text transform=\"translate({} {TOP}) rotate(90)\" font-size=\"13\">{}</text>",
        left + 70.0,
        escape(&value.label())
    );
    for step in 0..=STEPS {
        let share = 1.0 - f64::from(step) / f64::from(STEPS);
        let top = TOP + CELL * f64::from(step);
        cell(svg, left, top, share);
        let _ = write!(
            svg,
            "</rect><text x=\"{}\" y=\"{}\">{}</text>",
            left + CELL + 6.0,
            top + CELL * 0.7,
            ticks::written(share * most, ticks::decimals(most / 50.0))
        );
    }
}

/// A cell, left open for a title; `share` runs from 0 to 1.
fn cell(svg: &mut String, left: f64, top: f64, share: f64) {
    let _ = write!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{CELL}\" height=\"{CELL}\" stroke=\"#e8e8e8\" fill=\"{}\">",
        shade(share)
    );
}

/// White, then the first of the other pictures' colours, then a dark one of the same hue.
fn shade(share: f64) -> Colour {
    const STOPS: [[f64; 3]; 3] = [[255.0; 3], [0.0, 114.0, 178.0], [0.0, 30.0, 70.0]];
    let place = share.clamp(0.0, 1.0) * 2.0;
    let (from, to) = if place < 1.0 { (STOPS[0], STOPS[1]) } else { (STOPS[1], STOPS[2]) };
    let part = if place < 1.0 { place } else { place - 1.0 };
    let mix = |channel: usize| (from[channel] + (to[channel] - from[channel]) * part) as u8;
    Colour(mix(0), mix(1), mix(2))
}

#[test]
fn shades_get_darker() {
    let light = |share: f64| {
        let Colour(red, green, blue) = shade(share);
        u32::from(red) + u32::from(green) + u32::from(blue)
    };
    assert_eq!(light(0.0), 3 * 255);
    assert!((0..20).all(|step| light(f64::from(step) / 20.0) > light(f64::from(step + 1) / 20.0)));
}
