//! Check `sharing.loom`: short scripts for two or three threads, run by loom in every order.
//!
//! The oracle is a slot that cannot go wrong: plain values, one step at a time. It runs a script in every order
//! of its steps, too, and what comes out of that is what may come out of an answer: a set of outcomes. A slot
//! that waits or that orders more than it has to gives fewer of them, and is right. (One atomic, the state,
//! orders all: so what the memory model allows a right answer to do is what these orders give.)
//!
//! Of all executions that give something else, the one with the fewest steps is told. Two answers are alike if
//! theirs gives the same, and if it lacks the same side of the handover: `Release`, or `Acquire`.

use std::sync::Arc;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};

use super::interleavings::{Call, Found, Make, Script, SetOnce, explore};
use super::told::{show, told};
use super::watched::{AtomicU8, AtomicU64};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::LOOM;

type Answer = dyn Fn(&Script) -> Found;

/// Grades a slot that is set once, given by its constructor and its two methods.
///
/// The slot's atomics have to be those of [`watched`](super::watched).
pub fn loom<S: Send + Sync + 'static>(
    new: impl Fn() -> S + Send + Sync + 'static,
    try_set: impl Fn(&S, u64) -> bool + Send + Sync + 'static,
    get: impl Fn(&S) -> Option<u64> + Send + Sync + 'static,
) -> Verdict {
    struct Parts<S, T, G>(S, Arc<(T, G)>);
    impl<
        S: Send + Sync,
        T: Fn(&S, u64) -> bool + Send + Sync,
        G: Fn(&S) -> Option<u64> + Send + Sync,
    > SetOnce for Parts<S, T, G>
    {
        fn try_set(&self, value: u64) -> bool {
            (self.1.0)(&self.0, value)
        }
        fn get(&self) -> Option<u64> {
            (self.1.1)(&self.0)
        }
    }
    let origin = Origin::of(&new);
    let methods = Arc::new((try_set, get));
    let make: Arc<Make> = Arc::new(move || Arc::new(Parts(new(), Arc::clone(&methods))));
    check(&move |script| explore(script, &make), origin)
}

/// The parts of a slot, and how it can be wrong.
struct Flawed {
    state: AtomicU8,
    value: AtomicU64,
    try_set: fn(&Self, u64) -> bool,
    get: fn(&Self) -> Option<u64>,
}

impl SetOnce for Flawed {
    fn try_set(&self, value: u64) -> bool {
        (self.try_set)(self, value)
    }
    fn get(&self) -> Option<u64> {
        (self.get)(self)
    }
}

/// Explores a slot with these two methods.
fn with(
    script: &Script,
    try_set: fn(&Flawed, u64) -> bool,
    get: fn(&Flawed) -> Option<u64>,
) -> Found {
    let make: Arc<Make> = Arc::new(move || {
        let (state, value) = (AtomicU8::new(EMPTY), AtomicU64::new(0));
        Arc::new(Flawed { state, value, try_set, get })
    });
    explore(script, &make)
}

const EMPTY: u8 = 0;
const WRITING: u8 = 1;
const READY: u8 = 2;

/// A right `try_set`, but for the ordering with which it publishes.
fn set(slot: &Flawed, value: u64, publish: Ordering) -> bool {
    let won = slot.state.compare_exchange(EMPTY, WRITING, Relaxed, Relaxed).is_ok();
    if won {
        slot.value.store(value, Relaxed);
        slot.state.store(READY, publish);
    }
    won
}

fn right_set(slot: &Flawed, value: u64) -> bool {
    set(slot, value, Release)
}

fn right_get(slot: &Flawed) -> Option<u64> {
    (slot.state.load(Acquire) == READY).then(|| slot.value.load(Relaxed))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "published_relaxed",
        belief: "you stored `READY` with `Relaxed`: whoever reads it need not see the value, stored before or not",
        answer: &|script| with(script, |slot, value| set(slot, value, Relaxed), right_get),
    },
    Wrong {
        id: "read_relaxed",
        belief: "you read the state with `Relaxed`: a `Release` is half of a handover, `Acquire` the other half",
        answer: &|script| {
            let get = |slot: &Flawed| {
                (slot.state.load(Relaxed) == READY).then(|| slot.value.load(Acquire))
            };
            with(script, right_set, get)
        },
    },
    Wrong {
        id: "all_relaxed",
        belief: "you took `Relaxed` for enough since each access is atomic; it orders no two of them",
        answer: &|script| {
            let get = |slot: &Flawed| {
                (slot.state.load(Relaxed) == READY).then(|| slot.value.load(Relaxed))
            };
            with(script, |slot, value| set(slot, value, Relaxed), get)
        },
    },
    Wrong {
        id: "checks_then_stores",
        belief: "you looked at the state and then stored it: two threads can look before either stores",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                if slot.state.load(Acquire) != EMPTY {
                    return false;
                }
                slot.state.store(WRITING, Relaxed);
                slot.value.store(value, Relaxed);
                slot.state.store(READY, Release);
                true
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "ready_before_the_value",
        belief: "you set `READY` first and the value then: in between, `get` returns a number that nobody set",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                let won = slot.state.compare_exchange(EMPTY, READY, AcqRel, Acquire).is_ok();
                if won {
                    slot.value.store(value, Release);
                }
                won
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "value_before_winning",
        belief: "you stored the value before you knew that you had won: a loser overwrites the winner's",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                slot.value.store(value, Relaxed);
                slot.state.compare_exchange(EMPTY, READY, Release, Relaxed).is_ok()
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "swaps",
        belief: "you took the state by `swap`: the loser, too, writes `WRITING`, over a `READY`",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                let won = slot.state.swap(WRITING, AcqRel) == EMPTY;
                if won {
                    slot.value.store(value, Relaxed);
                    slot.state.store(READY, Release);
                }
                won
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "writing_is_set",
        belief: "you took every state but `EMPTY` for set; while it is `WRITING`, there is no value yet",
        answer: &|script| {
            let get = |slot: &Flawed| {
                (slot.state.load(Acquire) != EMPTY).then(|| slot.value.load(Relaxed))
            };
            with(script, right_set, get)
        },
    },
    Wrong {
        id: "value_first",
        belief: "you read the value before the state: it may be older than the `READY` that you see then",
        answer: &|script| {
            let get = |slot: &Flawed| {
                let value = slot.value.load(Acquire);
                (slot.state.load(Acquire) == READY).then_some(value)
            };
            with(script, right_set, get)
        },
    },
    Wrong {
        id: "zero_is_empty",
        belief: "you took a value of 0 for none; 0 may be set as any other number",
        answer: &|script| {
            let get = |slot: &Flawed| right_get(slot).filter(|&value| value != 0);
            with(script, right_set, get)
        },
    },
    Wrong {
        id: "last_wins",
        belief: "you let every call set the value; the first one does, and the others return `false`",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                slot.value.store(value, Relaxed);
                slot.state.store(READY, Release);
                true
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "weak_once",
        belief: "you called `compare_exchange_weak` once: it may fail for no reason, and stands in a loop",
        answer: &|script| {
            let try_set = |slot: &Flawed, value| {
                let won =
                    slot.state.compare_exchange_weak(EMPTY, WRITING, Acquire, Relaxed).is_ok();
                if won {
                    slot.value.store(value, Relaxed);
                    slot.state.store(READY, Release);
                }
                won
            };
            with(script, try_set, right_get)
        },
    },
    Wrong {
        id: "hidden_from_loom",
        belief: "you took the atomics of `std`, or a lock: loom cannot see them, and tried nothing",
        answer: &|script| {
            struct Hidden(std::sync::OnceLock<u64>);
            impl SetOnce for Hidden {
                fn try_set(&self, value: u64) -> bool {
                    self.0.set(value).is_ok()
                }
                fn get(&self) -> Option<u64> {
                    self.0.get().copied()
                }
            }
            let make: Arc<Make> = Arc::new(|| Arc::new(Hidden(std::sync::OnceLock::new())));
            explore(script, &make)
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &LOOM,
        origin,
        answer,
        wrong: WRONG,
        run: |answer: &Answer, script: &Script| answer(script),
        call: ToString::to_string,
        show,
        diff: |script, _, found| told(script, found),
    };
    use Call::{Get, TrySet};
    type Scripts = &'static [(&'static [&'static [Call]], &'static [Call], &'static str)];
    const SCRIPTS: Scripts = &[
        (&[], &[Get, TrySet(7), Get], "one thread: what was set is there"),
        (&[], &[TrySet(0), Get], "0 is a value like any other"),
        (&[], &[TrySet(7), TrySet(8), Get], "the first call sets the value, and no other"),
        (&[&[TrySet(7)], &[Get]], &[Get], "who sees that it is there sees what is there"),
        (&[&[TrySet(7)], &[TrySet(8)]], &[Get], "of two that try, one wins, and its value stays"),
        (
            &[&[TrySet(7), Get], &[TrySet(8), Get]],
            &[Get],
            "what is there is the winner's, also for the loser",
        ),
        (&[&[TrySet(7)], &[Get, Get]], &[], "once the value was there, it stays"),
        (
            &[&[TrySet(7)], &[TrySet(8)], &[Get, Get]],
            &[Get],
            "a third thread sees the winner's value, or none",
        ),
    ];
    exam.sit(SCRIPTS.iter().map(|&(threads, end, why)| Case {
        input: Script { threads, end },
        expected: Found { seen: true, ..Found::default() },
        why,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;

    use super::super::watched;
    use super::*;
    use crate::check::State;

    #[test]
    fn loom_finds_each_planted_bug_and_it_is_recognised() {
        for (id, verdict) in wrong_answers() {
            assert_eq!(verdict.state(), State::Failing, "`{id}` gets through");
            let named: Vec<&str> = verdict.misconceptions().collect();
            assert!(
                named.contains(&id),
                "`{id}` fails unrecognised, named are {named:?}\n{verdict}"
            );
        }
    }

    #[test]
    fn right_answers_in_other_styles_pass() {
        type Methods = (fn(&Flawed, u64) -> bool, fn(&Flawed) -> Option<u64>);
        let styles: &[Methods] = &[
            (right_set, right_get),
            (
                |slot, value| {
                    let won = slot.state.compare_exchange(EMPTY, WRITING, SeqCst, SeqCst).is_ok();
                    if won {
                        slot.value.store(value, SeqCst);
                        slot.state.store(READY, SeqCst);
                    }
                    won
                },
                |slot| match slot.state.load(SeqCst) {
                    READY => Some(slot.value.load(SeqCst)),
                    _ => None,
                },
            ),
            // Publishes by fences.
            (
                |slot, value| {
                    if slot.state.fetch_max(WRITING, Relaxed) != EMPTY {
                        return false;
                    }
                    slot.value.store(value, Relaxed);
                    watched::fence(Release);
                    slot.state.store(READY, Relaxed);
                    true
                },
                |slot| {
                    let ready = slot.state.load(Relaxed) == READY;
                    watched::fence(Acquire);
                    ready.then(|| slot.value.load(Relaxed))
                },
            ),
            // A weak exchange in a loop, and an exchange that publishes.
            (
                |slot, value| {
                    while let Err(now) =
                        slot.state.compare_exchange_weak(EMPTY, WRITING, AcqRel, Relaxed)
                    {
                        if now != EMPTY {
                            return false;
                        }
                    }
                    slot.value.swap(value, Relaxed);
                    slot.state.swap(READY, AcqRel) == WRITING
                },
                right_get,
            ),
            // Looks before it exchanges.
            (
                |slot, value| slot.state.load(Relaxed) == EMPTY && right_set(slot, value),
                |slot| {
                    let state = slot.state.load(Acquire);
                    let value = slot.value.load(Relaxed);
                    (state == READY).then_some(value)
                },
            ),
            (
                |slot, value| {
                    let won = slot.state.fetch_update(Acquire, Acquire, |state| {
                        (state == EMPTY).then_some(WRITING)
                    });
                    if won.is_ok() {
                        slot.value.store(value, Relaxed);
                        slot.state.store(READY, Release);
                    }
                    won.is_ok()
                },
                right_get,
            ),
        ];
        for (number, &(try_set, get)) in styles.iter().enumerate() {
            let verdict = check(&move |script| with(script, try_set, get), Origin::Elsewhere);
            assert_eq!(verdict.state(), State::Passing, "style {number}\n{verdict}");
        }
    }

    #[test]
    fn a_loop_that_waits_is_told() {
        let spin = |slot: &Flawed| {
            while slot.state.load(Acquire) != READY {}
            Some(slot.value.load(Relaxed))
        };
        let verdict = check(&move |script| with(script, right_set, spin), Origin::Elsewhere);
        assert!(verdict.to_string().contains("that one may never run"), "{verdict}");
        assert_eq!(verdict.state(), State::Failing);
    }
}
