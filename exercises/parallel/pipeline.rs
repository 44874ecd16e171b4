//! Stage `parallel.pipeline`: read, encode and write at the same time, in bounded memory.
//!
//! A corpus is larger than memory, so it is read piece by piece, encoded and written. Reading and writing wait
//! for a disk, encoding for a processor; one after the other, each waits for the two others. So each gets a thread,
//! with a channel between two of them.
//!
//! A channel without a bound is a leak: if writing is slow, whatever was read piles up before it. A channel with
//! room for `room` items makes the one who sends wait instead (*back-pressure*). Then at most this much is in
//! flight, however long the corpus is:
//!
//! ```text
//! read ──[ room ]──► encode ──[ room ]──► write
//!  1       1           1        1          1        5 items with room 1: 2 * room + 3
//! ```
//!
//! `pipeline` reads items from `source`, encodes each and writes it, in the order in which they were read, and
//! returns how many were written. While one item is written, the next is encoded and the one after that read; at
//! most `room` of them wait between two of the three. `room` may be 0: then an item goes from hand to hand
//! (`std::sync::mpsc::sync_channel` can do that).
//!
//! If `encode` or `write` fails, that error is returned, what comes before the item in question has been
//! written, nothing after it, and the others stop: whoever sends to somebody who is gone is told so by an error,
//! and whoever receives from somebody who is gone comes to the end. That works only if the ends of the channels
//! really go: a thread that waits in `send` while the receiver lives on, unread, waits for ever.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Reads, encodes and writes, at most `room` items waiting between two of these. Returns how many were written,
/// or the error that comes first in the order of the items.
pub fn pipeline<T: Send, U: Send, E: Send>(
    source: impl Iterator<Item = T> + Send,
    encode: impl Fn(T) -> Result<U, E> + Send + Sync,
    write: impl FnMut(U) -> Result<(), E> + Send,
    room: usize,
) -> Result<usize, E> {
    todo!("parallel.pipeline")
}
