//! Train on distinct words and how often each occurs: counts can be taken on many machines and added up.
//!
//! # The idea
//!
//! No merge crosses the end of a piece. So training need not see the text: its distinct pieces and their
//! counts say all of it, and a pair inside a word counts as often as the word. 4.1 million bytes of the
//! book are 14,176 words. And counts add up:
//!
//! ```text
//! machine 1   " the" 3   " cat" 1          " the" 5
//! machine 2   " the" 2   " dog" 1    ->    " cat" 1      the merges of all documents
//!                                          " dog" 1
//! ```
//!
//! # The laws
//!
//! 1. **Whole documents.** The counts of several documents are the sum of the counts of each. A document
//!    that is cut in two may not add up to itself: `"the cat"` cut after `"the c"` has the words `" c"`
//!    and `"at"`, and white space at the end of a part is cut as at the end of a text.
//! 2. **Nothing is left out.** To drop rare words before the sum is taken changes the merges: what is
//!    rare on each machine need not be rare in all.
//! 3. Then the merges are those of one machine, whatever the order of the documents and of the sums.
//!    [`train_words`] looks at counts and at pairs alone; ties go to the smaller pair, as in
//!    [`train`](super::train).
//!
//! # How it stays fast
//!
//! Each pair knows its count and the words that hold it or once did, so a merge visits these words alone.
//! A heap has the pairs by count; an entry may be too high, and is put back with the true count when it
//! comes to the top. It is never too low, since a count that grows enters the heap again.
//!
//! Overflow is excluded where counts come in: the bytes of all words, each as often as it occurs, are
//! counted in 64 bits, and no pair occurs more often than there are bytes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt;

use super::byte_level::Seed;
use super::{BYTES, Pair, Pattern};

/// How often each piece of some texts occurs.
///
/// ```
/// use rust_for_ai::bpe::{Pattern, WordCounts, train_words};
///
/// let mut counts = WordCounts::new(Pattern::Cl100k);
/// counts.add("hug hug pug")?;
/// let mut elsewhere = WordCounts::new(Pattern::Cl100k);
/// elsewhere.add("hug hug pug")?;
/// counts.merge(&elsewhere)?;
/// assert_eq!(counts.get(" hug"), 2);
/// assert_eq!(train_words(&counts, 258), [(117, 103), (104, 256)]); // ug six times, hug four times
/// # Ok::<(), rust_for_ai::bpe::CountsError>(())
/// ```
#[derive(Clone)]
pub struct WordCounts {
    pattern: Pattern,
    counts: HashMap<Box<str>, u64, Seed>,
    /// The bytes of all words, each as often as it occurs.
    bytes: u64,
}

/// Why counts cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountsError {
    /// The texts would have more bytes in all than 64 bits can count.
    TooMany,
    /// The other words were cut by another pattern.
    Pattern {
        /// The pattern of these words.
        expected: Pattern,
        /// That of the others.
        got: Pattern,
    },
}

impl fmt::Display for CountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => f.write_str("the counted texts have more than 2^64 bytes"),
            Self::Pattern { expected, got } => {
                write!(f, "expected words cut by the pattern {expected:?}, got {got:?}")
            }
        }
    }
}

impl std::error::Error for CountsError {}

impl WordCounts {
    /// No words yet; texts will be cut by this pattern.
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, counts: HashMap::with_hasher(Seed::new()), bytes: 0 }
    }

    /// The pattern that cuts the texts.
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// Counts the pieces of a document.
    ///
    /// # Errors
    ///
    /// [`CountsError::TooMany`], and nothing is counted.
    pub fn add(&mut self, document: &str) -> Result<(), CountsError> {
        self.bytes = self.sum(document.len() as u64)?;
        for piece in self.pattern.pieces(document) {
            match self.counts.get_mut(piece) {
                Some(count) => *count += 1,
                None => drop(self.counts.insert(piece.into(), 1)),
            }
        }
        Ok(())
    }

    /// Counts a word, whatever the pattern would make of it; for counts that were taken elsewhere. An
    /// empty word or none of it changes nothing.
    ///
    /// # Errors
    ///
    /// [`CountsError::TooMany`], and nothing is counted.
    pub fn add_word(&mut self, word: &str, count: u64) -> Result<(), CountsError> {
        if word.is_empty() || count == 0 {
            return Ok(());
        }
        let bytes = (word.len() as u64).checked_mul(count).ok_or(CountsError::TooMany)?;
        self.bytes = self.sum(bytes)?;
        match self.counts.get_mut(word) {
            Some(sum) => *sum += count,
            None => drop(self.counts.insert(word.into(), count)),
        }
        Ok(())
    }

    /// Adds what was counted elsewhere.
    ///
    /// # Errors
    ///
    /// Another pattern, or too many bytes; then nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), CountsError> {
        if self.pattern != other.pattern {
            let (expected, got) = (self.pattern, other.pattern);
            return Err(CountsError::Pattern { expected, got });
        }
        self.bytes = self.sum(other.bytes)?;
        for (word, count) in &other.counts {
            match self.counts.get_mut(word) {
                Some(sum) => *sum += count,
                None => drop(self.counts.insert(word.clone(), *count)),
            }
        }
        Ok(())
    }

    fn sum(&self, bytes: u64) -> Result<u64, CountsError> {
        self.bytes.checked_add(bytes).ok_or(CountsError::TooMany)
    }

    /// How often a word occurs.
    pub fn get(&self, word: &str) -> u64 {
        self.counts.get(word).copied().unwrap_or(0)
    }

    /// How many distinct words there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The words with their counts in the order of their bytes, so that the same counts are the same list.
    pub fn sorted(&self) -> Vec<(&str, u64)> {
        let mut words: Vec<_> = self.counts.iter().map(|(word, &count)| (&**word, count)).collect();
        words.sort_unstable();
        words
    }
}

impl PartialEq for WordCounts {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.counts == other.counts
    }
}

impl Eq for WordCounts {}

impl fmt::Debug for WordCounts {
    /// The sizes; the words of a library are no help in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordCounts")
            .field("pattern", &self.pattern)
            .field("words", &self.len())
            .finish_non_exhaustive()
    }
}

/// The merges that some words teach, the first learned first.
///
/// The rules are those of [`train`](super::train), in each word by itself: ids 0 to 255 are the bytes, the
/// k-th merge makes the id `256 + k`, each is the most frequent pair and among equals the smallest.
///
/// ```
/// use rust_for_ai::bpe::{Pattern, WordCounts, train_words};
/// let mut counts = WordCounts::new(Pattern::Gpt2);
/// counts.add("abcabc")?;
/// assert_eq!(train_words(&counts, 258), [(97, 98), (256, 99)]); // ab, then abc
/// # Ok::<(), rust_for_ai::bpe::CountsError>(())
/// ```
pub fn train_words(counts: &WordCounts, vocab_size: usize) -> Vec<Pair> {
    train_words_while(counts, vocab_size, &mut || true).unwrap_or_default()
}

/// As [`train_words`]; asks before each merge whether to go on, and gives `None` where it is not to.
pub fn train_words_while(
    counts: &WordCounts,
    vocab_size: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Vec<Pair>> {
    let wanted = vocab_size.saturating_sub(BYTES as usize).min((u32::MAX - BYTES) as usize);
    let mut words: Vec<(Vec<u32>, u64)> = counts
        .sorted()
        .into_iter()
        .filter(|(word, _)| word.len() > 1)
        .map(|(word, count)| (word.bytes().map(u32::from).collect(), count))
        .collect();
    let mut pairs: HashMap<Pair, Holders, Seed> = HashMap::with_hasher(Seed::new());
    for (index, (word, count)) in words.iter().enumerate() {
        for pair in word.windows(2) {
            pairs.entry((pair[0], pair[1])).or_default().add(*count, index);
        }
    }
    let mut heap: BinaryHeap<(u64, Reverse<Pair>)> =
        pairs.iter().map(|(&pair, holders)| (holders.count, Reverse(pair))).collect();

    let (mut merges, mut grown) = (Vec::new(), Vec::new());
    while merges.len() < wanted {
        if !go_on() {
            return None;
        }
        let Some((claimed, Reverse(pair))) = heap.pop() else { break };
        let Some(holders) = pairs.get_mut(&pair) else { continue };
        if holders.count != claimed {
            if 0 < holders.count && holders.count < claimed {
                heap.push((holders.count, Reverse(pair)));
            }
            continue;
        }
        let holders = pairs.remove(&pair).unwrap_or_default().words;
        let new = BYTES + merges.len() as u32;
        merges.push(pair);
        for index in holders {
            let (word, count) = &mut words[index];
            replace(word, pair, new, |pair, comes| {
                if comes {
                    pairs.entry(pair).or_default().add(*count, index);
                    grown.push(pair);
                } else if let Some(holders) = pairs.get_mut(&pair) {
                    holders.count -= *count;
                }
            });
        }
        grown.sort_unstable();
        grown.dedup();
        for pair in grown.drain(..) {
            if let Some(holders) = pairs.get(&pair).filter(|holders| holders.count > 0) {
                heap.push((holders.count, Reverse(pair)));
            }
        }
    }
    Some(merges)
}

/// What is known of a pair.
#[derive(Default)]
struct Holders {
    /// How often the pair stands in the words now.
    count: u64,
    /// The words that hold it or once did, ascending.
    words: Vec<usize>,
}

impl Holders {
    fn add(&mut self, count: u64, word: usize) {
        self.count += count;
        if self.words.last() != Some(&word) {
            self.words.push(word);
        }
    }
}

/// Replaces a pair by a new token, from the left, and tells which pairs beside it go and which come. The
/// pair itself is told of neither way, unless it goes as a neighbour: `aaa` holds `aa` twice.
fn replace(word: &mut Vec<u32>, pair: Pair, new: u32, mut change: impl FnMut(Pair, bool)) {
    let (mut read, mut written) = (0, 0);
    while read < word.len() {
        if read + 1 == word.len() || (word[read], word[read + 1]) != pair {
            word[written] = word[read];
            read += 1;
        } else {
            if let Some(&before) = word[..written].last() {
                change((before, pair.0), false);
                change((before, new), true);
            }
            if let Some(&after) = word.get(read + 2) {
                change((pair.1, after), false);
                change((new, after), true);
            }
            word[written] = new;
            read += 2;
        }
        written += 1;
    }
    word.truncate(written);
}
