//! Check `parallel.pipeline`: order, memory, and an end, with a writer as slow as can be.
//!
//! While `write` is held, an answer comes to rest by itself: then it is counted how many documents are in
//! flight, and seen whether the next one was encoded meanwhile. An answer that waits for ever is noticed as well,
//! and left behind.

mod plant;
mod wrong;

pub use plant::{Document, Encode, Source, Tokens, Write};

use std::sync::Arc;

use self::plant::{Input, Pipeline, State, Step};
use self::wrong::WRONG;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict};
use crate::course::parallel::PIPELINE;

type Answer = dyn Fn(&Input) -> Output;

/// What became of a pipeline.
#[derive(PartialEq)]
struct Output {
    /// What it returned; nothing if it waits for ever.
    result: Option<Result<usize, String>>,
    /// What it wrote.
    written: Vec<usize>,
    /// What else was not as it should be.
    faults: Vec<String>,
}

/// Grades a pipeline from a source through an encoder to a writer.
pub fn pipeline(
    answer: impl Fn(Source, Encode, Write, usize) -> Result<usize, String> + Send + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&answer);
    let answer: Arc<Pipeline> = Arc::new(answer);
    check(&move |input| judged(Arc::clone(&answer), input), origin)
}

/// How many documents may be in flight: one in each pair of hands, and those that wait.
fn bound(room: usize) -> usize {
    2 * room + 3
}

/// Runs an answer, and holds what happened against the law.
fn judged(answer: Arc<Pipeline>, input: &Input) -> Output {
    let (result, state) = plant::run(answer, *input);
    let mut faults = Vec::new();
    if let Some(rest) = &state.at_rest {
        faults.extend(faults_at_rest(rest, input));
    }
    if let Some(Step::Encode(at) | Step::Write(at)) = input.fails {
        // Who was in the midst of something may take one more before it is told.
        if state.read > at + bound(input.room) + 2 {
            faults.push(format!("read {} documents, though document {at} failed", state.read));
        }
    }
    if state.written_after > 0 {
        faults.push(format!("wrote {} documents after `write` had failed", state.written_after));
    }
    Output { result, written: state.written, faults }
}

/// What is wrong while a call is held and nothing moves.
fn faults_at_rest(rest: &State, input: &Input) -> Vec<String> {
    let mut faults = Vec::new();
    if rest.live > bound(input.room) {
        let (live, bound) = (rest.live, bound(input.room));
        faults.push(format!(
            "{live} documents were in flight while it was held, at most {bound} may be"
        ));
    }
    let Some(Step::Write(at)) = input.held else { return faults };
    let there = |ahead: usize| (at + ahead).min(input.documents.saturating_sub(1));
    // After an error nothing has to go on.
    if input.fails.is_none() && !rest.encoded.contains(&there(1)) {
        faults.push(format!("document {} was not encoded while it was held", there(1)));
    }
    if input.fails.is_none() && rest.read <= there(2) {
        faults.push(format!("document {} was not read while it was held", there(2)));
    }
    faults
}

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &PIPELINE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input| answer(input),
        call: |input| {
            format!("pipeline(documents 0..{}, encode, write, {})", input.documents, input.room)
        },
        show: |output| {
            let result = match &output.result {
                Some(result) => format!("{result:?}"),
                None => "never returns: all of its threads wait".to_owned(),
            };
            let mut shown = format!("{result}, written {}", listed(&output.written));
            for fault in &output.faults {
                shown += &format!("\n{fault}");
            }
            shown
        },
        diff: |input, _, _| {
            let name = |step: Step| match step {
                Step::Encode(at) => format!("`encode` of document {at}"),
                Step::Write(at) => format!("`write` of document {at}"),
            };
            let held = input.held.map(|step| format!("{} is held until nothing moves", name(step)));
            let fails = input.fails.map(|step| format!("{} returns an error", name(step)));
            held.into_iter().chain(fails).collect()
        },
    };
    exam.sit(cases().into_iter().map(|(input, why)| Case {
        expected: expected(&input),
        input,
        why,
    }))
}

/// A list that is short enough to read.
fn listed(written: &[usize]) -> String {
    const SHOWN: usize = 16;
    match written {
        all if all.len() <= SHOWN => format!("{all:?}"),
        all => {
            let first: Vec<String> = all.iter().take(SHOWN).map(ToString::to_string).collect();
            format!("[{}, … {} in all]", first.join(", "), all.len())
        }
    }
}

/// The oracle: one after the other.
fn expected(input: &Input) -> Output {
    let mut written = Vec::new();
    let mut result = None;
    for document in 0..input.documents {
        if input.fails == Some(Step::Encode(document)) {
            result = Some(format!("document {document} is not UTF-8"));
        } else if input.fails == Some(Step::Write(document)) {
            result = Some(format!("no space to write document {document}"));
        }
        if result.is_some() {
            break;
        }
        written.push(document);
    }
    let result = result.map_or(Ok(written.len()), Err);
    Output { result: Some(result), written, faults: Vec::new() }
}

fn cases() -> Vec<(Input, &'static str)> {
    use Step::{Encode, Write};
    const ENDS: &str =
        "when the source ends, so does the sender, and with it the loop that receives";
    const ALL: &str = "what was read before the source ended is still encoded and written";
    const MEMORY: &str = "a slow writer makes the others wait: `room` documents between two of them, and one in each pair of hands";
    const ORDER: &str = "documents are written in the order in which they were read, however long one takes to encode";
    const ENCODING: &str =
        "what comes before the document that cannot be encoded is written, and nothing after it";
    const WRITING: &str =
        "a writer that is gone stops the two others: their `send` fails, and they return";
    let plain = |documents, room| Input { documents, room, held: None, fails: None };
    let held = |documents, room, step| Input { held: Some(step), ..plain(documents, room) };
    let fails = |documents, step, held| Input { held, fails: Some(step), ..plain(documents, 1) };
    vec![
        (plain(0, 1), ENDS),
        (held(2, 1, Encode(0)), ORDER),
        (held(1, 1, Write(0)), ALL),
        (held(2, 1, Write(0)), ALL),
        (held(3, 1, Write(0)), ALL),
        (held(12, 1, Write(0)), MEMORY),
        (held(12, 0, Write(0)), MEMORY),
        (held(20, 3, Write(1)), MEMORY),
        (fails(12, Encode(0), None), ENCODING),
        (fails(12, Encode(2), Some(Write(0))), ENCODING),
        (fails(40, Write(0), Some(Write(0))), WRITING),
        (fails(40, Write(3), Some(Write(3))), WRITING),
        (fails(40, Encode(3), Some(Encode(3))), ENCODING),
        (plain(300, 4), ORDER),
    ]
}
