//! Build the chat in release, and become it.
//!
//! The chat runs a model on Candle, which takes minutes to compile and is nothing a learner should wait
//! for before the first stage. So it is a crate of its own, built when somebody first chats. cargo
//! decides whether anything is to be built; when nothing is, that takes a few tenths of a second.
//!
//! On Unix this process then becomes the chat: the terminal, Ctrl-C and the exit code are its own, with
//! nobody between. Elsewhere it waits, deaf to Ctrl-C, and passes the exit code on.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::model;
use crate::place::Place;
use crate::run::{say, status_line};

/// Builds and runs the chat. Comes back only where a process cannot become another.
///
/// # Errors
///
/// cargo cannot build it, the model is not there and not wanted, or the program cannot be started.
pub fn chat(place: &Place, options: &[OsString]) -> Result<bool> {
    let named = model_named(options);
    let mut chat = Command::new(build(place, &features(options).join(","))?);
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

/// Has cargo build the chat, and tells where it is.
fn build(place: &Place, features: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(place.root())
        .args(["build", "--release", "--package", "apps", "--bin", "chat"])
        .args(["--features", features])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = cargo.spawn().context("could not run `cargo`")?;
    let stderr = child.stderr.take().context("no messages of cargo")?;
    let said = thread::spawn(move || follow(BufReader::new(stderr)));
    let mut binary = None;
    for line in BufReader::new(child.stdout.take().context("no output of cargo")?).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        if message["reason"] == "compiler-artifact" && message["target"]["name"] == "chat" {
            binary = message["executable"].as_str().map(PathBuf::from).or(binary);
        }
    }
    let status = child.wait()?;
    let said = said.join().unwrap_or_default();
    match binary {
        Some(path) if status.success() => Ok(path),
        _ => bail!("cargo could not build the chat ({status})\n{}", said.trim()),
    }
}

/// Shows what cargo is doing, and gives back what else it said. Nothing to be built, nothing is shown.
fn follow(stderr: impl BufRead) -> String {
    let (start, live) = (Instant::now(), io::stderr().is_terminal());
    let (mut said, mut crates, mut told) = (String::new(), 0, Instant::now());
    for line in stderr.lines().map_while(Result::ok) {
        let word = line.split_whitespace().next().unwrap_or_default();
        if !["Compiling", "Downloading", "Downloaded", "Blocking"].contains(&word) {
            said += &line;
            said.push('\n');
            continue;
        }
        if crates == 0 && word == "Compiling" {
            say("building the chat; the first time this takes some minutes, since Candle, which \
                 multiplies the model's matrices, is compiled for this machine");
        }
        crates += usize::from(word == "Compiling");
        let seconds = start.elapsed().as_secs();
        let now = format!("{seconds} s, {crates} crates: {}", line.trim());
        if live {
            status_line(&now);
        } else if told.elapsed() > Duration::from_secs(30) {
            told = Instant::now();
            say(&now);
        }
    }
    if live && crates > 0 {
        status_line("");
    }
    if crates > 0 {
        say(&format!("the chat is built, in {} s", start.elapsed().as_secs()));
    }
    said
}

/// This process is the chat from here on.
#[cfg(unix)]
fn become_it(chat: &mut Command) -> Result<bool> {
    use std::os::unix::process::CommandExt;
    let error = chat.exec();
    Err(error).with_context(|| format!("could not run `{}`", chat.get_program().to_string_lossy()))
}

/// Waits for the chat, whose matter Ctrl-C is.
#[cfg(not(unix))]
fn become_it(chat: &mut Command) -> Result<bool> {
    let _ = ctrlc::set_handler(|| {});
    let status = chat
        .status()
        .with_context(|| format!("could not run `{}`", chat.get_program().to_string_lossy()))?;
    std::process::exit(status.code().unwrap_or(1))
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
