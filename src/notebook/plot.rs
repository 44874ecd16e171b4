//! Line plots as SVG.
//!
//! A plot here cannot be drawn without a sentence that says what to see and without the name and unit
//! of both axes: the signature asks for them.

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::ticks::Ticks;
use super::{COLOURS, Colour, Html, escape};

/// An axis: what it measures, in which unit, and how its values are spaced.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    /// What is measured.
    pub name: &'static str,
    /// In which unit.
    pub unit: &'static str,
    /// Whether equal factors are equally far apart, rather than equal differences.
    pub log: bool,
    /// Whether it counts things, of which there are no halves to mark.
    pub whole: bool,
}

impl Axis {
    /// An axis with equal differences equally far apart.
    pub const fn linear(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, log: false, whole: false }
    }

    /// A linear axis of things that are counted, such as threads: its marks are whole numbers.
    pub const fn count(name: &'static str, unit: &'static str) -> Self {
        Self { whole: true, ..Self::linear(name, unit) }
    }

    /// An axis with equal factors equally far apart; all values must be positive.
    pub const fn log(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, log: true, whole: false }
    }

    pub(super) fn label(&self) -> String {
        match self.log {
            true => format!("{} ({}, log scale)", self.name, self.unit),
            false => format!("{} ({})", self.name, self.unit),
        }
    }

    /// Where a value stands on the axis.
    fn place(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    /// The value that stands at a place.
    fn value(&self, place: f64) -> f64 {
        if self.log { 10f64.powf(place) } else { place }
    }

    /// Its marks, for a range of places.
    fn ticks(&self, places: &std::ops::Range<f64>) -> Ticks {
        /// More would be a crowd on a picture of this size.
        const MOST: usize = 10;
        let values = self.value(places.start)..self.value(places.end);
        match (self.log, self.whole) {
            (true, _) => Ticks::log(&values, MOST),
            (false, true) => Ticks::whole(&values, MOST),
            (false, false) => Ticks::linear(&values, MOST),
        }
    }
}

impl Colour {
    fn rgb(self) -> RGBColor {
        RGBColor(self.0, self.1, self.2)
    }
}

/// Curves over a common pair of axes, with the sentence that says what to see above them.
///
/// Points that are not finite are left out. If nothing is left, the picture says so.
///
/// ```
/// use rust_for_ai::notebook::{Axis, lines};
/// let html = lines(
///     "the square grows faster",
///     Axis::linear("n", "items"),
///     Axis::linear("work", "steps"),
///     &[("n", vec![(1.0, 1.0), (2.0, 2.0)]), ("n²", vec![(1.0, 1.0), (2.0, 4.0)])],
/// );
/// assert!(html.as_str().contains("<svg"));
/// assert!(html.as_str().contains("work (steps)"));
/// ```
pub fn lines(see: &str, x: Axis, y: Axis, curves: &[(&str, Vec<(f64, f64)>)]) -> Html {
    let placed: Vec<(&str, Vec<(f64, f64)>)> = curves
        .iter()
        .map(|(name, points)| {
            let points = points.iter().map(|&(a, b)| (x.place(a), y.place(b)));
            (*name, points.filter(|(a, b)| a.is_finite() && b.is_finite()).collect())
        })
        .collect();
    let all = || placed.iter().flat_map(|(_, points)| points.iter().copied());
    let body = match all().next() {
        None => "<i>no points to draw</i>".to_owned(),
        Some(_) => {
            let xs = range(all().map(|point| point.0), x.log);
            let ys = range(all().map(|point| point.1), y.log);
            let mut svg = String::new();
            match draw(&mut svg, x, y, xs, ys, &placed) {
                Ok(()) => svg,
                Err(error) => format!("<i>the plot could not be drawn: {}</i>", escape(&error)),
            }
        }
    };
    super::figure(see, &body)
}

/// From the least to the greatest value with some air; a linear axis starts at zero where it can.
fn range(values: impl Iterator<Item = f64>, log: bool) -> std::ops::Range<f64> {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let low = if log || low < 0.0 { low } else { 0.0 };
    let air = ((high - low) * 0.05).max(f64::MIN_POSITIVE.max(1e-9));
    let start = if low == 0.0 { 0.0 } else { low - air };
    start..high + air
}

/// A range of places with marks that are ours, since plotters' own stand at round places, not at round values.
struct Marked {
    range: RangedCoordf64,
    marks: Vec<f64>,
}

impl Marked {
    fn new(range: &std::ops::Range<f64>, marks: impl Iterator<Item = f64>) -> Self {
        Self { range: range.clone().into(), marks: marks.collect() }
    }
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks.clone() }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.range()
    }
}

fn draw(
    svg: &mut String,
    x: Axis,
    y: Axis,
    xs: std::ops::Range<f64>,
    ys: std::ops::Range<f64>,
    curves: &[(&str, Vec<(f64, f64)>)],
) -> Result<(), String> {
    let area = SVGBackend::with_string(svg, (680, 380)).into_drawing_area();
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let (x_ticks, y_ticks) = (x.ticks(&xs), y.ticks(&ys));
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .margin_right(24)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(
            Marked::new(&xs, x_ticks.values().map(|value| x.place(value))),
            Marked::new(&ys, y_ticks.values().map(|value| y.place(value))),
        )
        .map_err(|e| say(&e))?;
    chart
        .configure_mesh()
        .x_desc(x.label())
        .y_desc(y.label())
        .x_label_formatter(&|place| x_ticks.label(x.value(*place)))
        .y_label_formatter(&|place| y_ticks.label(y.value(*place)))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .light_line_style(WHITE)
        .draw()
        .map_err(|e| say(&e))?;
    for ((name, points), colour) in curves.iter().zip(COLOURS.into_iter().cycle()) {
        let colour = colour.rgb();
        chart
            .draw_series(
                LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(2),
            )
            .map_err(|e| say(&e))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    if curves.len() > 1 {
        chart
            .configure_series_labels()
            .position(emptiest(&xs, &ys, curves))
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 13))
            .draw()
            .map_err(|e| say(&e))?;
    }
    area.present().map_err(|e| say(&e))
}

/// The corner that hides the fewest points; of equal ones the lower right.
fn emptiest(
    xs: &std::ops::Range<f64>,
    ys: &std::ops::Range<f64>,
    curves: &[(&str, Vec<(f64, f64)>)],
) -> SeriesLabelPosition {
    /// About the part of the width and of the height that the names of the curves take.
    const PART: f64 = 0.35;
    let part =
        |range: &std::ops::Range<f64>, at: f64| (at - range.start) / (range.end - range.start);
    let hidden = |right: bool, top: bool| {
        let near = |part: f64, high: bool| if high { part > 1.0 - PART } else { part < PART };
        let points = curves.iter().flat_map(|(_, points)| points);
        points
            .filter(|point| near(part(xs, point.0), right) && near(part(ys, point.1), top))
            .count()
    };
    let corners = [
        (hidden(true, false), SeriesLabelPosition::LowerRight),
        (hidden(true, true), SeriesLabelPosition::UpperRight),
        (hidden(false, false), SeriesLabelPosition::LowerLeft),
        (hidden(false, true), SeriesLabelPosition::UpperLeft),
    ];
    let best = corners.into_iter().min_by_key(|(hidden, _)| *hidden);
    best.map_or(SeriesLabelPosition::LowerRight, |(_, corner)| corner)
}
