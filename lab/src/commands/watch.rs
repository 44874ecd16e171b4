//! `watch`: grade again on every save.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{EventKind, RecursiveMode, Watcher};
use rust_for_ai::course;

use super::Target;
use super::check::check;
use crate::place::Place;
use crate::run::{print, say};

/// Editors save in several steps; what follows within this time belongs together.
const SETTLE: Duration = Duration::from_millis(60);

pub(super) fn watch(place: &Place, id: Option<&str>) -> Result<bool> {
    Target::parse(id)?;
    let (sender, saved) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && matches!(
                event.kind,
                EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
            )
        {
            for path in event.paths.into_iter().filter(|path| is_answer(path)) {
                // The receiver lives as long as this function.
                let _ = sender.send(path);
            }
        }
    })?;
    let folder = place.join("exercises");
    watcher
        .watch(&folder, RecursiveMode::Recursive)
        .with_context(|| format!("could not watch `{}`", folder.display()))?;
    show(place, id);
    loop {
        let mut path = saved.recv().context("the watcher ended")?;
        loop {
            match saved.recv_timeout(SETTLE) {
                Ok(later) => path = later,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return Ok(true),
            }
        }
        let of_file = stage_of(place, &path);
        show(place, id.or(of_file.as_deref()));
    }
}

/// Whether a path is a source file, and not what an editor keeps beside one.
fn is_answer(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        || path.components().any(|part| part.as_os_str() == ".ipynb_checkpoints");
    path.extension().is_some_and(|extension| extension == "rs") && !hidden
}

/// Grades and prints; what goes wrong is shown and the watch goes on.
fn show(place: &Place, id: Option<&str>) {
    if std::io::stdout().is_terminal() {
        print("\x1b[2J\x1b[H");
    }
    if let Err(error) = check(place, id, false) {
        say(&format!("error: {error:#}"));
    }
    say("\nwatching exercises/; save a file to grade it, Ctrl-C to end");
}

/// The id of the stage whose answer a file holds.
fn stage_of(place: &Place, path: &Path) -> Option<String> {
    let path: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = std::fs::canonicalize(place.root()).ok()?;
    let name = path.strip_prefix(root).ok()?;
    course::stages()
        .find(|stage| Path::new(&stage.exercise()) == name)
        .map(|stage| stage.id.to_owned())
}
