//! Grades chapter `ownership`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::ownership as check, course::ownership as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::ownership as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::MOVES, || check::moves(answer::moves, answer::take_ready)),
            graded(&stage::BORROWS, || check::borrows(answer::borrows, answer::add_row)),
            graded(&stage::LIFETIMES, || check::lifetimes(answer::lifetimes, answer::pieces)),
            graded(&stage::RESULTS, || check::results(answer::results, answer::read_merges)),
            graded(&stage::MEMORY_SAFETY, || {
                check::memory_safety(answer::memory_safety, answer::Slots::new)
            }),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
