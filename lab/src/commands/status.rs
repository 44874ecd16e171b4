//! `status`: progress by chapter, and the next stage.
//!
//! A chapter whose answers are as they were when it was last graded is shown from memory; one that
//! changed is graded again. Files that equal their stubs need neither.

use std::fs;

use anyhow::Result;
use rust_for_ai::check::State;
use rust_for_ai::course::{self, Chapter, Level, Stage};
use serde_json::json;

use super::check::remember;
use crate::grade::{self, Graded};
use crate::place::Place;
use crate::progress::Progress;
use crate::run::print;
use crate::{stubs, update};

pub(super) fn status(place: &Place, json: bool) -> Result<bool> {
    let mut notes = update::notes(place);
    let mut broken = Vec::new();
    for chapter in course::CHAPTERS {
        if up_to_date(place, chapter)? || untouched(place, chapter) {
            continue;
        }
        match grade::chapter(place, chapter, None)? {
            Graded::Verdicts(verdicts, seen) => remember(place, &verdicts, &seen)?,
            Graded::Missing(what) => {
                broken.push(chapter.id);
                notes.push(what);
            }
            Graded::Broken(errors) => {
                broken.push(chapter.id);
                notes.push(format!(
                    "{} does not compile, so no stage of `{}` can be graded\n\nhint: cargo lab check {}",
                    errors[0].at, chapter.id, chapter.id
                ));
            }
        }
    }
    let progress = Progress::load(place)?;
    // What cannot be graded does not count as solved, whatever it was before.
    let state = |stage: &Stage| {
        if broken.contains(&stage.chapter()) {
            return State::Failing;
        }
        let known = progress.get(stage.id).filter(|entry| entry.version == stage.version);
        // A stage that is graded apart is as it was then, unless its file changed.
        let apart = stage.needs().is_some();
        let known =
            known.filter(|entry| !apart || entry.seen == grade::fingerprint_alone(place, stage));
        known.and_then(|entry| entry.state).unwrap_or(State::NotStarted)
    };
    // Whoever is in the middle of a chapter goes on with it, also if an earlier one was left out.
    let begun =
        |chapter: &Chapter| chapter.stages.iter().any(|stage| state(stage) != State::NotStarted);
    let (now, later): (Vec<&Chapter>, _) =
        course::CHAPTERS.iter().partition(|chapter| begun(chapter));
    let next = [now, later]
        .concat()
        .into_iter()
        .flat_map(|chapter| chapter.stages)
        .find(|stage| state(stage) != State::Passing);
    if json {
        let chapters: Vec<_> = course::CHAPTERS
            .iter()
            .map(|chapter| {
                let stages: Vec<_> = chapter
                    .stages
                    .iter()
                    .map(|stage| {
                        let entry = progress.get(stage.id);
                        json!({
                            "id": stage.id,
                            "state": state(stage).as_str(),
                            "hints": entry.map_or(0, |entry| entry.hints),
                            "revealed": entry.is_some_and(|entry| entry.revealed),
                        })
                    })
                    .collect();
                json!({"id": chapter.id, "stages": stages})
            })
            .collect();
        let next = next.map(|stage| stage.id);
        print(&json!({"chapters": chapters, "next": next, "notes": notes}).to_string());
        return Ok(true);
    }
    let mut text = String::new();
    for chapter in course::CHAPTERS {
        let done = chapter.stages.iter().filter(|stage| state(stage) == State::Passing).count();
        text += &format!("{}  {done}/{}  {}\n", chapter.id, chapter.stages.len(), chapter.title);
        let width = chapter.stages.iter().map(|stage| stage.id.len()).max().unwrap_or(0);
        for stage in chapter.stages {
            let mark = match state(stage) {
                _ if broken.contains(&chapter.id) => "?",
                State::Passing => "✓",
                State::Failing => "✗",
                State::NotStarted => "○",
            };
            let star = if stage.level == Level::Stretch { " (stretch)" } else { "" };
            text += &format!(
                "  {mark} {:<width$} {:>2} min  {}{star}",
                stage.id, stage.minutes, stage.title
            );
            text += match (state(stage), progress.get(stage.id).is_some_and(|entry| entry.revealed))
            {
                (State::Failing, _) if !broken.contains(&chapter.id) => "  [FAILING]",
                (State::Passing, true) => "  [after a look at the reference]",
                _ => "",
            };
            text.push('\n');
        }
        text.push('\n');
    }
    for note in &notes {
        text += &format!("{note}\n\n");
    }
    text += &match next {
        Some(stage) => format!(
            "next: {} in {}\n      cargo lab check {}",
            stage.id,
            stage.exercise(),
            stage.id
        ),
        None => "all stages pass".to_owned(),
    };
    print(&text);
    Ok(true)
}

/// Whether every stage was graded by this version of its check, on these very files.
fn up_to_date(place: &Place, chapter: &Chapter) -> Result<bool> {
    let progress = Progress::load(place)?;
    let seen = grade::fingerprint(place, chapter);
    let mut together = chapter.stages.iter().filter(|stage| stage.needs().is_none());
    Ok(together.all(|stage| {
        progress.get(stage.id).is_some_and(|entry| {
            entry.state.is_some() && entry.seen == seen && entry.version == stage.version
        })
    }))
}

/// Whether no answer of the chapter was begun and none was ever graded.
fn untouched(place: &Place, chapter: &Chapter) -> bool {
    let graded = Progress::load(place).is_ok_and(|progress| {
        chapter
            .stages
            .iter()
            .any(|stage| progress.get(stage.id).is_some_and(|entry| entry.state.is_some()))
    });
    let is_stub = |stage: &&Stage| {
        let file = fs::read_to_string(place.exercise(stage));
        stubs::of(place, stage).is_ok_and(|stub| file.is_ok_and(|file| file == stub))
    };
    !graded && chapter.stages.iter().all(is_stub)
}
