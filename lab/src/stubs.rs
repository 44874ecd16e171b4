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
//! The region becomes `todo!("bpe.merge")`. In Python a file holds the stages of a chapter, so a region names its
//! own, `# BEGIN SOLUTION bpe.merge`, and becomes `raise NotImplementedError("bpe.merge")`.
//!
//! Where that is not what the exercise needs (fields, imports,
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

const BEGIN: &str = "BEGIN SOLUTION";
const STUB: &str = "BEGIN STUB";
const END: &str = "END SOLUTION";

/// How a language writes what regions are made of.
struct Language {
    comment: &'static str,
    /// What stands for an answer that is not written.
    nothing: fn(&str) -> String,
}

const RUST: Language = Language { comment: "//", nothing: |id| format!("todo!({id:?})") };

const PYTHON: Language =
    Language { comment: "#", nothing: |id| format!("raise NotImplementedError({id:?})") };

/// The exercise that a solution in Rust leaves when its regions are taken out.
///
/// # Errors
///
/// A marker in the wrong place; the message has the line.
pub fn strip(solution: &str, id: &str) -> Result<String> {
    without_regions(solution, &RUST, Some(id))
}

/// The exercises that solutions in Python leave; each region names its stage.
///
/// # Errors
///
/// A marker in the wrong place, or without a stage; the message has the line.
pub fn strip_python(solution: &str) -> Result<String> {
    without_regions(solution, &PYTHON, None)
}

fn without_regions(solution: &str, language: &Language, of: Option<&str>) -> Result<String> {
    enum At<'t> {
        Code,
        Solution { since: usize, id: &'t str },
        Stub { since: usize },
    }
    let mut at = At::Code;
    let mut out = String::new();
    for (number, line) in (1..).zip(solution.lines()) {
        let text = line.trim();
        let indent = &line[..line.len() - line.trim_start().len()];
        let comment = text.strip_prefix(language.comment);
        let marker = comment.and_then(|rest| rest.strip_prefix(' ')).unwrap_or_default();
        // The stage of a region: the file's, or the one that the marker names.
        let begun = match of {
            Some(id) => (marker == BEGIN).then_some(id),
            None => marker.strip_prefix(BEGIN).and_then(|rest| rest.strip_prefix(' ')),
        };
        match (&at, marker) {
            (At::Code, _) if let Some(id) = begun => {
                ensure!(
                    course::stage(id).is_some() || of.is_some(),
                    "line {number}: no stage `{id}`"
                );
                at = At::Solution { since: number, id };
            }
            (At::Solution { since, .. }, STUB) => at = At::Stub { since: *since },
            (At::Solution { id, .. }, END) => {
                out += &format!("{indent}{}\n", (language.nothing)(id));
                at = At::Code;
            }
            (At::Stub { .. }, END) => {
                // An item that goes takes the blank line before it along.
                if out.ends_with("\n\n") {
                    out.pop();
                }
                at = At::Code;
            }
            (_, STUB | END) => bail!("line {number}: `{text}` is not expected here"),
            (_, _) if begun.is_some() => bail!("line {number}: `{text}` is not expected here"),
            (At::Code, marker) if marker.starts_with("BEGIN") || marker.starts_with("END") => {
                bail!("line {number}: unknown marker `{text}`")
            }
            (At::Code, _) => {
                out += line;
                out.push('\n');
            }
            (At::Solution { .. }, _) => {}
            (At::Stub { .. }, _) => {
                let Some(code) = comment else {
                    bail!(
                        "line {number}: expected a line of a stub, which begins with `{}`, got `{text}`",
                        language.comment
                    )
                };
                out += format!("{indent}{}", code.strip_prefix(' ').unwrap_or(code)).trim_end();
                out.push('\n');
            }
        }
    }
    match at {
        At::Code => Ok(format!("{}\n", out.trim_end())),
        At::Solution { since, .. } | At::Stub { since } => {
            bail!("line {since}: `{} {BEGIN}` is never closed", language.comment)
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
    for path in files(&solutions, "rs")? {
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
    for path in files(&solutions, "py")? {
        let name = path.strip_prefix(&solutions).unwrap_or(&path);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let stub =
            strip_python(&text).with_context(|| format!("`solutions/{}`", name.display()))?;
        ensure!(stub != text, "`solutions/{}` marks no region for the learner", name.display());
        stubs.insert(Path::new("exercises").join(name), stub);
    }
    Ok(stubs)
}

/// The stubs of a chapter in Python.
///
/// # Errors
///
/// Its solutions cannot be read or stripped.
pub fn of_python(place: &Place, chapter: &course::Chapter) -> Result<String> {
    let name = format!("solutions/python/{}.py", chapter.id);
    let text = fs::read_to_string(place.join(&name)).with_context(|| format!("`{name}`"))?;
    strip_python(&text).with_context(|| format!("`{name}`"))
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
    let exercises = place.join("exercises");
    for path in files(&exercises, "rs")?.into_iter().chain(files(&exercises, "py")?) {
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

/// The files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        // JupyterLab keeps `.ipynb_checkpoints` beside the files that were edited in it.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            files.extend(self::files(&path, ending)?);
        } else if path.extension().is_some_and(|extension| extension == ending) {
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
    fn a_region_in_python_names_its_stage() {
        let solution = "\
def bytes_of(text):
    \"\"\"# BEGIN is no marker.\"\"\"
    # BEGIN SOLUTION bpe.bytes
    return list(text.encode())
    # END SOLUTION
";
        let stub = "\
def bytes_of(text):
    \"\"\"# BEGIN is no marker.\"\"\"
    raise NotImplementedError(\"bpe.bytes\")
";
        assert_eq!(strip_python(solution).ok().as_deref(), Some(stub));
        for (text, message) in [
            ("# BEGIN SOLUTION\n", "line 1: unknown marker `# BEGIN SOLUTION`"),
            ("# BEGIN SOLUTION bpe.x\n", "line 1: no stage `bpe.x`"),
            ("# BEGIN SOLUTION bpe.bytes\n", "line 1: `# BEGIN SOLUTION` is never closed"),
        ] {
            assert_eq!(
                strip_python(text).map_err(|error| error.to_string()),
                Err(message.to_owned())
            );
        }
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
