//! A chat with a quantized Llama in the terminal.
//!
//! With a person at the terminal it is a conversation: lines with editing, answers as they are made,
//! commands behind a slash. With `--prompt`, or with text piped in, it is one question and one answer,
//! and the answer is all that goes to standard output. Whatever else there is to say goes to standard
//! error, so that `cargo lab chat --prompt … > file` holds an answer and nothing else.
//!
//! | file | what it does |
//! |---|---|
//! | `options.rs` | the command line |
//! | `load.rs` | the model's file, its tokenizer and template, and the engine that runs it |
//! | `show.rs` | an answer on its way to a terminal or a pipe |
//! | `session.rs` | the conversation and its commands |
//! | `once.rs` | one question |
//! | `interrupt.rs` | Ctrl-C |
//! | `threads.rs` | how many threads multiply |
//! | `hub.rs` | models from the hub, with the feature `hub` |

#[cfg(feature = "hub")]
pub mod hub;
mod interrupt;
mod load;
mod once;
mod options;
mod session;
mod show;
mod threads;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use rust_for_ai::llama::chat::{Conversation, Limits, Standard, Turn, Voice};
use rust_for_ai::llama::sampler::{Sampler, Settings};
use rust_for_ai::llama::stream::Stops;

pub use options::{EngineKind, Options};

/// A failure that is the command line's: exit code 2.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Runs the chat. The exit codes are in the help: 0, 1, 2 and 130.
pub fn run(options: &Options) -> ExitCode {
    match chat(options) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

fn chat(options: &Options) -> Result<ExitCode> {
    threads::apply(options.threads)?;
    let seed = options.seed.unwrap_or_else(random);
    let sampler =
        Sampler::new(settings(options, seed)).map_err(|error| Usage(error.to_string()))?;
    let stops = Stops::new(options.stop.clone()).map_err(|error| Usage(error.to_string()))?;
    let limits = Limits { max_tokens: Some(options.max_tokens), stops };
    // Before the model is loaded: a wrong call shall not wait for that.
    let question = once::question(options)?;
    let mut loaded = load::load(options)?;
    let template = &loaded.template;
    let standard = Standard { tokenizer: &loaded.tokenizer, template: template.clone(), sampler };
    let (mut voice, turn) = voice(standard, &loaded.talk, options);
    let mut chat = Conversation::new(&mut *loaded.engine, &mut *voice, limits);
    if let Some(turn) = turn {
        chat = chat.with_turn(turn);
    }
    chat.restart(options.system.as_deref());
    match question {
        Some(question) => once::ask(chat, template, &question),
        None => {
            say(&loaded.banner);
            session::talk(chat, template, options, seed)
        }
    }
}

/// What is around the model, with the learner's answers where there are some; what these do not do is said.
#[cfg(feature = "mine")]
fn voice<'a>(
    standard: Standard<'a>,
    talk: &crate::mine::Talk,
    options: &Options,
) -> (Box<dyn Voice + 'a>, Option<Turn>) {
    let system = options.system.is_some();
    for remark in talk.remarks(&standard.template, standard.sampler.settings(), system) {
        say(&remark);
    }
    (Box::new(crate::mine::Voiced::new(standard, *talk)), talk.chat)
}

/// What is around the model.
#[cfg(not(feature = "mine"))]
fn voice<'a>(standard: Standard<'a>, (): &(), _: &Options) -> (Box<dyn Voice + 'a>, Option<Turn>) {
    (Box::new(standard), None)
}

fn settings(options: &Options, seed: u64) -> Settings {
    Settings {
        temperature: options.temperature,
        top_k: options.top_k,
        top_p: options.top_p,
        min_p: options.min_p,
        repeat_penalty: options.repeat_penalty,
        repeat_last_n: options.repeat_last_n,
        seed,
    }
}

/// A seed that nobody chose.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The library seeds its hash maps from the system; six digits are easy to type again.
    RandomState::new().build_hasher().finish() % 1_000_000
}

/// Tells something beside the answer. A reader that went away is no error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Tells something in the midst of a conversation, less loud than an answer.
fn notice(text: &str) {
    let err = io::stderr();
    match err.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => say(&format!("\x1b[2m[{text}]\x1b[0m")),
        false => say(&format!("[{text}]")),
    }
}
