//! Rules for notebooks.
//!
//! They are read as text, see the essay of the whole target: in a notebook as `cargo lab dev notebooks`
//! writes it, quotes inside a cell are escaped, so `"outputs": []` can only be the key.

use std::collections::{BTreeMap, BTreeSet};

use rust_for_ai::course::{self, Chapter};

use crate::{Project, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "each chapter's notebook grades each of its stages",
        problems: notebooks_grade,
        mend: "add a cell with the check to the chapter's notebook",
        faults: &[
            |p| p.put("notebooks/rust/20_bpe.ipynb", NOTEBOOK),
            |p| p.chapters = vec![&Chapter { notebook: "nowhere.ipynb", ..course::bpe::CHAPTER }],
        ],
    },
    Rule {
        name: "notebooks are clean and know their kernel",
        problems: notebooks_are_clean,
        mend: "cargo lab dev notebooks",
        faults: &[
            |p| change(p, "\"outputs\": []", "\"outputs\": [ 1 ]"),
            |p| change(p, "\"execution_count\": null", "\"execution_count\": 1"),
            |p| change(p, "   \"id\": \"first\",\n", ""),
            |p| change(p, "\"id\": \"second\"", "\"id\": \"first\""),
            |p| change(p, "\"name\": \"rust\"", "\"name\": \"python3\""),
            |p| change(p, "\"nbformat_minor\": 5", "\"nbformat_minor\": 4"),
            |p| change(p, "\n}\n", "\n"),
            |p| change(p, "\"outputs\"", "\"outputs"),
            |p| change(p, "\"nbformat\": 4", "===\n\"nbformat\": 4"),
        ],
    },
];

/// Adds the model notebook with a change.
fn change(project: &mut Project, from: &str, to: &str) {
    project.put(MODEL, NOTEBOOK);
    project.edit(MODEL, from, to);
}

const MODEL: &str = "notebooks/rust/model.ipynb";

/// A notebook as `cargo lab dev notebooks` leaves it.
const NOTEBOOK: &str = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "first",
   "metadata": {},
   "source": [
    "# Hello\n",
    "\"outputs\": [1]"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "second",
   "metadata": {},
   "outputs": [],
   "source": [
    "1 + 1"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Rust",
   "language": "rust",
   "name": "rust"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
"##;

fn notebooks_grade(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in &project.chapters {
        let path = chapter.notebook;
        if !project.has(path) {
            problems.push(format!("{path}: missing"));
            continue;
        }
        for stage in chapter.stages {
            let call = match stage.needs() {
                None if chapter.is_module() => {
                    format!("{}.check(\\\"{}\\\")", chapter.id, stage.name())
                }
                // Its notebook is all about what takes minutes to compile.
                _ if stage.needs().is_none() || chapter.is_apart() => {
                    format!("check::{}::{}(", chapter.id, stage.name())
                }
                // A kernel would compile the feature for minutes.
                _ => format!("cargo lab check {}", stage.id),
            };
            if !project.text(path).contains(&call) {
                problems.push(format!("{path}: no cell grades {} with `{call}…`", stage.id));
            }
        }
    }
    problems
}

fn notebooks_are_clean(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for path in project.ending(".ipynb") {
        let text = project.text(path);
        let count = |what: &str| text.matches(what).count();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                problems.push(format!("{path}: expected {what}"));
            }
        };
        let kernel = if path.starts_with("notebooks/python/") { "python3" } else { "rust" };
        let code = count("\"cell_type\": \"code\"");
        expect(count("\"outputs\": []") == code, "no outputs");
        expect(count("\"execution_count\": null") == code, "no execution counts");
        expect(count("\"nbformat\": 4") == 1, "`nbformat` 4");
        expect(count("\"nbformat_minor\": 5") == 1, "`nbformat_minor` 5, which gives cells ids");
        let spec = text.split("\"kernelspec\": {").nth(1).and_then(|rest| rest.split('}').next());
        let named = format!("\"name\": \"{kernel}\"");
        expect(
            spec.is_some_and(|spec| spec.contains(&named)),
            &format!("the kernelspec `{kernel}`"),
        );
        let ids: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix("\"id\": ")).collect();
        expect(ids.len() == count("\"cell_type\": \""), "an id in each cell");
        let distinct: BTreeSet<&&str> = ids.iter().collect();
        expect(distinct.len() == ids.len(), "ids of cells that differ");
        if let Some(fault) = json_fault(&text) {
            problems.push(format!("{path}: {fault}"));
        }
    }
    problems
}

/// What keeps a text from being JSON, as far as brackets, strings and stray text go.
fn json_fault(text: &str) -> Option<String> {
    let mut open = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => drop(chars.next()),
                        Some(_) => {}
                        None => return Some(format!("line {number}: a string does not end")),
                    }
                },
                '{' => open.push('}'),
                '[' => open.push(']'),
                '}' | ']' if open.pop() != Some(c) => {
                    return Some(format!("line {number}: `{c}` closes nothing"));
                }
                '}' | ']' | ',' | ':' | '-' | '+' | '.' => {}
                c if c.is_whitespace() || c.is_ascii_alphanumeric() => {}
                _ => return Some(format!("line {number}: `{c}` is not expected here")),
            }
        }
    }
    (!open.is_empty()).then(|| "the last line leaves brackets open".to_owned())
}

#[test]
fn the_model_notebook_is_clean() {
    let mut project = Project { chapters: Vec::new(), files: BTreeMap::new() };
    project.put(MODEL, NOTEBOOK);
    assert_eq!(notebooks_are_clean(&project), [""; 0]);
}
