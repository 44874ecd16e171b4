//! Rules for snippets: each has the fate that the page says, seen by running it.
//!
//! ```text
//! rust                       prints the block `text` below it, or nothing
//! rust,linux                 likewise, on Linux
//! rust,compile_fail,E0382    the compiler refuses it, with this code
//! rust,should_panic          panics
//! rust,poisoned | blocks | aborts
//! rust,quoted                `// PATH`, then lines that stand in that file one after the other
//! python                     prints the block `text` below it; what it raises comes last
//! python,quoted              as above, with `# PATH`
//! ```

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rust_for_ai::predict::{Prediction, Program, see_all, seen};

use crate::page::{Block, parts};
use crate::{Reading, Rule, file};

pub(crate) const RULES: &[Rule] = &[Rule {
    name: "each snippet does what the page says",
    problems: snippets_do_what_is_said,
    faults: &[
        |r| r.edit("mid", "rust,compile_fail,E0382", "rust,compile_fail,E0499"),
        |r| r.edit("mid", "rust,compile_fail,E0382", "rust"),
        |r| r.edit("mid", "rust,should_panic", "rust"),
        |r| r.edit("mid", "Ok(42)\ntrue", "Ok(42)\nfalse"),
        |r| r.edit("mid", "```text\n[5, 6, 7]", "```text\n[5, 6]"),
        |r| r.edit("mid", "print(batch)", "print(batches)"),
        |r| r.edit("mid", "rust,should_panic", "rust,ignore"),
        |r| r.edit("mid", ".into_pyarray(py)", ".to_pyarray(py)"),
        |r| r.edit("mid", "// solutions/binding/numpy.rs", "// solutions/binding/numbers.rs"),
        |r| r.edit("mid", "```python\nbatch", "```\nbatch"),
    ],
}];

fn snippets_do_what_is_said(reading: &Reading) -> Vec<String> {
    let pages: Vec<_> = reading.pages.iter().map(|(name, text)| (name, parts(text).0)).collect();
    let programs: Vec<Program> = pages
        .iter()
        .flat_map(|(_, blocks)| blocks)
        .filter(|block| block.info.starts_with("rust") && !block.info.ends_with(",quoted"))
        .map(program)
        .collect();
    see_all(&programs);
    let mut problems = Vec::new();
    for (name, blocks) in &pages {
        for (at, block) in blocks.iter().enumerate() {
            let printed = blocks
                .get(at + 1)
                .filter(|next| next.info == "text" && next.question == block.question)
                .map_or("", |next| next.body);
            if let Some(problem) = problem(block, printed) {
                problems.push(format!("interview/{name}.md:{}: {problem}", block.line));
            }
        }
    }
    problems
}

/// Kept for ever, as what was seen of a program is.
fn program(block: &Block<'_>) -> Program {
    Program { name: "snippet", source: block.body.to_owned().leak(), why: "" }
}

fn problem(block: &Block<'_>, printed: &str) -> Option<String> {
    let fate = match block.info {
        "text" | "arithmetic" | "sh" => return None,
        "python" => return python(block.body, printed),
        "rust,quoted" => return quoted(block.body, "// "),
        "python,quoted" => return quoted(block.body, "# "),
        "rust,linux" if !cfg!(target_os = "linux") => return None,
        "rust" | "rust,linux" => Prediction::Prints(lines(printed).leak()),
        "rust,should_panic" => Prediction::Panics,
        "rust,poisoned" => Prediction::Poisoned,
        "rust,blocks" => Prediction::Blocks,
        "rust,aborts" => Prediction::Aborts,
        other => match other.strip_prefix("rust,compile_fail,") {
            Some(code) => Prediction::DoesNotCompile(code.to_owned().leak()),
            None => return Some(format!("unknown kind of block `{other}`")),
        },
    };
    match seen(&program(block)) {
        Ok(seen) if seen.fate == fate => None,
        Ok(seen) => Some(format!("expected {fate}, seen {}\n{}", seen.fate, seen.said)),
        Err(error) => Some(error.to_string()),
    }
}

/// Without white space at the ends of lines and of the text.
fn lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn quoted(body: &str, comment: &str) -> Option<String> {
    let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
    let Some(path) = first.strip_prefix(comment) else {
        return Some(format!("expected `{comment}PATH` first, got `{first}`"));
    };
    let trimmed = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (wanted, text) = (trimmed(rest), trimmed(&file(path)));
    let found = !wanted.is_empty() && text.windows(wanted.len()).any(|window| window == wanted);
    (!found).then(|| format!("does not stand in `{path}`"))
}

fn python(source: &str, printed: &str) -> Option<String> {
    let (expected, got) = (lines(printed), run(source));
    match got {
        Ok(got) if got == expected => None,
        Ok(got) => Some(format!("expected\n{expected}\nseen\n{got}")),
        Err(error) => Some(format!("Python cannot be run: {error}")),
    }
}

/// What a program prints, kept as long as this process lives.
fn run(source: &str) -> std::io::Result<String> {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(printed) = known().get(source) {
        return Ok(printed.clone());
    }
    let printed = started(source)?;
    known().insert(source.to_owned(), printed.clone());
    Ok(printed)
}

fn started(source: &str) -> std::io::Result<String> {
    let python = std::env::var_os("RUST_FOR_AI_PYTHON");
    let python = python.unwrap_or_else(|| if cfg!(windows) { "python" } else { "python3" }.into());
    let mut child = Command::new(python)
        .args(["-I", "-X", "utf8", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().expect("it is piped").write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        text += said.trim_end().lines().last().unwrap_or_default();
    }
    Ok(lines(&text))
}
