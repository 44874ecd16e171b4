//! A measure of likeness that writes down what it is asked.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::frames::Similar;

/// The shingles of a text in lower case, one after the other.
pub(super) fn shingles(lower: &[char]) -> Vec<String> {
    match lower.len() {
        0 => Vec::new(),
        1..5 => vec![lower.iter().collect()],
        length => (0..length - 4).map(|at| lower[at..at + 5].iter().collect()).collect(),
    }
}

/// A pair that was asked about, by the places where the two texts stand first; and the answer.
type Asked = (usize, usize, f64);

/// The place of a text that stands in no row.
const NOWHERE: usize = usize::MAX;

/// The measure, for some texts.
pub(super) struct Scale {
    /// Where each text stands first.
    places: Vec<usize>,
    texts: Arc<HashMap<String, (usize, BTreeSet<String>)>>,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Scale {
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut known = HashMap::new();
        let place = |(at, text): (usize, &&str)| {
            let entry = known.entry((*text).to_owned()).or_insert_with(|| {
                let lower: Vec<char> = text.to_lowercase().chars().collect();
                (at, shingles(&lower).into_iter().collect())
            });
            entry.0
        };
        let places = texts.iter().enumerate().map(place).collect();
        Self { places, texts: Arc::new(known), log: Arc::default() }
    }

    /// The measure for an answer.
    pub(super) fn similar(&self) -> Similar {
        let (texts, log) = (Arc::clone(&self.texts), Arc::clone(&self.log));
        Arc::new(move |a, b| {
            // A text that is none of the rows' is like nothing.
            let (x, y, similarity) = match (texts.get(a), texts.get(b)) {
                (Some((x, a)), Some((y, b))) => (*x, *y, jaccard(a, b)),
                _ => (NOWHERE, 0, 0.0),
            };
            if let Ok(mut log) = log.lock() {
                log.push((x, y, similarity));
            }
            similarity
        })
    }

    /// The measure for the check, of which nothing is written down.
    pub(super) fn similarity(&self, a: &str, b: &str) -> f64 {
        match (self.texts.get(a), self.texts.get(b)) {
            (Some((_, a)), Some((_, b))) => jaccard(a, b),
            _ => 0.0,
        }
    }

    /// How many pairs were asked about.
    pub(super) fn count(&self) -> usize {
        self.log.lock().map_or(0, |log| log.len())
    }

    /// Whether the right pairs were asked about, when these rows stay. With a threshold, each row that is gone has to
    /// be proven.
    pub(super) fn compared(&self, stays: &[usize], proof: Option<f64>) -> Compared {
        let Ok(log) = self.log.lock() else { return Compared::TooMany };
        if log.iter().any(|(x, _, _)| *x == NOWHERE) {
            return Compared::Changed;
        }
        if log.iter().any(|(x, y, _)| x == y) {
            return Compared::Equal;
        }
        if log.len() > 10 * self.places.len() {
            return Compared::TooMany;
        }
        let stays: BTreeSet<usize> = stays.iter().copied().collect();
        let proven = |at: usize, threshold: f64| {
            let first = self.places[at];
            first != at
                || stays.contains(&at)
                || log.iter().any(|&(x, y, similarity)| {
                    (x == first || y == first) && similarity >= threshold
                })
        };
        match proof {
            Some(threshold) if !(0..self.places.len()).all(|at| proven(at, threshold)) => {
                Compared::Unproven
            }
            _ => Compared::Fine,
        }
    }
}

/// The share of shingles that both have.
fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let both = a.intersection(b).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 1.0 } else { both as f64 / all as f64 }
}

/// What was asked of the measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Compared {
    Fine,
    BeforeCollect,
    Changed,
    Equal,
    TooMany,
    Unproven,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "`similar` was asked about few pairs of different texts, and decided",
            Self::BeforeCollect => "`similar` was asked before `collect`",
            Self::Changed => "`similar` was asked about a text that stands in no row",
            Self::Equal => "`similar` was asked about two equal texts",
            Self::TooMany => "`similar` was asked about more than ten pairs for each row",
            Self::Unproven => {
                "a row was left out that is equal to none, and `similar` did not say that it is near to one"
            }
        })
    }
}
