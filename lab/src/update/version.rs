//! The new version, from a commit or from a folder.
//!
//! A folder may be anybody's: what was built, what git and `lab` keep in it and what JupyterLab leaves is passed over,
//! and its exercises are made of its solutions, so that a teacher's answers are not handed out.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::git::Git;
use super::tree::{self, Tree};
use crate::place::Place;

/// A new version.
pub(super) struct Version {
    /// What `.lab/handed-out.txt` calls it: a commit, or words.
    pub(super) id: String,
    /// For people.
    pub(super) name: String,
    pub(super) tree: Tree,
    /// The newest commit that git knows, of this version or of the one before.
    pub(super) newest: Option<String>,
    /// Whether that commit is this version, so that the branch can go there.
    pub(super) is_commit: bool,
}

impl Version {
    /// The newest that was fetched.
    ///
    /// # Errors
    ///
    /// Git knows none, or it is no workbook.
    pub(super) fn of_git(git: &Git) -> Result<Self> {
        let (commit, branch) = git.newest()?;
        let more = git.head().and_then(|head| git.count(&head, &commit)).filter(|count| *count > 0);
        let more = more.map_or(String::new(), |count| format!(", newer by {count}"));
        let name = format!("{branch} ({}{more})", &commit[..commit.len().min(9)]);
        let tree = git.tree(&commit)?;
        let known =
            ["exercises/lib.rs", "lab/Cargo.toml"].iter().all(|path| tree.contains_key(*path));
        ensure!(
            known,
            "`{branch}` holds no workbook: expected `exercises/lib.rs` and `lab/Cargo.toml`"
        );
        Ok(Self { id: commit.clone(), name, tree, newest: Some(commit), is_commit: true })
    }

    /// Of a folder; its exercises are those that its solutions leave, should somebody have solved them there.
    ///
    /// # Errors
    ///
    /// The folder is none, holds no other workbook, or cannot be read.
    pub(super) fn of_folder(place: &Place, folder: &Path, git: Option<&Git>) -> Result<Self> {
        let root = fs::canonicalize(folder).with_context(|| format!("`{}`", folder.display()))?;
        for path in ["Cargo.toml", "exercises/lib.rs", "lab/Cargo.toml", "solutions"] {
            ensure!(
                root.join(path).exists(),
                "`{}` is no workbook: expected `{path}` in it",
                folder.display()
            );
        }
        ensure!(
            fs::canonicalize(place.root()).ok().as_deref() != Some(&*root),
            "`{}` is this workbook, expected the folder of another version",
            folder.display()
        );
        let mut tree = tree::of_folder(&root)?;
        let stubs: Vec<(String, String)> =
            tree.keys().filter_map(|path| Some((path.clone(), tree::stub(&tree, path)?))).collect();
        for (path, stub) in stubs {
            tree.entry(path).or_default().bytes = stub.into_bytes();
        }
        let name = format!("the folder {}", folder.display());
        let newest = git.and_then(|git| git.newest().ok()).map(|(commit, _)| commit);
        Ok(Self { id: "a folder".to_owned(), name, tree, newest, is_commit: false })
    }
}
