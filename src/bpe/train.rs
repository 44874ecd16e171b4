//! Learn merges from a text in O(n log n): counts are kept up to date instead of recounted.
//!
//! The text is a doubly linked list over an array, so that a merge unlinks one element without
//! moving the others. Each pair knows its count and the places where it once began. A merge visits
//! only those places; each visit changes the counts of at most four pairs. A heap of `(count, pair)`
//! gives the best pair; an entry may be out of date, so the top is compared with the true count and
//! put back if it was too high. No entry is ever too low: a count that grows pushes a new entry.
//!
//! Places are kept and visited in text order, which is what makes `aaa` merge to `(aa) a`. A place is skipped
//! if the pair no longer begins there, which happens when a neighbour was merged meanwhile.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::{BYTES, Pair};

/// The merges that a text teaches, the first learned first.
///
/// Ids 0 to 255 are the bytes, the k-th merge makes the id `256 + k`, so the result has at most
/// `vocab_size - 256` merges; fewer if the text is merged into a single token before. Each merge is
/// the most frequent adjacent pair, and among equals the smallest.
///
/// ```
/// use rust_for_ai::bpe::train;
/// assert_eq!(train("abcabc", 258), [(97, 98), (256, 99)]); // ab, then abc
/// assert_eq!(train("abcabc", 100), []);
/// ```
pub fn train(text: &str, vocab_size: usize) -> Vec<Pair> {
    let wanted = vocab_size.saturating_sub(BYTES as usize);
    let mut list = List::new(text.bytes().map(u32::from));
    let mut pairs: HashMap<Pair, Places> = HashMap::new();
    for place in 0..list.ids.len().saturating_sub(1) {
        pairs.entry((list.ids[place], list.ids[place + 1])).or_default().add(place);
    }
    let mut heap: BinaryHeap<(usize, Reverse<Pair>)> =
        pairs.iter().map(|(&pair, places)| (places.count, Reverse(pair))).collect();

    let mut merges = Vec::new();
    while merges.len() < wanted {
        let Some((claimed, Reverse(pair))) = heap.pop() else { break };
        let count = pairs.get(&pair).map_or(0, |places| places.count);
        if count != claimed {
            if 0 < count && count < claimed {
                heap.push((count, Reverse(pair)));
            }
            continue;
        }
        let Ok(new) = u32::try_from(BYTES as usize + merges.len()) else { break };
        merges.push(pair);
        let mut grown: Vec<Pair> = Vec::new();
        for place in pairs.remove(&pair).unwrap_or_default().begins {
            let Some(right) = list.next(place) else { continue };
            if (list.ids[place], list.ids[right]) != pair {
                continue;
            }
            let (before, after) = (list.previous(place), list.next(right));
            if let Some(before) = before {
                let left = list.ids[before];
                if let Some(places) = pairs.get_mut(&(left, pair.0)) {
                    places.count -= 1;
                }
                pairs.entry((left, new)).or_default().add(before);
                grown.push((left, new));
            }
            if let Some(after) = after {
                let next = list.ids[after];
                if let Some(places) = pairs.get_mut(&(pair.1, next)) {
                    places.count -= 1;
                }
                pairs.entry((new, next)).or_default().add(place);
                grown.push((new, next));
            }
            list.ids[place] = new;
            list.unlink(right);
        }
        grown.sort_unstable();
        grown.dedup();
        for pair in grown {
            if let Some(places) = pairs.get(&pair).filter(|places| places.count > 0) {
                heap.push((places.count, Reverse(pair)));
            }
        }
    }
    merges
}

/// A pair's count, and every place where it has ever begun.
#[derive(Default)]
struct Places {
    /// How often the pair stands in the text now.
    count: usize,
    /// Indices into the list, in text order, since all of them are found in one walk over the text:
    /// the first one, or that of the merge that made the pair's larger id. Some no longer hold the pair.
    begins: Vec<usize>,
}

impl Places {
    fn add(&mut self, place: usize) {
        self.count += 1;
        self.begins.push(place);
    }
}

/// The text as a linked list over arrays; `NONE` ends it on both sides.
struct List {
    ids: Vec<u32>,
    next: Vec<usize>,
    previous: Vec<usize>,
}

const NONE: usize = usize::MAX;
/// Marks an element that a merge has swallowed.
const GONE: u32 = u32::MAX;

impl List {
    fn new(ids: impl Iterator<Item = u32>) -> Self {
        let ids: Vec<u32> = ids.collect();
        let next = (1..ids.len()).chain([NONE]).take(ids.len()).collect();
        let previous = [NONE].into_iter().chain(0..ids.len()).take(ids.len()).collect();
        Self { ids, next, previous }
    }

    fn next(&self, place: usize) -> Option<usize> {
        Some(self.next[place]).filter(|&next| next != NONE)
    }

    fn previous(&self, place: usize) -> Option<usize> {
        Some(self.previous[place]).filter(|&previous| previous != NONE)
    }

    fn unlink(&mut self, place: usize) {
        let (previous, next) = (self.previous[place], self.next[place]);
        if previous != NONE {
            self.next[previous] = next;
        }
        if next != NONE {
            self.previous[next] = previous;
        }
        self.ids[place] = GONE;
        self.next[place] = NONE;
    }
}
