//! Nothing is lost, whatever fails while `lab` writes.
//!
//! Each operation that changes files is run again and again; each time another one of its steps goes
//! wrong (write, fsync, rename, link, new folder), in each of these ways:
//!
//! | fault | the step |
//! |---|---|
//! | an error | fails and does nothing |
//! | a short write | writes half of the bytes, then fails |
//! | a full disk | writes half, then fails, as does every later step that needs room |
//! | a kill | writes half, and the process is gone: it ran in a child |
//! | a power cut | as a kill, and what was not forced to the disk is gone too (a model: `support/mod.rs`) |
//!
//! One law is checked after each of them: a file holds what it held before, or all of what it holds
//! when nothing fails; each answer of the learner is there, in its place or among the kept ones; and
//! the operation then succeeds on a disk without faults.
//!
//! Then two labs at once, and an editor that has the file open.
//!
//! Longer than most files here, since the law that is checked after each fault and the operations that
//! meet the faults read best side by side.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};
use lab::answers;
use lab::place::Place;
use lab::progress::Progress;
use lab::quiz::boxes::{Answer, Boxes, Day};
use lab::store::{self, Disk, Real};
use lab::stubs;
use rust_for_ai::check::State;
use rust_for_ai::course::{self, Stage, bpe};

use support::{FAULTS, Fault, Faulty, KILLED, files};

// --- a checkout and what happens to it ----------------------------------------------------------

const ANSWER: &str = "pub fn merge() { /* an answer that took an hour, and a half of its bytes is no \
                      answer at all */ }\n";
const NEWER: &str = "pub fn merge() { /* the second try */ }\n";
const PROGRESS: &str = "# Rust for AI: your progress. `cargo lab` keeps this file; lines it does not know stay as they are.\n\
                        bpe.bytes state=PASSING version=1 hints=1 seen=0011223344556677\n\
                        a remark of mine\n";

const CARDS: &str = "mid.known box=1 due=1970-01-01\na remark of mine\n";

/// Answers a card, on a day that no clock says.
fn answered(place: &Place, disk: &dyn Disk, id: &str) -> Result<()> {
    let (path, lock) = (place.state("quiz.txt"), place.state("lock"));
    let today = Day::from_seconds(0);
    Boxes::update(&path, &lock, disk, |boxes| boxes.answered(id, Answer::Good, today)).map(drop)
}

/// A checkout in a folder of its own, which is removed in the end.
struct Checkout {
    place: Place,
}

impl Checkout {
    /// The solutions of one chapter, their stubs, and some progress. With all chapters the operation `stubs`, which
    /// writes each file, would take as many steps more, in as many more checkouts, and teach nothing new.
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rust-for-ai-faults-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(&root).expect("a temporary folder can be made");
        let root = fs::canonicalize(root).expect("it is there");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("lab has a parent");
        let place = Place::at(&root);
        for (path, bytes) in files(&repository.join("solutions/bpe")) {
            put(&place.join("solutions/bpe").join(path), &bytes);
        }
        for (path, stub) in stubs::all(&place).expect("the solutions give stubs") {
            put(&place.join(path), stub.as_bytes());
        }
        put(&place.state("progress.txt"), PROGRESS.as_bytes());
        Self { place }
    }

    fn write_answer(&self, stage: &Stage, answer: &str) {
        // As most editors do: the same file, shortened and written again.
        fs::write(self.place.exercise(stage), answer).expect("an editor writes the answer");
    }

    fn answer(&self, stage: &Stage) -> String {
        fs::read_to_string(self.place.exercise(stage)).expect("the answer's file is there")
    }

    fn stub(&self, stage: &Stage) -> String {
        stubs::of(&self.place, stage).expect("the solution gives a stub")
    }

    fn kept(&self, stage: &Stage) -> Vec<String> {
        let read = |path| fs::read_to_string(path).expect("a kept answer can be read");
        // Also those that an undo has put back.
        let entries = fs::read_dir(self.place.state("backups").join(stage.id));
        let mut paths: Vec<PathBuf> =
            entries.into_iter().flatten().flatten().map(|e| e.path()).collect();
        paths.sort();
        paths.into_iter().map(read).collect()
    }

    /// All files but the solutions and the lock.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = files(self.place.root());
        files.retain(|path, _| !path.starts_with("solutions") && !path.ends_with(".lab/lock"));
        files
    }

    /// Starts this program again, to do something to this checkout.
    fn child(&self, words: &[&str]) -> Child {
        Command::new(std::env::current_exe().expect("this program has a path"))
            .args(["--exact", CHILD_TEST, "--nocapture"])
            .env(CHILD, words.join(" "))
            .env(CHILD_ROOT, self.place.root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("this program runs again")
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // The system's own cleaning takes what is left behind.
        let _ = fs::remove_dir_all(self.place.root());
    }
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
    fs::write(path, bytes).expect("a file can be written");
}

/// What `lab` does to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Update,
    FirstUpdate,
    Reset,
    Undo,
    UndoOverStub,
    Stubs,
    Replace,
    Card,
}

/// With the fewest steps that it can take: four to replace a file, three to keep one, two for a
/// folder.
const OPERATIONS: &[(&str, Operation, usize)] = &[
    ("update", Operation::Update, 4),
    ("first-update", Operation::FirstUpdate, 4),
    ("reset", Operation::Reset, 4 + 3 + 2 * 2),
    ("undo", Operation::Undo, 4 + 3),
    ("undo-over-stub", Operation::UndoOverStub, 4),
    ("stubs", Operation::Stubs, 4 * 7),
    ("replace", Operation::Replace, 4),
    ("card", Operation::Card, 4),
];

impl Operation {
    fn name(self) -> &'static str {
        let found = OPERATIONS.iter().find(|(_, operation, _)| *operation == self);
        found.map_or("none", |(name, ..)| name)
    }

    /// What is there before.
    fn prepare(self, checkout: &Checkout) {
        let stage = &bpe::MERGE;
        match self {
            Self::Update => {}
            Self::FirstUpdate => {
                fs::remove_dir_all(checkout.place.state("")).expect("the state is there");
            }
            Self::Reset => checkout.write_answer(stage, ANSWER),
            Self::Undo | Self::UndoOverStub => {
                checkout.write_answer(stage, ANSWER);
                answers::reset(&checkout.place, &Real, stage).expect("nothing fails here");
                if self == Self::Undo {
                    checkout.write_answer(stage, NEWER);
                }
            }
            Self::Card => put(&checkout.place.state("quiz.txt"), CARDS.as_bytes()),
            Self::Stubs | Self::Replace => {
                bpe::CHAPTER.stages.iter().for_each(|stage| checkout.write_answer(stage, ANSWER));
            }
        }
    }

    /// The answers that must be there after, wherever.
    fn answers(self) -> &'static [&'static str] {
        match self {
            Self::Update | Self::FirstUpdate | Self::Card => &[],
            Self::Reset | Self::UndoOverStub => &[ANSWER],
            Self::Undo => &[ANSWER, NEWER],
            // These two are for files that somebody wants to be written over.
            Self::Stubs | Self::Replace => &[],
        }
    }

    fn run(self, place: &Place, disk: &dyn Disk) -> Result<()> {
        let stage = &bpe::MERGE;
        match self {
            Self::Update | Self::FirstUpdate => {
                Progress::update(place, disk, |progress| {
                    progress.entry("bpe.bytes").hints = 2;
                    progress.entry(stage.id).state = Some(State::Failing);
                })?;
            }
            Self::Reset => drop(answers::reset(place, disk, stage)?),
            Self::Undo | Self::UndoOverStub => {
                answers::undo(place, disk, Some(stage.into()))?;
            }
            Self::Stubs => {
                stubs::write(place, disk)?;
            }
            Self::Replace => {
                store::replace(disk, &place.exercise(stage), b"pub fn merge() { /* new */ }\n")?;
            }
            Self::Card => answered(place, disk, "mid.known")?,
        }
        Ok(())
    }

    /// Runs in this process or, if the fault ends it, in a child. The steps are known only of the
    /// former.
    fn run_with(self, checkout: &Checkout, fault: Fault, at: usize, links: bool) -> Run {
        if fault.ends_the_process() {
            let (at, links) = (at.to_string(), links.to_string());
            let words = ["fault", self.name(), fault.name(), &at, &links];
            let status = checkout.child(&words).wait().expect("the child ends");
            let happened = match status.code() {
                Some(KILLED) => true,
                Some(0) => false,
                _ => panic!("the child `{}` ended with {status}", words.join(" ")),
            };
            return Run { happened, result: Ok(()), steps: Vec::new() };
        }
        let disk = Faulty::new(fault, at, links, checkout.place.root());
        let result = self.run(&checkout.place, &disk);
        Run { happened: disk.happened.get(), result, steps: disk.steps.take() }
    }
}

/// What became of an operation.
struct Run {
    happened: bool,
    result: Result<()>,
    steps: Vec<&'static str>,
}

/// A checkout before an operation, and the same after it, where nothing failed.
fn before_and_after(operation: Operation) -> [BTreeMap<PathBuf, Vec<u8>>; 2] {
    let checkout = Checkout::new();
    operation.prepare(&checkout);
    let before = checkout.files();
    operation.run(&checkout.place, &Real).expect("nothing fails here");
    [before, checkout.files()]
}

/// Every file is the old one or the new one, and every answer is there.
fn assert_intact(
    checkout: &Checkout,
    operation: Operation,
    [before, after]: &[BTreeMap<PathBuf, Vec<u8>>; 2],
    context: &str,
) {
    let now = checkout.files();
    let is_kept = |path: &Path| path.starts_with(".lab/backups");
    let is_litter = |path: &Path| path.extension().is_some_and(|extension| extension == "tmp");
    for (path, bytes) in &now {
        let text = String::from_utf8_lossy(bytes);
        if is_litter(path) {
            continue;
        }
        if is_kept(path) {
            let whole = operation.answers().iter().any(|answer| *answer == text);
            assert!(whole, "{context}: {} is kept as\n{text}", path.display());
        } else {
            let known = [before.get(path), after.get(path)].contains(&Some(bytes));
            assert!(known, "{context}: {} holds\n{text}", path.display());
        }
    }
    for path in before.keys().filter(|path| !is_kept(path)) {
        assert!(now.contains_key(path), "{context}: {} is gone", path.display());
    }
    for answer in operation.answers() {
        let places: Vec<_> = now.iter().filter(|(path, _)| !is_litter(path)).collect();
        let there = places.iter().any(|(_, bytes)| *bytes == answer.as_bytes());
        assert!(there, "{context}: lost is the answer\n{answer}");
    }
}

// --- one law, all steps, all faults -------------------------------------------------------------

#[test]
fn whatever_step_fails_files_are_whole_and_no_answer_is_lost() {
    let mut steps_seen = BTreeSet::new();
    for &(name, operation, fewest) in OPERATIONS {
        let files = before_and_after(operation);
        for &(fault_name, fault) in FAULTS {
            for links in [true, false] {
                let mut at = 0;
                loop {
                    let context = format!("{name}, {fault_name} at step {at}, links: {links}");
                    let checkout = Checkout::new();
                    operation.prepare(&checkout);
                    let run = operation.run_with(&checkout, fault, at, links);
                    steps_seen.extend(run.steps.iter().copied());
                    assert_intact(&checkout, operation, &files, &context);
                    if !run.happened {
                        run.result.expect("without a fault it succeeds");
                        assert_done(&checkout, &files, &context);
                        break;
                    }
                    if !fault.ends_the_process() {
                        assert_told(&checkout, &run, &files, &context);
                    }
                    match operation.run(&checkout.place, &Real) {
                        // It had been done, and only the last fsync failed.
                        Err(error) if error.to_string().starts_with("nothing to undo") => {
                            assert_done(&checkout, &files, &context);
                        }
                        again => assert!(again.is_ok(), "{context}: and then again: {again:?}"),
                    }
                    assert_intact(&checkout, operation, &files, &context);
                    at += 1;
                }
                assert!(at >= fewest, "{name}, {fault_name}: only {at} steps, expected {fewest}");
            }
        }
    }
    let all = BTreeSet::from(["write", "sync", "rename", "link", "folder"]);
    assert_eq!(steps_seen, all, "the operations take these steps");
}

/// Everything outside of the kept answers, whose names are times, is as after a run without faults.
fn assert_done(checkout: &Checkout, [_, after]: &[BTreeMap<PathBuf, Vec<u8>>; 2], context: &str) {
    let (mut now, mut after) = (checkout.files(), after.clone());
    now.retain(|path, _| !path.starts_with(".lab/backups"));
    after.retain(|path, _| !path.starts_with(".lab/backups"));
    assert!(now == after, "{context}: {:?} instead of {:?}", now.keys(), after.keys());
}

/// A step that failed is reported, save where there is another way; what the message says of the file
/// is true; nothing half written is left lying about.
fn assert_told(
    checkout: &Checkout,
    run: &Run,
    [before, after]: &[BTreeMap<PathBuf, Vec<u8>>; 2],
    context: &str,
) {
    let now = checkout.files();
    let litter = now.keys().find(|path| path.extension().is_some_and(|e| e == "tmp"));
    assert_eq!(litter, None, "{context}: this is left behind");
    let same = |other: &BTreeMap<PathBuf, Vec<u8>>| {
        let kept = |path: &Path| path.starts_with(".lab/backups");
        let differs = |(path, bytes)| !kept(path) && other.get(path) != Some(bytes);
        !now.iter().any(|(path, bytes)| differs((path, bytes)))
    };
    match &run.result {
        // Another way than a link; or the answer is back, and only its mark as undone is not.
        Ok(()) => assert!(
            run.steps.contains(&"link") || same(after),
            "{context}: the failure was swallowed"
        ),
        Err(error) => {
            let text = format!("{error:#}");
            if text.contains("it is as it was") && !context.starts_with("stubs") {
                assert!(
                    same(before),
                    "{context}: it is not as it was, but the message says\n{text}"
                );
            }
            if text.starts_with("wrote ") && !context.starts_with("stubs") {
                assert!(same(after), "{context}: it is not written, but the message says\n{text}");
            }
        }
    }
}

#[test]
fn what_a_killed_lab_left_behind_is_in_nobodys_way() {
    let checkout = Checkout::new();
    let status = checkout.child(&["litter"]).wait().expect("the child ends");
    assert!(status.success(), "the child ended with {status}");
}

#[test]
fn a_clock_that_was_set_back_does_not_make_an_older_answer_the_newest() {
    let checkout = Checkout::new();
    let future = checkout.place.state("backups/bpe.merge/9000000000000000000.rs");
    put(&future, ANSWER.as_bytes());
    checkout.write_answer(&bpe::MERGE, NEWER);
    answers::reset(&checkout.place, &Real, &bpe::MERGE).expect("nothing fails here");
    assert_eq!(checkout.kept(&bpe::MERGE), [ANSWER, NEWER]);
    answers::undo(&checkout.place, &Real, None).expect("nothing fails here");
    assert_eq!(checkout.answer(&bpe::MERGE), NEWER);
}

// --- two labs at once ---------------------------------------------------------------------------

/// How often each of the labs that run at once does what it does.
const ROUNDS: usize = 12;

/// Labs that run at the same time; none outlives its test.
struct Labs<const N: usize>([Child; N]);

impl<const N: usize> Labs<N> {
    /// Looks at the files again and again until all are done, and well.
    fn watch(&mut self, look: impl Fn()) {
        let running = |lab: &mut Child| lab.try_wait().expect("a child can be asked").is_none();
        while self.0.iter_mut().any(running) {
            look();
        }
        for lab in &mut self.0 {
            assert!(lab.wait().expect("a child ends").success());
        }
    }
}

impl<const N: usize> Drop for Labs<N> {
    fn drop(&mut self) {
        for lab in &mut self.0 {
            // Most have ended.
            let _ = lab.kill().and_then(|()| lab.wait());
        }
    }
}

#[test]
fn labs_that_run_at_once_lose_no_progress() {
    let checkout = Checkout::new();
    let own = ["bpe.merge", "bpe.train", "of.the.future", "bpe.encode_decode"];
    Labs(own.map(|id| checkout.child(&["count", id, "bpe.bytes"]))).watch(|| {
        let progress = Progress::load(&checkout.place).expect("it can be read at any moment");
        assert!(progress.get("bpe.bytes").is_some(), "the file was half there");
    });
    let progress = Progress::load(&checkout.place).expect("it can be read");
    let hints = |id| progress.get(id).map(|entry| entry.hints);
    assert_eq!(own.map(hints), [Some(ROUNDS); 4]);
    assert_eq!(hints("bpe.bytes"), Some(1 + ROUNDS * own.len()), "one was there before");
    let text = fs::read_to_string(checkout.place.state("progress.txt")).expect("it can be read");
    assert!(text.contains("\na remark of mine\n"), "{text}");
}

#[test]
fn labs_that_run_at_once_lose_no_card() {
    let checkout = Checkout::new();
    put(&checkout.place.state("quiz.txt"), CARDS.as_bytes());
    let own = ["mid.a", "mid.b", "senior.c"];
    Labs(own.map(|id| checkout.child(&["answer", id]))).watch(|| {});
    let text = fs::read_to_string(checkout.place.state("quiz.txt")).expect("it can be read");
    for id in own.iter().flat_map(|id| (0..ROUNDS).map(move |round| format!("{id}/{round}"))) {
        assert!(text.contains(&format!("\n{id} box=1 due=1970-01-02\n")), "{text}");
    }
    assert!(text.contains(&format!("\n{CARDS}")), "{text}");
}

#[test]
fn labs_that_run_at_once_lose_no_answer() {
    let checkout = Checkout::new();
    let stages = [&bpe::MERGE, &bpe::BYTES];
    checkout.write_answer(stages[0], ANSWER);
    checkout.write_answer(stages[1], NEWER);
    let whole = |stage: &Stage, answer: &str| {
        let now = checkout.answer(stage);
        assert!(now == answer || now == checkout.stub(stage), "{} holds\n{now}", stage.id);
    };
    let start = |stage: usize| checkout.child(&["reset-and-undo", stages[stage].id]);
    Labs([0, 1, 0, 1].map(start)).watch(|| {
        whole(stages[0], ANSWER);
        whole(stages[1], NEWER);
    });
    for (stage, answer) in stages.into_iter().zip([ANSWER, NEWER]) {
        whole(stage, answer);
        let kept = checkout.kept(stage);
        assert!(!kept.is_empty(), "{} was reset", stage.id);
        assert!(kept.iter().all(|kept| kept == answer), "{} is kept as\n{kept:?}", stage.id);
    }
}

// --- an editor has the file open ----------------------------------------------------------------

#[test]
#[cfg(unix)] // Windows may refuse to replace a file that is open; then the reset says so and does nothing.
fn what_an_editor_writes_into_the_open_file_is_in_the_kept_answer() {
    let checkout = Checkout::new();
    let stage = &bpe::MERGE;
    checkout.write_answer(stage, ANSWER);
    let path = checkout.place.exercise(stage);
    let mut editor = fs::OpenOptions::new().append(true).open(path).expect("an editor opens it");
    answers::reset(&checkout.place, &Real, stage).expect("nothing fails here");
    let typed = b"// typed while it was reset\n";
    std::io::Write::write_all(&mut editor, typed).expect("the editor saves");
    drop(editor);
    assert_eq!(checkout.answer(stage), checkout.stub(stage));
    assert_eq!(checkout.kept(stage), [format!("{ANSWER}// typed while it was reset\n")]);
    answers::undo(&checkout.place, &Real, None).expect("nothing fails here");
    assert_eq!(checkout.answer(stage), format!("{ANSWER}// typed while it was reset\n"));
}

#[test]
fn writing_on_after_an_undo_leaves_the_kept_answer_alone() {
    let checkout = Checkout::new();
    let stage = &bpe::MERGE;
    checkout.write_answer(stage, ANSWER);
    answers::reset(&checkout.place, &Real, stage).expect("nothing fails here");
    answers::undo(&checkout.place, &Real, None).expect("nothing fails here");
    checkout.write_answer(stage, NEWER);
    assert_eq!(checkout.kept(stage), [ANSWER]);
}

#[test]
#[cfg(unix)] // Symbolic links need a privilege on Windows.
fn an_answer_that_is_a_link_stays_one() {
    let checkout = Checkout::new();
    let stage = &bpe::MERGE;
    let (path, elsewhere) = (checkout.place.exercise(stage), checkout.place.join("my_merge.rs"));
    fs::write(&elsewhere, ANSWER).expect("a file can be written");
    fs::remove_file(&path).expect("the stub is there");
    // Windows has another function for it, and needs the privilege.
    std::os::unix::fs::symlink(&elsewhere, &path).expect("a link can be made");
    answers::reset(&checkout.place, &Real, stage).expect("nothing fails here");
    assert!(path.is_symlink(), "the link became a file");
    assert_eq!(checkout.answer(stage), checkout.stub(stage));
    assert_eq!(checkout.kept(stage), [ANSWER]);
}

// --- this program as a child of the tests above -------------------------------------------------

const CHILD: &str = "LAB_FAULTS_CHILD";
const CHILD_ROOT: &str = "LAB_FAULTS_ROOT";
const CHILD_TEST: &str = "what_a_child_of_the_other_tests_does";

/// Does nothing in a process that no test started.
#[test]
fn what_a_child_of_the_other_tests_does() -> Result<()> {
    let Ok(words) = std::env::var(CHILD) else { return Ok(()) };
    let place = Place::at(std::env::var_os(CHILD_ROOT).expect("a child is told its checkout"));
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["fault", operation, fault, at, links] => {
            let known = |(name, _): &&(&str, Fault)| *name == fault;
            let (_, fault) = *FAULTS.iter().find(known).expect("the fault is known");
            let known = |(name, ..): &&(&str, Operation, usize)| *name == operation;
            let (_, operation, _) = *OPERATIONS.iter().find(known).expect("so is the operation");
            let disk = Faulty::new(fault, at.parse()?, links.parse()?, place.root());
            if matches!(operation, Operation::Reset | Operation::Undo) {
                disk.edited(place.exercise(&bpe::MERGE));
            }
            operation.run(&place, &disk)?;
            // What was reported as done survives a power cut right after it.
            if let Fault::PowerCut(renames) = fault {
                disk.cut(renames);
            }
        }
        ["count", ref ids @ ..] => {
            for id in (0..ROUNDS).flat_map(|_| ids) {
                Progress::update(&place, &Real, |progress| progress.entry(id).hints += 1)?;
            }
        }
        ["answer", id] => {
            for round in 0..ROUNDS {
                answered(&place, &Real, &format!("{id}/{round}"))?;
            }
        }
        ["reset-and-undo", id] => {
            let stage = course::stage(id).expect("the stage is known");
            for _ in 0..ROUNDS {
                answers::reset(&place, &Real, stage)?;
                match answers::undo(&place, &Real, Some(stage.into())) {
                    // The other lab was faster.
                    Err(error) if error.to_string().starts_with("nothing to undo") => {}
                    done => drop(done?),
                }
            }
        }
        ["litter"] => {
            for number in 0..4 {
                let name = format!(".progress.txt.{}-{number}.tmp", std::process::id());
                put(&place.state(name), b"half of a fi");
            }
            Operation::Update.run(&place, &Real)?;
            assert_eq!(Progress::load(&place)?.get("bpe.bytes").map(|entry| entry.hints), Some(2));
        }
        _ => bail!("a child does not know `{words}`"),
    }
    Ok(())
}
