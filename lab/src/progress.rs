//! Progress: a line a stage, keyed by its id, in `.lab/progress.txt`.
//!
//! ```text
//! bpe.bytes state=PASSING version=1 hints=1
//! bpe.merge state=FAILING version=1 hints=0 seen=9c1f2b3a
//! ```
//!
//! The file is for people too: it can be read, merged and edited by hand. A line with a former id of a stage
//! counts for that stage (`src/course/renamed.txt`). A line with an unknown id (of a newer version), a key that this version does not know and a
//! line that is no entry at all are kept as they are.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result};
use rust_for_ai::check::State;
use rust_for_ai::course;

use crate::place::Place;
use crate::store::{self, Disk, Lock};

/// What is known of one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The state when it was last graded.
    pub state: Option<State>,
    /// The version of the check that graded it.
    pub version: u32,
    /// How many hints were shown.
    pub hints: usize,
    /// Whether the reference answer was shown before the stage was solved.
    pub revealed: bool,
    /// A fingerprint of the chapter's answers when it was last graded.
    pub seen: String,
    /// Words that this version does not know.
    rest: Vec<String>,
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// An id, its entry, and the line as it was read, if it was.
    Stage(String, Entry, String),
    Other(String),
}

const HEADER: &str = "# Rust for AI: your progress. `cargo lab` keeps this file; lines it does not know stay as they are.";

impl Progress {
    /// Reads the file; no file is no progress.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn load(place: &Place) -> Result<Self> {
        let path = place.state("progress.txt");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text, course::RENAMED)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                Err(error).with_context(|| format!("could not read `{}`", path.display()))
            }
        }
    }

    /// Changes the file while no other `lab` does; writes it only if something changed.
    ///
    /// # Errors
    ///
    /// The file cannot be read, locked or written; then it is as it was.
    pub fn update(place: &Place, disk: &dyn Disk, change: impl FnOnce(&mut Self)) -> Result<Self> {
        let _lock = Lock::wait(&place.state("lock"))?;
        let before = Self::load(place)?;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            store::replace(disk, &place.state("progress.txt"), after.to_text().as_bytes())?;
        }
        Ok(after)
    }

    /// What is known of a stage.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.lines.iter().find_map(|line| match line {
            Line::Stage(known, entry, _) if known == id => Some(entry),
            _ => None,
        })
    }

    /// The entry of a stage, to be changed; made if there is none.
    pub fn entry(&mut self, id: &str) -> &mut Entry {
        let known = |line: &Line| matches!(line, Line::Stage(known, ..) if known == id);
        let at = self.lines.iter().position(known).unwrap_or_else(|| {
            self.lines.push(Line::Stage(id.to_owned(), Entry::default(), String::new()));
            self.lines.len() - 1
        });
        match &mut self.lines[at] {
            Line::Stage(_, entry, _) => entry,
            Line::Other(_) => unreachable!("the position is one of a stage's line"),
        }
    }

    /// A stage that was renamed is found under the id that it has today, unless there is a line with that id
    /// already; then the older line stays as it is.
    fn parse(text: &str, renamed: &str) -> Self {
        let parse = |line: &str| match Entry::parse(line) {
            Some((id, entry)) => Line::Stage(id, entry, line.to_owned()),
            None => Line::Other(line.to_owned()),
        };
        let lines = text.lines().filter(|line| *line != HEADER).map(parse);
        let mut progress = Self { lines: lines.collect() };
        for at in 0..progress.lines.len() {
            let Line::Stage(id, entry, _) = &progress.lines[at] else { continue };
            let today = course::follow(id, renamed);
            if today != id && progress.get(today).is_none() {
                progress.lines[at] = Line::Stage(today.to_owned(), entry.clone(), String::new());
            }
        }
        progress
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for line in &self.lines {
            match line {
                // An entry that nobody changed stays as it was written, also by hand.
                Line::Stage(id, entry, line)
                    if Entry::parse(line).is_some_and(|(_, before)| before == *entry) =>
                {
                    debug_assert!(line.starts_with(id.as_str()));
                    text += line;
                }
                Line::Stage(id, entry, _) => text += &entry.to_line(id),
                Line::Other(line) => text += line,
            }
            text.push('\n');
        }
        text
    }
}

impl Entry {
    fn parse(line: &str) -> Option<(String, Self)> {
        let mut words = line.split_whitespace();
        let id = words.next().filter(|id| id.contains('.') && !id.contains(['=', '#']))?;
        let mut entry = Self::default();
        for word in words {
            match word.split_once('=') {
                Some(("state", name)) if state(name).is_some() => entry.state = state(name),
                Some(("version", number)) if number.parse::<u32>().is_ok() => {
                    entry.version = number.parse().unwrap_or_default();
                }
                Some(("hints", number)) if number.parse::<usize>().is_ok() => {
                    entry.hints = number.parse().unwrap_or_default();
                }
                Some(("revealed", "yes")) => entry.revealed = true,
                Some(("seen", print)) => entry.seen = print.to_owned(),
                _ => entry.rest.push(word.to_owned()),
            }
        }
        Some((id.to_owned(), entry))
    }

    fn to_line(&self, id: &str) -> String {
        let mut line = id.to_owned();
        if let Some(state) = self.state {
            let _ = write!(line, " state={}", word(state));
        }
        if self.version > 0 {
            let _ = write!(line, " version={}", self.version);
        }
        if self.hints > 0 {
            let _ = write!(line, " hints={}", self.hints);
        }
        if self.revealed {
            line += " revealed=yes";
        }
        if !self.seen.is_empty() {
            let _ = write!(line, " seen={}", self.seen);
        }
        for word in &self.rest {
            let _ = write!(line, " {word}");
        }
        line
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::NotStarted => "NOT_STARTED",
        State::Failing => "FAILING",
        State::Passing => "PASSING",
    }
}

fn state(name: &str) -> Option<State> {
    [State::NotStarted, State::Failing, State::Passing]
        .into_iter()
        .find(|state| word(*state) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_kept() {
        let text = format!(
            "{HEADER}\n\
             bpe.bytes state=PASSING version=1 hints=2\n\
             future.stage state=PASSING version=7\n\
             bpe.merge state=SIDEWAYS  version=2 hints=0 stars=5\n\
             a remark of mine\n"
        );
        let mut progress = Progress::parse(&text, "");
        assert_eq!(progress.to_text(), text);
        progress.entry("bpe.bytes").hints = 3;
        assert_eq!(progress.to_text(), text.replace("hints=2", "hints=3"));
        assert_eq!(
            progress.get("future.stage").and_then(|entry| entry.state),
            Some(State::Passing)
        );
    }

    #[test]
    fn a_stage_that_was_renamed_takes_its_progress_along() {
        let renamed = "bpe.glue bpe.join\nbpe.join bpe.merge\n";
        let old = format!("{HEADER}\nbpe.glue state=PASSING version=1  hints=2 stars=5\n");
        let progress = Progress::parse(&old, renamed);
        assert_eq!(progress.get("bpe.merge").map(|entry| entry.hints), Some(2));
        let new = "bpe.merge state=PASSING version=1 hints=2 stars=5\n";
        assert_eq!(progress.to_text(), format!("{HEADER}\n{new}"));
        // What is known under the new id is newer.
        let both = format!("{old}bpe.merge state=FAILING version=1\n");
        assert_eq!(Progress::parse(&both, renamed).to_text(), both);
    }
}
