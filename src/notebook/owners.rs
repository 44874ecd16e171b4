//! Who owns what, line by line, as SVG: a column a value, from where it is made to where it is freed.
//!
//! The program is really compiled and run. It is given a type `Weights` that says when it is freed, and a
//! mark before each line says how far it is, so the picture shows where each value *was* freed:
//!
//! ```text
//! let a = Weights("w");   ─┐  a
//! let b = a;               │  b
//! drop(b);                 ✕  freed
//! ```
//!
//! Who owns a value is read from the text, since nobody can ask that of a running program. Lines that say so
//! are `let b = a;`, `b = a;`, `let b = Weights("w");` and a call `f(a)`; any other line runs and says nothing.
//! A statement takes one line. For a program that the compiler refuses, what it says is shown instead.

use std::fmt::Write;

use super::{COLOURS, Html, escape, figure};
use crate::predict::{Prediction, Program, seen};

/// What stands before the program.
const PRELUDE: &str = "struct Weights(&'static str);
impl Drop for Weights {
    fn drop(&mut self) {
        println!(\"free {}\", self.0);
    }
}
fn serve(_: Weights) {}
fn look(_: &Weights) {}
";

/// What is printed before the line of a number that follows.
const MARK: &str = "at line ";

const ROW: f64 = 22.0;
const COLUMN: f64 = 170.0;
const LETTER: f64 = 7.9;

/// A value: what it is called, who owns it from which line on, and at which line it is freed.
#[derive(Debug, PartialEq)]
struct Value {
    name: String,
    owners: Vec<(usize, String)>,
    /// `None` if it never was, or was given to nobody who could be named.
    freed: Option<usize>,
}

/// Runs a program and draws who owns each value of `Weights` over its lines, and where each was freed.
///
/// The functions `serve(_: Weights)` and `look(_: &Weights)` are there to be called.
///
/// ```
/// use rust_for_ai::notebook::owners;
/// let html = owners("b frees it", "let a = Weights(\"w\");\nlet b = a;\ndrop(b);\nlook(&Weights(\"v\"));");
/// assert!(html.as_str().contains("freed"));
///
/// let html = owners("", "let a = Weights(\"w\");\nlet b = a;\nserve(a);");
/// assert!(html.as_str().contains("E0382"));
/// ```
pub fn owners(see: &str, program: &str) -> Html {
    let lines: Vec<&str> = program.trim().lines().collect();
    let fate = |source: String| {
        // What was seen of a program is kept as long as the process lives, and so is the program.
        seen(&Program { name: "owners", source: source.leak(), why: "" }).as_ref()
    };
    match fate(marked(&lines)) {
        Ok(seen) => match seen.fate {
            Prediction::Prints(said) => figure(see, &drawn(&lines, &values(&lines, said))),
            // Without the marks, so that lines are numbered as they are shown.
            Prediction::DoesNotCompile(_) => {
                match fate(format!("fn main() {{ {}\n{PRELUDE}}}\n", program.trim())) {
                    Ok(plain) => refused(see, &lines, &plain.fate.to_string(), &plain.said),
                    Err(unseen) => refused(see, &lines, "", &unseen.to_string()),
                }
            }
            other => refused(see, &lines, &other.to_string(), &seen.said),
        },
        Err(unseen) => refused(see, &lines, "", &unseen.to_string()),
    }
}

/// The program with a mark before each line and one at its end.
fn marked(lines: &[&str]) -> String {
    let mut source = PRELUDE.to_owned();
    for (number, line) in (1..).zip(lines.iter().copied().chain([""])) {
        let _ = writeln!(source, "println!(\"{MARK}{number}\"); {line}");
    }
    source
}

/// The program, and what was said of it.
fn refused(see: &str, lines: &[&str], fate: &str, said: &str) -> Html {
    Html::new(format!(
        "<figure style=\"margin:6px 0\"><figcaption>{}</figcaption><pre>{}</pre><b>{}</b><pre>{}</pre></figure>",
        escape(see),
        escape(&lines.join("\n")),
        escape(fate),
        escape(said)
    ))
}

/// The values of a program, by its text and by what it printed.
fn values(lines: &[&str], said: &str) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let line = line.trim();
        let (target, source) = match line.trim_end_matches(';').split_once(" = ") {
            Some((target, source)) => {
                (target.trim_start_matches("let ").trim_start_matches("mut "), source)
            }
            None => ("", line),
        };
        if let Some(name) =
            source.strip_prefix("Weights(\"").and_then(|rest| rest.split('"').next())
        {
            let owners = vec![(number, target.to_owned())];
            values.push(Value { name: name.to_owned(), owners, freed: None });
            continue;
        }
        // Whoever has it last is who can give it away.
        let argument = source
            .split_once('(')
            .and_then(|(function, rest)| Some((rest.split(')').next()?, format!("{function}(…)"))));
        let (giver, taker) = argument.unwrap_or((source, target.to_owned()));
        let is_owner =
            |value: &&mut Value| value.owners.last().is_some_and(|(_, owner)| owner == giver);
        if let Some(value) = values.iter_mut().rev().find(is_owner) {
            value.owners.push((number, taker));
        }
    }
    let mut number = 0;
    for line in said.lines() {
        if let Some(next) = line.strip_prefix(MARK) {
            number = next.parse().unwrap_or(number);
        } else if let Some(name) = line.strip_prefix("free ")
            && let Some(value) =
                values.iter_mut().find(|value| value.name == name && value.freed.is_none())
        {
            value.freed = Some(number);
        }
    }
    values
}

/// The program to the left, the values to the right.
fn drawn(lines: &[&str], values: &[Value]) -> String {
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let left = 60.0 + LETTER * longest as f64;
    let width = left + COLUMN * values.len() as f64 + 20.0;
    let end = lines.len() + 1;
    let height = ROW * (end + 1) as f64 + 14.0;
    let y = |line: usize| ROW * line as f64 + 8.0;
    let mut svg = format!(
        "<svg width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#111\">"
    );
    let written = lines.iter().copied().chain(["} // the end of main"]);
    for (number, line) in (1..).zip(written) {
        let _ = write!(
            svg,
            "<line x1=\"0\" x2=\"{width}\" y1=\"{0}\" y2=\"{0}\" stroke=\"#eee\"/>\
             <text x=\"6\" y=\"{1}\" fill=\"#888\">{number}</text>\
             <text x=\"30\" y=\"{1}\" font-family=\"monospace\" font-size=\"13\" xml:space=\"preserve\">{2}</text>",
            y(number) + ROW - 6.0,
            y(number) + 10.0,
            escape(line)
        );
    }
    for (index, (value, colour)) in values.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let x = left + COLUMN * index as f64;
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"16\" font-weight=\"bold\" fill=\"{colour}\">\"{}\"</text>",
            escape(&value.name)
        );
        let last = value.freed.unwrap_or(end);
        let untils = value.owners.iter().skip(1).map(|(line, _)| *line).chain([last]);
        for ((from, owner), until) in value.owners.iter().zip(untils) {
            // The last stretch reaches into the line that frees; any other ends where the next begins.
            let bottom = if until == last { y(until) + 6.0 } else { y(until) - 5.0 };
            let _ = write!(
                svg,
                "<rect x=\"{x}\" y=\"{}\" width=\"8\" height=\"{}\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text>",
                y(*from) - 3.0,
                (bottom - y(*from) + 3.0).max(8.0),
                x + 13.0,
                y(*from) + 10.0,
                escape(&format!("{owner} owns it"))
            );
        }
        let (mark, shift) = match (value.freed, value.owners.last()) {
            (None, _) => ("never freed", 13.0),
            // Where it is handed over and freed in one line, both are told.
            (Some(freed), Some((line, owner))) if freed == *line => {
                ("✕ freed", 22.0 + 6.6 * (owner.chars().count() + 8) as f64)
            }
            _ => ("✕ freed", 13.0),
        };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"#b00\">{mark}</text>",
            x + shift,
            y(last) + 10.0
        );
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program, and each value: its name, its owners, and the line that frees it.
    type Expected = (&'static str, Vec<(usize, &'static str)>, Option<usize>);

    fn check(program: &str, expected: &[Expected]) {
        let html = owners("what to see", program);
        assert!(html.as_str().contains("<svg"), "of\n{program}\n{}", html.as_str());
        let lines: Vec<&str> = program.lines().collect();
        // What the program really printed is drawn; read it back from the picture's own source.
        let freed = html.as_str().matches("✕ freed").count();
        assert_eq!(
            freed,
            expected.iter().filter(|(.., freed)| freed.is_some()).count(),
            "of\n{program}"
        );
        let said = said(&lines);
        let expected: Vec<Value> = expected
            .iter()
            .map(|(name, owners, freed)| Value {
                name: (*name).to_owned(),
                owners: owners.iter().map(|&(line, owner)| (line, owner.to_owned())).collect(),
                freed: *freed,
            })
            .collect();
        assert_eq!(values(&lines, &said), expected, "of\n{program}");
    }

    /// What a program prints with its marks.
    fn said(lines: &[&str]) -> String {
        let program = Program { name: "owners", source: marked(lines).leak(), why: "" };
        seen(&program).as_ref().expect("the program can be watched").said.clone()
    }

    #[test]
    fn a_value_is_owned_by_whoever_got_it_last_and_freed_there() {
        check(
            "let a = Weights(\"1\");\nlet b = a;\nlet c = Weights(\"2\");\ndrop(b);\nlook(&c);",
            &[
                ("1", vec![(1, "a"), (2, "b"), (4, "drop(…)")], Some(4)),
                ("2", vec![(3, "c")], Some(6)),
            ],
        );
        check(
            "let mut a = Weights(\"old\");\na = Weights(\"new\");\n{\nlet b = Weights(\"in\");\n}\nserve(a);",
            &[
                ("old", vec![(1, "a")], Some(2)),
                ("new", vec![(2, "a"), (6, "serve(…)")], Some(6)),
                ("in", vec![(4, "b")], Some(5)),
            ],
        );
        check(
            "let a = Weights(\"kept\");\nstd::mem::forget(a);",
            &[("kept", vec![(1, "a"), (2, "std::mem::forget(…)")], None)],
        );
    }

    #[test]
    fn a_program_that_is_refused_shows_what_the_compiler_says_and_no_marks() {
        let html = owners("see", "let a = Weights(\"w\");\nlet b = a;\nserve(a);");
        assert!(html.as_str().contains("use of moved value"), "{}", html.as_str());
        assert!(!html.as_str().contains(MARK), "{}", html.as_str());
    }

    #[test]
    fn names_are_escaped() {
        let html = owners("<see>", "let a = Weights(\"<w>\");");
        assert!(html.as_str().contains("&lt;w&gt;") && !html.as_str().contains("<w>"));
    }
}
