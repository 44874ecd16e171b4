//! What the interview reading says is so, or this test names the line.
//!
//! The pages in `interview/` are for tired people, who believe what they read. So each figure is a link to a
//! record in `interview/measured/`, which says by which command and on which machine it was taken; or it is
//! computed in a block of arithmetic, which is computed again here; or it stands inside a link to its source.
//! Each snippet is compiled and run, those that must not compile by their codes. Each stage, command and file
//! that a page points to is there.
//!
//! The README states figures, too; there each is a link to its record, titled with the figure's id.
//!
//! Beside each rule stand faults: changes to the pages in memory that the rule must notice.
//!
//! ```text
//! cargo test --test reading
//! RUST_FOR_AI_READING=write cargo test --test reading     first rewrite the definitions of links
//! ```
//!
//! What is not looked at: whether an address on the web still answers, and whether a record is what a run
//! prints today. `page` in a record names a page that states the same figures, and there they must stand.

#[path = "reading/figures.rs"]
mod figures;
#[path = "reading/json.rs"]
mod json;
#[path = "reading/page.rs"]
mod page;
#[path = "reading/pointers.rs"]
mod pointers;
#[path = "reading/snippets.rs"]
mod snippets;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use rust_for_ai::interview::{Level, questions};

/// What must hold, and what shows that it need not.
struct Rule {
    /// What holds.
    name: &'static str,
    /// A line for each place where it does not.
    problems: fn(&Reading) -> Vec<String>,
    /// Changes that break it.
    faults: &'static [fn(&mut Reading)],
}

const FORM: &[Rule] = &[
    Rule {
        name: "each page has its form, and answers that can be said in their time",
        problems: form,
        faults: &[
            |r| r.edit("mid", "**The trap**\n", ""),
            |r| r.edit("mid", "*Answer aloud before you read on.*", "Read on."),
            |r| {
                r.edit(
                    "mid",
                    "**In two minutes**\n",
                    &format!("**In two minutes**\n{}", "so ".repeat(360)),
                )
            },
            |r| {
                r.edit(
                    "mid",
                    "In 30 seconds</summary>\n",
                    &format!("In 30 seconds</summary>\n{}", "so ".repeat(99)),
                )
            },
            |r| r.edit("mid", "| strong |", "| great |"),
        ],
    },
    Rule {
        name: "the questions that everybody asks are there, word for word",
        problems: asked,
        faults: &[|r| r.edit("mid", "for certain AI components?", "for AI?")],
    },
];

fn rules() -> impl Iterator<Item = &'static Rule> {
    [FORM, figures::RULES, snippets::RULES, pointers::RULES].into_iter().flatten()
}

#[test]
fn what_the_reading_says_is_so() {
    let reading = reading();
    let mut report = String::new();
    for rule in rules() {
        let problems = (rule.problems)(reading);
        if !problems.is_empty() {
            report += &format!("\nbroken: {}\n  {}\n", rule.name, problems.join("\n  "));
        }
    }
    assert!(report.is_empty(), "the reading says what is not so\n{report}");
}

#[test]
fn every_rule_can_fail() {
    let reading = reading();
    let mut unnoticed = Vec::new();
    for rule in rules() {
        let before = (rule.problems)(reading);
        assert!(!rule.faults.is_empty(), "no fault shows that this can fail: {}", rule.name);
        for (number, fault) in (1..).zip(rule.faults) {
            let mut faulty = reading.clone();
            fault(&mut faulty);
            if !(rule.problems)(&faulty).iter().any(|problem| !before.contains(problem)) {
                unnoticed.push(format!("fault {number} of: {}", rule.name));
            }
        }
    }
    assert_eq!(unnoticed, [""; 0], "these go unnoticed");
}

/// The reading, once its generated parts are rewritten, if that is asked for.
fn reading() -> &'static Reading {
    static READING: OnceLock<Reading> = OnceLock::new();
    READING.get_or_init(|| {
        if std::env::var("RUST_FOR_AI_READING").is_ok_and(|word| word == "write") {
            for (path, text) in pointers::written(&Reading::read()) {
                fs::write(root().join(path), text).expect("the reading can be written");
            }
        }
        Reading::read()
    })
}

/// The pages, the records, and what they point to.
#[derive(Clone)]
struct Reading {
    /// By the name of the level.
    pages: BTreeMap<&'static str, String>,
    /// `interview/measured/NAME.json`, by its name.
    records: BTreeMap<String, String>,
    /// What rustdoc is told of labels.
    links: String,
    /// The README, which states figures as well.
    front: String,
    /// The plot on it.
    plot: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

impl Reading {
    fn read() -> Self {
        let page = |level: Level| (level.name(), file(&format!("interview/{}.md", level.name())));
        let folder = fs::read_dir(root().join("interview/measured")).expect("there are records");
        let records = folder.map(|entry| {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a record can be read"))
        });
        Self {
            pages: Level::ALL.into_iter().map(page).collect(),
            records: records.collect(),
            links: file("src/interview/links.md"),
            front: file("README.md"),
            plot: file("docs/race.svg"),
        }
    }

    /// For faults: changes a page once.
    fn edit(&mut self, page: &str, from: &str, to: &str) {
        let text = self.pages.get_mut(page).expect("a fault names a page");
        assert!(text.contains(from), "a fault expects `{from}` in {page}");
        *text = text.replacen(from, to, 1);
    }

    /// For faults: changes a record once.
    fn edit_record(&mut self, record: &str, from: &str, to: &str) {
        let text = self.records.get_mut(record).expect("a fault names a record");
        assert!(text.contains(from), "a fault expects `{from}` in {record}");
        *text = text.replacen(from, to, 1);
    }
}

/// Words that can be said in 30 seconds and in two minutes, a little fast.
const SHORT: usize = 105;
const LONG: usize = 340;

fn form(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, text) in &reading.pages {
        let found = match questions(text) {
            Ok(found) => found,
            Err(error) => {
                problems.push(format!("interview/{name}.md: {error}"));
                continue;
            }
        };
        for question in found {
            let mut expect = |holds: bool, what: &str| {
                if !holds {
                    problems.push(format!(
                        "interview/{name}.md: `{}`: expected {what}",
                        question.title
                    ));
                }
            };
            let (short, long) = (spoken(question.short), spoken(question.long));
            expect(short <= SHORT, &format!("at most {SHORT} words in 30 seconds, got {short}"));
            expect(long <= LONG, &format!("at most {LONG} words in two minutes, got {long}"));
            let rows = ["| weak |", "| sound |", "| strong |"];
            let follow = question.follow_ups.len();
            expect(
                rows.iter().all(|row| question.rubric.contains(row)),
                "three rows in the rubric",
            );
            expect((4..=12).contains(&follow), &format!("four to twelve follow-ups, got {follow}"));
            expect(
                question.show.lines().any(|line| line.starts_with("- ")),
                "a list of what shows it",
            );
        }
    }
    problems
}

/// How many words are said aloud of a part: not those of blocks and addresses.
fn spoken(part: &str) -> usize {
    let (_, lines) = page::parts(part);
    let said = |line: &page::Line<'_>| -> usize {
        let words = |piece: page::Piece<'_>| match piece {
            page::Piece::Words(text)
            | page::Piece::Labelled(text, _)
            | page::Piece::Linked(text, _) => {
                text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
            }
            page::Piece::Code(_) => 1,
        };
        page::pieces(line.text).into_iter().map(words).sum()
    };
    lines.iter().map(said).sum()
}

/// Questions that are asked in these words.
const ASKED: &[(&str, &str)] = &[
    ("mid", "Why use Rust over Python for certain AI components?"),
    ("senior", "Explain how PyO3 allows calling Rust from Python."),
    ("senior", "What is the difference between RefCell and Mutex in Rust?"),
    ("senior", "How does Rust handle concurrency differently from Python?"),
    ("principal", "Design a high-performance inference sidecar using Rust."),
];

fn asked(reading: &Reading) -> Vec<String> {
    let missing = ASKED.iter().filter(|(page, title)| {
        !reading.pages[page].lines().any(|line| line.strip_prefix("## ") == Some(title))
    });
    missing.map(|(page, title)| format!("interview/{page}.md: expected `## {title}`")).collect()
}
