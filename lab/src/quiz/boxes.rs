//! Five boxes: which card is due when, and the file that remembers, `.lab/quiz.txt`.
//!
//! ```text
//! mid.what-does-q4-mean box=3 due=2026-11-27
//! ```
//!
//! A line a card; a card without a line is new, and due. The file is for people too: a line that this version
//! does not understand, such as one of a card that is gone, stays as it is. Before each change the file is
//! read anew under a lock, so two terminals may ask at once, and it is replaced in one step.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use super::card::Card;
use crate::store::{self, Disk, Lock};

/// After how many days a card of a box comes again.
pub const DAYS: [i64; 5] = [1, 2, 4, 7, 14];

const HEADER: &str = "# Rust for AI: your flash cards. `cargo lab quiz` keeps this file; lines it does not know stay as they are.";

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Back to the first box.
    Again,
    /// Stays in its box.
    Hard,
    /// A box on.
    Good,
}

impl Answer {
    /// `a`, `h` or `g`, the words, or `y` and `n`.
    ///
    /// ```
    /// use lab::quiz::boxes::Answer;
    /// assert_eq!(Answer::parse("n"), Some(Answer::Again));
    /// assert_eq!(Answer::parse(""), None);
    /// ```
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "a" | "again" | "n" | "no" | "1" => Some(Self::Again),
            "h" | "hard" | "2" => Some(Self::Hard),
            "g" | "good" | "y" | "yes" | "3" => Some(Self::Good),
            _ => None,
        }
    }
}

/// A day of the calendar, in UTC, as its number since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a number of seconds since 1970.
    ///
    /// ```
    /// use lab::quiz::boxes::Day;
    /// assert_eq!(Day::from_seconds(1_795_392_000).to_string(), "2026-11-23");
    /// ```
    pub fn from_seconds(seconds: u64) -> Self {
        Self(i64::try_from(seconds / 86_400).unwrap_or(i64::MAX))
    }

    /// `2026-11-23`, if there is such a day.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let found = Self::of(year, month, day);
        // What is no day, such as the 31st of June, is written as another one.
        (1970..10_000).contains(&year).then_some(found).filter(|day| day.to_string() == text)
    }

    /// Days from the first of March of the year 0, in which a leap day is the last of its year, less those until 1970.
    fn of(year: i64, month: i64, day: i64) -> Self {
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        Self(
            365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469,
        )
    }

    fn after(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A year that is not too late, and then the day and the month in it.
        let mut year = 1970 + self.0 / 366;
        while Self::of(year + 1, 1, 1) <= *self {
            year += 1;
        }
        let month = (1..=12).rev().find(|&month| Self::of(year, month, 1) <= *self).unwrap_or(1);
        let day = self.0 - Self::of(year, month, 1).0 + 1;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Where a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// From 1.
    number: usize,
    due: Day,
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boxes {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Card(String, Place),
    Other(String),
}

impl Boxes {
    /// Reads the file; no file is no card answered yet.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                Err(error).with_context(|| format!("could not read `{}`", path.display()))
            }
        }
    }

    /// Changes the file while no other `lab` does.
    ///
    /// # Errors
    ///
    /// The file cannot be read, locked or written; then it is as it was.
    pub fn update<T>(
        path: &Path,
        lock: &Path,
        disk: &dyn Disk,
        change: impl FnOnce(&mut Self) -> T,
    ) -> Result<T> {
        let _lock = Lock::wait(lock)?;
        let mut boxes = Self::load(path)?;
        let changed = change(&mut boxes);
        store::replace(disk, path, boxes.to_text().as_bytes())?;
        Ok(changed)
    }

    /// Puts a card where its answer sends it, and says when it comes again. A card that is not due stays where it
    /// is: it was answered today already, perhaps in another terminal.
    pub fn answered(&mut self, id: &str, answer: Answer, today: Day) -> Day {
        let before = self.place(id);
        if let Some(place) = before.filter(|place| place.due > today) {
            return place.due;
        }
        let before = before.map_or(0, |place| place.number);
        let number = match answer {
            Answer::Again => 1,
            Answer::Hard => before.max(1),
            Answer::Good => (before + 1).min(DAYS.len()),
        };
        let place = Place { number, due: today.after(DAYS[number - 1]) };
        let known = |line: &&mut Line| matches!(line, Line::Card(known, _) if known == id);
        match self.lines.iter_mut().find(known) {
            Some(line) => *line = Line::Card(id.to_owned(), place),
            None => self.lines.push(Line::Card(id.to_owned(), place)),
        }
        place.due
    }

    /// The cards to ask today, at most `count`: first those that were seen, the longest due before the others, then
    /// new ones in the order of the pages.
    pub fn due(&self, cards: &[Card], today: Day, count: usize) -> Vec<Card> {
        let place = |card: &&Card| self.place(&card.id).map(|place| place.due);
        let mut due: Vec<&Card> =
            cards.iter().filter(|card| place(card).is_none_or(|due| due <= today)).collect();
        // The sort is stable; a card without a place comes last.
        due.sort_by_key(|card| place(card).map_or((1, Day(0)), |due| (0, due)));
        due.into_iter().take(count).cloned().collect()
    }

    /// The first day, not before today, on which one of these is due.
    pub fn next(&self, cards: &[Card], today: Day) -> Option<Day> {
        let due = |card: &Card| self.place(&card.id).map_or(today, |place| place.due.max(today));
        cards.iter().map(due).min()
    }

    fn place(&self, id: &str) -> Option<Place> {
        self.lines.iter().find_map(|line| match line {
            Line::Card(known, place) if known == id => Some(*place),
            _ => None,
        })
    }

    fn parse(text: &str) -> Self {
        let mut seen = BTreeSet::new();
        let mut lines = Vec::new();
        for line in text.lines().filter(|line| *line != HEADER) {
            lines.push(match entry(line) {
                // Of two lines for a card the first counts, and the other is kept.
                Some((id, place)) if seen.insert(id.clone()) => Line::Card(id, place),
                _ => Line::Other(line.to_owned()),
            });
        }
        Self { lines }
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for line in &self.lines {
            match line {
                Line::Card(id, Place { number, due }) => {
                    text += &format!("{id} box={number} due={due}\n")
                }
                Line::Other(line) => text += &format!("{line}\n"),
            }
        }
        text
    }
}

/// Exactly what is written here; anything else is somebody else's line.
fn entry(line: &str) -> Option<(String, Place)> {
    let mut words = line.split(' ');
    let id = words.next().filter(|id| id.contains('.') && !id.contains('='))?;
    let number = words.next()?.strip_prefix("box=")?.parse().ok()?;
    let due = Day::parse(words.next()?.strip_prefix("due=")?)?;
    let known = (1..=DAYS.len()).contains(&number) && words.next().is_none();
    known.then(|| (id.to_owned(), Place { number, due }))
}

#[cfg(test)]
mod tests {
    use rust_for_ai::interview::Level;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn card(id: &str) -> Card {
        Card { id: id.to_owned(), level: Level::Mid, front: String::new(), back: String::new() }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let mut before = "1970-01-01".to_owned();
        for number in 1..60_000 {
            let now = Day(number).to_string();
            assert_eq!(Day::parse(&now), Some(Day(number)));
            let is_next = now.ends_with("-01") || now[..8] == before[..8];
            assert!(is_next && now > before, "{before} {now}");
            before = now;
        }
        for known in ["1972-02-29", "2000-02-29", "2026-12-31", "2100-03-01"] {
            assert_eq!(day(known).to_string(), known);
        }
        for wrong in [
            "2026-02-29",
            "2100-02-29",
            "2026-06-31",
            "2026-13-01",
            "2026-1-1",
            "",
            "1969-12-31",
            "a-b-c",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_card_moves_as_it_was_answered() {
        let mut boxes = Boxes::default();
        let mut today = day("2026-02-27");
        for (answer, expected) in [
            (Answer::Good, "2026-02-28"),
            (Answer::Good, "2026-03-02"),
            (Answer::Hard, "2026-03-04"),
            (Answer::Good, "2026-03-08"),
            (Answer::Good, "2026-03-15"),
            (Answer::Good, "2026-03-29"),
            (Answer::Good, "2026-04-12"),
            (Answer::Again, "2026-04-13"),
            (Answer::Hard, "2026-04-14"),
            (Answer::Good, "2026-04-16"),
        ] {
            today = boxes.answered("mid.one", answer, today);
            assert_eq!(today.to_string(), expected, "{answer:?}");
            let again = boxes.answered("mid.one", Answer::Again, day("2026-02-27"));
            assert_eq!(again, today, "once a day is enough");
        }
    }

    #[test]
    fn what_is_due_comes_first_and_new_cards_in_order() {
        let cards = ["mid.a", "mid.b", "mid.c", "mid.d"].map(card);
        let today = day("2026-11-23");
        let mut boxes = Boxes::default();
        boxes.answered("mid.d", Answer::Again, day("2026-11-20"));
        boxes.answered("mid.b", Answer::Again, day("2026-11-19"));
        boxes.answered("mid.a", Answer::Again, today);
        let ids = |cards: Vec<Card>| cards.into_iter().map(|card| card.id).collect::<Vec<_>>();
        assert_eq!(ids(boxes.due(&cards, today, 9)), ["mid.b", "mid.d", "mid.c"]);
        assert_eq!(ids(boxes.due(&cards, today, 1)), ["mid.b"]);
        assert_eq!(boxes.next(&cards[..1], today), Some(day("2026-11-24")));
        assert_eq!(boxes.next(&[], today), None);
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let text = format!(
            "{HEADER}\nmid.a box=2 due=2026-11-24\nmine: ask Ann\nmid.gone box=9 due=2026-11-24\n\
             mid.a box=5 due=2026-12-24\nmid.b box=1 due=tomorrow\nmid.c box=1 due=2026-11-24 stars=5\n"
        );
        let mut boxes = Boxes::parse(&text);
        assert_eq!(boxes.to_text(), text);
        boxes.answered("mid.a", Answer::Good, day("2026-11-24"));
        let changed = text.replacen("box=2 due=2026-11-24", "box=3 due=2026-11-28", 1);
        assert_eq!(boxes.to_text(), changed);
    }
}
