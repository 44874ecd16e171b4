//! Stage `parallel.grain_size`: cut a batch by bytes, so that each task is worth its start.
//!
//! A task has a price: it is put on a list, perhaps taken from there by another worker, and what it works with
//! has to be made: a cache, a buffer, a state of a tokenizer. So parallel work can lose to a loop:
//!
//! ```text
//! grain too small    1 000 texts, 1 000 tasks: more starting than encoding
//! grain too large    1 000 texts, 1 task: one processor works, the others watch
//! ```
//!
//! Time over grain is a U, flat in the middle. To count texts (Rayon's `with_min_len`) is right where all texts
//! are alike; documents are not, so we count bytes. First a function that cuts a list of lengths into ranges:
//!
//! ```text
//! cut([4, 4, 4, 9, 1], 8)   ->  [0..2, 2..4, 4..5]
//!      4 + 4 = 8 bytes are enough, 4 + 9 are enough, and 1 is what is left
//! ```
//!
//! A range is closed by the first text with which it has at least `grain` bytes. The last range may have fewer.
//! None is empty; a grain of 0 is one of 1, and texts without a byte at the end are a range, too.
//!
//! Then the batch: one task a range, at most, and one `state` a task, at most. States come from `new` and are
//! never shared:
//!
//! ```text
//! encode_grained(["a", "b", "c"], 2, new, encode)   ->  ["a", "b", "c"] encoded, in this order,
//!                                                       by the ranges 0..2 and 2..3: at most two states
//! ```
//!
//! With one range there is nothing to share out; with several, all threads of the pool take part. Cost to aim at:
//! as many states as ranges, or fewer.

use std::ops::Range;

use rayon::prelude::*;

/// Cuts a list of lengths into ranges of at least `grain` bytes; the last one may have fewer.
pub fn cut(lengths: &[usize], grain: usize) -> Vec<Range<usize>> {
    // BEGIN SOLUTION
    let (mut ranges, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, length) in lengths.iter().enumerate() {
        bytes += length;
        if bytes >= grain.max(1) {
            ranges.push(start..place + 1);
            (start, bytes) = (place + 1, 0);
        }
    }
    if start < lengths.len() {
        ranges.push(start..lengths.len());
    }
    ranges
    // END SOLUTION
}

/// Encodes all texts in their order, by tasks of at least `grain` bytes, each with a state of its own.
pub fn encode_grained<S, T: Send>(
    texts: &[String],
    grain: usize,
    new: &(dyn Fn() -> S + Sync),
    encode: &(dyn Fn(&mut S, &str) -> T + Sync),
) -> Vec<T> {
    // BEGIN SOLUTION
    let lengths: Vec<usize> = texts.iter().map(String::len).collect();
    let parts = cut(&lengths, grain).into_par_iter().map(|range| {
        let mut state = new();
        texts[range].iter().map(|text| encode(&mut state, text)).collect::<Vec<T>>()
    });
    parts.collect::<Vec<_>>().into_iter().flatten().collect()
    // END SOLUTION
}
