//! Grades chapter `ownership`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::ownership as check, course::ownership as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::ownership as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [graded(&stage::MOVES, || check::moves(answer::moves, answer::take_ready))]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
