//! Ties the syllabus to the files, and keeps the tree tidy.
//!
//! The tables in `src/course/` say which chapters and stages there are. What belongs to them is
//! spread over exercises, solutions, tests, manifests, notebooks and the README, where nothing but
//! this test would notice that one was forgotten. Each rule is a function from the whole tree, read
//! into memory, to a list of problems; a failure names the command or the edit that mends it.
//!
//! Beside each rule stand faults: changes to the tree in memory that the rule must notice. A rule
//! that no fault can break checks nothing.
//!
//! ```text
//! cargo lab dev tidy           compare
//! cargo lab dev tidy --write   rewrite the generated part of README.md first
//! ```
//!
//! Notebooks and manifests are read as text, with no JSON or TOML library, since a learner's build
//! would wait for one. `cargo lab dev notebooks` reads notebooks with a real parser; here a scanner
//! tells whether brackets and strings close.
//!
//! This is for those who write the workbook. A learner's tree need not be tidy, and `cargo test`
//! leaves this target out.

#[path = "tidy/notebooks.rs"]
mod notebooks;
#[path = "tidy/programs.rs"]
mod programs;
#[path = "tidy/python.rs"]
mod python;
#[path = "tidy/syllabus.rs"]
mod syllabus;
#[path = "tidy/tree.rs"]
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rust_for_ai::course::{self, Chapter, Stage};

/// What must hold, and what shows that it need not.
struct Rule {
    /// What holds.
    name: &'static str,
    /// A line for each place where it does not.
    problems: fn(&Project) -> Vec<String>,
    /// The command or the edit that mends it.
    mend: &'static str,
    /// Changes that break it.
    faults: &'static [fn(&mut Project)],
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    [syllabus::RULES, notebooks::RULES, programs::RULES, python::RULES, tree::RULES]
        .into_iter()
        .flatten()
}

#[test]
fn the_tree_is_tidy() {
    let mut project = Project::read();
    if std::env::var("RUST_FOR_AI_TIDY").is_ok_and(|word| word == "write")
        && let Some(readme) = syllabus::readme(&project)
    {
        fs::write(root().join("README.md"), &readme).expect("README.md can be written");
        project.files.insert("README.md".to_owned(), readme.into_bytes());
    }
    let mut report = String::new();
    for rule in rules() {
        let problems = (rule.problems)(&project);
        if !problems.is_empty() {
            let problems = problems.join("\n  ");
            report += &format!("\nbroken: {}\n  {problems}\n\nhint: {}\n", rule.name, rule.mend);
        }
    }
    assert!(report.is_empty(), "the tree is not tidy\n{report}");
}

#[test]
fn every_rule_can_fail() {
    let project = Project::read();
    let mut unnoticed = Vec::new();
    for rule in rules() {
        let before: BTreeSet<String> = (rule.problems)(&project).into_iter().collect();
        assert!(!rule.faults.is_empty(), "no fault shows that this can fail: {}", rule.name);
        for (number, fault) in (1..).zip(rule.faults) {
            let mut faulty = project.clone();
            fault(&mut faulty);
            if !(rule.problems)(&faulty).iter().any(|problem| !before.contains(problem)) {
                unnoticed.push(format!("fault {number} of: {}", rule.name));
            }
        }
    }
    assert_eq!(unnoticed, [""; 0], "these go unnoticed");
}

/// The syllabus, and every file by its path from the root.
#[derive(Clone)]
struct Project {
    chapters: Vec<&'static Chapter>,
    files: BTreeMap<String, Vec<u8>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Project {
    /// All that `.gitignore` does not leave out.
    fn read() -> Self {
        let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore is there");
        // Three kinds of lines are understood: `/name` in the root, `name/`, a folder anywhere, and
        // `/folder/*.ending`.
        let ignored: Vec<&str> = ignored.lines().chain(["/.git"]).collect();
        let mut files = BTreeMap::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(root().join(&folder)).expect("a folder can be listed");
            for entry in entries.map(|entry| entry.expect("an entry of a folder can be read")) {
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{folder}{name}");
                let here = |line: &&str| match line.split_once('*') {
                    Some((start, ending)) => {
                        format!("/{path}").starts_with(start) && path.ends_with(ending)
                    }
                    None => **line == format!("/{path}") || **line == format!("{name}/"),
                };
                let kind = entry.file_type().expect("an entry of a folder has a type");
                if ignored.iter().any(here) {
                    continue;
                } else if kind.is_dir() {
                    folders.push(format!("{path}/"));
                } else if kind.is_file() {
                    files.insert(path, fs::read(entry.path()).expect("a file can be read"));
                }
            }
        }
        Self { chapters: course::CHAPTERS.to_vec(), files }
    }

    /// A file's text; empty if it is missing.
    fn text(&self, path: &str) -> Cow<'_, str> {
        String::from_utf8_lossy(self.files.get(path).map_or(&[], Vec::as_slice))
    }

    /// Whether there is such a file or folder.
    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    fn stages(&self) -> impl Iterator<Item = &'static Stage> {
        self.chapters.iter().flat_map(|chapter| chapter.stages).copied()
    }

    /// The files with this ending.
    fn ending(&self, ending: &str) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(move |path| path.ends_with(ending))
    }
}

/// What faults are made of.
impl Project {
    fn edit(&mut self, path: &str, from: &str, to: &str) {
        let before = self.text(path).into_owned();
        let after = before.replace(from, to);
        assert_ne!(before, after, "a fault expects `{from}` in {path}");
        self.put(path, &after);
    }

    fn put(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.into());
    }

    fn remove(&mut self, path: &str) {
        assert!(self.files.remove(path).is_some(), "a fault expects {path}");
    }

    /// Leaves one chapter with one stage.
    fn only_stage(&mut self, stage: Stage) {
        let stages = vec![&*Box::leak(Box::new(stage))].leak();
        self.chapters = vec![Box::leak(Box::new(Chapter { stages, ..course::bpe::CHAPTER }))];
    }
}
