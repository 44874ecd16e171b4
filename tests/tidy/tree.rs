//! Rules for the tree as a whole: links, essays, data, and words that have no place in it.

use std::collections::BTreeMap;

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "the container has the pinned compiler, and starts as the README says",
        problems: container_fits,
        mend: "edit .devcontainer/: the image is `rust:CHANNEL-…`, the commands are those of the README",
        faults: &[
            |p| p.edit("rust-toolchain.toml", "1.95.0", "1.96.0"),
            |p| p.edit(".devcontainer/devcontainer.json", "Dockerfile", "dockerfile"),
            |p| p.edit(".devcontainer/devcontainer.json", "cargo lab setup", "cargo lab prepare"),
        ],
    },
    Rule {
        name: "links and reading lists lead somewhere",
        problems: links_lead_somewhere,
        mend: "mend the link, or the `reading` of the stage in src/course/",
        faults: &[
            |p| p.edit("README.md", "](ARCHITECTURE.md)", "](ARCHITECTURES.md)"),
            |p| p.remove("src/bpe/tokenizer.rs"),
            |p| p.remove("docs/verdict.png"),
            |p| p.put("notebooks/new.ipynb", "[Hello](../exercises/nothing.rs)"),
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
        name: "CONTRIBUTING.md names each step of `cargo lab verify`",
        problems: contributing_names_steps,
        mend: "add the step to the table in CONTRIBUTING.md",
        faults: &[
            |p| p.edit("CONTRIBUTING.md", "| `gates` |", "| `gate` |"),
            |p| p.edit("lab/src/verify/mod.rs", "name: \"docs\"", "name: \"dance\""),
        ],
    },
    Rule {
        name: "each Rust file opens with an essay",
        problems: files_open_with_an_essay,
        mend: "begin the file with `//!` lines: what it does, the idea, what is deliberately absent",
        faults: &[
            |p| p.edit("src/bpe/train.rs", "//! Learn", "// Learn"),
            |p| p.put("lab/src/new.rs", "//! placeholder\n"),
        ],
    },
    Rule {
        name: "a check looks at the answer alone",
        problems: checks_are_pure,
        mend: "take expected values from a naive oracle, a literal or a golden file; count work \
               instead of time",
        faults: &[
            |p| p.edit("src/check/bpe/merge.rs", "bpe::Pair", "bpe::{Pair, train}"),
            |p| p.put("src/check/new.rs", "use crate::bpe::{\n    Pair,\n    Tokenizer,\n};\n"),
            |p| p.put("src/check/new.rs", "let merges = crate::bpe::train(text, 300);\n"),
            |p| p.put("src/check/new.rs", "use crate::bpe::Encoding;\n"),
            |p| p.put("src/check/new.rs", "use std::time::Instant;\n"),
            |p| p.put("src/check/new.rs", "fn f() { let text = std::fs::read(path); }\n"),
        ],
    },
    Rule {
        name: "what holds on one system alone says why",
        problems: systems_have_reasons,
        mend: "say in a comment on the line, or within three lines of it, why, and what becomes of other systems",
        faults: &[
            |p| p.put("lab/src/new.rs", "//! New.\n\n\n\n\n#[cfg(unix)]\nfn f() {}\n"),
            |p| p.put("lab/src/new.rs", "fn f() {\n    fs::read(\"/proc/self/status\");\n}\n"),
            |p| p.put("tests/grader/new.rs", "use std::os::unix::fs::MetadataExt;\n"),
        ],
    },
    Rule {
        name: "the command line links no answers",
        problems: lab_links_no_answers,
        mend: "remove the dependency from lab/Cargo.toml; `lab` runs the graders as programs",
        faults: &[|p| p.put("lab/Cargo.toml", "[dependencies]\nexercises = {}\n")],
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
        name: "nothing is left of the template of a stage",
        problems: nothing_of_a_template,
        mend: "write what the line asks for, in words of your own; `cargo lab dev new` left it to you",
        faults: &[
            |p| p.edit("src/course/bpe.rs", "title: \"", concat!("title: \"to-be-", "written: ")),
            |p| p.put("notebooks/new.ipynb", concat!("to-be-", "written")),
        ],
    },
    Rule {
        name: "data/README.md tells origin and licence of each file in data/",
        problems: data_is_accounted_for,
        mend: "add a row to the table in data/README.md: file, bytes, what, origin, licence",
        faults: &[
            |p| p.put("data/golden/new.txt", "new\n"),
            |p| p.remove("data/kjv.txt"),
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
    // A hidden command is called by programs.
    let shown = body
        .split("#[command(hide = true)]\n")
        .enumerate()
        .flat_map(|(part, text)| text.lines().skip(usize::from(part > 0)).collect::<Vec<_>>());
    shown
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default())
        .map(|variant| format!("cargo lab {}", variant.to_lowercase()))
        .filter(|command| !readme.contains(command.as_str()))
        .map(|command| format!("README.md: expected `{command}`"))
        .collect()
}

fn contributing_names_steps(project: &Project) -> Vec<String> {
    let (path, contributing) = ("lab/src/verify/mod.rs", project.text("CONTRIBUTING.md"));
    let source = project.text(path);
    let steps =
        source.split_once("STEPS: &[Step] = &[").and_then(|(_, rest)| rest.split_once("];"));
    let Some((steps, _)) = steps else {
        return vec![format!("{path}: expected `STEPS`, the list of steps")];
    };
    let names = steps.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next());
    names
        .filter(|name| !contributing.contains(&format!("| `{name}` |")))
        .map(|name| format!("CONTRIBUTING.md: expected a row for the step `{name}`"))
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

/// What a check may import of the production code: words to talk in, and nothing that computes.
const SHARED: &[&str] = &[
    "BYTES",
    // Types of what an answer is given to call.
    "Count",
    "DecodeError",
    // Traits and words between the parts of a model and of a chat.
    "engine",
    "parts",
    "Pair",
    "Part",
    "RanksError",
    "RanksProblem",
    "Similar",
    "SpecialError",
    "Split",
    "Tokenize",
    // Data, and classes of characters.
    "ranks",
    "sentencepiece",
    "unicode",
];

/// What computes, is given to answers as a part of the task, and tells none what is right: a tokenizer to count with,
/// and the hash by which the task fixes a signature.
const GIVEN: [(&str, &str); 2] =
    [("src/check/frames/tokenizers.rs", "Encoding"), ("src/check/frames/dedup/", "hash")];

fn checks_are_pure(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for path in project.ending(".rs").filter(|path| path.starts_with("src/check/")) {
        let text = project.text(path);
        for chapter in &project.chapters {
            // What follows is one name or a list of them in braces.
            for rest in text.split(&format!("crate::{}::", chapter.id)).skip(1) {
                let list = rest.strip_prefix('{').and_then(|list| list.split('}').next());
                let one = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next();
                for item in list.or(one).unwrap_or_default().split(',').map(str::trim) {
                    let given = |(at, name): &(&str, &str)| path.starts_with(at) && item == *name;
                    if !item.is_empty() && !SHARED.contains(&item) && !GIVEN.iter().any(given) {
                        problems.push(format!("{path}: `{item}` is production code"));
                    }
                }
            }
        }
        // Its tests may run a process.
        let check = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(check.lines()) {
            // A call that a verdict shows may read a file; there the line is a string.
            let code = !line.trim_start().starts_with('"');
            for word in ["std::time", "std::fs", "std::net", "std::process", "std::env"] {
                if code && line.contains(word) {
                    problems.push(format!("{path}:{number}: expected no `{word}` in a check"));
                }
            }
        }
    }
    problems
}

/// Where people run things: the command line, the grader, the programs that are predicted.
const ON_EVERY_SYSTEM: [&str; 3] = ["lab/", "tests/grader/", "src/predict/"];

fn systems_have_reasons(project: &Project) -> Vec<String> {
    const NEAR: usize = 3;
    let words = ["std::os::", "/proc", "(unix", "(not(unix", "(windows", "target_os"];
    let mut problems = Vec::new();
    for path in
        project.ending(".rs").filter(|path| ON_EVERY_SYSTEM.iter().any(|at| path.starts_with(at)))
    {
        let text = project.text(path);
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let near = &lines[at.saturating_sub(NEAR)..lines.len().min(at + NEAR + 1)];
            if words.iter().any(|word| code.contains(word))
                && !near.iter().any(|line| line.contains("//") || line.contains("reason ="))
            {
                problems.push(format!(
                    "{path}:{}: expected a reason beside `{}`",
                    at + 1,
                    line.trim()
                ));
            }
        }
    }
    problems
}

fn lab_links_no_answers(project: &Project) -> Vec<String> {
    let manifest = project.text("lab/Cargo.toml");
    let lines = (1..).zip(manifest.lines());
    lines
        .filter(|(_, line)| line.starts_with("exercises") || line.starts_with("solutions"))
        .map(|(number, line)| format!("lab/Cargo.toml:{number}: expected no `{line}`"))
        .collect()
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

/// The word in all that `cargo lab dev new` leaves to the author; in two parts, as above.
const TEMPLATE: &str = concat!("to-be-", "written");

fn nothing_of_a_template(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    // The one page that tells of the word.
    for (path, content) in project.files.iter().filter(|(path, _)| *path != "CONTRIBUTING.md") {
        let text = String::from_utf8_lossy(content);
        for (number, _) in (1..).zip(text.lines()).filter(|(_, line)| line.contains(TEMPLATE)) {
            problems.push(format!("{path}:{number}: expected no `{TEMPLATE}`"));
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

/// The container's image, its file, and the command that it runs first.
fn container_fits(project: &Project) -> Vec<String> {
    let (file, image) = (".devcontainer/devcontainer.json", ".devcontainer/Dockerfile");
    let after = |path: &str, words: &str, end: char| {
        let text = project.text(path);
        Some(text.split_once(words)?.1.split(end).next()?.to_owned())
    };
    let channel = after("rust-toolchain.toml", "channel = \"", '"');
    let readme = project.text("README.md");
    let first = after(file, "\"postCreateCommand\": \"", '"');
    let named = after(file, "\"dockerfile\": \"", '"');
    let mut problems = Vec::new();
    if channel.is_none() || after(image, "FROM rust:", '-') != channel {
        problems.push(format!("{image} is not `FROM rust:{}-…`", channel.unwrap_or_default()));
    }
    if !named.is_some_and(|name| project.has(&format!(".devcontainer/{name}"))) {
        problems.push(format!("{file} builds from a file that is not there"));
    }
    if !first.is_some_and(|command| readme.contains(&format!("`{command}"))) {
        problems.push(format!("the README has no command that {file} runs first"));
    }
    problems
}
