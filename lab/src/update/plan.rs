//! The plan of an update: steps for the disk, and a line for the learner about each file that matters.
//!
//! A plan is made from three versions and changes nothing. All that is uncertain is decided here, so that what
//! `--dry-run` shows is what happens.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use rust_for_ai::course;

use super::base::Base;
use super::decide::{Action, Kind, Next, Now, decide};
use super::merge;
use super::tree::{self, File, NEW, Tree, YOURS};

/// Where a version says which stages have a new id.
const RENAMED: &str = "src/course/renamed.txt";

/// A step of an update. Each can be done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Puts a file in its place, or leaves it there.
    Put {
        path: String,
        file: File,
        /// What the plan saw there, as a fingerprint of all its bytes; nothing was there if `None`.
        seen: Option<u64>,
        /// Whether what is there is kept among the backups.
        keep: bool,
    },
    /// Takes a file away; it is kept.
    Remove { path: String, seen: u64 },
}

/// A line of the report, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) more: Vec<String>,
}

/// What an update will do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<Note>,
    /// How many files are new or changed, beyond those that have a note.
    pub(super) updated: usize,
    /// How many files of the workbook are replaced of which nobody knows whether they were edited.
    pub(super) unknown: usize,
    /// How many files went, of those that nobody edited.
    pub(super) removed: usize,
}

/// What a plan is made from.
pub(super) struct Sides<'a> {
    pub(super) root: &'a Path,
    pub(super) base: &'a Base,
    pub(super) new: &'a Tree,
    /// Paths whose file some older version handed out as it is now.
    pub(super) older: &'a BTreeSet<String>,
    /// The folder of this update's backups, from the root.
    pub(super) backups: &'a str,
}

/// The paths of files that differ from what was handed out last, and from the new version.
pub(super) fn differing(root: &Path, base: &Base, new: &Tree) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for path in base.prints.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        if let Some(file) = tree::read(root, path)? {
            let print = tree::written(path, &file.bytes);
            let is_new = new.get(path).is_some_and(|new| new.bytes == file.bytes);
            if base.prints.get(path) != Some(&print) && !is_new {
                paths.push(path.clone());
            }
        }
    }
    Ok(paths)
}

impl Sides<'_> {
    /// The plan.
    ///
    /// # Errors
    ///
    /// A file cannot be read, such as where a folder has its name.
    pub(super) fn plan(&self) -> Result<Plan> {
        let mut plan = Plan::default();
        let mut done = BTreeSet::new();
        for (from, to) in self.renames() {
            if self.rename(&mut plan, &from, &to)? {
                done.extend([path_of(&from), path_of(&to)]);
            }
        }
        let paths: BTreeSet<&String> = self.base.prints.keys().chain(self.new.keys()).collect();
        for path in paths.into_iter().filter(|path| !done.contains(*path)) {
            self.file(&mut plan, path)?;
        }
        // The learner's own copies first, then what takes their place, then what goes.
        plan.steps.sort_by_key(|step| match step {
            Step::Put { path, seen: None, .. } => (0, !tree::is_beside(path)),
            Step::Put { .. } => (1, false),
            Step::Remove { .. } => (2, false),
        });
        Ok(plan)
    }

    fn file(&self, plan: &mut Plan, path: &str) -> Result<()> {
        let kind = Kind::of(path);
        let there = tree::read(self.root, path)?;
        let new = self.new.get(path);
        let now = self.now(path, there.as_ref());
        let base = self.base.prints.get(path);
        let next = match new {
            None => Next::Gone,
            Some(new) if base == Some(&tree::written(path, &new.bytes)) => Next::Same,
            Some(_) => Next::Changed,
        };
        if let (Some(there), Some(new)) = (&there, new)
            && there.bytes == new.bytes
        {
            return Ok(());
        }
        let action = decide(kind, now, next);
        match (action, there, new) {
            (Action::Take, there, Some(new)) => {
                let keep = kind.is_the_learners() || now == Now::Edited || self.base.is_first_sight;
                self.note_stage(plan, path, there.as_ref(), new);
                plan.put(path, there.as_ref(), new.clone(), keep);
            }
            (Action::TakeAndLayRun, Some(there), Some(new)) => {
                let yours = self.free(path, YOURS, &there)?;
                plan.notes.push(Note {
                    label: "updated",
                    text: format!("{path}; the one that you ran is beside it: {}", yours.0),
                    more: vec![],
                });
                plan.steps.extend(yours.1);
                plan.put(path, Some(&there), new.clone(), true);
            }
            (Action::Remove, Some(there), _) => self.remove(plan, path, &there, now),
            (Action::Outlive, Some(there), _) => {
                let text = match tree::stage_of(&there.bytes) {
                    Some(id) => format!("{id} is no stage any more; your answer stays in {path}"),
                    None => format!("{path} is no part of the workbook any more; yours stays"),
                };
                plan.notes.push(Note { label: "removed", text, more: vec![] });
            }
            (Action::LayBeside, _, Some(new)) => self.lay_beside(plan, path, new)?,
            (Action::Merge, Some(there), Some(new)) => self.merge(plan, path, &there, new)?,
            _ => {}
        }
        Ok(())
    }

    fn now(&self, path: &str, there: Option<&File>) -> Now {
        let Some(there) = there else { return Now::Gone };
        let handed_out = self.base.prints.get(path) == Some(&tree::written(path, &there.bytes));
        match handed_out || self.older.contains(path) {
            true if path.ends_with(".ipynb") && tree::was_run(&there.bytes) => Now::Run,
            true => Now::Untouched,
            false => Now::Edited,
        }
    }

    /// Keeps an answer where it stands.
    fn lay_beside(&self, plan: &mut Plan, path: &str, new: &File) -> Result<()> {
        let (beside, step) = self.free(path, NEW, new)?;
        plan.notes.push(Note {
            label: "kept",
            text: format!("{path} is yours; the new one is beside it: {beside}"),
            more: self.advice(path, self.base.texts.get(path), new),
        });
        plan.steps.extend(step);
        Ok(())
    }

    /// What to do about an answer whose task changed.
    fn advice(&self, path: &str, old: Option<&Vec<u8>>, new: &File) -> Vec<String> {
        let differs = old.is_none_or(|old| tree::code_differs(old, &new.bytes));
        let afresh = match (tree::stage_of(&new.bytes), path.strip_prefix("exercises/python/")) {
            (Some(id), _) => format!("cargo lab reset {id}"),
            (_, Some(name)) => format!("cargo lab reset {} --python", name.trim_end_matches(".py")),
            _ => String::new(),
        };
        match (Kind::of(path), differs) {
            (Kind::Answer, false) => {
                vec!["only its text changed; your answer goes on to fit".to_owned()]
            }
            (Kind::Answer, true) => {
                let mut more = vec![
                    "its code changed, so your answer may not compile, and with it the chapter;"
                        .to_owned(),
                    "compare the two, and copy over what you need".to_owned(),
                ];
                if !afresh.is_empty() {
                    more.push(format!("or start from the new one, yours is kept: {afresh}"));
                }
                more
            }
            (Kind::Notebook, _) => vec![
                "open both in JupyterLab, and delete the one that you no longer need".to_owned(),
            ],
            _ => vec![
                "the chapter may not compile until your file has the new lines, too".to_owned(),
            ],
        }
    }

    fn merge(&self, plan: &mut Plan, path: &str, there: &File, new: &File) -> Result<()> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let base = self.base.texts.get(path).and_then(|base| text(base));
        let sides = base.zip(text(&there.bytes)).zip(text(&new.bytes));
        let is_modules = Kind::of(path) == Kind::List && path.ends_with(".rs");
        let merged = sides.and_then(|((base, yours), new)| {
            let modules = || merge::modules(&base, &yours, &new).filter(|_| is_modules);
            merge::lines(&base, &yours, &new).or_else(modules)
        });
        match merged {
            Some(merged) if merged.as_bytes() == there.bytes => {}
            Some(merged) => {
                plan.notes.push(Note {
                    label: "merged",
                    text: format!("{path} has your lines and the new ones"),
                    more: vec![format!("as it was: {}/{path}", self.backups)],
                });
                let file = File { bytes: merged.into_bytes(), executable: there.executable };
                plan.put(path, Some(there), file, true);
            }
            None if is_modules => self.lay_beside(plan, path, new)?,
            None => {
                match self.base.prints.contains_key(path) {
                    true => plan.notes.push(Note {
                        label: "replaced",
                        text: format!(
                            "{path} is the new one, since it could not be merged with yours"
                        ),
                        more: vec![format!("yours is kept: {}/{path}", self.backups)],
                    }),
                    false if self.base.is_complete => plan.notes.push(Note {
                        label: "replaced",
                        text: format!(
                            "{path} is a new file of the workbook; you had one of that name"
                        ),
                        more: vec![format!("yours is kept: {}/{path}", self.backups)],
                    }),
                    // Each of them may be as it was handed out, or not.
                    false => plan.unknown += 1,
                }
                plan.put(path, Some(there), new.clone(), true);
            }
        }
        Ok(())
    }

    fn remove(&self, plan: &mut Plan, path: &str, there: &File, now: Now) {
        plan.steps.push(Step::Remove { path: path.to_owned(), seen: tree::print_of(&there.bytes) });
        let id = tree::stage_of(&there.bytes).filter(|_| Kind::of(path) == Kind::Answer);
        let is_renamed = id.is_some_and(|id| self.renames().iter().any(|(from, _)| from == id));
        match id {
            _ if is_renamed => {}
            Some(id) => plan.notes.push(Note {
                label: "removed",
                text: format!("{id} is no stage any more, and you had not begun it"),
                more: vec![],
            }),
            None if now == Now::Untouched => plan.removed += 1,
            None => plan.notes.push(Note {
                label: "removed",
                text: format!("{path} is no part of the workbook any more"),
                more: vec![format!("yours is kept: {}/{path}", self.backups)],
            }),
        }
    }

    /// Says so if a file brings a new stage, or one under a new name.
    fn note_stage(&self, plan: &mut Plan, path: &str, there: Option<&File>, new: &File) {
        let id = tree::stage_of(&new.bytes).filter(|_| Kind::of(path) == Kind::Answer);
        let Some(id) = id.filter(|_| !self.base.prints.contains_key(path)) else {
            plan.updated += 1;
            return;
        };
        let (label, text) = match self.renames().iter().find(|(_, to)| to == id) {
            Some((from, _)) if there.is_none() => {
                ("renamed", format!("{from} is {id} now: {path}"))
            }
            _ => ("new stage", format!("{id} in {path}")),
        };
        plan.notes.push(Note { label, text, more: vec![] });
    }

    /// Moves an answer along with its stage. Not if the learner has a file there already; then each file is
    /// decided for itself.
    fn rename(&self, plan: &mut Plan, from: &str, to: &str) -> Result<bool> {
        let (old, path) = (path_of(from), path_of(to));
        let (Some(new), false) = (self.new.get(&path), self.new.contains_key(&old)) else {
            return Ok(false);
        };
        let Some(yours) = tree::read(self.root, &old)? else { return Ok(false) };
        if self.now(&old, Some(&yours)) != Now::Edited || tree::read(self.root, &path)?.is_some() {
            return Ok(false);
        }
        let mut note = Note {
            label: "renamed",
            text: format!("{from} is {to} now; your answer moved along: {path}"),
            more: vec![],
        };
        plan.put(&path, None, yours.clone(), false);
        plan.steps.push(Step::Remove { path: old.clone(), seen: tree::print_of(&yours.bytes) });
        // A task that only says its new name has nothing to compare.
        let renamed = |text: &[u8]| String::from_utf8_lossy(text).replace(from, to).into_bytes();
        let as_before = self.base.texts.get(&old).map(|text| renamed(text));
        if as_before.as_ref() != Some(&new.bytes) {
            let (beside, step) = self.free(&path, NEW, new)?;
            note.more.push(format!("its task changed; the new one is beside it: {beside}"));
            note.more.extend(self.advice(&path, as_before.as_ref(), new));
            plan.steps.extend(step);
        }
        plan.notes.push(note);
        Ok(true)
    }

    /// A name beside a file, and the step that puts another file there; none if it is there already.
    fn free(&self, path: &str, word: &str, file: &File) -> Result<(String, Option<Step>)> {
        let mut number = 1;
        loop {
            let name = tree::beside(path, word, number);
            match tree::read(self.root, &name)? {
                None => {
                    let step = Step::Put {
                        path: name.clone(),
                        file: file.clone(),
                        seen: None,
                        keep: false,
                    };
                    return Ok((name, Some(step)));
                }
                Some(there) if there.bytes == file.bytes => return Ok((name, None)),
                // Laid there by an earlier update, and never touched: the newest is enough.
                Some(there)
                    if word == NEW
                        && self.base.prints.get(path)
                            == Some(&tree::written(path, &there.bytes)) =>
                {
                    let seen = Some(tree::print_of(&there.bytes));
                    let step =
                        Step::Put { path: name.clone(), file: file.clone(), seen, keep: true };
                    return Ok((name, Some(step)));
                }
                Some(_) => number += 1,
            }
        }
    }

    /// Which ids of stages changed, from the new version itself: this program is the old one.
    fn renames(&self) -> Vec<(String, String)> {
        let text = self.new.get(RENAMED).map(|file| String::from_utf8_lossy(&file.bytes));
        let text = text.unwrap_or_default();
        let pairs = course::renames(&text).map(|(from, _)| from);
        pairs.map(|from| (from.to_owned(), course::follow(from, &text).to_owned())).collect()
    }
}

impl Plan {
    fn put(&mut self, path: &str, there: Option<&File>, file: File, keep: bool) {
        let seen = there.map(|there| tree::print_of(&there.bytes));
        let keep = keep && seen.is_some();
        self.steps.push(Step::Put { path: path.to_owned(), file, seen, keep });
    }
}

/// The file of answers that an id names: `exercises/python/bpe.py` of `python.bpe`.
fn path_of(id: &str) -> String {
    match id.strip_prefix("python.") {
        Some(chapter) => format!("exercises/python/{chapter}.py"),
        None => format!("exercises/{}.rs", id.replace('.', "/")),
    }
}
