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
//! | `version` | the new version, from git or a folder |
//! | `plan` | steps and notes |
//! | `journal` | does the steps, once |
//! | `report` | what is said of it |

mod base;
mod decide;
mod git;
mod journal;
mod merge;
mod plan;
mod report;
mod tree;
mod version;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::{print, say};
use crate::store::{Disk, Lock};
use base::{Base, List};
use git::Git;
use journal::Journal;
use plan::Sides;
pub use report::notes;
use report::{branch, report};
use version::Version;

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
    let report = run(place, disk, choices, &say)?;
    print(&report);
    Ok(true)
}

/// As [`update`]; the report is returned, and `tell` hears what is under way.
///
/// # Errors
///
/// As [`update`].
pub fn run(
    place: &Place,
    disk: &dyn Disk,
    choices: Choices<'_>,
    tell: &dyn Fn(&str),
) -> Result<String> {
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
            tell("asking git for a new version …");
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
        tell(&format!(
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
