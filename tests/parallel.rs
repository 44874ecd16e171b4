//! Grades chapter `parallel`; see `tests/bpe.rs` for how.

use std::process::ExitCode;

use rust_for_ai::course::parallel as stage;

fn main() -> ExitCode {
    grader::grade(&stage::CHAPTER, &[])
}
