//! What the workbook handed out: the base of every decision.
//!
//! | known from | for |
//! |---|---|
//! | the commit that the tree stems from, and all before it | a clone |
//! | `.lab/handed-out.txt`: a fingerprint a file | an unpacked archive, and after every update |
//! | `solutions/` as they are before the update, stripped | exercises, where nothing else is known |
//!
//! An archive has no memory, so the first `cargo lab` in it writes the list. By then an exercise may be edited
//! already, so of exercises it holds the stubs that the solutions leave, never the files; and what such a list
//! calls untouched is kept all the same when it is replaced. What is not known counts as edited.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use super::decide::Kind;
use super::git::Git;
use super::tree::{self, Tree};
use crate::place::Place;
use crate::store::{self, Disk};

/// What was handed out.
#[derive(Debug, Default)]
pub(super) struct Base {
    /// What was written in each file, as a fingerprint.
    pub(super) prints: BTreeMap<String, u64>,
    /// The texts, as far as they are known.
    pub(super) texts: BTreeMap<String, Vec<u8>>,
    /// Whether every file that was handed out is known.
    pub(super) is_complete: bool,
    /// Whether the list is that of an archive as `lab` first saw it, when files may have been edited already.
    pub(super) is_first_sight: bool,
}

/// The list's name in `.lab`.
pub(super) const LIST: &str = "handed-out.txt";

/// What the list calls an archive as it was found.
const FIRST_SIGHT: &str = "unpacked";

const HEADER: &str =
    "# Rust for AI: what the workbook handed out; `cargo lab update` tells by it what you changed.";

/// The list in `.lab`: the name of the version and its files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) version: String,
    pub(super) prints: BTreeMap<String, u64>,
}

impl List {
    /// Reads it; what is no entry is passed over.
    pub(super) fn load(place: &Place) -> Option<Self> {
        let text = fs::read_to_string(place.state(LIST)).ok()?;
        let mut list = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(' ') {
                Some(("version", name)) => list.version = name.to_owned(),
                Some((print, path)) => {
                    if let Ok(print) = u64::from_str_radix(print, 16) {
                        list.prints.insert(path.to_owned(), print);
                    }
                }
                None => {}
            }
        }
        Some(list)
    }

    pub(super) fn of(version: &str, tree: &Tree) -> Self {
        let prints =
            tree.iter().map(|(path, file)| (path.clone(), tree::written(path, &file.bytes)));
        Self { version: version.to_owned(), prints: prints.collect() }
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\nversion {}\n", self.version);
        for (path, print) in &self.prints {
            text += &format!("{print:016x} {path}\n");
        }
        text
    }
}

impl Base {
    /// What is known of a checkout, before anything of it changes.
    ///
    /// Whoever updated and then threw the changes away, or pulled by hand, has a tree of another version than the
    /// one that was taken last. So of the versions that are known, the one counts of which most files are there.
    ///
    /// # Errors
    ///
    /// A commit or a file cannot be read.
    pub(super) fn of(place: &Place, git: Option<&Git>, newest: Option<&str>) -> Result<Self> {
        let list = List::load(place);
        let mut known = Vec::new();
        let commits = match (git, newest) {
            (Some(git), Some(newest)) => {
                git.bases(list.as_ref().map(|list| list.version.as_str()), newest)
            }
            _ => Vec::new(),
        };
        if !list.as_ref().is_some_and(|list| commits.contains(&list.version)) {
            known.push(Self::of_list(place, list.unwrap_or_default())?);
        }
        for commit in commits {
            known.extend(git.map(|git| Self::of_commit(git, &commit)).transpose()?);
        }
        let mut best = (Self::default(), 0);
        for base in known {
            let there = base.matches(place)?;
            if there > best.1 {
                best = (base, there);
            }
        }
        Ok(best.0)
    }

    fn of_commit(git: &Git, commit: &str) -> Result<Self> {
        let tree = git.tree(commit)?;
        let prints = List::of(commit, &tree).prints;
        let texts = tree.into_iter().map(|(path, file)| (path, file.bytes)).collect();
        Ok(Self { prints, texts, is_complete: true, is_first_sight: false })
    }

    fn of_list(place: &Place, list: List) -> Result<Self> {
        let is_first_sight = list.version == FIRST_SIGHT;
        let is_complete = !list.version.is_empty() && !is_first_sight;
        let prints = list.prints;
        let mut base = Self { prints, texts: BTreeMap::new(), is_complete, is_first_sight };
        for (path, stub) in stubs(place)? {
            let print = tree::written(&path, stub.as_bytes());
            if *base.prints.entry(path.clone()).or_insert(print) == print {
                base.texts.insert(path, stub.into_bytes());
            }
        }
        Ok(base)
    }

    /// How many files are there as they were handed out.
    fn matches(&self, place: &Place) -> Result<usize> {
        let mut count = 0;
        for (path, print) in &self.prints {
            let there = tree::read(place.root(), path)?;
            let is_same = there.is_some_and(|file| tree::written(path, &file.bytes) == *print);
            count += usize::from(is_same);
        }
        Ok(count)
    }
}

/// The exercises that the solutions leave now.
fn stubs(place: &Place) -> Result<BTreeMap<String, String>> {
    let solutions = tree::of_folder(&place.join("solutions"))?;
    let solutions: Tree =
        solutions.into_iter().map(|(path, file)| (format!("solutions/{path}"), file)).collect();
    let paths = solutions.keys().filter_map(|path| path.strip_prefix("solutions/"));
    let paths = paths.map(|path| format!("exercises/{path}"));
    Ok(paths.filter_map(|path| Some((path.clone(), tree::stub(&solutions, &path)?))).collect())
}

/// Writes the list in a workbook that has neither one nor a repository: see the top of this file.
///
/// # Errors
///
/// A file cannot be read or written.
pub(super) fn remember(place: &Place, disk: &dyn Disk) -> Result<()> {
    if place.join(".git").exists() || place.state(LIST).exists() {
        return Ok(());
    }
    let stubs = stubs(place)?;
    let mut list = List::of(FIRST_SIGHT, &tree::of_folder(place.root())?);
    list.prints.retain(|path, _| {
        let twin = path.strip_prefix("exercises/").map(|name| format!("solutions/{name}"));
        match Kind::of(path) {
            // Nobody knows whether a learner has put it there.
            Kind::Answer => false,
            Kind::List => twin.is_some_and(|twin| place.join(twin).exists()),
            Kind::Notebook => is_numbered(path),
            Kind::Workbook => path.contains('/'),
        }
    });
    for (path, stub) in stubs {
        list.prints.insert(path.clone(), tree::written(&path, stub.as_bytes()));
    }
    store::replace(disk, &place.state(LIST), list.to_text().as_bytes())
        .context("could not note what the workbook handed out")
}

/// `20_bpe.ipynb`: how the workbook names its notebooks.
fn is_numbered(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).as_bytes();
    name.len() > 3 && name[..2].iter().all(u8::is_ascii_digit) && name[2] == b'_'
}
