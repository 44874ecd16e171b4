//! Versions of the workbook as files in memory, and when two files count as the same.
//!
//! A version has some hundred files of a dozen megabytes, so all of it is held at once; that keeps the plan a
//! plain function of what was handed out, what is there and what is new.
//!
//! A file is compared by a fingerprint. Two things are no edit: other line ends, and, in a notebook, everything
//! but the cells' sources, since a notebook that was run holds outputs that nobody typed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::stubs;

/// A version of the workbook: its files, by their path from the root, with `/` on every system.
pub(super) type Tree = BTreeMap<String, File>;

/// A file of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) executable: bool,
}

/// What is between a file's name and its ending when the new version lies beside the learner's file.
pub(super) const NEW: &str = ".new";
/// The same of a notebook that was run, when the new one took its place.
pub(super) const YOURS: &str = ".yours";

/// A fingerprint of bytes, to see whether they changed; not for security.
pub(super) fn print_of(bytes: &[u8]) -> u64 {
    // FNV-1a: the same with every compiler, since it is stored.
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A fingerprint of what somebody wrote into a file; see the top of this file.
pub(super) fn written(path: &str, bytes: &[u8]) -> u64 {
    match path.ends_with(".ipynb").then(|| sources(bytes)).flatten() {
        Some(sources) => print_of(sources.as_bytes()),
        None => print_of(&unix_lines(bytes)),
    }
}

fn unix_lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}

/// The cells of a notebook, without what running them left; nothing if it is no notebook.
fn sources(bytes: &[u8]) -> Option<String> {
    let notebook: Value = serde_json::from_slice(bytes).ok()?;
    let mut text = String::new();
    for cell in notebook.get("cells")?.as_array()? {
        let source = match cell.get("source")? {
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
            source => source.as_str()?.to_owned(),
        };
        text += &format!("{}\0{source}\0", cell.get("cell_type")?.as_str()?);
    }
    Some(text)
}

/// Whether a notebook holds outputs, or counts of its runs.
pub(super) fn was_run(bytes: &[u8]) -> bool {
    let notebook: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let cells = notebook.get("cells").and_then(Value::as_array);
    cells.into_iter().flatten().any(|cell| {
        cell.get("outputs").and_then(Value::as_array).is_some_and(|outputs| !outputs.is_empty())
            || cell.get("execution_count").is_some_and(|count| !count.is_null())
    })
}

/// The path of a file beside another: `a/merge.new.rs` of `a/merge.rs`; with a number from the second on.
pub(super) fn beside(path: &str, word: &str, number: usize) -> String {
    let word = if number > 1 { format!("{word}-{number}") } else { word.to_owned() };
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let slash = if folder.is_empty() { "" } else { "/" };
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{folder}{slash}{stem}{word}.{ending}"),
        None => format!("{folder}{slash}{name}{word}"),
    }
}

/// Whether an update may have laid this file beside another.
pub(super) fn is_beside(name: &str) -> bool {
    let mut parts = name.split('.').skip(1);
    parts.any(|part| {
        [NEW, YOURS].iter().any(|word| {
            let rest = part.strip_prefix(&word[1..]);
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok())
            })
        })
    })
}

/// What a folder of the workbook holds besides the workbook: builds, histories, environments, state.
const LEFT_OUT: &[&str] = &[
    "target",
    "results",
    ".git",
    ".lab",
    ".venv",
    ".ipynb_checkpoints",
    ".virtual_documents",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
];

/// No file of the workbook has as many bytes; a model or a corpus that somebody put into the folder has.
const LARGEST: u64 = 1 << 25;

/// The files of an unpacked version.
///
/// # Errors
///
/// A file or folder cannot be read.
pub(super) fn of_folder(root: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        for entry in fs::read_dir(&at).with_context(|| format!("`{}`", at.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let built = [".tmp", ".abi3.so", ".pyd"].iter().any(|ending| name.ends_with(ending));
            if LEFT_OUT.contains(&&*name) || built || is_beside(&name) {
                continue;
            }
            let what = entry.file_type()?;
            // A link to a folder may lead anywhere, also back.
            let far = what.is_symlink() && entry.path().is_dir();
            let large = entry.metadata()?.len() > LARGEST;
            if what.is_dir() {
                folders.push(path);
            } else if !far
                && !large
                && let Some(file) = read(root, &path)?
            {
                tree.insert(path, file);
            }
        }
    }
    Ok(tree)
}

/// A file of a folder, or nothing where there is none.
///
/// # Errors
///
/// Something else is there, or it cannot be read.
pub(super) fn read(root: &Path, path: &str) -> Result<Option<File>> {
    let at = root.join(path);
    match fs::read(&at) {
        Ok(bytes) => Ok(Some(File { bytes, executable: is_executable(&at) })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read `{}`", at.display())),
    }
}

#[cfg(unix)] // Windows goes by a file's ending.
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt; // The bit that makes a script a program.
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))] // No file has such a bit there.
fn is_executable(_: &Path) -> bool {
    false
}

/// The exercise that the solutions of a version leave in this place, if they do.
///
/// By the text alone: the version may have stages that this program has never heard of.
pub(super) fn stub(tree: &Tree, path: &str) -> Option<String> {
    let name = path.strip_prefix("exercises/")?;
    // Each tree introduces itself.
    if name == "lib.rs" {
        return None;
    }
    let solution = std::str::from_utf8(&tree.get(&format!("solutions/{name}"))?.bytes).ok()?;
    match name.rsplit_once('.')? {
        (stem, "rs") => stubs::strip(solution, &stem.replace('/', ".")).ok(),
        (_, "py") => stubs::strip_python(solution).ok(),
        _ => None,
    }
}

/// The stage that a file of exercises is of, as its first line says.
pub(super) fn stage_of(bytes: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(bytes).ok()?.lines().next()?;
    line.strip_prefix("//! Stage `")?.split_once('`').map(|(id, _)| id)
}

/// Whether two exercises differ in more than comments, so that an answer to one may not fit the other.
pub(super) fn code_differs(one: &[u8], other: &[u8]) -> bool {
    let code = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines = text.lines().map(str::trim);
        let is_code =
            |line: &&str| !(line.is_empty() || line.starts_with("//") || line.starts_with("# "));
        lines.filter(is_code).map(str::to_owned).collect()
    };
    code(one) != code(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_a_notebook_is_no_edit_and_other_line_ends_are_none() {
        let fresh = br#"{"cells": [{"cell_type": "code", "source": ["a\n", "b"], "outputs": []}]}"#;
        let run = br#"{"cells": [{"cell_type": "code", "source": "a\nb", "execution_count": 3,
                      "outputs": [{"text": "1"}]}], "metadata": {"x": 1}}"#;
        let edited = br#"{"cells": [{"cell_type": "code", "source": "a\nc", "outputs": []}]}"#;
        let written = |bytes: &[u8]| written("a.ipynb", bytes);
        assert_eq!(written(fresh), written(run));
        assert_ne!(written(fresh), written(edited));
        assert_eq!([fresh, &run[..], edited].map(was_run), [false, true, false]);
        assert_eq!(super::written("a.rs", b"a\r\nb\rc"), super::written("a.rs", b"a\nb\rc"));
    }

    #[test]
    fn a_file_beside_another_is_known_by_its_name() {
        assert_eq!(beside("exercises/bpe/merge.rs", NEW, 1), "exercises/bpe/merge.new.rs");
        assert_eq!(beside("a/20_bpe.ipynb", YOURS, 2), "a/20_bpe.yours-2.ipynb");
        assert_eq!(beside("Makefile", NEW, 1), "Makefile.new");
        for (name, is) in [
            ("merge.new.rs", true),
            ("20_bpe.yours-2.ipynb", true),
            ("merge.rs", false),
            ("new.rs", false),
            ("a.newer.rs", false),
        ] {
            assert_eq!(is_beside(name), is, "{name}");
        }
    }

    #[test]
    fn another_signature_is_told_from_another_text() {
        let old = b"//! Stage `a.b`: c.\n\npub fn f(a: u8) {\n    todo!(\"a.b\")\n}\n";
        let text = b"//! Stage `a.b`: d.\npub fn f(a: u8) {\n    // more\n    todo!(\"a.b\")\n}\n";
        let signature = b"//! Stage `a.b`: c.\n\npub fn f(a: u16) {\n    todo!(\"a.b\")\n}\n";
        assert!(!code_differs(old, text));
        assert!(code_differs(old, signature));
        assert_eq!(stage_of(old), Some("a.b"));
    }
}
