//! Stage `parallel.fold_reduce`: count pairs on all processors without a map that all of them share.
//!
//! To learn merges, pairs of neighbours are counted in all documents. The shared way puts one map behind a lock,
//! and every pair of every document takes it:
//!
//! ```text
//! shared    worker 1  lock count unlock      lock count unlock          they wait for each other, and the
//!           worker 2            lock count unlock      lock …           lock's cache line travels with each pair
//!
//! fold      worker 1  a map of its own, from the first half   ─┐
//!           worker 2  a map of its own, from the second half  ─┴─ reduce: one map is merged into the other
//! ```
//!
//! With *fold and reduce* nobody waits: each part of the work fills an accumulator that nobody else sees, and
//! accumulators are merged when both are done. Rayon's `fold` makes an accumulator where it begins a part of the
//! list, and not for each item; `reduce` merges neighbours, the left one with the right one. Both ask for a way to
//! make an empty one, since nobody knows beforehand how many there will be.
//!
//! Three functions:
//!
//! ```text
//! merge({(1, 2): 3}, {(1, 2): 1, (2, 2): 1})    ->  {(1, 2): 4, (2, 2): 1}
//!
//! fold_reduce(items, new, add, merge)           ->  what one accumulator has that took all items:
//!     new()             an empty one                 each item goes into one accumulator by `add`, once;
//!     add(acc, item)    takes an item                `merge(left, right)` only joins neighbours, so that
//!     merge(acc, other) takes all of the other       the order is that of the items
//!
//! count_pairs([[1, 2, 2], [2]])                 ->  {(1, 2): 1, (2, 2): 1}
//! ```
//!
//! On a pool of two threads or more, no accumulator of `fold_reduce` may take all items; and there are far fewer
//! accumulators than items, since each has to be merged. Pairs do not cross the end of a document, and `[2, 2, 2]`
//! has `(2, 2)` twice. Cost to aim at: one step a pair, and one a different pair for each merge.

use std::collections::HashMap;

use rayon::prelude::*;

/// How often each pair occurs.
pub type Counts = HashMap<(u32, u32), u64>;

/// Adds the counts of `from` to those of `into`.
pub fn merge(into: &mut Counts, from: Counts) {
    todo!("parallel.fold_reduce")
}

/// Puts all items into accumulators on all threads of the pool, and merges these to one.
pub fn fold_reduce<T: Sync, C: Send>(
    items: &[T],
    new: &(dyn Fn() -> C + Sync),
    add: &(dyn Fn(&mut C, &T) + Sync),
    merge: &(dyn Fn(&mut C, C) + Sync),
) -> C {
    todo!("parallel.fold_reduce")
}

/// How often each pair of neighbours occurs in the documents, counted on all threads of the pool.
pub fn count_pairs(documents: &[Vec<u32>]) -> Counts {
    todo!("parallel.fold_reduce")
}
