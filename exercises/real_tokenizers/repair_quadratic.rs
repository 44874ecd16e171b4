//! Stage `real_tokenizers.repair_quadratic`: repair an encoder that never comes back from a long run.
//!
//! A bug report:
//!
//! > A user pasted a long row of the letter `a`, and one core was busy until we stopped it. All ids that we
//! > compared are right. A profile shows that nearly all of the time goes into looking up ranks, so we
//! > counted: half a million look-ups for 1,000 letters, two millions for 2,000.
//!
//! The function encodes one piece. A token is known by its bytes, and `rank` gives its rank: its id, and
//! the priority of its merge. Each single byte has a rank. While two neighbours, joined, are a token,
//! the two whose token has the lowest rank merge; of several equal ones the leftmost.
//!
//! ```text
//! with the ranks  a 0, b 1, ab 2, aa 3, aab 4
//! repair_quadratic(b"aab", rank)   ->  [4]       first ab, since its rank is lower than that of aa
//! repair_quadratic(b"aaab", rank)  ->  [3, 2]    first ab; then aa, which comes before aab
//! repair_quadratic(b"aaa", rank)   ->  [3, 0]    the leftmost of two equal pairs
//! repair_quadratic(b"", rank)      ->  []
//! ```
//!
//! The ids are right and stay as they are. Fix the work: for a piece of n bytes 3n calls of `rank`
//! are enough, and the check allows 6n. What else the function does is not counted. To move numbers in memory or to search
//! a short list of them is cheap beside a look-up in a table of 100,000 tokens; for very long pieces the
//! search has to go as well, and that takes a heap. A cache of ranks is a table to look up in, too: the
//! fix needs none. Before you edit, count the calls for `aaaaaaaa`.

/// The ids of `piece`.
pub fn repair_quadratic(piece: &[u8], rank: &dyn Fn(&[u8]) -> Option<u32>) -> Vec<u32> {
    // Delete the next line when you begin: until then the stage is not started.
    todo!("real_tokenizers.repair_quadratic");

    // Part k goes from the k-th border to the next one.
    let mut borders: Vec<usize> = (0..=piece.len()).collect();
    loop {
        let mut best: Option<(u32, usize)> = None;
        for k in 0..borders.len().saturating_sub(2) {
            let joined = &piece[borders[k]..borders[k + 2]];
            if let Some(rank) = rank(joined)
                && best.is_none_or(|(lowest, _)| rank < lowest)
            {
                best = Some((rank, k));
            }
        }
        let Some((_, k)) = best else { break };
        borders.remove(k + 1);
    }
    borders.windows(2).filter_map(|ends| rank(&piece[ends[0]..ends[1]])).collect()
}
