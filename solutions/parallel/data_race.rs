//! Stage `parallel.data_race`: say which races the compiler refuses, and end one that it does not.
//!
//! A *data race* is two threads at one place in memory at the same time, at least one of them writing, and
//! nothing that orders the two. In C that is undefined behaviour, and the program may do anything. Safe Rust
//! has no data races: what crosses to another thread must be `Send`, what is shared between threads must be
//! `Sync`, and there is one writer or there are many readers. These rules are checked before the program runs.
//!
//! A *race condition* is more than that: the result depends on who comes first. No compiler can refuse this,
//! since often it is meant so. Two atomic steps are not one atomic step.
//!
//! First the predictions, as in chapter `ownership`. Where two threads have to meet for something to go wrong,
//! a `Barrier` makes them meet, so each program does the same in every run:
//!
//! ```text
//! DoesNotCompile("E0277")   the compiler refuses it, with this code (`rustc --explain E0277`)
//! Prints("7")               it ends well and prints this
//! ```
//!
//! Then a function. An inference server has `free` blocks for the keys and values of its requests, and many
//! threads that admit requests. `reserve` takes `blocks` of them if there are so many, and says whether it did:
//!
//! ```text
//! 5 free, reserve 3   ->   true, and 2 are free
//! 2 free, reserve 3   ->   false, and 2 are free
//! ```
//!
//! The count is an [`Atomic`], which has the methods of `std::sync::atomic::AtomicUsize`. Other threads change
//! it between any two of your steps. Still it must never be below zero, not for a moment; nobody's change may be
//! lost; and `false` is right only if, at some moment during the call, fewer than `blocks` were free. The check
//! puts the step of a rival between each two of yours, so it needs no luck. Any ordering will do here: the number
//! alone is shared.

use rust_for_ai::check::parallel::Atomic;
use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Prints};
use std::sync::atomic::Ordering::Relaxed;

/// What becomes of each program.
pub fn data_race(program: &str) -> Prediction {
    match program {
        // use std::thread;
        // let tokens = vec![1, 2, 3];
        // let counting = thread::spawn(|| tokens.len());
        // println!("{}", counting.join().unwrap());
        "borrowed" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0373")
            // END SOLUTION
        }
        // use std::thread;
        // let tokens = vec![1, 2, 3];
        // let counting = thread::spawn(move || tokens.len());
        // println!("{}", counting.join().unwrap());
        "handed_over" => {
            // BEGIN SOLUTION
            Prints("3")
            // END SOLUTION
        }
        // use std::rc::Rc;
        // use std::thread;
        // let weights = Rc::new(vec![0.5, 1.5]);
        // let mine = Rc::clone(&weights);
        // let summing = thread::spawn(move || mine.iter().sum::<f64>());
        // println!("{}", summing.join().unwrap());
        "rc" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // use std::cell::RefCell;
        // use std::thread;
        // let cache = RefCell::new(vec![1]);
        // let filling = thread::spawn(move || {
        //     cache.borrow_mut().push(2);
        //     cache.into_inner().len()
        // });
        // println!("{}", filling.join().unwrap());
        "refcell_handed_over" => {
            // BEGIN SOLUTION
            Prints("2")
            // END SOLUTION
        }
        // use std::cell::Cell;
        // use std::thread;
        // let steps = Cell::new(0);
        // thread::scope(|scope| {
        //     scope.spawn(|| steps.set(steps.get() + 1));
        //     scope.spawn(|| steps.set(steps.get() + 1));
        // });
        // println!("{}", steps.get());
        "cell_shared" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // use std::thread;
        // let weights = [0.5, 1.5];
        // let first = weights.as_ptr();
        // let looking = thread::spawn(move || first.is_null());
        // println!("{}", looking.join().unwrap());
        "raw_pointer" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // use std::thread;
        // let mut steps = 0;
        // thread::scope(|scope| {
        //     scope.spawn(|| steps += 1);
        //     scope.spawn(|| steps += 1);
        // });
        // println!("{steps}");
        "two_writers" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        // use std::thread;
        // let mut loss = 2.5;
        // thread::scope(|scope| {
        //     scope.spawn(|| println!("{loss}"));
        //     loss = 1.5;
        // });
        "written_meanwhile" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0506")
            // END SOLUTION
        }
        // use std::sync::Arc;
        // use std::thread;
        // let steps = Arc::new(0);
        // let mut mine = Arc::clone(&steps);
        // let working = thread::spawn(move || *mine += 1);
        // working.join().unwrap();
        // println!("{steps}");
        "arc_alone" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0594")
            // END SOLUTION
        }
        // static mut STEPS: u32 = 0;
        // STEPS += 1;
        // println!("done");
        "static_mut" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0133")
            // END SOLUTION
        }
        // use std::thread;
        // let mut logits = vec![4, 3, 2, 1];
        // let (left, right) = logits.split_at_mut(2);
        // thread::scope(|scope| {
        //     scope.spawn(|| left.sort());
        //     scope.spawn(|| right.sort());
        // });
        // println!("{logits:?}");
        "halves" => {
            // BEGIN SOLUTION
            Prints("[3, 4, 1, 2]")
            // END SOLUTION
        }
        // use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
        // use std::thread;
        // let tokens = AtomicU32::new(0);
        // thread::scope(|scope| {
        //     for _ in 0..4 {
        //         scope.spawn(|| {
        //             for _ in 0..1000 {
        //                 tokens.fetch_add(1, Relaxed);
        //             }
        //         });
        //     }
        // });
        // println!("{}", tokens.into_inner());
        "relaxed" => {
            // BEGIN SOLUTION
            Prints("4000")
            // END SOLUTION
        }
        // use std::sync::Barrier;
        // use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
        // use std::thread;
        // let tokens = AtomicU32::new(0);
        // let both_have_read = Barrier::new(2);
        // thread::scope(|scope| {
        //     for _ in 0..2 {
        //         scope.spawn(|| {
        //             let seen = tokens.load(SeqCst);
        //             both_have_read.wait();
        //             tokens.store(seen + 1, SeqCst);
        //         });
        //     }
        // });
        // println!("{}", tokens.into_inner());
        "load_then_store" => {
            // BEGIN SOLUTION
            Prints("1")
            // END SOLUTION
        }
        // use std::sync::Barrier;
        // use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
        // use std::thread;
        // let free = AtomicI32::new(1);
        // let both_have_looked = Barrier::new(2);
        // thread::scope(|scope| {
        //     for _ in 0..2 {
        //         scope.spawn(|| {
        //             if free.load(SeqCst) > 0 {
        //                 both_have_looked.wait();
        //                 free.fetch_sub(1, SeqCst);
        //             }
        //         });
        //     }
        // });
        // println!("{}", free.into_inner());
        "check_then_act" => {
            // BEGIN SOLUTION
            Prints("-1")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Takes `blocks` of those that are free, if there are so many, and says whether it did.
pub fn reserve(free: &impl Atomic, blocks: usize) -> bool {
    // BEGIN SOLUTION
    let mut seen = free.load(Relaxed);
    while let Some(left) = seen.checked_sub(blocks) {
        match free.compare_exchange_weak(seen, left, Relaxed, Relaxed) {
            Ok(_) => return true,
            // Somebody was faster: look at what is there now, and decide anew.
            Err(now) => seen = now,
        }
    }
    false
    // END SOLUTION
}
