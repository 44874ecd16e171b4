//! Rotary position embedding: a head's numbers are rotated in pairs, by an angle that grows with the
//! position.
//!
//! Pair `i` of a head with `d` rotated numbers turns by `position · base^(-2i/d)`. The dot product of a
//! rotated query and a rotated key then depends on how far apart the two stand, and on nothing else of
//! their positions. Source: Su and others, RoFormer (2021).
//!
//! In a GGUF of architecture `llama` the pairs are neighbours, `(2i, 2i + 1)`: the converter has
//! reordered the rows of the query and key matrices for it. (The original checkpoints on the hub pair
//! `i` with `i + d/2`.)
//!
//! Llama 3 stretches slow pairs to reach beyond the context that it was trained on. The file says so by
//! a tensor `rope_freqs.weight` with a divisor for each pair. Older files have one divisor for all
//! pairs, `rope.scaling.factor`.

/// The speed of each pair, in radians a position.
#[derive(Debug, Clone)]
pub(crate) struct Rope {
    speeds: Vec<f64>,
}

impl Rope {
    /// For `rotated` numbers of each head, an even count; `divisors` has one number a pair, or none.
    pub(crate) fn new(rotated: usize, base: f32, linear: f32, divisors: &[f32]) -> Self {
        let speeds = (0..rotated / 2).map(|i| {
            let speed = f64::from(base).powf(-2.0 * i as f64 / rotated as f64);
            speed / f64::from(linear) / divisors.get(i).map_or(1.0, |&by| f64::from(by))
        });
        Self { speeds: speeds.collect() }
    }

    /// The cosine and the sine of each pair at `position`, appended to `angles`.
    pub(crate) fn angles(&self, position: usize, angles: &mut Vec<(f32, f32)>) {
        // In f64: at position 100,000 an f32 angle is off by a hundredth of a radian.
        angles.extend(self.speeds.iter().map(|speed| {
            let (sin, cos) = (position as f64 * speed).sin_cos();
            (cos as f32, sin as f32)
        }));
    }

    /// Rotates each head of a row in place; numbers of a head beyond the rotated ones stay.
    pub(crate) fn rotate(row: &mut [f32], head: usize, angles: &[(f32, f32)]) {
        for head in row.chunks_exact_mut(head) {
            for (pair, &(cos, sin)) in head.chunks_exact_mut(2).zip(angles) {
                let (a, b) = (pair[0], pair[1]);
                pair[0] = a * cos - b * sin;
                pair[1] = a * sin + b * cos;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What makes it a *relative* position embedding.
    #[test]
    fn a_dot_product_depends_on_the_distance_alone() {
        let rope = Rope::new(8, 10_000.0, 1.0, &[]);
        let query = [0.3, -1.0, 2.0, 0.5, 0.25, 1.5, -0.75, 1.0, 9.0, 9.0];
        let key = [1.0, 0.5, -0.5, 2.0, 1.0, 1.0, 0.125, -2.0, 1.0, -1.0];
        let at = |row: &[f32], position| {
            let (mut row, mut angles) = (row.to_vec(), Vec::new());
            rope.angles(position, &mut angles);
            Rope::rotate(&mut row, 10, &angles);
            row
        };
        let dot = |p, q| at(&query, p).iter().zip(at(&key, q)).map(|(a, b)| a * b).sum::<f32>();
        for (p, q) in [(5, 2), (100, 97), (90_003, 90_000)] {
            assert!((dot(p, q) - dot(3, 0)).abs() < 1e-4, "{p} {q}");
        }
        assert!((dot(5, 2) - dot(5, 3)).abs() > 0.1);
        assert_eq!(&at(&query, 7)[8..], &query[8..], "numbers beyond the rotated ones stay");
    }

    #[test]
    fn divisors_slow_a_pair_down() {
        let mut angles = Vec::new();
        Rope::new(4, 10_000.0, 2.0, &[1.0, 8.0]).angles(16, &mut angles);
        let expected = [8.0_f32, 16.0 / 100.0 / 16.0].map(|angle| (angle.cos(), angle.sin()));
        for (angle, expected) in angles.iter().zip(expected) {
            assert!((angle.0 - expected.0).abs() < 1e-6 && (angle.1 - expected.1).abs() < 1e-6);
        }
    }
}
