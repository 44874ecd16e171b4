//! How far somebody is in a chapter, in one line.

use super::State;
use crate::course::Chapter;

/// The line that closes the grading of a chapter; `states` holds stages by their ids, in any order,
/// and may lack some.
///
/// ```
/// use rust_for_ai::{check::{State, summary}, course::bpe::CHAPTER};
///
/// let states = [("bpe.bytes", State::Passing), ("bpe.pair_counts", State::Failing)];
/// assert_eq!(summary(&CHAPTER, &states), "bpe 1/6, 1 failing, next: pair_counts");
/// ```
pub fn summary(chapter: &Chapter, states: &[(&str, State)]) -> String {
    let state = |id: &str| states.iter().find(|(known, _)| *known == id).map(|&(_, state)| state);
    let count =
        |wanted| chapter.stages.iter().filter(|stage| state(stage.id) == Some(wanted)).count();
    let done = count(State::Passing);
    let mut line = format!("{} {done}/{}", chapter.id, chapter.stages.len());
    for (wanted, word) in [(State::Failing, "failing"), (State::NotStarted, "not started")] {
        if count(wanted) > 0 {
            line += &format!(", {} {word}", count(wanted));
        }
    }
    let open = |id| state(id).is_some_and(|state| state != State::Passing);
    match chapter.stages.iter().find(|stage| open(stage.id)) {
        Some(next) => line += &format!(", next: {}", next.name()),
        None if done == chapter.stages.len() => line += ", chapter done",
        None => {}
    }
    line
}
