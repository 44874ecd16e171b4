//! Right answers in another style than the reference pass, too: counted work must not ask for one kind
//! of map or one kind of queue.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use rust_for_ai::check::real_tokenizers as check;
use rust_for_ai::check::work::{Merges, Symbol};
use rust_for_ai::check::{State, Verdict};

type Words = [(Vec<Symbol>, u64)];
type Pair = (Symbol, Symbol);

fn passes(verdict: &Verdict) {
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

/// Replaces a pair by its new symbol, from the left.
fn replace(word: &mut Vec<Symbol>, pair: Pair, new: Symbol) {
    let mut at = 0;
    while at + 1 < word.len() {
        if (word[at], word[at + 1]) == pair {
            word.splice(at..at + 2, [new]);
        }
        at += 1;
    }
}

fn new_symbol(merges: &[Pair]) -> Symbol {
    Symbol::new(256 + u32::try_from(merges.len()).expect("few merges"))
}

/// Word counts in an ordered map, which compares where a hash map hashes.
fn train_in_an_ordered_map(words: &Words, vocab_size: usize) -> Vec<Pair> {
    let mut words = words.to_vec();
    let mut merges = Vec::new();
    while merges.len() + 256 < vocab_size {
        let mut counts: BTreeMap<Pair, u64> = BTreeMap::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_insert(0) += count;
            }
        }
        let best = counts.into_iter().max_by_key(|&(pair, count)| (count, Reverse(pair)));
        let Some((pair, _)) = best else { break };
        words.iter_mut().for_each(|(word, _)| replace(word, pair, new_symbol(&merges)));
        merges.push(pair);
    }
    merges
}

/// As the second hint says: all pairs of a word out, and in again; ordered maps.
fn train_by_whole_words(words: &Words, vocab_size: usize) -> Vec<Pair> {
    let mut words = words.to_vec();
    let mut counts: BTreeMap<Pair, u64> = BTreeMap::new();
    let mut holders: BTreeMap<Pair, BTreeSet<usize>> = BTreeMap::new();
    for (index, (word, count)) in words.iter().enumerate() {
        for pair in word.windows(2) {
            *counts.entry((pair[0], pair[1])).or_insert(0) += count;
            holders.entry((pair[0], pair[1])).or_default().insert(index);
        }
    }
    let mut heap: BinaryHeap<(u64, Reverse<Pair>)> =
        counts.iter().map(|(&pair, &count)| (count, Reverse(pair))).collect();
    let mut merges = Vec::new();
    while merges.len() + 256 < vocab_size {
        let Some((count, Reverse(pair))) = heap.pop() else { break };
        let truth = counts.get(&pair).copied().unwrap_or(0);
        if truth != count || truth == 0 {
            heap.extend((0 < truth && truth < count).then_some((truth, Reverse(pair))));
            continue;
        }
        let new = new_symbol(&merges);
        merges.push(pair);
        let mut grown = BTreeSet::new();
        for index in holders.remove(&pair).unwrap_or_default() {
            let (word, count) = &mut words[index];
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_insert(0) -= *count;
            }
            replace(word, pair, new);
            for pair in word.windows(2) {
                let pair = (pair[0], pair[1]);
                *counts.entry(pair).or_insert(0) += *count;
                if pair.0 == new || pair.1 == new {
                    holders.entry(pair).or_default().insert(index);
                    grown.insert(pair);
                }
            }
        }
        heap.extend(grown.into_iter().map(|pair| (counts[&pair], Reverse(pair))));
    }
    merges
}

/// An ordered set in the place of the heap, from which entries that are out of date are removed.
fn encode_with_a_set(word: &[Symbol], merges: &Merges) -> Vec<Symbol> {
    let mut parts: BTreeMap<usize, Symbol> = word.iter().copied().enumerate().collect();
    let makes = |parts: &BTreeMap<usize, Symbol>, place: usize| {
        let mut here = parts.range(place..);
        merges.get(*here.next()?.1, *here.next()?.1)
    };
    let mut queue: BTreeSet<(Symbol, usize)> =
        (0..word.len()).filter_map(|place| Some((makes(&parts, place)?, place))).collect();
    while let Some((new, place)) = queue.pop_first() {
        let before = parts.range(..place).next_back().map(|(&before, _)| before);
        let next = parts.range(place + 1..).next().map(|(&next, _)| next);
        for place in before.into_iter().chain(next) {
            if let Some(old) = makes(&parts, place) {
                queue.remove(&(old, place));
            }
        }
        next.and_then(|next| parts.remove(&next));
        parts.insert(place, new);
        for place in before.into_iter().chain([place]) {
            queue.extend(makes(&parts, place).map(|made| (made, place)));
        }
    }
    parts.into_values().collect()
}

/// The heap of `encode_fast` on ranks: it asks for the rank again before it merges.
fn encode_ranks_with_a_heap(piece: &[u8], rank: &dyn Fn(&[u8]) -> Option<u32>) -> Vec<u32> {
    let mut ends: BTreeMap<usize, usize> = (0..piece.len()).map(|at| (at, at + 1)).collect();
    let makes = |ends: &BTreeMap<usize, usize>, at: usize| {
        let &end = ends.get(ends.get(&at)?)?;
        Some((rank(&piece[at..end])?, at, end))
    };
    let mut heap: BinaryHeap<_> =
        (0..piece.len()).filter_map(|at| makes(&ends, at)).map(Reverse).collect();
    while let Some(Reverse(entry)) = heap.pop() {
        let (_, at, end) = entry;
        if makes(&ends, at) != Some(entry) {
            continue;
        }
        let middle = ends.insert(at, end).expect("the part is there");
        ends.remove(&middle);
        let before = ends.range(..at).next_back().map(|(&before, _)| before);
        heap.extend(before.into_iter().chain([at]).filter_map(|at| makes(&ends, at)).map(Reverse));
    }
    ends.iter().filter_map(|(&at, &end)| rank(&piece[at..end])).collect()
}

#[test]
fn ordered_maps_pass_the_training_stages() {
    passes(&check::train_word_counts(train_in_an_ordered_map));
    passes(&check::train_incremental(train_by_whole_words));
}

#[test]
fn another_queue_passes_the_encoding_stages() {
    passes(&check::encode_fast(encode_with_a_set));
    passes(&check::repair_quadratic(encode_ranks_with_a_heap));
}
