//! Chapter `parallel`: all processors: Rayon, order and bounded memory, a stage a file.

mod par_iter;

pub use par_iter::{encode_all, mean_loss, par_iter};
