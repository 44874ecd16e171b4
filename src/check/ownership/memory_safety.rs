//! Check `ownership.memory_safety`: predictions about programs that err with memory, then slots whose handles
//! know when they are stale.
//!
//! An input is a short script of calls (`slots.rs`), and what each of them returns is compared.

use super::slots::{
    Caches, Flaw, Flawed, Script, Told, law, oracle, play, scripts, shown, written,
};
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::ownership::MEMORY_SAFETY;
use crate::predict::Prediction::{self, Aborts, DoesNotCompile, Panics, Prints};
use crate::predict::Program;

type Answer = dyn Fn(&Asked<Script>) -> Reply<Vec<Told>>;

/// Grades predictions, and slots that are given by how they are made: `memory_safety(…, Slots::new)`.
pub fn memory_safety<C: Caches + 'static>(
    predict: impl Fn(&str) -> Prediction + 'static,
    new: impl Fn() -> C + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    check(&predictions::answer(predict, move |script: &Script| play(script, &mut new())), origin)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "use_after_free",
        source: r#"let cache = Box::new([1.0, 2.0]);
let row = &cache[0];
drop(cache);
println!("{row}");"#,
        why: "in C, `free(cache); printf(\"%f\", *row);` compiles, and nobody can say what it reads; here `cache` cannot be given away while `row` borrows from it",
    },
    Program {
        name: "double_free",
        source: r#"let cache = Box::new([1.0, 2.0]);
drop(cache);
drop(cache);"#,
        why: "`drop` is handed the box, so there is none to be handed over again; in C a pointer is still there after `free`",
    },
    Program {
        name: "overrun",
        source: r#"let tokens = vec![1, 2, 3];
let end = tokens.len();
println!("{}", tokens[end]);"#,
        why: "an index is compared with the length at run time; C does not compare, and may read what lies behind; Python raises IndexError",
    },
    Program {
        name: "data_race",
        source: r#"let mut served = 0;
std::thread::scope(|scope| {
    scope.spawn(|| served += 1);
    scope.spawn(|| served += 1);
});
println!("{served}");"#,
        why: "two threads that write to one number are two `&mut` of it; the rule against two writers is the rule against races",
    },
    Program {
        name: "forgotten",
        source: r#"struct Weights;
impl Drop for Weights {
    fn drop(&mut self) {
        println!("free");
    }
}
std::mem::forget(Weights);
println!("end");"#,
        why: "`forget` takes the value and never drops it; a leak wastes memory and breaks no promise, so it is safe",
    },
    Program {
        name: "cycle",
        source: r#"use std::cell::RefCell;
use std::rc::Rc;
struct Node(RefCell<Option<Rc<Node>>>);
impl Drop for Node {
    fn drop(&mut self) {
        println!("free");
    }
}
let node = Rc::new(Node(RefCell::new(None)));
*node.0.borrow_mut() = Some(Rc::clone(&node));
drop(node);
println!("end");"#,
        why: "the node owns itself, so its count never reaches 0; Python has a collector for that, Rust has `Weak` and leaves it to you",
    },
    Program {
        name: "too_deep",
        source: r#"fn depth(n: u64) -> u64 {
    1 + depth(n + 1)
}
println!("{}", depth(0));"#,
        why: "the stack ends at a page that nobody may touch, and the process is ended there: no unwinding, no `Drop`, nothing to catch",
    },
    Program {
        name: "raw_pointer",
        source: r#"let tokens = [1, 2, 3];
let place = tokens.as_ptr();
println!("{}", *place);"#,
        why: "a raw pointer may be made and passed around; to read through it is for `unsafe`, where you vouch for it",
    },
    Program {
        name: "unsafe_borrows",
        source: r#"let mut ids = vec![1, 2];
unsafe {
    let a = &mut ids;
    let b = &mut ids;
    a.push(3);
    b.push(4);
}
println!("{ids:?}");"#,
        why: "`unsafe` allows five things more, such as to read through a raw pointer; it switches off neither the borrow checker nor the bounds checks",
    },
];

/// An answer that predicts every program and has slots with this flaw.
fn flawed(asked: &Asked<Script>, flaw: Flaw) -> Reply<Vec<Told>> {
    writing(asked, |script| play(script, &mut Flawed::new(flaw)))
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "reads_freed_memory",
        belief: "you had it compile, as C does, and read what is left there",
        answer: &|asked| believing(asked, &[("use_after_free", Prints("1"))]),
    },
    Wrong {
        id: "caught_at_run_time",
        belief: "you had it noticed while it runs; the compiler sees both the borrow and the end of its owner",
        answer: &|asked| believing(asked, &[("use_after_free", Panics)]),
    },
    Wrong {
        id: "a_borrow_is_a_move",
        belief: "you expected the code of a value that is used after it moved; what is used afterwards is a borrow of it",
        answer: &|asked| believing(asked, &[("use_after_free", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "freed_twice",
        belief: "you had the second `drop` free it again, which C's library may notice and abort",
        answer: &|asked| believing(asked, &[("double_free", Aborts)]),
    },
    Wrong {
        id: "drop_is_idempotent",
        belief: "you took the second `drop` for one that finds nothing to do; it cannot even be called",
        answer: &|asked| believing(asked, &[("double_free", Prints(""))]),
    },
    Wrong {
        id: "reads_what_lies_behind",
        belief: "you had it read what lies behind, as C does; the index is compared with the length",
        answer: &|asked| believing(asked, &[("overrun", Prints("0"))]),
    },
    Wrong {
        id: "indices_are_known",
        belief: "you had the compiler know the length of a `Vec`; it is known when it runs",
        answer: &|asked| believing(asked, &[("overrun", DoesNotCompile("E0080"))]),
    },
    Wrong {
        id: "overrun_is_a_fault",
        belief: "you expected a segmentation fault; the index is compared before memory is touched",
        answer: &|asked| believing(asked, &[("overrun", Aborts)]),
    },
    Wrong {
        id: "races_run",
        belief: "you had both threads write; that would be two writers at once",
        answer: &|asked| believing(asked, &[("data_race", Prints("2"))]),
    },
    Wrong {
        id: "threads_outlive",
        belief: "you expected the code of a thread that may outlive the number; a scope waits for its threads",
        answer: &|asked| believing(asked, &[("data_race", DoesNotCompile("E0373"))]),
    },
    Wrong {
        id: "forget_frees",
        belief: "you had the value freed after all; `forget` takes it, and nobody owns it any more",
        answer: &|asked| believing(asked, &[("forgotten", Prints("free\nend"))]),
    },
    Wrong {
        id: "leaks_are_unsafe",
        belief: "you took a leak for unsafe; it wastes memory and lets nobody read what is not theirs",
        answer: &|asked| believing(asked, &[("forgotten", DoesNotCompile("E0133"))]),
    },
    Wrong {
        id: "cycles_are_collected",
        belief: "you had somebody collect the cycle, as Python does; nobody looks for cycles here",
        answer: &|asked| believing(asked, &[("cycle", Prints("end\nfree"))]),
    },
    Wrong {
        id: "dropped_by_name",
        belief: "you had `drop(node)` free it; it gives up one of two owners",
        answer: &|asked| believing(asked, &[("cycle", Prints("free\nend"))]),
    },
    Wrong {
        id: "recursion_error",
        belief: "you expected something like Python's RecursionError; nobody counts calls here, and the stack ends",
        answer: &|asked| believing(asked, &[("too_deep", Panics)]),
    },
    Wrong {
        id: "pointers_are_safe",
        belief: "you had a raw pointer read like a reference; nobody knows whether there is still something behind it",
        answer: &|asked| believing(asked, &[("raw_pointer", Prints("1"))]),
    },
    Wrong {
        id: "unsafe_lifts_all",
        belief: "you had `unsafe` switch off the borrow checker",
        answer: &|asked| believing(asked, &[("unsafe_borrows", Prints("[1, 2, 3, 4]"))]),
    },
    Wrong {
        id: "unsafe_is_undefined",
        belief: "you had two writers in `unsafe` end the process; they do not get past the compiler",
        answer: &|asked| believing(asked, &[("unsafe_borrows", Aborts)]),
    },
    Wrong {
        id: "no_generations",
        belief: "you look at the slot and not at the generation; a stale handle shows another request's cache",
        answer: &|asked| flawed(asked, Flaw::NoGenerations),
    },
    Wrong {
        id: "removes_stale",
        belief: "your `remove` does not look at the generation; a stale handle removes another request's cache",
        answer: &|asked| flawed(asked, Flaw::RemovesStale),
    },
    Wrong {
        id: "never_reuses",
        belief: "you make a new slot each time; so memory grows with every request that ever was",
        answer: &|asked| flawed(asked, Flaw::NeverReuses),
    },
    Wrong {
        id: "keeps_cache",
        belief: "you freed the slot and left generation and cache as they were; it can still be read until it is used again",
        answer: &|asked| flawed(asked, Flaw::KeepsCache),
    },
    Wrong {
        id: "frees_twice",
        belief: "you put the slot among the free ones twice, and two requests got it: a double free in safe code",
        answer: &|asked| flawed(asked, Flaw::FreesTwice),
    },
    Wrong {
        id: "checks_no_slot",
        belief: "you index with a slot that may not be there",
        answer: &|asked| flawed(asked, Flaw::ChecksNoSlot),
    },
    Wrong {
        id: "checks_no_slot_to_remove",
        belief: "your `remove` indexes with a slot that may not be there; your `get` knows better",
        answer: &|asked| flawed(asked, Flaw::ChecksNoSlotToRemove),
    },
    Wrong {
        id: "generation_of_all",
        belief: "you gave all slots a new generation where one was freed; handles of the others are stale now",
        answer: &|asked| flawed(asked, Flaw::GenerationOfAll),
    },
    Wrong {
        id: "shifts",
        belief: "you took the slot out of the vector; those behind it have other numbers now",
        answer: &|asked| flawed(asked, Flaw::Shifts),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &MEMORY_SAFETY,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("memory_safety", program),
            Asked::Call(script) => written(script),
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(told) => told.iter().map(shown).collect::<Vec<_>>().join("; "),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(_) => Vec::new(),
        },
    };
    let calls = scripts().map(|script| Case {
        expected: oracle(&script),
        why: law(&script),
        input: script,
    });
    predictions::sit(exam, PROGRAMS, calls)
}
