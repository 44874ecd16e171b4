//! Rules for what a page points to: stages, commands, files, records, other pages.

use std::collections::BTreeSet;

use rust_for_ai::course;

use crate::page::{GENERATED, Piece, parts, pieces};
use crate::{Reading, Rule, file, root};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "each stage that a page names is in the syllabus",
        problems: stages_are_there,
        faults: &[
            |r| r.edit("mid", "`ownership.moves`", "`ownership.dances`"),
            |r| r.edit("mid", "cargo lab check bpe.bytes", "cargo lab check bpe.bites"),
            |r| r.edit("mid", "`ownership.moves`", "`sidecar.admission`"),
        ],
    },
    Rule {
        name: "each command and file that a page names is there",
        problems: commands_are_there,
        faults: &[
            |r| r.edit("mid", "--bin figures", "--bin figure"),
            |r| r.edit("mid", "cargo test --test reading", "cargo test --test writing"),
            |r| r.edit("mid", "python python/bench/calls.py", "python python/bench/call.py"),
            |r| r.edit("mid", "cargo lab chat", "cargo lab dance"),
            |r| r.edit("mid", "`python/tests/test_errors.py`", "`python/tests/test_terrors.py`"),
            |r| {
                r.edit_record(
                    "calls",
                    "python python/bench/calls.py",
                    "python python/bench/call.py",
                )
            },
        ],
    },
    Rule {
        name: "links are defined, for a forge and for rustdoc (mend: RUST_FOR_AI_READING=write)",
        problems: links_are_defined,
        faults: &[
            |r| r.edit("mid", "\n[calls.empty]: ", "\n[calls.full]: "),
            |r| r.edit("mid", "[senior.md]", "[junior.md]"),
            |r| r.edit("mid", "](https://", "](http://"),
            |r| r.links = r.links.replacen("calls.empty", "calls.full", 1),
            |r| drop(r.records.insert("new".to_owned(), String::new())),
        ],
    },
];

/// Chapters that are planned and not there; a page says so in words.
const PLANNED: &[&str] = &["frames", "frameworks", "sidecar"];

/// Each piece of code in line and each line of `sh`, with its place.
fn codes(reading: &Reading) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, text) in &reading.pages {
        let (blocks, lines) = parts(text);
        for line in &lines {
            for piece in pieces(line.text) {
                if let Piece::Code(code) = piece {
                    found.push((format!("interview/{name}.md:{}", line.number), code.to_owned()));
                }
            }
        }
        for block in blocks.iter().filter(|block| block.info == "sh") {
            let place = format!("interview/{name}.md:{}", block.line);
            found.extend(block.body.lines().map(|line| (place.clone(), line.to_owned())));
        }
    }
    found
}

fn stages_are_there(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (place, code) in codes(reading) {
        for word in code.split_whitespace() {
            let Some((chapter, name)) = word.split_once('.') else { continue };
            let is_word = |text: &str| {
                text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            let is_id = is_word(chapter) && is_word(name) && !name.is_empty() && name != "rs";
            let is_chapter = course::chapter(chapter).is_some() || PLANNED.contains(&chapter);
            if is_id && is_chapter && course::stage(word).is_none() {
                problems.push(format!("{place}: no stage `{word}`"));
            }
        }
    }
    problems
}

fn commands_are_there(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    let manifest = file("Cargo.toml");
    let own = file("lab/src/commands/mod.rs").to_lowercase();
    let recorded = reading.records.iter().filter_map(|(name, text)| {
        let command = crate::json::Json::parse(text).ok()?.text("command")?.to_owned();
        Some((format!("interview/measured/{name}.json"), command))
    });
    for (place, code) in codes(reading).into_iter().chain(recorded) {
        let words: Vec<&str> = code.split_whitespace().collect();
        let after = |flag: &str| {
            words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1))
        };
        let there = match words[..] {
            ["cargo", "lab", command, ..] => {
                own.contains(&format!("\n    {command},"))
                    || own.contains(&format!("\n    {command} {{"))
                    || own.contains(&format!("\n    {command}("))
            }
            ["cargo", "test", ..] => after("--test")
                .is_none_or(|name| manifest.contains(&format!("\nname = \"{name}\""))),
            ["cargo", "run", ..] => after("--bin").is_some_and(|name| {
                after("-p") == Some(&"bench")
                    && root().join(format!("bench/src/bin/{name}.rs")).exists()
            }),
            ["cargo"] | ["cargo", "lab"] | ["cargo", "doc" | "build" | "miri", ..] => true,
            ["cargo", ..] => false,
            ["python", path, ..] => root().join(path).exists(),
            [path] if is_path(path) => root().join(path).exists(),
            _ => true,
        };
        if !there {
            problems.push(format!("{place}: `{code}` leads nowhere"));
        }
    }
    problems
}

fn is_path(word: &str) -> bool {
    let endings = ["rs", "py", "md", "json", "toml", "ipynb", "gguf", "yml"];
    word.contains('/') && word.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

fn links_are_defined(reading: &Reading) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, text) in &reading.pages {
        for line in parts(text).1 {
            for piece in pieces(line.text) {
                match piece {
                    Piece::Linked(_, address) if !address.starts_with("https://") => {
                        problems.push(format!(
                            "interview/{name}.md:{}: expected `https://`, got `{address}`",
                            line.number
                        ))
                    }
                    Piece::Labelled(_, label) if target(reading, label).is_none() => problems.push(
                        format!("interview/{name}.md:{}: `{label}` leads nowhere", line.number),
                    ),
                    _ => {}
                }
            }
        }
    }
    let shown = file("src/interview/mod.rs");
    for name in reading.records.keys() {
        if !shown.contains(&format!("measured/{name}.json")) {
            problems.push(format!("src/interview/mod.rs: `measured/{name}.json` is not shown"));
        }
    }
    for (path, wanted) in written(reading) {
        let now = match path.strip_prefix("interview/").and_then(|path| path.strip_suffix(".md")) {
            Some(name) => reading.pages.get(name),
            None => Some(&reading.links),
        };
        if now != Some(&wanted) {
            problems.push(format!("{path}: the definitions of links are not current"));
        }
    }
    problems
}

/// Where a label leads, on a forge and in rustdoc.
fn target(reading: &Reading, label: &str) -> Option<(String, String)> {
    if let Some(name) = label.strip_suffix(".md") {
        let known = reading.pages.contains_key(name);
        return known.then(|| (label.to_owned(), format!("crate::interview::{name}")));
    }
    let (record, id) = label.split_once('.')?;
    let lines = reading.records.get(record)?.lines();
    let entry = format!("\"id\": \"{id}\"");
    let line = 1 + lines.into_iter().position(|line| line.contains(&entry))?;
    Some((
        format!("measured/{record}.json#L{line}"),
        format!("crate::interview::measured#{record}"),
    ))
}

/// The files with definitions of links, as they should be.
pub(crate) fn written(reading: &Reading) -> Vec<(String, String)> {
    let mut all = BTreeSet::new();
    let mut files = Vec::new();
    for (name, text) in &reading.pages {
        let mut labels = BTreeSet::new();
        for line in parts(text).1 {
            labels.extend(pieces(line.text).into_iter().filter_map(|piece| match piece {
                Piece::Labelled(_, label) => Some(label.to_owned()),
                _ => None,
            }));
        }
        let body = text.split(GENERATED).next().unwrap_or_default().trim_end();
        let mut page = format!("{body}\n\n{GENERATED}\n\n");
        for label in &labels {
            if let Some((forge, _)) = target(reading, label) {
                page += &format!("[{label}]: {forge}\n");
            }
        }
        files.push((format!("interview/{name}.md"), page));
        all.extend(labels);
    }
    let mut links = String::new();
    for label in all {
        if let Some((_, rustdoc)) = target(reading, &label) {
            links += &format!("[{label}]: {rustdoc}\n");
        }
    }
    files.push(("src/interview/links.md".to_owned(), links));
    files
}
