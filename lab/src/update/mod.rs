//! `cargo lab update`: a new version of the workbook, and nothing of the learner's lost.
//!
//! Every file is decided for itself, from what was handed out, what is there now and what the new version has
//! (`decide`). An answer that somebody wrote into stays where it is; the new exercise lies beside it, as
//! `merge.new.rs`. Whatever else is replaced and was not handed out like that is kept below `.lab/backups/`.
//!
//! ```text
//! fetch or read ─► plan (changes nothing) ─► journal (one write) ─► steps ─► the branch ─► journal gone
//! ```
//!
//! An update that stops before the journal is there has changed nothing; one that stops after it is gone on with.
//! In between, the sources of this very program may be half new and not compile, so the learner is told
//! the path of the program that is running.
//!
//! The program that updates is the old one. So all that it has to know of the new version stands in plain files:
//! a stage's id in the first line of its exercise, renamed ids in `src/course/renamed.txt`. Progress follows a
//! renamed id when the new program reads it.
//!
//! | file | what it does |
//! |---|---|
//! | `tree` | a version as files; when two count as the same |
//! | `base` | what was handed out |
//! | `git` | asks git, and moves the branch on in the end |
//! | `decide` | the decision of one file |
//! | `merge` | lines of three texts |
//! | `plan` | steps and notes |
//! | `journal` | does the steps, once |

mod base;
mod decide;
mod git;
mod journal;
mod merge;
mod plan;
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::place::Place;
use crate::run::{print, say};
use crate::store::{Disk, Lock};
use base::{Base, List};
use git::Git;
use journal::Journal;
use plan::{Plan, Sides};
use tree::Tree;

/// Where a new version comes from, and whether it is only looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices<'a> {
    /// An unpacked version; else the clone's remote is asked.
    pub from: Option<&'a Path>,
    /// Show the plan, change nothing.
    pub dry_run: bool,
}

/// Takes a new version, or goes on with an update that was interrupted; says what became of each file that
/// matters.
///
/// # Errors
///
/// There is no new version to be had, and nothing changed; or a step failed, and the next call goes on.
pub fn update(place: &Place, disk: &dyn Disk, choices: Choices<'_>) -> Result<bool> {
    let report = run(place, disk, choices)?;
    print(&report);
    Ok(true)
}

/// As [`update`]; the report is returned.
///
/// # Errors
///
/// As [`update`].
pub fn run(place: &Place, disk: &dyn Disk, choices: Choices<'_>) -> Result<String> {
    let _lock = Lock::wait_saying(&place.state("lock"), "another `cargo lab` is at work; waiting")?;
    let git = match Git::of(place.root()) {
        // A folder can be taken without git, too.
        Err(_) if choices.from.is_some() => None,
        git => git?,
    };
    if let Some(journal) = Journal::load(place)? {
        if choices.dry_run {
            return Ok("an update was interrupted; `cargo lab update` goes on with it".to_owned());
        }
        let late = finish(place, disk, git.as_ref(), &journal)?;
        return Ok(format!(
            "the update that was interrupted is done:\n\n{}{late}\n\nhint: if there is a newer version \
             still, `cargo lab update` takes it now",
            journal.report
        ));
    }
    let version = match (choices.from, &git) {
        (Some(folder), git) => Version::of_folder(place, folder, git.as_ref())?,
        (None, Some(git)) => {
            say("asking git for a new version …");
            git.fetch()?;
            Version::of_git(git)?
        }
        (None, None) => bail!(
            "this folder is no git clone, so it knows nowhere to ask for a new version\n\n\
             hint: unpack the new version in another folder, and: cargo lab update --from FOLDER"
        ),
    };
    let base = Base::of(place, git.as_ref(), version.newest.as_deref())?;
    let differing = plan::differing(place.root(), &base, &version.tree)?;
    let older = match (&git, &version.newest) {
        (Some(git), Some(newest)) => git.handed_out(newest, &differing)?,
        _ => BTreeSet::new(),
    };
    let backups = next_backups(place);
    let sides = Sides {
        root: place.root(),
        base: &base,
        new: &version.tree,
        older: &older,
        backups: &backups,
    };
    let plan = sides.plan()?;
    let list = List::of(&version.id, &version.tree).to_text().into_bytes();
    let (head, branch) = branch(git.as_ref(), &version, &plan);
    let nothing = plan.steps.is_empty() && plan.notes.is_empty() && head.is_none();
    let report = match nothing {
        true => format!("nothing new: this workbook is that of {}", version.name),
        false => report(&version, &plan, &backups, branch.as_deref()),
    };
    if choices.dry_run {
        let changes = "this is what `cargo lab update` will do; nothing was changed yet\n\n";
        return Ok(format!("{}{report}", if nothing { "" } else { changes }));
    }
    let is_noted = fs::read(place.state(base::LIST)).is_ok_and(|now| now == list);
    if nothing && is_noted {
        return Ok(report);
    }
    let journal = Journal { steps: plan.steps, backups, list, head, report };
    journal.write(place, disk)?;
    if !journal.steps.is_empty() {
        say(&format!(
            "updating {} files; if this is interrupted, `{} update` goes on with it",
            journal.steps.len(),
            program()
        ));
    }
    let late = finish(place, disk, git.as_ref(), &journal)?;
    let next = match nothing {
        true => "",
        false => {
            "\n\nhint: the next `cargo lab` builds the new version first; `cargo lab status` shows your way"
        }
    };
    Ok(format!("{}{late}{next}", journal.report))
}

/// What `status` and `doctor` tell of updates: one that was interrupted, and files that were laid beside others.
pub fn notes(place: &Place) -> Vec<String> {
    let mut notes = Vec::new();
    if place.state(journal::NAME).exists() {
        notes.push("an update was interrupted\n\nhint: cargo lab update".to_owned());
    }
    let beside = ["exercises", "notebooks"].map(|folder| laid(place, folder)).concat();
    if !beside.is_empty() {
        notes.push(format!(
            "laid beside yours by `cargo lab update`:\n  {}\n\nhint: compare, copy what you need, and delete the one \
             that you no longer need",
            beside.join("\n  ")
        ));
    }
    notes
}

/// In a workbook without git, notes what was handed out, while it is still known; see `base`.
///
/// # Errors
///
/// It cannot be noted, such as in a folder that cannot be written.
pub fn remember(place: &Place, disk: &dyn Disk) -> Result<()> {
    match place.state(journal::NAME).exists() {
        // The tree is of two versions.
        true => Ok(()),
        false => base::remember(place, disk),
    }
}

/// A new version.
struct Version {
    /// What `.lab/handed-out.txt` calls it: a commit, or words.
    id: String,
    /// For people.
    name: String,
    tree: Tree,
    /// The newest commit that git knows, of this version or of the one before.
    newest: Option<String>,
    /// Whether that commit is this version, so that the branch can go there.
    is_commit: bool,
}

impl Version {
    fn of_git(git: &Git) -> Result<Self> {
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
    fn of_folder(place: &Place, folder: &Path, git: Option<&Git>) -> Result<Self> {
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

/// Where the branch goes from and to, and what to say of it.
fn branch(
    git: Option<&Git>,
    version: &Version,
    plan: &Plan,
) -> (Option<(String, String)>, Option<String>) {
    let Some(git) = git else { return (None, None) };
    let stands = "what the update changes stands in the tree, for you to commit";
    if !version.is_commit {
        return (None, (!plan.steps.is_empty()).then(|| stands.to_owned()));
    }
    let (Some(head), Some(newest)) = (git.head(), version.newest.clone()) else {
        return (None, None);
    };
    // The branch has it already, maybe with commits on top.
    if git.is_before(&newest, &head) {
        return (None, None);
    }
    match git.hindrance(&head, &newest) {
        None => (
            Some((head, newest)),
            Some(
                "your branch steps forward with it; nothing is staged or committed for you"
                    .to_owned(),
            ),
        ),
        Some(why) if plan.steps.is_empty() => {
            (None, Some(format!("your branch stays where it is: {why}")))
        }
        Some(why) => (None, Some(format!("your branch stays where it is: {why}; {stands}"))),
    }
}

/// The labels of a report, in their order.
const LABELS: [&str; 8] =
    ["updated", "new stage", "renamed", "kept", "merged", "replaced", "removed", "git"];

fn report(version: &Version, plan: &Plan, backups: &str, branch: Option<&str>) -> String {
    let mut lines = Vec::new();
    let files = |count: usize| format!("{count} {}", if count == 1 { "file" } else { "files" });
    if plan.updated > 0 {
        lines.push(("updated", format!("{} of the workbook", files(plan.updated)), &[][..]));
    }
    if plan.removed > 0 {
        lines.push(("removed", format!("{} of the workbook", files(plan.removed)), &[][..]));
    }
    if plan.unknown > 0 {
        let text = format!(
            "{} of the workbook; what was handed out there is not known, so what they held is kept in {backups}",
            files(plan.unknown)
        );
        lines.push(("replaced", text, &[][..]));
    }
    lines.extend(plan.notes.iter().map(|note| (note.label, note.text.clone(), &note.more[..])));
    lines.extend(branch.map(|text| ("git", text.to_owned(), &[][..])));
    lines.sort_by_key(|(label, ..)| LABELS.iter().position(|known| known == label));
    let mut text = format!("new version: {}\n", version.name);
    for (label, line, more) in lines {
        text += &format!("\n{label:<10} {line}");
        for line in more {
            text += &format!("\n{:<10}   {line}", "");
        }
    }
    text
}

/// Does what a journal says; what came in between, as lines.
fn finish(place: &Place, disk: &dyn Disk, git: Option<&Git>, journal: &Journal) -> Result<String> {
    let late = journal.apply(place, disk, git).with_context(|| {
        format!(
            "the update stopped half way; nothing of yours is lost\n\n\
             hint: `{} update` goes on with it\n\nthe reason",
            program()
        )
    })?;
    Ok(late.iter().map(|line| format!("\n{:<10} {line}", "meanwhile")).collect())
}

/// The path of this program: in the middle of an update, cargo may not be able to build it.
fn program() -> String {
    std::env::current_exe().map_or("target/debug/lab".to_owned(), |path| path.display().to_string())
}

/// A folder for the backups of one update, which no other has.
fn next_backups(place: &Place) -> String {
    let name = |number: u32| format!(".lab/backups/update-{number}");
    (1..).map(name).find(|name| !place.join(name).exists()).unwrap_or_else(|| name(0))
}

/// The files below a folder that an update laid beside others.
fn laid(place: &Place, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place.join(folder)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() && !name.starts_with('.') {
            found.extend(laid(place, &path));
        } else if tree::is_beside(&name) {
            found.push(path);
        }
    }
    found.sort();
    found
}
