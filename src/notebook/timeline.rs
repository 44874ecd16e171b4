//! Who did what when: a row each, spans of time in colours, as SVG.
//!
//! For threads that work, wait for a lock, or hold it. A span is drawn from its beginning to its end and never
//! narrower than can be seen; one that is drawn wider than it is hides nothing, since later spans go on top.

use std::fmt::Write;

use super::ticks::Ticks;
use super::{Axis, COLOURS, Html, escape};

const LEFT: f64 = 110.0;
const WIDTH: f64 = 560.0;
const ROW: f64 = 24.0;
const BAR: f64 = 18.0;
const TOP: f64 = 30.0;
/// What an eye can see.
const NARROWEST: f64 = 0.6;

/// A piece of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// When it began.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// What it was: a place in the list of kinds.
    pub kind: usize,
}

/// Spans over time: for each row its name and its spans. The kinds have a colour each, which a legend names.
///
/// Spans that are not finite, and those of a kind that is not listed, are left out. Pointing at a span tells its
/// kind, beginning and length.
///
/// ```
/// use rust_for_ai::notebook::{Axis, Span, timeline};
/// let html = timeline(
///     "the second thread waits for the first",
///     Axis::linear("time", "ms"),
///     &["waits", "holds the lock"],
///     &[
///         ("thread 0".into(), vec![Span { from: 0.0, to: 2.0, kind: 1 }]),
///         ("thread 1".into(), vec![
///             Span { from: 0.5, to: 2.0, kind: 0 },
///             Span { from: 2.0, to: 3.0, kind: 1 },
///         ]),
///     ],
/// );
/// assert_eq!(html.as_str().matches("<title>").count(), 3);
/// assert!(html.as_str().contains("time (ms)") && html.as_str().contains("holds the lock"));
/// ```
pub fn timeline(see: &str, time: Axis, kinds: &[&str], rows: &[(String, Vec<Span>)]) -> Html {
    let drawn = |span: &&Span| {
        span.from.is_finite() && span.to.is_finite() && span.from >= 0.0 && span.kind < kinds.len()
    };
    let spans = || rows.iter().flat_map(|(_, spans)| spans).filter(drawn);
    let end = spans().map(|span| span.to).fold(0.0, f64::max);
    if end <= 0.0 {
        return super::figure(see, "<i>nothing to draw</i>");
    }
    let place = |at: f64| LEFT + WIDTH * at / end;
    let bottom = TOP + ROW * rows.len() as f64;
    let mut svg = format!(
        "<svg width=\"{}\" height=\"{}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#111\">",
        LEFT + WIDTH + 30.0,
        bottom + 46.0
    );
    let ticks = Ticks::linear(&(0.0..end), 9);
    for value in ticks.values() {
        let x = place(value);
        let _ = write!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            ticks.label(value)
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"13\">{}</text>",
        LEFT + WIDTH / 2.0,
        bottom + 38.0,
        escape(&time.label())
    );
    let mut left = LEFT;
    for (name, colour) in kinds.iter().zip(COLOURS.into_iter().cycle()) {
        let _ = write!(
            svg,
            "<rect x=\"{left}\" y=\"6\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"16\">{}</text>",
            left + 17.0,
            escape(name)
        );
        left += 40.0 + 7.0 * name.chars().count() as f64;
    }
    for (index, (name, spans)) in rows.iter().enumerate() {
        let y = TOP + ROW * index as f64 + (ROW - BAR) / 2.0;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + BAR * 0.7,
            escape(name)
        );
        for span in spans.iter().filter(drawn) {
            let colour = COLOURS[span.kind % COLOURS.len()];
            let width = (place(span.to) - place(span.from)).max(NARROWEST);
            let _ = write!(
                svg,
                "<rect x=\"{:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"{BAR}\" fill=\"{colour}\" \
                 stroke=\"#fff\" stroke-width=\"0.3\"><title>{}, {}: from {:.3}, for {:.3} {}</title></rect>",
                place(span.from),
                escape(name),
                escape(kinds[span.kind]),
                span.from,
                span.to - span.from,
                escape(time.unit)
            );
        }
    }
    svg.push_str("</svg>");
    super::figure(see, &svg)
}

#[test]
fn spans_stand_where_they_belong_and_nonsense_is_left_out() {
    let span = |from, to, kind| Span { from, to, kind };
    let spans =
        vec![span(5.0, 10.0, 0), span(0.0, f64::NAN, 0), span(-1.0, 2.0, 0), span(0.0, 1.0, 7)];
    let html = timeline("see", Axis::linear("time", "s"), &["works"], &[("a".into(), spans)]);
    assert_eq!(html.as_str().matches("<title>").count(), 1);
    assert!(html.as_str().contains(&format!("x=\"{:.2}\" ", LEFT + WIDTH / 2.0)));
    assert!(
        timeline("see", Axis::linear("time", "s"), &[], &[]).as_str().contains("nothing to draw")
    );
}
