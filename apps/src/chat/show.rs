//! An answer on its way out, as it is made.
//!
//! A terminal obeys what it is sent: an escape sequence in an answer could move the cursor, change the
//! window's title or worse. So for a terminal control characters become pictures of themselves. A pipe
//! gets every byte as it is.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow::{self, Break, Continue};

use anyhow::{Context, Result};
use rust_for_ai::llama::chat::{Answer, ChatError, Conversation, Event, Finish};
use rust_for_ai::llama::template::Template;

use super::{interrupt, notice};

/// Asks, and shows the answer on standard output.
pub(super) fn answer(
    chat: &mut Conversation<'_>,
    template: &Template,
    question: &str,
) -> Result<Answer> {
    interrupt::forget();
    if let Some(mark) = template.imitated(question) {
        let style = template.style.name();
        notice(&format!(
            "the question has `{mark}`, which is a mark of {style} and no token: the model may take \
             what follows for another's words"
        ));
    }
    let mut out = Out::new();
    let answered = chat.answer(question, &mut |event| out.hear(event));
    out.end()?;
    let answer = answered.map_err(|error| explain(&error))?;
    match &answer.finish {
        Finish::MaxTokens => {
            notice("the answer is cut off: it has as many tokens as `--max-tokens` allows")
        }
        Finish::ContextFull => notice(
            "the answer is cut off: the context is full; the next question drops the oldest turns, \
             and `--context` makes it larger",
        ),
        _ => {}
    }
    Ok(answer)
}

fn explain(error: &ChatError) -> anyhow::Error {
    let hint = match error {
        ChatError::TooLong { .. } => {
            "\n\nhint: `--context N` makes the context larger, up to what the model was trained on"
        }
        _ => "",
    };
    anyhow::anyhow!("{error}{hint}")
}

struct Out {
    out: io::Stdout,
    terminal: bool,
    /// Whether anything but blanks was shown; some models begin with a blank.
    begun: bool,
    /// Whether the line that stands there is not ended.
    open: bool,
    failed: Option<io::Error>,
}

impl Out {
    fn new() -> Self {
        let out = io::stdout();
        Self { terminal: out.is_terminal(), out, begun: false, open: false, failed: None }
    }

    fn hear(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Dropped { turns, needed, available } => {
                let turns =
                    if turns == 1 { "turn is".to_owned() } else { format!("{turns} turns are") };
                notice(&format!(
                    "the oldest {turns} dropped: the conversation needs {needed} positions, and \
                     {available} of the context are for it"
                ));
            }
            Event::Text(text) => self.show(text),
            _ => {}
        }
        if self.failed.is_some() || interrupt::pressed() { Break(()) } else { Continue(()) }
    }

    fn show(&mut self, text: &str) {
        let text = if self.begun { text } else { text.trim_start() };
        if text.is_empty() || self.failed.is_some() {
            return;
        }
        self.begun = true;
        self.open = !text.ends_with('\n');
        self.write(text);
    }

    fn write(&mut self, text: &str) {
        let pictured;
        let text = match self.terminal {
            true => {
                pictured = pictured_controls(text);
                &pictured
            }
            false => text,
        };
        let mut out = self.out.lock();
        self.failed = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
    }

    /// Ends the line. A reader that went away has what it wanted.
    fn end(&mut self) -> Result<()> {
        if self.open && self.failed.is_none() {
            self.write("\n");
        }
        match self.failed.take() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(error).context("could not write the answer")
            }
            _ => Ok(()),
        }
    }
}

/// Control characters as pictures, but for ends of lines and tabs.
fn pictured_controls(text: &str) -> String {
    let picture = |c: char| match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        assert_eq!(
            pictured_controls("a\tb\n\x1b[2Jc\u{9b}d\x7f\r"),
            "a\tb\n␛[2Jc\u{fffd}d\u{fffd}␍"
        );
    }
}
