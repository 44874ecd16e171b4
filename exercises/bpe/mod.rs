//! Chapter `bpe`: a byte-pair-encoding tokenizer, a stage a file.
//!
//! Solve them in this order; each one uses those before it.

mod best_pair;
mod bytes;
mod encode_decode;
mod merge;
mod pair_counts;
mod train;

pub use best_pair::best_pair;
pub use bytes::bytes;
pub use encode_decode::Tokenizer;
pub use merge::merge;
pub use pair_counts::pair_counts;
pub use train::train;
