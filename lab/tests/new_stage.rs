//! `cargo lab dev new` writes a stage that is green from the start, or it writes nothing.
//!
//! In a copy of the tree: the new stage is not started in the
//! exercises and passes in the solutions, its wrong answers fail and are recognised, stubs and notebooks are as
//! they are written here, and of all rules for the tree the one about the template alone is broken.

#[path = "support/copy.rs"]
mod copy;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lab::new_stage;
use lab::place::Place;
use lab::store::{Disk, Lock, Real};

/// A copy of the tree under a name of its own.
fn tree(name: &str) -> (Place, Lock) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let alone = Lock::wait(&folder.join("lock")).expect("the copy can be locked");
    copy::renew(&folder.join("tree"));
    (Place::at(folder.join("tree")), alone)
}

fn run(place: &Place, command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command
        .current_dir(place.root())
        // A folder of its own: cargo takes two trees with the same names for one.
        .env("CARGO_TARGET_DIR", place.join("../target"))
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .expect("the program runs");
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (status.success(), text)
}

fn lab(place: &Place, words: &str) -> (bool, String) {
    run(place, Command::new(env!("CARGO_BIN_EXE_lab")).args(words.split(' ')))
}

#[test]
fn a_new_stage_is_green_but_for_the_words_of_the_template() {
    let (place, _alone) = tree("new_stage");
    let (done, text) = lab(&place, "dev new bpe.example_stage --after merge");
    assert!(done, "{text}");
    for words in ["dev stubs --check", "dev notebooks --check"] {
        let (done, text) = lab(&place, words);
        assert!(done, "{words}\n{text}");
    }
    let cargo = |words: &str| run(&place, Command::new(env!("CARGO")).args(words.split(' ')));
    let (done, text) = cargo("fmt --all -- --check");
    assert!(done, "{text}");
    let (done, text) = cargo("test --test bpe --test wrong_answers");
    assert!(done, "{text}");
    let verdicts: Vec<&str> = text.lines().filter(|it| it.contains("example_stage")).collect();
    let said = |word: &str| verdicts.iter().any(|line| line.contains(word));
    assert!(said("exercises") && said("solutions"), "{text}");
    // The syllabus in the README first; then one rule is broken.
    lab(&place, "dev tidy --write");
    let (done, text) = lab(&place, "dev tidy");
    assert!(!done, "{text}");
    let broken: Vec<&str> = text.lines().filter(|line| line.starts_with("broken: ")).collect();
    assert_eq!(broken, ["broken: nothing is left of the template of a stage"], "{text}");
}

#[test]
fn what_cannot_be_made_writes_nothing() {
    let (place, _alone) = tree("new_nothing");
    let before = copy::files(place.root());
    for (id, after, message) in [
        ("bpe", None, "expected CHAPTER.STAGE, such as `bpe.split`, got `bpe`"),
        ("nope.split", None, "no chapter `nope`, expected one of: "),
        ("bpe.merge", None, "the stage `bpe.merge` is there already"),
        ("bpe.Split", None, "that begins with a letter, got `Split`"),
        ("bpe.match", None, "`match` is a word of Rust"),
        ("binding.split", None, "are a Python module"),
        ("llama.toy", None, "`src/check/llama/toy.rs` is there already"),
        ("bpe.split", Some("nope"), "no stage `nope` in chapter `bpe` to come after"),
    ] {
        let error = new_stage::new(&place, &Real, id, after).expect_err(id);
        assert!(format!("{error:#}").contains(message), "{id}: {error:#}");
    }
    // Each of these lines is where something is added.
    for (path, anchor) in [
        ("src/course/bpe.rs", "    stages: &["),
        ("solutions/bpe/mod.rs", "pub use "),
        ("src/check/bpe/mod.rs", "        encode_decode::wrong_answers(),"),
        ("tests/bpe.rs", "graded(&stage::ENCODE_DECODE,"),
        ("python/rust_for_ai/check/__init__.py", "NOT_IN_PYTHON: dict[str, str] = {"),
        ("notebooks/rust/20_bpe.ipynb", "\"cells\""),
    ] {
        let text = fs::read_to_string(place.join(path)).expect("the file is there");
        fs::write(place.join(path), text.replace(anchor, "gone")).expect("it can be written");
        let error =
            format!("{:#}", new_stage::new(&place, &Real, "bpe.split", None).expect_err(path));
        fs::write(place.join(path), text).expect("it can be written");
        assert!(error.contains(path), "{error}");
    }
    assert_eq!(copy::files(place.root()), before);
}

/// The real disk until so many files were written; then full, once.
struct Full(std::cell::Cell<usize>);

impl Disk for Full {
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let left = self.0.get();
        self.0.set(left.wrapping_sub(1));
        if left == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        Real.write(path, bytes)
    }

    fn sync(&self, path: &Path) -> std::io::Result<()> {
        Real.sync(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        Real.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        Real.link(from, to)
    }

    fn folder(&self, path: &Path) -> std::io::Result<()> {
        Real.folder(path)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        Real.remove(path)
    }
}

#[test]
fn a_disk_that_fails_at_any_file_leaves_the_tree_as_it_was() {
    let (place, _alone) = tree("new_full");
    let before = copy::files(place.root());
    let mut failed = 0;
    while new_stage::new(&place, &Full(failed.into()), "bpe.split", None).is_err() {
        let now = copy::files(place.root());
        let changed: Vec<&PathBuf> = now
            .iter()
            .filter(|(path, bytes)| before.get(*path) != Some(bytes))
            .map(|(path, _)| path)
            .collect();
        assert_eq!((changed, now.len()), (vec![], before.len()), "write {failed}");
        failed += 1;
    }
    assert_eq!(failed, 10, "the files of a stage");
}
