//! Build the chat in release, and become it.
//!
//! The chat runs a model on Candle, which takes minutes to compile; so it is built when somebody first chats.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::launch::{Program, become_it};
use crate::model;
use crate::place::Place;
use crate::run::say;

const CHAT: Program = Program {
    name: "chat",
    arguments: &["--release"],
    since: "Candle, which multiplies the model's matrices, is compiled for this machine",
};

/// Builds and runs the chat. Comes back only where a process cannot become another.
///
/// # Errors
///
/// cargo cannot build it, the model is not there and not wanted, or the program cannot be started.
pub fn chat(place: &Place, options: &[OsString]) -> Result<bool> {
    let named = model_named(options);
    let mut chat = Command::new(CHAT.build(place, &features(options).join(","))?);
    chat.args(options).env("RUST_FOR_AI_CACHE", place.cache()?);
    if named.is_none() && !only_says(options) {
        chat.arg("--model").arg(small_model(place)?);
    }
    become_it(&mut chat)
}

/// What has to be built in for these options, and is in the way otherwise.
fn features(options: &[OsString]) -> Vec<&'static str> {
    let hub = wants_hub(model_named(options).as_deref());
    // Answers that do not compile are in the way of nobody else.
    let mine = value_of("--engine", options).as_deref() == Some("mine");
    [("hub", hub), ("mine", mine)].into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
}

/// What follows `--model`, if that is there.
fn model_named(options: &[OsString]) -> Option<String> {
    value_of("--model", options)
}

/// What follows an option, if that is there.
fn value_of(option: &str, options: &[OsString]) -> Option<String> {
    let mut words = options.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match word.strip_prefix(option) {
            Some("") => return Some(words.next().unwrap_or_default().into_owned()),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            _ => {}
        }
    }
    None
}

/// Downloads from the hub need crates that nothing else needs.
fn wants_hub(named: Option<&str>) -> bool {
    named.is_some_and(|model| model.starts_with("hf:"))
}

/// Whether these options make the chat print something and end.
fn only_says(options: &[OsString]) -> bool {
    let says = ["--help", "-h", "--version", "-V"];
    options.iter().any(|word| says.iter().any(|says| word == says))
}

/// The small model, which is offered where it is missing.
fn small_model(place: &Place) -> Result<PathBuf> {
    let path = model::path(place)?;
    if model::is_there(&path) {
        return Ok(path);
    }
    let hint = "`cargo lab model` fetches a small one, `--model PATH` names another";
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        bail!("no model is there to chat with\n\nhint: {hint}");
    }
    say("no model is there to chat with yet\n");
    if !model::model(place, false)? {
        bail!("no model to chat with\n\nhint: {hint}");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_the_chat_reads_them() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let named = |line: &str| model_named(&words(line));
        assert_eq!(named("--seed 1 --model a.gguf").as_deref(), Some("a.gguf"));
        assert_eq!(named("--model=hf:o/r/f.gguf").as_deref(), Some("hf:o/r/f.gguf"));
        assert_eq!(named("--models x"), None);
        assert_eq!(features(&words("--model hf:o/r/f.gguf --engine=mine")), ["hub", "mine"]);
        assert_eq!(features(&words("--engine mine --seed 1")), ["mine"]);
        assert_eq!(features(&words("--engine native --prompt mine")), [""; 0]);
        assert!(wants_hub(named("--model hf:o/r/f.gguf").as_deref()));
        assert!(!wants_hub(named("--model half.gguf").as_deref()));
        assert!(only_says(&words("--seed 1 --help")) && !only_says(&words("--prompt hi")));
    }
}
