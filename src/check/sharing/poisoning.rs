//! Check `sharing.poisoning`: totals that a thread leaves half written, and what three functions make of them.
//!
//! An input is a script. A worker dies between the two writes of an update, in either order, while it holds the
//! lock; the death is a panic of the check's own, which prints nothing. What is compared is what each call gives,
//! and at the end the totals and whether they are poisoned. The lock is one of `check::locks`: an answer that
//! waits for itself is told at once. All scripts of up to four lines come first; then eight
//! threads work, one of them dies, and the others go on.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::locks::{Mutex, MutexGuard};
use crate::check::threads::{self, Job};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::POISONING;
use crate::sharing::parts::{Broken, Totals};

type Answer = dyn Functions;

/// The three functions of an answer.
trait Functions: Sync {
    fn add(&self, totals: &Mutex<Totals>, worker: usize, tokens: u64) -> Result<(), Broken>;
    fn peek(&self, totals: &Mutex<Totals>) -> u64;
    fn recover(&self, totals: &Mutex<Totals>) -> bool;
}

struct Given<A, P, R>(A, P, R);

impl<A, P, R> Functions for Given<A, P, R>
where
    A: Fn(&Mutex<Totals>, usize, u64) -> Result<(), Broken> + Sync,
    P: Fn(&Mutex<Totals>) -> u64 + Sync,
    R: Fn(&Mutex<Totals>) -> bool + Sync,
{
    fn add(&self, totals: &Mutex<Totals>, worker: usize, tokens: u64) -> Result<(), Broken> {
        self.0(totals, worker, tokens)
    }

    fn peek(&self, totals: &Mutex<Totals>) -> u64 {
        self.1(totals)
    }

    fn recover(&self, totals: &Mutex<Totals>) -> bool {
        self.2(totals)
    }
}

/// Grades the three functions: `poisoning(add, peek, recover)`.
pub fn poisoning(
    add: impl Fn(&Mutex<Totals>, usize, u64) -> Result<(), Broken> + Sync + 'static,
    peek: impl Fn(&Mutex<Totals>) -> u64 + Sync + 'static,
    recover: impl Fn(&Mutex<Totals>) -> bool + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&add);
    check(&Given(add, peek, recover), origin)
}

#[derive(Clone, Copy)]
enum Line {
    /// Adds a number of tokens for a worker.
    Add(usize, u64),
    Peek,
    Recover,
    /// Worker 0 dies after it has added this to `tokens` alone.
    DiesEarly(u64),
    /// Worker 0 dies after it has added this to its own number alone.
    DiesLate(u64),
    /// Eight threads add, one dies, seven are refused, one recovers, seven add.
    Eight,
}

type Script = Vec<Line>;

#[derive(PartialEq, Clone)]
struct Said {
    happened: Vec<Happened>,
    totals: Totals,
    poisoned: bool,
}

#[derive(PartialEq, Clone)]
enum Happened {
    Add(Result<(), Broken>),
    Peek(u64),
    Recover(bool),
    /// How many calls of `add` were done and how many were refused.
    Adds {
        done: usize,
        refused: usize,
    },
}

const WORKERS: usize = 8;
const ADDS: usize = 100;

/// The totals, whatever happened to them.
fn whatever(totals: &Mutex<Totals>) -> MutexGuard<'_, Totals> {
    totals.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A worker that dies between the two writes, and poisons the lock.
fn die(totals: &Mutex<Totals>, worker: usize, early: u64, late: u64) {
    let died = catch_unwind(AssertUnwindSafe(|| {
        let mut totals = whatever(totals);
        totals.tokens += early;
        totals.by_worker[worker] += late;
        // A panic that no hook prints.
        resume_unwind(Box::new("half way"));
    }));
    // It always dies.
    drop(died);
}

fn play(answer: &Answer, script: &Script) -> Said {
    let workers = if script.iter().any(|line| matches!(line, Line::Eight)) { WORKERS } else { 2 };
    let totals = Mutex::new(Totals { tokens: 0, by_worker: vec![0; workers] });
    let mut happened = Vec::new();
    for line in script {
        match *line {
            Line::Add(worker, tokens) => {
                happened.push(Happened::Add(answer.add(&totals, worker, tokens)));
            }
            Line::Peek => happened.push(Happened::Peek(answer.peek(&totals))),
            Line::Recover => happened.push(Happened::Recover(answer.recover(&totals))),
            Line::DiesEarly(tokens) => die(&totals, 0, tokens, 0),
            Line::DiesLate(tokens) => die(&totals, 0, 0, tokens),
            Line::Eight => eight(answer, &totals, &mut happened),
        }
    }
    let poisoned = totals.is_poisoned();
    Said { happened, totals: totals.into_inner().unwrap_or_else(PoisonError::into_inner), poisoned }
}

fn eight(answer: &Answer, totals: &Mutex<Totals>, happened: &mut Vec<Happened>) {
    // Each worker adds one token as often; a worker is dead from the first phase on.
    let phase = |adds: usize, dead: Option<usize>| {
        let job = |worker: usize| -> Job<'_, usize> {
            Box::new(move || (0..adds).filter(|_| answer.add(totals, worker, 1).is_ok()).count())
        };
        let at_work = (0..WORKERS).filter(|worker| Some(*worker) != dead);
        let done: Vec<usize> = threads::all(at_work.map(job).collect());
        let done_in_all = done.iter().sum();
        Happened::Adds { done: done_in_all, refused: adds * done.len() - done_in_all }
    };
    const DEAD: usize = 3;
    happened.push(phase(ADDS, None));
    let job: Job<'_, ()> = Box::new(|| die(totals, DEAD, 5, 0));
    threads::all(vec![job]);
    happened.push(phase(ADDS, Some(DEAD)));
    happened.push(Happened::Peek(answer.peek(totals)));
    happened.push(Happened::Recover(answer.recover(totals)));
    happened.push(phase(ADDS, Some(DEAD)));
    happened.push(Happened::Recover(answer.recover(totals)));
}

/// The oracle: two numbers and a flag, without a lock.
fn oracle(script: &Script) -> Said {
    let workers = if script.iter().any(|line| matches!(line, Line::Eight)) { WORKERS } else { 2 };
    let mut totals = Totals { tokens: 0, by_worker: vec![0; workers] };
    let (mut poisoned, mut happened) = (false, Vec::new());
    for line in script {
        match *line {
            Line::Add(_, _) if poisoned => happened.push(Happened::Add(Err(Broken))),
            Line::Add(worker, tokens) => {
                totals.by_worker[worker] += tokens;
                totals.tokens += tokens;
                happened.push(Happened::Add(Ok(())));
            }
            Line::Peek => happened.push(Happened::Peek(totals.by_worker.iter().sum())),
            Line::Recover => {
                totals.tokens = totals.by_worker.iter().sum();
                happened.push(Happened::Recover(poisoned));
                poisoned = false;
            }
            Line::DiesEarly(tokens) => {
                totals.tokens += tokens;
                poisoned = true;
            }
            Line::DiesLate(tokens) => {
                totals.by_worker[0] += tokens;
                poisoned = true;
            }
            Line::Eight => {
                let (all, others) = (WORKERS * ADDS, (WORKERS - 1) * ADDS);
                totals.by_worker = vec![2 * ADDS as u64; WORKERS];
                totals.by_worker[3] = ADDS as u64;
                totals.tokens = (all + others) as u64;
                happened.extend([
                    Happened::Adds { done: all, refused: 0 },
                    Happened::Adds { done: 0, refused: others },
                    Happened::Peek(all as u64),
                    Happened::Recover(true),
                    Happened::Adds { done: others, refused: 0 },
                    Happened::Recover(false),
                ]);
            }
        }
    }
    Said { happened, totals, poisoned }
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &POISONING,
        origin,
        answer,
        wrong: WRONG,
        run: play,
        call,
        show,
        diff: |_, _, _| Vec::new(),
    };
    const LINES: [Line; 5] =
        [Line::Add(1, 3), Line::Peek, Line::Recover, Line::DiesEarly(5), Line::DiesLate(2)];
    // The empty script calls nothing, and would pass before anything is written.
    let small = sequences(5, 4)
        .skip(1)
        .map(|digits| digits.iter().map(|&digit| LINES[digit as usize]).collect::<Script>());
    let named = [vec![Line::Eight]];
    exam.sit(small.chain(named).map(|script| Case {
        expected: oracle(&script),
        why: match &script {
            lines if lines.iter().any(|line| matches!(line, Line::Recover)) => RECOVER,
            lines if lines.iter().any(|line| matches!(line, Line::Eight)) => EIGHT,
            lines if lines.iter().any(|line| matches!(line, Line::Peek)) => PEEK,
            _ => ADD,
        },
        input: script,
    }))
}

const ADD: &str =
    "`add` adds to both numbers; on a poisoned lock it changes nothing and gives `Err(Broken)`";
const PEEK: &str = "`peek` gives the sum of `by_worker`, poisoned or not, and heals nothing";
const RECOVER: &str = "`recover` makes `tokens` the sum of `by_worker`, then ends the poisoning, and says whether there was any";
const EIGHT: &str = "after a recovery the counts are exact: all that was added, and nothing of the update that was half done";

fn call(script: &Script) -> String {
    let line = |line: &Line| match line {
        Line::Add(worker, tokens) => format!("add(&t, {worker}, {tokens});"),
        Line::Peek => "peek(&t);".to_owned(),
        Line::Recover => "recover(&t);".to_owned(),
        Line::DiesEarly(tokens) => format!("/* worker 0 dies after `tokens += {tokens}` */"),
        Line::DiesLate(tokens) => format!("/* worker 0 dies after `by_worker[0] += {tokens}` */"),
        Line::Eight => format!(
            "/* {WORKERS} threads add 1, {ADDS} times each; thread 3 dies after `tokens += 5`; the others add \
             again */ peek(&t); recover(&t); /* and again */ recover(&t);"
        ),
    };
    let lines: Vec<String> = script.iter().map(line).collect();
    format!("let t = Mutex::new(Totals {{ .. }}); {} t", lines.join(" "))
}

fn show(said: &Said) -> String {
    let mut text = String::new();
    for happened in &said.happened {
        text += &match happened {
            Happened::Add(done) => format!("{done:?}, "),
            Happened::Peek(tokens) => format!("{tokens}, "),
            Happened::Recover(done) => format!("{done}, "),
            Happened::Adds { done, refused } => format!("{done} added and {refused} refused, "),
        };
    }
    let Totals { tokens, by_worker } = &said.totals;
    let poisoned = if said.poisoned { ", poisoned" } else { "" };
    format!("{text}tokens {tokens}, by_worker {by_worker:?}{poisoned}")
}

/// A flaw each.
#[derive(Clone, Copy, PartialEq)]
enum Flawed {
    Unwraps,
    UnwrapsInPeek,
    UnwrapsInRecover,
    AddsAnyway,
    PeeksTokens,
    PeekHeals,
    ClearsOnly,
    RepairsOnly,
    StartsAnew,
    TrustsTokens,
    AsksTooLate,
    AlwaysRecovers,
    LocksAgain,
    AddsOne,
}

impl Functions for Flawed {
    fn add(&self, totals: &Mutex<Totals>, worker: usize, tokens: u64) -> Result<(), Broken> {
        let mut totals = match self {
            Self::Unwraps => unwrapped(totals),
            Self::AddsAnyway => whatever(totals),
            _ => totals.lock().map_err(|_| Broken)?,
        };
        totals.tokens += tokens;
        if *self != Self::AddsOne {
            totals.by_worker[worker] += tokens;
        }
        Ok(())
    }

    fn peek(&self, totals: &Mutex<Totals>) -> u64 {
        let held = match self {
            Self::UnwrapsInPeek => unwrapped(totals),
            _ => whatever(totals),
        };
        if *self == Self::PeekHeals {
            totals.clear_poison();
        }
        if *self == Self::PeeksTokens { held.tokens } else { held.by_worker.iter().sum() }
    }

    fn recover(&self, totals: &Mutex<Totals>) -> bool {
        if *self == Self::AsksTooLate {
            totals.clear_poison();
        }
        let mut held = match totals.lock() {
            Ok(held) if *self == Self::AlwaysRecovers => held,
            Ok(_) => return false,
            Err(poisoned) => match self {
                #[expect(clippy::panic, reason = "this is what is wrong with it")]
                Self::UnwrapsInRecover => panic!("{}", unwrap_says(&poisoned)),
                _ => poisoned.into_inner(),
            },
        };
        match self {
            // The guard in the error is still held.
            Self::LocksAgain => whatever(totals).tokens = held.by_worker.iter().sum(),
            Self::ClearsOnly => {}
            Self::StartsAnew => {
                held.tokens = 0;
                held.by_worker.fill(0);
            }
            // What is missing is given to the worker that died.
            Self::TrustsTokens => {
                let others: u64 = held.by_worker[1..].iter().sum();
                held.by_worker[0] = held.tokens.saturating_sub(others);
            }
            _ => held.tokens = held.by_worker.iter().sum(),
        }
        if *self != Self::RepairsOnly {
            totals.clear_poison();
        }
        true
    }
}

#[expect(clippy::unwrap_used, reason = "this is what is wrong with it")]
fn unwrapped(totals: &Mutex<Totals>) -> MutexGuard<'_, Totals> {
    totals.lock().unwrap()
}

/// What `unwrap` panics with.
fn unwrap_says<T>(poisoned: &PoisonError<T>) -> String {
    format!("called `Result::unwrap()` on an `Err` value: {poisoned:?}")
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "unwraps",
        belief: "your `add` unwraps; one panic then becomes a panic of every worker",
        answer: &Flawed::Unwraps,
    },
    Wrong {
        id: "adds_to_what_is_broken",
        belief: "your `add` takes the guard out of the error and goes on; the totals are half written",
        answer: &Flawed::AddsAnyway,
    },
    Wrong {
        id: "adds_to_one",
        belief: "your `add` adds to `tokens` and not to the worker's own number",
        answer: &Flawed::AddsOne,
    },
    Wrong {
        id: "unwraps_to_look",
        belief: "your `peek` unwraps; the error holds the guard, and looking does no harm",
        answer: &Flawed::UnwrapsInPeek,
    },
    Wrong {
        id: "peeks_at_the_sum",
        belief: "your `peek` reads `tokens`, which may be half written; each number of `by_worker` is whole",
        answer: &Flawed::PeeksTokens,
    },
    Wrong {
        id: "peek_heals",
        belief: "your `peek` ends the poisoning; then nobody learns that there is something to repair",
        answer: &Flawed::PeekHeals,
    },
    Wrong {
        id: "unwraps_to_recover",
        belief: "your `recover` unwraps the lock that it is there to repair",
        answer: &Flawed::UnwrapsInRecover,
    },
    Wrong {
        id: "clears_only",
        belief: "your `recover` ends the poisoning and repairs nothing; the totals are as wrong as before, and now in silence",
        answer: &Flawed::ClearsOnly,
    },
    Wrong {
        id: "repairs_only",
        belief: "your `recover` repairs and leaves the lock poisoned; `into_inner` looks past the poison, `clear_poison` ends it",
        answer: &Flawed::RepairsOnly,
    },
    Wrong {
        id: "locks_again",
        belief: "your `recover` locks again while it holds the error; the guard is in it, so take that: `into_inner`",
        answer: &Flawed::LocksAgain,
    },
    Wrong {
        id: "starts_anew",
        belief: "your `recover` sets all to 0; what was counted before is right and is lost",
        answer: &Flawed::StartsAnew,
    },
    Wrong {
        id: "trusts_the_sum",
        belief: "your `recover` makes a worker's number fit `tokens`; it is `tokens` that is made of the others",
        answer: &Flawed::TrustsTokens,
    },
    Wrong {
        id: "asks_too_late",
        belief: "your `recover` ends the poisoning first and then asks whether there was any",
        answer: &Flawed::AsksTooLate,
    },
    Wrong {
        id: "always_recovers",
        belief: "your `recover` says that it recovered where nothing was poisoned",
        answer: &Flawed::AlwaysRecovers,
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
