//! Flash cards from the interview reading: `cargo lab quiz`.
//!
//! A card is a question with its answer in 30 seconds, or one of its follow-ups. Cards lie in five boxes
//! (Leitner, 1972): what was known moves a box on, what was not goes back to the first, and a later box
//! comes again after more days. So ten minutes a day go to what is not known yet.
//!
//! | file | what it does |
//! |---|---|
//! | [`card`] | makes cards of the pages, each with an id that lasts |
//! | [`boxes`] | which card is due when, and the file that remembers |
//! | [`markdown`] | a card as plain text and as HTML |
//! | [`export`] | a file that Anki imports |
//!
//! Each answer is stored before the next question is asked, so whatever ends the program loses nothing. The
//! pages are part of the program: nothing is fetched.
//!
//! # What is deliberately absent
//!
//! Single keys without Enter: they would need a terminal in raw mode, which then must be put back, also
//! after a crash. Lines work in every terminal, through a pipe, and with a screen reader.

pub mod boxes;
pub mod card;
pub mod export;
pub mod markdown;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use rust_for_ai::interview::Level;

use crate::place::Place;
use crate::run::{print, say};
use crate::store::Real;
use boxes::{Answer, Boxes, Day};
use card::Card;

/// Asks cards that are due, or exports all of them.
///
/// # Errors
///
/// What was answered before cannot be read or written, or the export cannot.
pub fn quiz(
    place: &Place,
    level: Option<Level>,
    count: usize,
    file: Option<&Path>,
) -> Result<bool> {
    let levels = level.map_or(Level::ALL.to_vec(), |level| vec![level]);
    let mut cards = Vec::new();
    for level in levels {
        cards.extend(card::cards(level).with_context(|| format!("interview/{}.md", level.name()))?);
    }
    if let Some(path) = file {
        export::write(&Real, path, &cards)?;
        print(&format!("wrote {} cards to `{}`", cards.len(), path.display()));
        return Ok(true);
    }
    let seconds =
        SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let today = Day::from_seconds(seconds.as_secs());
    let path = place.state("quiz.txt");
    let due = Boxes::load(&path)?.due(&cards, today, count);
    let (input, output) = (io::stdin(), io::stdout());
    let ask = Ask { input: input.lock(), output: output.lock(), lines: input.is_terminal() };
    let told = session(ask, due, |card, answer| {
        Boxes::update(&path, &place.state("lock"), &Real, |boxes| {
            boxes.answered(&card.id, answer, today)
        })
    })?;
    if told.left > 0 || told.asked > 0 {
        say(&format!("\n{} answered, {} left for today; nothing is lost", told.asked, told.left));
    }
    if told.asked == 0 && told.left == 0 {
        let boxes = Boxes::load(&path)?;
        print(&match boxes.next(&cards, today) {
            Some(day) => format!("nothing is due today; the next card is due on {day}"),
            None => "no cards".to_owned(),
        });
    }
    Ok(true)
}

/// Where questions go and answers come from.
struct Ask<I, O> {
    input: I,
    output: O,
    /// Whether a person sees what is written before a line is read.
    lines: bool,
}

/// How a session went.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    asked: usize,
    left: usize,
}

const HOW: &str = "again (a), hard (h), good (g)? ";

/// Asks one card after the other; what was not known comes once more at the end. Ends where the input does.
fn session<I: BufRead, O: Write>(
    mut ask: Ask<I, O>,
    due: Vec<Card>,
    mut store: impl FnMut(&Card, Answer) -> Result<Day>,
) -> Result<Told> {
    let (mut told, mut queue) = (Told::default(), std::collections::VecDeque::from(due));
    let total = queue.len();
    let mut again = 0;
    while let Some(card) = queue.pop_front() {
        let number = told.asked + 1;
        let of =
            if number <= total { format!("{number} of {total}") } else { "once more".to_owned() };
        let front = text(&card.front);
        ask.write(&format!(
            "\n{of}, {}\n\n{front}\n\nanswer aloud, then press Enter ",
            card.level.name()
        ))?;
        let answer = match ask.line()? {
            None => None,
            Some(_) => {
                ask.write(&format!("\n{}\n\n", text(&card.back)))?;
                ask.how()?
            }
        };
        let Some(answer) = answer else {
            told.left = 1 + queue.len() - again.min(queue.len());
            ask.write("\n")?;
            return Ok(told);
        };
        if number > total {
            // The second time of a day moves nothing; the card is due tomorrow as it is.
            told.asked += 1;
            continue;
        }
        let day = store(&card, answer)?;
        told.asked += 1;
        ask.write(&format!("comes again on {day}\n"))?;
        if answer == Answer::Again {
            queue.push_back(card);
            again += 1;
        }
    }
    Ok(told)
}

/// A part of a card as lines for a terminal.
fn text(markdown: &str) -> String {
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    markdown::wrapped(&markdown::plain(markdown), width.clamp(20, 96))
}

impl<I: BufRead, O: Write> Ask<I, O> {
    fn write(&mut self, text: &str) -> Result<()> {
        // A reader that went away is no error: the input will end as well.
        match self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(error).context("could not write the output")
            }
            _ => Ok(()),
        }
    }

    /// A line, or nothing at the end of the input.
    fn line(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let read = self.input.read_line(&mut line);
        match read {
            Ok(0) => Ok(None),
            Ok(_) => {
                if !self.lines {
                    self.write("\n")?;
                }
                Ok(Some(line.trim().to_lowercase()))
            }
            Err(error) => Err(error).context("could not read your answer"),
        }
    }

    /// How it went, asked until it is said.
    fn how(&mut self) -> Result<Option<Answer>> {
        loop {
            self.write(HOW)?;
            let Some(line) = self.line()? else { return Ok(None) };
            match Answer::parse(&line) {
                Some(answer) => return Ok(Some(answer)),
                None if line == "q" => return Ok(None),
                None => self.write("a, h or g; y and n for good and again; q ends\n")?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards() -> Vec<Card> {
        ["one", "two"]
            .map(|id| Card {
                id: format!("mid.{id}"),
                level: Level::Mid,
                front: format!("what is `{id}`?"),
                back: format!("[{id}][x.y]"),
            })
            .into()
    }

    fn run(input: &str) -> (Told, String, Vec<(String, Answer)>) {
        let (mut output, mut stored) = (Vec::new(), Vec::new());
        let ask = Ask { input: input.as_bytes(), output: &mut output, lines: false };
        let told = session(ask, cards(), |card, answer| {
            stored.push((card.id.clone(), answer));
            Ok(Day::from_seconds(0))
        });
        (told.expect("it goes on"), String::from_utf8(output).expect("it is text"), stored)
    }

    #[test]
    fn each_answer_is_stored_before_the_next_question() {
        let (told, text, stored) = run("\ng\n\nh\n");
        assert_eq!(told, Told { asked: 2, left: 0 });
        let expected = [("mid.one", Answer::Good), ("mid.two", Answer::Hard)];
        assert_eq!(stored, expected.map(|(id, answer)| (id.to_owned(), answer)));
        assert!(text.contains("what is `one`?") && text.contains("\none\n"), "{text}");
        let (second, told) = (text.find("what is `two`?"), text.find("comes again on 1970-01-01"));
        assert!(told.is_some() && told < second, "{text}");
    }

    #[test]
    fn the_end_of_the_input_loses_nothing() {
        for (input, asked) in [("", 0), ("\n", 0), ("\ng", 1), ("\ng\n\n", 1), ("\nq\n", 0)] {
            let (told, _, stored) = run(input);
            assert_eq!(
                (told.asked, told.left, stored.len()),
                (asked, 2 - asked, asked),
                "{input:?}"
            );
        }
    }

    #[test]
    fn what_was_not_known_comes_once_more_and_counts_once() {
        let (told, text, stored) = run("\nwhat\nn\n\ny\n\ng\n");
        assert_eq!(told, Told { asked: 3, left: 0 });
        assert_eq!(
            stored.iter().map(|(_, answer)| *answer).collect::<Vec<_>>(),
            [Answer::Again, Answer::Good]
        );
        assert!(text.contains("once more") && text.contains("q ends"), "{text}");
    }
}
