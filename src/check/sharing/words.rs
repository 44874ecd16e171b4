//! Stand-ins for a tokenizer: what a word is encoded to is plain to see, and nothing has to be solved first.

/// A word's bytes.
pub(super) fn plain(word: &str) -> Vec<u32> {
    word.bytes().map(u32::from).collect()
}

/// Other ids than [`plain`] gives, and one more of them: what another thread stores for the same word.
pub(super) fn other(word: &str) -> Vec<u32> {
    word.bytes().map(|byte| 1000 + u32::from(byte)).chain([0]).collect()
}
