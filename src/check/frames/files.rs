//! A file for an answer that takes a path; gone when the check is done with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, process};

/// A file that lives as long as this.
pub(super) struct TempFile(PathBuf);

impl TempFile {
    /// A file with these bytes, under a name of its own in the platform's folder for such files.
    pub(super) fn new(bytes: &[u8], extension: &str) -> io::Result<Self> {
        /// Checks run at the same time, in one process or in several.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rust_for_ai-{}-{number}.{extension}", process::id());
        let file = Self(env::temp_dir().join(name));
        fs::write(&file.0, bytes)?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // A file that cannot be removed is the platform's to clear; a check does not fail for it.
        let _ = fs::remove_file(&self.0);
    }
}
