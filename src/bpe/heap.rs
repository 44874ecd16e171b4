//! Merging with a heap, in O(n log n) whatever the merges are.
//!
//! The pairs that could merge are in a heap, the one of the lowest priority on top, the leftmost first
//! among equals; the word is a linked list over its places, which do not move. Entries of the heap may be out
//! of date: the ids at their place tell. `README.md` in this folder proves it right.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Stands at a place that a merge has swallowed. No token has this id.
pub(super) const GONE: u32 = u32::MAX;

/// Merges ids in place until no neighbours make a token. `made` tells what two neighbours make, and its
/// priority: the lowest goes first. The new token stands at the left place, [`GONE`] at the right one.
pub(super) fn merge<P: Ord>(ids: &mut [u32], made: impl Fn(u32, u32) -> Option<(P, u32)>) {
    // Where the following token begins, and where the one before does.
    let mut next: Vec<usize> = (1..=ids.len()).collect();
    let mut previous: Vec<Option<usize>> = (0..ids.len()).map(|i| i.checked_sub(1)).collect();
    let entry = |ids: &[u32], left: usize, right: usize| {
        let (priority, new) = made(ids[left], ids[right])?;
        Some(Reverse((priority, left, new)))
    };
    let mut heap: BinaryHeap<Reverse<(P, usize, u32)>> =
        (1..ids.len()).filter_map(|right| entry(ids, right - 1, right)).collect();

    while let Some(Reverse((_, place, new))) = heap.pop() {
        let right = next[place];
        if right == ids.len() || ids[place] == GONE {
            continue;
        }
        if made(ids[place], ids[right]).is_none_or(|(_, now)| now != new) {
            continue;
        }
        ids[place] = new;
        ids[right] = GONE;
        next[place] = next[right];
        let after = next[place];
        if after < ids.len() {
            previous[after] = Some(place);
            heap.extend(entry(ids, place, after));
        }
        if let Some(before) = previous[place] {
            heap.extend(entry(ids, before, place));
        }
    }
}
