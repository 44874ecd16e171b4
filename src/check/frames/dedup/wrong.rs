//! What an answer with one flaw does otherwise.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::{Answer, Signature};
use crate::check::Wrong;
use crate::frames::{Similar, hash};

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    Greatest,
    OneSeed,
    Bytes,
    Case,
    Short,
    Words,
    ExactOnly,
    KeepsLast,
    AllPairs,
    Unverified,
    OneBand,
    AsksEqual,
    AsksLower,
    MoreThan,
    Clusters,
    Eager,
    FiltersPass,
    ColumnsPass,
    Expression,
}

impl Answer for Flaw {
    fn signature(&self, text: &str) -> Signature {
        let text = if *self == Self::Case { text.to_owned() } else { text.to_lowercase() };
        let characters: Vec<char> = text.chars().collect();
        let length = if *self == Self::Short { 5 } else { characters.len().clamp(1, 5) };
        let shingles: Vec<Vec<u8>> = match self {
            Self::Bytes => {
                let length = text.len().clamp(1, 5);
                text.as_bytes().windows(length).map(<[u8]>::to_vec).collect()
            }
            Self::Words => text.split_whitespace().map(|word| word.as_bytes().to_vec()).collect(),
            _ => characters
                .windows(length)
                .map(|shingle| shingle.iter().collect::<String>().into_bytes())
                .collect(),
        };
        std::array::from_fn(|seed| {
            let seed = if *self == Self::OneSeed { 0 } else { seed as u64 };
            let hashes = shingles.iter().map(|shingle| hash(seed, shingle));
            let one = if *self == Self::Greatest { hashes.max() } else { hashes.min() };
            one.unwrap_or(u64::MAX)
        })
    }

    fn dedup(&self, rows: LazyFrame, similar: Similar, threshold: f64) -> LazyFrame {
        let flaw = *self;
        let every = AllowedOptimizations::default();
        let allowed = match flaw {
            Self::FiltersPass => every & !AllowedOptimizations::PROJECTION_PUSHDOWN,
            Self::ColumnsPass => every & !AllowedOptimizations::PREDICATE_PUSHDOWN,
            _ => AllowedOptimizations::empty(),
        };
        if flaw == Self::Expression {
            let mask = move |texts: Column| {
                let stays = stays(flaw, texts.str()?, &similar, threshold);
                Ok(BooleanChunked::from_slice(texts.name().clone(), &stays).into_column())
            };
            let kind =
                |_: &Schema, text: &Field| Ok(Field::new(text.name().clone(), DataType::Boolean));
            return rows.filter(col("text").map(mask, kind));
        }
        let leave_out = move |rows: DataFrame| {
            let stays = stays(flaw, rows.column("text")?.str()?, &similar, threshold);
            rows.filter(&BooleanChunked::from_slice("stays".into(), &stays))
        };
        let rows = rows.map(leave_out, allowed, None, None);
        if flaw == Self::Eager { rows.collect().unwrap_or_default().lazy() } else { rows }
    }
}

fn stays(flaw: Flaw, texts: &StringChunked, similar: &Similar, threshold: f64) -> Vec<bool> {
    let is = |other| flaw == other;
    let texts: Vec<&str> = texts.iter().map(Option::unwrap_or_default).collect();
    let order: Vec<usize> = match flaw {
        Flaw::KeepsLast => (0..texts.len()).rev().collect(),
        _ => (0..texts.len()).collect(),
    };
    let mut stays = vec![false; texts.len()];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut others: Vec<&str> = Vec::new();
    let mut buckets: BTreeMap<(usize, Vec<u64>), Vec<&str>> = BTreeMap::new();
    for at in order {
        let text = texts[at];
        if !seen.insert(text) && !is(Flaw::AsksEqual) {
            continue;
        }
        let signature = flaw.signature(text);
        let bands = || {
            let width = if is(Flaw::OneBand) { 64 } else { 4 };
            signature.chunks(width).map(<[u64]>::to_vec).enumerate()
        };
        let near: BTreeSet<&str> = match flaw {
            Flaw::ExactOnly => BTreeSet::new(),
            Flaw::AllPairs => others.iter().copied().collect(),
            _ => bands().filter_map(|band| buckets.get(&band)).flatten().copied().collect(),
        };
        let twin = |other: &&str| match flaw {
            Flaw::Unverified => true,
            Flaw::AsksLower => similar(&other.to_lowercase(), &text.to_lowercase()) >= threshold,
            Flaw::MoreThan => similar(other, text) > threshold,
            _ => similar(other, text) >= threshold,
        };
        stays[at] = !near.iter().any(twin);
        if stays[at] || is(Flaw::Clusters) {
            others.push(text);
            bands().for_each(|band| buckets.entry(band).or_default().push(text));
        }
    }
    stays
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong { id: $id, belief: $belief, answer: &Flaw::$flaw }),*]
    };
}

pub(super) const WRONG: &[Wrong<dyn Answer>] = wrong![
    "greatest", Greatest, "you took the greatest hash; it is as good as the least, but the stage fixes the least";
    "one_seed", OneSeed, "you used one seed for all; so all 64 numbers are one, and tell no more than one";
    "bytes", Bytes, "you cut bytes; five bytes are not two characters of Korean";
    "case", Case, "you left capital letters as they are; so a text and its copy in capitals have nothing in common";
    "short", Short, "you found no shingle in a text of fewer than five characters; it is one shingle itself";
    "words", Words, "you took words for shingles; a script without spaces then has one";
    "exact_only", ExactOnly, "you left out equal texts alone; a near one goes, too";
    "keeps_last", KeepsLast, "you kept the last of each group; the first one stays";
    "all_pairs", AllPairs, "right, and too much work: you compared each text with each one before, such as 10,000 for the last of \
        10,001. Ask about those that share a band";
    "unverified", Unverified, "you took an equal band for an answer; it is a reason to ask `similar`";
    "one_band", OneBand, "you compared whole signatures; one number of 64 that differs then hides a pair. Cut them into bands";
    "asks_equal", AsksEqual, "you asked `similar` about equal texts; a `HashSet` of texts knows them for nothing";
    "asks_lower", AsksLower, "you asked `similar` about texts in lower case; it takes them as they stand in the rows";
    "more_than", MoreThan, "you asked for more than the threshold; the threshold itself is enough";
    "clusters", Clusters, "you compared with rows that are gone, too; so a chain of small changes eats texts that are far apart";
    "eager", Eager, "you carried the plan out; give back a plan";
    "filters_pass", FiltersPass, "you let filters pass below your function; then the first of two is another one. \
        `AllowedOptimizations::empty()`";
    "columns_pass", ColumnsPass, "you let the choice of columns pass below your function; then `text` is gone when it comes to it. \
        `AllowedOptimizations::empty()`";
    "expression", Expression, "you filtered by `Expr::map`, which promises that each row is judged by itself; so it is taken down \
        into each part of the rows, and to each thread. A function of a whole frame is `LazyFrame::map`";
];
