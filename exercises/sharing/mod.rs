//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`, a stage a file.

mod loom;
pub mod sync;

pub use loom::Slot;
