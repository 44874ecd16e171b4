//! Stage `llama.attention`: mix values by how well their keys match.
//!
//! Each token asks with a *query* and looks at every token so far, itself included: how well does that
//! one's *key* match? The matches become shares that add up to 1, and the answer is the mix of the
//! tokens' *values* in these shares. This is done in several *heads*, each with its own part of the query.
//!
//! ```text
//! score[t]  = (query · key[t]) / sqrt(d)                  for each position t = 0 ..= position
//! share[t]  = exp(score[t]) / sum of exp(score[..])       softmax
//! out       = sum of share[t] · value[t]                  d numbers a head
//!
//! attention(&[2.0], &[0.0, 1.0], &[10.0, 20.0], 1, 1, 0)  ->  [10.0]       position 0 sees itself alone
//! attention(&[2.0], &[0.0, 1.0], &[10.0, 20.0], 1, 1, 1)  ->  [18.808]     shares 0.1192 and 0.8808
//! ```
//!
//! - `query` holds the heads one after the other, so `d = query.len() / heads`.
//! - `keys` and `values` hold a row for each position, `kv_heads · d` numbers long: the heads of that
//!   position one after the other.
//! - There may be fewer heads of keys than of queries. With 4 and 2, heads 0 and 1 share the first, and
//!   heads 2 and 3 the second: a *group* of neighbours shares one. `heads` is a multiple of `kv_heads`.
//! - There may be rows after `position`: they are the future, and do not count.
//! - `exp(89.0)` is infinite in `f32`, and scores get larger than that. Shares stay the same if the
//!   largest score is taken from all of them first.
//!
//! The result holds the heads one after the other, as the query does. Numbers may differ from the check's by
//! one part in 10,000.

/// What the token at `position` gets from the values of all positions up to its own.
pub fn attention(
    query: &[f32],
    keys: &[f32],
    values: &[f32],
    heads: usize,
    kv_heads: usize,
    position: usize,
) -> Vec<f32> {
    todo!("llama.attention")
}
