//! What of a run is on the disk already, and the place from which to go on.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TokenizeError;
use super::input::Identity;
use super::read::Position;
use super::report::Report;

/// The journal's name in the folder of the output.
pub(super) const NAME: &str = "_tokenize.json";
/// Raised when a journal of before cannot be gone on with.
const VERSION: u32 = 1;

/// The journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Journal {
    version: u32,
    /// What decides over the output.
    pub(super) run: Run,
    /// The sums of all parts that are there.
    pub(super) report: Report,
    /// The place in the input behind them.
    pub(super) position: Position,
    /// Ids of a sequence that is not full yet.
    pub(super) carry: Vec<u32>,
    /// Whether the input has ended.
    pub(super) complete: bool,
}

/// What decides over every byte of the output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) input: Identity,
    /// Each option by its name, as text.
    pub(super) options: std::collections::BTreeMap<String, String>,
}

impl Journal {
    /// Of a run that has written nothing.
    pub(super) fn new(run: Run) -> Self {
        Self {
            version: VERSION,
            run,
            report: Report::default(),
            position: Position::default(),
            carry: Vec::new(),
            complete: false,
        }
    }

    /// The journal of this run in a folder, or a new one.
    ///
    /// # Errors
    ///
    /// The folder holds something else.
    pub(super) fn open(folder: &Path, run: Run) -> Result<Self, TokenizeError> {
        let path = folder.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::begin(folder, run),
            Err(error) => return Err(TokenizeError::io("read", &path)(error)),
        };
        let journal: Self = serde_json::from_slice(&text).map_err(|error| {
            TokenizeError::output(&path, "the journal of a run", format!("{error}"))
        })?;
        if journal.version != VERSION {
            let got = format!("version {}", journal.version);
            return Err(TokenizeError::output(&path, format!("version {VERSION}"), got));
        }
        if journal.run.input != run.input {
            let expected = "the input that the run began with";
            return Err(TokenizeError::output(&path, expected, "another one, or a changed one"));
        }
        if let Some((name, now)) =
            run.options.iter().find(|(name, now)| journal.run.options.get(*name) != Some(now))
        {
            let before = journal.run.options.get(name).map_or("nothing", String::as_str);
            let expected = format!("`{name}` as the run began, {before}");
            return Err(TokenizeError::output(&path, expected, now.clone()));
        }
        Ok(journal)
    }

    fn begin(folder: &Path, run: Run) -> Result<Self, TokenizeError> {
        let entries = fs::read_dir(folder).map_err(TokenizeError::io("read", folder))?;
        let strange = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        // A run that was stopped before its first part leaves these.
        let ours = |name: &str| name == super::output::LOCK || name.ends_with(super::output::HALF);
        if let Some(name) = strange
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| !ours(name) && !super::output::is_part(name))
            .min()
        {
            let expected = "an empty folder, or one with the journal of a run";
            return Err(TokenizeError::output(folder, expected, format!("`{name}` in it")));
        }
        Ok(Self::new(run))
    }

    /// Puts the journal in the place of the one before.
    ///
    /// # Errors
    ///
    /// It cannot be written; then the one before is whole.
    pub(super) fn save(&self, folder: &Path) -> Result<(), TokenizeError> {
        let path = folder.join(NAME);
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| TokenizeError::io("write", &path)(error.into()))?;
        text.push(b'\n');
        replace(&path, |file| file.write_all(&text))
    }
}

/// Writes a file beside its place, forces it to the disk, and renames it: it is there as a whole or not at all.
pub(super) fn replace<T>(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<T>,
) -> Result<T, TokenizeError> {
    let half = half(path);
    let written = (|| {
        let mut file = File::create(&half)?;
        let written = write(&mut file)?;
        file.sync_all()?;
        fs::rename(&half, path)?;
        Ok(written)
    })();
    let written = written.map_err(TokenizeError::io("write", path))?;
    // So that the name survives a power cut; where a folder cannot be opened, the system sees to it.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(written)
}

/// The name of a file that is being written.
fn half(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(super::output::HALF);
    path.with_file_name(name)
}
