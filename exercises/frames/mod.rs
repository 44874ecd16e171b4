//! Chapter `frames`: corpora as lazy frames, a stage a file.

mod dedup;
mod pushdown;
mod scan;
mod tokens_per_byte;

pub use dedup::{dedup, signature};
pub use pushdown::long_texts;
pub use scan::scan;
pub use tokens_per_byte::tokens_per_byte;
