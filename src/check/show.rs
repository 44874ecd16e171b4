//! A verdict as text, as HTML for a notebook, and as JSON for programs.
//!
//! The text reads well without colour and in a pipe. The HTML needs no script and takes its colours
//! from the page's theme where that has some. All three say first what was misunderstood, then the
//! smallest failing call, then what was expected and what came. A stage that passes tells last where in
//! the world its bug was found, if it had one.

use std::fmt;

use super::{Failure, Language, Origin, Outcome, Verdict};
use crate::course::Reading;
use crate::html::{Html, escape};

impl Verdict {
    /// The line that says what to do next.
    fn next_step(&self) -> String {
        let (id, file) = (self.stage.id, self.file());
        let nothing = match self.language {
            Language::Rust => "todo!()",
            Language::Python => "raise NotImplementedError",
        };
        match (&self.outcome, self.origin) {
            (Outcome::NotStarted { waits_for: Some(first) }, _) => {
                format!("solve {first} first: this stage calls it")
            }
            (Outcome::NotStarted { waits_for: None }, Origin::Elsewhere) => {
                format!("replace `{nothing}`; hint: `cargo lab hint {id}`")
            }
            (Outcome::NotStarted { waits_for: None }, _) => {
                format!("open {file}; hint: `cargo lab hint {id}`")
            }
            (Outcome::Failing(_), _) => format!("hint: `cargo lab hint {id}`"),
            (Outcome::Passing { .. }, Origin::Solutions) => {
                format!("this is the reference answer in {file}")
            }
            (Outcome::Passing { .. }, Origin::Exercises) => match self.language {
                Language::Rust => format!("counted: your answer in {file}"),
                Language::Python => format!("right: your answer in {file}"),
            },
            (Outcome::Passing { .. }, Origin::Elsewhere) => match self.language {
                Language::Rust => format!("right; it counts once it stands in {file}"),
                Language::Python => "right".to_owned(),
            },
        }
    }

    fn headline(&self) -> String {
        match &self.outcome {
            Outcome::NotStarted { .. } => self.stage.title.to_owned(),
            Outcome::Failing(failure) => format!("{}: {}", self.stage.title, failure.headline()),
            Outcome::Passing { cases } => format!("{}: {cases} cases", self.stage.title),
        }
    }

    /// What a passing stage tells of the world outside; nothing before.
    fn real_ones(&self) -> &'static [Reading] {
        match self.outcome {
            Outcome::Passing { .. } => self.stage.solved,
            _ => &[],
        }
    }

    /// The verdict as a piece of HTML.
    pub fn to_html(&self) -> Html {
        let state = self.state();
        let (colour, sign) = match state {
            super::State::NotStarted => ("#8a6d00", "○"),
            super::State::Failing => ("#c62828", "✗"),
            super::State::Passing => ("#2e7d32", "✓"),
        };
        let mut body = String::new();
        if let Outcome::Failing(failure) = &self.outcome {
            body.push_str(&failure.to_html());
        }
        for real in self.real_ones() {
            body.push_str(&format!(
                "<div style=\"margin-top:4px\"><i>the real one</i> <a href=\"{}\">{}</a></div>",
                escape(real.at),
                with_code(real.title)
            ));
        }
        let step = link(&self.next_step(), &self.file());
        Html::new(format!(
            "<div style=\"border-left:4px solid {colour};padding:6px 12px;margin:4px 0;\
             font-family:var(--jp-content-font-family,sans-serif);\
             color:var(--jp-content-font-color1,#111)\">\
             <div><b style=\"color:{colour}\">{sign} {}</b> &nbsp;<code>{}</code> &nbsp;{}</div>\
             {body}<div style=\"margin-top:6px\">{step}</div></div>",
            state.as_str(),
            self.stage.id,
            escape(&self.headline()),
        ))
    }

    /// Called by the Rust notebook kernel to show a value: HTML where it can, text where it cannot.
    #[expect(clippy::print_stdout, reason = "the kernel's protocol is standard output")]
    pub fn evcxr_display(&self) {
        println!("{}", self.to_html().for_kernel(&self.to_string()));
    }

    /// The verdict as one JSON object on one line.
    ///
    /// Keys: `stage`, `state`, `text`; `cases` when passing; `waits_for` when not started; `case`,
    /// `call`, `expected`, `got`, `diff`, `why` and `misconceptions` when failing.
    pub fn to_json(&self) -> String {
        let mut object = Object::default();
        object.text("stage", self.stage.id).text("state", self.state().as_str());
        match &self.outcome {
            Outcome::NotStarted { waits_for } => {
                if let Some(id) = waits_for {
                    object.text("waits_for", id);
                }
            }
            Outcome::Passing { cases } => {
                object.raw("cases", &cases.to_string());
            }
            Outcome::Failing(failure) => {
                let diff: Vec<String> = failure.diff.iter().map(|line| json_string(line)).collect();
                let wrong: Vec<String> = failure
                    .misconceptions
                    .iter()
                    .map(|wrong| {
                        let mut one = Object::default();
                        one.text("id", wrong.id).text("belief", wrong.belief);
                        one.close()
                    })
                    .collect();
                object
                    .raw("case", &failure.case.to_string())
                    .text("call", &failure.call)
                    .text("expected", &failure.expected)
                    .text("got", &failure.got)
                    .raw("diff", &format!("[{}]", diff.join(",")))
                    .text("why", &failure.why)
                    .raw("misconceptions", &format!("[{}]", wrong.join(",")));
            }
        }
        object.text("text", &self.to_string());
        object.close()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  {}  {}", self.stage.id, self.state().as_str(), self.headline())?;
        if let Outcome::Failing(failure) = &self.outcome {
            writeln!(f, "\n{failure}")?;
        } else {
            writeln!(f)?;
        }
        for real in self.real_ones() {
            writeln!(f, "the real one: {}, {}", real.title, real.at)?;
        }
        write!(f, "{}", self.next_step())
    }
}

/// A label and its text, as both the text and the HTML show them.
type Row = (&'static str, String);

impl Failure {
    fn headline(&self) -> String {
        match self.case {
            0 => "no call was made".to_owned(),
            case => format!("case {case} differs"),
        }
    }

    /// What was misunderstood, most telling first.
    fn lesson(&self) -> Vec<Row> {
        // Several beliefs that cannot be told apart by the cases so far: one of them, at most.
        let labels = ["looks like"].into_iter().chain(std::iter::repeat("or like"));
        let looks = labels.zip(&self.misconceptions).map(|(label, wrong)| {
            (label, format!("{} (misconception: {})", wrong.belief, wrong.id))
        });
        let law = (!self.why.is_empty()).then(|| ("the rule", self.why.clone()));
        looks.chain(law).collect()
    }

    /// What happened.
    fn evidence(&self) -> Vec<Row> {
        let mut rows = vec![
            ("call", self.call.clone()),
            ("expected", self.expected.clone()),
            ("got", self.got.clone()),
        ];
        rows.retain(|(_, text)| !text.is_empty());
        rows.extend(self.diff.iter().map(|line| ("", line.clone())));
        rows
    }

    fn to_html(&self) -> String {
        let mut html = String::new();
        for (label, text) in self.lesson() {
            html.push_str(&format!(
                "<div style=\"margin-top:4px\"><i>{label}</i> {}</div>",
                with_code(&text)
            ));
        }
        html.push_str("<pre style=\"margin:6px 0 0;white-space:pre-wrap\">");
        for (label, text) in self.evidence() {
            html.push_str(&escape(&format!("{label:<10}{text}\n")));
        }
        html.push_str("</pre>");
        html
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (label, text) in self.lesson() {
            writeln!(f, "  {label:<12}{text}")?;
        }
        writeln!(f)?;
        for (label, text) in self.evidence() {
            let mut lines = text.lines();
            writeln!(f, "  {label:<12}{}", lines.next().unwrap_or_default())?;
            for line in lines {
                writeln!(f, "  {:<12}{line}", "")?;
            }
        }
        Ok(())
    }
}

/// Turns the file that a line names into a link which JupyterLab opens beside the notebook.
fn link(line: &str, file: &str) -> String {
    let anchor = format!("<a href=\"../../{file}\"><code>{file}</code></a>");
    with_code(line).replace(file, &anchor)
}

/// Escaped text in which what stands between backticks is code.
fn with_code(text: &str) -> String {
    let parts = escape(text);
    let mut html = String::new();
    for (index, part) in parts.split('`').enumerate() {
        match index % 2 {
            0 => html.push_str(part),
            _ => html.push_str(&format!("<code>{part}</code>")),
        }
    }
    html
}

/// A JSON object under construction.
#[derive(Default)]
struct Object(Vec<String>);

impl Object {
    fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.raw(key, &json_string(value))
    }

    fn raw(&mut self, key: &str, value: &str) -> &mut Self {
        self.0.push(format!("{}:{value}", json_string(key)));
        self
    }

    fn close(&self) -> String {
        format!("{{{}}}", self.0.join(","))
    }
}

/// A text as a JSON string, quotes included.
///
/// ```
/// assert_eq!(rust_for_ai::check::json_string("a \"b\"\n"), r#""a \"b\"\n""#);
/// ```
pub fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
