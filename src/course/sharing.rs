//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "sharing",
    title: "One value, many owners: `RefCell` versus `Mutex`",
    ends_with: "you predict runs, panics, deadlocks and compile errors of shared state, then run them",
    notebook: "notebooks/rust/40_sharing.ipynb",
    stages: &[
        &CELL,
        &REFCELL_CACHE,
        &PREDICT,
        &MUTEX_CACHE,
        &POISONING,
        &ONCE_LOCK,
        &SHARDED,
        &LOOM,
    ],
};

/// Changes behind `&`.
pub const CELL: Stage = Stage {
    id: "sharing.cell",
    title: "count behind a shared reference",
    rust: "`Cell`: replaced as a whole through `&`, never lent, so never seen half changed",
    ai: "the hit rate of a cache is the first number to look at, and whoever reads has to count",
    minutes: 15,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "`&self` is enough: a `Cell` is replaced through a shared reference; ask of each field whether its type is `Copy`",
        "numbers: `get`, add, `set`; the word is a `Cell<Option<String>>`, which cannot be copied out, only taken: \
         `take` leaves `None`, so put a clone back",
        "let last = self.last.take();\nself.last.set(last.clone());\nlast",
    ],
    reading: &[
        Reading {
            title: "std::cell::Cell",
            at: "https://doc.rust-lang.org/std/cell/struct.Cell.html",
        },
        Reading {
            title: "Rust Atomics and Locks, chapter 1: interior mutability",
            at: "https://marabos.nl/atomics/basics.html",
        },
    ],
    questions: &[
        "What is interior mutability, and why is `Cell` sound without any check?",
        "Why can a `Cell` not be shared between threads?",
    ],
    solved: &[],
};

/// Borrows that are checked at run time.
pub const REFCELL_CACHE: Stage = Stage {
    id: "sharing.refcell_cache",
    title: "keep the ids of words, and refuse rather than panic",
    rust: "`RefCell`: the rule of `&` and `&mut`, kept while the program runs; `try_borrow_mut`, and how long temporaries live",
    ai: "a token cache: most words of a text were seen before",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "hold a borrow for a line and not for a call: what calls somebody else's function holds none, so that the \
         function may come back; where that cannot be, as in `visit`, those who come back are refused",
        "`ids` in three steps: look and copy out under `borrow`, in a statement of its own; call `encode` with \
         nothing borrowed; store under `try_borrow_mut`, whose error becomes `Busy`. A `BTreeMap` has its words in order",
        "let known = self.words.borrow().get(word).cloned();\nif let Some(ids) = known { /* a hit */ }\nlet ids = \
         /* encode, nothing is borrowed */;\nself.words.try_borrow_mut().map_err(|_| Busy)?.insert(/* … */);",
    ],
    reading: &[
        Reading {
            title: "std::cell::RefCell",
            at: "https://doc.rust-lang.org/std/cell/struct.RefCell.html",
        },
        Reading {
            title: "The Rust Reference: temporary scopes",
            at: "https://doc.rust-lang.org/reference/destructors.html#temporary-scopes",
        },
        Reading {
            title: "PyO3, module pycell: borrows of a class are checked at run time",
            at: "https://docs.rs/pyo3/latest/pyo3/pycell/index.html",
        },
    ],
    questions: &[
        "When does a `RefCell` panic, and how is that avoided?",
        "What does `RuntimeError: Already borrowed` from a Python library written in Rust mean?",
    ],
    solved: &[],
};

/// What becomes of programs.
pub const PREDICT: Stage = Stage {
    id: "sharing.predict",
    title: "say what becomes of a value that many want",
    rust: "`RefCell`, `Rc`, `Arc`, `Mutex`, `RwLock`, `OnceLock`: what panics, what waits, what is poisoned, what does not compile",
    ai: "an inference server is threads around shared state, and each of these programs is a way in which one fails",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "three questions to each program: may this value go to that thread (`Send`), may two threads have it at once \
         (`Sync`), and until when is each borrow or guard held?",
        "a breach is met by the compiler (`&mut`, `Send`, `Sync`), by a panic (`RefCell`), or by waiting (`Mutex`, \
         `RwLock`). A temporary lives until its statement ends; one in the head of a `match` until the `match` ends",
        "DoesNotCompile(\"E0277\"), Prints(\"[5, 6]\"), Panics, Poisoned or Blocks",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 16: fearless concurrency",
            at: "https://doc.rust-lang.org/book/ch16-00-concurrency.html",
        },
        Reading {
            title: "The Rust Edition Guide: `if let` temporary scope",
            at: "https://doc.rust-lang.org/edition-guide/rust-2024/temporary-if-let-scope.html",
        },
        Reading {
            title: "Rust Atomics and Locks, chapter 1: basics of Rust concurrency",
            at: "https://marabos.nl/atomics/basics.html",
        },
    ],
    questions: &[
        "What is the difference between `RefCell` and `Mutex`?",
        "What do `Send` and `Sync` mean, and which of them has `RefCell`, `Rc`, `Mutex`, `MutexGuard`?",
        "Does Rust prevent deadlocks?",
    ],
    solved: &[],
};

/// Short critical sections.
pub const MUTEX_CACHE: Stage = Stage {
    id: "sharing.mutex_cache",
    title: "let many threads ask, and never encode under the lock",
    rust: "`Mutex` for `RefCell`, `Arc` for `Rc`: a guard is held until it is dropped, and no lock is held across a callback",
    ai: "one cache serves all requests of a server, and a slow word must not hold up the others",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "what has to happen under the lock is short: to look, and to store; what is slow happens in between, and \
         then the world may have changed",
        "two blocks that lock, and `encode` between them: the first returns on a hit; the second looks again, since \
         another thread may have stored the word, and returns what is there",
        "{\n    let mut inner = self.lock();\n    // a hit returns here\n}\nlet ids: Arc<[u32]> = encode(word).into();\n\
         let mut inner = self.lock();\n// a miss, whoever stored; the first one stays",
    ],
    reading: &[
        Reading {
            title: "std::sync::Mutex",
            at: "https://doc.rust-lang.org/std/sync/struct.Mutex.html",
        },
        Reading {
            title: "Rust Atomics and Locks, chapter 1: lifetime of the MutexGuard",
            at: "https://marabos.nl/atomics/basics.html",
        },
    ],
    questions: &[
        "How would you put a cache in front of a slow function that many threads call?",
        "Why is a lock that is held across a callback or an `.await` a bug?",
    ],
    solved: &[],
};

/// What a panic leaves behind.
pub const POISONING: Stage = Stage {
    id: "sharing.poisoning",
    title: "notice that a thread died at work, and recover on purpose",
    rust: "a `Mutex` whose holder panicked is poisoned: `lock` is a `Result` for that; `into_inner` and `clear_poison`",
    ai: "one request that panics must not take the other seven workers with it, nor leave wrong counts for a bill",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the lock is given back when a panic unwinds, and the data is there; what is lost is the promise that it is \
         whole. Who goes on has to make that promise true again",
        "`lock()` gives a `Result`: `map_err` and `?` refuse, `unwrap_or_else(PoisonError::into_inner)` looks all the \
         same, and `let Err(poisoned) = … else` begins a repair",
        "let Err(poisoned) = totals.lock() else {\n    return false;\n};\nlet mut whole = poisoned.into_inner();\n// \
         repair, then `totals.clear_poison()`",
    ],
    reading: &[
        Reading {
            title: "std::sync::Mutex: poisoning",
            at: "https://doc.rust-lang.org/std/sync/struct.Mutex.html#poisoning",
        },
        Reading {
            title: "std::sync::Mutex::clear_poison",
            at: "https://doc.rust-lang.org/std/sync/struct.Mutex.html#method.clear_poison",
        },
    ],
    questions: &[
        "What is a poisoned mutex, and when is it right to go on with one?",
        "A worker panicked and now every request fails. What happened?",
    ],
    solved: &[],
};

/// One initialisation.
pub const ONCE_LOCK: Stage = Stage {
    id: "sharing.once_lock",
    title: "encode each word exactly once, whoever asks first",
    rust: "`OnceLock`: one of the threads that ask runs the function, the others wait, and then nobody locks",
    ai: "weights are loaded once, by the first request that needs them",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "two threads may find a word missing; they must then find the same empty place, and whoever comes second \
         waits at that place and not at the lock of the map",
        "a map from words to `Arc<OnceLock<Arc<[u32]>>>`: clone the `Arc` out under the lock, give the lock back, and \
         call `get_or_init`; its function runs once, so it can tell a miss from a hit",
        "let place = { /* lock, `entry(..).or_default()`, clone */ };\nlet mut encoded = false;\nlet ids = \
         place.get_or_init(|| {\n    encoded = true;\n    encode(word).into()\n});",
    ],
    reading: &[
        Reading {
            title: "std::sync::OnceLock",
            at: "https://doc.rust-lang.org/std/sync/struct.OnceLock.html",
        },
        Reading {
            title: "std::sync::LazyLock",
            at: "https://doc.rust-lang.org/std/sync/struct.LazyLock.html",
        },
    ],
    questions: &[
        "How do you load a model once when many threads may ask for it first?",
        "What is the difference between `OnceLock`, `LazyLock` and a `Mutex<Option<T>>`?",
    ],
    solved: &[],
};

/// Many locks in the place of one.
pub const SHARDED: Stage = Stage {
    id: "sharing.sharded",
    title: "split the cache into shards, each behind a lock of its own",
    rust: "a `Vec` of locks; `BuildHasher::hash_one`; a guard lives as long as the expression or the block that \
           holds it",
    ai: "the cache in front of a tokenizer is asked for every word of every request: one lock would be met by all",
    minutes: 30,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "the word says which shard it is in, by its hash; everything else is the cache with one lock, on that shard. \
         Ask of each line which guards are alive there",
        "a struct for a shard with its map and its counts, a `Vec<Mutex<Shard>>` and one `RandomState`; a method that \
         gives the guard of a word's shard. `ids` calls it twice on a miss, with `encode` in between; `stats` locks \
         in a loop and lets each guard go",
        "fn shard(&self, word: &str) -> MutexGuard<'_, Shard> {\n    let number = self.hasher.hash_one(word) % \
         self.shards.len() as u64;\n    // lock that one\n}",
    ],
    reading: &[
        Reading {
            title: "Mara Bos, Rust Atomics and Locks, chapter 1: mutexes, and how long a guard lives",
            at: "https://marabos.nl/atomics/basics.html",
        },
        Reading {
            title: "std::hash::RandomState, and why each has a key of its own",
            at: "https://doc.rust-lang.org/std/hash/struct.RandomState.html",
        },
        Reading { title: "DashMap, a sharded map", at: "https://docs.rs/dashmap" },
    ],
    questions: &[
        "A cache with one `Mutex` is slow on eight threads. What do you measure, and what do you change?",
        "How many shards? What speaks against a thousand?",
    ],
    solved: &[],
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
            at: "https://marabos.nl/atomics/memory-ordering.html",
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
