//! Rules for the tree as a whole: links, essays, data, and words that have no place in it.

use std::collections::BTreeMap;

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "links and reading lists lead somewhere",
        problems: links_lead_somewhere,
        mend: "mend the link, or the `reading` of the stage in src/course/",
        faults: &[
            |p| p.edit("README.md", "](ARCHITECTURE.md)", "](ARCHITECTURES.md)"),
            |p| drop(p.files.remove("src/bpe/tokenizer.rs")),
            |p| p.notebook("Hello", "[Hello](../../exercises/nothing.rs)"),
        ],
    },
    Rule {
        name: "README.md names each command of `cargo lab`",
        problems: readme_names_commands,
        mend: "add the command to the table in README.md",
        faults: &[
            |p| p.edit("README.md", "cargo lab undo", ""),
            |p| p.edit("lab/src/commands/mod.rs", "    Doctor,", "    Doctor,\n    Dance,"),
        ],
    },
    Rule {
        name: "each Rust file opens with an essay",
        problems: files_open_with_an_essay,
        mend: "begin the file with `//!` lines: what it does, the idea, what is deliberately absent",
        faults: &[
            |p| p.edit("src/bpe/train.rs", "//! Learn", "// Learn"),
            |p| drop(p.files.insert("lab/src/new.rs".to_owned(), b"//! placeholder\n".to_vec())),
        ],
    },
    Rule {
        name: "the project speaks of itself alone",
        problems: nothing_foreign,
        mend: "say it without the word",
        faults: &[
            |p| p.edit("README.md", "# Rust for AI", concat!("# Rust for AI in /wo", "rk/main")),
            |p| p.edit("src/lib.rs", "//! ", concat!("//! See DESI", "GN.md. ")),
        ],
    },
    Rule {
        name: "data/README.md tells origin and licence of each file in data/",
        problems: data_is_accounted_for,
        mend: "add a row to the table in data/README.md: file, bytes, what, origin, licence",
        faults: &[
            |p| drop(p.files.insert("data/golden/new.txt".to_owned(), b"new\n".to_vec())),
            |p| drop(p.files.remove("data/kjv.txt")),
            |p| p.edit("data/README.md", "| MIT OR Apache-2.0 |", "| |"),
            |p| p.edit("data/multilingual.tsv", "English", "english "),
        ],
    },
];

fn links_lead_somewhere(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for reading in project.stages().flat_map(|stage| stage.reading) {
        if !reading.at.starts_with("https://") && !project.has(reading.at) {
            problems.push(format!("src/course/: nothing to read at `{}`", reading.at));
        }
    }
    for path in project.ending(".md").chain(project.ending(".ipynb")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = project.text(path);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next())
        {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() || !file.contains(['/', '.']) {
                continue;
            }
            if !project.has(&resolved(folder, file)) {
                problems.push(format!("{path}: the link `{link}` leads nowhere"));
            }
        }
    }
    problems
}

/// A relative path, seen from the root.
fn resolved(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn readme_names_commands(project: &Project) -> Vec<String> {
    let (path, readme) = ("lab/src/commands/mod.rs", project.text("README.md"));
    let source = project.text(path);
    let body = source.split_once("\nenum Command {\n").and_then(|(_, rest)| rest.split_once("\n}"));
    let Some((body, _)) = body else {
        return vec![format!("{path}: expected `enum Command`, the list of subcommands")];
    };
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        .map(|variant| format!("cargo lab {}", variant.to_lowercase()))
        .filter(|command| !readme.contains(command.as_str()))
        .map(|command| format!("README.md: expected `{command}`"))
        .collect()
}

fn files_open_with_an_essay(project: &Project) -> Vec<String> {
    let essay = |path: &&str| {
        let first = project.text(path).lines().next().unwrap_or_default().to_owned();
        first.strip_prefix("//! ").is_some_and(|words| words != "placeholder")
    };
    let without = project.ending(".rs").filter(|path| !essay(path));
    without.map(|path| format!("{path}: expected a first line that begins with `//! `")).collect()
}

/// Words that would tie the project to one machine, to one registry, or to pages that it does not
/// have. In two halves each, since this file is looked at too.
const FOREIGN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("../sha", "red"),
    ("DESI", "GN.md"),
    ("STY", "LE.md"),
    ("crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("npmjs", ".org"),
    ("deb.debian", ".org"),
    ("FIX", "ME"),
    ("<<<<", "<<< "),
    (">>>>", ">>> "),
];

fn nothing_foreign(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, content) in &project.files {
        // cargo writes where each crate comes from.
        if path.ends_with("Cargo.lock") {
            continue;
        }
        let text = String::from_utf8_lossy(content);
        for (left, right) in FOREIGN {
            let word = format!("{left}{right}");
            for (number, _) in (1..).zip(text.lines()).filter(|(_, line)| line.contains(&word)) {
                problems.push(format!("{path}:{number}: expected no `{word}`"));
            }
        }
    }
    problems
}

fn data_is_accounted_for(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    let readme = project.text("data/README.md");
    let rows: BTreeMap<&str, Vec<&str>> = readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line
                .trim()
                .strip_prefix("| ")?
                .strip_suffix('|')?
                .split('|')
                .map(str::trim)
                .collect();
            Some((cells.first()?.strip_prefix('`')?.strip_suffix('`')?, cells))
        })
        .collect();
    for (path, content) in &project.files {
        let Some(name) = path.strip_prefix("data/").filter(|name| *name != "README.md") else {
            continue;
        };
        let Some(cells) = rows.get(name) else {
            problems.push(format!("{path}: data/README.md has no row for `{name}`"));
            continue;
        };
        if cells.len() != 5 || cells.iter().any(|cell| cell.is_empty()) {
            problems.push(format!("data/README.md: expected five cells for `{name}`, none empty"));
        } else if cells[1].replace(',', "") != content.len().to_string() {
            problems.push(format!(
                "{path}: {} bytes, data/README.md says {}",
                content.len(),
                cells[1]
            ));
        }
    }
    for name in rows.keys().filter(|name| !project.has(&format!("data/{name}"))) {
        problems.push(format!("data/README.md: `{name}` does not exist"));
    }
    problems
}
