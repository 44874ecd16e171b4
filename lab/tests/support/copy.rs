//! A copy of the whole tree below the target folder, for tests that change it.
//!
//! The copy and what is built from it stay there, so that the next run builds little.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Makes a folder hold what the repository holds, and nothing else.
pub(crate) fn renew(root: &Path) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("lab has a parent");
    fs::create_dir_all(root).expect("a folder can be made");
    let (ours, theirs) = (files(repository), files(root));
    for path in theirs.keys().filter(|path| !ours.contains_key(*path)) {
        fs::remove_file(root.join(path)).expect("an old file can be removed");
    }
    for (path, bytes) in &ours {
        // A file that is the same keeps its time, so that nothing is built again for it.
        if theirs.get(path) != Some(bytes) {
            let path = root.join(path);
            let folder = path.parent().expect("a file has a folder");
            fs::create_dir_all(folder).expect("a folder can be made");
            fs::write(path, bytes).expect("a file can be written");
        }
    }
}

/// What the repository has besides its sources: builds, histories, environments.
const LEFT_OUT: &[&str] =
    &["target", "results", ".git", ".lab", ".venv", ".ipynb_checkpoints", ".virtual_documents"];

/// The files below a folder, by their path from it; no builds, no histories, no environments.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let left_out = LEFT_OUT.contains(&&*name) || name.ends_with(".tmp");
            if path.is_dir() && !left_out {
                folders.push(path);
            } else if path.is_file() && !left_out {
                let name = path.strip_prefix(root).expect("it is below").to_owned();
                found.insert(name, fs::read(&path).expect("the file can be read"));
            }
        }
    }
    found
}
