//! Make an exercise out of a solution.
//!
//! A solution marks what the learner writes:
//!
//! ```text
//! pub fn merge(...) -> Vec<u32> {
//!     // BEGIN SOLUTION
//!     ... the answer ...
//!     // END SOLUTION
//! }
//! ```
//!
//! The region becomes `todo!("bpe.merge")`. Where that is not what the exercise needs (fields, imports,
//! a repair stage with its bug), a part `// BEGIN STUB` at the end of the region holds the lines to put
//! there instead, each behind `// `. A marker that is nested, unclosed or misspelt is an error, as is a
//! file of a stage without any region.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rust_for_ai::course;

use crate::place::Place;
use crate::store::{self, Disk};

const BEGIN: &str = "// BEGIN SOLUTION";
const STUB: &str = "// BEGIN STUB";
const END: &str = "// END SOLUTION";

/// The exercise that a solution leaves when its regions are taken out.
///
/// # Errors
///
/// A marker in the wrong place; the message has the line.
pub fn strip(solution: &str, id: &str) -> Result<String> {
    enum At {
        Code,
        Solution { since: usize },
        Stub { since: usize },
    }
    let mut at = At::Code;
    let mut out = String::new();
    for (number, line) in (1..).zip(solution.lines()) {
        let text = line.trim();
        let indent = &line[..line.len() - line.trim_start().len()];
        match (&at, text) {
            (At::Code, BEGIN) => at = At::Solution { since: number },
            (At::Solution { since }, STUB) => at = At::Stub { since: *since },
            (At::Solution { .. }, END) => {
                out += &format!("{indent}todo!({id:?})\n");
                at = At::Code;
            }
            (At::Stub { .. }, END) => {
                // An item that goes takes the blank line before it along.
                if out.ends_with("\n\n") {
                    out.pop();
                }
                at = At::Code;
            }
            (_, BEGIN | STUB | END) => bail!("line {number}: `{text}` is not expected here"),
            (At::Code, _) if text.starts_with("// BEGIN") || text.starts_with("// END") => {
                bail!("line {number}: unknown marker `{text}`")
            }
            (At::Code, _) => {
                out += line;
                out.push('\n');
            }
            (At::Solution { .. }, _) => {}
            (At::Stub { .. }, _) => {
                let Some(code) = text.strip_prefix("//") else {
                    bail!(
                        "line {number}: expected a line of a stub, which begins with `//`, got `{text}`"
                    )
                };
                out += format!("{indent}{}", code.strip_prefix(' ').unwrap_or(code)).trim_end();
                out.push('\n');
            }
        }
    }
    match at {
        At::Code => Ok(format!("{}\n", out.trim_end())),
        At::Solution { since } | At::Stub { since } => {
            bail!("line {since}: `{BEGIN}` is never closed")
        }
    }
}

/// All files of the tree of exercises, by their path from the root, as the solutions make them.
///
/// # Errors
///
/// A solution cannot be read or stripped, or a stage has no region to take out.
pub fn all(place: &Place) -> Result<BTreeMap<PathBuf, String>> {
    let mut stubs = BTreeMap::new();
    let solutions = place.join("solutions");
    for path in rust_files(&solutions)? {
        let name = path.strip_prefix(&solutions).unwrap_or(&path);
        // Each tree introduces itself.
        if name == Path::new("lib.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let id = id_of(name);
        let stub = strip(&text, &id).with_context(|| format!("`solutions/{}`", name.display()))?;
        if course::stage(&id).is_some() {
            ensure!(stub != text, "`solutions/{}` marks no region for the learner", name.display());
        }
        stubs.insert(Path::new("exercises").join(name), stub);
    }
    ensure!(!stubs.is_empty(), "no solutions in `{}`", solutions.display());
    Ok(stubs)
}

/// The stub of one stage.
///
/// # Errors
///
/// Its solution cannot be read or stripped.
pub fn of(place: &Place, stage: &course::Stage) -> Result<String> {
    let path = place.solution(stage);
    let text = fs::read_to_string(&path).with_context(|| format!("`{}`", stage.solution()))?;
    strip(&text, stage.id).with_context(|| format!("`{}`", stage.solution()))
}

/// Writes every stub.
///
/// # Errors
///
/// As [`all`], or a file cannot be written.
pub fn write(place: &Place, disk: &dyn Disk) -> Result<usize> {
    let stubs = all(place)?;
    for (path, stub) in &stubs {
        store::replace(disk, &place.join(path), stub.as_bytes())?;
    }
    Ok(stubs.len())
}

/// The paths of the tree that differ from their stubs, are missing, or are there without one.
///
/// # Errors
///
/// As [`all`].
pub fn differing(place: &Place) -> Result<Vec<PathBuf>> {
    let stubs = all(place)?;
    let there = |path: &Path| fs::read_to_string(place.join(path)).ok();
    let mut differing: Vec<PathBuf> = stubs
        .iter()
        .filter(|(path, stub)| there(path).as_ref() != Some(stub))
        .map(|(path, _)| path.clone())
        .collect();
    for path in rust_files(&place.join("exercises"))? {
        let name = path.strip_prefix(place.root()).unwrap_or(&path);
        if name != Path::new("exercises/lib.rs") && !stubs.contains_key(name) {
            differing.push(name.to_owned());
        }
    }
    Ok(differing)
}

/// `bpe.merge` of `bpe/merge.rs`.
fn id_of(name: &Path) -> String {
    let parts: Vec<String> =
        name.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join(".")
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        // JupyterLab keeps `.ipynb_checkpoints` beside the files that were edited in it.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_become_todo_or_their_stub() {
        let solution = "\
pub struct T {
    // BEGIN SOLUTION
    merges: u32,
    // BEGIN STUB
    // // Your fields.
    // END SOLUTION
}
fn f() -> u32 {
    // BEGIN SOLUTION
    1
    // END SOLUTION
}
";
        let stub =
            "pub struct T {\n    // Your fields.\n}\nfn f() -> u32 {\n    todo!(\"bpe.f\")\n}\n";
        assert_eq!(strip(solution, "bpe.f").ok().as_deref(), Some(stub));
    }

    #[test]
    fn a_marker_in_the_wrong_place_is_an_error_with_its_line() {
        let cases = [
            ("// BEGIN SOLUTION\n", "line 1: `// BEGIN SOLUTION` is never closed"),
            ("\n// END SOLUTION\n", "line 2: `// END SOLUTION` is not expected here"),
            (
                "// BEGIN SOLUTION\n// BEGIN SOLUTION\n",
                "line 2: `// BEGIN SOLUTION` is not expected here",
            ),
            ("// BEGIN SOLUTON\n", "line 1: unknown marker `// BEGIN SOLUTON`"),
            (
                "// BEGIN SOLUTION\n// BEGIN STUB\ncode\n// END SOLUTION\n",
                "line 3: expected a line of a stub, which begins with `//`, got `code`",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                strip(text, "x").map_err(|error| error.to_string()),
                Err(message.to_owned())
            );
        }
    }
}
