//! A chat with a quantized Llama in the terminal; see `apps/src/chat/mod.rs`.

use std::process::ExitCode;

use apps::chat::{Options, run};
use clap::Parser;

fn main() -> ExitCode {
    run(&Options::parse())
}
