//! The pulse: how long from saving a file to a verdict.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::fresh::Fresh;
use crate::place::Place;
use crate::run::{print, say};

/// How many saves are timed, after one that is not.
const ROUNDS: usize = 10;

/// Times `cargo lab check bpe.merge` after an edit, and the same in a notebook; prints medians.
///
/// # Errors
///
/// A check does not pass, or the notebook environment cannot be set up.
pub fn pulse(place: &Place) -> Result<bool> {
    super::keep_program(place)?;
    let fresh = Fresh::make(place, false)?;
    let root = fresh.place().root().to_owned();
    let answer = root.join("exercises/bpe/merge.rs");
    let solved = fs::read_to_string(root.join("solutions/bpe/merge.rs"))
        .context("the solution of bpe.merge")?;
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        fs::write(&answer, format!("{solved}// save {round}\n"))?;
        let start = Instant::now();
        let checked = Command::new("cargo")
            .args(["lab", "check", "bpe.merge"])
            .current_dir(&root)
            .stdout(Stdio::null())
            .status()
            .context("could not run `cargo`")?;
        times.push(start.elapsed());
        ensure!(checked.success(), "the reference answer of bpe.merge does not pass");
    }
    print(&format!("save to verdict, cargo lab check bpe.merge: {}", spread(&mut times[1..])));
    say("now in a notebook (sets up the copy's environment if it is not there)");
    super::done(&mut fresh.lab(&["setup"]))?;
    super::done(fresh.python("lab/assets/notebooks.py").arg("pulse"))?;
    Ok(true)
}

/// The median, and the least and the greatest.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let seconds = |index: usize| times[index].as_secs_f64();
    let (middle, last) = (times.len() / 2, times.len() - 1);
    format!(
        "median of {} {:.2} s ({:.2} to {:.2})",
        times.len(),
        seconds(middle),
        seconds(0),
        seconds(last)
    )
}
