//! Shows the stages of chapters that this build leaves out, so that no skip is silent.

use std::process::ExitCode;

use rust_for_ai::course::{self, Chapter};

fn main() -> ExitCode {
    let switched_on = |chapter: &Chapter| match chapter.id {
        "bpe" => cfg!(feature = "bpe"),
        _ => false,
    };
    let off: Vec<&Chapter> =
        course::CHAPTERS.iter().copied().filter(|chapter| !switched_on(chapter)).collect();
    grader::list_switched_off(&off)
}
