//! Merging with a heap, in O(n log n) whatever the merges are.
//!
//! The pairs that could merge are in a heap, the one that makes the lowest id on top, the leftmost
//! first among equals; the word is a linked list. Entries of the heap may be out of date: the ids at their place tell.
//! `README.md` in this folder proves it right.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No token has this id: there are at most `u32::MAX` of them.
const GONE: u32 = u32::MAX;

/// Merges some ids until no neighbours make a token. `made` tells what two neighbours make.
pub(super) fn merge(mut ids: Vec<u32>, made: impl Fn(u32, u32) -> Option<u32>) -> Vec<u32> {
    // `next[place]` is where the following token begins, `previous[place]` where the one before
    // does; `GONE` in `ids` marks a place that a merge has swallowed.
    let mut next: Vec<usize> = (1..=ids.len()).collect();
    let mut previous: Vec<Option<usize>> = (0..ids.len()).map(|i| i.checked_sub(1)).collect();
    let mut heap: BinaryHeap<Reverse<(u32, usize)>> = (1..ids.len())
        .filter_map(|right| Some(Reverse((made(ids[right - 1], ids[right])?, right - 1))))
        .collect();

    while let Some(Reverse((new, place))) = heap.pop() {
        let right = next[place];
        if right == ids.len() || ids[place] == GONE || made(ids[place], ids[right]) != Some(new) {
            continue;
        }
        ids[place] = new;
        ids[right] = GONE;
        next[place] = next[right];
        let after = next[place];
        if after < ids.len() {
            previous[after] = Some(place);
            if let Some(made) = made(new, ids[after]) {
                heap.push(Reverse((made, place)));
            }
        }
        if let Some(before) = previous[place]
            && let Some(made) = made(ids[before], new)
        {
            heap.push(Reverse((made, before)));
        }
    }
    ids.retain(|&id| id != GONE);
    ids
}
