//! Grades chapter `frames`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::frames as check, course::frames as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::frames as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::SCAN, || check::scan(answer::scan)),
            graded(&stage::TOKENS_PER_BYTE, || check::tokens_per_byte(answer::tokens_per_byte)),
            graded(&stage::PUSHDOWN, || check::pushdown(answer::long_texts)),
            graded(&stage::DEDUP, || check::dedup(answer::signature, answer::dedup)),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
