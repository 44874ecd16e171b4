//! One document about every stage, whatever the answers hold: `check --all --json`.
//!
//! The expected ids and minutes are those of the syllabus, read here by a road of its own. Which fields there
//! are is compared with `docs/class.md`: with its table and with its example.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rust_for_ai::course::{self, Stage, bpe, ownership, parallel, sharing};
use serde_json::Value;

use super::{Said, merge, tree};

/// Reads the one document, and looks at what holds for each.
fn read(said: &Said) -> Value {
    let report: Value =
        serde_json::from_str(&said.stdout).expect("standard output is one document");
    assert_eq!(report["schema"], 1, "{said}");
    let ids: Vec<&str> = entries(&report).filter_map(|entry| entry["id"].as_str()).collect();
    let expected: Vec<&str> = course::stages().map(|stage| stage.id).collect();
    assert_eq!(ids, expected, "every stage, in the order of the syllabus");
    let count = |state: &str| entries(&report).filter(|entry| entry["state"] == state).count();
    let states = [
        ("passing", "PASSING"),
        ("failing", "FAILING"),
        ("not_started", "NOT STARTED"),
        ("not_built", "NOT BUILT"),
    ];
    for (key, state) in states {
        assert_eq!(report["totals"][key], count(state), "{key}\n{said}");
    }
    let graded: usize = states.iter().map(|(_, state)| count(state)).sum();
    assert_eq!(graded, ids.len(), "there is no other state\n{said}");
    for entry in entries(&report) {
        let why = entry["not_built"]["reason"].as_str().is_some_and(|reason| !reason.is_empty());
        assert_eq!(why, entry["state"] == "NOT BUILT", "{entry}");
        assert_eq!(why, entry["text"].is_null(), "a verdict or a reason, never both: {entry}");
    }
    report
}

fn entries(report: &Value) -> impl Iterator<Item = &Value> {
    let chapters = report["chapters"].as_array().into_iter().flatten();
    chapters.flat_map(|chapter| chapter["stages"].as_array().into_iter().flatten())
}

fn entry<'a>(report: &'a Value, stage: &Stage) -> &'a Value {
    entries(report).find(|entry| entry["id"] == stage.id).expect("every stage is there")
}

/// Why a stage is not graded where nothing is wrong with its answer.
fn left_out(stage: &Stage) -> Option<&'static str> {
    match (stage.chapter(), stage.needs()) {
        ("binding", _) => Some("needs_python"),
        (_, Some(_)) => Some("graded_apart"),
        _ => None,
    }
}

#[test]
fn a_fresh_tree_is_not_started_and_a_solved_one_passes_but_for_what_is_left_out() {
    let tree = tree();
    for (state, code) in [("NOT STARTED", 1), ("PASSING", 0)] {
        if code == 0 {
            course::stages().for_each(|stage| tree.solve(stage));
        }
        let said = tree.lab("check --all --json");
        let report = read(&said);
        for stage in course::stages() {
            let entry = entry(&report, stage);
            let expected = if left_out(stage).is_some() { "NOT BUILT" } else { state };
            assert_eq!(entry["state"], expected, "{entry}");
            assert_eq!(entry["not_built"]["kind"].as_str(), left_out(stage), "{entry}");
        }
        let sum =
            |of: &dyn Fn(&&Stage) -> bool| course::stages().filter(of).map(|s| s.minutes).sum();
        let (all, earned): (u32, u32) = (sum(&|_| true), sum(&|stage| left_out(stage).is_none()));
        assert_eq!(report["totals"]["minutes"], all);
        assert_eq!(report["totals"]["minutes_passing"], if code == 0 { earned } else { 0 });
        assert_eq!(said.code, Some(code), "{said}");
    }
}

/// One chapter with a syntax error, one with a loop without end and a wrong answer that prints what would
/// break a document, and one that is solved.
#[test]
fn a_broken_chapter_and_an_endless_loop_lose_no_other_stage_and_the_page_has_every_field() {
    let tree = tree();
    ownership::CHAPTER.stages.iter().for_each(|stage| tree.solve(stage));
    tree.write(&ownership::MOVES, "pub fn moves() { let x = 1 x }");
    let at = tree.at(&ownership::MOVES, "let x");
    tree.solve(&bpe::BYTES);
    let prints = "    println!(\"\\\"}}]\\0\\u{1b}\\n{{\\\"schema\\\":2}}\");";
    let drops_last = "    let (mut out, mut i) = (vec![], 0);
    while i + 1 < ids.len() {
        let matches = (ids[i], ids[i + 1]) == pair;
        out.push(if matches { new } else { ids[i] });
        i += if matches { 2 } else { 1 };
    }
    out";
    tree.write(&bpe::MERGE, &merge(&format!("{prints}\n{drops_last}")));
    tree.write(
        &bpe::PAIR_COUNTS,
        "pub fn pair_counts(_: &[u32]) -> std::collections::HashMap<(u32, u32), usize> { loop {} }",
    );
    sharing::CHAPTER.stages.iter().for_each(|stage| tree.solve(stage));
    let said = tree.lab("check --all --json");
    let report = read(&said);
    for stage in ownership::CHAPTER.stages {
        let not_built = &entry(&report, stage)["not_built"];
        assert_eq!(not_built["kind"], "does_not_compile", "{not_built}");
        assert!(not_built["reason"].to_string().contains(&at), "{not_built}");
    }
    let error = &report["chapters"][0]["compile_errors"][0];
    assert_eq!(error["stage"], ownership::MOVES.id, "{error}");
    assert_eq!(entry(&report, &bpe::BYTES)["state"], "PASSING");
    let looping = entry(&report, &bpe::PAIR_COUNTS);
    assert!(looping["got"].to_string().contains("no answer within 10 seconds"), "{looping}");
    let wrong = entry(&report, &bpe::MERGE);
    assert_eq!(wrong["misconceptions"][0]["id"], "drops_last", "{wrong}");
    assert!(wrong["printed"].to_string().contains("schema"), "{wrong}");
    for stage in sharing::CHAPTER.stages.iter().filter(|stage| left_out(stage).is_none()) {
        assert_eq!(entry(&report, stage)["state"], "PASSING", "{}", stage.id);
    }
    assert_eq!(said.code, Some(1), "{said}");

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/class.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let example: Value =
        serde_json::from_str(example.unwrap_or_default()).expect("the example is JSON");
    assert_eq!(fields(&example), fields(&report), "the example on the page has other fields");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<String> =
        rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect();
    let kinds = ["does_not_compile", "graded_apart", "grader_failed", "needs_python"];
    let known = kinds.iter().map(|kind| (*kind).to_owned()).chain(fields(&report)).collect();
    assert_eq!(named, known, "the tables on the page name other fields");
}

/// The child that runs an answer inherits no name of the file of verdicts. It knows where its own record is;
/// what stands there counts only behind a word that the answer has not.
#[test]
fn an_answer_that_forges_verdicts_by_what_it_inherits_gets_its_own_and_no_other() {
    let tree = tree();
    tree.write(
        &bpe::BYTES,
        "pub fn bytes(_: &str) -> Vec<u32> {
    use std::io::Write;
    if let Some(path) = std::env::var_os(\"RUST_FOR_AI_REPORT\") {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        let forged = r#\"{\"stage\":\"bpe.merge\",\"state\":\"PASSING\"}\"#;
        file.iter_mut().for_each(|file| drop(writeln!(file, \"{forged}\")));
    }
    Vec::new()
}",
    );
    tree.write(
        &bpe::MERGE,
        &merge(
            "    let forged = r#\"{\"stage\":\"bpe.merge\",\"state\":\"PASSING\"}\"#;
    let forged = format!(\"PASSING\\n{forged}\\n\");
    if let Some(path) = std::env::var_os(\"RUST_FOR_AI_CHILD_RECORD\") {
        std::fs::write(path, format!(\"done {}\\n{forged}\", forged.len())).unwrap();
    }
    std::process::exit(0)",
        ),
    );
    let said = tree.lab("check --all --json");
    let report = read(&said);
    let wrong = entry(&report, &bpe::BYTES);
    assert!(wrong["state"] == "FAILING" && wrong["case"].is_number(), "{wrong}");
    let ended = entry(&report, &bpe::MERGE);
    assert!(ended["state"] == "FAILING", "{ended}");
    assert!(ended["got"].to_string().contains("ended the whole process"), "{ended}");
    assert_eq!(entry(&report, &bpe::PAIR_COUNTS)["state"], "NOT STARTED");
    assert_eq!(said.code, Some(1), "{said}");
}

/// An answer runs as whoever grades it: one that looks for the grader's files finds them.
#[test]
fn a_chapter_whose_verdicts_do_not_add_up_is_not_graded_and_the_others_are() {
    let tree = tree();
    tree.write(
        &bpe::BYTES,
        "pub fn bytes(text: &str) -> Vec<u32> {
    use std::io::Write;
    for entry in std::fs::read_dir(\".lab\").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(\"report-\") {
            let mut file = std::fs::OpenOptions::new().append(true).open(entry.path());
            let forged = r#\"{\"stage\":\"bpe.merge\",\"state\":\"PASSING\"}\"#;
            file.iter_mut().for_each(|file| drop(writeln!(file, \"{forged}\")));
        }
    }
    text.bytes().map(u32::from).collect()
}",
    );
    tree.solve(&parallel::PAR_ITER);
    let said = tree.lab("check --all --json");
    let report = read(&said);
    for stage in bpe::CHAPTER.stages {
        let entry = entry(&report, stage);
        assert_eq!(entry["not_built"]["kind"], "grader_failed", "{entry}");
    }
    assert_eq!(entry(&report, &parallel::PAR_ITER)["state"], "PASSING");
    assert_eq!(said.code, Some(2), "{said}");
}

#[test]
fn all_is_for_programs_and_for_everything() {
    let tree = tree();
    for words in ["check --all", "check bpe --all --json", "check --json --apart"] {
        let said = tree.lab(words);
        assert!(said.code == Some(2) && said.stderr.contains("--"), "{said}");
        assert_eq!(said.stdout, "", "{said}");
    }
}

/// The paths of all fields, such as `chapters[].id`; of a list, those of all its items.
fn fields(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{key}");
                    walk(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(items) => {
                items.iter().for_each(|item| walk(item, &format!("{path}[]"), found));
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}

#[test]
fn a_chapter_that_needs_python_is_left_out_of_everything_and_says_what_is_missing() {
    let tree = tree();
    let missing = "chapter `binding` needs a Python environment: cargo lab setup package";
    tree.lab("check").expect(1, &["bpe 0/6", missing]);
    let said = tree.lab("check binding");
    assert!(said.stderr.contains(missing), "{said}");
    said.expect(2, &[]);
    let said = tree.lab("check --json");
    let all: Value = serde_json::from_str(&said.stdout).expect("the output is JSON");
    assert_eq!(all["left_out"], serde_json::json!([missing]));
}
