//! Stage `parallel.par_iter`: put all processors to work with one word, and say what the compiler asks for it.
//!
//! With Rayon, `texts.iter().map(…).collect()` becomes `texts.par_iter().map(…).collect()`, and the work is done
//! by all processors. Nobody starts a thread: a pool of workers waits, the list is cut in halves, and a worker
//! with nothing to do takes a half that another has not begun. `collect` puts each result where its item stood.
//!
//! What makes this safe is two words that the compiler knows of every type:
//!
//! ```text
//! Send    it may be handed over to another thread      Rc is not: two threads would count on one number
//! Sync    a `&` of it may be used by another thread     Cell is not: both could write through it
//! ```
//!
//! A closure is `Send` if all that it takes along is. So a data race does not compile.
//!
//! What the compiler cannot see is that the order of additions matters. A sum of floats is rounded after each
//! step, and `par_iter().sum()` adds up the halves on their own: the loss of one model on one data set would
//! change with the number of processors.
//!
//! First the predictions; each program is the body of `main`. Then two functions:
//!
//! ```text
//! encode_all(["a", "bc"], bytes)      ->  [[97], [98, 99]]      in the order of the texts
//! mean_loss(["a", "b"], loss)         ->  (0 + loss("a") + loss("b")) / 2, added from left to right;
//!                                         0 where there is no text
//! ```
//!
//! Both call what they are given once for each text, on all threads of the pool; and `mean_loss` gives the same
//! number, to the last bit, for any number of threads. Cost to aim at (not graded): one pass, and room for one
//! number a text.

use rayon::prelude::*;
use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Panics, Prints};

/// What becomes of each program.
pub fn par_iter(program: &str) -> Prediction {
    match program {
        // let ids = vec![5, 6, 7];
        // let worker = std::thread::spawn(|| ids.len());
        // println!("{}", worker.join().unwrap());
        "borrowed" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0373")
            // END SOLUTION
        }
        // let ids = vec![5, 6, 7];
        // let total = std::thread::scope(|scope| {
        //     let left = scope.spawn(|| ids[..1].iter().sum::<u32>());
        //     let right = scope.spawn(|| ids[1..].iter().sum::<u32>());
        //     left.join().unwrap() + right.join().unwrap()
        // });
        // println!("{total} of {}", ids.len());
        "scoped" => {
            // BEGIN SOLUTION
            Prints("18 of 3")
            // END SOLUTION
        }
        // let squares: Vec<u32> = std::thread::scope(|scope| {
        //     let workers = [3, 1, 2].map(|n| scope.spawn(move || n * n));
        //     workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        // });
        // println!("{squares:?}");
        "joined_in_order" => {
            // BEGIN SOLUTION
            Prints("[9, 1, 4]")
            // END SOLUTION
        }
        // let vocabulary = std::rc::Rc::new(vec!["a", "b"]);
        // let worker = std::thread::spawn(move || vocabulary.len());
        // println!("{}", worker.join().unwrap());
        "a_counted_reference" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // let seen = std::cell::RefCell::new(vec![5]);
        // let worker = std::thread::spawn(move || {
        //     seen.borrow_mut().push(6);
        //     seen.into_inner()
        // });
        // println!("{:?}", worker.join().unwrap());
        "a_cell_moved" => {
            // BEGIN SOLUTION
            Prints("[5, 6]")
            // END SOLUTION
        }
        // let seen = std::cell::Cell::new(0);
        // std::thread::scope(|scope| {
        //     scope.spawn(|| seen.set(seen.get() + 1));
        // });
        // println!("{}", seen.get());
        "a_cell_shared" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // let mut tokens = 0;
        // std::thread::scope(|scope| {
        //     scope.spawn(|| tokens += 2);
        //     scope.spawn(|| tokens += 3);
        // });
        // println!("{tokens}");
        "two_writers" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        // let ids = vec![5, 6, 7];
        // std::thread::scope(|scope| {
        //     scope.spawn(|| assert!(ids.is_empty()));
        // });
        // println!("{}", ids.len());
        "a_thread_panics" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // let losses: [f32; 3] = [1e8, 1.0, -1e8];
        // let [a, b, c] = losses;
        // println!("{} {}", (a + b) + c, (a + c) + b);
        "order_of_additions" => {
            // BEGIN SOLUTION
            Prints("0 1")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// The ids of each text, in the order of the texts, encoded on all threads of the pool.
pub fn encode_all(texts: &[String], encode: &(dyn Fn(&str) -> Vec<u32> + Sync)) -> Vec<Vec<u32>> {
    // BEGIN SOLUTION
    texts.par_iter().map(|text| encode(text)).collect()
    // END SOLUTION
}

/// The mean of the losses of all texts: computed on all threads of the pool, added from left to right.
pub fn mean_loss(texts: &[String], loss: &(dyn Fn(&str) -> f32 + Sync)) -> f32 {
    // BEGIN SOLUTION
    if texts.is_empty() {
        return 0.0;
    }
    let losses: Vec<f32> = texts.par_iter().map(|text| loss(text)).collect();
    losses.iter().sum::<f32>() / losses.len() as f32
    // END SOLUTION
}
