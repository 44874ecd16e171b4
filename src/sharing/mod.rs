//! One value, many owners: what chapter `sharing` leads to.
//!
//! A tokenizer sees the same words again and again, so a cache in front of it saves most of the work. A cache
//! is written when it is read: what is asked for and missing gets stored. So whoever shares one, shares
//! something that changes, and that is the subject of the chapter.
//!
//! [`TokenCache`] is the cache for production, [`parts`] what the answers of the chapter meet at, and [`costs`]
//! measures what each way of sharing costs.

pub mod costs;
pub mod parts;
mod shard;
mod token_cache;

pub use token_cache::{Counts, TokenCache};
