//! Chapter `ownership`: who owns what, a stage a file.
//!
//! A stage shows programs and asks what becomes of each: you say it, and then see it. After that you write a
//! function that uses what you saw.
//!
//! What you know from Python, and what it is here:
//!
//! ```text
//! Python                                   Rust
//! b = a       a second name                let b = a;          a hand-over: `a` is gone
//!                                          let b = &a;         a borrow: `a` stays the owner
//!                                          let b = Rc::clone(&a);   a second owner, counted as in Python
//! b = a[:]    a copy                       let b = a.clone();  a copy
//! b = 7       a second name, unchangeable  let b = 7;          a copy, of what is `Copy`
//! f(a)        a second name inside         f(a) f(&a) f(&mut a)   given away, lent to read, lent to write
//! del a       one name less                drop(a);            the value is freed, here
//! None        in place of any object       Option<T>           said in the type
//! raise       out of any line              Result<T, E>        said in the type
//! ```

mod borrows;
mod lifetimes;
mod memory_safety;
mod moves;
mod results;

pub use borrows::{add_row, borrows};
pub use lifetimes::{lifetimes, pieces};
pub use memory_safety::{Slots, memory_safety};
pub use moves::{moves, take_ready};
pub use results::{read_merges, results};
