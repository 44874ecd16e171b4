//! Build a program of `apps/` when somebody first wants it, and become it.
//!
//! Such programs need crates that take minutes to compile, and nothing of that is anything a learner should wait for
//! before the first stage. cargo decides whether anything is to be built; when nothing is, that takes a few tenths of a
//! second.
//!
//! On Unix this process then becomes the program: the terminal, Ctrl-C and the exit code are its own, with
//! nobody between. Elsewhere it waits, deaf to Ctrl-C, and passes the exit code on.

use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::place::Place;
use crate::run::{cargo, say, status_line};

/// A program of the crate `apps`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// Its name, and what people call it.
    pub(crate) name: &'static str,
    /// The profile that it is built with, and what cargo is told besides.
    pub(crate) arguments: &'static [&'static str],
    /// Why the first build takes minutes, to follow "since".
    pub(crate) since: &'static str,
}

impl Program {
    /// Has cargo build it with these features besides, and tells where it is.
    ///
    /// # Errors
    ///
    /// cargo cannot be run, or cannot build it.
    pub(crate) fn build(&self, place: &Place, features: &str) -> Result<PathBuf> {
        let mut build = cargo();
        build
            .current_dir(place.root())
            .args(["build", "--package", "apps", "--bin", self.name])
            .args(self.arguments)
            .args(["--features", features])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = build.spawn().context("could not run `cargo`")?;
        let stderr = child.stderr.take().context("no messages of cargo")?;
        let this = *self;
        let said = thread::spawn(move || this.follow(BufReader::new(stderr)));
        let mut binary = None;
        for line in BufReader::new(child.stdout.take().context("no output of cargo")?).lines() {
            let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
            if message["reason"] == "compiler-artifact" && message["target"]["name"] == self.name {
                binary = message["executable"].as_str().map(PathBuf::from).or(binary);
            }
        }
        let status = child.wait()?;
        let said = said.join().unwrap_or_default();
        match binary {
            Some(path) if status.success() => Ok(path),
            _ => bail!("cargo could not build `{}` ({status})\n{}", self.name, said.trim()),
        }
    }

    /// Shows what cargo is doing, and gives back what else it said. Nothing to be built, nothing is shown.
    fn follow(self, stderr: impl BufRead) -> String {
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
                say(&format!(
                    "building `{}`; the first time this takes some minutes, since {}",
                    self.name, self.since
                ));
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
            say(&format!("`{}` is built, in {} s", self.name, start.elapsed().as_secs()));
        }
        said
    }
}

/// This process is the program from here on.
///
/// # Errors
///
/// It cannot be run.
#[cfg(unix)]
pub(crate) fn become_it(program: &mut Command) -> Result<bool> {
    use std::os::unix::process::CommandExt;
    let error = program.exec();
    Err(error)
        .with_context(|| format!("could not run `{}`", program.get_program().to_string_lossy()))
}

/// Waits for the program, whose matter Ctrl-C is.
///
/// # Errors
///
/// It cannot be run.
#[cfg(not(unix))]
pub(crate) fn become_it(program: &mut Command) -> Result<bool> {
    let _ = ctrlc::set_handler(|| {});
    let status = program
        .status()
        .with_context(|| format!("could not run `{}`", program.get_program().to_string_lossy()))?;
    std::process::exit(status.code().unwrap_or(1))
}
