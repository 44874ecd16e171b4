//! The command line of the chat.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use rust_for_ai::llama::template::Template;

const EXAMPLES: &str = "\
Examples:
  cargo lab chat
  cargo lab chat --system \"You answer in one sentence.\" --temperature 0
  cargo lab chat --prompt \"What is the capital of France? Answer in one word.\"
  cargo lab chat --prompt \"Summarise this:\" < README.md
  echo \"Who was Ada Lovelace?\" | cargo lab chat
  cargo lab chat --model PATH/TO/llama-2-7b-chat.Q4_K_M.gguf --context 4096
  cargo lab chat --model hf:OWNER/REPO/FILE.gguf

Only the answer goes to standard output, all else to standard error.
Exit codes: 0 all is well, 1 it failed, 2 wrong usage, 130 an answer to --prompt was interrupted.";

/// Chats with a quantized Llama, in the terminal.
///
/// With --prompt, or with text piped in, it answers once and ends: all lines that are piped in are one
/// question. With both, the prompt comes first, then a blank line and what is piped in.
#[derive(Debug, Clone, Parser)]
#[command(name = "chat", bin_name = "cargo lab chat", version, after_help = EXAMPLES)]
pub struct Options {
    /// A GGUF file, or `hf:OWNER/REPO/FILE.gguf` from the hub; `cargo lab chat` alone takes the small
    /// model of `cargo lab model`
    #[arg(long, value_name = "PATH")]
    pub model: Option<String>,
    /// The SHA-256 that a file from the hub must have; else the one that the hub says it has
    #[arg(long, value_name = "HEX", help_heading = "Model")]
    pub sha256: Option<String>,
    /// What runs the model
    #[arg(long, value_enum, default_value_t = EngineKind::Native, help_heading = "Model")]
    pub engine: EngineKind,
    /// Positions that the conversation has at most
    #[arg(long, value_name = "N", default_value_t = 2048, help_heading = "Model",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub context: u32,
    /// How turns are written down, where the file's own template is not recognised: llama2, chatml,
    /// llama3 or zephyr
    #[arg(long, help_heading = "Model")]
    pub template: Option<Template>,
    /// Threads that multiply; else one a processor core
    #[arg(long, value_name = "N", help_heading = "Model",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Answer this and end; what is piped in is appended, after a blank line. Without --prompt, what is
    /// piped in is the question
    #[arg(long, short, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// What the model is told before the conversation; else what its template says
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Keep the lines that you type in this file, which only you can read; nothing is kept without it
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,

    /// How freely to choose; 0 always takes the likeliest
    #[arg(long, value_name = "T", default_value_t = 0.2, help_heading = "Choice")]
    pub temperature: f32,
    /// Choose among so many of the likeliest; 0 for all
    #[arg(long, value_name = "K", default_value_t = 40, help_heading = "Choice")]
    pub top_k: usize,
    /// Choose among the likeliest that have this share together; 1 for all
    #[arg(long, value_name = "P", default_value_t = 0.9, help_heading = "Choice")]
    pub top_p: f32,
    /// Choose among those that have this share of the likeliest one's probability; 0 for all
    #[arg(long, value_name = "P", default_value_t = 0.0, help_heading = "Choice")]
    pub min_p: f32,
    /// Make what came lately less likely by this factor; 1 for no change
    #[arg(long, value_name = "R", default_value_t = 1.0, help_heading = "Choice")]
    pub repeat_penalty: f32,
    /// How many tokens are "lately"
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = "Choice")]
    pub repeat_last_n: usize,
    /// The same seed gives the same text; else one is taken at random
    #[arg(long, value_name = "N", help_heading = "Choice")]
    pub seed: Option<u64>,
    /// End an answer before this text; may be given several times
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stop: Vec<String>,
    /// End an answer after so many tokens
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub max_tokens: usize,
}

/// What runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineKind {
    /// Our own forward pass, on Candle's matrix products
    Native,
    /// Candle's own Llama, a second opinion
    Candle,
    /// Your answers to the stages of chapter `llama`
    Mine,
}
