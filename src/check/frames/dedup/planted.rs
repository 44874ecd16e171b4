//! A real corpus with duplicates planted in it.

use std::fmt;

use crate::check::frames::declaration::declaration;

/// Languages that share no sentence, and no two of whose articles are near to each other (0.38 at the most).
const LANGUAGES: [&str; 4] = ["eng", "deu", "kor", "nan"];

/// Texts, and how many of them are originals; those behind are copies.
pub(super) struct Planted {
    pub(super) texts: Vec<String>,
    originals: usize,
}

impl Planted {
    /// The Declaration in four languages; of each fourth article a copy, of each fourth one in capital letters, and of
    /// each fourth one with another word in its middle.
    pub(super) fn new() -> Self {
        let rows = declaration().into_iter().filter(|row| LANGUAGES.contains(&row.language));
        let originals: Vec<(u32, &str)> =
            rows.filter_map(|row| Some((row.article, row.text?))).collect();
        let copies = originals.iter().filter_map(|&(article, text)| match article % 4 {
            0 => Some(text.to_owned()),
            1 => Some(text.to_uppercase()),
            2 => with_another_word(text),
            _ => None,
        });
        let texts: Vec<String> =
            originals.iter().map(|(_, text)| (*text).to_owned()).chain(copies).collect();
        Self { texts, originals: originals.len() }
    }

    /// Of an answer that keeps these rows: which share of what it left out was planted, and which share of what was
    /// planted it left out.
    pub(super) fn precision_and_recall(&self, kept: impl Iterator<Item = usize>) -> (f64, f64) {
        let mut gone = vec![true; self.texts.len()];
        for row in kept {
            if let Some(gone) = gone.get_mut(row) {
                *gone = false;
            }
        }
        let count = |gone: &[bool]| gone.iter().filter(|gone| **gone).count() as f64;
        let (all, right) = (count(&gone), count(&gone[self.originals..]));
        let planted = (self.texts.len() - self.originals) as f64;
        (if all == 0.0 { 1.0 } else { right / all }, right / planted)
    }
}

/// A text of some length with the word in its middle replaced.
fn with_another_word(text: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split(' ').collect();
    let middle = words.len() / 2;
    if text.chars().count() < 250 || words.len() < 20 {
        return None;
    }
    words[middle] = "*****";
    Some(words.join(" "))
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (originals, copies) = (self.originals, self.texts.len() - self.originals);
        write!(f, "{originals} articles in {LANGUAGES:?}, and behind them {copies} planted copies")
    }
}
