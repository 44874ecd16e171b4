//! Chapter `parallel`: all processors: Rayon, order and bounded memory, a stage a file.

mod data_race;
mod fold_reduce;
mod grain_size;
mod ordered_batch;
mod par_iter;
mod pipeline;
mod thread_pools;

pub use data_race::{data_race, reserve};
pub use fold_reduce::{Counts, count_pairs, fold_reduce, merge};
pub use grain_size::{cut, encode_grained};
pub use ordered_batch::encode_batch;
pub use par_iter::{encode_all, mean_loss, par_iter};
pub use pipeline::pipeline;
pub use thread_pools::{Encoder, encode_on, thread_pools};
