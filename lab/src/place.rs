//! Where things are: the checkout, its own folder of state, and the cache that checkouts share.
//!
//! ```text
//! CHECKOUT/.lab/progress.txt      what was solved
//! CHECKOUT/.lab/backups/          answers before a reset, files before an update
//! CHECKOUT/.lab/handed-out.txt    what the workbook handed out, so that an update can tell what was edited
//! CHECKOUT/.lab/update.journal    an update that is under way
//! CHECKOUT/.lab/jupyter/          what Jupyter and IPython would put into the home folder
//! CHECKOUT/.lab/log/              what long work printed
//! CHECKOUT/.venv/                 the Python environment and the kernelspecs
//! CACHE/                          the Rust kernel and its build cache
//! CACHE/llama2/                   a vocabulary, if its licence was accepted; never anything else
//! CACHE/models/                   the small model, if somebody wanted it
//! ```

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rust_for_ai::course::Stage;

/// A checkout of the workbook.
#[derive(Debug, Clone)]
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// The checkout that the current folder is in.
    ///
    /// # Errors
    ///
    /// No folder from here upwards holds the workbook.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current folder")?;
        match here.ancestors().find(|folder| is_workbook(folder)) {
            // Kernelspecs and cargo's messages are text.
            Some(root) if root.to_str().is_none() => {
                bail!("expected a path in UTF-8, got `{}`; move the checkout", root.display())
            }
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => bail!(
                "no workbook here: expected `{}` or a folder above it to hold `Cargo.toml`, \
                 `exercises` and `lab`",
                here.display()
            ),
        }
    }

    /// The checkout in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The checkout's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the checkout, by its path from the root.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Something in the folder of the checkout's state.
    pub fn state(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(".lab").join(path)
    }

    /// The learner's answer to a stage.
    pub fn exercise(&self, stage: &Stage) -> PathBuf {
        self.root.join(stage.exercise())
    }

    /// The reference answer to a stage.
    pub fn solution(&self, stage: &Stage) -> PathBuf {
        self.root.join(stage.solution())
    }

    /// The notebooks, in Rust and then in Python, each in the order of their names.
    ///
    /// # Errors
    ///
    /// The folder of those in Rust cannot be read, or holds none.
    pub fn notebooks(&self) -> Result<Vec<PathBuf>> {
        let rust = self.notebooks_in("notebooks/rust")?;
        if rust.is_empty() {
            bail!("no notebooks in `{}`", self.join("notebooks/rust").display());
        }
        let python = match self.join("notebooks/python").is_dir() {
            true => self.notebooks_in("notebooks/python")?,
            false => Vec::new(),
        };
        Ok([rust, python].concat())
    }

    fn notebooks_in(&self, folder: &str) -> Result<Vec<PathBuf>> {
        let folder = self.join(folder);
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "ipynb"));
        paths.sort();
        Ok(paths)
    }

    /// The Python of the checkout's environment.
    pub fn python(&self) -> PathBuf {
        match cfg!(windows) {
            true => self.root.join(".venv").join("Scripts").join("python.exe"),
            false => self.root.join(".venv").join("bin").join("python"),
        }
    }

    /// maturin in the checkout's environment, where the package was set up.
    pub fn maturin(&self) -> PathBuf {
        self.python().with_file_name(if cfg!(windows) { "maturin.exe" } else { "maturin" })
    }

    /// The cache that all checkouts share; `RUST_FOR_AI_CACHE` overrides the platform's folder.
    ///
    /// # Errors
    ///
    /// The platform names no such folder.
    pub fn cache(&self) -> Result<PathBuf> {
        match env::var_os("RUST_FOR_AI_CACHE") {
            Some(folder) => Ok(folder.into()),
            None => Ok(dirs::cache_dir()
                .context("no cache folder known: set `RUST_FOR_AI_CACHE` to one")?
                .join("rust-for-ai")),
        }
    }
}

fn is_workbook(folder: &Path) -> bool {
    ["Cargo.toml", "exercises/lib.rs", "lab/Cargo.toml"]
        .iter()
        .all(|path| folder.join(path).exists())
}
