//! The conversation at the terminal: a line is a question or a command.

use std::process::ExitCode;

use anyhow::{Context, Result};
use rust_for_ai::llama::chat::{Conversation, Finish, Stats};
use rust_for_ai::llama::template::{Role, Template};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Config, Editor};

use super::{Options, interrupt, notice, say, show};

const HELP: &str = "\
/help          this list
/reset         begin anew, with the same system prompt
/system TEXT   begin anew, with this system prompt; without TEXT, show the one there is
/stats         what answers took, and how full the context is
/quit          leave; so do Ctrl-D and Ctrl-C twice
//TEXT         ask something that begins with a slash
Ctrl-C stops an answer; what was said until then stays said.";

const COMMANDS: [&str; 5] = ["/help", "/reset", "/system", "/stats", "/quit"];

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Nothing,
    Ask(&'a str),
    Help,
    Reset,
    System(&'a str),
    Stats,
    Quit,
    Unknown(&'a str),
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Nothing;
        }
        if !line.starts_with('/') || line.starts_with("//") {
            return Self::Ask(line.strip_prefix('/').unwrap_or(line));
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "/help" => Self::Help,
            "/reset" => Self::Reset,
            "/system" => Self::System(rest.trim()),
            "/stats" => Self::Stats,
            "/quit" | "/exit" => Self::Quit,
            _ => Self::Unknown(word),
        }
    }
}

/// Talks until the person leaves.
pub(super) fn talk(
    mut chat: Conversation<'_>,
    template: &Template,
    options: &Options,
    seed: u64,
) -> Result<ExitCode> {
    interrupt::listen()?;
    let mut lines = Lines::new(options)?;
    let mut last = None;
    let mut leaving = false;
    loop {
        let line = match lines.editor.readline("> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) if !leaving => {
                leaving = true;
                notice("Ctrl-C again, Ctrl-D or /quit leaves");
                continue;
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("could not read a line"),
        };
        leaving = false;
        lines.keep(&line);
        match Line::parse(&line) {
            Line::Nothing => {}
            Line::Ask(question) => match show::answer(&mut chat, template, question) {
                Ok(answer) => {
                    if answer.finish == Finish::Interrupted {
                        notice(if answer.text.is_empty() {
                            "stopped; it was not asked"
                        } else {
                            "stopped"
                        });
                    }
                    last = Some(answer.stats);
                }
                // The conversation goes on without that question.
                Err(error) => say(&format!("error: {error:#}")),
            },
            Line::Help => say(HELP),
            Line::Reset => {
                chat.reset();
                notice("the conversation begins anew");
            }
            Line::System("") => {
                match chat.messages().first().filter(|it| it.role == Role::System) {
                    Some(message) => say(&message.text),
                    None => notice("no system prompt but what the model's template says"),
                }
            }
            Line::System(text) => {
                chat.restart(Some(text));
                notice("the conversation begins anew, with this system prompt");
            }
            Line::Stats => say(&stats(&chat, last.as_ref(), seed)),
            Line::Quit => break,
            Line::Unknown(word) => notice(&unknown(word)),
        }
    }
    lines.save()?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(word: &str) -> String {
    let alike = |command: &&str| strsim::jaro_winkler(word, command);
    let nearest = COMMANDS.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let hint = match nearest.filter(|nearest| alike(nearest) > 0.7) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "/help lists them, and // begins a question with a slash".to_owned(),
    };
    format!("no command {word}; {hint}")
}

fn stats(chat: &Conversation<'_>, last: Option<&Stats>, seed: u64) -> String {
    let mut text = match last {
        None => "nothing was asked yet".to_owned(),
        Some(last) => format!(
            "last answer   {} tokens at {:.1} a second; the first after {:.2} s\n\
             its prompt    {} tokens, {} of them reused, the others read at {:.0} a second",
            last.generated,
            last.tokens_per_second(),
            last.first.unwrap_or(last.total).as_secs_f64(),
            last.prompt,
            last.reused,
            last.prompt_tokens_per_second(),
        ),
    };
    let (totals, (used, context)) = (chat.totals(), chat.positions());
    text += &format!(
        "\nall answers   {}: {} tokens in {:.1} s; prompts: {} tokens read, {} reused\n\
         context       {used} of {context} positions in use\n\
         seed          {seed}",
        totals.answers,
        totals.generated,
        totals.total.as_secs_f64(),
        totals.fed,
        totals.reused,
    );
    text
}

/// Lines with editing, and with a history if one was asked for.
struct Lines<'a> {
    editor: Editor<(), DefaultHistory>,
    options: &'a Options,
}

impl<'a> Lines<'a> {
    fn new(options: &'a Options) -> Result<Self> {
        let config = Config::builder().max_history_size(1000).context("the history")?.build();
        let mut editor = Editor::with_config(config).context("could not open the terminal")?;
        if let Some(path) = &options.history {
            private(path).with_context(|| format!("the history `{}`", path.display()))?;
            editor
                .load_history(path)
                .with_context(|| format!("could not read the history `{}`", path.display()))?;
        }
        Ok(Self { editor, options })
    }

    /// Keeps a line to be called back with the arrow keys; on disk only if that was asked for.
    fn keep(&mut self, line: &str) {
        let _ = self.editor.add_history_entry(line);
    }

    fn save(&mut self) -> Result<()> {
        let Some(path) = &self.options.history else { return Ok(()) };
        self.editor
            .save_history(path)
            .and_then(|()| Ok(private(path)?))
            .with_context(|| format!("could not write the history `{}`", path.display()))
    }
}

/// Makes the file, or changes it, so that only its owner can read it.
fn private(path: &std::path::Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        file.mode(0o600).open(path)?.set_permissions(PermissionsExt::from_mode(0o600))
    }
    #[cfg(not(unix))]
    file.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_question_or_a_command() {
        for (line, meant) in [
            ("  ", Line::Nothing),
            (" hi ", Line::Ask("hi")),
            ("//etc/hosts?", Line::Ask("/etc/hosts?")),
            ("/system  be  kind ", Line::System("be  kind")),
            ("/system", Line::System("")),
            ("/quit", Line::Quit),
            ("/sytem x", Line::Unknown("/sytem")),
        ] {
            assert_eq!(Line::parse(line), meant, "{line}");
        }
        assert_eq!(unknown("/sytem"), "no command /sytem; did you mean /system?");
        assert!(unknown("/xyzzy").contains("/help"));
        for command in COMMANDS {
            assert!(HELP.contains(command) && !matches!(Line::parse(command), Line::Unknown(_)));
        }
    }
}
