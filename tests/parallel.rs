//! Grades chapter `parallel`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::parallel as check, course::parallel as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::parallel as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::PAR_ITER, || {
                check::par_iter(answer::par_iter, answer::encode_all, answer::mean_loss)
            }),
            graded(&stage::FOLD_REDUCE, || {
                check::fold_reduce(answer::merge, answer::fold_reduce, answer::count_pairs)
            }),
            graded(&stage::ORDERED_BATCH, || check::ordered_batch(answer::encode_batch)),
            graded(&stage::GRAIN_SIZE, || check::grain_size(answer::cut, answer::encode_grained)),
            graded(&stage::PIPELINE, || check::pipeline(answer::pipeline)),
            graded(&stage::THREAD_POOLS, || {
                check::thread_pools(answer::thread_pools, answer::encode_on)
            }),
            graded(&stage::DATA_RACE, || check::data_race(answer::data_race, answer::reserve)),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
