//! Grades chapter `sharing`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use rust_for_ai::course::sharing as stage;

#[cfg(loom)]
use grader::{Graded, Tree};
#[cfg(loom)]
use rust_for_ai::check::sharing as check;

#[cfg(loom)]
macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::sharing as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            #[cfg(loom)]
            graded(&stage::LOOM, || {
                check::loom(answer::Slot::new, answer::Slot::try_set, answer::Slot::get)
            }),
        ]
    }};
}

#[cfg(not(loom))]
fn main() -> ExitCode {
    grader::grade(&stage::CHAPTER, &[])
}

#[cfg(loom)]
fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
