//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`, a stage a file.

mod cell;
mod loom;
mod mutex_cache;
mod once_lock;
mod poisoning;
mod predict;
mod refcell_cache;
mod sharded;
pub mod sync;

pub use cell::Meter;
pub use loom::Slot;
pub use mutex_cache::MutexCache;
pub use once_lock::OnceCache;
pub use poisoning::{add, peek, recover};
pub use predict::predict;
pub use refcell_cache::TokenCache;
pub use sharded::ShardedCache;
