//! What notebook cells show: HTML, coloured tokens, plots.
//!
//! A cell's last expression is shown by its method `evcxr_display`, which prints the content between
//! two marker lines. Everything here is a function from data to [`Html`], so it can be tested without
//! a kernel.
//!
//! [`attempt`] is for cells that call the learner's code: where that is not written yet or panics,
//! the cell shows a card that says so, and the kernel keeps its variables, which it would lose in a
//! panic.

#[cfg(feature = "notebook")]
mod plot;
mod tokens;
mod witness;

#[cfg(feature = "notebook")]
pub use plot::{Axis, lines};
pub use tokens::tokens;
pub(crate) use witness::Witness;
pub use witness::{DISMISSED, WITNESS};

use crate::check::quietly;

/// A piece of HTML that a notebook shows as the result of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Wraps HTML; text that comes from data must have gone through [`escape`].
    pub fn new(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This piece above another one.
    #[must_use]
    pub fn then(mut self, below: &Html) -> Self {
        self.0.push_str(&below.0);
        self
    }

    /// The kernel's envelope: the HTML, and a text for where HTML cannot be shown.
    pub(crate) fn for_kernel(&self, text: &str) -> String {
        format!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT",
            self.0
        )
    }

    /// Called by the Rust notebook kernel to show a value.
    #[expect(clippy::print_stdout, reason = "the kernel's protocol is standard output")]
    pub fn evcxr_display(&self) {
        println!("{}", self.for_kernel("(a picture; open the notebook in JupyterLab to see it)"));
    }
}

/// Text with the characters that HTML takes for its own replaced.
///
/// ```
/// assert_eq!(rust_for_ai::notebook::escape("Vec<u32> & co"), "Vec&lt;u32&gt; &amp; co");
/// ```
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Runs a cell's body that calls the learner's code, and shows what became of it.
///
/// * it returns: its HTML;
/// * it reaches `todo!("bpe.train")`: a card NOT STARTED that names the stage and its file;
/// * it panics otherwise: a card with the message and the line.
///
/// ```
/// use rust_for_ai::notebook::{Html, attempt};
/// let card = attempt(|| -> Html { todo!("bpe.train") });
/// assert!(card.as_str().contains("NOT STARTED"));
/// assert!(card.as_str().contains("exercises/bpe/train.rs"));
/// ```
pub fn attempt(body: impl FnOnce() -> Html) -> Html {
    let caught = match quietly(body) {
        Ok(html) => return html,
        Err(caught) => caught,
    };
    match caught.todo() {
        Some(Some(id)) => match crate::course::stage(id) {
            Some(stage) => {
                let file = stage.exercise();
                card(
                    "○ NOT STARTED",
                    &format!(
                        "this cell needs <code>{id}</code>: solve it in <a href=\"../../{file}\"><code>{file}</code></a>, \
                     save, and run the cell again"
                    ),
                )
            }
            None => card("○ NOT STARTED", &format!("this cell needs <code>{}</code>", escape(id))),
        },
        Some(None) => card("○ NOT STARTED", "this cell reached <code>todo!()</code>"),
        None => card("✗ PANICKED", &format!("<code>{}</code>", escape(&caught.to_string()))),
    }
}

fn card(state: &str, html: &str) -> Html {
    Html::new(format!(
        "<div style=\"border-left:4px solid #8a6d00;padding:6px 12px;margin:4px 0;\
         font-family:var(--jp-content-font-family,sans-serif)\"><b>{state}</b> &nbsp;{html}</div>"
    ))
}

/// A table: headings, then rows of as many cells.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> Html {
    let cells = |tag: &str, row: &mut dyn Iterator<Item = &str>| -> String {
        row.map(|cell| {
            format!("<{tag} style=\"text-align:left;padding:2px 10px\">{}</{tag}>", escape(cell))
        })
        .collect()
    };
    let head = cells("th", &mut headings.iter().copied());
    let body: String = rows
        .iter()
        .map(|row| format!("<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str))))
        .collect();
    Html::new(format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"))
}
