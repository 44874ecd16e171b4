//! The chat as scripts and people meet it: words in, words and an exit code out.
//!
//! The tiny model in `data/` answers nonsense, always the same one, which is all that these tests ask.
//! What a person sees at a terminal is in `terminal.py`, run with the small model where it is there;
//! with `RUST_FOR_AI_NEEDS_MODEL=1` it must be.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run said, and its exit code.
#[derive(Debug)]
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("apps has a parent")
}

fn command(options: &[&str]) -> Command {
    let mut chat = Command::new(env!("CARGO_BIN_EXE_chat"));
    chat.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    chat
}

fn run(options: &[&str], input: &[u8]) -> Said {
    let mut child = command(options).spawn().expect("the chat runs");
    // It may have ended already, over a wrong option.
    let _ = child.stdin.take().expect("it has an input").write_all(input);
    let output = child.wait_with_output().expect("the chat ends");
    Said {
        out: String::from_utf8(output.stdout).expect("an answer is text"),
        err: String::from_utf8(output.stderr).expect("messages are text"),
        code: output.status.code(),
    }
}

/// With the tiny model.
fn tiny(options: &[&str], input: &str) -> Said {
    let model = repository().join("data/tiny.gguf").display().to_string();
    let fixed = ["--model", &model, "--max-tokens", "24"];
    run(&[&fixed[..], options].concat(), input.as_bytes())
}

#[track_caller]
fn answers(options: &[&str], input: &str) -> String {
    let said = tiny(options, input);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.ends_with('\n') && said.out.trim().len() > 1, "{said:?}");
    said.out
}

#[track_caller]
fn refuses(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    assert_eq!(said.out, "", "an error is no answer");
    for word in words {
        assert!(said.err.contains(word), "expected `{word}` in {}", said.err);
    }
}

#[test]
fn one_question_gives_an_answer_and_nothing_else() {
    let said = tiny(&["--prompt", "In the beginning", "--temperature", "0"], "");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.lines().all(|line| line.contains("cut off")), "{said:?}");
    let again = tiny(&["-p", "In the beginning", "--temperature", "0", "--seed", "9"], "");
    assert_eq!(said.out, again.out, "the likeliest is the likeliest whatever the seed");
}

#[test]
fn the_same_seed_gives_the_same_text() {
    let with = |seed| answers(&["-p", "And God said", "--temperature", "1.5", "--seed", seed], "");
    assert_eq!(with("7"), with("7"));
    assert!(["1", "2", "3"].into_iter().any(|seed| with(seed) != with("7")));
}

#[test]
fn what_is_piped_in_is_appended_or_is_the_question() {
    let cold =
        |options: &[&str], input| answers(&[options, &["--temperature", "0"]].concat(), input);
    assert_eq!(
        cold(&["-p", "Read this:"], "the book\n"),
        cold(&["-p", "Read this:\n\nthe book"], "")
    );
    assert_eq!(cold(&[], "And it came to pass\n"), cold(&["-p", "And it came to pass"], ""));
}

#[test]
fn a_stop_string_ends_an_answer_before_it() {
    let whole = answers(&["-p", "And God said", "--temperature", "0"], "");
    let whole = whole.trim_end();
    let word = whole.split(' ').nth(3).expect("there are some words");
    let stopped = tiny(&["-p", "And God said", "--temperature", "0", "--stop", word], "");
    let (before, _) = whole.split_once(word).expect("it is in there");
    assert_eq!((stopped.out.trim_end(), stopped.code), (before.trim_end(), Some(0)));
}

#[test]
fn each_engine_answers() {
    for engine in ["native", "candle"] {
        answers(&["-p", "And God said", "--engine", engine, "--threads", "1"], "");
    }
}

#[test]
fn the_engine_mine_is_built_in_where_it_was_asked_for() {
    let said = tiny(&["-p", "And God said", "--engine", "mine", "--temperature", "0"], "");
    if cfg!(feature = "mine") {
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.starts_with("your answers: "), "{said:?}");
    } else {
        refuses(&said, 1, &["without the feature `mine`", "hint: "]);
    }
}

#[test]
fn wrong_usage_is_told_and_has_its_code() {
    refuses(&tiny(&["--temprature", "0"], ""), 2, &["--temprature", "--temperature"]);
    refuses(&tiny(&["-p", "x", "--top-p", "1.5"], ""), 2, &["top-p is 1.5"]);
    refuses(&tiny(&["-p", "x", "--context", "0"], ""), 2, &["--context"]);
    refuses(&tiny(&["-p", "x", "--stop", ""], ""), 2, &["--stop"]);
    refuses(&tiny(&["-p", "x", "--engine", "rocket"], ""), 2, &["native", "candle", "mine"]);
    refuses(
        &tiny(&["-p", "x", "--template", "foo"], ""),
        2,
        &["llama2", "chatml", "llama3", "zephyr"],
    );
    refuses(&tiny(&[], ""), 2, &["nothing was asked"]);
    refuses(&run(&["-p", "x"], b""), 2, &["no model", "hint: "]);
    refuses(&tiny(&["-p", "x", "--sha256", "00"], ""), 2, &["hub"]);
    let model = repository().join("data/tiny.gguf").display().to_string();
    refuses(&run(&["--model", &model], b"na\xff"), 2, &["UTF-8", "byte 2"]);
}

#[test]
fn what_fails_is_named_and_has_its_code() {
    let missing = run(&["-p", "x", "--model", "no/such.gguf"], b"");
    refuses(&missing, 1, &["no/such.gguf", "hint: ", "cargo lab model"]);
    let text = repository().join("README.md").display().to_string();
    refuses(&run(&["-p", "x", "--model", &text], b""), 1, &["README.md"]);
    let long = "word ".repeat(400);
    refuses(&tiny(&["-p", &long], ""), 1, &["positions", "256", "hint: `--context"]);
    #[cfg(not(feature = "hub"))]
    refuses(
        &run(&["-p", "x", "--model", "hf:a/b/c.gguf"], b""),
        1,
        &["without the feature `hub`", "hint: "],
    );
    #[cfg(feature = "hub")]
    refuses(&run(&["-p", "x", "--model", "hf:a/../c.gguf"], b""), 2, &["hf:OWNER/REPO/FILE.gguf"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let model = repository().join("data/tiny.gguf").display().to_string();
    let options = ["--model", &model, "-p", "And God said", "--temperature", "0"];
    let mut child = command(&options).spawn().expect("the chat runs");
    drop(child.stdin.take());
    let mut first = [0];
    child.stdout.take().expect("it has an output").read_exact(&mut first).expect("it answers");
    let output = child.wait_with_output().expect("the chat ends");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The small model, if it is there.
fn small_model() -> Option<PathBuf> {
    let cache = std::env::var_os("RUST_FOR_AI_CACHE").map(PathBuf::from).or_else(|| {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        base.or(home).map(|base| base.join("rust-for-ai"))
    });
    let path = cache?.join("models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let needed = std::env::var("RUST_FOR_AI_NEEDS_MODEL").is_ok_and(|word| word == "1");
    assert!(path.is_file() || !needed, "no `{}`; `cargo lab model` fetches it", path.display());
    path.is_file().then_some(path)
}

#[test]
#[cfg(unix)]
fn a_person_at_a_terminal_is_served() {
    let Some(model) = small_model() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terminal");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let output = Command::new("python3")
        .arg(repository().join("apps/tests/terminal.py"))
        .arg(env!("CARGO_BIN_EXE_chat"))
        .args([&model, &folder])
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
