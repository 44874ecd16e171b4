//! `check`: grade, remember, show the first thing to do.

use anyhow::Result;
use rust_for_ai::check::State;
use rust_for_ai::course::{self, Chapter};
use serde_json::{Value, json};

use super::Target;
use crate::grade::{self, CompileError, Graded, Verdict};
use crate::place::Place;
use crate::progress::Progress;
use crate::run::print;
use crate::store::Real;

/// Grades what `id` names and prints it. `Ok(false)` if anything does not pass.
pub(super) fn check(place: &Place, id: Option<&str>, json: bool) -> Result<bool> {
    let target = Target::parse(id)?;
    let mut verdicts = Vec::new();
    let mut broken = Vec::new();
    for chapter in chapters(target) {
        let stage = match target {
            Target::Stage(stage) => Some(stage),
            _ => None,
        };
        match grade::chapter(place, chapter, stage)? {
            Graded::Verdicts(graded) => {
                remember(place, chapter, &graded)?;
                verdicts.extend(graded);
            }
            Graded::Broken(errors) => broken.extend(errors),
        }
    }
    let passing = broken.is_empty() && verdicts.iter().all(|v| v.state == State::Passing);
    if json {
        print(&as_json(&verdicts, &broken).to_string());
    } else {
        print(&as_text(target, &verdicts, &broken));
    }
    if !broken.is_empty() && !json {
        anyhow::bail!("the answers do not compile");
    }
    Ok(passing)
}

/// The chapters that a target touches.
pub(super) fn chapters(target: Target) -> Vec<&'static Chapter> {
    match target {
        Target::Everything => course::CHAPTERS.to_vec(),
        Target::Chapter(chapter) => vec![chapter],
        Target::Stage(stage) => course::chapter(stage.chapter()).into_iter().collect(),
    }
}

/// Writes the states down.
pub(super) fn remember(place: &Place, chapter: &Chapter, verdicts: &[Verdict]) -> Result<()> {
    let seen = grade::fingerprint(place, chapter);
    Progress::update(place, &Real, |progress| {
        for verdict in verdicts {
            let entry = progress.entry(&verdict.stage);
            entry.state = Some(verdict.state);
            entry.version = course::stage(&verdict.stage).map_or(0, |stage| stage.version);
            entry.seen.clone_from(&seen);
        }
    })?;
    Ok(())
}

/// One stage: its verdict. More: the first that does not pass, then a line a chapter.
fn as_text(target: Target, verdicts: &[Verdict], broken: &[CompileError]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !broken.is_empty() {
        parts.push(broken_text(target, broken));
    }
    let first = |state| verdicts.iter().find(|verdict| verdict.state == state);
    let shown = first(State::Failing).or(first(State::NotStarted)).or(verdicts.last());
    parts.extend(shown.map(|verdict| verdict.text.clone()));
    match target {
        Target::Stage(stage)
            if verdicts.iter().all(|v| v.state == State::Passing) && broken.is_empty() =>
        {
            parts.extend(next_after(stage));
        }
        Target::Stage(_) => {}
        _ => {
            let lines: Vec<String> = chapters(target)
                .into_iter()
                .filter_map(|chapter| summary(chapter, verdicts))
                .collect();
            parts.push(lines.join("\n"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// `bpe 3/6, 1 failing`.
fn summary(chapter: &Chapter, verdicts: &[Verdict]) -> Option<String> {
    let of: Vec<&Verdict> = verdicts
        .iter()
        .filter(|verdict| verdict.stage.starts_with(&format!("{}.", chapter.id)))
        .collect();
    let count = |state| of.iter().filter(|verdict| verdict.state == state).count();
    if of.is_empty() {
        return None;
    }
    let mut line = format!("{} {}/{}", chapter.id, count(State::Passing), chapter.stages.len());
    for (state, word) in [(State::Failing, "failing"), (State::NotStarted, "not started")] {
        if count(state) > 0 {
            line += &format!(", {} {word}", count(state));
        }
    }
    Some(line)
}

/// Where to go from a stage that passes.
fn next_after(stage: &course::Stage) -> Option<String> {
    let mut after = course::stages().skip_while(|known| known.id != stage.id).skip(1);
    let line = match after.next() {
        Some(next) => format!(
            "next: {} ({}, about {} minutes)\n      {}",
            next.id,
            next.title,
            next.minutes,
            next.exercise()
        ),
        None => "that was the last stage".to_owned(),
    };
    Some(format!("compare with the reference: cargo lab solution {}\n{line}", stage.id))
}

/// What does not compile, in the learner's files first.
fn broken_text(target: Target, broken: &[CompileError]) -> String {
    let mut text = String::new();
    for error in broken.iter().take(3) {
        text += &format!(
            "{}  does not compile: {}\n\n{}\n",
            error.at,
            error.message,
            error.rendered.trim_end()
        );
    }
    if broken.len() > 3 {
        text += &format!("\n… and {} more errors, often of the same cause\n", broken.len() - 3);
    }
    text += "\n";
    let first = &broken[0].file;
    text += &match target {
        _ if !first.starts_with("exercises") => {
            "hint: a name or a signature differs from what the stage asks for; the stub has the right \
             one (`cargo lab reset ID` keeps your answer)"
                .to_owned()
        }
        Target::Stage(stage) if *first != stage.exercise() => {
            format!("hint: `{first}` belongs to another stage of this chapter; a chapter is compiled as a whole")
        }
        _ => "hint: mend the first error first; `rustc --explain CODE` explains its code".to_owned(),
    };
    text
}

fn as_json(verdicts: &[Verdict], broken: &[CompileError]) -> Value {
    let errors: Vec<Value> = broken
        .iter()
        .map(|error| json!({"at": error.at, "message": error.message, "rendered": error.rendered}))
        .collect();
    let stages: Vec<&Value> = verdicts.iter().map(|verdict| &verdict.json).collect();
    json!({"stages": stages, "compile_errors": errors})
}
