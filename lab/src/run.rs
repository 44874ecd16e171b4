//! Run long work so that a person sees that it goes on, and a log keeps what it printed.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command of cargo that has not what `cargo run` tells this program about its own package. Some build scripts ask cargo
/// to watch these variables; they, and all that depends on them, would be built again whenever this program takes turns
/// with a cargo from the shell. Polars is among it.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        if ours(&name) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Prints a line for a person. Standard error, so that `--json` stays clean.
/// A reader that went away is no error.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints a result. Standard output; a reader that went away is no error, a full disk ends the program.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("error: could not write the output: {error}"));
            std::process::exit(2);
        }
        _ => {}
    }
}

/// Runs a command to its end. Its output goes to a log; a terminal shows the time and the last line.
///
/// # Errors
///
/// The command cannot be started, or fails; the message has the end of the log.
pub fn logged(label: &str, command: &mut Command, log: &Path) -> Result<()> {
    let folder = log.parent().context("a log has a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let file = File::create(log).with_context(|| log.display().to_string())?;
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn().with_context(
            || format!("could not run `{}`", command.get_program().to_string_lossy()),
        )?;
    let live = io::stderr().is_terminal();
    if !live {
        say(&format!("{label} …"));
    }
    let mut told = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let seconds = start.elapsed().as_secs();
        if live {
            status_line(&format!("{label} … {seconds} s  {}", last_line(log)));
        } else if told.elapsed() > Duration::from_secs(30) {
            told = Instant::now();
            say(&format!("{label} … {seconds} s"));
        }
        thread::sleep(Duration::from_millis(if live { 200 } else { 50 }));
    };
    if live {
        status_line("");
    }
    if !status.success() {
        bail!(
            "{label} failed ({status}); the end of `{}`:\n{}",
            log.display(),
            last_lines(log, 12)
        );
    }
    say(&format!("{label}: done in {} s", start.elapsed().as_secs()));
    Ok(())
}

/// Replaces the terminal's current line.
pub fn status_line(text: &str) {
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    let text: String = text.chars().take(width.saturating_sub(1)).collect();
    let mut err = io::stderr().lock();
    let _ = write!(err, "\r\x1b[2K{text}").and_then(|()| err.flush());
}

fn last_line(log: &Path) -> String {
    last_lines(log, 1).trim().to_owned()
}

/// The last lines of a log that are not empty.
pub fn last_lines(log: &Path, count: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::cargo;

    #[test]
    fn a_cargo_that_is_run_is_not_told_of_this_package() {
        // cargo tells a test what it tells a program.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let removed: Vec<String> = cargo()
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        assert!(removed.contains(&"CARGO_PKG_NAME".to_owned()), "{removed:?}");
        assert!(removed.contains(&"CARGO_MANIFEST_DIR".to_owned()), "{removed:?}");
        assert!(!removed.contains(&"CARGO_HOME".to_owned()), "{removed:?}");
    }
}
