//! The lines that a new stage adds to files which are there: from the old text to the new one.
//!
//! Each edit looks for an anchor, a line that such a file has in every chapter, and says so if it is missing.
//! Nothing is parsed: `rustfmt` puts what comes out in order, and the compiler reads it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Adds a stage to the table of a chapter, after another one.
pub(super) fn syllabus(text: &str, after: &str, new: &str, entry: &str) -> Result<String> {
    ensure!(!text.contains(&format!("const {new}:")), "expected no `const {new}` yet");
    let anchor = "    stages: &[";
    let start = text.find(anchor).with_context(|| missing(anchor))? + anchor.len();
    let end = start + text[start..].find(']').context("expected `]` after `stages: &[`")?;
    let names: Vec<&str> =
        text[start..end].split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let anchor = format!("&{after}");
    ensure!(names.contains(&&*anchor), "{} in `stages`", missing(&anchor));
    let mut list = Vec::new();
    for name in names {
        list.push(name.to_owned());
        if name == anchor {
            list.push(format!("&{new}"));
        }
    }
    let imports = "use super::{Chapter, Level, Reading, Stage};";
    ensure!(text.contains(imports), missing(imports));
    Ok(format!("{}{}{}{entry}", &text[..start], list.join(", "), &text[end..]))
}

/// Adds a module and its function of the same name.
pub(super) fn modules(text: &str, name: &str) -> Result<String> {
    for taken in [format!("mod {name} "), format!("mod {name};"), format!("fn {name}(")] {
        ensure!(!text.contains(&taken), "expected no `{}` yet", taken.trim());
    }
    let declared = before(text, "mod ", ";", &format!("mod {name};\n"))?;
    before(&declared, "pub use ", ";", &format!("pub use {name}::{name};\n"))
}

/// Adds a stage's wrong answers to those of its chapter.
pub(super) fn wrong_answers(text: &str, after: &str, name: &str) -> Result<String> {
    let anchor = format!("        {after}::wrong_answers(),\n");
    ensure!(text.matches(&anchor).count() == 1, missing(anchor.trim()));
    Ok(text.replace(&anchor, &format!("{anchor}        {name}::wrong_answers(),\n")))
}

/// Adds a line to the table of a chapter's grader.
pub(super) fn grader(text: &str, after: &str, new: &str, name: &str) -> Result<String> {
    let anchor = format!("graded(&stage::{after},");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.trim().starts_with(&anchor));
    let at = at.with_context(|| missing(&anchor))? + 1;
    let ends = |line: &&str| {
        let line = line.trim();
        line.starts_with("graded(") || line.starts_with("#[") || line == "]"
    };
    let next = lines[at..].iter().position(ends).context("expected `]` at the table's end")? + at;
    let line = format!("            graded(&stage::{new}, || check::{name}(answer::{name})),");
    Ok([&lines[..next], &[&line], &lines[next..], &[""]].concat().join("\n"))
}

/// Says that a stage has no check in Python, and leaves the reason to the author.
pub(super) fn not_in_python(text: &str, id: &str, mark: &str) -> Result<String> {
    let anchor = "NOT_IN_PYTHON: dict[str, str] = {\n";
    let start = text.find(anchor).with_context(|| missing(anchor.trim()))?;
    let end = text[start..].find("\n}").context("expected `}` after `NOT_IN_PYTHON`")? + start + 1;
    let line = format!("    \"{id}\": \"{mark}: why there is none, or a check in Python\",\n");
    Ok(format!("{}{line}{}", &text[..end], &text[end..]))
}

/// Appends a text and the check of a stage to a notebook.
pub(super) fn notebook(text: &str, chapter: &str, name: &str, mark: &str) -> Result<String> {
    let mut notebook: Value = serde_json::from_str(text).context("not a notebook")?;
    let cells = notebook["cells"].as_array_mut().with_context(|| missing("cells"))?;
    let file = format!("exercises/{chapter}/{name}.rs");
    // Jupyter allows words as ids; a stage's name stands once in its chapter.
    cells.push(json!({
        "cell_type": "markdown", "id": format!("{name}-text"), "metadata": {},
        "source": [
            format!("## `{chapter}.{name}`: {mark}\n"), "\n",
            format!("{mark}: why the stage is needed, shown by a number. File: [`{file}`](../../{file})."),
        ],
    }));
    cells.push(json!({
        "cell_type": "code", "execution_count": null, "id": format!("{name}-check"), "metadata": {},
        "outputs": [], "source": [format!("check::{chapter}::{name}({chapter}::{name})")],
    }));
    crate::verify::stripped(&notebook.to_string())
}

/// Adds lines before the first line of a kind that stands at the margin, and before its attributes.
fn before(text: &str, start: &str, end: &str, new: &str) -> Result<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let found = |line: &&str| line.starts_with(start) && line.trim_end().ends_with(end);
    let mut at =
        lines.iter().position(found).with_context(|| missing(&format!("{start}…{end}")))?;
    while at > 0 && lines[at - 1].starts_with("#[") {
        at -= 1;
    }
    Ok([&lines[..at], &[new], &lines[at..]].concat().concat())
}

fn missing(anchor: &str) -> String {
    format!("expected `{anchor}`, found none or several")
}
