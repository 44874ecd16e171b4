//! A disk that fails at a chosen step, in a chosen way.
//!
//! The power cut is a model of what a file system may do at worst: a file that was written and not
//! forced is empty, a name that was made in a folder that was not forced is gone, and a rename or
//! a removal in such a folder came through or did not; both are tried. Without it, a missing fsync would go unnoticed.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use lab::store::{Disk, Real};

/// How a step goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Error,
    ShortWrite,
    DiskFull,
    Kill,
    #[cfg_attr(not(unix), expect(dead_code, reason = "no power cut there: see `FAULTS`"))]
    PowerCut(Renames),
}

/// What becomes of a rename in a folder that was not forced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renames {
    #[cfg_attr(not(unix), expect(dead_code, reason = "no power cut there: see `FAULTS`"))]
    Kept,
    Lost,
}

pub(crate) const FAULTS: &[(&str, Fault)] = &[
    ("error", Fault::Error),
    ("short-write", Fault::ShortWrite),
    ("disk-full", Fault::DiskFull),
    ("kill", Fault::Kill),
    #[cfg(unix)] // The model knows a file by its inode, whatever its names.
    ("power-cut-renames-kept", Fault::PowerCut(Renames::Kept)),
    #[cfg(unix)] // As above.
    ("power-cut-renames-lost", Fault::PowerCut(Renames::Lost)),
];

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        FAULTS.iter().find(|(_, fault)| *fault == self).map_or("none", |(name, _)| name)
    }

    pub(crate) fn ends_the_process(self) -> bool {
        matches!(self, Self::Kill | Self::PowerCut(_))
    }
}

/// The exit code of a child that was killed at its step; a failing test exits with 101.
pub(crate) const KILLED: i32 = 86;

/// The real disk, but for one step.
pub(crate) struct Faulty {
    fault: Fault,
    /// Which step, counted from 0.
    at: usize,
    /// Whether the file system can give a file a second name.
    links: bool,
    /// Where a power cut does its work.
    root: PathBuf,
    /// The names of the steps that were begun.
    pub(crate) steps: RefCell<Vec<&'static str>>,
    /// Whether the fault happened.
    pub(crate) happened: Cell<bool>,
    power: RefCell<Power>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, at: usize, links: bool, root: &Path) -> Self {
        Self {
            fault,
            at,
            links,
            root: root.to_owned(),
            steps: RefCell::default(),
            happened: Cell::new(false),
            power: RefCell::default(),
        }
    }

    /// Says that an editor wrote this file and did not force it to the disk.
    pub(crate) fn edited(&self, path: PathBuf) {
        self.power.borrow_mut().edited(path);
    }

    /// Takes the power away, now.
    pub(crate) fn cut(&self, renames: Renames) {
        self.power.borrow_mut().cut(&self.root, renames);
    }

    /// Whether this step fails; a process that is to end ends here, after `half` was done.
    fn fails(&self, step: &'static str, half: impl FnOnce()) -> Option<io::Error> {
        let number = self.steps.borrow().len();
        self.steps.borrow_mut().push(step);
        let later = self.fault == Fault::DiskFull && matches!(step, "write" | "link" | "folder");
        if number != self.at && !(later && number > self.at) {
            return None;
        }
        self.happened.set(true);
        match self.fault {
            Fault::Error => return Some(ErrorKind::Other.into()),
            Fault::ShortWrite => half(),
            Fault::DiskFull => {
                half();
                return Some(ErrorKind::StorageFull.into());
            }
            Fault::Kill => {
                half();
                std::process::exit(KILLED)
            }
            Fault::PowerCut(renames) => {
                half();
                self.cut(renames);
                std::process::exit(KILLED)
            }
        }
        Some(ErrorKind::WriteZero.into())
    }
}

impl Disk for Faulty {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = || Real.write(path, &bytes[..bytes.len() / 2]).expect("half a file is written");
        if let Some(error) = self.fails("write", half) {
            return Err(error);
        }
        Real.write(path, bytes)?;
        self.power.borrow_mut().written(path);
        Ok(())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        if let Some(error) = self.fails("sync", || ()) {
            return Err(error);
        }
        Real.sync(path)?;
        self.power.borrow_mut().forced(path);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if let Some(error) = self.fails("rename", || ()) {
            return Err(error);
        }
        let old = fs::read(to).ok();
        Real.rename(from, to)?;
        self.power.borrow_mut().renamed(from, to, old);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if let Some(error) = self.fails("link", || ()) {
            return Err(error);
        }
        if !self.links {
            return Err(ErrorKind::Unsupported.into());
        }
        Real.link(from, to)?;
        self.power.borrow_mut().named(to);
        Ok(())
    }

    fn folder(&self, path: &Path) -> io::Result<()> {
        if let Some(error) = self.fails("folder", || ()) {
            return Err(error);
        }
        Real.folder(path)?;
        self.power.borrow_mut().named(path);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if let Some(error) = self.fails("remove", || ()) {
            return Err(error);
        }
        let old = fs::read(path).ok();
        Real.remove(path)?;
        self.power.borrow_mut().removed(path, old);
        Ok(())
    }
}

/// What a power cut would take: all that was not forced to the disk.
#[derive(Debug, Default)]
struct Power {
    /// The learner's file, which an editor wrote and did not force. What becomes of it in its place
    /// is not for `lab` to answer for; a kept answer is.
    edited: Option<(PathBuf, u64)>,
    /// Files whose content is not forced, by inode.
    contents: BTreeSet<u64>,
    /// New names in folders that are not forced.
    names: Vec<PathBuf>,
    /// Renames in folders that are not forced, with what the name held before.
    renames: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Power {
    fn edited(&mut self, path: PathBuf) {
        let inode = inode(&path);
        self.contents.insert(inode);
        self.edited = Some((path, inode));
    }

    fn written(&mut self, path: &Path) {
        self.contents.insert(inode(path));
        self.named(path);
    }

    fn named(&mut self, path: &Path) {
        self.names.push(path.to_owned());
    }

    fn renamed(&mut self, from: &Path, to: &Path, old: Option<Vec<u8>>) {
        self.names.retain(|name| name != from);
        self.renames.push((to.to_owned(), old));
    }

    /// Until the folder is forced, the name may come back, as that of a rename.
    fn removed(&mut self, path: &Path, old: Option<Vec<u8>>) {
        self.names.retain(|name| name != path);
        self.renames.push((path.to_owned(), old));
    }

    fn forced(&mut self, path: &Path) {
        self.contents.remove(&inode(path));
        self.names.retain(|name| name.parent() != Some(path));
        self.renames.retain(|(name, _)| name.parent() != Some(path));
    }

    fn cut(&mut self, root: &Path, renames: Renames) {
        let in_place =
            self.edited.as_ref().filter(|(path, old)| path.exists() && inode(path) == *old);
        let spared = in_place.map(|(_, inode)| *inode);
        for path in files(root).keys() {
            let inode = inode(&root.join(path));
            if self.contents.contains(&inode) && spared != Some(inode) {
                fs::write(root.join(path), "").expect("a file is emptied");
            }
        }
        if renames == Renames::Lost {
            for (path, old) in self.renames.drain(..).rev() {
                match old {
                    Some(old) => fs::write(&path, old).expect("a rename is undone"),
                    None => fs::remove_file(&path).expect("a rename is undone"),
                }
            }
        }
        for name in self.names.drain(..).rev() {
            match name.is_dir() {
                true => fs::remove_dir_all(&name).expect("a folder is gone"),
                false => fs::remove_file(&name).expect("a name is gone"),
            }
        }
    }
}

/// What a file is known by, whatever its names. Of Windows the standard library does not tell it yet.
#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).expect("the file is there").ino()
}

#[cfg(not(unix))] // Without power cuts nobody asks.
fn inode(_: &Path) -> u64 {
    0
}

/// The files below a folder, by their path from it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").to_owned();
                found.insert(name, fs::read(&path).expect("the file can be read"));
            }
        }
    }
    found
}
