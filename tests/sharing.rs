//! Grades chapter `sharing`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::sharing as check, course::sharing as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::sharing as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::CELL, || check::cell(answer::Meter::new)),
            graded(&stage::REFCELL_CACHE, || check::refcell_cache(answer::TokenCache::new)),
            graded(&stage::PREDICT, || check::predict(answer::predict)),
            graded(&stage::MUTEX_CACHE, || check::mutex_cache(answer::MutexCache::new)),
            graded(&stage::POISONING, || {
                check::poisoning(answer::add, answer::peek, answer::recover)
            }),
            graded(&stage::ONCE_LOCK, || check::once_lock(answer::OnceCache::new)),
            graded(&stage::SHARDED, || check::sharded(answer::ShardedCache::new)),
            #[cfg(loom)]
            graded(&stage::LOOM, || {
                check::loom(answer::Slot::new, answer::Slot::try_set, answer::Slot::get)
            }),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
