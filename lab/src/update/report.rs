//! What is said of an update: before, after, and as long as files lie beside others.

use std::fs;

use super::git::Git;
use super::plan::Plan;
use super::version::Version;
use super::{journal, tree};
use crate::place::Place;

/// The labels of a report, in their order.
const LABELS: [&str; 8] =
    ["updated", "new stage", "renamed", "kept", "merged", "replaced", "removed", "git"];

/// What an update does, or did; of each file that matters a line.
pub(super) fn report(
    version: &Version,
    plan: &Plan,
    backups: &str,
    branch: Option<&str>,
) -> String {
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

/// Where the branch goes from and to, and what to say of it.
pub(super) fn branch(
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

/// The files below a folder that an update laid beside others.
fn laid(place: &Place, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place.join(folder)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.file_type().is_ok_and(|what| what.is_dir()) && !name.starts_with('.') {
            found.extend(laid(place, &path));
        } else if tree::is_beside(&name) {
            found.push(path);
        }
    }
    found.sort();
    found
}
