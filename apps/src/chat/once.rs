//! One question and one answer, for scripts.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, Result};
use rust_for_ai::llama::chat::{Conversation, Finish};
use rust_for_ai::llama::template::Template;

use super::{Options, Usage, interrupt, show};

/// More than any context holds.
const MOST: u64 = 16 << 20;

/// The one question, if there is one: `--prompt`, what is piped in, or both with a blank line between.
/// `None` is for a conversation.
pub(super) fn question(options: &Options) -> Result<Option<String>> {
    let stdin = io::stdin();
    let piped = match stdin.is_terminal() {
        true => String::new(),
        false => read(stdin.lock())?,
    };
    match (&options.prompt, piped.trim_end()) {
        (Some(prompt), "") => Ok(Some(prompt.clone())),
        (Some(prompt), piped) => Ok(Some(format!("{prompt}\n\n{piped}"))),
        (None, piped) if !piped.is_empty() => Ok(Some(piped.to_owned())),
        (None, _) if !stdin.is_terminal() => {
            Err(Usage("nothing was asked: no `--prompt`, and standard input is empty".to_owned())
                .into())
        }
        (None, _) if !io::stdout().is_terminal() => Err(Usage(
            "a conversation needs a terminal, and standard output is none\n\n\
             hint: `--prompt TEXT` asks one question"
                .to_owned(),
        )
        .into()),
        (None, _) => Ok(None),
    }
}

fn read(input: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    input.take(MOST + 1).read_to_end(&mut bytes).context("could not read standard input")?;
    if bytes.len() as u64 > MOST {
        return Err(Usage(format!("standard input is longer than {MOST} bytes")).into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Usage(format!("standard input: expected UTF-8, got something else at byte {at}")).into()
    })
}

/// Answers it on standard output.
pub(super) fn ask(
    mut chat: Conversation<'_>,
    template: &Template,
    question: &str,
) -> Result<ExitCode> {
    interrupt::listen()?;
    let answer = show::answer(&mut chat, template, question)?;
    Ok(match answer.finish {
        Finish::Interrupted if interrupt::pressed() => ExitCode::from(interrupt::CODE),
        _ => ExitCode::SUCCESS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_piped_in_must_be_text() {
        assert_eq!(read(&b"na\xc3\xafve"[..]).expect("it is text"), "naïve");
        let error = read(&b"na\xff"[..]).expect_err("it is none");
        assert!(error.is::<Usage>() && error.to_string().contains("at byte 2"), "{error}");
    }
}
