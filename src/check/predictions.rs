//! Predictions as cases: what a learner says will become of a program, beside what becomes of it.
//!
//! A stage lists [`Program`]s. The answer is a function from the name of one to a [`Prediction`]; what is
//! expected comes from [`predict::seen`](crate::predict::seen), which compiles and runs the program. Many
//! stages ask for a function besides, by which the learner uses what was predicted: then an answer is a
//! function from what is [`Asked`] to a [`Reply`], and the programs come first.
//!
//! A wrong answer is a belief: [`believing`] replies what somebody thinks who is wrong about the programs
//! named, and what really happens of all others. So no outcome is stored, in wrong answers either.

use super::exam::{Case, Exam, UNWRITTEN};
use super::quiet::quietly;
use super::{Outcome, Verdict};
use crate::predict::{Prediction, Program, see_all, seen};

/// What a stage with programs asks of an answer.
pub(crate) enum Asked<I> {
    /// What will become of this?
    Program(&'static Program),
    /// What does your function make of this?
    Call(I),
}

/// What an answer says to that.
#[derive(PartialEq)]
pub(crate) enum Reply<O> {
    Fate(Fate),
    Value(O),
}

/// A prediction, or what was seen.
#[derive(PartialEq)]
pub(crate) enum Fate {
    Known(Prediction),
    /// What kept the program from being watched: no prediction is right then.
    Unseen(String),
}

impl Fate {
    /// What becomes of a program.
    pub(crate) fn of(program: &Program) -> Self {
        match seen(program) {
            Ok(seen) => Self::Known(seen.fate),
            Err(unseen) => Self::Unseen(unseen.to_string()),
        }
    }

    /// For a verdict.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Known(prediction) => prediction.to_string(),
            Self::Unseen(why) => format!("nothing can be said here: {why}"),
        }
    }
}

/// An answer made of its two parts: the predictions and the function.
pub(crate) fn answer<I, O>(
    predict: impl Fn(&str) -> Prediction,
    function: impl Fn(&I) -> O,
) -> impl Fn(&Asked<I>) -> Reply<O> {
    move |asked| match asked {
        Asked::Program(program) => Reply::Fate(Fate::Known(predict(program.name))),
        Asked::Call(input) => Reply::Value(function(input)),
    }
}

/// What somebody replies who believes this of the programs that are named, and knows all others.
pub(crate) fn believing<I, O>(asked: &Asked<I>, believed: &[(&str, Prediction)]) -> Reply<O> {
    let Asked::Program(program) = asked else {
        // No such answer gets that far.
        return Reply::Fate(Fate::Unseen("errs about programs".to_owned()));
    };
    Reply::Fate(match believed.iter().find(|(name, _)| *name == program.name) {
        Some(&(_, prediction)) => Fate::Known(prediction),
        None => Fate::of(program),
    })
}

/// What somebody replies who predicts every program, and has written this function.
pub(crate) fn writing<I, O>(asked: &Asked<I>, function: impl Fn(&I) -> O) -> Reply<O> {
    match asked {
        Asked::Program(program) => Reply::Fate(Fate::of(program)),
        Asked::Call(input) => Reply::Value(function(input)),
    }
}

/// Asks for the programs first, then makes the calls.
///
/// Of a program that nobody has predicted yet nothing is told: the guess comes first.
pub(crate) fn sit<A: ?Sized, I, O: PartialEq>(
    exam: Exam<'_, A, Asked<I>, Reply<O>>,
    programs: &'static [Program],
    calls: impl IntoIterator<Item = Case<I, O>>,
) -> Verdict {
    // Nobody waits for all of them who has not begun.
    let first = || programs.first().map(|first| (exam.run)(exam.answer, &Asked::Program(first)));
    if !quietly(first).is_err_and(|caught| caught.todo().is_some()) {
        see_all(programs);
    }
    let predicted = programs.iter().map(|program| Case {
        input: Asked::Program(program),
        expected: Reply::Fate(Fate::of(program)),
        why: program.why,
    });
    let called = calls.into_iter().map(|Case { input, expected, why }| Case {
        input: Asked::Call(input),
        expected: Reply::Value(expected),
        why,
    });
    let mut verdict = exam.sit(predicted.chain(called));
    if let Outcome::Failing(failure) = &mut verdict.outcome
        && failure.case <= programs.len()
        && failure.got.ends_with(UNWRITTEN)
    {
        failure.expected = "a prediction, before you are told".to_owned();
        failure.why =
            "say what you think; a guess that turns out wrong is what you will remember".to_owned();
    }
    verdict
}

/// The call that asks for a prediction.
pub(crate) fn call(function: &str, program: &Program) -> String {
    format!("{function}({:?})", program.name)
}

/// What to show where a prediction was wrong: the program, and what it or the compiler said.
pub(crate) fn told(program: &Program) -> Vec<String> {
    let indented = |line: &str| format!("    {line}");
    let mut lines = vec!["the program".to_owned()];
    lines.extend(program.source.trim().lines().map(indented));
    if let Ok(seen) = seen(program)
        && !seen.said.is_empty()
    {
        lines.push(match seen.fate {
            Prediction::DoesNotCompile(_) => "what the compiler says".to_owned(),
            _ => "what it printed".to_owned(),
        });
        // The first error; what follows are offers of help and a count.
        let first = seen.said.split("\n\n").next().unwrap_or_default();
        lines.extend(first.lines().take(LINES).map(indented));
    }
    lines
}

/// How many lines of the compiler are shown.
const LINES: usize = 20;
