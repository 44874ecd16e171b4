//! The later stages of chapter `parallel`: pipelines, pools and what no compiler refuses.

use crate::course::{Level, Reading, Stage};

/// Bounded memory.
pub const PIPELINE: Stage = Stage {
    id: "parallel.pipeline",
    title: "read, encode and write at the same time, in bounded memory",
    rust: "`sync_channel` makes the sender wait; an end of a channel that is dropped tells the other end to stop",
    ai: "a corpus of any size is tokenized in memory that does not grow, while the disk and the processor both work",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a bounded channel is back-pressure: who sends to a slow receiver waits. And it is a signal: when one end is \
         dropped, the other is told, by an error of `send` or by the end of the loop that receives",
        "in a `thread::scope`, one thread reads and sends, a second receives, encodes and sends, and the calling thread \
         receives and writes. Send `Result`s through the second channel, so that an error keeps its place in the order. \
         Each loop should own its receiver, so that leaving the loop drops it",
        "thread::scope(|scope| {\n    let (read, to_encode) = sync_channel(room);\n    let (encoded, to_write) = \
         sync_channel(room);\n    scope.spawn(move || for item in source { /* send, or stop */ });\n    scope.spawn(move || \
         for item in to_encode { /* encode, send, or stop */ });\n    for result in to_write { /* `?` twice */ }\n    \
         Ok(written)\n})",
    ],
    reading: &[
        Reading {
            title: "std::sync::mpsc::sync_channel",
            at: "https://doc.rust-lang.org/std/sync/mpsc/fn.sync_channel.html",
        },
        Reading {
            title: "The Rust Programming Language, chapter 16.2: transfer data between threads with message passing",
            at: "https://doc.rust-lang.org/book/ch16-02-message-passing.html",
        },
    ],
    questions: &[
        "A service reads from a queue faster than it writes to its store. What happens with an unbounded channel, and \
         what with a bounded one?",
        "The consumer of a channel fails. How do the producers come to know, and how can that become a deadlock?",
        "How much memory does a pipeline of three threads need, in items?",
    ],
    solved: &[],
};

/// Who waits for whom.
pub const THREAD_POOLS: Stage = Stage {
    id: "parallel.thread_pools",
    title: "say who waits for whom, and encode on a pool without blocking the runtime",
    rust: "a thread that waits does nothing else: Rayon for the processor, async for waiting, a oneshot between the two",
    ai: "a server goes on answering while it tokenizes; an extension detaches from Python before it waits for its workers",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "draw an arrow from whoever waits to whoever could end the waiting; a circle is a deadlock. For the function: \
         the work has to leave the thread that polls, and the result has to come back by something that can be awaited",
        "make a `tokio::sync::oneshot` channel; `pool.spawn` a job that encodes all texts with `par_iter` and sends the \
         result; await the receiver. Catch the panic inside of the job, and do not unwrap the `send`",
        "let (sender, receiver) = oneshot::channel();\npool.spawn(move || {\n    let encoded = \
         panic::catch_unwind(AssertUnwindSafe(|| /* par_iter, map, collect */));\n    let _ = \
         sender.send(encoded);\n});\nmatch receiver.await { /* two Results, one in the other */ }",
    ],
    reading: &[
        Reading {
            title: "Alice Ryhl: what is blocking in async Rust?",
            at: "https://ryhl.io/blog/async-what-is-blocking/",
        },
        Reading {
            title: "rayon::ThreadPool: install, spawn and panics",
            at: "https://docs.rs/rayon/1.12.0/rayon/struct.ThreadPool.html",
        },
        Reading {
            title: "tokio::sync::oneshot",
            at: "https://docs.rs/tokio/1.53.1/tokio/sync/oneshot/index.html",
        },
        Reading { title: "PyO3: parallelism", at: "https://pyo3.rs/v0.30.1/parallelism" },
    ],
    questions: &[
        "Why must a tokenizer not run in an async handler, and why is `spawn_blocking` the wrong pool for it?",
        "When must an extension module detach from the interpreter before it uses Rayon, and what deadlocks if it does not?",
        "What happens to a panic in `rayon::spawn`, in `par_iter`, in `tokio::spawn` and in `thread::spawn`?",
    ],
    solved: &[],
};

/// What the compiler refuses, and what it cannot.
pub const DATA_RACE: Stage = Stage {
    id: "parallel.data_race",
    title: "say which races the compiler refuses, and end one that it does not",
    rust: "`Send`, `Sync` and one writer rule out data races (E0373, E0277, E0499, E0506, E0594, E0133); a compare and exchange makes two steps one",
    ai: "admission to a KV cache: a block is never given to two requests",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "for each program ask two things: may this value cross to another thread (`Send`) or be seen from two \
         (`Sync`); and who else can write while it is used? For the function: what you saw may be out of date in \
         the very next step",
        "read the count, compute what would be left, and write that only if the count is still what you read; if it \
         is not, decide anew from what is there now",
        "let mut seen = free.load(Relaxed);\nwhile let Some(left) = seen.checked_sub(blocks) {\n    match \
         free.compare_exchange_weak(seen, left, Relaxed, Relaxed) {\n        // taken, or seen anew\n    }\n}\nfalse",
    ],
    reading: &[
        Reading {
            title: "The Rustonomicon: data races and race conditions",
            at: "https://doc.rust-lang.org/nomicon/races.html",
        },
        Reading {
            title: "Mara Bos, Rust Atomics and Locks, chapter 2: atomics",
            at: "https://marabos.nl/atomics/atomics.html",
        },
        Reading {
            title: "std::sync::atomic::AtomicUsize::compare_exchange_weak",
            at: "https://doc.rust-lang.org/std/sync/atomic/struct.AtomicUsize.html#method.compare_exchange_weak",
        },
    ],
    questions: &[
        "What is the difference between a data race and a race condition, and which of them does Rust rule out?",
        "Why is `Rc` not `Send`, and why is `RefCell` `Send` but not `Sync`?",
        "A counter is incremented with `Relaxed` by eight threads. Is the total exact? What does `Relaxed` give up?",
    ],
    solved: &[],
};
