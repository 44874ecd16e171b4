//! Stage `sharing.poisoning`: notice that a thread died at work, and recover on purpose.
//!
//! Eight workers count the tokens that they encoded in common totals, behind one `Mutex`:
//!
//! ```text
//! Totals { tokens: 12, by_worker: [5, 7] }     `tokens` is the sum of `by_worker`
//! ```
//!
//! That sum is an *invariant*: it holds whenever nobody has the lock. An update takes two steps, and between them
//! it does not hold. If a worker panics there, the lock is given back as the stack unwinds, and the totals stay
//! half written. A `Mutex` remembers: it is **poisoned**, and `lock` gives an error from now on. The error holds
//! the guard, so the data is not lost; it is you who says what to do. There are three honest ways, and this
//! stage asks for one of each:
//!
//! - `add` **refuses**: on a poisoned lock it changes nothing and gives `Err(Broken)`. Otherwise it adds to both.
//!   (`lock().unwrap()` refuses, too, by a panic in each of the seven workers that did nothing wrong.)
//! - `peek` **looks all the same**, for a dashboard: the sum of `by_worker`, poisoned or not. It heals nothing.
//! - `recover` **repairs**: where the lock is poisoned, it makes the invariant true again, and only then ends the
//!   poisoning. It gives whether there was something to recover. A number in `by_worker` is written in one step,
//!   so these can be trusted; `tokens` is made of them.
//!
//! ```text
//! Totals { tokens: 17, by_worker: [5, 7] }, poisoned
//! add(&totals, 0, 1)   Err(Broken)
//! peek(&totals)        12
//! recover(&totals)     true      now Totals { tokens: 12, by_worker: [5, 7] }, not poisoned
//! recover(&totals)     false
//! add(&totals, 0, 1)   Ok(())    now Totals { tokens: 13, by_worker: [6, 7] }
//! ```
//!
//! The `Mutex` here is used like `std::sync::Mutex`, poison included, and panics where a thread would wait for
//! itself. `recover` is where that happens: an error of `lock` holds the guard, and so the lock.

use std::sync::PoisonError;

use rust_for_ai::check::locks::Mutex;
use rust_for_ai::sharing::parts::{Broken, Totals};

/// Adds the tokens of a worker, unless the totals are poisoned.
pub fn add(totals: &Mutex<Totals>, worker: usize, tokens: u64) -> Result<(), Broken> {
    todo!("sharing.poisoning")
}

/// The tokens of all workers, poisoned or not.
pub fn peek(totals: &Mutex<Totals>) -> u64 {
    todo!("sharing.poisoning")
}

/// Makes poisoned totals whole again, and says whether they were poisoned.
pub fn recover(totals: &Mutex<Totals>) -> bool {
    todo!("sharing.poisoning")
}
