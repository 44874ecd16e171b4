//! Stage `llama.kv_cache`: remember keys and values, and forget them again.
//!
//! A token's keys and values depend on the tokens before it and on nothing that follows. So they are
//! computed once and kept: that is what makes the next token cheap. A chat also goes *back*: where a
//! question is put differently, the cache forgets what came after the part that stayed.
//!
//! ```text
//! let mut cache = KvCache::new(2);                  two layers
//! cache.push(0, &[1.0, 2.0], &[5.0, 6.0]);          position 0, in layer 0
//! cache.len()                                       0: layer 1 has no row yet
//! cache.push(1, &[3.0, 4.0], &[7.0, 8.0]);
//! cache.len()                                       1: the position is complete
//! cache.push(0, &[9.0, 9.0], &[9.0, 9.0]);          position 1, in layer 0
//! cache.keys(0)                                     [1.0, 2.0, 9.0, 9.0]
//! cache.truncate(1);
//! cache.keys(0)                                     [1.0, 2.0]
//! ```
//!
//! - A row is a vector; all rows of all layers have the same length. It is known from the first push on.
//! - `truncate(len)` leaves each layer with no more than `len` *rows*. Where there are fewer, nothing
//!   happens.
//! - `fork` gives a second cache with the same rows. What is pushed to one is not seen in the other. (Two
//!   caches that share rows through `Rc<RefCell<…>>` do not get past the compiler here: `keys` lends a
//!   plain slice.)
//!
//! Cost to aim at (not graded): a push copies the new row and no old one, save where a vector grows.

use rust_for_ai::llama::parts::Cache;

/// The keys and values of one conversation.
#[derive(Debug, Clone)]
pub struct KvCache {
    // Your fields.
}

impl KvCache {
    /// A cache without rows, for a network with this many layers, which is not 0.
    pub fn new(layers: usize) -> Self {
        todo!("llama.kv_cache")
    }
}

impl Cache for KvCache {
    fn len(&self) -> usize {
        todo!("llama.kv_cache")
    }

    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]) {
        todo!("llama.kv_cache")
    }

    fn keys(&self, layer: usize) -> &[f32] {
        todo!("llama.kv_cache")
    }

    fn values(&self, layer: usize) -> &[f32] {
        todo!("llama.kv_cache")
    }

    fn truncate(&mut self, len: usize) {
        todo!("llama.kv_cache")
    }

    fn fork(&self) -> Self {
        todo!("llama.kv_cache")
    }
}
