//! Stage `ownership.moves`: say who owns a value after it was assigned, passed or dropped.
//!
//! In Python a name is a label: after `b = a` there are two labels on one list, and the list lives until
//! nobody needs it. In Rust a value has one owner. `let b = a;` hands it over, which costs as much as copying
//! a pointer, a length and a capacity; the name `a` is gone, and the compiler knows. So it also knows where
//! the last owner ends, and frees the value right there: no collector is needed to find out.
//!
//! First the predictions. Each program is the body of `main`. Say what becomes of it when it is compiled for
//! debugging and run:
//!
//! ```text
//! DoesNotCompile("E0382")   the compiler refuses it, with this code (`rustc --explain E0382`)
//! Prints("7 7")             it ends well and prints this; lines are separated by \n
//! Panics                    a panic ends it
//! ```
//!
//! Guess before you look anything up: a wrong guess that you remember teaches more than a right one.
//!
//! Then a function. A server keeps requests in a queue, each a vector of tokens, and takes out those that are
//! long enough:
//!
//! ```text
//! queue [[1], [2, 3, 4], [5], [6, 7]], length 2   ->   [[2, 3, 4], [6, 7]], and [[1], [5]] stay
//! ```
//!
//! Both keep their order. The tokens are of a type `T` that cannot be cloned, so each request has to be moved;
//! and what is borrowed cannot be moved out of, so something has to stand in its place meanwhile. Cost to aim
//! at (not graded): one step a request.

use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Panics, Prints};

/// What becomes of each program.
pub fn moves(program: &str) -> Prediction {
    match program {
        // let ids = vec![5, 6];
        // let batch = ids;
        // println!("{ids:?} {batch:?}");
        "assigned" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0382")
            // END SOLUTION
        }
        // let id: u32 = 7;
        // let next = id;
        // println!("{id} {next}");
        "a_number" => {
            // BEGIN SOLUTION
            Prints("7 7")
            // END SOLUTION
        }
        // let ids = vec![5, 6];
        // let mut longer = ids.clone();
        // longer.push(7);
        // println!("{} {}", ids.len(), longer.len());
        "cloned" => {
            // BEGIN SOLUTION
            Prints("2 3")
            // END SOLUTION
        }
        // fn count(ids: Vec<u32>) -> usize {
        //     ids.len()
        // }
        // let ids = vec![5, 6];
        // println!("{} {}", count(ids), ids.len());
        "passed" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0382")
            // END SOLUTION
        }
        // let batches = vec![vec![1], vec![2, 3]];
        // let mut tokens = 0;
        // for batch in batches {
        //     tokens += batch.len();
        // }
        // println!("{tokens} tokens in {} batches", batches.len());
        "in_a_loop" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0382")
            // END SOLUTION
        }
        // let batches = vec![vec![1], vec![2, 3]];
        // let first = &batches;
        // let owned = first[0];
        // println!("{owned:?}");
        "out_of_a_borrow" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0507")
            // END SOLUTION
        }
        // let mut weights = Some(vec![1.0, 2.0]);
        // let loaded = weights.take();
        // println!("{} {}", loaded.unwrap().len(), weights.unwrap().len());
        "taken_out" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // struct Weights(&'static str);
        // impl Drop for Weights {
        //     fn drop(&mut self) {
        //         println!("free {}", self.0);
        //     }
        // }
        // let a = Weights("a");
        // let b = Weights("b");
        // let c = Weights("c");
        // drop(b);
        // println!("end");
        "dropped" => {
            // BEGIN SOLUTION
            Prints("free b\nend\nfree c\nfree a")
            // END SOLUTION
        }
        // struct Weights(&'static str);
        // impl Drop for Weights {
        //     fn drop(&mut self) {
        //         println!("free {}", self.0);
        //     }
        // }
        // let mut model = Weights("old");
        // println!("load");
        // model = Weights("new");
        // println!("serve");
        "replaced" => {
            // BEGIN SOLUTION
            Prints("load\nfree old\nserve\nfree new")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Takes the requests of at least `len` tokens out of `queue`. They come in their order; the others stay in
/// theirs.
pub fn take_ready<T>(queue: &mut Vec<Vec<T>>, len: usize) -> Vec<Vec<T>> {
    // BEGIN SOLUTION
    let (ready, waiting) =
        std::mem::take(queue).into_iter().partition(|request| request.len() >= len);
    *queue = waiting;
    ready
    // END SOLUTION
}
