//! Grades chapter `bpe`: one table, expanded for both trees, so that a signature that drifts in one
//! of them does not compile.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::bpe as check, course::bpe as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::bpe as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::BYTES, || check::bytes(answer::bytes)),
            graded(&stage::PAIR_COUNTS, || check::pair_counts(answer::pair_counts)),
            graded(&stage::BEST_PAIR, || check::best_pair(answer::best_pair)),
            graded(&stage::MERGE, || check::merge(answer::merge)),
            graded(&stage::TRAIN, || check::train(answer::train)),
            graded(&stage::ENCODE_DECODE, || check::encode_decode(answer::Tokenizer::new)),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
