//! What can be wrong with a template and with a conversation.

use std::fmt;

use super::{Role, Style};
use crate::llama::gguf::GgufError;

/// `` `llama2`, `chatml`, `llama3` or `zephyr` ``
fn names() -> String {
    let names = Style::ALL.map(|style| format!("`{}`", style.name()));
    let [most @ .., last] = &names;
    format!("{} or {last}", most.join(", "))
}

/// Why a file's template is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownTemplate {
    /// The file has none: its model was made to continue texts, not to chat, or lost its template.
    Missing,
    /// The file has one of another family.
    Unknown {
        /// How it begins.
        beginning: String,
    },
    /// What the file has there is no text.
    Gguf(GgufError),
}

impl UnknownTemplate {
    /// What helps.
    pub fn hint(&self) -> String {
        format!("say which one the model was trained with: `--template` and {}", names())
    }
}

impl fmt::Display for UnknownTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = names();
        match self {
            Self::Missing => write!(f, "the file has no chat template, expected {names}"),
            Self::Unknown { beginning } => write!(
                f,
                "the file's chat template is unknown, expected {names}, got one that begins `{}`",
                beginning.escape_debug()
            ),
            Self::Gguf(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UnknownTemplate {}

/// A name that is no template's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStyle {
    /// The name.
    pub name: String,
}

impl fmt::Display for UnknownStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown template `{}`, expected {}", self.name.escape_debug(), names())
    }
}

impl std::error::Error for UnknownStyle {}

/// Why a conversation has no ids.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateError {
    /// The vocabulary does not have a control token of the template: they do not belong together.
    MissingToken {
        /// The template's marks.
        style: Style,
        /// The token; `bos` and `eos` for the file's begin and end.
        token: &'static str,
    },
    /// Turns that Llama-2's template has no place for.
    Order {
        /// Index of the message.
        index: usize,
        /// Whose turn it is.
        expected: Role,
        /// Whose message is there, if there is one.
        got: Option<Role>,
    },
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingToken { style, token } => {
                let name = style.name();
                write!(
                    f,
                    "the template `{name}` needs the token `{token}`, which the vocabulary lacks"
                )
            }
            Self::Order { index, expected, got: Some(got) } => {
                write!(f, "message {index} is of the role {got}, expected {expected}")
            }
            Self::Order { index, expected, got: None } => {
                write!(
                    f,
                    "the messages end before message {index}, expected one of the role {expected}"
                )
            }
        }
    }
}

impl std::error::Error for TemplateError {}
