//! Check `parallel.data_race`: predictions about races, then a count that a rival changes between any two steps.
//!
//! Threads that race are wrong once in a million runs. So there are no threads here: the count itself plays
//! the rival. Before a step that the case names it does what another thread might do there, and all places up
//! to the fifth step are gone through. What the answer did is judged by the law alone, so that right answers of
//! any number of steps pass.

mod atomic;
mod wrong;

pub use atomic::{Atomic, Rivalled};

use self::atomic::Rival;
use self::wrong::WRONG;
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply};
use crate::check::{Origin, Verdict};
use crate::course::parallel::DATA_RACE;
use crate::predict::{Prediction, Program};

/// What is free, how many blocks are asked for, and the rivals.
type Input = (usize, usize, Vec<Rival>);

/// What became of the law.
#[derive(PartialEq)]
enum Output {
    Kept,
    /// How it was broken.
    Broken(String),
}

type Answer = dyn Fn(&Asked<Input>) -> Reply<Output>;

/// Grades predictions, and a function that reserves blocks while others do, too.
pub fn data_race(
    predict: impl Fn(&str) -> Prediction + 'static,
    reserve: impl Fn(&Rivalled, usize) -> bool + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    check(&predictions::answer(predict, move |input| judged(&reserve, input)), origin)
}

/// Runs an answer, and holds what it did against the law.
fn judged(reserve: &dyn Fn(&Rivalled, usize) -> bool, input: &Input) -> Output {
    let count = Rivalled::new(input.0, &input.2);
    let said = reserve(&count, input.1);
    let (free, theirs, blocks) = (input.0 as isize, count.theirs.get(), input.1 as isize);
    let should = free + theirs - if said { blocks } else { 0 };
    let broken = if count.least.get() < 0 {
        format!("{said}, and for a moment {} were free", count.least.get())
    } else if count.free.get() != should {
        format!("{said}, and {} are free; it should be {should}", count.free.get())
    } else if !said && count.least.get() >= blocks {
        format!("false, and at every moment {} or more were free", count.least.get())
    } else {
        return Output::Kept;
    };
    Output::Broken(broken)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "borrowed",
        source: r#"use std::thread;
let tokens = vec![1, 2, 3];
let counting = thread::spawn(|| tokens.len());
println!("{}", counting.join().unwrap());"#,
        why: "a thread that is spawned may outlive the function, so it may not borrow from it: `move` hands over, `thread::scope` waits",
    },
    Program {
        name: "handed_over",
        source: r#"use std::thread;
let tokens = vec![1, 2, 3];
let counting = thread::spawn(move || tokens.len());
println!("{}", counting.join().unwrap());"#,
        why: "`move` makes the thread the owner, and `join` brings its result back",
    },
    Program {
        name: "rc",
        source: r#"use std::rc::Rc;
use std::thread;
let weights = Rc::new(vec![0.5, 1.5]);
let mine = Rc::clone(&weights);
let summing = thread::spawn(move || mine.iter().sum::<f64>());
println!("{}", summing.join().unwrap());"#,
        why: "`Rc` counts its owners without an atomic step, so it is not `Send`: two threads would race for the count; `Arc` is",
    },
    Program {
        name: "refcell_handed_over",
        source: r#"use std::cell::RefCell;
use std::thread;
let cache = RefCell::new(vec![1]);
let filling = thread::spawn(move || {
    cache.borrow_mut().push(2);
    cache.into_inner().len()
});
println!("{}", filling.join().unwrap());"#,
        why: "`RefCell` is `Send`: one thread at a time may have it. What it is not is `Sync`",
    },
    Program {
        name: "cell_shared",
        source: r#"use std::cell::Cell;
use std::thread;
let steps = Cell::new(0);
thread::scope(|scope| {
    scope.spawn(|| steps.set(steps.get() + 1));
    scope.spawn(|| steps.set(steps.get() + 1));
});
println!("{}", steps.get());"#,
        why: "`Cell` lets everybody write through `&`, and so is not `Sync`: no `&Cell` crosses to another thread",
    },
    Program {
        name: "raw_pointer",
        source: r#"use std::thread;
let weights = [0.5, 1.5];
let first = weights.as_ptr();
let looking = thread::spawn(move || first.is_null());
println!("{}", looking.join().unwrap());"#,
        why: "a raw pointer is not `Send`, whatever is done with it: the compiler knows nothing of what it points to",
    },
    Program {
        name: "two_writers",
        source: r#"use std::thread;
let mut steps = 0;
thread::scope(|scope| {
    scope.spawn(|| steps += 1);
    scope.spawn(|| steps += 1);
});
println!("{steps}");"#,
        why: "each closure borrows `steps` to write, both at once: the rule that forbids it on one thread forbids the race",
    },
    Program {
        name: "written_meanwhile",
        source: r#"use std::thread;
let mut loss = 2.5;
thread::scope(|scope| {
    scope.spawn(|| println!("{loss}"));
    loss = 1.5;
});"#,
        why: "a thread of the scope reads `loss` until the scope ends, so nobody may assign to it meanwhile",
    },
    Program {
        name: "arc_alone",
        source: r#"use std::sync::Arc;
use std::thread;
let steps = Arc::new(0);
let mut mine = Arc::clone(&steps);
let working = thread::spawn(move || *mine += 1);
working.join().unwrap();
println!("{steps}");"#,
        why: "`Arc` shares, and what is shared is only read; to write takes an atomic or a `Mutex` inside of it",
    },
    Program {
        name: "static_mut",
        source: r#"static mut STEPS: u32 = 0;
STEPS += 1;
println!("done");"#,
        why: "every thread sees a `static mut` and nothing orders them, so to read or write it is `unsafe`: you promise what the compiler cannot see",
    },
    Program {
        name: "halves",
        source: r#"use std::thread;
let mut logits = vec![4, 3, 2, 1];
let (left, right) = logits.split_at_mut(2);
thread::scope(|scope| {
    scope.spawn(|| left.sort());
    scope.spawn(|| right.sort());
});
println!("{logits:?}");"#,
        why: "`split_at_mut` gives two borrows that do not overlap, so two threads write into one vector without a lock",
    },
    Program {
        name: "relaxed",
        source: r#"use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
let tokens = AtomicU32::new(0);
thread::scope(|scope| {
    for _ in 0..4 {
        scope.spawn(|| {
            for _ in 0..1000 {
                tokens.fetch_add(1, Relaxed);
            }
        });
    }
});
println!("{}", tokens.into_inner());"#,
        why: "`fetch_add` reads and writes in one step, so no count is lost; `Relaxed` says nothing of *other* places in memory",
    },
    Program {
        name: "load_then_store",
        source: r#"use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
let tokens = AtomicU32::new(0);
let both_have_read = Barrier::new(2);
thread::scope(|scope| {
    for _ in 0..2 {
        scope.spawn(|| {
            let seen = tokens.load(SeqCst);
            both_have_read.wait();
            tokens.store(seen + 1, SeqCst);
        });
    }
});
println!("{}", tokens.into_inner());"#,
        why: "no data race, and yet an update is lost: both read 0 and both store 1. No ordering helps, since load and store are two steps",
    },
    Program {
        name: "check_then_act",
        source: r#"use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread;
let free = AtomicI32::new(1);
let both_have_looked = Barrier::new(2);
thread::scope(|scope| {
    for _ in 0..2 {
        scope.spawn(|| {
            if free.load(SeqCst) > 0 {
                both_have_looked.wait();
                free.fetch_sub(1, SeqCst);
            }
        });
    }
});
println!("{}", free.into_inner());"#,
        why: "each step is atomic, and what was seen is out of date when it is acted on: one place is given away twice",
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &DATA_RACE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("data_race", program),
            Asked::Call((free, blocks, _)) => {
                format!("reserve(&AtomicUsize::new({free}), {blocks})")
            }
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(Output::Kept) => "the counts agree, and a `false` has a reason".to_owned(),
            Reply::Value(Output::Broken(how)) => how.clone(),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call((.., rivals)) => rivals.iter().map(told).collect(),
        },
    };
    let calls = alone().chain(rivalled()).map(|input| Case {
        why: match input.2[..] {
            [] => "blocks are taken if there are so many, and otherwise none",
            _ => "whatever others do between your steps: never below zero, nothing lost, no `false` without a reason",
        },
        input,
        expected: Output::Kept,
    });
    predictions::sit(exam, PROGRAMS, calls)
}

/// What a rival does, for a verdict.
fn told(&(before, change): &Rival) -> String {
    let what = if change < 0 { "takes" } else { "gives back" };
    format!("before your step {before} on `free`, another thread {what} {}", change.abs())
}

/// Calls that nobody interferes with.
fn alone() -> impl Iterator<Item = Input> {
    (0..4).flat_map(|free| (0..4).map(move |blocks| (free, blocks, Vec::new())))
}

/// One rival, then two, before each of the first steps.
fn rivalled() -> impl Iterator<Item = Input> {
    let changes = || [-1, -2, 1];
    let one = (1..=5).flat_map(move |before| changes().map(|change| vec![(before, change)]));
    let two = (1..=4).flat_map(move |first| {
        let pairs = changes().into_iter().flat_map(move |a| changes().map(move |b| (a, b)));
        pairs.map(move |(a, b)| vec![(first, a), (first + 1, b)])
    });
    let all: Vec<Vec<Rival>> = one.chain(two).collect();
    all.into_iter().flat_map(|rivals| {
        (0..5).flat_map(move |free| {
            let rivals = rivals.clone();
            (1..4).map(move |blocks| (free, blocks, rivals.clone()))
        })
    })
}
