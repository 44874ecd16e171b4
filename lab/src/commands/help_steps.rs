//! `hint` and `solution`: help in steps, at the learner's will.

use std::fs;

use anyhow::{Context, Result};
use rust_for_ai::check::State;
use rust_for_ai::course::{self, Stage};

use super::check::remember;
use crate::grade::{self, Graded};
use crate::place::Place;
use crate::progress::Progress;
use crate::run::print;
use crate::store::Real;

const STEPS: [&str; 3] = ["the concept", "the approach", "the skeleton"];

/// Shows one more hint than last time; after the last one, all of them again.
pub(super) fn hint(place: &Place, stage: &'static Stage) -> Result<bool> {
    let total = stage.hints.len();
    let mut first = 0;
    let mut shown = 0;
    Progress::update(place, &Real, |progress| {
        let entry = progress.entry(stage.id);
        first = if entry.hints >= total { 0 } else { entry.hints };
        shown = (entry.hints + 1).min(total);
        entry.hints = shown;
    })?;
    let mut text = format!("{}  {}\n", stage.id, stage.title);
    for (step, hint) in stage.hints.iter().enumerate().take(shown).skip(first) {
        text += &format!("\n{} of {total}, {}:\n", step + 1, STEPS[step]);
        for line in hint.lines().flat_map(|line| wrapped(line, 96)) {
            text += &format!("  {line}\n");
        }
    }
    text += &match shown < total {
        true => format!("\nfor the next step: cargo lab hint {}", stage.id),
        false => format!(
            "\nthat is all; to see an answer: cargo lab solution {} --spoil\nto read on: {}",
            stage.id,
            stage
                .reading
                .iter()
                .map(|reading| format!("{} ({})", reading.title, reading.at))
                .collect::<Vec<_>>()
                .join("; ")
        ),
    };
    print(&text);
    Ok(true)
}

/// A line as lines of at most `width` characters, broken at spaces; code keeps its indentation, since
/// a line that fits stays as it is.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let mut lines: Vec<String> = vec![String::new()];
    for word in line.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Shows the learner's answer beside the reference, if it passes or `spoil` is set.
pub(super) fn solution(place: &Place, stage: &'static Stage, spoil: bool) -> Result<bool> {
    let chapter = course::chapter(stage.chapter()).context("a stage has a chapter")?;
    let passing = match grade::chapter(place, chapter, Some(stage))? {
        Graded::Verdicts(verdicts, seen) => {
            remember(place, &verdicts, &seen)?;
            verdicts.iter().all(|verdict| verdict.state == State::Passing)
        }
        Graded::Broken(_) | Graded::Missing(_) => false,
    };
    if !passing && !spoil {
        print(&format!(
            "{} does not pass yet\n\nhint: cargo lab hint {}; to see the answer all the same: \
             cargo lab solution {} --spoil",
            stage.id, stage.id, stage.id
        ));
        return Ok(false);
    }
    if !passing {
        Progress::update(place, &Real, |progress| progress.entry(stage.id).revealed = true)?;
    }
    let yours = fs::read_to_string(place.exercise(stage)).with_context(|| stage.exercise())?;
    let reference = fs::read_to_string(place.solution(stage)).with_context(|| stage.solution())?;
    let reference = answer(&reference);
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    print(&beside(
        (&stage.exercise(), &code(&yours.lines().collect::<Vec<_>>())),
        (&stage.solution(), &code(&reference)),
        width,
    ));
    if passing {
        print("\nquestions of interviews that you can answer now:");
        for question in stage.questions {
            print(&format!("  - {question}"));
        }
        for (number, real) in stage.solved.iter().enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            print(&format!("{gap}the real one: {}, {}", real.title, real.at));
        }
    }
    Ok(true)
}

/// The lines of a solution without its markers and without what it leaves in the exercise.
fn answer(solution: &str) -> Vec<&str> {
    let mut is_stub = false;
    let is_answer = |line: &&str| match line.trim() {
        "// BEGIN SOLUTION" => false,
        "// BEGIN STUB" => {
            is_stub = true;
            false
        }
        "// END SOLUTION" => {
            is_stub = false;
            false
        }
        _ => !is_stub,
    };
    solution.lines().filter(is_answer).collect()
}

/// A file without the essay at its top.
fn code<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines.iter().copied().skip_while(|line| line.starts_with("//!") || line.is_empty()).collect()
}

/// Two texts in two columns where both fit, else one below the other.
fn beside(left: (&str, &[&str]), right: (&str, &[&str]), width: usize) -> String {
    let columns = |lines: &[&str]| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let column = columns(left.1).max(left.0.len()) + 3;
    let mut text = String::new();
    if column + columns(right.1).max(right.0.len()) > width {
        for (name, lines) in [left, right] {
            text += &format!("--- {name}\n\n{}\n\n", lines.join("\n"));
        }
        return text.trim_end().to_owned();
    }
    text += &format!("{:<column$}{}\n\n", left.0, right.0);
    for row in 0..left.1.len().max(right.1.len()) {
        let at = |lines: &[&str]| lines.get(row).copied().unwrap_or_default().to_owned();
        text += format!("{:<column$}{}", at(left.1), at(right.1)).trim_end();
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{answer, beside, wrapped};

    #[test]
    fn a_long_hint_is_wrapped_at_spaces_and_loses_no_word() {
        assert_eq!(wrapped("    short", 9), ["    short"]);
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
    }

    #[test]
    fn an_answer_is_shown_without_the_stub_that_it_replaces() {
        let solution =
            "f\n // BEGIN SOLUTION\n right\n // BEGIN STUB\n // wrong\n // END SOLUTION\ng";
        assert_eq!(answer(solution), ["f", " right", "g"]);
    }

    #[test]
    fn answers_stand_side_by_side_where_they_fit() {
        let (yours, ours) = (&["let a;", "a"][..], &["1"][..]);
        assert_eq!(beside(("you", yours), ("we", ours), 40), "you      we\n\nlet a;   1\na");
        assert_eq!(beside(("you", yours), ("we", ours), 9), "--- you\n\nlet a;\na\n\n--- we\n\n1");
    }
}
