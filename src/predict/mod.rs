//! What becomes of a program: predicted, and then seen.
//!
//! A learner says of a short program what will become of it: the compiler refuses it with a code, or it
//! prints something, panics, meets a poisoned lock, waits for ever, is aborted. Then the program is really
//! compiled and run, and the two are compared. So nobody has to store what is true, and what a new compiler
//! changes is noticed.
//!
//! ```
//! use rust_for_ai::predict::{Prediction, Program, seen};
//!
//! const MOVED: Program = Program {
//!     name: "moved",
//!     source: "let ids = vec![1]; drop(ids); println!(\"{ids:?}\");",
//!     why: "`drop` takes what it is given",
//! };
//! let seen = seen(&MOVED).as_ref().expect("this machine has a compiler");
//! assert_eq!(seen.fate, Prediction::DoesNotCompile("E0382"));
//! assert!(seen.said.contains("borrow of moved value: `ids`"));
//! ```
//!
//! What was seen is kept as long as the process lives, and no longer.
//!
//! # What is deliberately absent
//!
//! No sandbox: the programs are ours, and what a learner writes is never run here. No programs that sleep
//! or read a clock: one whose threads all rest counts as one that waits for ever (`run.rs` tells how that
//! is seen).

#[cfg_attr(
    not(feature = "parallel"),
    allow(dead_code, reason = "checks of chapter `parallel` use it")
)]
pub(crate) mod rest;
mod run;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What becomes of a program that is compiled as `cargo build` does, for debugging, and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prediction {
    /// The compiler refuses it, with this code: `DoesNotCompile("E0382")`.
    DoesNotCompile(&'static str),
    /// It runs to its end and prints this; white space at the end of a line and of the text is left out.
    Prints(&'static str),
    /// It panics, and the panic ends it.
    Panics,
    /// It panics since it unwraps a lock that another panic has poisoned.
    Poisoned,
    /// It never ends: all of its threads wait.
    Blocks,
    /// The process is ended at once, without unwinding: no `Drop` runs.
    Aborts,
}

impl fmt::Display for Prediction {
    /// As it is written in Rust.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A program of a few lines.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// A word, unique in its stage.
    pub name: &'static str,
    /// Rust of this edition. Without a `fn main`, it is the body of one.
    pub source: &'static str,
    /// Why it goes as it goes, for somebody who thought otherwise.
    pub why: &'static str,
}

impl Program {
    /// The whole of it, as it is compiled.
    ///
    /// ```
    /// use rust_for_ai::predict::Program;
    /// let program = Program { name: "hello", source: "println!(\"hello\");", why: "" };
    /// assert_eq!(program.whole(), "fn main() {\nprintln!(\"hello\");\n}\n");
    /// ```
    pub fn whole(&self) -> String {
        match self.source.contains("fn main()") {
            true => self.source.to_owned(),
            false => format!("fn main() {{\n{}\n}}\n", self.source.trim_end()),
        }
    }
}

/// What was seen of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What became of it.
    pub fate: Prediction,
    /// What the compiler said where it refused, otherwise what the program printed into either stream.
    pub said: String,
}

/// Why a program could not be watched, such as for the lack of a compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen(pub String);

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unseen {}

/// By the whole program. Kept for ever, so that what it prints can be lent to a [`Prediction`].
static KNOWN: Mutex<Option<HashMap<String, &'static Result<Seen, Unseen>>>> = Mutex::new(None);

/// Compiles a program and runs it, unless this process has done so before.
///
/// The compiler is the `rustc` of the `PATH`, or what the variable `RUSTC` names.
///
/// # Errors
///
/// There is no compiler, no room for the program, or what it does is not among the [`Prediction`]s; the
/// message names the program.
pub fn seen(program: &Program) -> &'static Result<Seen, Unseen> {
    let whole = program.whole();
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&seen) = known().get_or_insert_default().get(&whole) {
        return seen;
    }
    // Without the lock: others may be watched meanwhile.
    let seen = run::watch(program.name, &whole);
    known().get_or_insert_default().entry(whole).or_insert_with(|| Box::leak(Box::new(seen)))
}

/// Sees to it that what becomes of these programs is known, on all processors at once.
///
/// By twice as many threads as there are processors, since one that watches a program rest needs none.
pub fn see_all(programs: &[Program]) {
    let next = AtomicUsize::new(0);
    let processors = thread::available_parallelism().map_or(2, usize::from);
    let workers = (2 * processors).min(programs.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let _ = seen(program);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of fate, with a program that must have it and with what it must be heard to say.
    const FATES: &[(Prediction, &str, &str)] = &[
        (
            Prediction::DoesNotCompile("E0499"),
            "let mut ids = vec![1]; let (a, b) = (&mut ids, &mut ids); a.push(1); b.push(2);",
            "cannot borrow `ids` as mutable more than once at a time",
        ),
        (Prediction::Prints("1\n2"), "println!(\"1 \"); println!(\"2\\n\");", "1"),
        (Prediction::Prints(""), "", ""),
        // A thread's panic is that thread's alone.
        (
            Prediction::Prints("true"),
            "let t = std::thread::spawn(|| panic!(\"in a thread\")); println!(\"{}\", t.join().is_err());",
            "in a thread",
        ),
        (Prediction::Panics, "let ids: Vec<u32> = Vec::new(); println!(\"{}\", ids[0]);", "index"),
        (
            Prediction::Poisoned,
            "use std::sync::Mutex;
             let m = Mutex::new(0);
             std::thread::scope(|s| {
                 let _ = s.spawn(|| { let _held = m.lock(); panic!(\"first\") }).join();
             });
             let _value = m.lock().unwrap();",
            "PoisonError",
        ),
        (
            Prediction::Blocks,
            "let (send, receive) = std::sync::mpsc::channel::<u32>();
             println!(\"waiting\"); let _ = receive.recv(); drop(send);",
            "waiting",
        ),
        (Prediction::Aborts, "std::process::abort();", ""),
        (
            Prediction::Aborts,
            "fn deep(n: u64) -> u64 { let a = [n; 64]; deep(n + 1) + a[(n % 64) as usize] }
             println!(\"{}\", deep(0));",
            "overflow",
        ),
    ];

    #[test]
    fn each_fate_is_told_from_the_others() {
        for &(expected, source, says) in FATES {
            let seen = seen(&Program { name: "test", source, why: "" });
            let seen = seen.as_ref().expect("the program can be watched");
            assert_eq!(seen.fate, expected, "of\n{source}\n{}", seen.said);
            assert!(seen.said.contains(says), "of\n{source}\n{}", seen.said);
        }
    }

    #[test]
    fn what_is_no_prediction_is_an_error_that_names_the_program() {
        for (source, says) in [
            ("std::process::exit(3);", "`test` ended with exit status: 3"),
            (
                "let mut ids = vec![1]; let (a, b) = (&mut ids, &mut ids); a.push(1); b.push(2);
                 drop(ids); drop(ids);",
                "E0382, E0499",
            ),
            ("let a = ;", "without a code"),
        ] {
            let seen = seen(&Program { name: "test", source, why: "" });
            let said = seen.as_ref().expect_err("no prediction says this").to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
