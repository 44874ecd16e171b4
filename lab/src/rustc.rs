//! A wrapper around the compiler, for notebooks: it puts the place into the message of an error.
//!
//! The Rust kernel draws errors in a cell well, but of an error in another crate it shows the bare
//! message, as in "mismatched closing delimiter", and not in which file. The kernel runs whatever
//! compiler it is told to, so set-up gives it a copy of this program under the name `rustc`. For the
//! learner's crate it runs the real compiler and rewrites each error's message to hold the place and
//! the compiler's drawing; for all other crates it gets out of the way.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// The variable with the path of the real compiler.
pub const REAL: &str = "RUST_FOR_AI_RUSTC";

/// The crates whose errors are the learner's.
const CRATES: [&str; 2] = ["exercises", "solutions"];

/// Acts as the compiler if this process was started as one; `None` otherwise.
pub fn act_as_rustc() -> Option<ExitCode> {
    let mut arguments = env::args_os();
    let name = arguments.next()?;
    let is_rustc = Path::new(&name).file_stem().is_some_and(|stem| stem == "rustc");
    let real = env::var_os(REAL).filter(|_| is_rustc)?;
    let mut command = Command::new(real);
    command.args(arguments);
    Some(match run(&mut command) {
        Ok(code) => code,
        Err(error) => {
            crate::run::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    })
}

fn run(command: &mut Command) -> Result<ExitCode> {
    let words: Vec<String> =
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let is_learners =
        words.windows(2).any(|pair| pair[0] == "--crate-name" && CRATES.contains(&&*pair[1]));
    if !is_learners {
        let status = command.status().context("could not run the compiler")?;
        return Ok(code(status.code()));
    }
    let mut child = command.stderr(Stdio::piped()).spawn().context("could not run the compiler")?;
    let mut err = io::stderr().lock();
    for line in BufReader::new(child.stderr.take().context("no output of the compiler")?).lines() {
        writeln!(err, "{}", with_place(&line?))?;
    }
    Ok(code(child.wait()?.code()))
}

fn code(code: Option<i32>) -> ExitCode {
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(101))
}

/// A line of the compiler's JSON; an error's message gets its place and its drawing.
fn with_place(line: &str) -> String {
    let rewritten = || {
        let mut message: Value = serde_json::from_str(line).ok()?;
        if message["level"] != "error" {
            return None;
        }
        let span = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
        let file = span["file_name"].as_str()?.replace('\\', "/");
        // From the crate's folder on: what the learner knows the file by.
        let short = CRATES
            .iter()
            .find_map(|name| Some(&file[file.rfind(&format!("{name}/"))?..]))
            .unwrap_or(&file);
        let text = format!(
            "{short}:{}:{} does not compile\n\n{}",
            span["line_start"],
            span["column_start"],
            message["rendered"].as_str()?.trim_end()
        );
        message["message"] = Value::from(text);
        serde_json::to_string(&message).ok()
    };
    rewritten().unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::with_place;

    #[test]
    fn an_error_says_where_it_is_and_all_else_passes() {
        let error = r#"{"level":"error","message":"m","rendered":"error: m\n --> x\n","spans":[{"file_name":"/w/exercises/bpe/merge.rs","is_primary":true,"line_start":7,"column_start":3}]}"#;
        assert!(
            with_place(error)
                .contains(r"exercises/bpe/merge.rs:7:3 does not compile\n\nerror: m\n --> x")
        );
        for other in
            ["plain", r#"{"level":"warning","message":"m"}"#, r#"{"level":"error","spans":[]}"#]
        {
            assert_eq!(with_place(other), other);
        }
    }
}
