//! Wrong answers to `parallel.data_race`: what is believed of races, and counts that lose.

use std::sync::atomic::Ordering;

use super::{Answer, Atomic, Input, Output, Rivalled, judged};
use crate::check::Wrong;
use crate::check::predictions::{Asked, Reply, believing, writing};
use crate::predict::Prediction::{DoesNotCompile, Panics, Prints};

/// An answer that predicts every program and reserves in this way.
fn reserving(asked: &Asked<Input>, reserve: fn(&Rivalled, usize) -> bool) -> Reply<Output> {
    writing(asked, |input| judged(&reserve, input))
}

/// The ordering of the wrong answers: it saves none of them.
const SEQ: Ordering = Ordering::SeqCst;

pub(super) const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "threads_borrow",
        belief: "you let a thread borrow from the function that spawns it, which may end first",
        answer: &|asked| believing(asked, &[("borrowed", Prints("3"))]),
    },
    Wrong {
        id: "borrow_outlived",
        belief: "you took the code of a borrow that ends too early; of a closure that may outlive what it borrows it is another",
        answer: &|asked| believing(asked, &[("borrowed", DoesNotCompile("E0597"))]),
    },
    Wrong {
        id: "rc_crosses",
        belief: "you took `Rc` for good enough to share with a thread, as in Python every reference is",
        answer: &|asked| believing(asked, &[("rc", Prints("2"))]),
    },
    Wrong {
        id: "refcell_never_crosses",
        belief: "you took `RefCell` for bound to its thread; it may be handed over, and not be shared",
        answer: &|asked| believing(asked, &[("refcell_handed_over", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "cell_is_shared",
        belief: "you let two threads write through one `&Cell`",
        answer: &|asked| believing(asked, &[("cell_shared", Prints("2"))]),
    },
    Wrong {
        id: "pointers_cross",
        belief: "you took a raw pointer for a number; it is `Send` only where somebody promises it",
        answer: &|asked| believing(asked, &[("raw_pointer", Prints("false"))]),
    },
    Wrong {
        id: "refused_when_used",
        belief: "you took `unsafe` for what is missing; here nothing is read through the pointer",
        answer: &|asked| believing(asked, &[("raw_pointer", DoesNotCompile("E0133"))]),
    },
    Wrong {
        id: "writers_share",
        belief: "you let two closures write to one variable at the same time",
        answer: &|asked| believing(asked, &[("two_writers", Prints("2"))]),
    },
    Wrong {
        id: "writers_need_sync",
        belief: "you took a number for not `Sync`; what is refused is a second `&mut`, before any trait is asked",
        answer: &|asked| believing(asked, &[("two_writers", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "readers_wait",
        belief: "you took the assignment for later than the thread; nothing says so",
        answer: &|asked| believing(asked, &[("written_meanwhile", Prints("2.5"))]),
    },
    Wrong {
        id: "arc_is_a_lock",
        belief: "you took `Arc` for a lock; it shares, and only to read",
        answer: &|asked| believing(asked, &[("arc_alone", Prints("1"))]),
    },
    Wrong {
        id: "statics_are_safe",
        belief: "you took a `static mut` for safe as long as one thread is there",
        answer: &|asked| believing(asked, &[("static_mut", Prints("done"))]),
    },
    Wrong {
        id: "halves_overlap",
        belief: "you took the halves for two borrows of one vector; `split_at_mut` parts them",
        answer: &|asked| believing(asked, &[("halves", DoesNotCompile("E0499"))]),
    },
    Wrong {
        id: "sorted_as_one",
        belief: "you had the vector sorted as a whole; each thread sorts its half",
        answer: &|asked| believing(asked, &[("halves", Prints("[1, 2, 3, 4]"))]),
    },
    Wrong {
        id: "relaxed_loses",
        belief: "you took `Relaxed` for inexact; one `fetch_add` is one step under every ordering",
        answer: &|asked| believing(asked, &[("relaxed", Prints("3999"))]),
    },
    Wrong {
        id: "atomic_parts_are_atomic",
        belief: "you took a load and a store that are atomic for one atomic step",
        answer: &|asked| believing(asked, &[("load_then_store", Prints("2"))]),
    },
    Wrong {
        id: "races_are_refused",
        belief: "you expected the compiler to refuse a race condition; it refuses data races",
        answer: &|asked| believing(asked, &[("load_then_store", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "check_holds",
        belief: "you took what was seen for still true when it was acted on",
        answer: &|asked| believing(asked, &[("check_then_act", Prints("0"))]),
    },
    Wrong {
        id: "counts_panic",
        belief: "you expected a panic below zero; atomics wrap around, and this one is signed",
        answer: &|asked| believing(asked, &[("check_then_act", Panics)]),
    },
    Wrong {
        id: "asks_for_more",
        belief: "you wanted more blocks free than are asked for; as many are enough",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                free.fetch_update(SEQ, SEQ, |seen| (seen > blocks).then(|| seen - blocks)).is_ok()
            })
        },
    },
    Wrong {
        id: "takes_what_is_not_there",
        belief: "you took first and looked afterwards; until you gave back, others saw a count below zero",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                if free.fetch_sub(blocks, SEQ) >= blocks {
                    return true;
                }
                free.fetch_add(blocks, SEQ);
                false
            })
        },
    },
    Wrong {
        id: "load_then_store",
        belief: "you read, then wrote what you had computed; a change in between is lost",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let seen = free.load(SEQ);
                if seen < blocks {
                    return false;
                }
                free.store(seen - blocks, SEQ);
                true
            })
        },
    },
    Wrong {
        id: "check_then_act",
        belief: "you looked, then took in one step; what you had seen was out of date by then",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let enough = free.load(SEQ) >= blocks;
                if enough {
                    free.fetch_sub(blocks, SEQ);
                }
                enough
            })
        },
    },
    Wrong {
        id: "gives_up",
        belief: "you gave up when somebody was faster; there may still be enough",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let seen = free.load(SEQ);
                seen >= blocks && free.compare_exchange(seen, seen - blocks, SEQ, SEQ).is_ok()
            })
        },
    },
    Wrong {
        id: "fails_for_no_reason",
        belief: "you took a weak exchange once; it may fail though nobody was faster, so it belongs in a loop",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let seen = free.load(SEQ);
                seen >= blocks && free.compare_exchange_weak(seen, seen - blocks, SEQ, SEQ).is_ok()
            })
        },
    },
    Wrong {
        id: "tries_the_same_again",
        belief: "you tried again with what you had seen at first; look again before each try",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let seen = free.load(SEQ);
                if seen < blocks {
                    return false;
                }
                while free.compare_exchange(seen, seen - blocks, SEQ, SEQ).is_err() {}
                true
            })
        },
    },
    Wrong {
        id: "decides_once",
        belief: "you decided once, and on later tries took whatever was there",
        answer: &|asked| {
            reserving(asked, |free, blocks| {
                let mut seen = free.load(SEQ);
                if seen < blocks {
                    return false;
                }
                while let Err(now) =
                    free.compare_exchange(seen, seen.wrapping_sub(blocks), SEQ, SEQ)
                {
                    seen = now;
                }
                true
            })
        },
    },
];
