//! How many threads multiply.
//!
//! Candle reads that from the environment, at its first product, and a program must not change its own
//! environment while threads may read it. So with `--threads` the program starts itself again, in an
//! environment that says it; this takes a millisecond.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

/// The variables: of Candle's matrix products, and of what else it does.
const VARIABLES: [&str; 2] = ["CANDLE_NUM_THREADS", "RAYON_NUM_THREADS"];

/// Comes back once the environment says `threads`.
pub(super) fn apply(threads: Option<u16>) -> Result<()> {
    let Some(threads) = threads.map(|threads| threads.to_string()) else { return Ok(()) };
    if VARIABLES.iter().all(|name| env::var(name).is_ok_and(|value| value == threads)) {
        return Ok(());
    }
    let program = env::current_exe().context("the path of this program")?;
    let mut again = Command::new(program);
    again.args(env::args_os().skip(1)).envs(VARIABLES.map(|name| (name, &threads)));
    start(&mut again)
}

#[cfg(unix)]
fn start(again: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(again.exec()).context("could not start anew with `--threads`")
}

#[cfg(not(unix))]
fn start(again: &mut Command) -> Result<()> {
    // Ctrl-C is the matter of the one that chats.
    super::interrupt::listen()?;
    let status = again.status().context("could not start anew with `--threads`")?;
    std::process::exit(status.code().unwrap_or(1))
}
