//! Whole words to ids: the table of tokens, and the cache of words that are several tokens.
//!
//! # The idea
//!
//! Most words are a token as they stand, so most of encoding is one look-up a word. The bytes of
//! a word of up to 15 bytes and its length make a number of 128 bits, its *key*:
//!
//! ```text
//! " the"   20 74 68 65 00 00 00 00 00 00 00 00 00 00 00 04
//! ```
//!
//! Two words are equal if their keys are, so one comparison of two numbers decides, and no word is ever
//! taken for another one because their hashes agree. A slot of a table has the key and what belongs to
//! it in 32 bytes, half a cache line. The slot's place comes from one multiplication of the key's halves.
//!
//! A word that is no token has to be merged. Its ids go into a second table of the same kind, the cache,
//! for the next time. The cache has a fixed size and one place a word: a new word takes the place of
//! the old one. So its memory is bounded, and the worst text makes it useless, not slow.
//!
//! # Longer words
//!
//! Longer tokens, one in a hundred, are in a `HashMap` of the standard library, and words of up to
//! 47 bytes have a cache with longer keys, token or not. Still longer ones are merged each time: such a
//! piece seldom occurs twice.

use std::collections::HashMap;

/// The longest word that has a key, in bytes.
pub(super) const SHORT: usize = 15;

/// The key of a short word; never zero.
pub(super) type Key = u128;

/// `MASKS[n]` keeps the lowest n bytes.
static MASKS: [u128; SHORT + 1] = {
    let mut masks = [0; SHORT + 1];
    let mut length = 1;
    while length <= SHORT {
        masks[length] = u128::MAX >> (128 - 8 * length);
        length += 1;
    }
    masks
};

/// The key of the word `start..end`, which has 1 to 15 bytes.
#[inline(always)]
pub(super) fn key(bytes: &[u8], start: usize, end: usize) -> Key {
    let length = end - start;
    let word = match bytes.get(start..).and_then(<[u8]>::first_chunk) {
        // Sixteen bytes at once, then those of the next word go.
        Some(&sixteen) => u128::from_le_bytes(sixteen) & MASKS[length],
        None => {
            let mut sixteen = [0; 16];
            sixteen[..length].copy_from_slice(&bytes[start..end]);
            u128::from_le_bytes(sixteen)
        }
    };
    word | (length as u128) << 120
}

/// Spreads keys over the whole of a `u64`: the halves are multiplied, and the product is folded.
#[inline(always)]
fn hash(key: Key) -> u64 {
    let (low, high) = (key as u64, (key >> 64) as u64);
    let product =
        u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xd1b5_4a32_d192_ed03);
    product as u64 ^ (product >> 64) as u64
}

/// A key and what belongs to it. The key zero marks an empty slot.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Slot<T> {
    key: Key,
    value: T,
}

/// All tokens by their bytes.
pub(super) struct Tokens {
    /// Open addressing with at least half of the slots empty; the length is a power of two.
    slots: Vec<Slot<u32>>,
    /// Tokens of more than [`SHORT`] bytes.
    long: HashMap<Box<[u8]>, u32>,
    /// The length of the longest token.
    longest: usize,
}

impl Tokens {
    pub(super) fn with_capacity(tokens: usize) -> Self {
        let slots = vec![Slot::default(); (2 * tokens).next_power_of_two().max(16)];
        Self { slots, long: HashMap::new(), longest: 0 }
    }

    /// Adds a token, which is not empty; if it is there already, gives its id instead. No more tokens
    /// may be added than there was room made for.
    pub(super) fn insert(&mut self, token: &[u8], id: u32) -> Result<(), u32> {
        self.longest = self.longest.max(token.len());
        if token.len() > SHORT {
            return match self.long.insert(token.into(), id) {
                Some(first) => Err(first),
                None => Ok(()),
            };
        }
        let key = key(token, 0, token.len());
        let mut place = self.place(key);
        while self.slots[place].key != 0 {
            if self.slots[place].key == key {
                return Err(self.slots[place].value);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = Slot { key, value: id };
        Ok(())
    }

    /// The id of the token with this key.
    #[inline(always)]
    pub(super) fn short(&self, key: Key) -> Option<u32> {
        let mut place = self.place(key);
        loop {
            let slot = &self.slots[place];
            if slot.key == key {
                return Some(slot.value);
            }
            if slot.key == 0 {
                return None;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// The id of a token of more than [`SHORT`] bytes.
    pub(super) fn long(&self, word: &[u8]) -> Option<u32> {
        if word.len() > self.longest { None } else { self.long.get(word).copied() }
    }

    #[inline(always)]
    fn place(&self, key: Key) -> usize {
        hash(key) as usize & (self.slots.len() - 1)
    }
}

/// How many words the cache has room for: 1 MiB.
const WORDS: usize = 1 << 15;

/// How many bits an id takes in the cache, and how many ids a word there may have.
const BITS: u32 = 21;
const IDS: usize = 6;

/// The ids of short words that are several tokens, as many words as it has room for.
pub(super) struct Cache {
    /// The value has up to [`IDS`] ids of [`BITS`] bits, the first one lowest; an id of ones ends them.
    slots: Vec<Slot<u128>>,
}

/// No id: all bits of an id set.
const NO_ID: u32 = (1 << BITS) - 1;

impl Cache {
    pub(super) fn new() -> Self {
        Self { slots: vec![Slot::default(); WORDS] }
    }

    /// The ids of this word, if they are known.
    #[inline]
    pub(super) fn get(&self, key: Key) -> Option<impl Iterator<Item = u32> + use<>> {
        let slot = &self.slots[hash(key) as usize % WORDS];
        let value = slot.value;
        (slot.key == key).then(|| {
            let id = move |at: usize| (value >> (BITS as usize * at)) as u32 & NO_ID;
            (0..IDS).map(id).take_while(|&id| id != NO_ID)
        })
    }

    /// Keeps the ids of a word, unless they are too many.
    #[inline]
    pub(super) fn put(&mut self, key: Key, ids: impl ExactSizeIterator<Item = u32>) {
        if ids.len() <= IDS {
            let mut value = u128::MAX;
            for (at, id) in ids.enumerate() {
                value ^= u128::from(id ^ NO_ID) << (BITS as usize * at);
            }
            self.slots[hash(key) as usize % WORDS] = Slot { key, value };
        }
    }
}

/// The longest word that the cache of wide words keeps, in bytes.
pub(super) const WIDE: usize = 47;

/// The bytes of a word of up to [`WIDE`] bytes, then zeros, and its length in the last byte.
type WideKey = [u64; 6];

fn wide_key(word: &[u8]) -> WideKey {
    let mut bytes = [0; WIDE + 1];
    bytes[..word.len()].copy_from_slice(word);
    bytes[WIDE] = word.len() as u8;
    std::array::from_fn(|at| {
        let eight = bytes[8 * at..].first_chunk().expect("six times eight are 48");
        u64::from_le_bytes(*eight)
    })
}

/// A wide word and its ids, in two cache lines.
#[derive(Clone, Copy, Default)]
#[repr(align(128))]
struct WideSlot {
    key: WideKey,
    ids: [u32; 19],
    count: u32,
}

/// The ids of words of more than [`SHORT`] and up to [`WIDE`] bytes: eight letters of Russian are such a
/// word, and six of Hindi.
pub(super) struct WideCache {
    slots: Vec<WideSlot>,
}

/// How many words that cache has room for: 1 MiB.
const WIDE_WORDS: usize = 1 << 13;

impl WideCache {
    pub(super) fn new() -> Self {
        Self { slots: vec![WideSlot::default(); WIDE_WORDS] }
    }

    /// The ids of a word; those that `make` adds to an empty list, if they are not known.
    pub(super) fn get_or(
        &mut self,
        word: &[u8],
        make: impl FnOnce(&mut [u32; WIDE + 1]) -> usize,
        give: impl FnOnce(&[u32]),
    ) {
        let key = wide_key(word);
        let fold = |hash: u64, &part: &u64| {
            let product = u128::from(hash ^ part) * 0x9e37_79b9_7f4a_7c15;
            product as u64 ^ (product >> 64) as u64
        };
        let hash = key.iter().fold(0xd1b5_4a32_d192_ed03, fold);
        let slot = &mut self.slots[hash as usize % WIDE_WORDS];
        if slot.key == key {
            return give(&slot.ids[..slot.count as usize]);
        }
        let mut ids = [0; WIDE + 1];
        let count = make(&mut ids);
        if count <= slot.ids.len() {
            slot.key = key;
            slot.ids[..count].copy_from_slice(&ids[..count]);
            slot.count = count as u32;
        }
        give(&ids[..count]);
    }
}
