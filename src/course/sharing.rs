//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "sharing",
    title: "One value, many owners: `RefCell` versus `Mutex`",
    ends_with: "you predict runs, panics, deadlocks and compile errors of shared state, then run them",
    notebook: "notebooks/rust/40_sharing.ipynb",
    stages: &[&LOOM],
};

/// Every interleaving.
pub const LOOM: Stage = Stage {
    id: "sharing.loom",
    title: "publish a value once, without a lock, and have every interleaving tried",
    rust: "`compare_exchange` and the memory orderings `Relaxed`, `Acquire`, `Release`; a `sync` façade, so that \
           loom can take the place of `std`",
    ai: "a vocabulary or weights that the first request loads and all others read: what `OnceLock` does inside",
    minutes: 35,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "whoever changes `EMPTY` to `WRITING` in one step has won, and nobody else can; the value goes in while the \
         others still see nothing, and the last store hands it over",
        "`compare_exchange(EMPTY, WRITING, …)` decides; then the value, then `READY`. That last store is the one \
         that must release, and the load in `get` the one that must acquire; all others may be `Relaxed`",
        "if self.state.compare_exchange(EMPTY, WRITING, Ordering::Relaxed, Ordering::Relaxed).is_err() {\n    return \
         false;\n}\n// store the value; then `READY`, with Ordering::Release",
    ],
    reading: &[
        Reading {
            title: "Mara Bos, Rust Atomics and Locks, chapter 3: memory ordering",
            at: "https://mara.nl/atomics/memory-ordering.html",
        },
        Reading {
            title: "loom: what it tries, and what it does not",
            at: "https://docs.rs/loom/0.7.3/loom/",
        },
    ],
    questions: &[
        "A flag is stored with `Release` and loaded with `Relaxed`. What may a reader see, and on which processors?",
        "A test of lock-free code passed a million times. What does that prove, and what does loom prove?",
    ],
    solved: &[],
};
