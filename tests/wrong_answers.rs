//! Every check is guilty until proven: each wrong answer must fail, and be recognised.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rust_for_ai::check::{self, State, Verdict};
use rust_for_ai::course;

/// Graded once for all tests.
static WRONG_ANSWERS: LazyLock<Vec<(&str, Verdict)>> = LazyLock::new(|| {
    [
        check::ownership::wrong_answers(),
        check::bpe::wrong_answers(),
        check::real_tokenizers::wrong_answers(),
        check::sharing::wrong_answers(),
        check::parallel::wrong_answers(),
        check::llama::wrong_answers(),
        #[cfg(feature = "frames")]
        check::frames::wrong_answers(),
    ]
    .concat()
});

#[test]
fn every_wrong_answer_fails_and_its_misconception_is_named() {
    for (id, verdict) in &*WRONG_ANSWERS {
        let stage = verdict.stage.id;
        assert_eq!(
            verdict.state(),
            State::Failing,
            "{stage}: the wrong answer `{id}` gets through"
        );
        let named: Vec<&str> = verdict.misconceptions().collect();
        assert!(
            named.contains(id),
            "{stage}: `{id}` fails unrecognised, named are {named:?}\n{verdict}"
        );
    }
}

#[test]
fn every_stage_has_three_wrong_answers_with_ids_of_their_own() {
    let mut ids: HashMap<&str, Vec<&str>> = HashMap::new();
    for (id, verdict) in &*WRONG_ANSWERS {
        ids.entry(verdict.stage.id).or_default().push(id);
    }
    // A stage that needs more is proven where that is switched on, as `cargo lab verify` does.
    let proven = |needs| match needs {
        course::Needs::Feature(name) => {
            name == "candle" && cfg!(feature = "candle")
                || name == "frames" && cfg!(feature = "frames")
        }
        course::Needs::Cfg(name) => name == "loom" && cfg!(loom),
    };
    // Those of a Python module are proven from Python, as `cargo lab verify` does.
    let here = course::CHAPTERS.iter().filter(|chapter| !chapter.is_module());
    let stages = here.flat_map(|chapter| chapter.stages.iter().copied());
    for stage in stages.filter(|stage| stage.needs().is_none_or(proven)) {
        let ids = ids.get(stage.id).map_or(&[][..], Vec::as_slice);
        assert!(
            ids.len() >= 3,
            "{} has the wrong answers {ids:?}, expected three or more",
            stage.id
        );
        let distinct: HashSet<&&str> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{}: an id stands twice in {ids:?}", stage.id);
    }
}
