//! `cargo lab update` brings the new version, and loses nothing of the learner's.
//!
//! Over a made-up workbook (`update/world.rs`) in which stages were renamed, inserted and removed: as a clone and
//! as an unpacked folder; with commits of the learner's own; with each step of the update failing in each way.

mod support;
#[path = "update/faults.rs"]
mod update_faults;
#[path = "update/world.rs"]
mod world;

use std::fs;
use std::process::Command;

use lab::store::Real;
use lab::update::{self, Choices};

use world::{Files, World, commit, files, git, new, old, put, replace, updated, work};

/// All that the learner wrote is there, byte for byte, somewhere.
fn assert_nothing_lost(now: &Files, work: &Files, context: &str) {
    for (path, text) in work {
        let there = now.iter().any(|(at, bytes)| !at.ends_with(".tmp") && bytes == text);
        assert!(there, "{context}: lost is the learner's `{path}`");
    }
}

/// Each file after the update, wherever the new version came from.
fn assert_updated(now: &Files, report: &str) {
    let (new, work) = (new(), work());
    assert_nothing_lost(now, &work, report);
    let is = |path: &str, text: &str| {
        let got = now.get(path).map(String::as_str);
        assert_eq!(got, Some(text), "{path}\n{report}");
    };
    let gone = |path: &str| assert!(!now.contains_key(path), "{path} is there\n{report}");
    let beside = |path: &str| path.replace(".rs", ".new.rs");
    for (before, after) in [("one", "one"), ("two", "two"), ("three", "trois")] {
        let path = format!("exercises/bpe/{after}.rs");
        is(&path, &work[&format!("exercises/bpe/{before}.rs")]);
        is(&beside(&path), &new[&path]);
    }
    for kept in ["four", "five", "helpers"].map(|name| format!("exercises/bpe/{name}.rs")) {
        is(&kept, &work[&kept]);
        gone(&beside(&kept));
    }
    for untouched in ["six", "one_half", "sept"].map(|name| format!("exercises/bpe/{name}.rs")) {
        is(&untouched, &new[&untouched]);
        gone(&beside(&untouched));
    }
    for path in ["three", "seven", "eight"].map(|name| format!("exercises/bpe/{name}.rs")) {
        gone(&path);
    }
    gone("src/gone/b.rs");
    is(".lab/backups/update-1/src/gone/b.rs", &work["src/gone/b.rs"]);
    is(".lab/backups/update-1/exercises/Cargo.toml", &work["exercises/Cargo.toml"]);
    for path in
        ["README.md", "exercises/Cargo.toml", "src/a.rs", "src/c.rs", "solutions/bpe/two.rs"]
    {
        is(path, &new[path]);
    }
    is("my notes.md", &work["my notes.md"]);
    is(".lab/backups/update-1/src/a.rs", &work["src/a.rs"]);
    let modules = &now["exercises/bpe/mod.rs"];
    assert!(modules.contains("mod helpers;") && modules.contains("mod one_half;"), "{modules}");
    is("notebooks/rust/20_bpe.ipynb", &new["notebooks/rust/20_bpe.ipynb"]);
    is("notebooks/rust/20_bpe.yours.ipynb", &work["notebooks/rust/20_bpe.ipynb"]);
    is("notebooks/rust/30_more.ipynb", &work["notebooks/rust/30_more.ipynb"]);
    is("notebooks/rust/30_more.new.ipynb", &new["notebooks/rust/30_more.ipynb"]);
    is("notebooks/rust/40_same.ipynb", &work["notebooks/rust/40_same.ipynb"]);
    gone("notebooks/rust/40_same.yours.ipynb");
    gone(".lab/update.journal");
    for line in [
        "kept       exercises/bpe/one.rs is yours; the new one is beside it: exercises/bpe/one.new.rs\n             only its text changed",
        "kept       exercises/bpe/two.rs is yours; the new one is beside it: exercises/bpe/two.new.rs\n             its code changed, so your answer may not compile",
        "cargo lab reset bpe.two",
        "renamed    bpe.three is bpe.trois now; your answer moved along: exercises/bpe/trois.rs",
        "renamed    bpe.seven is bpe.sept now: exercises/bpe/sept.rs",
        "new stage  bpe.one_half in exercises/bpe/one_half.rs",
        "removed    bpe.four is no stage any more; your answer stays in exercises/bpe/four.rs",
        "removed    src/gone/b.rs is no part of the workbook any more\n             yours is kept: .lab/backups/update-1/src/gone/b.rs",
        "removed    bpe.eight is no stage any more, and you had not begun it",
        "merged     exercises/bpe/mod.rs has your lines and the new ones",
        "replaced   src/a.rs is the new one, since it could not be merged with yours\n             yours is kept: .lab/backups/update-1/src/a.rs",
        "updated    notebooks/rust/20_bpe.ipynb; the one that you ran is beside it: notebooks/rust/20_bpe.yours.ipynb",
        "kept       notebooks/rust/30_more.ipynb is yours; the new one is beside it: notebooks/rust/30_more.new.ipynb",
    ] {
        assert!(report.contains(line), "expected the line\n{line}\nin\n{report}");
    }
    let silent = ["five", "helpers", "six", "40_same", "my notes"];
    assert!(!silent.iter().any(|word| report.contains(word)), "{report}");
}

#[test]
fn an_unpacked_workbook_takes_a_new_version_from_a_folder() {
    let world = World::new();
    let place = world.unpacked();
    let before = files(&place);
    let dry = Choices { from: Some(&world.from()), dry_run: true };
    let plan = update::run(&place, &Real, dry, &|_| ()).expect("nothing fails here");
    assert_eq!(files(&place), before, "a dry run changes nothing");
    let report = updated(&place, Some(&world.from()));
    assert!(
        report.starts_with(plan.split_once("\n\n").expect("it has an introduction").1),
        "{plan}"
    );
    let now = files(&place);
    assert_updated(&now, &report);
    // The text of the older manifest is not known, so its lines cannot be merged.
    assert_eq!(now["Cargo.toml"], new()["Cargo.toml"]);
    assert_eq!(now[".lab/backups/update-1/Cargo.toml"], work()["Cargo.toml"]);
    let again = updated(&place, Some(&world.from()));
    assert!(again.starts_with("nothing new"), "{again}");
    assert_eq!(files(&place), now, "the second time there is nothing to do");
    let notes = update::notes(&place).concat();
    assert!(
        notes.contains("exercises/bpe/trois.new.rs") && notes.contains("20_bpe.yours.ipynb"),
        "{notes}"
    );
}

#[test]
fn a_clone_takes_a_new_version_from_its_origin() {
    let world = World::new();
    let place = world.cloned();
    let report = updated(&place, None);
    let now = files(&place);
    assert_updated(&now, &report);
    assert!(now["Cargo.toml"].contains("my lint") && now["Cargo.toml"].contains("bench"), "merged");
    let [head, origin] =
        ["rev-parse HEAD", "rev-parse origin/main"].map(|words| git(&place, words));
    assert_eq!(head, origin, "{report}");
    // What git sees as changed is what the learner wrote.
    let status = git(&place, "status --porcelain");
    assert!(
        status.contains(" M exercises/bpe/one.rs") && status.contains("?? exercises/bpe/four.rs"),
        "{status}"
    );
    assert!(!status.contains("README.md") && !status.contains("six.rs"), "{status}");
    let again = updated(&place, None);
    assert!(again.starts_with("nothing new"), "{again}");
    assert_eq!(files(&place), now, "the second time there is nothing to do");
}

#[test]
fn a_branch_with_commits_of_its_own_and_a_full_index_stay_as_they_are() {
    for own_commit in [true, false] {
        let world = World::new();
        let place = world.cloned();
        git(&place, "add -A");
        if own_commit {
            commit(&place);
        }
        let before = ["rev-parse HEAD", "diff --cached"].map(|words| git(&place, words));
        let report = updated(&place, None);
        assert_updated(&files(&place), &report);
        assert_eq!(["rev-parse HEAD", "diff --cached"].map(|words| git(&place, words)), before);
        let why = if own_commit { "commits of its own (1)" } else { "something is staged" };
        assert!(report.contains(why), "{report}");
        // A version later, what was taken is known, although no commit says so.
        let newer: Files = new()
            .into_iter()
            .map(|(path, text)| (path, text.replace("More.", "Even more.")))
            .collect();
        let origin = world.lay("origin", &newer);
        commit(&origin);
        let report = updated(&place, None);
        assert!(report.contains("updated    1 file of the workbook"), "{report}");
        assert!(!report.contains("exercises/"), "{report}");
        assert_nothing_lost(&files(&place), &work(), &report);
    }
}

#[test]
fn a_branch_that_git_holds_on_to_steps_forward_the_next_time() {
    let world = World::new();
    let place = world.cloned();
    // As a git that was killed leaves it behind.
    let lock = place.join(".git/index.lock");
    fs::write(&lock, "").expect("it can be written");
    let report = updated(&place, None);
    assert_updated(&files(&place), &report);
    assert!(report.contains("the next `cargo lab update` tries again"), "{report}");
    fs::remove_file(&lock).expect("it is there");
    // Or the index came through, and the branch did not.
    git(&place, "read-tree origin/main");
    let report = updated(&place, None);
    assert!(report.contains("your branch steps forward"), "{report}");
    let [head, origin] =
        ["rev-parse HEAD", "rev-parse origin/main"].map(|words| git(&place, words));
    assert_eq!(head, origin, "{report}");
}

#[test]
fn a_tree_that_was_taken_back_to_an_older_version_is_not_taken_for_edited() {
    let world = World::new();
    let place = world.cloned();
    git(&place, "add -A");
    commit(&place);
    updated(&place, None);
    // The learner throws away all that the update brought.
    git(&place, "checkout -q -- .");
    let report = updated(&place, None);
    let now = files(&place);
    assert_eq!(now["README.md"], new()["README.md"], "{report}");
    assert_eq!(now["exercises/bpe/six.rs"], new()["exercises/bpe/six.rs"], "{report}");
    // What the learner edited and committed is of the older version again, and gets the new lines again.
    assert!(
        now["Cargo.toml"].contains("my lint") && now["Cargo.toml"].contains("bench"),
        "{report}"
    );
    assert!(now["exercises/bpe/mod.rs"].contains("mod one_half;"), "{report}");
    assert_nothing_lost(&now, &work(), &report);
}

#[test]
fn without_a_memory_of_what_was_handed_out_everything_that_differs_is_kept() {
    let world = World::new();
    world.lay("new", &new());
    let place = world.lay("mine", &old());
    // No `lab` ran before the learner began.
    put(&place, &work());
    let report = updated(&place, Some(&world.from()));
    let now = files(&place);
    assert_nothing_lost(&now, &work(), &report);
    for name in ["one", "two", "five"].map(|name| format!("exercises/bpe/{name}.rs")) {
        assert_eq!(now[&name], work()[&name], "{report}");
    }
    assert_eq!(now["exercises/bpe/six.rs"], new()["exercises/bpe/six.rs"], "the stub was known");
    // By the first sight of a `lab`, the edit of this file counts as handed out; it is kept all the same.
    let place = world.lay("late", &old());
    put(&place, &work());
    update::remember(&place, &Real).expect("nothing fails here");
    let report = updated(&place, Some(&world.from()));
    assert_nothing_lost(&files(&place), &work(), &report);
}

#[test]
fn a_solved_workbook_hands_out_its_stubs() {
    let world = World::new();
    let place = world.lay("mine", &old());
    let teacher = world.lay("new", &new());
    let solved = new()["exercises/bpe/six.rs"].replace("todo!", "taught!");
    fs::write(teacher.join("exercises/bpe/six.rs"), solved).expect("it can be written");
    updated(&place, Some(&world.from()));
    assert_eq!(files(&place)["exercises/bpe/six.rs"], new()["exercises/bpe/six.rs"]);
}

#[test]
fn a_file_that_an_update_laid_beside_is_renewed_unless_somebody_wrote_into_it() {
    for edited in [false, true] {
        let world = World::new();
        let place = world.unpacked();
        updated(&place, Some(&world.from()));
        let beside = "exercises/bpe/two.new.rs";
        let note = format!("{}// my note\n", files(&place)[beside]);
        if edited {
            fs::write(place.join(beside), &note).expect("it can be written");
        }
        let mut newer = new();
        for path in ["exercises/bpe/two.rs", "solutions/bpe/two.rs"] {
            let text = newer[path].replace("merge", "merge again");
            newer.insert(path.to_owned(), text);
        }
        replace(&world.lay("new", &new()), &new(), &newer);
        let report = updated(&place, Some(&world.from()));
        let now = files(&place);
        let newest = if edited { "exercises/bpe/two.new-2.rs" } else { beside };
        assert_eq!(now[newest], newer["exercises/bpe/two.rs"], "{report}");
        assert!(!edited || now[beside] == note, "{report}");
        assert_nothing_lost(&now, &work(), &report);
    }
}

#[test]
fn what_stands_in_the_way_is_said_before_anything_changes() {
    let world = World::new();
    let place = world.unpacked();
    let before = files(&place);
    let error = |from| {
        let result = update::run(&place, &Real, Choices { from, dry_run: false }, &|_| ());
        format!("{:#}", result.expect_err("it cannot be done"))
    };
    for (from, message) in [
        (None, "no git clone"),
        (Some(world.folder.as_path()), "is no workbook: expected `Cargo.toml`"),
        (Some(place.root()), "is this workbook"),
    ] {
        let error = error(from);
        assert!(error.contains(message), "{error}");
    }
    // A folder has the name of a new file.
    fs::create_dir_all(place.join("src/c.rs/mine")).expect("it can be made");
    let error = error(Some(&world.from()));
    assert!(error.contains("c.rs"), "{error}");
    assert_eq!(files(&place), before);
}

#[test]
fn the_first_command_in_an_archive_notes_what_was_handed_out_and_the_exit_code_says_how_it_went() {
    let world = World::new();
    world.lay("new", &new());
    let place = world.lay("mine", &old());
    let lab = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        let output = command.args(words).current_dir(place.join("src")).output();
        let output = output.expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    lab(&["hint", "bpe.merge"]);
    assert!(files(&place).contains_key(".lab/handed-out.txt"), "any command notes it");
    put(&place, &work());
    let from = world.from().display().to_string();
    let before = files(&place);
    let (code, text, _) = lab(&["update", "--from", &from, "--dry-run"]);
    assert!(code == Some(0) && text.contains("nothing was changed yet"), "{code:?}\n{text}");
    assert_eq!(files(&place), before);
    let (code, text, error) = lab(&["update", "--from", &from]);
    assert_eq!(code, Some(0), "{text}");
    assert!(error.contains(" update` goes on with it"), "{error}");
    assert_updated(&files(&place), &text);
    let (code, _, error) = lab(&["update"]);
    assert!(code == Some(2) && error.contains("no git clone"), "{code:?}\n{error}");
}
