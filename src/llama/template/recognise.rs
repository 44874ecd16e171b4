//! Which family does a template in a file belong to? By its marks; and what its default system prompt is.
//!
//! Programs of one family differ in how they loop and what they refuse, and agree on the marks. So a few
//! texts tell, as llama.cpp does it. Where families share marks, what tells them apart is asked for too:
//! Mistral has `[INST]` without `<<SYS>>`, Phi-3 has `<|user|>` and ends a turn with `<|end|>`.

use super::{Style, Template, UnknownTemplate};
use crate::llama::gguf::Gguf;

/// How much of an unknown template an error shows, in characters.
const SHOWN: usize = 60;

impl Template {
    /// The template that a file has in `tokenizer.chat_template`.
    ///
    /// # Errors
    ///
    /// It has none, or one that is none of the four.
    pub fn recognise(file: &Gguf) -> Result<Self, UnknownTemplate> {
        let program = file.opt_str("tokenizer.chat_template").map_err(UnknownTemplate::Gguf)?;
        let program = program.ok_or(UnknownTemplate::Missing)?;
        Self::of_program(program).ok_or_else(|| UnknownTemplate::Unknown {
            beginning: program.chars().take(SHOWN).collect(),
        })
    }

    /// The template that a Jinja program is.
    ///
    /// ```
    /// use rust_for_ai::llama::template::{Style, Template};
    /// let program = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}…";
    /// assert_eq!(Template::of_program(program), Some(Style::ChatMl.into()));
    /// assert_eq!(Template::of_program("{{ '[INST] ' + content + ' [/INST]' }}"), None);
    /// ```
    pub fn of_program(program: &str) -> Option<Self> {
        let has = |mark: &str| program.contains(mark);
        if has("<|im_start|>") && has("<|im_end|>") && !has("<|im_sep|>") {
            return Some(Self { style: Style::ChatMl, system: default_system(program) });
        }
        if has("<|start_header_id|>") && has("<|end_header_id|>") && has("<|eot_id|>") {
            return Some(Style::Llama3.into());
        }
        if has("[INST]") && has("<<SYS>>") {
            return Some(Style::Llama2.into());
        }
        if has("<|user|>") && has("<|assistant|>") && !has("<|end|>") && user_ends(program) {
            return Some(Style::Zephyr.into());
        }
        None
    }
}

/// Whether the user's turn ends with the end of a text.
fn user_ends(program: &str) -> bool {
    let turn = program.split("<|user|>").nth(1).and_then(|rest| rest.split("}}").next());
    turn.is_some_and(|turn| {
        ["eos_token", "</s>", "<|endoftext|>"].iter().any(|end| turn.contains(end))
    })
}

/// The text between ChatML's marks for the system, if a string of the program has it from mark to mark.
fn default_system(program: &str) -> Option<String> {
    const MARK: &str = "<|im_start|>system";
    program.match_indices(MARK).find_map(|(at, _)| {
        let rest = &program[at + MARK.len()..];
        let rest = rest.strip_prefix('\n').or(rest.strip_prefix("\\n"))?;
        // The quote that the string began with ends it; either one, where that is not known.
        let quotes: &[char] = match program[..at].chars().next_back() {
            Some('\'') => &['\''],
            Some('"') => &['"'],
            _ => &['\'', '"'],
        };
        literal(rest, quotes)
    })
}

/// What stands before `<|im_end|>`, with escapes undone, unless the string ends before.
fn literal(rest: &str, quotes: &[char]) -> Option<String> {
    let (text, _) = rest.split_once("<|im_end|>")?;
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            c if quotes.contains(&c) => return None,
            '\\' => match chars.next()? {
                'n' => plain.push('\n'),
                't' => plain.push('\t'),
                other => plain.push(other),
            },
            c => plain.push(c),
        }
    }
    Some(plain)
}
