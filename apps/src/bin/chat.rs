//! A chat with a quantized Llama in the terminal; see `apps/src/chat/mod.rs`.

use std::process::ExitCode;

use apps::chat::{Options, run};
use clap::Parser;

fn main() -> ExitCode {
    // With `--engine mine` this program runs itself again, to grade an answer.
    #[cfg(feature = "mine")]
    if let Some(code) = apps::mine::child() {
        return code;
    }
    run(&Options::parse())
}
