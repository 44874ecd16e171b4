//! `cargo lab`: see `lab/src/lib.rs`.

use std::process::ExitCode;

use clap::Parser;
use lab::commands::{Cli, run};
use lab::run::say;

/// 0 all is well, 1 something does not pass, 2 something could not be done.
fn main() -> ExitCode {
    if let Some(code) = lab::rustc::act_as_rustc() {
        return code;
    }
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}
