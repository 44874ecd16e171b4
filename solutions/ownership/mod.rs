//! Chapter `ownership`: who owns what, a stage a file.
//!
//! A stage shows programs and asks what becomes of each: you say it, and then see it. After that you write a
//! function that uses what you saw.

mod moves;

pub use moves::{moves, take_ready};
