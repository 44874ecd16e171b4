//! What notebook cells show: HTML, coloured tokens, plots.
//!
//! A cell's last expression is shown by its method `evcxr_display`, which prints the content between
//! two marker lines. Everything here is a function from data to [`Html`], so it can be tested without
//! a kernel.
//!
//! [`attempt`] is for cells that call the learner's code: where that is not written yet or panics,
//! the cell shows a card that says so, and the kernel keeps its variables, which it would lose in a
//! panic.

mod amdahl;
#[cfg(feature = "notebook")]
mod bars;
#[cfg(feature = "notebook")]
mod heat;
#[cfg(feature = "notebook")]
mod lock_times;
#[cfg(any(feature = "ownership", feature = "sharing", feature = "parallel"))]
mod owners;
#[cfg(feature = "notebook")]
mod plot;
#[cfg(feature = "notebook")]
mod ticks;
#[cfg(feature = "notebook")]
mod timeline;
mod tokens;
mod tree;

pub use amdahl::{amdahl, speed_up};
#[cfg(feature = "notebook")]
pub use bars::bars;
#[cfg(feature = "notebook")]
pub use heat::heat;
#[cfg(feature = "notebook")]
pub use lock_times::LockTimes;
#[cfg(any(feature = "ownership", feature = "sharing", feature = "parallel"))]
pub use owners::owners;
#[cfg(feature = "notebook")]
pub use plot::{Axis, lines};
#[cfg(feature = "notebook")]
pub use timeline::{Span, timeline};
pub use tokens::{pieces, tokens};
pub use tree::merge_tree;

pub use crate::html::{Html, escape};
pub use crate::witness::{DISMISSED, WITNESS};

use crate::check::quietly;

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

/// A colour, as HTML writes it.
#[derive(Debug, Clone, Copy)]
struct Colour(u8, u8, u8);

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Told apart by eyes that mix up red and green (Okabe and Ito, 2008).
const COLOURS: [Colour; 6] = [
    Colour(0, 114, 178),
    Colour(213, 94, 0),
    Colour(0, 158, 115),
    Colour(204, 121, 167),
    Colour(230, 159, 0),
    Colour(86, 180, 233),
];

/// A picture on white below the sentence that says what to see.
fn figure(see: &str, svg: &str) -> Html {
    Html::new(format!(
        "<figure style=\"margin:6px 0\"><figcaption>{}</figcaption>\
         <div style=\"background:#fff;display:inline-block\">{svg}</div></figure>",
        escape(see)
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
