//! Stage `sharing.predict`: say what becomes of a value that many want.
//!
//! `RefCell` or `Mutex`? Who answers "one thread or many" has half of it. The other half is what happens to those
//! who break the rule: one is a panic, the other waits, and a third does not compile. Say of each program what
//! becomes of it when it is compiled for debugging and run:
//!
//! ```text
//! DoesNotCompile("E0277")   the compiler refuses it, with this code (`rustc --explain E0277`)
//! Prints("7 7")             it ends well and prints this; lines are separated by \n
//! Panics                    a panic ends it
//! Poisoned                  it unwraps a lock that another panic has poisoned
//! Blocks                    it never ends, since all of its threads wait
//! ```
//!
//! Codes to choose from; one of them does not occur:
//!
//! ```text
//! E0277   a type lacks a trait, such as `Send` (may go to another thread) or `Sync` (may be shared by threads)
//! E0373   a closure borrows what may be gone when it runs
//! E0382   a value is used after it was moved
//! E0499   two `&mut` of one value at a time
//! ```
//!
//! A guard is held until it is dropped; a guard without a name is a temporary, and the question is where
//! those end. Guess before you look anything up.

use rust_for_ai::predict::Prediction::{self, Blocks, DoesNotCompile, Panics, Poisoned, Prints};

/// What becomes of each program.
pub fn predict(program: &str) -> Prediction {
    match program {
        // use std::cell::RefCell;
        // let ids = RefCell::new(vec![5]);
        // let first = ids.borrow_mut();
        // let second = ids.borrow_mut();
        // println!("{} {}", first.len(), second.len());
        "borrowed_twice" => {
            todo!("sharing.predict")
        }
        // use std::cell::RefCell;
        // let ids = RefCell::new(vec![5]);
        // match ids.borrow().last().copied() {
        //     Some(id) => ids.borrow_mut().push(id + 1),
        //     None => ids.borrow_mut().push(0),
        // }
        // println!("{:?}", ids.borrow());
        "head_of_a_match" => {
            todo!("sharing.predict")
        }
        // use std::cell::RefCell;
        // let ids = RefCell::new(vec![]);
        // if let Some(id) = ids.borrow().last().copied() {
        //     println!("the last is {id}");
        // } else {
        //     ids.borrow_mut().push(0);
        // }
        // println!("{:?}", ids.borrow());
        "else_of_an_if_let" => {
            todo!("sharing.predict")
        }
        // use std::cell::RefCell;
        // let ids = RefCell::new(vec![5]);
        // let worker = std::thread::spawn(move || {
        //     ids.borrow_mut().push(6);
        //     ids.borrow().len()
        // });
        // println!("{}", worker.join().unwrap());
        "a_refcell_in_a_thread" => {
            todo!("sharing.predict")
        }
        // use std::cell::RefCell;
        // use std::sync::Arc;
        // let ids = Arc::new(RefCell::new(vec![5]));
        // let theirs = Arc::clone(&ids);
        // std::thread::spawn(move || theirs.borrow_mut().push(6)).join().unwrap();
        // println!("{:?}", ids.borrow());
        "a_refcell_in_two_threads" => {
            todo!("sharing.predict")
        }
        // use std::rc::Rc;
        // let ids = Rc::new(vec![5, 6]);
        // let theirs = Rc::clone(&ids);
        // let worker = std::thread::spawn(move || theirs.len());
        // println!("{} {}", ids.len(), worker.join().unwrap());
        "an_rc_in_a_thread" => {
            todo!("sharing.predict")
        }
        // let ids = vec![5, 6];
        // let worker = std::thread::spawn(|| ids.len());
        // println!("{}", worker.join().unwrap());
        "lent_to_a_thread" => {
            todo!("sharing.predict")
        }
        // use std::sync::Mutex;
        // let ids = Mutex::new(vec![5, 6]);
        // let guard = ids.lock().unwrap();
        // std::thread::scope(|scope| {
        //     scope.spawn(move || println!("{}", guard.len()));
        // });
        "a_guard_in_a_thread" => {
            todo!("sharing.predict")
        }
        // use std::sync::Mutex;
        // let mut hits = Mutex::new(1);
        // let first = hits.get_mut().unwrap();
        // let second = hits.get_mut().unwrap();
        // *first += 1;
        // *second += 1;
        // println!("{}", hits.into_inner().unwrap());
        "past_the_lock" => {
            todo!("sharing.predict")
        }
        // use std::sync::Mutex;
        // let ids = Mutex::new(vec![5, 6]);
        // ids.lock().unwrap().push(ids.lock().unwrap().len());
        // println!("{:?}", ids.lock().unwrap());
        "locked_twice_in_a_line" => {
            todo!("sharing.predict")
        }
        // use std::sync::{Arc, Mutex};
        // let hits = Arc::new(Mutex::new(1));
        // let theirs = Arc::clone(&hits);
        // let worker = std::thread::spawn(move || {
        //     let mut guard = theirs.lock().unwrap();
        //     *guard += 1;
        //     panic!("half way");
        // });
        // let _ = worker.join();
        // println!("{}", hits.lock().unwrap());
        "after_a_panic" => {
            todo!("sharing.predict")
        }
        // use std::sync::RwLock;
        // let ids = RwLock::new(vec![5, 6]);
        // let first = ids.read().unwrap();
        // let second = ids.read().unwrap();
        // println!("{}", first.len() + second.len());
        // if !second.contains(&7) {
        //     ids.write().unwrap().push(7);
        // }
        // println!("done");
        "read_then_write" => {
            todo!("sharing.predict")
        }
        // use std::sync::{Barrier, Mutex};
        // let (ids, hits, both) = (Mutex::new(vec![5]), Mutex::new(0), Barrier::new(2));
        // std::thread::scope(|scope| {
        //     scope.spawn(|| {
        //         let ids = ids.lock().unwrap();
        //         both.wait();
        //         *hits.lock().unwrap() += ids.len();
        //     });
        //     scope.spawn(|| {
        //         let hits = hits.lock().unwrap();
        //         both.wait();
        //         ids.lock().unwrap().push(*hits);
        //     });
        // });
        // println!("done");
        "in_two_orders" => {
            todo!("sharing.predict")
        }
        // use std::sync::OnceLock;
        // static MODEL: OnceLock<u32> = OnceLock::new();
        // let (first, second) = (MODEL.set(7), MODEL.set(8));
        // println!("{first:?} {second:?} {:?}", MODEL.get());
        "filled_once" => {
            todo!("sharing.predict")
        }
        other => unreachable!("no program is called {other}"),
    }
}
