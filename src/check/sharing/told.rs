//! An execution in words: what each thread did, what it got, and which half of the handover is missing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Release, SeqCst};

use super::interleavings::{Call, END, Found, Gave, Outcome, Script, allowed};
use super::watched::{Effect, Step};

/// The reads that gave something else than what was stored last in this execution, each with that value.
pub(super) fn stale(steps: &[Step]) -> BTreeMap<usize, u64> {
    let mut latest: BTreeMap<usize, u64> = BTreeMap::new();
    let mut stale = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        match (step.effect, latest.get(&step.place)) {
            (Effect::Wrote(value) | Effect::Changed(_, value), _) => {
                latest.insert(step.place, value);
            }
            (Effect::Read(value), Some(&stored)) if stored != value => {
                stale.insert(at, stored);
            }
            _ => {}
        }
    }
    stale
}

/// Whether a value went from one thread to another without `Release`, and without `Acquire`.
pub(super) fn lacks(steps: &[Step]) -> (bool, bool) {
    handovers(steps).iter().fold((false, false), |(store, load), (from, to)| {
        (store || !releases(from.order), load || !acquires(to.order))
    })
}

pub(super) fn releases(order: Ordering) -> bool {
    matches!(order, Release | AcqRel | SeqCst)
}

pub(super) fn acquires(order: Ordering) -> bool {
    matches!(order, Acquire | AcqRel | SeqCst)
}

/// Loads of the state, each with the store of another thread that it read, if that thread had stored something
/// else before. None if there are fences, which order what the accesses themselves do not.
pub(super) fn handovers(steps: &[Step]) -> Vec<(&Step, &Step)> {
    if steps.iter().any(|step| step.effect == Effect::Fence) {
        return Vec::new();
    }
    let reads = steps.iter().enumerate().filter_map(|(at, step)| match step.effect {
        Effect::Read(value) if step.atomic == "AtomicU8" && step.thread != END => {
            let from = steps[..at].iter().rev().find(|from| {
                let wrote =
                    matches!(from.effect, Effect::Wrote(v) | Effect::Changed(_, v) if v == value);
                from.place == step.place && wrote
            })?;
            let anything = |earlier: &Step| {
                earlier.thread == from.thread
                    && earlier.place != from.place
                    && matches!(earlier.effect, Effect::Wrote(_) | Effect::Changed(..))
            };
            let handed = from.thread != step.thread
                && steps[..at].iter().take_while(|s| !std::ptr::eq(*s, from)).any(anything);
            handed.then_some((from, step))
        }
        _ => None,
    });
    reads.collect()
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = |call: &Call| match call {
            Call::TrySet(value) => format!("slot.try_set({value})"),
            Call::Get => "slot.get()".to_owned(),
        };
        let calls = |calls: &[Call]| calls.iter().map(call).collect::<Vec<_>>().join("; ");
        let mut parts: Vec<String> = (self.threads.iter().zip('A'..))
            .map(|(thread, name)| format!("{name}: {}", calls(thread)))
            .collect();
        match (self.end.is_empty(), parts.is_empty()) {
            (true, _) => {}
            (false, true) => parts.push(calls(self.end)),
            (false, false) => parts.push(format!("in the end: {}", calls(self.end))),
        }
        write!(f, "{}", parts.join(" | "))
    }
}

/// What each thread got, in the order of its calls.
pub(super) fn outcome(outcome: &Outcome) -> String {
    let gave = |gave: &Gave| match gave {
        Gave::Set(won) => won.to_string(),
        Gave::Value(value) => format!("{value:?}"),
    };
    let list = |all: &[Gave]| all.iter().map(gave).collect::<Vec<_>>().join(", ");
    let Some((end, threads)) = outcome.split_last() else { return String::new() };
    let mut parts: Vec<String> =
        threads.iter().zip('A'..).map(|(all, name)| format!("{name}: {}", list(all))).collect();
    match (end.is_empty(), parts.is_empty()) {
        (true, _) => {}
        (false, true) => parts.push(list(end)),
        (false, false) => parts.push(format!("in the end: {}", list(end))),
    }
    parts.join(" | ")
}

pub(super) fn show(found: &Found) -> String {
    match (&found.breach, found.seen) {
        (_, false) => "no access that loom can see: take the atomics of `super::sync`".to_owned(),
        (Some(breach), _) => outcome(&breach.outcome),
        (None, true) => "in every execution, what some order of the steps gives".to_owned(),
    }
}

/// The execution, step by step, and what it lacks.
pub(super) fn told(script: &Script, found: &Found) -> Vec<String> {
    let Some(breach) = &found.breach else { return Vec::new() };
    let mut lines = vec!["what is allowed".to_owned()];
    lines.extend(allowed(script).iter().map(|allowed| format!("    {}", outcome(allowed))));
    lines.push(match found.executions {
        1 => "what happened".to_owned(),
        all => format!("what happened, in one of {all} executions"),
    });
    let stale = stale(&breach.steps);
    for (at, step) in breach.steps.iter().enumerate() {
        let thread = match step.thread {
            END => "end".to_owned(),
            name => name.to_string(),
        };
        let old = stale.get(&at).map(|stored| format!("     though {stored} was stored before"));
        lines.push(format!(
            "    {thread:4}{}{}{}",
            step.atomic,
            step.text,
            old.unwrap_or_default()
        ));
    }
    for (from, to) in handovers(&breach.steps) {
        let (a, b) = (from.thread, to.thread);
        if !releases(from.order) {
            lines.push(format!(
                "{b} read what {a} stored with `{:?}`: that tells nothing of what {a} had done before",
                from.order
            ));
        }
        if !acquires(to.order) {
            lines.push(format!(
                "{b} read what {a} stored, and with `{:?}`: it need not see what {a} had done before",
                to.order
            ));
        }
    }
    lines.dedup();
    lines
}
