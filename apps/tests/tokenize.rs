//! The program as people run it: what it says, its exit codes, and that a kill loses nothing. What it writes is tested
//! with the library, in `tests/tokenize.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tokenize-app-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn program(input: &Path, out: &Path, options: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tokenize"));
    program.arg(input).arg(out).args(options);
    program
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| name != "_lock" && !name.ends_with(".half"))
        .map(|(name, path)| (name, fs::read(path).expect("a file")))
        .collect()
}

const DECLARATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/declaration.tsv");

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_bytes_of_one_that_was_not() {
    let folder = Folder::new("killed");
    let rows = fs::read_to_string(DECLARATION).expect("the corpus");
    let (head, rows) = rows.split_once('\n').expect("a first line");
    let input = folder.0.join("in.tsv");
    fs::write(&input, format!("{head}\n{}", rows.repeat(10))).expect("a file");
    let (whole, killed) = (folder.0.join("whole"), folder.0.join("killed"));
    let options = ["--part", "1", "--pack", "512"];
    let output = program(&input, &whole, &options).output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let expected = files(&whole);
    assert!(expected.len() > 5, "{} files, expected some parts", expected.len());
    // Killed as soon as one more part is there: what it is in the middle of then is another thing each time.
    let mut kills = 0;
    loop {
        let journal = || fs::read(killed.join("_tokenize.json")).unwrap_or_default();
        let before = journal();
        let mut child = program(&input, &killed, &options).spawn().expect("it starts");
        let ended = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break Some(status);
            }
            if journal() != before {
                child.kill().expect("it can be killed");
                child.wait().expect("a child");
                break None;
            }
            std::thread::yield_now();
        };
        match ended {
            Some(status) => {
                assert!(status.success(), "{status}");
                break;
            }
            None => kills += 1,
        }
        assert!(kills < 100, "a run that is killed makes no way");
    }
    assert!(kills > 2, "{kills} kills, expected some");
    assert!(files(&killed) == expected, "after {kills} kills");
}

#[test]
fn it_says_what_it_found_and_exits_with_what_that_means() {
    let folder = Folder::new("says");
    let out = folder.0.join("out");
    let run = |input: &Path, out: &Path, options: &[&str]| {
        let output = program(input, out, options).output().expect("it runs");
        (output.status.code(), said(&output))
    };
    let (code, text) = run(DECLARATION.as_ref(), &out, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.starts_with("1680 of 1680 rows have a text: 0.8 MB, 377142 ids, in 1 files"),
        "{text}"
    );
    let (code, text) = run(DECLARATION.as_ref(), &out, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nothing was left to do"), "{text}");
    let (code, text) = run(DECLARATION.as_ref(), &out, &["--encoding", "gpt2"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("`encoding` as the run began"), "{text}");

    let input = folder.0.join("in.ndjson");
    fs::write(&input, "{\"text\": \"a\"}\n{\"text\": 1}\n").expect("a file");
    let (code, text) = run(&input, &folder.0.join("bad"), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 bad rows: 1 of another type; see "), "{text}");
    let (code, text) = run(&input, &folder.0.join("bad"), &["--strict"]);
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = run(&input, &folder.0.join("column"), &["--column", "texts"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is `texts` the column"), "{text}");
    let (code, text) = run(&input, &folder.0.join("usage"), &["--pack", "0"]);
    assert_eq!(code, Some(2), "{text}");
}
