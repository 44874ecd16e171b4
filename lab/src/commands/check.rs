//! `check`: grade, remember, show the first thing to do.

use std::fs;

use anyhow::Result;
use rust_for_ai::check::{State, summary};
use rust_for_ai::course::{self, Chapter};
use serde_json::{Value, json};

use super::Target;
use crate::grade::{self, CompileError, Graded, Verdict};
use crate::place::Place;
use crate::progress::Progress;
use crate::run::print;
use crate::store::Real;
use crate::stubs;

/// Grades what `id` names and prints it. `Ok(false)` if anything does not pass.
pub(super) fn check(place: &Place, id: Option<&str>, json: bool) -> Result<bool> {
    let target = Target::parse(id)?;
    let mut verdicts = Vec::new();
    let mut broken = Vec::new();
    let mut left_out = Vec::new();
    let mut first_cause = None;
    for (chapter, stage) in builds(target) {
        match grade::chapter(place, chapter, stage)? {
            Graded::Verdicts(graded, seen) => {
                remember(place, &graded, &seen)?;
                verdicts.extend(graded);
            }
            Graded::Broken(errors) => {
                broken.extend(errors);
                // The stages of a chapter are compiled together: each would say the same.
                if matches!(target, Target::Chapter(_)) {
                    break;
                }
            }
            // Who asks for everything gets what there is.
            Graded::Missing(what) if matches!(target, Target::Everything) => left_out.push(what),
            Graded::Missing(what) => anyhow::bail!(what),
        }
        if let Target::Stage(stage) = target
            && verdicts.iter().any(|verdict| verdict.state == State::Failing)
        {
            first_cause = unsolved_part(place, chapter, stage)?;
        }
    }
    let passing = broken.is_empty() && verdicts.iter().all(|v| v.state == State::Passing);
    if json {
        print(&as_json(&verdicts, &broken, &left_out).to_string());
    } else {
        print(&as_text(place, target, &verdicts, &broken));
        left_out.iter().for_each(|what| print(what));
        if let Some(id) = first_cause {
            print(&format!(
                "\nfirst of all: {id}, which this stage calls, does not pass; mend it before"
            ));
        }
    }
    if !broken.is_empty() {
        anyhow::bail!("the answers do not compile");
    }
    Ok(passing)
}

/// What is built and run for a target: whole chapters, or stages by themselves.
fn builds(target: Target) -> Vec<(&'static Chapter, Option<&'static course::Stage>)> {
    match target {
        // Who names a chapter of which everything takes minutes to compile wants that.
        Target::Chapter(chapter) if chapter.is_apart() => {
            chapter.stages.iter().map(|stage| (chapter, Some(*stage))).collect()
        }
        Target::Stage(stage) => {
            chapters(target).into_iter().map(|chapter| (chapter, Some(stage))).collect()
        }
        _ => chapters(target).into_iter().map(|chapter| (chapter, None)).collect(),
    }
}

/// The first stage that a failing one calls and that does not pass itself.
fn unsolved_part(
    place: &Place,
    chapter: &Chapter,
    stage: &course::Stage,
) -> Result<Option<String>> {
    if stage.uses.is_empty() {
        return Ok(None);
    }
    let Graded::Verdicts(all, seen) = grade::chapter(place, chapter, None)? else {
        return Ok(None);
    };
    remember(place, &all, &seen)?;
    let bad = |v: &&Verdict| stage.uses.contains(&&*v.stage) && v.state != State::Passing;
    Ok(all.iter().find(bad).map(|verdict| verdict.stage.clone()))
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
pub(super) fn remember(place: &Place, verdicts: &[Verdict], seen: &str) -> Result<()> {
    Progress::update(place, &Real, |progress| {
        for verdict in verdicts {
            let entry = progress.entry(&verdict.stage);
            entry.state = Some(verdict.state);
            entry.version = course::stage(&verdict.stage).map_or(0, |stage| stage.version);
            seen.clone_into(&mut entry.seen);
        }
    })?;
    Ok(())
}

/// One stage: its verdict. More: the first that does not pass, then a line a chapter.
fn as_text(place: &Place, target: Target, verdicts: &[Verdict], broken: &[CompileError]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !broken.is_empty() {
        parts.push(broken_text(place, target, broken));
    }
    let first = |state| verdicts.iter().find(|verdict| verdict.state == state);
    let solved = match target {
        Target::Stage(_) => first(State::Passing),
        _ => None,
    };
    let shown = first(State::Failing).or(first(State::NotStarted)).or(solved);
    parts.extend(shown.map(|verdict| verdict.text.clone()));
    // A learner debugs with `println!`.
    parts.extend(shown.filter(|verdict| !verdict.printed.is_empty()).map(|verdict| {
        format!("your code printed, in the last call:\n  {}", verdict.printed.replace('\n', "\n  "))
    }));
    match target {
        Target::Stage(stage)
            if verdicts.iter().all(|v| v.state == State::Passing) && broken.is_empty() =>
        {
            parts.extend(next_after(stage));
        }
        Target::Stage(_) => {}
        _ => {
            let states: Vec<(&str, State)> =
                verdicts.iter().map(|verdict| (&*verdict.stage, verdict.state)).collect();
            let graded = |chapter: &&Chapter| {
                chapter.stages.iter().any(|stage| states.iter().any(|(id, _)| *id == stage.id))
            };
            let shown: Vec<&Chapter> = chapters(target).into_iter().filter(graded).collect();
            let mut lines: Vec<String> =
                shown.iter().map(|chapter| summary(chapter, &states)).collect();
            lines.extend(chapters(target).into_iter().flat_map(|chapter| apart(chapter, &states)));
            parts.push(lines.join("\n"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The stages that were not graded, since each needs a build of its own; a line for a chapter if all of it does.
fn apart(chapter: &Chapter, graded: &[(&str, State)]) -> Vec<String> {
    let open = chapter.stages.iter().filter(|stage| graded.iter().all(|(id, _)| *id != stage.id));
    let mut lines: Vec<String> = open
        .filter_map(|stage| {
            let (id, needs) =
                (if chapter.is_apart() { chapter.id } else { stage.id }, stage.needs()?);
            Some(format!("{id} needs `{needs}` and is graded apart: cargo lab check {id}"))
        })
        .collect();
    lines.dedup();
    lines
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
        None => "that was the last stage of the syllabus; `cargo lab status` shows what is left"
            .to_owned(),
    };
    Some(format!("compare with the reference: cargo lab solution {}\n{line}", stage.id))
}

/// What does not compile, and what to do about it.
fn broken_text(place: &Place, target: Target, broken: &[CompileError]) -> String {
    let mut text = String::new();
    // One wrong signature may be several errors of the compiler's.
    let mut broken: Vec<&CompileError> = broken.iter().collect();
    broken.dedup_by_key(|error| error.misfit.map_or(error.at.clone(), |stage| stage.id.to_owned()));
    for error in broken.iter().take(3) {
        let body = match error.misfit {
            Some(stage) => misfit_text(place, stage, &error.message),
            None => format!(
                "{}  does not compile: {}\n\n{}",
                error.at,
                error.message,
                error.rendered.trim_end()
            ),
        };
        text += &format!("{body}\n\n");
    }
    let of_chapter = |stage: &&course::Stage| {
        chapters(target).iter().any(|chapter| chapter.id == stage.chapter())
    };
    if let Some(stage) =
        course::stages().filter(of_chapter).find(|stage| !place.exercise(stage).exists())
    {
        return format!(
            "{} is missing\n\nhint: `cargo lab reset {}` puts the file back as it was given",
            stage.exercise(),
            stage.id
        );
    }
    if broken.len() > 3 {
        text += &format!("… and {} more errors, often of the same cause\n\n", broken.len() - 3);
    }
    let first = broken[0];
    let culprit = course::stages().find(|stage| stage.exercise() == first.file);
    text += &match (target, culprit) {
        (_, Some(stage)) if first.misfit.is_some() => format!(
            "hint: put it back as it was asked for; `cargo lab reset {}` starts the file afresh and \
             keeps your answer",
            stage.id
        ),
        (Target::Stage(asked), Some(stage)) if asked.id != stage.id => format!(
            "hint: the stages of a chapter are compiled together; fix `{}` first, or put it aside: \
             `cargo lab reset {}` keeps your answer",
            first.file, stage.id
        ),
        _ => match &first.code {
            Some(code) if broken.len() == 1 => {
                format!("hint: `rustc --explain {code}` explains errors of this kind")
            }
            Some(code) => format!(
                "hint: fix the first error first; `rustc --explain {code}` explains errors of its kind"
            ),
            None if broken.len() == 1 => String::new(),
            None => "hint: fix the first error first; the others often go with it".to_owned(),
        },
    };
    text.trim_end().to_owned()
}

/// An answer that is missing or has another signature: the compiler would show the grader's insides.
fn misfit_text(place: &Place, stage: &course::Stage, message: &str) -> String {
    let stub = stubs::of(place, stage).unwrap_or_default();
    let yours = fs::read_to_string(place.exercise(stage)).unwrap_or_default();
    let (asked, yours) = (public_items(&stub), public_items(&yours));
    let (missing, other): (Vec<&String>, Vec<&String>) = (
        asked.iter().filter(|item| !yours.contains(item)).collect(),
        // Not the helpers: what callers see, and what the stage asks for by name.
        yours
            .iter()
            .filter(|item| !asked.contains(item))
            .filter(|item| {
                let private = item.starts_with("fn ");
                !private || asked.iter().any(|asked| function(asked) == function(item))
            })
            .collect(),
    );
    let mut text = format!("{}  is not what the stage asks for: {message}\n", stage.exercise());
    for (label, items) in [("asked for", missing), ("yours", other)] {
        for item in items {
            text += &format!("\n  {label:<12}{item}");
        }
    }
    text.trim_end().to_owned()
}

/// The name of the function in a head such as `pub fn merge(ids: &[u32]) -> Vec<u32>`.
fn function(head: &str) -> Option<&str> {
    head.split_once("fn ")?.1.split(['(', '<']).next()
}

/// The functions and types of a file, each on one line and without its body.
fn public_items(file: &str) -> Vec<String> {
    let code: Vec<&str> =
        file.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let heads = (0..code.len())
        .filter(|&at| ["fn ", "pub ", "impl "].iter().any(|start| code[at].starts_with(start)));
    heads
        .map(|at| {
            let joined = code[at..].join(" ");
            // A `;` may stand in the type of an array.
            let ends: &[char] = if code[at].contains("fn ") { &['{'] } else { &['{', ';'] };
            let head = joined.split(ends).next().unwrap_or_default();
            head.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn as_json(verdicts: &[Verdict], broken: &[CompileError], left_out: &[String]) -> Value {
    let errors: Vec<Value> = broken.iter().map(error_json).collect();
    let stages: Vec<&Value> = verdicts.iter().map(|verdict| &verdict.json).collect();
    json!({"stages": stages, "compile_errors": errors, "left_out": left_out})
}

/// An error of the compiler for a program.
pub(super) fn error_json(error: &CompileError) -> Value {
    json!({"at": error.at, "message": error.message, "code": error.code, "rendered": error.rendered})
}
