//! Stage `ownership.borrows`: say who may read and who may write, and add one row of a tensor to another.
//!
//! A borrow lends a value without giving it away: `&x` to read, `&mut x` to write. At any moment there are
//! any number of readers or one writer, never both. A borrow lasts from where it is made to where it is used
//! for the last time.
//!
//! Python has no such rule, and you know the price. A loop that appends to the list it goes through never
//! ends; one that removes from it skips elements; a dictionary that changes size below a loop raises
//! `RuntimeError`, and only while the program runs. In C++ the same loop reads freed memory.
//!
//! First the predictions, as in `ownership.moves`: what becomes of each program when it is compiled for
//! debugging and run? Two codes are close to one another:
//!
//! ```text
//! E0499   two borrows that may write
//! E0502   one that may write and one that reads
//! ```
//!
//! Then a function. A tensor of two dimensions is one flat slice, row after row, each `width` long. A kernel
//! adds one row to another, and it is given: it wants the row to write and the row to read.
//!
//! ```text
//! tensor [1, 2,  10, 20,  5, 5], width 2, from 0, to 1   ->   [1, 2,  11, 22,  5, 5], and true
//! the same, from 2, to 0                                 ->   [6, 7,  10, 20,  5, 5], and true
//! from 1, to 1                                           ->   as it was, and false
//! from 0, to 3                                           ->   as it was, and false: there are rows 0, 1, 2
//! ```
//!
//! The numbers are of a type `T` that cannot be copied, so both rows have to be borrowed at once: one to
//! write, one to read, from the same slice. `add` is called once, with exactly these two rows. A row cannot
//! be lent to a writer and a reader, so a row that would be added to itself gives `false`, as does a row that
//! is not there. `width` is not 0, and the tensor has whole rows only. Cost to aim at (not graded): nothing
//! is copied, and no list of rows is made.

use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Panics, Prints};

/// What becomes of each program.
pub fn borrows(program: &str) -> Prediction {
    match program {
        // let mut batch = vec![3, 1, 2];
        // let first = &batch[0];
        // batch.push(4);
        // println!("{first}");
        "push_while_reading" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0502")
            // END SOLUTION
        }
        // let mut batch = vec![3, 1, 2];
        // let first = &batch[0];
        // println!("{first}");
        // batch.push(4);
        // println!("{}", batch.len());
        "after_the_last_use" => {
            // BEGIN SOLUTION
            Prints("3\n4")
            // END SOLUTION
        }
        // let mut row = vec![1.0, 2.0];
        // let a = &mut row;
        // let b = &mut row;
        // a[0] = 3.0;
        // b[1] = 4.0;
        // println!("{row:?}");
        "two_writers" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        // let mut row = [1.0, 2.0];
        // std::mem::swap(&mut row[0], &mut row[1]);
        // println!("{row:?}");
        "two_places" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        // let mut row = [1.0, 2.0, 3.0];
        // let (left, right) = row.split_at_mut(1);
        // left[0] += right[1];
        // println!("{row:?}");
        "split" => {
            // BEGIN SOLUTION
            Prints("[4.0, 2.0, 3.0]")
            // END SOLUTION
        }
        // let mut ids = vec![7, 8];
        // ids.push(ids.len());
        // println!("{ids:?}");
        "its_own_length" => {
            // BEGIN SOLUTION
            Prints("[7, 8, 2]")
            // END SOLUTION
        }
        // let mut queue = vec![1, 2];
        // for id in &queue {
        //     if *id == 1 {
        //         queue.push(3);
        //     }
        // }
        // println!("{queue:?}");
        "grows_in_a_loop" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0502")
            // END SOLUTION
        }
        // let mut queue = vec![1, 2, 3, 4];
        // for i in 0..queue.len() {
        //     if queue[i] % 2 == 0 {
        //         queue.remove(i);
        //     }
        // }
        // println!("{queue:?}");
        "shrinks_in_a_loop" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // fn double(row: &mut [f32]) {
        //     for x in row {
        //         *x *= 2.0;
        //     }
        // }
        // let mut row = vec![1.0, 2.0];
        // let lent = &mut row;
        // double(lent);
        // double(lent);
        // println!("{row:?}");
        "lent_twice" => {
            // BEGIN SOLUTION
            Prints("[4.0, 8.0]")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Has `add` add row `from` to row `to`. Gives `false`, and leaves all as it is, if that is one row or if
/// either is not there.
pub fn add_row<T>(
    tensor: &mut [T],
    width: usize,
    from: usize,
    to: usize,
    add: fn(&mut [T], &[T]),
) -> bool {
    // BEGIN SOLUTION
    let rows = tensor.len() / width;
    if from == to || from >= rows || to >= rows {
        return false;
    }
    let (before, after) = tensor.split_at_mut(from.max(to) * width);
    let earlier = &mut before[from.min(to) * width..][..width];
    let later = &mut after[..width];
    if from < to {
        add(later, earlier)
    } else {
        add(earlier, later)
    }
    true
    // END SOLUTION
}
