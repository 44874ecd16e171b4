//! What tells near duplicates apart: a family of hash functions, and a measure of likeness.
//!
//! MinHash (A. Broder, "On the resemblance and containment of documents", 1997) takes the least hash of all of a text's
//! shingles. Two texts have the same least one with a probability that is their Jaccard similarity, the share of their
//! shingles that both have, if the hash puts shingles in a random order. Each seed gives an order of its own.

use std::sync::Arc;

/// How alike two texts are, from 0 to 1: the seam between the search for near duplicates and the proof, which may be
/// costly.
///
/// ```
/// use std::sync::Arc;
/// use rust_for_ai::frames::Similar;
///
/// let similar: Similar = Arc::new(|a, b| if a.eq_ignore_ascii_case(b) { 1.0 } else { 0.0 });
/// assert_eq!(similar("Born Free", "born free"), 1.0);
/// ```
pub type Similar = Arc<dyn Fn(&str, &str) -> f64 + Send + Sync>;

/// The hash of `bytes` in the function number `seed`: the same in every version and on every machine.
///
/// Fowler, Noll and Vo's FNV-1a from a start of the seed's own, and the finalizer of Appleby's MurmurHash3 behind it.
/// It resists no attacker.
///
/// ```
/// use rust_for_ai::frames::hash;
/// assert_eq!(hash(0, b"free"), hash(0, b"free"));
/// assert_ne!(hash(0, b"free"), hash(1, b"free"));
/// ```
pub fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ mix(seed.wrapping_add(1));
    mix(bytes
        .iter()
        .fold(start, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// Each bit of the result depends on each bit of `bits`.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ bits >> 33
}

#[cfg(test)]
mod tests {
    use super::hash;

    /// The law that MinHash stands on.
    #[test]
    fn the_share_of_equal_minima_is_the_similarity() {
        let least =
            |seed, from: u32, to: u32| (from..to).map(|n| hash(seed, &n.to_le_bytes())).min();
        for (shift, similarity) in [(0, 1.0), (10, 90.0 / 110.0), (50, 50.0 / 150.0), (100, 0.0)] {
            let seeds = 4000;
            let equal =
                (0..seeds).filter(|&seed| least(seed, 0, 100) == least(seed, shift, shift + 100));
            let share = equal.count() as f64 / seeds as f64;
            // Four standard deviations of a share of 4,000 throws are at most 0.032.
            assert!((share - similarity).abs() < 0.032, "{shift}: {share}, expected {similarity}");
        }
    }
}
