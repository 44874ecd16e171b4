//! Write files so that nothing is ever half there.
//!
//! A file is replaced by writing a new one beside it, forcing that to the disk, and renaming it over
//! the old one; the folder is forced too, so that the name survives a power cut. Whatever fails on
//! the way, the old file is whole. Before an answer is replaced, a second name is given to it (a hard
//! link, so that even an editor which writes at that moment writes into the kept file).
//!
//! What this does not cover: an editor that saves by renaming, in the few milliseconds between the
//! second name and the new file. Only an exchange of two names would, and not every system has one.
//!
//! [`Disk`] is a trait so that `lab/tests/faults.rs` can make each single step fail, write half, find
//! the disk full, or kill the process.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// The steps that change a disk.
pub trait Disk {
    /// Creates a file that is not there yet and writes all of it.
    ///
    /// # Errors
    ///
    /// As the system says; the file may be there in part.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Forces a file or folder to the disk.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Gives a file a new name, over what had that name.
    ///
    /// # Errors
    ///
    /// As the system says; then nothing changed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    ///
    /// As the system says, also where the file system has no such thing.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes a folder in one that is there; one that is there already is no error.
    ///
    /// # Errors
    ///
    /// As the system says.
    fn folder(&self, path: &Path) -> io::Result<()>;

    /// Removes a file; one that is gone already is an error.
    ///
    /// # Errors
    ///
    /// As the system says; then it is there.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The real disk.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Disk for Real {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // Windows cannot open a folder as a file, and keeps names safe by itself.
        if cfg!(windows) && path.is_dir() {
            return Ok(());
        }
        if path.is_dir() {
            return match File::open(path)?.sync_all() {
                // Some network and container file systems have no such thing for folders.
                Err(error) if matches!(error.kind(), InvalidInput | Unsupported) => Ok(()),
                done => done,
            };
        }
        OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // Windows may refuse it while another program has the file open, which most have for moments: a
        // virus scanner, an editor that looks whether it changed, another `lab` that reads it.
        let mut attempts = if cfg!(windows) { 100 } else { 1 };
        loop {
            attempts -= 1;
            match fs::rename(from, to) {
                Err(error) if attempts > 0 && error.kind() == PermissionDenied => {
                    thread::sleep(Duration::from_millis(10));
                }
                done => return done,
            }
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Replaces a file, or creates it, in one step.
///
/// # Errors
///
/// Any step failed; then the old file is as it was, unless only the last step failed, which forces
/// the new name to the disk. The message says which of the two it is.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    // Through a link to the file itself, so that the link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(path);
    let new = beside(path);
    let written = (|| {
        make_folder(disk, folder)?;
        disk.write(&new, bytes)?;
        if let Ok(old) = fs::metadata(path) {
            fs::set_permissions(&new, old.permissions())?;
        }
        disk.sync(&new)?;
        disk.rename(&new, path)
    })();
    if written.is_err() {
        // Whatever is there of it is only litter.
        let _ = fs::remove_file(&new);
    }
    written.with_context(|| format!("could not write `{}`; it is as it was", path.display()))?;
    disk.sync(folder).with_context(|| {
        format!("wrote `{}`, but the disk does not confirm that it will stay", path.display())
    })
}

/// Keeps what a file holds now under a second name, which nothing has yet.
///
/// # Errors
///
/// Any step failed; then the file itself is untouched.
pub fn keep(disk: &dyn Disk, path: &Path, copy: &Path) -> Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(copy);
    let kept = (|| {
        make_folder(disk, folder)?;
        disk.sync(path)?;
        match disk.link(path, copy) {
            Ok(()) => disk.sync(folder).map_err(anyhow::Error::from),
            // A copy under its own name only once it is whole: `undo` trusts what it finds there.
            Err(_) => replace(disk, copy, &fs::read(path)?),
        }
    })();
    kept.with_context(|| format!("could not keep `{}` as `{}`", path.display(), copy.display()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder and those above it, from the top; each name is forced to the disk, since a kept
/// answer is lost with any folder above it.
fn make_folder(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    make_folder(disk, above)?;
    disk.folder(folder)?;
    disk.sync(above)
}

/// A name in the same folder that no other process and no other call uses.
fn beside(path: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let new = path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
        // In a container each `lab` may get the same process id, also after one that was killed.
        if !new.exists() {
            return new;
        }
    }
}

/// Holds off every other `lab` until it is dropped; one that died holds nothing.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its drop")] File);

impl Lock {
    /// Waits for the lock.
    ///
    /// # Errors
    ///
    /// The file cannot be made or locked.
    pub fn wait(path: &Path) -> Result<Self> {
        let file = open_lock(path)?;
        file.lock().with_context(|| format!("could not lock `{}`", path.display()))?;
        Ok(Self(file))
    }

    /// Waits for the lock; if somebody holds it, says so first.
    ///
    /// # Errors
    ///
    /// The file cannot be made or locked.
    pub fn wait_saying(path: &Path, text: &str) -> Result<Self> {
        match Self::try_now(path)? {
            Some(lock) => Ok(lock),
            None => {
                crate::run::say(text);
                Self::wait(path)
            }
        }
    }

    /// The lock if nobody holds it.
    ///
    /// # Errors
    ///
    /// The file cannot be made or locked.
    pub fn try_now(path: &Path) -> Result<Option<Self>> {
        let file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("could not lock `{}`", path.display()))
            }
        }
    }
}

fn open_lock(path: &Path) -> Result<File> {
    make_folder(&Real, folder_of(path))
        .and_then(|()| OpenOptions::new().write(true).create(true).truncate(false).open(path))
        .with_context(|| format!("could not open the lock `{}`", path.display()))
}
