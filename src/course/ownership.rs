//! Chapter `ownership`: who owns what: moves, borrows, lifetimes.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "ownership",
    title: "Who owns what: moves, borrows, lifetimes",
    ends_with: "you predict what the compiler and the machine will do, then see it",
    notebook: "notebooks/rust/10_ownership.ipynb",
    stages: &[&MOVES],
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
