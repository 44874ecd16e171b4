//! A made-up workbook of few files in an older and a newer version, and a learner's work in the older one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use lab::place::Place;
use lab::store::Real;
use lab::stubs;
use lab::update::{self, Choices};

/// A version: texts by their path.
pub(crate) type Files = BTreeMap<String, String>;

/// A stage's solution.
fn solution(id: &str, title: &str, signature: &str) -> String {
    format!(
        "//! Stage `{id}`: {title}.\n\npub fn {signature} {{\n    // BEGIN SOLUTION\n    1\n    // END SOLUTION\n}}\n"
    )
}

/// A notebook of one cell, as it is handed out.
fn notebook(cell: &str) -> String {
    format!(
        "{{\"cells\": [{{\"cell_type\": \"code\", \"execution_count\": null, \"outputs\": [], \"source\": [\"{cell}\"]}}]}}\n"
    )
}

/// The same after it was run.
fn run(notebook: &str) -> String {
    notebook
        .replace("\"execution_count\": null", "\"execution_count\": 7")
        .replace("\"outputs\": []", "\"outputs\": [{\"text\": \"a plot of mine\"}]")
}

/// A version with these stages; both trees have a module for each.
fn version(stages: &[(&str, &str, &str)], rest: &[(&str, String)]) -> Files {
    let mut files = Files::new();
    let mut put = |path: &str, text: String| files.insert(path.to_owned(), text);
    let mut modules = "//! Chapter `bpe`.\n\n".to_owned();
    for (name, title, signature) in stages {
        let id = format!("bpe.{name}");
        let answer = solution(&id, title, signature);
        put(
            &format!("exercises/bpe/{name}.rs"),
            stubs::strip(&answer, &id).expect("it has a region"),
        );
        put(&format!("solutions/bpe/{name}.rs"), answer);
        modules += &format!("pub mod {name};\n");
    }
    for tree in ["exercises", "solutions"] {
        put(&format!("{tree}/bpe/mod.rs"), modules.clone());
        put(&format!("{tree}/lib.rs"), format!("//! The {tree}.\npub mod bpe;\n"));
        put(&format!("{tree}/Cargo.toml"), format!("[package]\nname = \"{tree}\"\n"));
    }
    put("lab/Cargo.toml", "[package]\nname = \"lab\"\n".to_owned());
    for (path, text) in rest {
        put(path, text.clone());
    }
    files
}

pub(crate) fn old() -> Files {
    version(
        &[
            ("one", "count", "one(text: &str) -> u32"),
            ("two", "merge", "two(ids: &[u32]) -> u32"),
            ("three", "split", "three() -> u32"),
            ("four", "join", "four() -> u32"),
            ("five", "train", "five() -> u32"),
            ("six", "decode", "six() -> u32"),
            ("seven", "encode", "seven() -> u32"),
            ("eight", "sort", "eight() -> u32"),
        ],
        &[
            ("Cargo.toml", "[workspace]\nmembers = [\"lab\"]\n\n[lints]\na = 1\n".to_owned()),
            ("README.md", "# The workbook\n".to_owned()),
            ("src/a.rs", "//! a\nfn a() {}\n".to_owned()),
            ("src/gone/b.rs", "//! b\n".to_owned()),
            ("src/course/renamed.txt", "# none\n".to_owned()),
            ("notebooks/rust/20_bpe.ipynb", notebook("old 20")),
            ("notebooks/rust/30_more.ipynb", notebook("old 30")),
            ("notebooks/rust/40_same.ipynb", notebook("same 40")),
        ],
    )
}

/// One stage is inserted (`one_half`), two are renamed (`three`, `seven`), two removed (`four`, `eight`); `one`
/// has another title and `two` another signature.
pub(crate) fn new() -> Files {
    version(
        &[
            ("one", "count well", "one(text: &str) -> u32"),
            ("one_half", "halve", "one_half() -> u32"),
            ("two", "merge", "two(ids: &[u32], pair: (u32, u32)) -> u32"),
            ("trois", "split", "trois() -> u32"),
            ("five", "train", "five() -> u32"),
            ("six", "decode everything", "six() -> u32"),
            ("sept", "encode", "sept() -> u32"),
        ],
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"lab\", \"bench\"]\n\n[lints]\na = 1\n".to_owned(),
            ),
            ("README.md", "# The workbook\n\nMore.\n".to_owned()),
            (
                "exercises/Cargo.toml",
                "[package]\nname = \"exercises\"\n[features]\nb = []\n".to_owned(),
            ),
            ("src/a.rs", "//! a\nfn a() { new() }\n".to_owned()),
            ("src/c.rs", "//! c\n".to_owned()),
            (
                "src/course/renamed.txt",
                "# was, is\nbpe.three bpe.tres\nbpe.tres bpe.trois\nbpe.seven bpe.sept\n"
                    .to_owned(),
            ),
            ("notebooks/rust/20_bpe.ipynb", notebook("new 20")),
            ("notebooks/rust/30_more.ipynb", notebook("new 30")),
            ("notebooks/rust/40_same.ipynb", notebook("same 40")),
        ],
    )
}

/// What the learner has in the older version, by path. Each text holds a word that no other has.
pub(crate) fn work() -> Files {
    let old = old();
    let mut work = Files::new();
    for name in ["one", "two", "three", "four", "five"] {
        let path = format!("exercises/bpe/{name}.rs");
        let answer = old[&path].replace("todo!", &format!("my_{name}_answer(); todo!"));
        work.insert(path, answer);
    }
    for (path, text) in [
        ("exercises/bpe/helpers.rs", "pub fn my_helper() {}\n".to_owned()),
        (
            "exercises/bpe/mod.rs",
            old["exercises/bpe/mod.rs"].replace("pub mod one;", "pub mod one;\nmod helpers;"),
        ),
        ("Cargo.toml", format!("{}b = 2 # my lint\n", old["Cargo.toml"])),
        ("src/a.rs", "//! a\nfn a() { my_debugging() }\n".to_owned()),
        (
            "exercises/Cargo.toml",
            format!("{}[dependencies]\nmine = \"1\"\n", old["exercises/Cargo.toml"]),
        ),
        ("src/gone/b.rs", "//! b, with my own lines\n".to_owned()),
        ("my notes.md", "my notes, in a file of mine\n".to_owned()),
        ("notebooks/rust/20_bpe.ipynb", run(&notebook("old 20"))),
        ("notebooks/rust/30_more.ipynb", run(&notebook("my own experiment"))),
        ("notebooks/rust/40_same.ipynb", run(&notebook("same 40"))),
    ] {
        work.insert(path.to_owned(), text);
    }
    work
}

/// One file of each kind: kept, moved, taken, removed, run, replaced.
pub(crate) fn few(mut files: Files) -> Files {
    let stages = ["one", "three", "trois", "six"];
    let others = ["a.rs", "b.rs", "20_bpe.ipynb", "renamed.txt", "lib.rs", "Cargo.toml"];
    files.retain(|path, _| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_stage = stages.contains(&name.trim_end_matches(".rs"));
        is_stage || others.contains(&name)
    });
    files
}

/// A folder of its own, which is removed in the end.
pub(crate) struct World {
    pub(crate) folder: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rust-for-ai-update-{}-{number}", std::process::id());
        // A memory file system, where there is one: an update forces every file to the disk, and the tests of
        // faults make some thousand updates. What a lost fsync would do is a model there (`support/mod.rs`).
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = parent.join(name);
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        Self { folder: fs::canonicalize(folder).expect("it is there") }
    }

    /// Writes a version into a folder of this name.
    pub(crate) fn lay(&self, name: &str, files: &Files) -> Place {
        let place = Place::at(self.folder.join(name));
        put(&place, files);
        place
    }

    /// An unpacked older version that `lab` has seen, with the learner's work, beside a newer one.
    pub(crate) fn unpacked(&self) -> Place {
        self.lay("new", &new());
        let place = self.lay("mine", &old());
        update::remember(&place, &Real).expect("nothing fails here");
        put(&place, &work());
        place
    }

    /// The same with one file of each kind, since each more costs the tests of faults some hundred updates.
    pub(crate) fn small(&self) -> Place {
        self.lay("new", &few(new()));
        let place = self.lay("mine", &few(old()));
        update::remember(&place, &Real).expect("nothing fails here");
        put(&place, &few(work()));
        place
    }

    /// A clone of the older version, with the learner's work, whose origin has the newer one.
    pub(crate) fn cloned(&self) -> Place {
        let origin = self.lay("origin", &old());
        git(&origin, "init -q -b main");
        commit(&origin);
        git(&Place::at(&self.folder), "clone -q origin mine");
        replace(&origin, &old(), &new());
        commit(&origin);
        let place = Place::at(self.folder.join("mine"));
        put(&place, &work());
        place
    }

    pub(crate) fn from(&self) -> PathBuf {
        self.folder.join("new")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The system's own cleaning takes what is left behind.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn put(place: &Place, files: &Files) {
    for (path, text) in files {
        let path = place.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("it can be made");
        fs::write(path, text).expect("a file can be written");
    }
}

/// Puts one version in the place of another.
pub(crate) fn replace(place: &Place, before: &Files, after: &Files) {
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        fs::remove_file(place.join(path)).expect("it was there");
    }
    put(place, after);
}

pub(crate) fn git(place: &Place, words: &str) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
        .args(words.split(' '))
        .current_dir(place.root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn commit(place: &Place) {
    git(place, "add -A");
    git(place, "commit -q -m version");
}

/// Updates, from the folder if there is one.
pub(crate) fn updated(place: &Place, from: Option<&Path>) -> String {
    update::run(place, &Real, Choices { from, dry_run: false }, &|_| ())
        .expect("nothing fails here")
}

/// The files of a checkout, without git's own and the lock.
pub(crate) fn files(place: &Place) -> Files {
    let files = crate::support::files(place.root()).into_iter();
    let files = files.filter(|(path, _)| !path.starts_with(".git") && !path.ends_with(".lab/lock"));
    files
        .map(|(path, bytes)| {
            let path = path.to_string_lossy().replace('\\', "/");
            (path, String::from_utf8(bytes).expect("all of it is text"))
        })
        .collect()
}
