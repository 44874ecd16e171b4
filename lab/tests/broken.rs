//! Whatever a learner's file holds, `lab` says what is wrong with it and goes on working.
//!
//! The tests work on a copy of the whole tree, with exercises of its own, below the target folder. The
//! copy and what is built from it stay there, so that the next run builds little; the tests take
//! turns. `lab` is always called from a subfolder, as from an editor's terminal.
//!
//! A kernel that enforces no memory limit (macOS, Windows) lets an answer have its 10 GB, so what is
//! said of memory is tested on Linux alone.

#[path = "support/copy.rs"]
mod copy;
#[path = "broken/report.rs"]
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use lab::place::Place;
use lab::store::{Lock, Real};
use lab::stubs;
use rust_for_ai::course::{self, Stage, bpe};
use serde_json::Value;

/// The copy of the tree.
struct Tree {
    place: Place,
    target: PathBuf,
    _alone: Lock,
}

/// The tree as it is given to a learner: all stubs, no progress.
fn tree() -> MutexGuard<'static, Tree> {
    static TREE: LazyLock<Mutex<Tree>> = LazyLock::new(|| Mutex::new(Tree::copy()));
    let tree = TREE.lock().unwrap_or_else(PoisonError::into_inner);
    stubs::write(&tree.place, &Real).expect("the stubs can be written");
    if tree.place.state("").exists() {
        fs::remove_dir_all(tree.place.state("")).expect("the progress can be removed");
    }
    tree
}

impl Tree {
    fn copy() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken");
        let alone = Lock::wait(&folder.join("lock")).expect("the copy can be locked");
        let root = folder.join("tree");
        copy::renew(&root);
        Self { place: Place::at(root), target: folder.join("target"), _alone: alone }
    }

    /// Replaces what follows the essay of a stage's file.
    fn write(&self, stage: &Stage, code: &str) {
        let stub = stubs::of(&self.place, stage).expect("the solution gives a stub");
        let essay: Vec<&str> = stub.lines().take_while(|line| line.starts_with("//!")).collect();
        let text = format!("{}\n\n{}\n", essay.join("\n"), code.trim());
        fs::write(self.place.exercise(stage), text).expect("an answer can be written");
    }

    /// Where something stands in a stage's file, as messages say it.
    fn at(&self, stage: &Stage, code: &str) -> String {
        let text = fs::read_to_string(self.place.exercise(stage)).expect("the answer is there");
        let line = text.lines().position(|line| line.contains(code)).expect("the code is in it");
        format!("{}:{}:", stage.exercise(), line + 1)
    }

    fn solve(&self, stage: &Stage) {
        fs::copy(self.place.solution(stage), self.place.exercise(stage))
            .expect("a solution can be copied");
    }

    fn lab(&self, words: &str) -> Said {
        let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"));
        lab.args(words.split(' ')).current_dir(self.place.join("exercises/bpe"));
        self.run(&mut lab)
    }

    fn cargo(&self, words: &str) -> Said {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(words.split(' ')).current_dir(self.place.root());
        self.run(&mut cargo)
    }

    fn run(&self, command: &mut Command) -> Said {
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
        let Output { status, stdout, stderr } = command.output().expect("the program runs");
        Said {
            what: format!("{command:?}"),
            code: status.code(),
            stdout: String::from_utf8(stdout).expect("it prints text"),
            stderr: String::from_utf8(stderr).expect("it prints text"),
        }
    }
}

/// What a program said.
struct Said {
    what: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    /// All of these parts, in this order, on standard output, and this exit code.
    fn expect(&self, code: i32, parts: &[&str]) -> &Self {
        let mut rest = self.stdout.as_str();
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => panic!("`{part}` is not said, or not in this order\n{self}"),
            }
        }
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    fn expect_never(&self, part: &str) -> &Self {
        assert!(!self.stdout.contains(part) && !self.stderr.contains(part), "`{part}`\n{self}");
        self
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, code, stdout, stderr } = self;
        write!(f, "{what} ended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

// --- it does not compile ------------------------------------------------------------------------

#[test]
fn a_syntax_error_is_shown_with_its_file_and_line_and_all_else_still_works() {
    let tree = tree();
    tree.write(
        &bpe::MERGE,
        "pub fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32> {
    let mut out = Vec::new()
    out
}",
    );
    let at = tree.at(&bpe::MERGE, "let mut out");
    let does_not_compile = format!("{at}29  does not compile: expected `;`");
    for check in ["check", "check bpe", "check merge"] {
        let said = tree.lab(check);
        said.expect(2, &[&does_not_compile, "help: add `;` here"]);
        assert!(said.stderr.contains("error: the answers do not compile"), "{said}");
    }
    // Another stage of the chapter: why it cannot be graded, and what to do.
    tree.lab("check bytes").expect(
        2,
        &[
            &does_not_compile,
            "hint: the stages of a chapter are compiled together",
            "cargo lab reset bpe.merge",
        ],
    );
    // A stage of another chapter is graded.
    tree.lab("check special_tokens").expect(1, &["real_tokenizers.special_tokens  NOT STARTED"]);
    let said = tree.lab("check --json");
    let json: Value = serde_json::from_str(&said.stdout).expect("the output is JSON");
    assert_eq!(json["compile_errors"][0]["at"], format!("{at}29"), "{said}");

    tree.lab("status").expect(
        0,
        &[
            "bpe  0/6",
            &at,
            "does not compile, so no stage of `bpe` can be graded",
            "next: bpe.bytes",
        ],
    );
    tree.lab("hint merge").expect(0, &["bpe.merge", "1 of 3, the concept:"]);
    tree.lab("solution merge").expect(1, &["bpe.merge does not pass yet"]);

    let broken = fs::read(tree.place.exercise(&bpe::MERGE)).expect("the answer is there");
    tree.lab("reset merge")
        .expect(0, &["is as it was given; your answer is kept in .lab/backups/bpe.merge"]);
    tree.lab("check merge").expect(1, &["bpe.merge  NOT STARTED"]);
    tree.lab("undo").expect(0, &["exercises/bpe/merge.rs holds your answer again"]);
    let back = fs::read(tree.place.exercise(&bpe::MERGE)).expect("the answer is there");
    assert!(back == broken, "the answer came back changed");
}

#[test]
fn a_type_error_is_shown_with_its_file_and_line() {
    let tree = tree();
    tree.write(
        &bpe::MERGE,
        "pub fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32> {
    let merged: Vec<String> = Vec::new();
    merged
}",
    );
    let at = tree.at(&bpe::MERGE, "    merged");
    tree.lab("check merge").expect(
        2,
        &[
            &format!("{at}5  does not compile: mismatched types"),
            "expected `Vec<u32>`, found `Vec<String>`",
            "hint: `rustc --explain E0308`",
        ],
    );
}

/// What calls the answer is the grader and the list of modules, which a learner never sees: so not
/// the place of the error is shown but what the stage asks for.
#[test]
fn an_answer_with_another_signature_or_none_is_shown_what_the_stage_asks_for() {
    let tree = tree();
    let asked_for =
        "  asked for   pub fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32>\n";
    let cases = [
        (
            "pub fn merge(ids: Vec<u32>, pair: (u32, u32), new: u32) -> Vec<u32> { ids }",
            "type mismatch",
        ),
        ("pub fn merge(ids: &[u32], pair: (u32, u32)) -> Vec<u32> { vec![] }", "take 3 arguments"),
        (
            "pub fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<usize> { vec![] }",
            "`Vec<usize>`",
        ),
        ("fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32> { vec![] }", "private"),
        ("", "unresolved import"),
    ];
    for (code, message) in cases {
        tree.write(&bpe::MERGE, code);
        let said = tree.lab("check merge");
        let headline = "exercises/bpe/merge.rs  is not what the stage asks for: ";
        said.expect(
            2,
            &[headline, message, asked_for, "hint: put it back", "cargo lab reset bpe.merge"],
        );
        let head = code.split(" {").next().unwrap_or_default();
        let yours = format!("  yours       {head}\n");
        assert_eq!(said.stdout.contains(&yours), !code.is_empty(), "{said}");
        said.expect_never("tests/bpe.rs").expect_never("macro");
    }
    // The others say whose file it is.
    tree.lab("check bytes").expect(2, &["exercises/bpe/merge.rs", asked_for]);
    tree.lab("status").expect(0, &["exercises/bpe/merge.rs does not compile"]);
}

// --- it compiles, and then ----------------------------------------------------------------------

/// `merge` with this body.
fn merge(body: &str) -> String {
    format!("pub fn merge(ids: &[u32], pair: (u32, u32), new: u32) -> Vec<u32> {{\n{body}\n}}")
}

/// The first case; an answer that does not come back never sees another one.
const FIRST_CALL: &str = "call        merge(&[], (0, 0), 2)\n";

#[test]
fn an_answer_that_never_comes_back_is_a_verdict_with_the_call_and_the_cause() {
    let tree = tree();
    tree.solve(&bpe::BYTES);
    let cases: &[(&str, &str, &str)] = &[
        (
            "    let mut i = 0;\n    while i < 10 { if ids.is_empty() { continue; } i += 1; }\n    vec![]",
            "no answer within 10 seconds; the call was stopped",
            "a loop that never ends",
        ),
        (
            "    let rest = merge(ids, pair, new);\n    [rest, vec![new]].concat()",
            "the stack overflowed",
            "a function that calls itself",
        ),
        (
            "    std::process::exit(0)",
            "the answer ended the whole process with exit code 0",
            "return a value",
        ),
        #[cfg(target_os = "linux")] // See the top of this file.
        (
            "    let bytes = vec![0u8; 10 << 30];\n    bytes.iter().map(|byte| u32::from(*byte)).collect()",
            "out of memory: asked for 10.0 GiB at once, and may have 2.0 GiB in all",
            "an answer needs memory in proportion to its input",
        ),
    ];
    for &(body, got, rule) in cases {
        tree.write(&bpe::MERGE, &merge(body));
        let said = tree.lab("check merge");
        said.expect(1, &["bpe.merge  FAILING", "case 1 differs", rule, FIRST_CALL, got]);
        said.expect(1, &["hint: `cargo lab hint bpe.merge`"]).expect_never("your code printed");
    }
    tree.lab("check bpe.bytes").expect(0, &["bpe.bytes  PASSING", "next: bpe.pair_counts"]);
}

#[test]
#[cfg(target_os = "linux")] // See the top of this file.
fn an_answer_that_pushes_without_end_is_stopped_before_the_machine_is() {
    let tree = tree();
    tree.write(&bpe::MERGE, &merge("    let mut out = vec![];\n    loop { out.push(new); }"));
    let said = tree.lab("check merge");
    said.expect(1, &["bpe.merge  FAILING", FIRST_CALL, "got  "]);
    // On a slow machine the deadline comes first.
    let ends = ["out of memory: asked for 2.0 GiB at once", "no answer within 10 seconds"];
    assert!(ends.iter().any(|end| said.stdout.contains(end)), "{said}");
}

#[test]
fn a_panic_is_shown_with_its_file_and_line_and_the_call() {
    let tree = tree();
    tree.write(&bpe::MERGE, &merge("    (0..=ids.len()).map(|i| ids[i]).collect()"));
    let at = tree.at(&bpe::MERGE, "0..=ids.len()");
    tree.lab("check merge").expect(
        1,
        &[
            "bpe.merge  FAILING",
            FIRST_CALL,
            "expected    []",
            &format!("got         panicked at {at}"),
            "index out of bounds: the len is 0 but the index is 0",
        ],
    );
    tree.lab("check bytes").expect(1, &["bpe.bytes  NOT STARTED"]);
    // A panic inside of the standard library: the place is where the answer called it.
    tree.write(&bpe::MERGE, &merge("    vec![0; \"é\".split_at(ids.len() + 1).0.len()]"));
    let at = tree.at(&bpe::MERGE, "split_at");
    tree.lab("check merge").expect(1, &[&format!("got         panicked at {at}")]);
}

#[test]
fn what_an_answer_prints_in_the_failing_call_is_shown() {
    let tree = tree();
    tree.write(
        &bpe::MERGE,
        &merge(
            "    println!(\"I see {ids:?}\");\n    dbg!(new);\n    for i in 0..30 { println!(\"line {i}\"); }\n    ids.to_vec()",
        ),
    );
    let printed = "your code printed, in the last call:\n  …\n  line 10\n";
    let said = tree.lab("check merge");
    said.expect(1, &["merge(&[0, 0], (0, 0), 2)", printed, "\n  line 29\n", "new = 2"]);
    said.expect_never("line 9").expect_never("\u{1e}");
    let said = tree.lab("check merge --json");
    let json: Value = serde_json::from_str(&said.stdout).expect("the output is JSON");
    let printed = json["stages"][0]["printed"].as_str().unwrap_or_default();
    assert!(printed.starts_with("…\nline 10\n") && printed.ends_with("new = 2"), "{said}");

    tree.write(&bpe::MERGE, &merge("    println!(\"I see {ids:?}\");\n    ids.to_vec()"));
    let said = tree.cargo("test --test bpe exercises::bpe.merge");
    said.expect(101, &["your code printed, in the last call:\n  I see [0, 0]\n"]);
    said.expect_never("I see [0]\n").expect_never("I see []");
}

// --- cargo test ---------------------------------------------------------------------------------

#[test]
fn a_pristine_tree_is_green_without_a_warning_and_red_when_the_ignored_are_included() {
    let tree = tree();
    let said = tree.cargo("test --test bpe --test curriculum");
    let summary = "bpe 0/6, 6 not started, next: bytes\n";
    said.expect(0, &["test result: ok.", "0 failed; 6 ignored", summary]);
    said.expect_never("warning").expect_never("panicked");
    let strict = tree.cargo("test --test bpe -- --include-ignored");
    strict.expect(101, &["FAILED", "open exercises/bpe/bytes.rs", "6 failed; 0 ignored", summary]);
    assert!(!tree.place.state("").exists(), "`cargo test` keeps no state");
}

#[test]
fn a_half_solved_tree_is_graded_as_it_is() {
    let tree = tree();
    tree.solve(&bpe::BYTES);
    tree.solve(&bpe::PAIR_COUNTS);
    tree.write(&bpe::MERGE, &merge("    ids.to_vec()"));
    let said = tree.cargo("test --test bpe");
    said.expect(101, &["case 10 differs", "bpe 2/6, 1 failing, 3 not started, next: best_pair\n"]);
    said.expect(101, &["8 passed; 1 failed; 3 ignored"]);
    tree.lab("check").expect(1, &["bpe.merge  FAILING", "bpe 2/6, 1 failing, 3 not started"]);
    tree.lab("status").expect(0, &["✓ bpe.bytes", "✗ bpe.merge", "next: bpe.best_pair"]);
}

#[test]
fn a_reference_answer_that_is_not_written_fails_instead_of_being_ignored() {
    let tree = tree();
    let path = tree.place.solution(&bpe::MERGE);
    let reference = fs::read(&path).expect("the reference answer");
    let stub = stubs::of(&tree.place, &bpe::MERGE).expect("the solution gives a stub");
    // An unused parameter is a warning there, and no error.
    fs::write(&path, stub).expect("a solution of the copy can be written");
    let said = tree.cargo("test --test bpe -- solutions::bpe.merge");
    fs::write(&path, reference).expect("and written back");
    said.expect(101, &["solutions::bpe.merge ... FAILED", "bpe.merge  NOT STARTED"]);
}

#[test]
fn a_deleted_answer_counts_as_unsolved_and_can_be_put_back() {
    let tree = tree();
    tree.solve(&bpe::BYTES);
    tree.lab("check bytes").expect(0, &["bpe.bytes  PASSING"]);
    fs::remove_file(tree.place.exercise(&bpe::MERGE)).expect("an answer can be deleted");
    let missing = "exercises/bpe/merge.rs is missing";
    tree.lab("check").expect(2, &[missing, "cargo lab reset bpe.merge"]);
    tree.lab("status").expect(0, &["bpe  0/6", "? bpe.bytes", "does not compile"]);
    tree.lab("reset merge").expect(0, &["was missing; it is as it was given"]);
    tree.lab("status").expect(0, &["bpe  1/6", "✓ bpe.bytes"]);
}

#[test]
fn an_undo_is_done_once_and_takes_nothing_newer() {
    let tree = tree();
    tree.solve(&bpe::MERGE);
    tree.lab("reset merge").expect(0, &["your answer is kept in"]);
    tree.lab("undo").expect(0, &["holds your answer again"]);
    let path = tree.place.exercise(&bpe::MERGE);
    let newer = fs::read_to_string(&path).expect("the answer") + "// newer\n";
    fs::write(&path, &newer).expect("an answer can be edited");
    let said = tree.lab("undo");
    assert!(said.code == Some(2) && said.stderr.contains("nothing to undo"), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("the answer"), newer);
}

#[test]
fn a_stage_that_fails_for_an_earlier_one_says_so() {
    let tree = tree();
    for stage in [&bpe::BYTES, &bpe::PAIR_COUNTS, &bpe::BEST_PAIR, &bpe::TRAIN] {
        tree.solve(stage);
    }
    tree.write(&bpe::MERGE, &merge("    vec![new]"));
    tree.lab("check train").expect(1, &["bpe.train  FAILING", "first of all: bpe.merge"]);
}

#[test]
fn a_repair_begins_as_the_bug_that_was_found_and_tells_where_once_it_is_mended() {
    let tree = tree();
    let repairs = || course::stages().filter(|stage| stage.name().starts_with("repair_"));
    for stage in repairs() {
        let todo = format!("todo!({:?});", stage.id);
        let stub = stubs::of(&tree.place, stage).expect("the solution gives a stub");
        let (before, bug) = stub.split_once(&todo).expect("a repair's stub begins with `todo!`");
        fs::write(tree.place.exercise(stage), [before, bug].concat()).expect("it can be written");
    }
    let said = tree.lab("check --json");
    let begun: Value = serde_json::from_str(&said.stdout).expect("the output is JSON");
    repairs().for_each(|stage| tree.solve(stage));
    let said = tree.lab("check --json");
    let mended: Value = serde_json::from_str(&said.stdout).expect("the output is JSON");
    for stage in repairs() {
        let verdict = |checked: &Value| {
            let mut stages = checked["stages"].as_array().into_iter().flatten();
            stages.find(|verdict| verdict["stage"] == stage.id).expect("a verdict").clone()
        };
        let (begun, mended) = (verdict(&begun), verdict(&mended));
        assert_eq!(begun["state"], "FAILING", "{}", begun["text"]);
        assert_eq!(begun["misconceptions"][0]["id"], "as_found", "{}", begun["text"]);
        assert_eq!(mended["state"], "PASSING", "{}", mended["text"]);
        for real in stage.solved {
            let told = |verdict: &Value| verdict["text"].to_string().contains(real.at);
            assert!(told(&mended) && !told(&begun), "{}: {}", stage.id, real.at);
        }
    }
}
