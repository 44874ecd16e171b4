//! Chapter `ownership`: who owns what: moves, borrows, lifetimes.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "ownership",
    title: "Who owns what: moves, borrows, lifetimes",
    ends_with: "you predict what the compiler and the machine will do, then see it",
    notebook: "notebooks/rust/10_ownership.ipynb",
    stages: &[&MOVES, &BORROWS, &LIFETIMES, &RESULTS, &MEMORY_SAFETY],
};

/// One owner.
pub const MOVES: Stage = Stage {
    id: "ownership.moves",
    title: "say who owns a value after it was assigned, passed or dropped",
    rust: "a value has one owner: assigning moves it (E0382), `Copy` and `clone` do not; `mem::take` leaves something behind",
    ai: "weights and batches are freed at a known line, so memory is planned and not collected",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask of each line who owns the value after it; a value without an owner is freed there, and a name that \
         owns nothing cannot be read",
        "for the function: you hold `&mut`, and cannot move out of what is borrowed, so put an empty vector in the \
         place of the queue, take the old one apart, and put back what has to wait",
        "let all = std::mem::take(queue);\nfor request in all {\n    // push it to what is ready, or back to `queue`\n}",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 4.1: what is ownership?",
            at: "https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html",
        },
        Reading { title: "std::mem::take", at: "https://doc.rust-lang.org/std/mem/fn.take.html" },
    ],
    questions: &[
        "How does Rust know when to free memory without a garbage collector?",
        "What does `let b = a` do in Python, in C++ and in Rust, for a list of a million numbers?",
    ],
    solved: &[],
};

/// Readers or one writer.
pub const BORROWS: Stage = Stage {
    id: "ownership.borrows",
    title: "say who may read and who may write, and add one row of a tensor to another",
    rust: "shared or mutable, never both (E0502, E0499); a borrow ends with its last use; `split_at_mut`",
    ai: "rows of one flat tensor are changed in place by a kernel that is lent two of them at once",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask of each line which borrows are used again below it; if one of them may write, no other may be there",
        "for the function: `split_at_mut` makes two halves that cannot overlap; cut where the later of the two rows \
         begins, so that each half has one of them, and remember that the second half counts from 0",
        "if from == to || … {\n    return false;\n}\nlet (before, after) = tensor.split_at_mut(from.max(to) * width);\n\
         // the earlier row stands in `before`, the later one at the start of `after`;\n\
         // which of them is written depends on whether `from < to`",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 4.2: references and borrowing",
            at: "https://doc.rust-lang.org/book/ch04-02-references-and-borrowing.html",
        },
        Reading {
            title: "The Rustonomicon: splitting borrows",
            at: "https://doc.rust-lang.org/nomicon/borrow-splitting.html",
        },
        Reading {
            title: "RFC 2025: nested method calls, by two-phase borrows",
            at: "https://rust-lang.github.io/rfcs/2025-nested-method-calls.html",
        },
        Reading {
            title: "slice::split_at_mut",
            at: "https://doc.rust-lang.org/std/primitive.slice.html#method.split_at_mut",
        },
    ],
    questions: &[
        "Why does Rust forbid two mutable references even in a program with one thread?",
        "What is iterator invalidation, and what do C++, Python and Rust do about it?",
        "You need two rows of one matrix at once, one of them to write. What do you do?",
    ],
    solved: &[],
};

/// As long as the owner.
pub const LIFETIMES: Stage = Stage {
    id: "ownership.lifetimes",
    title: "say how long a borrow holds, and cut a text without copying it",
    rust: "a borrow must not outlive its owner (E0597, E0515, E0505); signatures say from what a result borrows",
    ai: "a tokenizer cuts a corpus into slices of itself and copies nothing",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask who owns the bytes that a reference points to, and at which line that owner ends; of a call, ask the \
         signature and not the body",
        "for the function: keep what is left of the text as a slice, find how long the longest word is that it \
         starts with, and split the slice there; a length can be taken from the vocabulary, the letters cannot",
        "let mut rest = text;\nwhile let Some(first) = rest.chars().next() {\n    \
         // the longest word that `rest` starts with, or the length of `first` in bytes\n    \
         let (piece, after) = rest.split_at(length);\n    // …\n}",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 10.3: validating references with lifetimes",
            at: "https://doc.rust-lang.org/book/ch10-03-lifetime-syntax.html",
        },
        Reading {
            title: "The Rustonomicon: lifetime elision",
            at: "https://doc.rust-lang.org/nomicon/lifetime-elision.html",
        },
        Reading {
            title: "The Rust Reference: temporary scopes",
            at: "https://doc.rust-lang.org/reference/destructors.html#temporary-scopes",
        },
    ],
    questions: &[
        "What does a lifetime in a signature promise, and to whom? What does it change at run time?",
        "What does `'static` mean, and what does it not mean?",
        "When do you return `&str`, when `String`, and when `Cow<str>`?",
    ],
    solved: &[],
};

/// No exceptions.
pub const RESULTS: Stage = Stage {
    id: "ownership.results",
    title: "say what becomes of an error, and read a file of merges that may be broken",
    rust: "`Result` is a value; `?` returns the error, by way of `From`; a panic is for bugs",
    ai: "vocabularies and models come from outside: a broken file is an error with its line, not the end of the server",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask of each line whether it only makes a `Result`, takes one apart, or passes it on; and to whom it goes",
        "for the function: go through the lines with their number, and turn what `split_once` and `parse` say into \
         a `LineError` by `ok_or_else` and `map_err` before you put `?` behind it",
        "for (index, words) in text.lines().enumerate() {\n    let next = 256 + merges.len() as u32;\n    \
         let (left, right) = words.split_once(' ').filter(…).ok_or_else(|| LineError { … })?;\n    \
         merges.push((id(left)?, id(right)?));\n}",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 9: error handling",
            at: "https://doc.rust-lang.org/book/ch09-00-error-handling.html",
        },
        Reading {
            title: "The Rust Reference: overflow of integers",
            at: "https://doc.rust-lang.org/reference/expressions/operator-expr.html#overflow",
        },
        Reading {
            title: "std::result, with the methods of `Result`",
            at: "https://doc.rust-lang.org/std/result/index.html",
        },
    ],
    questions: &[
        "Exceptions or results: what does each cost, and what does a reader of the code see?",
        "What does `?` do, step by step, and what does it have to do with `From`?",
        "When is a panic right? What happens to it in a thread, in a web server, at the boundary to Python?",
    ],
    solved: &[],
};

/// What can still go wrong.
pub const MEMORY_SAFETY: Stage = Stage {
    id: "ownership.memory_safety",
    title: "say what stands between a program and its memory, and hand out handles",
    rust: "use after free, double free and data races do not compile, an overrun panics; leaks are safe; what `unsafe` lifts",
    ai: "the KV caches of requests live in slots that are used again; a stale handle must not read another conversation",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "ask what the program would read or write that is not its own; if there is nothing, it is safe, however bad",
        "for the type: keep a vector of slots, each with a generation and an `Option` of a cache, and a list of those \
         that are free; a handle is current if its generation is the slot's, and `remove` is what makes it stale",
        "fn remove(&mut self, handle: Handle) -> Option<Vec<f32>> {\n    \
         let slot = self.slots.get_mut(handle.slot)?;\n    // `None` if the generation differs\n    \
         // take the cache, count the generation up, and note that the slot is free\n}",
    ],
    reading: &[
        Reading {
            title: "The Rustonomicon: what unsafe Rust can do",
            at: "https://doc.rust-lang.org/nomicon/what-unsafe-does.html",
        },
        Reading {
            title: "The Rustonomicon: leaking",
            at: "https://doc.rust-lang.org/nomicon/leaking.html",
        },
        Reading {
            title: "The Rust Programming Language, chapter 15.6: reference cycles can leak memory",
            at: "https://doc.rust-lang.org/book/ch15-06-reference-cycles.html",
        },
        Reading {
            title: "AddressSanitizer: a fast address sanity checker (Serebryany and others, 2012)",
            at: "https://www.usenix.org/conference/atc12/technical-sessions/presentation/serebryany",
        },
        Reading { title: "Python's gc module", at: "https://docs.python.org/3/library/gc.html" },
        Reading { title: "A guide to the Go garbage collector", at: "https://go.dev/doc/gc-guide" },
    ],
    questions: &[
        "Which memory errors does safe Rust rule out, and which bad things does it allow?",
        "What may you do in an `unsafe` block that you may not do outside, and what is still checked?",
        "What is a pause of a garbage collector, and what does Rust pay instead?",
        "A handle to a slot that was given to somebody else: why does the borrow checker not see it, and what do you do?",
    ],
    solved: &[],
};
