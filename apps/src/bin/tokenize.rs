//! Corpora to token ids; see `apps/src/tokenize.rs`.

use std::process::ExitCode;

use apps::tokenize::{Options, run};
use clap::Parser;

fn main() -> ExitCode {
    run(&Options::parse())
}
