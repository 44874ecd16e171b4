//! Amdahl's law, fitted: how much of a job no second thread can help with.
//!
//! Of the time on one thread a part `s` cannot be shared out; on `n` threads the rest takes an `n`-th. So the
//! job takes `s + (1 - s) / n` of its time, and its speed-up is the inverse of that (G. M. Amdahl, Validity of
//! the single processor approach to achieving large scale computing capabilities, 1967). Whatever `n` is, the
//! speed-up stays below `1 / s`.
//!
//! The fit is of one unknown and linear in it: `1 / S - 1 / n = s * (1 - 1 / n)`, by least squares. It takes all
//! that is lost for serial: waiting for memory, uneven shares, and other programs on the machine, too.

/// The serial part, from 0 to 1, that fits best to measured speed-ups: pairs of threads and speed-up.
///
/// Only points with more than one thread say something; leave out those with more threads than processors, to
/// which the law does not apply. `None` if nothing is left.
///
/// ```
/// use rust_for_ai::notebook::{amdahl, speed_up};
/// let measured: Vec<(f64, f64)> = [1.0, 2.0, 4.0].map(|n| (n, speed_up(0.1, n))).to_vec();
/// let serial = amdahl(&measured).expect("two points have more than one thread");
/// assert!((serial - 0.1).abs() < 1e-12);
/// ```
pub fn amdahl(points: &[(f64, f64)]) -> Option<f64> {
    let fitting = points.iter().filter(|(threads, speed_up)| {
        *threads > 1.0 && threads.is_finite() && *speed_up > 0.0 && speed_up.is_finite()
    });
    let (mut above, mut below) = (0.0, 0.0);
    for (threads, speed_up) in fitting {
        let x = 1.0 - 1.0 / threads;
        above += x * (1.0 / speed_up - 1.0 / threads);
        below += x * x;
    }
    (below > 0.0).then(|| (above / below).clamp(0.0, 1.0))
}

/// The speed-up on so many threads if this part of the work is serial.
///
/// ```
/// use rust_for_ai::notebook::speed_up;
/// assert_eq!(speed_up(0.0, 8.0), 8.0);
/// assert_eq!(speed_up(1.0, 8.0), 1.0);
/// assert!(speed_up(0.05, 1e9) < 20.0);
/// ```
pub fn speed_up(serial: f64, threads: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_part_fits_better() {
        // Measured points never lie on the curve.
        let points = [(1.0, 1.0), (2.0, 1.83), (3.0, 2.61), (4.0, 3.1), (8.0, 4.4)];
        let serial = amdahl(&points).expect("there are points");
        let misfit = |serial: f64| -> f64 {
            points.iter().map(|(n, s)| (1.0 / s - 1.0 / speed_up(serial, *n)).powi(2)).sum()
        };
        for step in 0..=1000 {
            let other = f64::from(step) / 1000.0;
            assert!(misfit(serial) <= misfit(other) + 1e-15, "{other} fits better than {serial}");
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(amdahl(&[]), None);
        assert_eq!(amdahl(&[(1.0, 1.0)]), None);
        assert_eq!(amdahl(&[(2.0, 0.0), (4.0, f64::NAN)]), None);
        assert_eq!(amdahl(&[(2.0, 2.5)]), Some(0.0), "more than ideal is noise");
        assert_eq!(amdahl(&[(2.0, 0.5)]), Some(1.0), "slower than one thread is all serial");
    }
}
