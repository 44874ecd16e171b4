//! Numbers that are equal up to rounding.
//!
//! A sum of floats depends on the order of its terms, and every order is right. So a check of numbers
//! says how far two right answers may lie apart, and compares with [`Near`] in place of `Vec<f32>`.
//!
//! The tolerance is relative to the larger of 1 and the expected number: `within` 1e-5 takes 0.30000
//! for 0.300009, and 30,000 for 30,000.2. It has to be far below the smallest effect of a misconception
//! and far above the rounding of the longest sum; the wrong answers prove the one, answers in another
//! order of summation the other. Infinity equals itself, and so does NaN, else nobody's NaN could be
//! recognised.

use std::fmt::Write;

/// A list of numbers, equal to another one if each number is near its counterpart.
#[derive(Debug, Clone)]
pub(crate) struct Near {
    pub(crate) values: Vec<f32>,
    within: f32,
}

impl Near {
    /// Numbers of which each may be off by `within` times the larger of 1 and itself.
    pub(crate) fn new(values: Vec<f32>, within: f32) -> Self {
        Self { values, within }
    }

    /// The numbers in Rust's notation; a long list loses its middle.
    pub(crate) fn show(&self) -> String {
        const SHOWN: usize = 12;
        let join = |part: &[f32]| part.iter().map(|&x| number(x)).collect::<Vec<_>>().join(", ");
        if self.values.len() <= SHOWN {
            return format!("[{}]", join(&self.values));
        }
        let (front, back) = (&self.values[..8], &self.values[self.values.len() - 2..]);
        format!("[{}, …, {}] ({} in all)", join(front), join(back), self.values.len())
    }

    /// Where it differs from what was expected, and by how much.
    pub(crate) fn diff(expected: &Self, got: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if expected.values.len() != got.values.len() {
            let (expected, got) = (expected.values.len(), got.values.len());
            lines.push(format!("expected a length of {expected}, got {got}"));
        }
        let within = expected.within.max(got.within);
        let pairs = || (0..).zip(expected.values.iter().zip(&got.values));
        let off = || pairs().filter(|&(_, (&e, &g))| !near(e, g, within));
        if let Some((at, (&e, &g))) = off().next() {
            let mut line =
                format!("first at index {at}: expected {}, got {}", number(e), number(g));
            if e.is_finite() && g.is_finite() && e != 0.0 {
                let _ = write!(line, " ({:.4} times as much)", g / e);
            }
            lines.push(line);
            lines.push(format!("{} of {} numbers differ", off().count(), pairs().count()));
        }
        lines
    }
}

impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        let within = self.within.max(other.within);
        self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(|(&a, &b)| near(a, b, within))
    }
}

fn near(a: f32, b: f32, within: f32) -> bool {
    let finite = a.is_finite() && b.is_finite();
    let same = a == b || (a.is_nan() && b.is_nan());
    same || (finite && (a - b).abs() <= within * a.abs().max(b.abs()).max(1.0))
}

/// Six significant digits, without zeros at the end.
fn number(x: f32) -> String {
    if !x.is_finite() || x == 0.0 {
        return format!("{x:?}");
    }
    if !(1e-4..1e7).contains(&x.abs()) {
        return format!("{x:.5e}");
    }
    let digits = (5 - x.abs().log10().floor() as i32).max(1) as usize;
    let shown = format!("{x:.digits$}");
    let shown = shown.trim_end_matches('0');
    if shown.ends_with('.') { format!("{shown}0") } else { shown.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_up_to_the_tolerance_and_no_further() {
        let one = |x: f32| Near::new(vec![x], 1e-5);
        for (a, b, equal) in [
            (0.3, 0.300_009, true),
            (0.3, 0.300_02, false),
            (30_000.0, 30_000.2, true),
            (30_000.0, 30_000.5, false),
            (f32::NAN, f32::NAN, true),
            (f32::NAN, 0.0, false),
            (f32::INFINITY, f32::INFINITY, true),
            (f32::INFINITY, f32::NEG_INFINITY, false),
            (f32::INFINITY, 1.0, false),
        ] {
            assert_eq!(one(a) == one(b), equal, "{a} and {b}");
            assert_eq!(one(b) == one(a), equal, "{b} and {a}");
        }
        assert_ne!(one(1.0), Near::new(vec![1.0, 1.0], 1e-5));
    }

    #[test]
    fn numbers_are_short() {
        for (x, shown) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (-0.25, "-0.25"),
            (1.0 / 3.0, "0.333333"),
            (1234.5678, "1234.57"),
            (1e-9, "1.00000e-9"),
            (f32::NAN, "NaN"),
            (f32::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(x), shown);
        }
    }
}
