//! Stage `ownership.memory_safety`: say what stands between a program and its memory, and hand out handles.
//!
//! Four errors make most of what goes wrong with memory, and this is what becomes of them:
//!
//! ```text
//! error               C                           Python
//! use after free      undefined: anything goes    cannot be written
//! double free         undefined                   cannot be written
//! buffer overrun      undefined                   IndexError, while it runs
//! data race           undefined                   updates may be lost
//! ```
//!
//! Python pays with a count in every object, and with a collector for cycles, which stops the program at a
//! moment of its own choice. Rust pays at compile time, with the rules that you have met, and sometimes while
//! the program runs. Not all that is bad is unsafe: safe means that nobody reads or writes what is not theirs,
//! and no more. And `unsafe` is the word for "here I vouch for that"; what it switches off, you will see.
//!
//! First the predictions: what becomes of each program when it is compiled for debugging and run? There is a
//! new one, `Aborts`: the process ends at once, and nothing can catch it. E0133 asks for `unsafe`.
//!
//! Then a type, which cures use after free where the compiler cannot see it. A server keeps the KV cache of
//! each request in a slot, and everybody else holds a number. A request ends, its slot is given to the next
//! one, and whoever still has the old number reads another one's conversation. No memory was freed, so
//! nothing is unsafe, and it is the same mistake. The cure is a generation: it counts how often the slot was
//! given away, and a handle knows in which generation it was made.
//!
//! ```text
//! let mut slots = Slots::new();
//! let a = slots.insert(vec![1.0]);      say Handle { slot: 0, generation: 0 }
//! slots.remove(a)                       Some([1.0])
//! let b = slots.insert(vec![2.0]);      say Handle { slot: 0, generation: 1 }: the slot is used again
//! slots.get(b)                          Some([2.0])
//! slots.get(a)                          None: that cache is gone
//! slots.remove(a)                       None, and `b` stays
//! ```
//!
//! - A slot that is free is used again before a new one is made; which one, you choose.
//! - No handle makes it panic, whatever its slot and generation are.
//!
//! Cost to aim at (not graded): each method takes the same time, however many slots there are.

use rust_for_ai::check::ownership::{Caches, Handle};
use rust_for_ai::predict::Prediction::{self, Aborts, DoesNotCompile, Panics, Prints};

/// What becomes of each program.
pub fn memory_safety(program: &str) -> Prediction {
    match program {
        // let cache = Box::new([1.0, 2.0]);
        // let row = &cache[0];
        // drop(cache);
        // println!("{row}");
        "use_after_free" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0505")
            // END SOLUTION
        }
        // let cache = Box::new([1.0, 2.0]);
        // drop(cache);
        // drop(cache);
        "double_free" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0382")
            // END SOLUTION
        }
        // let tokens = vec![1, 2, 3];
        // let end = tokens.len();
        // println!("{}", tokens[end]);
        "overrun" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // let mut served = 0;
        // std::thread::scope(|scope| {
        //     scope.spawn(|| served += 1);
        //     scope.spawn(|| served += 1);
        // });
        // println!("{served}");
        "data_race" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        // struct Weights;
        // impl Drop for Weights {
        //     fn drop(&mut self) {
        //         println!("free");
        //     }
        // }
        // std::mem::forget(Weights);
        // println!("end");
        "forgotten" => {
            // BEGIN SOLUTION
            Prints("end")
            // END SOLUTION
        }
        // use std::cell::RefCell;
        // use std::rc::Rc;
        // struct Node(RefCell<Option<Rc<Node>>>);
        // impl Drop for Node {
        //     fn drop(&mut self) {
        //         println!("free");
        //     }
        // }
        // let node = Rc::new(Node(RefCell::new(None)));
        // *node.0.borrow_mut() = Some(Rc::clone(&node));
        // drop(node);
        // println!("end");
        "cycle" => {
            // BEGIN SOLUTION
            Prints("end")
            // END SOLUTION
        }
        // fn depth(n: u64) -> u64 {
        //     1 + depth(n + 1)
        // }
        // println!("{}", depth(0));
        "too_deep" => {
            // BEGIN SOLUTION
            Aborts
            // END SOLUTION
        }
        // let tokens = [1, 2, 3];
        // let place = tokens.as_ptr();
        // println!("{}", *place);
        "raw_pointer" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0133")
            // END SOLUTION
        }
        // let mut ids = vec![1, 2];
        // unsafe {
        //     let a = &mut ids;
        //     let b = &mut ids;
        //     a.push(3);
        //     b.push(4);
        // }
        // println!("{ids:?}");
        "unsafe_borrows" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0499")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// The KV caches of the requests that are being served.
#[derive(Debug)]
pub struct Slots {
    // BEGIN SOLUTION
    /// The generation of each slot, and what is in it.
    slots: Vec<(u32, Option<Vec<f32>>)>,
    /// The slots with nothing in them, each once.
    free: Vec<usize>,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}

impl Slots {
    /// No slots yet.
    #[expect(clippy::new_without_default, reason = "an exercise asks for one way to make it")]
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { slots: Vec::new(), free: Vec::new() }
        // END SOLUTION
    }
}

impl Caches for Slots {
    fn insert(&mut self, cache: Vec<f32>) -> Handle {
        // BEGIN SOLUTION
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push((0, None));
        }
        let (generation, place) = &mut self.slots[slot];
        *place = Some(cache);
        Handle { slot, generation: *generation }
        // END SOLUTION
    }

    fn get(&self, handle: Handle) -> Option<&[f32]> {
        // BEGIN SOLUTION
        let (generation, cache) = self.slots.get(handle.slot)?;
        cache.as_deref().filter(|_| *generation == handle.generation)
        // END SOLUTION
    }

    fn remove(&mut self, handle: Handle) -> Option<Vec<f32>> {
        // BEGIN SOLUTION
        let (generation, cache) = self.slots.get_mut(handle.slot)?;
        if *generation != handle.generation {
            return None;
        }
        let cache = cache.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(handle.slot);
        Some(cache)
        // END SOLUTION
    }
}
