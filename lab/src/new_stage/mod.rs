//! A new stage: every file that it needs, and its line in every list that names it.
//!
//! `cargo lab dev new bpe.split` writes a stage of a tiny task that compiles, passes, and whose wrong answers
//! fail and are recognised, so that an author edits from green to green. What is still the template's carries
//! the word [`mark`], which a rule of `tests/tidy.rs` refuses.
//!
//! All texts are made in memory before the first is written. An anchor that is not found is an error that
//! names file and anchor, and nothing changed. If a write fails, those before it are taken back. A process that
//! is killed between two writes leaves some of them; `git status` shows which.
//!
//! What it leaves to the author: the README's syllabus, which `cargo lab dev tidy --write` makes from the new
//! tables, and a check in Python. A chapter whose answers are a Python module has other files, and is refused.

mod edit;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rust_for_ai::course::{self, Chapter};

use crate::place::Place;
use crate::run::print;
use crate::store::{self, Disk};
use crate::stubs;

const COURSE: &str = include_str!("../../assets/stage/course.txt");
const SOLUTION: &str = include_str!("../../assets/stage/solution.txt");
const CHECK: &str = include_str!("../../assets/stage/check.txt");

/// The word in all that an author has yet to write. In two parts, since the rule reads this file, too.
pub const fn mark() -> &'static str {
    concat!("to-be-", "written")
}

/// Writes a new stage and says what is left to do.
///
/// # Errors
///
/// The id names no chapter, is no word, or is taken; an anchor is missing; a file cannot be written. Then the
/// tree is as it was.
pub fn new(place: &Place, disk: &dyn Disk, id: &str, after: Option<&str>) -> Result<bool> {
    let stage = New::parse(place, id, after)?;
    let files = stage.files(place)?;
    write(place, disk, &files)?;
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    print(&format!(
        "wrote the stage {id}:\n  {}\n\nnext: replace all that says `{}`, which `cargo lab dev tidy` lists\n\n\
         hint: cargo lab dev tidy --write; cargo test --test {} --test wrong_answers",
        paths.join("\n  "),
        mark(),
        stage.chapter.id
    ));
    Ok(true)
}

/// What is to be made.
struct New<'a> {
    id: &'a str,
    name: &'a str,
    chapter: &'static Chapter,
    /// The stage that it follows.
    after: &'static str,
}

impl<'a> New<'a> {
    fn parse(place: &Place, id: &'a str, after: Option<&str>) -> Result<Self> {
        let Some((chapter, name)) = id.split_once('.') else {
            bail!("expected CHAPTER.STAGE, such as `bpe.split`, got `{id}`")
        };
        let known: Vec<&str> = course::CHAPTERS.iter().map(|chapter| chapter.id).collect();
        let Some(chapter) = course::chapter(chapter) else {
            bail!("no chapter `{chapter}`, expected one of: {}", known.join(", "))
        };
        ensure!(
            !chapter.is_module(),
            "the answers of chapter `{}` are a Python module, expected a chapter of Rust functions",
            chapter.id
        );
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(letters),
            "expected a stage's name of `a` to `z`, digits and `_` that begins with a letter, got `{name}`"
        );
        ensure!(
            !RESERVED.contains(&name),
            "`{name}` is a word of Rust or of the checks, expected another name"
        );
        ensure!(course::stage(id).is_none(), "the stage `{id}` is there already");
        let stages = || chapter.stages.iter().map(|stage| stage.name());
        let last =
            stages().next_back().with_context(|| format!("chapter `{}` is empty", chapter.id))?;
        let after = match after {
            None => last,
            Some(wanted) => {
                let wanted = wanted.strip_prefix(&format!("{}.", chapter.id)).unwrap_or(wanted);
                let names: Vec<&str> = stages().collect();
                stages().find(|name| *name == wanted).with_context(|| {
                    format!(
                        "no stage `{wanted}` in chapter `{}` to come after, expected one of: {}",
                        chapter.id,
                        names.join(", ")
                    )
                })?
            }
        };
        let new = Self { id, name, chapter, after };
        for path in new.own() {
            ensure!(!place.join(&path).exists(), "`{path}` is there already, expected a new name");
        }
        Ok(new)
    }

    /// The files that are the stage's alone: the solution, the exercise, the check.
    fn own(&self) -> [String; 3] {
        let (chapter, name) = (self.chapter.id, self.name);
        ["solutions", "exercises", "src/check"].map(|tree| format!("{tree}/{chapter}/{name}.rs"))
    }

    /// All files with their new texts; those that are new come first.
    fn files(&self, place: &Place) -> Result<Vec<(String, String)>> {
        let (chapter, name, after) = (self.chapter.id, self.name, self.after);
        let constant = name.to_uppercase();
        let words = BTreeMap::from([
            ("@mark@", mark()),
            ("@CONST@", &constant),
            ("@chapter@", chapter),
            ("@name@", name),
            ("@id@", self.id),
        ]);
        let filled = |template: &str| {
            let fill = |text: String, (from, to): (&&str, &&str)| text.replace(*from, to);
            words.iter().fold(template.to_owned(), fill)
        };
        let read =
            |path: &str| fs::read_to_string(place.join(path)).with_context(|| path.to_owned());
        let [solution, exercise, check] = self.own();
        let answer = filled(SOLUTION);
        let mut files = vec![
            (exercise, stubs::strip(&answer, self.id)?),
            (solution, answer),
            (check, formatted(place, &filled(CHECK))?),
        ];
        let mut edited = |path: String, edit: &dyn Fn(&str) -> Result<String>| -> Result<()> {
            let text =
                edit(&read(&path)?).with_context(|| format!("`{path}`; nothing was written"))?;
            let text = if path.ends_with(".rs") { formatted(place, &text)? } else { text };
            files.push((path, text));
            Ok(())
        };
        edited(format!("src/course/{chapter}.rs"), &|text| {
            edit::syllabus(text, &after.to_uppercase(), &constant, &filled(COURSE))
        })?;
        // The two trees have the same lists; a stage's name stands in both or in neither.
        for tree in ["solutions", "exercises"] {
            edited(format!("{tree}/{chapter}/mod.rs"), &|text| edit::modules(text, name))?;
        }
        edited(format!("src/check/{chapter}/mod.rs"), &|text| {
            edit::wrong_answers(&edit::modules(text, name)?, after, name)
        })?;
        edited(format!("tests/{chapter}.rs"), &|text| {
            edit::grader(text, &after.to_uppercase(), &constant, name)
        })?;
        edited("python/rust_for_ai/check/__init__.py".to_owned(), &|text| {
            edit::not_in_python(text, self.id, mark())
        })?;
        edited(self.chapter.notebook.to_owned(), &|text| {
            edit::notebook(text, chapter, name, mark())
        })?;
        Ok(files)
    }
}

/// Names that a module or function of a check cannot have.
const RESERVED: &[&str] = &[
    "as",
    "async",
    "await",
    "box",
    "break",
    "check",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "gen",
    "graded",
    "if",
    "impl",
    "in",
    "largest",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "sequences",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "wrong_answers",
    "yield",
];

/// Writes all files, or takes back those that were written.
fn write(place: &Place, disk: &dyn Disk, files: &[(String, String)]) -> Result<()> {
    let mut before = Vec::new();
    for (path, text) in files {
        let path = place.join(path);
        before.push((path.clone(), fs::read(&path).ok()));
        let Err(error) = store::replace(disk, &path, text.as_bytes()) else { continue };
        for (path, old) in before.iter().rev() {
            match old {
                Some(bytes) => store::replace(disk, path, bytes)?,
                None if path.exists() => fs::remove_file(path)
                    .with_context(|| format!("could not take back `{}`", path.display()))?,
                None => {}
            }
        }
        return Err(error.context("nothing was written of the new stage"));
    }
    Ok(())
}

/// Rust as `cargo fmt` writes it, which also puts lists of modules in order.
fn formatted(place: &Place, text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(place.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not run `rustfmt`\n\nhint: rustup component add rustfmt")?;
    let mut input = rustfmt.stdin.take().context("`rustfmt` takes no input")?;
    // It reads all before it writes, so this cannot wait for itself.
    input.write_all(text.as_bytes()).context("`rustfmt` stopped reading")?;
    drop(input);
    let output = rustfmt.wait_with_output().context("`rustfmt`")?;
    ensure!(output.status.success(), "`rustfmt` does not take the new text; nothing was written");
    Ok(String::from_utf8(output.stdout)?)
}
