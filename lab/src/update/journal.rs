//! The journal: a whole update in one file, written before anything else is touched.
//!
//! It holds the steps, and the bytes of every file that is to be written. Before it is there, nothing has
//! changed; once it is, the update ends as it was planned, however often it is interrupted: each step can be done
//! twice, and the next `cargo lab update` does those that are left. It is removed last.
//!
//! ```text
//! {"backups":…,"list":SIZE,"steps":[{"put":PATH,"seen":…,"size":SIZE},…],"report":…}   one line
//! the list of what is handed out, then the bytes of each file that is put, one after the other
//! ```
//!
//! A step looks again before it acts, since a learner may save a file at any moment, also between a power cut and
//! the update that goes on after it. What changed since the plan was made is the learner's: it stays, and the new
//! file lies beside it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::base::LIST;
use super::decide::Kind;
use super::git::Git;
use super::plan::Step;
use super::tree::{self, File, NEW};
use crate::place::Place;
use crate::store::{self, Disk};

/// The journal's name in `.lab`.
pub(super) const NAME: &str = "update.journal";

/// An update that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    pub(super) steps: Vec<Step>,
    /// The folder of its backups, from the root.
    pub(super) backups: String,
    /// What `.lab/handed-out.txt` holds afterwards.
    pub(super) list: Vec<u8>,
    /// Where the branch steps from and to, if it does.
    pub(super) head: Option<(String, String)>,
    /// What is said in the end.
    pub(super) report: String,
}

impl Journal {
    /// Reads the journal of an update that was interrupted, if there is one.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none.
    pub(super) fn load(place: &Place) -> Result<Option<Self>> {
        match tree::read(place.root(), &format!(".lab/{NAME}"))? {
            None => Ok(None),
            Some(file) => Self::parse(&file.bytes)
                .map(Some)
                .with_context(|| {
                    format!(
                        "`.lab/{NAME}` is no journal that this version can read\n\n\
                         hint: delete it; the next `cargo lab update` plans anew, and loses nothing either"
                    )
                }),
        }
    }

    /// Writes it; from then on the update is going to happen.
    ///
    /// # Errors
    ///
    /// It cannot be written; then nothing changed.
    pub(super) fn write(&self, place: &Place, disk: &dyn Disk) -> Result<()> {
        store::replace(disk, &place.state(NAME), &self.to_bytes())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let hex = |print: &u64| format!("{print:016x}");
        let steps = self.steps.iter().map(|step| match step {
            Step::Put { path, file, seen, keep } => json!({
                "put": path,
                "seen": seen.as_ref().map(hex),
                "size": file.bytes.len(),
                "executable": file.executable,
                "keep": keep,
            }),
            Step::Remove { path, seen } => json!({"remove": path, "seen": hex(seen)}),
        });
        let head = json!({
            "backups": self.backups,
            "list": self.list.len(),
            "steps": steps.collect::<Vec<_>>(),
            "head": self.head.as_ref().map(|(from, to)| [from, to]),
            "report": self.report,
        });
        let mut bytes = format!("{head}\n").into_bytes();
        bytes.extend(&self.list);
        for step in &self.steps {
            if let Step::Put { file, .. } = step {
                bytes.extend(&file.bytes);
            }
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Value = serde_json::from_slice(&bytes[..end]).ok()?;
        let mut rest = &bytes[end + 1..];
        let mut take = |size: &Value| -> Option<Vec<u8>> {
            let (part, after) = rest.split_at_checked(usize::try_from(size.as_u64()?).ok()?)?;
            rest = after;
            Some(part.to_vec())
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let print = |value: &Value| u64::from_str_radix(value.as_str()?, 16).ok();
        let list = take(&head["list"])?;
        let mut steps = Vec::new();
        for step in head["steps"].as_array()? {
            steps.push(match text(&step["put"]) {
                Some(path) => Step::Put {
                    path,
                    file: File {
                        bytes: take(&step["size"])?,
                        executable: step["executable"].as_bool()?,
                    },
                    seen: if step["seen"].is_null() { None } else { Some(print(&step["seen"])?) },
                    keep: step["keep"].as_bool()?,
                },
                None => Step::Remove { path: text(&step["remove"])?, seen: print(&step["seen"])? },
            });
        }
        Some(Self {
            steps,
            backups: text(&head["backups"])?,
            list,
            head: text(&head["head"][0]).zip(text(&head["head"][1])),
            report: text(&head["report"])?,
        })
    }

    /// Does what is left of it, and removes it. Says what became of files that changed meanwhile.
    ///
    /// # Errors
    ///
    /// A step failed; those before it are done, and another try goes on with the rest.
    pub(super) fn apply(
        &self,
        place: &Place,
        disk: &dyn Disk,
        git: Option<&Git>,
    ) -> Result<Vec<String>> {
        let mut late = Vec::new();
        for step in &self.steps {
            match step {
                Step::Put { path, file, seen, keep } => {
                    late.extend(self.put(place, disk, path, file, *seen, *keep)?);
                }
                Step::Remove { path, seen } => late.extend(self.remove(place, disk, path, *seen)?),
            }
        }
        store::replace(disk, &place.state(LIST), &self.list)?;
        if let (Some(git), Some((from, to))) = (git, &self.head) {
            match git.step_forward(from, to) {
                Ok(true) => {}
                Ok(false) => late.push(
                    "the branch moved or something was staged; it stays where it is".to_owned(),
                ),
                // Such as while another git is at work. All files are in place, so this can wait.
                Err(error) => late.push(format!(
                    "the branch stays where it is, and the next `cargo lab update` tries again: {error:#}"
                )),
            }
        }
        remove(disk, &place.state(NAME))?;
        Ok(late)
    }

    fn put(
        &self,
        place: &Place,
        disk: &dyn Disk,
        path: &str,
        file: &File,
        seen: Option<u64>,
        keep: bool,
    ) -> Result<Option<String>> {
        let there = tree::read(place.root(), path)?;
        let at = place.join(path);
        let mut late = None;
        if there.as_ref().is_none_or(|there| there.bytes != file.bytes) {
            let changed = there.as_ref().map(|there| tree::print_of(&there.bytes)) != seen;
            if changed && there.is_some() && Kind::of(path).is_the_learners() {
                let beside = beside(place, path, file)?;
                store::replace(disk, &place.join(&beside), &file.bytes)?;
                return Ok(Some(format!(
                    "{path} was saved meanwhile: yours stays, the new one is {beside}"
                )));
            }
            if there.is_some() && (keep || changed) {
                let copy = self.keep(place, disk, path)?;
                late = changed.then(|| format!("{path} changed meanwhile; as it was then: {copy}"));
            }
            store::replace(disk, &at, &file.bytes)?;
        }
        if file.executable {
            make_executable(&at)?;
        }
        Ok(late)
    }

    fn remove(
        &self,
        place: &Place,
        disk: &dyn Disk,
        path: &str,
        seen: u64,
    ) -> Result<Option<String>> {
        let Some(there) = tree::read(place.root(), path)? else { return Ok(None) };
        if tree::print_of(&there.bytes) != seen && Kind::of(path).is_the_learners() {
            return Ok(Some(format!("{path} was saved meanwhile, so it stays")));
        }
        self.keep(place, disk, path)?;
        remove(disk, &place.join(path))?;
        // Git keeps no empty folders either.
        let folders = Path::new(path).ancestors().skip(1).filter(|it| !it.as_os_str().is_empty());
        for folder in folders {
            if fs::remove_dir(place.join(folder)).is_err() {
                break;
            }
        }
        Ok(None)
    }

    /// Keeps a file among the backups of this update, once; its path there.
    fn keep(&self, place: &Place, disk: &dyn Disk, path: &str) -> Result<String> {
        let now = tree::read(place.root(), path)?.unwrap_or_default();
        let mut number = 1;
        loop {
            let copy = tree::beside(&format!("{}/{path}", self.backups), "", number);
            match tree::read(place.root(), &copy)? {
                None => {
                    store::keep(disk, &place.join(path), &place.join(&copy))?;
                    return Ok(copy);
                }
                // From a try before this one. Its folder may not have been forced to the disk then.
                Some(kept) if kept.bytes == now.bytes => {
                    disk.sync(place.join(&copy).parent().unwrap_or(place.root()))?;
                    return Ok(copy);
                }
                Some(_) => number += 1,
            }
        }
    }
}

/// A name beside a file that is free, or has this very content.
fn beside(place: &Place, path: &str, file: &File) -> Result<String> {
    let mut number = 1;
    loop {
        let name = tree::beside(path, NEW, number);
        match tree::read(place.root(), &name)? {
            Some(there) if there.bytes != file.bytes => number += 1,
            _ => return Ok(name),
        }
    }
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<()> {
    let gone = disk.remove(path).and_then(|()| disk.sync(path.parent().unwrap_or(path)));
    gone.with_context(|| format!("could not remove `{}`", path.display()))
}

#[cfg(unix)] // Windows goes by a file's ending.
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt; // The bit that makes a script a program.
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o111))
        .with_context(|| format!("could not make `{}` executable", path.display()))
}

#[cfg(not(unix))] // No file has such a bit there.
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
