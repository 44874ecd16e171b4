//! What a script writes down while it grades, and the outcome that it means.
//!
//! Answers that are a Python module are called from Python, by a script of the chapter's tests. It writes a
//! line for each step, so that a process that dies leaves behind how far it came. A line has fields between
//! U+001F, in which U+001E stands for a line end:
//!
//! | first field | the others |
//! |---|---|
//! | `call` | the call that is about to be made |
//! | `passed` | how many cases agreed |
//! | `waits` | the id of the stage whose `todo!()` was reached |
//! | `failed` | case, call, expected, got, why, then a word and a belief for each misconception |

use super::{Failure, Misconception, Outcome};
use crate::course::Stage;

/// The outcome that a record means. `ended` says how the process ended, for a record without an outcome.
///
/// ```
/// use rust_for_ai::check::{Outcome, outcome_of_record};
/// use rust_for_ai::course::binding::FUNCTION;
///
/// let record = "call\u{1f}encode(\"hi\", [])\npassed\u{1f}9\n";
/// let outcome = outcome_of_record(&FUNCTION, record, "exit code 0");
/// assert!(matches!(outcome, Outcome::Passing { cases: 9 }));
///
/// let Outcome::Failing(failure) = outcome_of_record(&FUNCTION, &record[..22], "signal 6") else {
///     panic!("without an outcome it failed")
/// };
/// assert_eq!(failure.call, "encode(\"hi\", [])");
/// ```
pub fn outcome_of_record(stage: &Stage, record: &str, ended: &str) -> Outcome {
    let lines: Vec<Vec<String>> = record
        .lines()
        .map(|line| line.split('\x1f').map(|field| field.replace('\x1e', "\n")).collect())
        .collect();
    let calls = lines.iter().filter(|line| line[0] == "call").count();
    let last: Vec<&str> = lines.last().into_iter().flatten().map(String::as_str).collect();
    match &last[..] {
        ["passed", cases] => Outcome::Passing { cases: cases.parse().unwrap_or(calls) },
        ["waits", id] => {
            Outcome::NotStarted { waits_for: (*id != stage.id).then(|| (*id).to_owned()) }
        }
        ["failed", case, call, expected, got, why, looks @ ..] => {
            // A verdict names what is known when the program is built; a script's words come later. They are
            // few, and live as long as the verdicts that name them.
            let leaked = |text: &str| -> &'static str { text.to_owned().leak() };
            Outcome::Failing(Box::new(Failure {
                case: case.parse().unwrap_or(calls),
                call: (*call).to_owned(),
                expected: (*expected).to_owned(),
                got: (*got).to_owned(),
                diff: Vec::new(),
                why: (*why).to_owned(),
                misconceptions: looks
                    .chunks_exact(2)
                    .map(|two| Misconception { id: leaked(two[0]), belief: leaked(two[1]) })
                    .collect(),
            }))
        }
        other => Outcome::Failing(Box::new(Failure {
            case: calls,
            call: other.get(1).map_or_else(|| "import binding".to_owned(), |call| (*call).to_owned()),
            expected: "a value, or an exception".to_owned(),
            got: format!("the process ended: {ended}"),
            diff: Vec::new(),
            why: "SIGALRM, or `Timeout` where there are no signals, means that the call took more than 8 \
                  seconds; SIGABRT, that memory ran out, or that a panic could not become an exception"
                .to_owned(),
            misconceptions: Vec::new(),
        })),
    }
}
