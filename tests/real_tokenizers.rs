//! Grades chapter `real_tokenizers`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use grader::{Graded, Tree};
use rust_for_ai::{check::real_tokenizers as check, course::real_tokenizers as stage};

macro_rules! chapter {
    ($answers:ident, $tree:expr) => {{
        use $answers::real_tokenizers as answer;
        let graded = |stage, check| Graded { tree: $tree, stage, check };
        [
            graded(&stage::PRETOKENIZE_GPT2, || check::pretokenize_gpt2(answer::pretokenize_gpt2)),
            graded(&stage::PRETOKENIZE_GPT4, || check::pretokenize_gpt4(answer::pretokenize_gpt4)),
            graded(&stage::LOAD_TIKTOKEN, || check::load_tiktoken(answer::Tiktoken::load)),
            graded(&stage::SPECIAL_TOKENS, || check::special_tokens(answer::special_tokens)),
            graded(&stage::TRAIN_WORD_COUNTS, || {
                check::train_word_counts(answer::train_word_counts)
            }),
            graded(&stage::TRAIN_INCREMENTAL, || {
                check::train_incremental(answer::train_incremental)
            }),
            graded(&stage::ENCODE_FAST, || check::encode_fast(answer::encode_fast)),
            graded(&stage::SENTENCEPIECE, || check::sentencepiece(answer::SentencePiece::new)),
            graded(&stage::REPAIR_LOOKAHEAD, || check::repair_lookahead(answer::repair_lookahead)),
            graded(&stage::REPAIR_BYTE_TABLE, || {
                check::repair_byte_table(answer::repair_byte_table)
            }),
            graded(&stage::REPAIR_QUADRATIC, || check::repair_quadratic(answer::repair_quadratic)),
            graded(&stage::REPAIR_LOST_TEXT, || check::repair_lost_text(answer::repair_lost_text)),
            graded(&stage::REPAIR_AFTER_SPECIAL, || {
                check::repair_after_special(answer::repair_after_special)
            }),
        ]
    }};
}

fn main() -> ExitCode {
    let stages = [chapter!(exercises, Tree::Exercises), chapter!(solutions, Tree::Solutions)];
    grader::grade(&stage::CHAPTER, &stages.concat())
}
