//! Every verdict's JSON is read back: `rust_for_ai` writes it by hand, so that the library needs no
//! serializer, and `lab`, notebooks and other programs read it with real parsers.

use rust_for_ai::check::{self, Failure, Language, Misconception, Origin, Outcome, Verdict};
use rust_for_ai::course::bpe;
use serde_json::{Value, json};

/// The verdict as it should be read, built by another road.
fn expected(verdict: &Verdict) -> Value {
    let mut object = json!({
        "stage": verdict.stage.id,
        "state": verdict.state().as_str(),
        "text": verdict.to_string(),
    });
    let more = match &verdict.outcome {
        Outcome::NotStarted { waits_for: Some(id) } => json!({"waits_for": id}),
        Outcome::NotStarted { waits_for: None } => json!({}),
        Outcome::Passing { cases } => json!({"cases": cases}),
        Outcome::Failing(failure) => json!({
            "case": failure.case,
            "call": failure.call,
            "expected": failure.expected,
            "got": failure.got,
            "diff": failure.diff,
            "why": failure.why,
            "misconceptions": failure.misconceptions.iter().map(|wrong| {
                json!({"id": wrong.id, "belief": wrong.belief})
            }).collect::<Vec<_>>(),
        }),
    };
    let more = more.as_object().expect("it is written as one above").clone();
    object.as_object_mut().expect("it is written as one above").extend(more);
    object
}

fn read_back(verdict: &Verdict) {
    let line = verdict.to_json();
    assert!(!line.contains(['\n', '\r']), "a report has a line a verdict, got\n{line}");
    let read: Value = serde_json::from_str(&line)
        .unwrap_or_else(|error| panic!("{}: {error} in\n{line}", verdict.stage.id));
    assert_eq!(read, expected(verdict), "{}", verdict.stage.id);
}

fn failing(text: &str) -> Verdict {
    Verdict {
        stage: &bpe::MERGE,
        origin: Origin::Exercises,
        language: Language::Rust,
        outcome: Outcome::Failing(Box::new(Failure {
            case: usize::MAX >> 12, // a number that JavaScript's can still hold
            call: text.to_owned(),
            expected: text.to_owned(),
            got: text.to_owned(),
            diff: vec![text.to_owned(), String::new()],
            why: text.to_owned(),
            misconceptions: vec![Misconception { id: "one", belief: "you \"quoted\" a \\" }],
        })),
    }
}

#[test]
fn the_verdict_on_every_wrong_answer_is_read_back() {
    let verdicts = check::bpe::wrong_answers();
    let fewest = 3 * bpe::CHAPTER.stages.len();
    assert!(verdicts.len() >= fewest, "expected {fewest} or more, got {}", verdicts.len());
    for (_, verdict) in &verdicts {
        read_back(verdict);
    }
}

#[test]
fn passing_and_not_started_are_read_back() {
    let passing = check::bpe::bytes(|text| text.bytes().map(u32::from).collect());
    assert!(matches!(passing.outcome, Outcome::Passing { cases: 1.. }), "{passing}");
    read_back(&passing);
    let not_started = check::bpe::bytes(|_| panic!("not yet implemented: bpe.bytes"));
    assert!(
        matches!(not_started.outcome, Outcome::NotStarted { waits_for: None }),
        "{not_started}"
    );
    read_back(&not_started);
    let waiting = check::bpe::train(|_, _| panic!("not yet implemented: bpe.merge"));
    assert!(
        matches!(&waiting.outcome, Outcome::NotStarted { waits_for: Some(id) } if id == "bpe.merge"),
        "{waiting}"
    );
    read_back(&waiting);
}

#[test]
fn whatever_stands_in_an_answer_is_read_back() {
    let every_control: String = (0..=0x9f_u8).map(char::from).collect();
    let texts = [
        "",
        "\"quoted\" \\ back \\\" both \\n not a line end",
        "line\nline\r\nline\ttab",
        "nul \0, bell \u{7}, delete \u{7f}, next line \u{85}",
        "é 漢字 🦀 e\u{301} \u{200d} \u{feff}",
        "the separators \u{2028} and \u{2029}, the last character \u{10ffff}, replaced \u{fffd}",
        "</script><b>&amp;",
        &every_control,
    ];
    for text in texts {
        read_back(&failing(text));
    }
}

#[test]
fn the_text_says_what_was_misunderstood_before_it_shows_the_call() {
    for (id, verdict) in check::bpe::wrong_answers() {
        let text = verdict.to_string();
        let Outcome::Failing(failure) = &verdict.outcome else {
            panic!("{}: `{id}` does not fail", verdict.stage.id)
        };
        let place = |part: &str| {
            text.find(part).unwrap_or_else(|| panic!("`{part}` is missing in\n{text}"))
        };
        let call = place("\n  call ");
        // A call of several lines is shown with an indent.
        place(failure.call.lines().next().unwrap_or_default());
        assert!(!failure.misconceptions.is_empty(), "`{id}` is not recognised\n{text}");
        for wrong in &failure.misconceptions {
            let named = place(&format!("{} (misconception: {})", wrong.belief, wrong.id));
            assert!(named < call, "`{}` is named after the call\n{text}", wrong.id);
        }
        assert!(place("\n  expected ") > call && place("\n  got ") > call, "{text}");
        let hint = format!("cargo lab hint {}", verdict.stage.id);
        assert!(text.lines().last().is_some_and(|line| line.contains(&hint)), "{text}");
    }
}
