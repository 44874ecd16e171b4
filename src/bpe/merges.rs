//! Which pairs of tokens merge, and the merging of short words.
//!
//! # The law
//!
//! Two neighbours merge if their joined bytes are a token, the token of the lowest rank first, the
//! leftmost on ties. So every way to cut a token in two is a pair that merges: `the` is `t` + `he` and
//! `th` + `e`. But of these pairs **at most one ever stands in a text**:
//!
//! > Say the neighbours `c` and `d` join to the token `t`. No merge has crossed an end of theirs, so all
//! > merges within these bytes were those that `t` alone would have had, in the same order: at each
//! > step the lowest and leftmost pair of the whole text, if it lies within, is the lowest and leftmost
//! > within. So `t` alone comes down to `c` `d`, too. And the word `t` has only one state of two parts.
//!
//! So each token needs one pair: the last two parts when the token's own bytes are merged. Or none: if
//! its bytes never come down to two parts, then no text has it, except as a whole piece. For cl100k these
//! are at most 100,000 pairs and not the 233,378 ways to cut; the table takes 2 MiB and stays in the
//! processor's cache. `tests/differential.rs` compares with an encoder that joins bytes and knows no pairs.
//!
//! The pairs are found by length, the shortest tokens first: to merge a token's bytes takes only
//! tokens that are shorter.
//!
//! # The structure
//!
//! A pair and what it makes are three ids of 21 bits in one `u64`, in a flat table with open addressing
//! that is at least half empty. A pair of bytes, with which each word begins, is looked up in a grid of
//! 256 times 256 instead.
//!
//! A word of up to [`FEW`] bytes is merged in place. `made[i]` is the id that the part at `i` and its
//! neighbour would make, and below it, in the lowest six bits, `i`: so the smallest of these numbers is
//! the lowest and leftmost pair, and the compiler finds it without a branch, four numbers at once. The
//! places that still have a part are the bits of a `u64`: a neighbour is a count of zeros away, and
//! nothing is moved. That is quadratic, and the fastest there is for ten bytes. [`long`](super::long) has
//! the rest.
//!
//! Tried and dropped: closing the gap after each merge. Moving a few numbers costs a call of `memmove`.

use super::long::Long;

/// No token: larger than each id.
pub(super) const NONE: u32 = u32::MAX;

/// How many bits an id takes in the table.
const BITS: u32 = 21;

/// Ids are below this. The largest vocabularies in use have 260,000.
pub(super) const MOST: u32 = (1 << BITS) - 1;

/// The longest word that is merged in place, in bytes.
pub(super) const FEW: usize = 48;

/// An empty slot. No pair looks so: ids are below [`MOST`].
const EMPTY: u64 = u64::MAX;

/// The pairs that merge.
pub(super) struct Pairs {
    /// The ids of the 256 bytes.
    bytes: [u32; 256],
    /// What two bytes make, at `256 * left + right`; [`NONE`] if they stay apart.
    grid: Vec<u32>,
    /// `left << 42 | right << 21 | made`; the length is a power of two.
    slots: Vec<u64>,
}

impl Pairs {
    /// The pairs of all tokens: their bytes and ids, in any order, each byte among them.
    pub(super) fn new(tokens: &mut [(&[u8], u32)]) -> Self {
        let slots = vec![EMPTY; (2 * tokens.len()).next_power_of_two()];
        let mut this = Self { bytes: [NONE; 256], grid: vec![NONE; 256 * 256], slots };
        tokens.sort_by_key(|(token, _)| token.len());
        let (mut long, mut parts) = (Long::default(), Vec::new());
        for &(token, id) in &*tokens {
            match *token {
                [] => {}
                [byte] => this.bytes[byte as usize] = id,
                [left, right] => {
                    this.grid[256 * left as usize + right as usize] = id;
                    this.insert(this.bytes[left as usize], this.bytes[right as usize], id);
                }
                _ => {
                    parts.clear();
                    this.merge(token, &mut long, &mut parts);
                    if let [left, right] = parts[..] {
                        this.insert(left, right, id);
                    }
                }
            }
        }
        this
    }

    fn insert(&mut self, left: u32, right: u32, made: u32) {
        let pair = pair(left, right);
        let mut place = self.place(pair);
        while self.slots[place] != EMPTY {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = pair << BITS | u64::from(made);
    }

    /// The id of what two tokens make, or [`NONE`].
    #[inline(always)]
    pub(super) fn made(&self, left: u32, right: u32) -> u32 {
        let pair = pair(left, right);
        let mut place = self.place(pair);
        loop {
            let slot = self.slots[place];
            if slot >> BITS == pair {
                return slot as u32 & MOST;
            }
            if slot == EMPTY {
                return NONE;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// What two bytes make, or [`NONE`].
    #[inline(always)]
    pub(super) fn made_of_bytes(&self, left: u8, right: u8) -> u32 {
        self.grid[256 * left as usize + right as usize]
    }

    /// The id of a byte.
    #[inline(always)]
    pub(super) fn byte(&self, byte: u8) -> u32 {
        self.bytes[byte as usize]
    }

    /// Adds the ids of a word, which is not looked up as a whole.
    pub(super) fn merge(&self, word: &[u8], long: &mut Long, ids: &mut Vec<u32>) {
        if word.len() <= FEW {
            ids.extend(self.merge_few::<FEW>(word));
        } else {
            long.merge(self, word, ids);
        }
    }

    /// Merges a word of up to `WIDTH` bytes, at most [`FEW`], and gives its ids.
    #[inline(always)]
    pub(super) fn merge_few<const WIDTH: usize>(&self, word: &[u8]) -> Few<WIDTH> {
        let (mut parts, mut made) = ([0; WIDTH], [u32::MAX; WIDTH]);
        for (part, &byte) in parts.iter_mut().zip(word) {
            *part = self.byte(byte);
        }
        for (place, (slot, two)) in (0..).zip(made.iter_mut().zip(word.windows(2))) {
            *slot = keyed(self.made_of_bytes(two[0], two[1]), place);
        }
        let mut there = u64::MAX >> (64 - word.len());
        loop {
            let least = made.iter().fold(u32::MAX, |least, &key| least.min(key));
            if least == u32::MAX {
                return Few { parts, there };
            }
            let (token, place) = (least >> PLACE_BITS, least % (1 << PLACE_BITS));
            let here = place as usize % WIDTH;
            // The parts to the right of this one; the first of them goes.
            let behind = there & (u64::MAX << place << 1);
            let right = behind.trailing_zeros() as usize % WIDTH;
            let behind = behind & behind.wrapping_sub(1);
            there &= !(1 << right);
            parts[here] = token;
            made[right] = u32::MAX;
            made[here] = u32::MAX;
            if behind != 0 {
                let after = behind.trailing_zeros() as usize % WIDTH;
                made[here] = keyed(self.made(token, parts[after]), place);
            }
            let before = there & ((1 << place) - 1);
            if before != 0 {
                let before = 63 - before.leading_zeros();
                let left = parts[before as usize % WIDTH];
                made[before as usize % WIDTH] = keyed(self.made(left, token), before);
            }
        }
    }

    #[inline(always)]
    fn place(&self, pair: u64) -> usize {
        // The high bits of a product depend on all bits of the pair.
        let spread = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (spread >> (64 - self.slots.len().trailing_zeros())) as usize
    }
}

/// How many bits a place in a short word takes.
const PLACE_BITS: u32 = 6;

/// A token and the place where it could be made, such that the smallest is the one to make. What is
/// no token stays the largest.
#[inline(always)]
fn keyed(token: u32, place: u32) -> u32 {
    if token == NONE { u32::MAX } else { token << PLACE_BITS | place }
}

/// The ids of a short word.
#[derive(Clone)]
pub(super) struct Few<const WIDTH: usize> {
    parts: [u32; WIDTH],
    /// The places that have a part, the lowest bit first.
    there: u64,
}

impl<const WIDTH: usize> Iterator for Few<WIDTH> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        if self.there == 0 {
            return None;
        }
        let place = self.there.trailing_zeros() as usize;
        self.there &= self.there - 1;
        Some(self.parts[place % WIDTH])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.there.count_ones() as usize;
        (count, Some(count))
    }
}

impl<const WIDTH: usize> ExactSizeIterator for Few<WIDTH> {}

#[inline(always)]
fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << BITS | u64::from(right)
}
