//! Every order of the steps of a script, by loom for an answer and by an oracle for what is allowed.
//!
//! loom runs the closure that it is given again and again: the first time in some order, then with another
//! choice at the last point where there was one, until no choice is left. A choice is which thread goes on, and,
//! of a load, which of the stored values it reads. All that must not change from run to run; so the slot is made
//! anew in each, and what came out is kept beside the model.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::told::{lacks, stale};
use super::watched::{self, Step};
use crate::check::Told;

/// What a thread of a script calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    TrySet(u64),
    Get,
}

/// What a call gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gave {
    Set(bool),
    Value(Option<u64>),
}

/// What each thread calls at the same time, and what is called when all are done.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) threads: &'static [&'static [Call]],
    pub(super) end: &'static [Call],
}

/// What each thread got, and what was got in the end.
pub(super) type Outcome = Vec<Vec<Gave>>;

/// An execution that gave what it must not.
#[derive(Debug, Clone)]
pub(super) struct Breach {
    pub(super) outcome: Outcome,
    pub(super) steps: Vec<Step>,
}

/// What exploring an answer found.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// How many executions there were.
    pub(super) executions: usize,
    /// Whether loom saw any access.
    pub(super) seen: bool,
    pub(super) breach: Option<Breach>,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        let told = |found: &Self| {
            found.breach.as_ref().map(|breach| (breach.outcome.clone(), lacks(&breach.steps)))
        };
        self.seen == other.seen && told(self) == told(other)
    }
}

/// A slot, however it is written.
pub(super) trait SetOnce: Send + Sync {
    fn try_set(&self, value: u64) -> bool;
    fn get(&self) -> Option<u64>;
}

pub(super) type Make = dyn Fn() -> Arc<dyn SetOnce> + Send + Sync;

/// Runs a script in every order that loom knows.
pub(super) fn explore(script: &Script, make: &Arc<Make>) -> Found {
    let (script, make, allowed) = (script.clone(), Arc::clone(make), allowed(script));
    let found: Arc<Mutex<Found>> = Arc::default();
    let result = Arc::clone(&found);
    // Neither the environment's settings nor a bound: every execution of at most three threads.
    let mut model = ::loom::model::Builder::new();
    model.max_threads = 3;
    model.max_branches = 1000;
    model.preemption_bound = None;
    model.max_permutations = None;
    model.max_duration = None;
    model.checkpoint_file = None;
    model.log = false;
    model.location = false;
    let each = move || {
        watched::begin();
        let slot = make();
        watched::enter(END);
        let spawned: Vec<_> = script.threads.iter().take(2).zip('A'..).collect();
        let spawned: Vec<_> = spawned
            .into_iter()
            .map(|(calls, name)| {
                let slot = Arc::clone(&slot);
                let calls: &'static [Call] = calls;
                ::loom::thread::spawn(move || {
                    watched::enter(name);
                    run(&*slot, calls)
                })
            })
            .collect();
        let mut outcome: Outcome = Vec::new();
        // A third thread is the one that started the others.
        let third = script.threads.get(2).map(|calls| {
            watched::enter('C');
            let gave = run(&*slot, calls);
            watched::enter(END);
            gave
        });
        for thread in spawned {
            outcome.push(thread.join().unwrap_or_default());
        }
        outcome.extend(third);
        outcome.push(run(&*slot, script.end));
        let steps = watched::steps();
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.executions += 1;
        found.seen |= !steps.is_empty();
        let size = |steps: &[Step]| (steps.len(), stale(steps).len());
        let shorter =
            |breach: &Breach| (size(&steps), &outcome) < (size(&breach.steps), &breach.outcome);
        if !allowed.contains(&outcome) && found.breach.as_ref().is_none_or(shorter) {
            found.breach = Some(Breach { outcome, steps });
        }
    };
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| model.check(each))) {
        match payload.downcast_ref::<&str>() {
            Some(text) if text.starts_with(TOO_LONG) => {
                Told("a loop that goes on until another thread has done something: that one may never run".into())
                    .tell()
            }
            // Goes on without another visit to the hook, so that the place of the panic is kept.
            _ => resume_unwind(payload),
        }
    }
    Arc::into_inner(result)
        .map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner))
        .unwrap_or_default()
}

/// How loom says that an execution does not end.
pub(super) const TOO_LONG: &str = "Model exceeded maximum number of branches";

/// The name of the thread that starts the others, and calls what is called in the end.
pub(super) const END: char = '.';

pub(super) fn run(slot: &dyn SetOnce, calls: &[Call]) -> Vec<Gave> {
    let call = |call: &Call| match *call {
        Call::TrySet(value) => Gave::Set(slot.try_set(value)),
        Call::Get => Gave::Value(slot.get()),
    };
    calls.iter().map(call).collect()
}

/// The oracle: what may come out of a script, by running a slot of plain values in every order of its steps.
///
/// A winning `try_set` is two steps, in between which the value is not there yet; everything else is one.
pub(super) fn allowed(script: &Script) -> BTreeSet<Outcome> {
    #[derive(Clone)]
    struct State {
        taken: bool,
        value: Option<u64>,
        /// Of each thread: the next call, and the value that it still has to publish.
        at: Vec<(usize, Option<u64>)>,
        gave: Outcome,
    }
    fn step(state: &mut State, thread: usize, calls: &[Call]) -> bool {
        let (next, publish) = state.at[thread];
        if let Some(value) = publish {
            state.value = Some(value);
            state.at[thread].1 = None;
            return true;
        }
        let Some(call) = calls.get(next) else { return false };
        state.at[thread].0 += 1;
        let gave = match *call {
            Call::Get => Gave::Value(state.value),
            Call::TrySet(_) if state.taken => Gave::Set(false),
            Call::TrySet(value) => {
                (state.taken, state.at[thread].1) = (true, Some(value));
                Gave::Set(true)
            }
        };
        state.gave[thread].push(gave);
        true
    }
    let threads = script.threads.len();
    let start = State {
        taken: false,
        value: None,
        at: vec![(0, None); threads + 1],
        gave: vec![Vec::new(); threads + 1],
    };
    let (mut outcomes, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(state) = open.pop() {
        let mut done = true;
        for (thread, calls) in script.threads.iter().enumerate() {
            let mut next = state.clone();
            if step(&mut next, thread, calls) {
                done = false;
                open.push(next);
            }
        }
        if done {
            let mut end = state;
            while step(&mut end, threads, script.end) {}
            outcomes.insert(end.gave);
        }
    }
    outcomes
}
