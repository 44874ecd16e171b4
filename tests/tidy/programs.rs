//! Rules for programs whose fate is predicted: a learner reads the very program that is run.
//!
//! A check holds a program as `name: "…"` and `source: r#"…"#`; the exercise and its solution show it as
//! comments above the arm of its name.

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "an exercise shows each program as it is run",
        problems: programs_are_shown,
        mend: "put the program as comment lines above `\"NAME\" => {` in solutions/CHAPTER/STAGE.rs, then: cargo \
               lab dev stubs",
        faults: &[
            |p| {
                p.edit(
                    "solutions/ownership/moves.rs",
                    "// let batch = ids;",
                    "// let batch = &ids;",
                )
            },
            |p| p.edit("exercises/ownership/moves.rs", "\"passed\" =>", "\"past\" =>"),
            |p| p.edit("src/check/ownership/moves.rs", "longer.push(7);", "longer.push(8);"),
            |p| p.edit("src/check/ownership/moves.rs", "source: r#\"let id:", "source: \"let id:"),
        ],
    },
    Rule {
        name: "a program neither sleeps nor reads a clock",
        problems: programs_do_not_wait,
        mend: "let its threads meet by joins, channels or barriers: one that rests counts as blocked",
        faults: &[|p| {
            p.edit(
                "src/check/ownership/moves.rs",
                "longer.push(7);",
                "std::thread::sleep(std::time::Duration::from_secs(1));",
            )
        }],
    },
];

/// A program in the source of a check.
struct Shown<'a> {
    /// The file of the check.
    path: &'a str,
    name: String,
    source: String,
}

/// The programs of all checks, and what cannot be read as one.
fn programs(project: &Project) -> (Vec<Shown<'_>>, Vec<String>) {
    let (mut programs, mut problems) = (Vec::new(), Vec::new());
    for path in project.ending(".rs").filter(|path| path.starts_with("src/check/")) {
        let text = project.text(path);
        for block in text.split("    Program {\n").skip(1) {
            let between = |open: &str, close: &str| {
                let (_, rest) = block.split_once(open)?;
                Some(rest.split_once(close)?.0.to_owned())
            };
            match (between("name: \"", "\""), between("source: r#\"", "\"#,")) {
                (Some(name), Some(source)) => programs.push(Shown { path, name, source }),
                (name, _) => problems.push(format!(
                    "{path}: expected `source: r#\"…\"#` in the program `{}`",
                    name.unwrap_or_default()
                )),
            }
        }
    }
    (programs, problems)
}

fn programs_are_shown(project: &Project) -> Vec<String> {
    let (programs, mut problems) = programs(project);
    for Shown { path, name, source } in programs {
        let comment: String = source
            .lines()
            .map(|line| format!("        // {line}").trim_end().to_owned() + "\n")
            .collect();
        let arm = format!("{comment}        \"{name}\" => {{\n");
        for tree in ["solutions", "exercises"] {
            let file = path.replacen("src/check", tree, 1);
            if !project.has(&file) {
                problems.push(format!("{path}: the program `{name}` belongs to no stage"));
            } else if !project.text(&file).contains(&arm) {
                problems.push(format!("{file}: expected the program `{name}` of {path}"));
            }
        }
    }
    problems
}

fn programs_do_not_wait(project: &Project) -> Vec<String> {
    let (programs, _) = programs(project);
    let mut problems = Vec::new();
    for Shown { path, name, source } in programs {
        for word in ["sleep", "Instant", "SystemTime", "timeout"] {
            if source.contains(word) {
                problems.push(format!("{path}: expected no `{word}` in the program `{name}`"));
            }
        }
    }
    problems
}
