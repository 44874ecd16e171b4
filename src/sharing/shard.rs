//! A shard: a bounded map from texts to ids, for whoever holds its lock.
//!
//! What has to go when it is full is decided by *second chance* (Corbató 1968, as CLOCK): texts stand in a queue in
//! the order in which they came, and a hit sets a mark. To make room, the one in front is taken; if it is marked,
//! it loses the mark and goes to the back; else it is forgotten. So a hit costs a mark and moves nothing, unlike
//! LRU, and a flood of texts that are asked for once passes through without driving out what is asked for often.
//!
//! The law: it behaves like that queue, looked through from front to back (the twin in the tests), and the bytes
//! that it counts never exceed its limit. Found is by hash: a map from the hash of a text, which the caller has
//! computed already, to its place. Two texts of one hash are told apart by comparing them; only one of them is
//! held, which is worth a miss and never a wrong answer.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What an entry takes besides its text and ids, in bytes: the place in the slab, the map and the queue, and the
/// head of the two allocations. Rounded up; what the allocator wastes is not known here.
pub(super) const OVERHEAD: usize = 128;

/// How many bytes an entry is counted with.
pub(super) fn cost(text: &str, ids: &[u32]) -> usize {
    OVERHEAD + text.len() + size_of_val(ids)
}

/// Hands through a hash that is one already.
#[derive(Debug, Default, Clone, Copy)]
struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are `u64`, whose hash is `write_u64`")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A text with its ids.
#[derive(Debug)]
pub(super) struct Entry {
    hash: u64,
    text: Box<str>,
    ids: Arc<[u32]>,
    /// Whether it was asked for since it came, or since it was spared.
    marked: bool,
}

/// What became of a text that was to be stored.
#[derive(Debug)]
pub(super) struct Stored {
    /// The ids that are held now, or those that were given if they are not.
    pub(super) ids: Arc<[u32]>,
    /// What had to go; to be dropped without the lock.
    pub(super) gone: Vec<Entry>,
}

/// A bounded map.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// The place of each hash in `entries`.
    places: HashMap<u64, usize, BuildHasherDefault<Through>>,
    /// A slab; `None` where `free` says so.
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    /// The places in use, the next to go in front.
    queue: VecDeque<usize>,
    pub(super) bytes: usize,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) refused: u64,
}

impl Shard {
    /// The ids of a text, if they are held; counts a hit or a miss.
    pub(super) fn find(&mut self, hash: u64, text: &str) -> Option<Arc<[u32]>> {
        let place = self.places.get(&hash).copied();
        let entry = place.and_then(|place| self.entries[place].as_mut());
        let Some(entry) = entry.filter(|entry| *entry.text == *text) else {
            self.misses += 1;
            return None;
        };
        self.hits += 1;
        entry.marked = true;
        Some(Arc::clone(&entry.ids))
    }

    /// Holds the ids of a text, and forgets others until all take no more than `limit` bytes. What is held already
    /// stays, and is given back.
    pub(super) fn store(&mut self, hash: u64, text: &str, ids: Arc<[u32]>, limit: usize) -> Stored {
        let mut gone = Vec::new();
        let there = self.places.get(&hash).copied();
        let entry = there.and_then(|place| self.entries[place].as_ref());
        if let Some(entry) = entry.filter(|entry| *entry.text == *text) {
            return Stored { ids: Arc::clone(&entry.ids), gone };
        }
        let cost = cost(text, &ids);
        if cost > limit {
            self.refused += 1;
            return Stored { ids, gone };
        }
        if let Some(place) = there {
            // Another text of the same hash makes room.
            self.queue.retain(|&other| other != place);
            gone.extend(self.remove(place));
        }
        while self.bytes + cost > limit {
            let Some(place) = self.queue.pop_front() else { break };
            match &mut self.entries[place] {
                Some(entry) if entry.marked => {
                    entry.marked = false;
                    self.queue.push_back(place);
                }
                _ => gone.extend(self.remove(place)),
            }
        }
        let entry = Entry { hash, text: text.into(), ids: Arc::clone(&ids), marked: false };
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        self.entries[place] = Some(entry);
        self.places.insert(hash, place);
        self.queue.push_back(place);
        self.bytes += cost;
        Stored { ids, gone }
    }

    /// Takes an entry out that is no longer in the queue.
    fn remove(&mut self, place: usize) -> Option<Entry> {
        let entry = self.entries[place].take()?;
        self.places.remove(&entry.hash);
        self.free.push(place);
        self.bytes -= cost(&entry.text, &entry.ids);
        self.evictions += 1;
        Some(entry)
    }

    /// How many texts are held.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes everything out, and keeps the counts.
    pub(super) fn take(&mut self) -> Self {
        let empty = Self {
            hits: self.hits,
            misses: self.misses,
            evictions: self.evictions,
            refused: self.refused,
            ..Self::default()
        };
        std::mem::replace(self, empty)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, DefaultHasher};

    use super::*;

    /// The law as code: a queue that is looked through.
    #[derive(Default)]
    struct Twin {
        queue: VecDeque<(String, Vec<u32>, bool)>,
        hits: u64,
        evictions: u64,
    }

    impl Twin {
        fn bytes(&self) -> usize {
            self.queue.iter().map(|(text, ids, _)| cost(text, ids)).sum()
        }

        fn ask(&mut self, text: &str, ids: &[u32], limit: usize) {
            if let Some((_, _, marked)) = self.queue.iter_mut().find(|(known, _, _)| known == text)
            {
                *marked = true;
                self.hits += 1;
                return;
            }
            if cost(text, ids) > limit {
                return;
            }
            while self.bytes() + cost(text, ids) > limit {
                match self.queue.pop_front() {
                    Some((text, ids, true)) => self.queue.push_back((text, ids, false)),
                    Some(_) => self.evictions += 1,
                    None => break,
                }
            }
            self.queue.push_back((text.to_owned(), ids.to_vec(), false));
        }
    }

    /// A generator of numbers (Knuth's constants).
    fn numbers(seed: u64) -> impl Iterator<Item = u64> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        })
    }

    #[test]
    fn it_is_a_queue_with_second_chances_within_its_limit() {
        // An interpreter that looks for undefined behaviour is a thousand times as slow.
        let (seeds, calls) = if cfg!(miri) { (2, 150) } else { (40, 2000) };
        for seed in 1..=seeds {
            let limit = 200 * seed as usize;
            let (mut shard, mut twin) = (Shard::default(), Twin::default());
            for number in numbers(seed).take(calls) {
                // Small numbers often.
                let text =
                    (number % (1 + number / 7 % 60)).to_string().repeat(1 + number as usize % 9);
                let ids: Vec<u32> = text.bytes().map(u32::from).collect();
                let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&text);
                let held = match shard.find(hash, &text) {
                    Some(held) => held,
                    None => shard.store(hash, &text, ids.as_slice().into(), limit).ids,
                };
                twin.ask(&text, &ids, limit);
                assert_eq!(*held, *ids);
                assert_eq!((shard.bytes, shard.len()), (twin.bytes(), twin.queue.len()));
                assert!(shard.bytes <= limit);
                assert_eq!(shard.places.len(), shard.len());
            }
            assert_eq!((shard.hits, shard.evictions), (twin.hits, twin.evictions), "limit {limit}");
            assert!(twin.hits > 0 && twin.evictions > 0, "this seed tests something");
        }
    }

    #[test]
    fn texts_of_one_hash_are_told_apart() {
        let mut shard = Shard::default();
        for text in ["a", "b", "a", "a"] {
            let ids: Arc<[u32]> = text.bytes().map(u32::from).collect();
            if shard.find(1, text).is_none() {
                assert_eq!(shard.store(1, text, Arc::clone(&ids), 1000).ids, ids);
            }
            assert_eq!(shard.len(), 1);
        }
        assert_eq!((shard.hits, shard.misses, shard.evictions), (1, 3, 2));
        assert_eq!(shard.bytes, cost("a", &[97]));
    }
}
