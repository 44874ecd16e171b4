//! Each step of an update fails in each way, and the update then ends as if nothing had failed.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::Result;
use lab::place::Place;
use lab::store::{Disk, Real};
use lab::update::{self, Choices};

use crate::assert_nothing_lost;
use crate::support::{FAULTS, Fault, Faulty, KILLED, Renames};
use crate::world::{Files, World, few, files, updated, work};

fn attempt(place: &Place, disk: &dyn Disk) -> Result<String> {
    let from = place.join("../new");
    update::run(place, disk, Choices { from: Some(&from), dry_run: false }, &|_| ())
}

/// Everything that was laid out, without litter of a process that was killed.
fn tidy(place: &Place) -> Files {
    let mut files = files(place);
    files.retain(|path, _| !path.ends_with(".tmp"));
    files
}

#[test]
fn whatever_step_fails_nothing_is_lost_and_the_next_try_ends_the_same() {
    let world = World::new();
    let place = world.small();
    updated(&place, Some(&world.from()));
    let after = tidy(&place);
    for &(name, fault) in FAULTS {
        // A file system without second names takes other steps; two of the faults are enough to see them.
        let without = [Fault::Error, Fault::PowerCut(Renames::Lost)].contains(&fault);
        for links in [Some(true), without.then_some(false)].into_iter().flatten() {
            let mut at = 0;
            loop {
                let context = format!("{name} at step {at}, links: {links}");
                let world = World::new();
                let place = world.small();
                let happened = match fault.ends_the_process() {
                    true => in_a_child(&place, fault, at, links),
                    false => {
                        let disk = Faulty::new(fault, at, links, place.root());
                        let result = attempt(&place, &disk);
                        let happened = disk.happened.get();
                        assert!(happened || result.is_ok(), "{context}: {result:?}");
                        happened
                    }
                };
                assert_nothing_lost(&tidy(&place), &few(work()), &context);
                let again = attempt(&place, &Real);
                assert!(again.is_ok(), "{context}: and then again: {again:?}");
                let now = tidy(&place);
                assert_same(&now, &after, &context);
                if !happened {
                    break;
                }
                at += 1;
            }
            assert!(at > 60, "{name}: only {at} steps");
        }
    }
}

/// The files are those of an update without faults; backups are there, maybe more of them.
fn assert_same(now: &Files, after: &Files, context: &str) {
    let is_backup = |path: &str| path.starts_with(".lab/backups");
    for (path, text) in after {
        match is_backup(path) {
            true => assert!(now.values().any(|now| now == text), "{context}: {path} is not kept"),
            false => assert_eq!(now.get(path), Some(text), "{context}: {path}"),
        }
    }
    let more: Vec<&String> =
        now.keys().filter(|path| !after.contains_key(*path) && !is_backup(path)).collect();
    assert!(more.is_empty(), "{context}: {more:?}");
}

#[test]
fn what_is_saved_between_a_crash_and_the_next_try_is_the_learners() {
    let mut late = 0;
    for at in 0.. {
        let world = World::new();
        let place = world.small();
        let disk = Faulty::new(Fault::Error, at, true, place.root());
        let result = attempt(&place, &disk);
        if !disk.happened.get() {
            break;
        }
        // Where a file can have no second name, it is copied.
        if result.is_ok() {
            continue;
        }
        let mut saved = few(work());
        for path in [
            "exercises/bpe/six.rs",
            "exercises/bpe/one.rs",
            "exercises/bpe/three.rs",
            "src/a.rs",
            "notebooks/rust/20_bpe.ipynb",
        ] {
            let text = format!("saved after the crash: {path}\n");
            // As editors do that save by renaming: another file under the same name.
            let _ = fs::remove_file(place.join(path));
            fs::write(place.join(path), &text).expect("it can be written");
            saved.insert(path.to_owned(), text);
        }
        let report = attempt(&place, &Real).expect("nothing fails here");
        late += usize::from(report.contains("saved meanwhile"));
        let now = files(&place);
        for (path, text) in &saved {
            let there = now.values().any(|now| now == text);
            assert!(there, "step {at}: lost is `{path}`\n{report}");
        }
        for path in ["exercises/bpe/six.rs", "exercises/bpe/one.rs"] {
            assert_eq!(now[path], saved[path], "step {at}: it stays in its place\n{report}");
        }
        // Moved with the rest, or saved after that; among the backups alone nobody would look for it.
        let answers = ["three", "trois"].map(|name| now.get(&format!("exercises/bpe/{name}.rs")));
        let answer = Some(&saved["exercises/bpe/three.rs"]);
        assert!(answers.contains(&answer), "step {at}: {answers:?}\n{report}");
    }
    assert!(late > 40, "only {late} tries met a file that was saved meanwhile");
}

const CHILD: &str = "LAB_UPDATE_CHILD";

/// Starts this program again; whether the fault happened there.
fn in_a_child(place: &Place, fault: Fault, at: usize, links: bool) -> bool {
    let fault = fault.name();
    let status = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "update_faults::what_a_child_does", "--nocapture"])
        .env(CHILD, format!("{fault} {at} {links}"))
        .current_dir(place.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("this program runs again");
    match status.code() {
        Some(KILLED) => true,
        Some(0) => false,
        _ => panic!("the child `{fault} {at} {links}` ended with {status}"),
    }
}

/// Does nothing in a process that no test started.
#[test]
fn what_a_child_does() -> Result<()> {
    let Ok(words) = std::env::var(CHILD) else { return Ok(()) };
    let words: Vec<&str> = words.split(' ').collect();
    let (_, fault) = *FAULTS.iter().find(|(name, _)| *name == words[0]).expect("it is known");
    let place = Place::at(std::env::current_dir()?);
    let disk = Faulty::new(fault, words[1].parse()?, words[2].parse()?, place.root());
    // An answer that moves, and that its editor did not force to the disk.
    disk.edited(place.join("exercises/bpe/three.rs"));
    attempt(&place, &disk)?;
    // What was reported as done survives a power cut right after it.
    if let Fault::PowerCut(renames) = fault {
        disk.cut(renames);
    }
    Ok(())
}
