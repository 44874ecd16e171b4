//! One value, many owners: what chapter `sharing` leads to.
//!
//! A tokenizer sees the same words again and again, so a cache in front of it saves most of the work. A cache
//! is written when it is read: what is asked for and missing gets stored. So whoever shares one, shares
//! something that changes, and that is the subject of the chapter.

pub mod parts;
