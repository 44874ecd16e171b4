//! Put cases to an answer, one after the other, until one differs.
//!
//! [`Exam`] is what every check builds: the answer as a function from an input to an output, and what
//! is needed to talk about the two. Checks differ in their cases and in nothing else.
//!
//! A misconception is named if its wrong answer agrees with the learner's on every case so far: right on
//! those that passed, and wrong in the same way on the one that fails. So the order of the cases decides
//! which beliefs can be told apart.

use std::cell::RefCell;

use super::quiet::{Caught, quietly};
use super::{Failure, Language, Misconception, Origin, Outcome, Verdict};
use crate::course::Stage;
use crate::witness::Witness;

/// A wrong answer that a learner would plausibly write.
pub struct Wrong<A: ?Sized + 'static> {
    /// A word, unique in its stage.
    pub id: &'static str,
    /// The belief behind it, in one line, to follow "looks like".
    pub belief: &'static str,
    /// The answer that this belief leads to.
    pub answer: &'static A,
}

impl<A: ?Sized> std::fmt::Debug for Wrong<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wrong").field("id", &self.id).field("belief", &self.belief).finish()
    }
}

/// What is told of a `todo!()` behind the first case.
pub(crate) const UNWRITTEN: &str = "this part of the answer is not written yet";

/// Grades each wrong answer with the check of its stage.
pub(crate) fn graded<A: ?Sized>(
    wrong: &[Wrong<A>],
    check: impl Fn(&A) -> Verdict,
) -> Vec<(&'static str, Verdict)> {
    wrong.iter().map(|wrong| (wrong.id, check(wrong.answer))).collect()
}

/// An input, what a right answer makes of it, and the law that it stands for.
pub(crate) struct Case<I, O> {
    pub(crate) input: I,
    pub(crate) expected: O,
    pub(crate) why: &'static str,
}

/// How to put cases to an answer and how to talk about them.
pub(crate) struct Exam<'a, A: ?Sized + 'static, I, O> {
    pub(crate) stage: &'static Stage,
    pub(crate) origin: Origin,
    /// The learner's answer.
    pub(crate) answer: &'a A,
    pub(crate) wrong: &'static [Wrong<A>],
    /// Gives an input to an answer.
    pub(crate) run: fn(&A, &I) -> O,
    /// The call in Rust.
    pub(crate) call: fn(&I) -> String,
    /// An output in Rust, short enough to read.
    pub(crate) show: fn(&O) -> String,
    /// What to add where two outputs differ: input, expected, got.
    pub(crate) diff: fn(&I, &O, &O) -> Vec<String>,
}

impl<A: ?Sized, I, O: PartialEq> Exam<'_, A, I, O> {
    /// Runs the cases in order and stops at the first that differs.
    pub(crate) fn sit(self, cases: impl IntoIterator<Item = Case<I, O>>) -> Verdict {
        let mut passed: Vec<Case<I, O>> = Vec::new();
        let mut witness = Witness::to(self.stage);
        for case in cases {
            announce(|| (self.call)(&case.input));
            witness.tell(|| (self.call)(&case.input));
            let got = quietly(|| (self.run)(self.answer, &case.input));
            if got.as_ref() == Ok(&case.expected) {
                passed.push(case);
                continue;
            }
            let outcome = match &got {
                Err(caught) if let Some(id) = self.not_started(caught, passed.len()) => {
                    Outcome::NotStarted { waits_for: id }
                }
                _ => Outcome::Failing(Box::new(self.failure(&passed, &case, &got))),
            };
            return self.verdict(outcome);
        }
        self.verdict(Outcome::Passing { cases: passed.len() })
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        Verdict { stage: self.stage, outcome, origin: self.origin, language: Language::Rust }
    }

    /// Whether a panic means that nothing was written yet; then the stage to solve first, if it is
    /// another one. `todo!()` in a later case is an answer half written, and fails.
    fn not_started(&self, caught: &Caught, passed: usize) -> Option<Option<String>> {
        match caught.todo()? {
            Some(id) if id != self.stage.id && crate::course::stage(id).is_some() => {
                Some(Some(id.to_owned()))
            }
            _ if passed == 0 => Some(None),
            _ => None,
        }
    }

    fn failure(
        &self,
        passed: &[Case<I, O>],
        case: &Case<I, O>,
        got: &Result<O, Caught>,
    ) -> Failure {
        // Whoever holds a belief gets the earlier cases right, too, and this one wrong in the same way.
        let is_right = |wrong: &Wrong<A>, case: &Case<I, O>| {
            quietly(|| (self.run)(wrong.answer, &case.input)).as_ref() == Ok(&case.expected)
        };
        let misconceptions = self
            .wrong
            .iter()
            // The passed cases first: they are the smaller ones, and most beliefs end there.
            .filter(|wrong| passed.iter().all(|case| is_right(wrong, case)))
            .filter(|wrong| {
                let theirs = quietly(|| (self.run)(wrong.answer, &case.input));
                match (&theirs, got) {
                    (Ok(theirs), Ok(got)) => theirs == got,
                    (Err(theirs), Err(got)) => theirs.message == got.message,
                    _ => false,
                }
            })
            .map(|wrong| Misconception { id: wrong.id, belief: wrong.belief })
            .collect();
        let (diff, got) = match got {
            Ok(got) => ((self.diff)(&case.input, &case.expected, got), (self.show)(got)),
            Err(caught) if caught.todo().is_some() => {
                (Vec::new(), format!("{caught}\n{UNWRITTEN}"))
            }
            Err(caught) => (Vec::new(), caught.to_string()),
        };
        Failure {
            case: passed.len() + 1,
            call: (self.call)(&case.input),
            expected: (self.show)(&case.expected),
            got,
            diff,
            why: case.why.to_owned(),
            misconceptions,
        }
    }
}

type Observer<'a> = dyn FnMut(&str) + 'a;

thread_local! {
    /// Who wants to know each call before it is made; set by [`observe`] for its duration.
    static OBSERVER: RefCell<Option<Box<Observer<'static>>>> = const { RefCell::new(None) };
}

/// Runs `body`; before each call that a check makes in it on this thread, `observer` gets the call.
///
/// A grader writes the call down, so that it can name it if the answer never returns or takes the
/// process with it.
///
/// ```
/// # #[cfg(feature = "bpe")] {
/// use rust_for_ai::check::{self, observe};
/// use std::{cell::RefCell, rc::Rc};
///
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let log = Rc::clone(&seen);
/// let verdict = observe(
///     move |call| log.borrow_mut().push(call.to_owned()),
///     || check::bpe::bytes(|_| vec![]),
/// );
/// assert_eq!(seen.borrow().join(" "), r#"bytes("") bytes("a")"#);
/// # drop(verdict);
/// # }
/// ```
pub fn observe<T>(observer: impl FnMut(&str) + 'static, body: impl FnOnce() -> T) -> T {
    /// Puts the former observer back, also when `body` unwinds.
    struct Restore(Option<Box<Observer<'static>>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let former = self.0.take();
            OBSERVER.with(|slot| *slot.borrow_mut() = former);
        }
    }
    let former = OBSERVER.with(|slot| slot.borrow_mut().replace(Box::new(observer)));
    let _restore = Restore(former);
    body()
}

fn announce(call: impl FnOnce() -> String) {
    OBSERVER.with(|slot| {
        if let Some(observer) = slot.borrow_mut().as_mut() {
            observer(&call());
        }
    });
}
