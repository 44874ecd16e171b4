//! Where an axis has its marks, and what is written beside them.
//!
//! A mark stands at a number that a reader takes in at once, 1, 2 or 5 times a power of ten, on an axis whose equal
//! steps are factors, too: 5,000, 10,000, 20,000 and not 6,310, 10,000, 15,849. All marks of a linear axis have as
//! many decimals as the step needs: 5, 10, 15 and not 5.00, 10, 15.

use std::ops::Range;

/// The marks of an axis: the value of each, and how many decimals it is written with.
#[derive(Debug, PartialEq)]
pub(super) struct Ticks(Vec<(f64, usize)>);

impl Ticks {
    /// At most `most` marks, equally far apart; `most` is 2 or more.
    pub(super) fn linear(range: &Range<f64>, most: usize) -> Self {
        Self::at_steps_of(step(range, most), range, most)
    }

    /// As many marks, equally far apart, at whole numbers.
    pub(super) fn whole(range: &Range<f64>, most: usize) -> Self {
        Self::at_steps_of(step(range, most).max(1.0), range, most)
    }

    fn at_steps_of(step: f64, range: &Range<f64>, most: usize) -> Self {
        let decimals = decimals(step);
        let first = (range.start / step - 1e-9).ceil();
        // Counted, since a sum of steps would drift.
        let marks = (0..most).map(|k| (first + k as f64) * step);
        Self(
            marks
                .filter(|mark| *mark <= range.end + 1e-9 * step)
                .map(|mark| (mark, decimals))
                .collect(),
        )
    }

    /// At most `most` marks at round numbers; the range is positive.
    pub(super) fn log(range: &Range<f64>, most: usize) -> Self {
        let decades = range.start.log10().floor() as i32..=range.end.log10().floor() as i32;
        let of_a_decade: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let all = of_a_decade.map(|choice| (choice, 1));
        let some = (2..100).map(|every| (of_a_decade[2], every));
        for (choice, every) in all.into_iter().chain(some) {
            let decades = decades.clone().filter(|power| power % every == 0);
            let marks = decades.flat_map(|power| choice.iter().map(move |k| (*k, power)));
            let marks: Vec<(f64, usize)> = marks
                .map(|(k, power)| (k * 10f64.powi(power), usize::try_from(-power).unwrap_or(0)))
                .filter(|(mark, _)| (range.start * 0.999..range.end * 1.001).contains(mark))
                .collect();
            if marks.len() <= most {
                // From 1.2 to 1.8 there is no such number, and a step tells more than a factor.
                return if marks.len() < 2 { Self::linear(range, most) } else { Self(marks) };
            }
        }
        Self::linear(range, most)
    }

    /// The values.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.0.iter().map(|(mark, _)| *mark)
    }

    /// What is written beside the mark that is nearest to a value.
    pub(super) fn label(&self, value: f64) -> String {
        let away = |mark: f64| (mark - value).abs();
        let nearest = self.0.iter().min_by(|a, b| away(a.0).total_cmp(&away(b.0)));
        nearest.map_or(String::new(), |(mark, decimals)| written(*mark, *decimals))
    }
}

/// A value beside its mark.
pub(super) fn written(value: f64, decimals: usize) -> String {
    match value.abs() {
        // Rounding may leave a zero just below it, which would read -0.
        0.0..1e-12 => "0".to_owned(),
        1_000_000.0.. => format!("{value:e}"),
        _ => format!("{value:.decimals$}"),
    }
}

/// The smallest step of 1, 2 or 5 times a power of ten with at most `most` marks in a range.
fn step(range: &Range<f64>, most: usize) -> f64 {
    let least = ((range.end - range.start) / (most as f64 + 1.0)).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(least.log10().floor());
    let marks =
        |step: &f64| (range.end / step + 1e-9).floor() - (range.start / step - 1e-9).ceil() + 1.0;
    let mut steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|k| k * power).into_iter();
    steps.find(|step| marks(step) <= most as f64).unwrap_or(50.0 * power)
}

/// How many decimals a step needs.
pub(super) fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::Ticks;

    fn labels(ticks: &Ticks) -> Vec<String> {
        ticks.values().map(|value| ticks.label(value)).collect()
    }

    #[test]
    fn a_linear_axis_has_round_numbers_with_the_same_decimals() {
        for (range, expected) in [
            (0.0..33.0, "0 5 10 15 20 25 30"),
            (0.0..16.8, "0 2 4 6 8 10 12 14 16"),
            (0.0..1.68, "0 0.2 0.4 0.6 0.8 1.0 1.2 1.4 1.6"),
            (-1.1..1.1, "-1.0 -0.5 0 0.5 1.0"),
            (0.0..0.011, "0 0.002 0.004 0.006 0.008 0.010"),
            (0.0..7_000_000.0, "0 1e6 2e6 3e6 4e6 5e6 6e6 7e6"),
            (0.0..420_000.0, "0 50000 100000 150000 200000 250000 300000 350000 400000"),
        ] {
            assert_eq!(labels(&Ticks::linear(&range, 9)).join(" "), expected, "{range:?}");
        }
    }

    #[test]
    fn an_axis_of_things_that_are_counted_has_whole_numbers() {
        for (range, expected) in
            [(0.0..4.2, "0 1 2 3 4"), (0.9..2.1, "1 2"), (0.0..42.0, "0 5 10 15 20 25 30 35 40")]
        {
            assert_eq!(labels(&Ticks::whole(&range, 9)).join(" "), expected, "{range:?}");
        }
    }

    #[test]
    fn a_log_axis_has_round_numbers_too() {
        for (range, expected) in [
            (4_300.0..116_000.0, "5000 10000 20000 50000 100000"),
            (0.0047..15.0, "0.01 0.03 0.1 0.3 1 3 10"),
            (0.005..30.0, "0.01 0.03 0.1 0.3 1 3 10 30"),
            (32.0..32_768.0, "50 100 200 500 1000 2000 5000 10000 20000"),
            (1.0..1e12, "1 100 10000 1e6 1e8 1e10 1e12"),
            (1.2..1.8, "1.2 1.3 1.4 1.5 1.6 1.7 1.8"),
        ] {
            assert_eq!(labels(&Ticks::log(&range, 9)).join(" "), expected, "{range:?}");
        }
    }

    #[test]
    fn a_place_between_marks_reads_as_the_nearest() {
        let ticks = Ticks::linear(&(0.0..10.0), 6);
        assert_eq!(ticks.label(3.999_999), "4");
        assert_eq!(ticks.label(-1e-15), "0");
    }
}
