//! The merging of long words, in about linear time: a list of places for each token.
//!
//! # The idea
//!
//! A megabyte of one letter is one word for every pattern. To look for the lowest pair afresh after
//! each merge is quadratic: minutes. A heap of all pairs takes O(n log n). But ranks are few, and many
//! places have the same one. So here each token that could be made has a list of the places where it
//! could, and a heap has the tokens whose list is not empty, the lowest on top:
//!
//! ```text
//! a a a a a      `aa` could be made at 0, 1, 2 and 3
//! (aa)(aa) a     its list from left to right: at 0, not at 1 (gone), at 2, not at 3 (gone)
//!                `aaaa` could be made at 0, `aaa` at 2: two lists more
//! ```
//!
//! The text is a linked list over an array: a merge unlinks the right part. `made` tells what the
//! part at a place and its right neighbour make now, so an entry of a list that is out of date is
//! known by its not being that, and nothing is ever looked for to be removed.
//!
//! A merge may make a lower token possible than the one that is being made, if a vocabulary was not
//! trained as usual. Then the list that is being worked on comes too early, so the word is begun again
//! with a plain [`heap`](super::heap), which takes whatever order there is. So is a word of a gigabyte, for which
//! places of 32 bits do not suffice.
//!
//! # The cost
//!
//! Each merge makes at most two new pairs, so there are fewer than 3n entries, and each is looked at
//! once; lists are sorted, and are sorted already where they come from one walk. The heap has at most
//! one entry a token.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::heap;
use super::merges::{NONE, Pairs};

/// No place, and no entry: the end of a list.
const NOWHERE: u32 = u32::MAX;

/// A place of the word, in 16 bytes: what a merge asks of a place is in one cache line.
#[derive(Clone, Copy)]
struct Place {
    /// The token of the part that begins here. If a merge has swallowed the place, it is of no use.
    part: u32,
    /// Where the next part begins; the length of the word behind the last one.
    next: u32,
    /// Where the part before begins, or [`NOWHERE`].
    previous: u32,
    /// What the part here and the next one make; [`NONE`] if they stay apart or the place is gone.
    made: u32,
}

/// Room for merging long words, kept for the next one.
#[derive(Default)]
pub(super) struct Long {
    /// A place for each byte.
    word: Vec<Place>,
    /// Entries of lists: a place, and the entry after this one.
    entries: Vec<(u32, u32)>,
    /// The first entry of the list of each token, or [`NOWHERE`].
    first: Vec<u32>,
    /// The tokens with a list.
    heap: BinaryHeap<Reverse<u32>>,
    /// The list of the token that is being made.
    places: Vec<u32>,
}

/// The longest word that lists are kept for: three entries a place are numbered by a `u32`.
const MOST: u32 = 1 << 30;

/// How many bytes of room are kept from one word to the next, roughly.
pub(super) const KEPT: usize = 1 << 16;

impl Long {
    /// Adds the ids of a word.
    pub(super) fn merge(&mut self, pairs: &Pairs, word: &[u8], ids: &mut Vec<u32>) {
        let length = u32::try_from(word.len()).ok().filter(|&length| length <= MOST);
        if !length.is_some_and(|length| self.merge_by_lists(pairs, word, length, ids)) {
            let mut parts: Vec<u32> = word.iter().map(|&byte| pairs.byte(byte)).collect();
            heap::merge(&mut parts, |left, right| match pairs.made(left, right) {
                NONE => None,
                made => Some((made, made)),
            });
            ids.extend(parts.into_iter().filter(|&id| id != heap::GONE));
        }
        if word.len() > KEPT {
            *self = Self::default();
        }
    }

    /// Adds the ids of a word, unless it meets a lower token than the one that is being made; then it
    /// adds none.
    fn merge_by_lists(
        &mut self,
        pairs: &Pairs,
        word: &[u8],
        length: u32,
        ids: &mut Vec<u32>,
    ) -> bool {
        self.word.clear();
        self.word.extend((0..length).zip(word).map(|(place, &byte)| {
            let made = match word.get(place as usize + 1) {
                Some(&right) => pairs.made_of_bytes(byte, right),
                None => NONE,
            };
            Place { part: pairs.byte(byte), next: place + 1, previous: place.wrapping_sub(1), made }
        }));
        self.entries.clear();
        // From the right, since the last entry that is added is the first of its list.
        for place in (0..length).rev() {
            self.enter(self.word[place as usize].made, place);
        }
        while let Some(Reverse(token)) = self.heap.pop() {
            if self.make(pairs, token) {
                self.heap.clear();
                self.first.clear();
                return false;
            }
        }
        let mut place = 0;
        while place < length {
            ids.push(self.word[place as usize].part);
            place = self.word[place as usize].next;
        }
        true
    }

    /// Makes a token wherever it can be made; tells whether a lower one became possible, and stops there.
    fn make(&mut self, pairs: &Pairs, token: u32) -> bool {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        let mut entry = std::mem::replace(&mut self.first[token as usize], NOWHERE);
        while entry != NOWHERE {
            let (place, after) = self.entries[entry as usize];
            if self.word[place as usize].made == token {
                places.push(place);
            }
            entry = after;
        }
        if !places.is_sorted() {
            places.sort_unstable();
        }
        let lower = places.iter().any(|&place| {
            self.word[place as usize].made == token && self.make_at(pairs, token, place)
        });
        self.places = places;
        lower
    }

    /// Makes a token at a place; tells whether that made a lower one possible.
    fn make_at(&mut self, pairs: &Pairs, token: u32, place: u32) -> bool {
        let Place { next: right, previous: before, .. } = self.word[place as usize];
        let right = &mut self.word[right as usize];
        right.made = NONE;
        let after = right.next;
        let (mut made, mut lower) = (NONE, false);
        if let Some(next) = self.word.get_mut(after as usize) {
            next.previous = place;
            made = pairs.made(token, next.part);
            lower |= made < token;
            self.enter(made, place);
        }
        self.word[place as usize] = Place { part: token, next: after, previous: before, made };
        if let Some(before_part) = self.word.get_mut(before as usize) {
            let made = pairs.made(before_part.part, token);
            before_part.made = made;
            lower |= made < token;
            self.enter(made, before);
        }
        lower
    }

    /// Notes that a token can be made at a place.
    #[inline]
    fn enter(&mut self, token: u32, place: u32) {
        if token == NONE {
            return;
        }
        if self.first.len() <= token as usize {
            self.first.resize(token as usize + 1, NOWHERE);
        }
        let first = &mut self.first[token as usize];
        if *first == NOWHERE {
            self.heap.push(Reverse(token));
        }
        let entry =
            u32::try_from(self.entries.len()).expect("three entries a place, and few places");
        self.entries.push((place, *first));
        *first = entry;
    }
}
