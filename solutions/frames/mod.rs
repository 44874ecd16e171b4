//! Chapter `frames`: corpora as lazy frames, a stage a file.

mod scan;

pub use scan::scan;
