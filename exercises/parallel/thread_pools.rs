//! Stage `parallel.thread_pools`: say who waits for whom, and encode on a pool without blocking the runtime.
//!
//! A thread that waits does nothing else. That is harmless as long as somebody else can do what it waits for:
//!
//! ```text
//! waits                           for                                   who could do it
//! a job in a pool of one thread   another job of the same pool          that very thread
//! a task of an async runtime      a message from another task           the thread that it blocks
//! a caller that holds a lock      a worker that wants the lock          nobody, until the caller lets go
//! ```
//!
//! The last one is every extension module for Python: who was called from Python holds the interpreter's lock
//! (the GIL). If it then waits for workers that attach to the interpreter, all wait for ever; the cure is to
//! detach before waiting. Here a `Mutex` plays the lock.
//!
//! First the predictions. A program whose threads all wait is ended after a while:
//!
//! ```text
//! Prints("7")   it ends well and prints this
//! Blocks        it waits for ever
//! ```
//!
//! Then a function. A server runs on an async runtime with few threads, here one. Encoding a batch takes long, so
//! it belongs on a pool with a thread for each processor, and the runtime's thread must go on meanwhile: other
//! requests wait for it. `encode_on` hands the batch to `pool`, where all threads of the pool work on it, and waits
//! for the result *asynchronously*:
//!
//! ```text
//! encode_on(pool, ["a", "bc"], bytes).await   ->   Ok([[97], [98, 99]])
//! ```
//!
//! The results are in the order of the texts. If `encode` panics, that is an `Err` with some text, and the
//! server lives on. It must also live on if a client goes away and the future is dropped before the batch is done.
//! A panic that leaves a job which was `spawn`ed on a pool of Rayon ends the process: there is nobody to
//! give it to.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;
use rust_for_ai::predict::Prediction::{self, Blocks, Prints};
use tokio::sync::oneshot;

/// Makes ids of a text; any thread may call it.
pub type Encoder = Arc<dyn Fn(&str) -> Vec<u32> + Send + Sync>;

/// What becomes of each program.
pub fn thread_pools(program: &str) -> Prediction {
    match program {
        // use std::sync::Mutex;
        // use std::thread;
        // // The interpreter's lock: who has it may touch Python's objects.
        // let gil = Mutex::new(0);
        // // Python calls us, so we have it.
        // let mut python = gil.lock().unwrap();
        // *python += 1;
        // thread::scope(|scope| {
        //     // A worker attaches to the interpreter, and we wait for the worker.
        //     scope.spawn(|| *gil.lock().unwrap() += 1);
        // });
        // println!("{python}");
        "gil_held" => {
            todo!("parallel.thread_pools")
        }
        // use std::sync::Mutex;
        // use std::thread;
        // let gil = Mutex::new(0);
        // let mut python = gil.lock().unwrap();
        // *python += 1;
        // // Detach before waiting.
        // drop(python);
        // thread::scope(|scope| {
        //     scope.spawn(|| *gil.lock().unwrap() += 1);
        // });
        // println!("{}", gil.lock().unwrap());
        "gil_let_go" => {
            todo!("parallel.thread_pools")
        }
        // use std::sync::Mutex;
        // use std::thread;
        // let gil = Mutex::new(0);
        // let mut python = gil.lock().unwrap();
        // let tokens = thread::scope(|scope| {
        //     // This worker only computes.
        //     scope.spawn(|| "a text".len()).join().unwrap()
        // });
        // *python += tokens;
        // println!("{python}");
        "gil_not_wanted" => {
            todo!("parallel.thread_pools")
        }
        // use std::sync::mpsc::channel;
        // use std::thread;
        // // A pool of one thread: it takes jobs and runs them, one after the other.
        // let (pool, jobs) = channel::<Box<dyn FnOnce() + Send>>();
        // thread::spawn(move || jobs.iter().for_each(|job| job()));
        // let (done, outer) = channel();
        // let inner_pool = pool.clone();
        // pool.send(Box::new(move || {
        //     let (answer, inner) = channel();
        //     inner_pool.send(Box::new(move || answer.send(20).unwrap())).unwrap();
        //     done.send(inner.recv().unwrap() + 1).unwrap();
        // })).unwrap();
        // println!("{}", outer.recv().unwrap());
        "pool_of_one" => {
            todo!("parallel.thread_pools")
        }
        // use std::sync::mpsc::channel;
        // use std::thread;
        // let (pool, jobs) = channel::<Box<dyn FnOnce() + Send>>();
        // thread::spawn(move || jobs.iter().for_each(|job| job()));
        // let (done, outer) = channel();
        // let inner_pool = pool.clone();
        // pool.send(Box::new(move || {
        //     // The inner job does the rest, and nobody waits for it here.
        //     inner_pool.send(Box::new(move || done.send(20 + 1).unwrap())).unwrap();
        // })).unwrap();
        // println!("{}", outer.recv().unwrap());
        "pool_of_one_in_turn" => {
            todo!("parallel.thread_pools")
        }
        // async fn encode(text: &str) -> usize {
        //     println!("encode");
        //     text.len()
        // }
        // let tokens = encode("a text");
        // println!("called");
        "async_unpolled" => {
            todo!("parallel.thread_pools")
        }
        // use std::pin::pin;
        // use std::sync::mpsc::channel;
        // use std::task::{Context, Waker};
        // let (sender, receiver) = channel();
        // let mut asks = pin!(async move { println!("{}", receiver.recv().unwrap()) });
        // let mut answers = pin!(async move { sender.send(7).unwrap() });
        // // A runtime with one thread polls its tasks in turn.
        // let mut runtime = Context::from_waker(Waker::noop());
        // let _ = asks.as_mut().poll(&mut runtime);
        // let _ = answers.as_mut().poll(&mut runtime);
        "async_blocked" => {
            todo!("parallel.thread_pools")
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Encodes texts on the threads of `pool`, in their order. The thread that polls this is never blocked.
pub async fn encode_on(
    pool: Arc<ThreadPool>,
    texts: Vec<String>,
    encode: Encoder,
) -> Result<Vec<Vec<u32>>, String> {
    todo!("parallel.thread_pools")
}
