//! Chapter `parallel`: all processors: Rayon, order and bounded memory.

use super::{Chapter, Level, Reading, Stage};

mod late;

pub use late::{DATA_RACE, PIPELINE, THREAD_POOLS};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "parallel",
    title: "All processors: Rayon, order and bounded memory",
    ends_with: "a speed-up curve of your own code with an Amdahl fit",
    notebook: "notebooks/rust/50_parallel.ipynb",
    stages: &[
        &PAR_ITER,
        &FOLD_REDUCE,
        &ORDERED_BATCH,
        &GRAIN_SIZE,
        &PIPELINE,
        &THREAD_POOLS,
        &DATA_RACE,
    ],
};

const RAYON: Reading =
    Reading { title: "Rayon's documentation", at: "https://docs.rs/rayon/1.12.0/rayon/" };

const SEND_AND_SYNC: Reading = Reading {
    title: "The Rust Programming Language, chapter 16.4: `Send` and `Sync`",
    at: "https://doc.rust-lang.org/book/ch16-04-extensible-concurrency-sync-and-send.html",
};

/// The one-liner.
pub const PAR_ITER: Stage = Stage {
    id: "parallel.par_iter",
    title: "put all processors to work with one word, and say what the compiler asks for it",
    rust: "`par_iter` in the place of `iter`; what crosses threads is `Send`, what they share is `Sync`, so a data race does not compile",
    ai: "a batch is encoded on all processors; an evaluation's loss is the same to the last bit on any number of them",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask of each variable that a closure uses: is it handed over (then it has to be `Send`) or lent (then it has \
         to be `Sync`), and may the thread outlive it? For the functions: work has no order, results have one, \
         and so have additions of floats",
        "`par_iter`, `map` and `collect` into a `Vec` keep the order of the items; for the mean, collect the losses \
         in this way and add them up in a plain loop",
        "texts.par_iter().map(|text| /* call */).collect()\nlet losses: Vec<f32> = /* the same */;\nlosses.iter().sum::<f32>() / /* how many */",
    ],
    reading: &[
        RAYON,
        SEND_AND_SYNC,
        Reading {
            title: "Goldberg: What Every Computer Scientist Should Know About Floating-Point Arithmetic (1991)",
            at: "https://doi.org/10.1145/103162.103163",
        },
    ],
    questions: &[
        "What do `Send` and `Sync` mean, and which of `Rc`, `Arc`, `Cell`, `RefCell` and `Mutex` is which?",
        "Why may a parallel sum of floats differ from run to run, and what do you do about it?",
    ],
    solved: &[],
};

/// No shared map.
pub const FOLD_REDUCE: Stage = Stage {
    id: "parallel.fold_reduce",
    title: "count pairs on all processors without a map that all of them share",
    rust: "`fold` gives each part of the work an accumulator of its own, `reduce` merges them: closures that are `Sync`, results that are `Send`, and no lock",
    ai: "pairs of a corpus are counted in parts and added up, on one machine as on a hundred",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a lock around one map makes threads wait for each other, and the shared memory travels between them with \
         each pair; let each part of the list have a map of its own, and add up the maps when the parts are done",
        "`par_iter().fold(new, …)` gives one accumulator for each part that Rayon cut the list into, `reduce(new, …)` \
         joins neighbours; to merge maps, go through the entries of one and add each count to the other's entry",
        "items.par_iter()\n    .fold(new, |mut taken, item| { /* add */; taken })\n    .reduce(new, |mut left, right| { /* merge */; left })",
    ],
    reading: &[
        Reading {
            title: "Rayon: `fold`, and why it gives several results",
            at: "https://docs.rs/rayon/1.12.0/rayon/iter/trait.ParallelIterator.html#method.fold",
        },
        Reading {
            title: "Dean, Ghemawat: MapReduce: Simplified Data Processing on Large Clusters (2004), section 4.3 on combiners",
            at: "https://research.google/pubs/mapreduce-simplified-data-processing-on-large-clusters/",
        },
    ],
    questions: &[
        "Eight threads count words into one `Mutex<HashMap>`, and it is slower than one thread. Why, and what do you do?",
        "What does a reduction ask of its operation, and what happens with one that is not associative?",
    ],
    solved: &[],
};

/// The same result on each run.
pub const ORDERED_BATCH: Stage = Stage {
    id: "parallel.ordered_batch",
    title: "encode a batch whose order and whose first error do not depend on threads",
    rust: "results are collected before errors are looked at; `collect` into a `Result` is short, and gives any error",
    ai: "a batch with a bad text fails in the same way each time, and what was encoded before it is kept",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "an error is a result like any other: let each text have its own, in its place, and decide afterwards what \
         the batch is",
        "`par_iter`, `map` and `collect` into a `Vec<Result<T, E>>`, which keeps the order; then go through it in a \
         loop, and stop at the first error with what you have by then",
        "let results: Vec<Result<T, E>> = /* in parallel */;\nlet mut encoded = Vec::new();\nfor result in results {\n    // push, or return both\n}",
    ],
    reading: &[
        RAYON,
        Reading {
            title: "Rayon: collecting into a `Result` (which error is kept is not said)",
            at: "https://docs.rs/rayon/1.12.0/rayon/iter/trait.FromParallelIterator.html",
        },
    ],
    questions: &[
        "One of a thousand requests in a batch is bad. What do the other 999 get, and how does the client find the bad one?",
        "Why can a lock that is held across a call into a thread pool wait for itself?",
    ],
    solved: &[],
};

/// Where parallel work loses.
pub const GRAIN_SIZE: Stage = Stage {
    id: "parallel.grain_size",
    title: "cut a batch by bytes, so that each task is worth its start",
    rust: "ranges of a slice as tasks; a state that is made inside of a task needs neither `Send` nor a lock",
    ai: "texts of a batch differ by a thousand times, so work is cut by bytes; tiny batches are left to one processor",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a task has a price, so it has to be long enough to be worth it, and there have to be several tasks for each \
         processor; both are said by one number, the bytes of a task",
        "`cut`: add up lengths and close a range as soon as there are enough; then the ranges are the items of the \
         parallel iterator: a task makes its state, encodes the texts of its range in a loop, and gives a `Vec`; \
         collect these in order and flatten them",
        "cut(&lengths, grain).into_par_iter().map(|range| {\n    let mut state = new();\n    /* a Vec of this range */\n})",
    ],
    reading: &[
        Reading {
            title: "Rayon: `with_min_len`, the same by the number of items",
            at: "https://docs.rs/rayon/1.12.0/rayon/iter/trait.IndexedParallelIterator.html#method.with_min_len",
        },
        Reading {
            title: "Blumofe, Leiserson: Scheduling Multithreaded Computations by Work Stealing (1999)",
            at: "https://doi.org/10.1145/324133.324234",
        },
    ],
    questions: &[
        "Your parallel code is slower than the loop. What are the first three things that you measure?",
        "How do you choose the size of a task, and why is the curve of time over it a U?",
    ],
    solved: &[],
};
