//! Stage `bpe.best_pair`: choose the most frequent pair.
//!
//! Each round of training merges the pair that occurs most often. Often several pairs are equally
//! frequent, and a `HashMap` has no order: without a rule for ties the same text trains another
//! tokenizer on each run. The rule here: among equal counts the smallest pair wins, compared by the
//! first id and then by the second, as Rust compares tuples.
//!
//! ```text
//! best_pair({(1, 2): 5, (7, 7): 9})  ->  Some((7, 7))
//! best_pair({(3, 1): 4, (2, 9): 4})  ->  Some((2, 9))     a tie: 2 < 3
//! best_pair({(2, 5): 4, (2, 3): 4})  ->  Some((2, 3))     a tie: 3 < 5
//! best_pair({})                      ->  None
//! ```
//!
//! A pair that occurs once may win too. Cost to aim at (not graded): one look at each entry.

use std::cmp::Reverse;
use std::collections::HashMap;

/// The pair with the highest count, the smallest of these on a tie; `None` without any pair.
pub fn best_pair(counts: &HashMap<(u32, u32), usize>) -> Option<(u32, u32)> {
    // BEGIN SOLUTION
    counts.iter().max_by_key(|&(&pair, &count)| (count, Reverse(pair))).map(|(&pair, _)| pair)
    // END SOLUTION
}
