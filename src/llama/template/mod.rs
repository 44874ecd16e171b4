//! Chat templates: a conversation to the ids that a model was trained to continue.
//!
//! # The idea
//!
//! A chat model is a model of texts in which two people take turns, each turn between marks. A model
//! knows the marks of its own training and no others, and a mark a newline off makes it worse without an
//! error. A file says which marks in `tokenizer.chat_template`, as a program in the language Jinja. That
//! program is not run here: four families are rendered by hand, recognised by their marks, and
//! compared with what Jinja makes of the programs. An unknown one is an error.
//!
//! ```text
//! ChatML    <|im_start|>user⏎Hi<|im_end|>⏎<|im_start|>assistant⏎
//! Llama-3   <|begin_of_text|><|start_header_id|>user<|end_header_id|>⏎⏎Hi<|eot_id|><|start_header_id|>…
//! Zephyr    <|user|>⏎Hi</s>⏎<|assistant|>⏎
//! Llama-2   <s>[INST] <<SYS>>⏎Be brief.⏎<</SYS>>⏎⏎Hi [/INST] Hello. </s><s>[INST] …
//! ```
//!
//! # The laws
//!
//! 1. **Ids, not text.** Marks that are control tokens become ids here; all else goes through
//!    [`Tokenizer::encode`], which makes none. So no user, document or answer can end a turn or begin
//!    one: to render to a text and encode that with its control tokens would be an injection, like
//!    quotes in SQL.
//! 2. **What stands between two control tokens is encoded as one text**, for merges, and for
//!    SentencePiece's space in front.
//! 3. **The end is open**: the ids end where the assistant's answer begins.
//! 4. **A default system prompt**, where the file's program has one (SmolLM2's does), stands in front
//!    unless the first message is of the system.
//!
//! # Where it stops
//!
//! `[INST]`, `<<SYS>>` and Zephyr's `<|user|>` are not tokens of their vocabularies but plain text. A user
//! can write the same text; no encoding can tell the two apart. Meta's code refuses such a prompt.
//! [`Template::imitated`] says which mark a text has, for those who want to refuse or warn.
//!
//! Tools, images, and dates in system prompts (Llama-3.1) are not here.

mod error;
mod recognise;
#[cfg(test)]
mod tests;

pub use error::{TemplateError, UnknownStyle, UnknownTemplate};

use std::fmt;
use std::str::FromStr;

use super::tokenizer::Tokenizer;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever runs the model; at most once, in front.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        })
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What.
    pub text: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// The marks of a family of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Llama-2-chat, CodeLlama-instruct.
    Llama2,
    /// SmolLM2, Qwen, Hermes and many more.
    ChatMl,
    /// Llama-3-instruct.
    Llama3,
    /// Zephyr, TinyLlama-chat, StableLM-zephyr.
    Zephyr,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Llama2, Self::ChatMl, Self::Llama3, Self::Zephyr];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama2 => "llama2",
            Self::ChatMl => "chatml",
            Self::Llama3 => "llama3",
            Self::Zephyr => "zephyr",
        }
    }
}

/// How a conversation becomes ids.
///
/// ```
/// use rust_for_ai::llama::template::{Message, Role, Style, Template};
/// use rust_for_ai::llama::tokenizer::{Metadata, Tokenizer};
///
/// # let tokens = vec!["<|im_start|>", "<|im_end|>", "user", "assistant", "Ċ", "H", "i", "u", "s", "e", "r", "a", "t", "n"];
/// # let file = Metadata { model: "gpt2", pre: Some("smollm"), tokens, types: Some([vec![3; 2], vec![1; 12]].concat()), ..Metadata::default() };
/// # let tokenizer = Tokenizer::new(&file)?;
/// let template: Template = "chatml".parse()?;
/// let ids = template.render(&tokenizer, &[Message::new(Role::User, "Hi")])?;
/// let (start, end) = (tokenizer.control("<|im_start|>"), tokenizer.control("<|im_end|>"));
/// let controls: Vec<usize> =
///     (0..ids.len()).filter(|&at| [start, end].contains(&Some(ids[at]))).collect();
/// assert_eq!(controls, [0, 8, 10]); // user⏎Hi are seven letters here, then a line break
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The marks.
    pub style: Style,
    /// What the system says where a conversation does not.
    pub system: Option<String>,
}

impl From<Style> for Template {
    fn from(style: Style) -> Self {
        Self { style, system: None }
    }
}

impl FromStr for Template {
    type Err = UnknownStyle;

    /// `llama2`, `chatml`, `llama3` or `zephyr`, without a default system prompt.
    fn from_str(name: &str) -> Result<Self, UnknownStyle> {
        let style = Style::ALL.into_iter().find(|style| style.name() == name);
        style.map(Self::from).ok_or_else(|| UnknownStyle { name: name.to_owned() })
    }
}

impl Template {
    /// The ids of a conversation, open for the assistant's answer.
    ///
    /// # Errors
    ///
    /// A control token that the vocabulary does not have; for Llama-2, turns that do not alternate, or
    /// do not begin and end with the user's.
    pub fn render(
        &self,
        tokenizer: &Tokenizer,
        messages: &[Message],
    ) -> Result<Vec<u32>, TemplateError> {
        let mut ids = Ids { style: self.style, tokenizer, text: String::new(), ids: Vec::new() };
        let (system, turns) = match messages.split_first() {
            Some((first, turns)) if first.role == Role::System => (Some(&*first.text), turns),
            _ => (self.system.as_deref(), messages),
        };
        if self.style == Style::Llama2 {
            ids.llama2(system, turns, messages.len() - turns.len())?;
        } else {
            ids.begin()?;
            let system = system.map(|text| (Role::System, text));
            for (role, text) in
                system.into_iter().chain(turns.iter().map(|turn| (turn.role, &*turn.text)))
            {
                ids.turn(role, text)?;
            }
            ids.open(Role::Assistant)?;
        }
        ids.flush();
        Ok(ids.ids)
    }

    /// The mark that a text has and that is plain text in this style, if there is one.
    ///
    /// ```
    /// use rust_for_ai::llama::template::Template;
    /// let llama2: Template = "llama2".parse()?;
    /// assert_eq!(llama2.imitated("Hi [/INST] Hello"), Some("[/INST]"));
    /// let chatml: Template = "chatml".parse()?;
    /// assert_eq!(chatml.imitated("Hi<|im_end|>"), None); // plain text there, and no mark
    /// # Ok::<(), rust_for_ai::llama::template::UnknownStyle>(())
    /// ```
    pub fn imitated(&self, text: &str) -> Option<&'static str> {
        let marks: &[&'static str] = match self.style {
            Style::Llama2 => &["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"],
            Style::Zephyr => &["<|system|>", "<|user|>", "<|assistant|>"],
            Style::ChatMl | Style::Llama3 => &[],
        };
        marks.iter().copied().find(|mark| text.contains(mark))
    }
}

/// The ids so far.
struct Ids<'t> {
    style: Style,
    tokenizer: &'t Tokenizer,
    /// Plain text since the last control token.
    text: String,
    ids: Vec<u32>,
}

impl Ids<'_> {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.ids.extend(self.tokenizer.encode(&self.text));
            self.text.clear();
        }
    }

    fn push(&mut self, id: u32) {
        self.flush();
        self.ids.push(id);
    }

    fn control(&mut self, token: &'static str) -> Result<(), TemplateError> {
        let id = self.tokenizer.control(token);
        let style = self.style;
        self.push(id.ok_or(TemplateError::MissingToken { style, token })?);
        Ok(())
    }

    fn bos(&mut self) -> Result<(), TemplateError> {
        let missing = TemplateError::MissingToken { style: self.style, token: "bos" };
        self.push(self.tokenizer.bos().ok_or(missing)?);
        Ok(())
    }

    fn eos(&mut self) -> Result<(), TemplateError> {
        let missing = TemplateError::MissingToken { style: self.style, token: "eos" };
        self.push(self.tokenizer.eos().ok_or(missing)?);
        Ok(())
    }

    /// What stands in front of all turns.
    fn begin(&mut self) -> Result<(), TemplateError> {
        // Llama-3's program has the token itself; where the others' vocabularies want it, it is added to
        // every text.
        if self.style == Style::Llama3 || self.tokenizer.adds_bos() {
            self.bos()?;
        }
        Ok(())
    }

    /// The mark that begins a turn.
    fn open(&mut self, role: Role) -> Result<(), TemplateError> {
        match self.style {
            Style::ChatMl => {
                self.control("<|im_start|>")?;
                self.text += &format!("{role}\n");
            }
            Style::Llama3 => {
                self.control("<|start_header_id|>")?;
                self.text += &role.to_string();
                self.control("<|end_header_id|>")?;
                self.text += "\n\n";
            }
            Style::Zephyr | Style::Llama2 => {
                let mark = match role {
                    Role::System => "<|system|>",
                    Role::User => "<|user|>",
                    Role::Assistant => "<|assistant|>",
                };
                // A token in some vocabularies.
                match self.tokenizer.control(mark) {
                    Some(id) => self.push(id),
                    None => self.text += mark,
                }
                self.text += "\n";
            }
        }
        Ok(())
    }

    /// A whole turn.
    fn turn(&mut self, role: Role, text: &str) -> Result<(), TemplateError> {
        self.open(role)?;
        match self.style {
            Style::ChatMl => {
                self.text += text;
                self.control("<|im_end|>")?;
                self.text += "\n";
            }
            Style::Llama3 => {
                self.text += text.trim();
                self.control("<|eot_id|>")?;
            }
            Style::Zephyr | Style::Llama2 => {
                self.text += text;
                self.eos()?;
                self.text += "\n";
            }
        }
        Ok(())
    }

    /// Llama-2 knows rounds of a question and an answer. The system's words stand in the first question.
    fn llama2(
        &mut self,
        system: Option<&str>,
        turns: &[Message],
        before: usize,
    ) -> Result<(), TemplateError> {
        let wrong = |index: usize, expected, got| TemplateError::Order {
            index: before + index,
            expected,
            got,
        };
        if turns.len().is_multiple_of(2) {
            return Err(wrong(turns.len(), Role::User, None));
        }
        for (index, turn) in turns.iter().enumerate() {
            let expected = [Role::User, Role::Assistant][index % 2];
            if turn.role != expected {
                return Err(wrong(index, expected, Some(turn.role)));
            }
            if expected == Role::Assistant {
                self.text += &format!(" {} ", turn.text.trim());
                self.eos()?;
                continue;
            }
            self.bos()?;
            let system = system.filter(|_| index == 0);
            let system = system.map(|text| format!("<<SYS>>\n{text}\n<</SYS>>\n\n"));
            let question = format!("{}{}", system.unwrap_or_default(), turn.text);
            self.text += &format!("[INST] {} [/INST]", question.trim());
        }
        Ok(())
    }
}
