//! Wrong answers to `parallel.thread_pools`: threads that wait for themselves, and batches in the wrong place.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use rayon::ThreadPool;
use rayon::prelude::*;
use tokio::sync::oneshot;

use super::{Answer, Encoded, Encoder, server};
use crate::check::Wrong;
use crate::check::predictions::{believing, writing};
use crate::predict::Prediction::{Blocks, Panics, Prints};

macro_rules! wrong {
    ($id:literal, $belief:literal, $program:literal: $believed:expr) => {
        Wrong {
            id: $id,
            belief: $belief,
            answer: &|asked| believing(asked, &[($program, $believed)]),
        }
    };
    ($id:literal, $belief:literal, $answer:path) => {
        Wrong {
            id: $id,
            belief: $belief,
            answer: &|asked| {
                writing(asked, |input| {
                    let answer = |pool, texts, encode| -> server::Answered {
                        Box::pin($answer(pool, texts, encode))
                    };
                    server::run(Arc::new(answer), input)
                })
            },
        }
    };
}

pub(super) const WRONG: &[Wrong<Answer>] = &[
    wrong!(
        "lock_is_entered_again",
        "you let the worker in because its caller has the lock; a lock is held by a thread, not by a call",
        "gil_held": Prints("2")
    ),
    wrong!(
        "worker_comes_later",
        "you had the worker wait until the caller is done; the caller waits for the worker",
        "gil_held": Prints("1")
    ),
    wrong!(
        "held_locks_are_refused",
        "you expected a panic; `lock` waits, and nobody notices that it waits for ever",
        "gil_held": Panics
    ),
    wrong!(
        "waiting_deadlocks",
        "you took waiting for a worker as such for the fault; it is holding what the worker needs",
        "gil_let_go": Blocks
    ),
    wrong!(
        "lock_stops_all",
        "you took the lock for one on all threads; it stops those who ask for it",
        "gil_not_wanted": Blocks
    ),
    wrong!(
        "pools_grow",
        "you had the pool run a second job while its only thread waits in the first",
        "pool_of_one": Prints("21")
    ),
    wrong!(
        "nesting_deadlocks",
        "you took a job that submits a job for the fault; it is waiting for it",
        "pool_of_one_in_turn": Blocks
    ),
    wrong!(
        "calls_run",
        "you took the call for the run; an `async fn` runs when it is polled",
        "async_unpolled": Prints("encode\ncalled")
    ),
    wrong!(
        "await_starts_threads",
        "you took tasks for threads; here one thread polls both, and the first one blocks it",
        "async_blocked": Prints("7")
    ),
    wrong!(
        "on_the_runtime",
        "you encoded in the async function itself; an `async fn` runs on the thread that polls it",
        on_the_runtime
    ),
    wrong!(
        "waits_for_the_pool",
        "you waited for the pool with `install`, which blocks the thread that calls it",
        waits_for_the_pool
    ),
    wrong!(
        "blocking_receive",
        "you received from a channel that blocks; a oneshot can be awaited",
        blocking_receive
    ),
    wrong!(
        "thread_of_its_own",
        "you started a thread for the batch, or used a pool that was not given; a hundred requests are a hundred threads",
        thread_of_its_own
    ),
    wrong!(
        "serial_job",
        "you spawned one job that goes through the texts; inside of it `par_iter` shares them out",
        serial_job
    ),
    wrong!(
        "order_of_completion",
        "you pushed each result when it was done; `collect` keeps the order of the texts",
        order_of_completion
    ),
    wrong!(
        "panic_for_a_panic",
        "you unwrapped what the oneshot gave; if the job is lost, the server panics with it",
        panic_for_a_panic
    ),
    wrong!(
        "empty_for_a_panic",
        "you gave no ids for a batch that was lost; nobody can tell it from an empty one",
        empty_for_a_panic
    ),
    wrong!(
        "uncaught",
        "you told of the panic and did not catch it; the pool has nobody to give it to, and ends the process",
        uncaught
    ),
    wrong!(
        "unwraps_the_send",
        "you unwrapped the `send`; it fails if the client has gone, and the panic ends the process",
        unwraps_the_send
    ),
];

fn serially(texts: &[String], encode: &Encoder) -> Vec<Vec<u32>> {
    texts.iter().map(|text| encode(text)).collect()
}

fn shared_out(texts: &[String], encode: &Encoder) -> Vec<Vec<u32>> {
    texts.par_iter().map(|text| encode(text)).collect()
}

/// What becomes of work, a panic among others.
fn caught(work: impl FnOnce() -> Vec<Vec<u32>>) -> Encoded {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| "it panicked".to_owned())
}

async fn on_the_runtime(_: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    caught(|| serially(&texts, &encode))
}

async fn waits_for_the_pool(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    caught(|| pool.install(|| shared_out(&texts, &encode)))
}

async fn blocking_receive(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = mpsc::channel();
    pool.spawn(move || drop(sender.send(caught(|| shared_out(&texts, &encode)))));
    receiver.recv().unwrap_or_else(|gone| Err(gone.to_string()))
}

async fn thread_of_its_own(_: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || drop(sender.send(caught(|| serially(&texts, &encode)))));
    receiver.await.unwrap_or_else(|gone| Err(gone.to_string()))
}

async fn serial_job(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || drop(sender.send(caught(|| serially(&texts, &encode)))));
    receiver.await.unwrap_or_else(|gone| Err(gone.to_string()))
}

async fn order_of_completion(
    pool: Arc<ThreadPool>,
    texts: Vec<String>,
    encode: Encoder,
) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        let encoded = Mutex::new(Vec::new());
        let push = |ids| encoded.lock().unwrap_or_else(PoisonError::into_inner).push(ids);
        let all = caught(|| {
            texts.par_iter().for_each(|text| push(encode(text)));
            Vec::new()
        });
        let encoded = encoded.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(sender.send(all.map(|_| encoded)));
    });
    receiver.await.unwrap_or_else(|gone| Err(gone.to_string()))
}

async fn panic_for_a_panic(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || drop(sender.send(shared_out(&texts, &encode))));
    Ok(receiver.await.expect("the pool answers"))
}

async fn empty_for_a_panic(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || drop(sender.send(caught(|| shared_out(&texts, &encode)))));
    Ok(receiver.await.ok().and_then(Result::ok).unwrap_or_default())
}

async fn uncaught(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || drop(sender.send(shared_out(&texts, &encode))));
    receiver.await.map_err(|gone| gone.to_string())
}

async fn unwraps_the_send(pool: Arc<ThreadPool>, texts: Vec<String>, encode: Encoder) -> Encoded {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        let sent = sender.send(caught(|| shared_out(&texts, &encode)));
        sent.expect("somebody waits for the batch");
    });
    receiver.await.unwrap_or_else(|gone| Err(gone.to_string()))
}
