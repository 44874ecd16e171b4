//! The interview reading: questions of three levels, each with answers, follow-ups, a trap and a rubric.
//!
//! The texts are `interview/mid.md`, `senior.md` and `principal.md`; they read well on a forge, and
//! `cargo doc --open` shows them below. `cargo lab quiz` asks from them. `tests/reading.rs` runs their
//! snippets and compares their figures with `interview/measured/`.
//!
//! A text has one form, so that a person finds things with tired eyes and a program finds them at all:
//!
//! ```text
//! ## The question
//! <details><summary>In 30 seconds</summary> … </details>
//! <details><summary>In two minutes, and what comes after</summary>
//! **In two minutes** … **Follow-ups** … **The trap** … **Rubric** … **Show it** …
//! </details>
//! ```
//!
//! ```
//! use rust_for_ai::interview::{Level, questions};
//! let mid = questions(Level::Mid.text()).expect("the text has its form");
//! assert_eq!(mid[0].title, "Why use Rust over Python for certain AI components?");
//! assert!(mid[0].short.split_whitespace().count() < 100);
//! ```
//!
//! # What is deliberately absent
//!
//! A Markdown parser: the form is looked for line by line, and a text that departs from it is an error with
//! its place. Links between the files and to what was measured are references (`[10 times][encode.x]`), since
//! those can be defined once for a forge, at the end of a file, and once for rustdoc, in `links.md` here: of
//! two definitions of a name, Markdown takes the first.

use std::fmt;

/// For whom a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Builds parts of a system.
    Mid,
    /// Owns a part, and what it costs.
    Senior,
    /// Decides what is built at all.
    Principal,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Mid, Self::Senior, Self::Principal];

    /// A word: `mid`, `senior` or `principal`; the text is the file of that name in `interview/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mid => "mid",
            Self::Senior => "senior",
            Self::Principal => "principal",
        }
    }

    /// The whole text, in Markdown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Mid => include_str!("../../interview/mid.md"),
            Self::Senior => include_str!("../../interview/senior.md"),
            Self::Principal => include_str!("../../interview/principal.md"),
        }
    }
}

/// A question with all that is said about it, in Markdown, as parts of the text that it was found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// As an interviewer asks it.
    pub title: &'a str,
    /// The answer in 30 seconds.
    pub short: &'a str,
    /// The answer in two minutes.
    pub long: &'a str,
    /// What is asked next, each with a short answer.
    pub follow_ups: Vec<(&'a str, &'a str)>,
    /// What the usual answer gets wrong.
    pub trap: &'a str,
    /// What a weak, a sound and a strong answer have.
    pub rubric: &'a str,
    /// What in this project proves each claim.
    pub show: &'a str,
}

/// Where a text departs from its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The question; empty before the first one.
    pub question: String,
    /// The line that is missing or comes too early.
    pub expected: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "question `{}`: expected {}", self.question, self.expected)
    }
}

impl std::error::Error for Malformed {}

/// The lines that a question's parts begin with, in order; what stands between two of them is a part.
const LINES: [&str; 12] = [
    "*Answer aloud before you read on.*",
    "<details>",
    "<summary>In 30 seconds</summary>",
    "</details>",
    "<details>",
    "<summary>In two minutes, and what comes after</summary>",
    "**In two minutes**",
    "**Follow-ups**",
    "**The trap**",
    "**Rubric**",
    "**Show it**",
    "</details>",
];

/// The questions of a text.
///
/// # Errors
///
/// A question lacks a part, or has it in another place.
pub fn questions(text: &str) -> Result<Vec<Question<'_>>, Malformed> {
    let mut found = Vec::new();
    for part in text.split("\n## ").skip(1) {
        let (title, mut rest) = part.split_at(part.find('\n').unwrap_or(part.len()));
        let wrong = |expected: &str| Malformed {
            question: title.to_owned(),
            expected: expected.to_owned(),
        };
        let mut parts = [""; LINES.len()];
        for (at, line) in LINES.iter().enumerate() {
            // The line end stays: the next line may be the next one of the form.
            let found = rest
                .find(&format!("\n{line}\n"))
                .ok_or_else(|| wrong(&format!("the line `{line}`, in its place")))?;
            parts[at] = rest[..found].trim();
            rest = &rest[found + 1 + line.len()..];
        }
        let [_, nothing, none, short, between, no, empty, long, follow_ups, trap, rubric, show] =
            parts;
        if [nothing, none, between, no, empty].iter().any(|part| !part.is_empty()) {
            return Err(wrong("nothing between the lines that open a part"));
        }
        if [short, long, trap, rubric, show].contains(&"") {
            return Err(wrong("no empty part"));
        }
        found.push(Question {
            title: title.trim(),
            short,
            long,
            follow_ups: asked(follow_ups)
                .ok_or_else(|| wrong("follow-ups as `- *Question?* Answer.`"))?,
            trap,
            rubric,
            show,
        });
    }
    Ok(found)
}

/// Items `- *Question?* Answer.`, of one line each.
fn asked(list: &str) -> Option<Vec<(&str, &str)>> {
    let item = |line: &'_ str| -> Option<(usize, usize)> {
        let rest = line.strip_prefix("- *")?;
        let end = rest.find("?* ")?;
        Some((3, 3 + end + 1))
    };
    let lines: Vec<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    let items = lines.into_iter().map(|line| {
        let (start, end) = item(line)?;
        Some((&line[start..end], line[end + 2..].trim()))
    });
    items.collect::<Option<Vec<_>>>().filter(|items| !items.is_empty())
}

#[cfg(all(doc, not(doctest)))]
#[doc = include_str!("links.md")]
#[doc = include_str!("../../interview/mid.md")]
pub mod mid {}

#[cfg(all(doc, not(doctest)))]
#[doc = include_str!("links.md")]
#[doc = include_str!("../../interview/senior.md")]
pub mod senior {}

#[cfg(all(doc, not(doctest)))]
#[doc = include_str!("links.md")]
#[doc = include_str!("../../interview/principal.md")]
pub mod principal {}

/// What was measured, and how: the records that the figures of the reading are compared with.
///
/// A figure that depends on the machine says on which one it was taken. `command` prints it anew.
#[cfg(all(doc, not(doctest)))]
pub mod measured {
    #![doc = concat!("# encode\n```json\n", include_str!("../../interview/measured/encode.json"), "\n```")]
    #![doc = concat!("# figures\n```json\n", include_str!("../../interview/measured/figures.json"), "\n```")]
    #![doc = concat!("# llama_figures\n```json\n", include_str!("../../interview/measured/llama_figures.json"), "\n```")]
    #![doc = concat!("# llama_race\n```json\n", include_str!("../../interview/measured/llama_race.json"), "\n```")]
    #![doc = concat!("# parallel\n```json\n", include_str!("../../interview/measured/parallel.json"), "\n```")]
    #![doc = concat!("# pipeline\n```json\n", include_str!("../../interview/measured/pipeline.json"), "\n```")]
    #![doc = concat!("# race\n```json\n", include_str!("../../interview/measured/race.json"), "\n```")]
    #![doc = concat!("# calls\n```json\n", include_str!("../../interview/measured/calls.json"), "\n```")]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Level\n\n## Why?\n\n*Answer aloud before you read on.*\n\n<details>\n\
        <summary>In 30 seconds</summary>\n\nShort.\n\n</details>\n\n<details>\n\
        <summary>In two minutes, and what comes after</summary>\n\n**In two minutes**\n\nLong.\n\n\
        **Follow-ups**\n\n- *How?* So.\n- *When?* Now.\n\n**The trap**\n\nTrap.\n\n**Rubric**\n\nRubric.\n\n\
        **Show it**\n\nShow.\n\n</details>\n";

    #[test]
    fn a_question_is_taken_apart() {
        let found = questions(TEXT).expect("the text has its form");
        let [question] = &found[..] else { panic!("expected one question, got {found:?}") };
        assert_eq!(question.title, "Why?");
        assert_eq!((question.short, question.long), ("Short.", "Long."));
        assert_eq!(question.follow_ups, [("How?", "So."), ("When?", "Now.")]);
        assert_eq!((question.trap, question.rubric, question.show), ("Trap.", "Rubric.", "Show."));
    }

    #[test]
    fn each_line_of_the_form_is_needed() {
        for line in LINES.iter().chain(&["Short.", "- *How?* So."]) {
            let without = TEXT.replacen(&format!("\n{line}\n"), "\n\n", 1);
            assert_ne!(without, TEXT, "{line}");
            let found = questions(&without);
            // A list of follow-ups may be shorter.
            assert_eq!(found.is_err(), !line.starts_with("- "), "{line}: {found:?}");
        }
        assert!(questions(&TEXT.replace("?* So.", " So.")).is_err());
    }

    #[test]
    fn the_reading_has_its_form() {
        for level in Level::ALL {
            let found = questions(level.text());
            assert!(found.as_ref().is_ok_and(|found| !found.is_empty()), "{level:?}: {found:?}");
        }
    }
}
