//! Shows the stages of chapters that this build leaves out, so that no skip is silent.

use std::process::ExitCode;

use rust_for_ai::course::{self, Chapter};

/// The chapters that this build grades.
const SWITCHED_ON: &[(&str, bool)] = &[
    ("binding", cfg!(feature = "binding")),
    ("bpe", cfg!(feature = "bpe")),
    ("frames", cfg!(feature = "frames")),
    ("llama", cfg!(feature = "llama")),
    ("ownership", cfg!(feature = "ownership")),
    ("parallel", cfg!(feature = "parallel")),
    ("real_tokenizers", cfg!(feature = "real_tokenizers")),
    ("sharing", cfg!(feature = "sharing")),
];

fn main() -> ExitCode {
    let on = |chapter: &Chapter| SWITCHED_ON.contains(&(chapter.id, true));
    let off: Vec<&Chapter> =
        course::CHAPTERS.iter().copied().filter(|chapter| !on(chapter)).collect();
    grader::list_switched_off(&off)
}
