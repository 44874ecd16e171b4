//! Check `sharing.predict`: predictions about programs that share a value, and nothing else.

use crate::check::exam::{Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::PREDICT;
use crate::predict::Prediction::{self, Blocks, DoesNotCompile, Panics, Prints};
use crate::predict::Program;

/// There is no function to call besides.
enum Nothing {}

type Answer = dyn Fn(&Asked<Nothing>) -> Reply<()>;

/// Grades predictions about programs that share a value.
pub fn predict(predict: impl Fn(&str) -> Prediction + 'static) -> Verdict {
    let origin = Origin::of(&predict);
    check(&predictions::answer(predict, |nothing: &Nothing| match *nothing {}), origin)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "borrowed_twice",
        source: r#"use std::cell::RefCell;
let ids = RefCell::new(vec![5]);
let first = ids.borrow_mut();
let second = ids.borrow_mut();
println!("{} {}", first.len(), second.len());"#,
        why: "a `RefCell` has the rule of `&mut`, one at a time, and checks it while the program runs: the second `borrow_mut` panics",
    },
    Program {
        name: "head_of_a_match",
        source: r#"use std::cell::RefCell;
let ids = RefCell::new(vec![5]);
match ids.borrow().last().copied() {
    Some(id) => ids.borrow_mut().push(id + 1),
    None => ids.borrow_mut().push(0),
}
println!("{:?}", ids.borrow());"#,
        why: "what the head of a `match` borrows is a temporary, and lives until the `match` ends, although the id itself was copied",
    },
    Program {
        name: "else_of_an_if_let",
        source: r#"use std::cell::RefCell;
let ids = RefCell::new(vec![]);
if let Some(id) = ids.borrow().last().copied() {
    println!("the last is {id}");
} else {
    ids.borrow_mut().push(0);
}
println!("{:?}", ids.borrow());"#,
        why: "since edition 2024 the temporaries of an `if let` end before its `else`; until then this program panicked",
    },
    Program {
        name: "a_refcell_in_a_thread",
        source: r#"use std::cell::RefCell;
let ids = RefCell::new(vec![5]);
let worker = std::thread::spawn(move || {
    ids.borrow_mut().push(6);
    ids.borrow().len()
});
println!("{}", worker.join().unwrap());"#,
        why: "a `RefCell` is `Send`: it may go to another thread, as long as it is with one at a time; what it is not is `Sync`",
    },
    Program {
        name: "a_refcell_in_two_threads",
        source: r#"use std::cell::RefCell;
use std::sync::Arc;
let ids = Arc::new(RefCell::new(vec![5]));
let theirs = Arc::clone(&ids);
std::thread::spawn(move || theirs.borrow_mut().push(6)).join().unwrap();
println!("{:?}", ids.borrow());"#,
        why: "to share by `Arc`, what is in it must be `Sync`; `RefCell` is not, since two threads could set its flag at once. `Mutex` is",
    },
    Program {
        name: "an_rc_in_a_thread",
        source: r#"use std::rc::Rc;
let ids = Rc::new(vec![5, 6]);
let theirs = Rc::clone(&ids);
let worker = std::thread::spawn(move || theirs.len());
println!("{} {}", ids.len(), worker.join().unwrap());"#,
        why: "an `Rc` counts its owners without an atomic, so a clone must stay on the thread: it is not `Send`, even for data that nobody writes",
    },
    Program {
        name: "lent_to_a_thread",
        source: r#"let ids = vec![5, 6];
let worker = std::thread::spawn(|| ids.len());
println!("{}", worker.join().unwrap());"#,
        why: "a spawned thread may outlive this function, and the closure borrows `ids`; `move` hands it over, `thread::scope` lends it",
    },
    Program {
        name: "a_guard_in_a_thread",
        source: r#"use std::sync::Mutex;
let ids = Mutex::new(vec![5, 6]);
let guard = ids.lock().unwrap();
std::thread::scope(|scope| {
    scope.spawn(move || println!("{}", guard.len()));
});"#,
        why: "the guard of a lock is not `Send`: some systems want a lock given back by the thread that took it",
    },
    Program {
        name: "past_the_lock",
        source: r#"use std::sync::Mutex;
let mut hits = Mutex::new(1);
let first = hits.get_mut().unwrap();
let second = hits.get_mut().unwrap();
*first += 1;
*second += 1;
println!("{}", hits.into_inner().unwrap());"#,
        why: "`get_mut` takes `&mut self`, so nobody else can have the lock, and nothing is locked; the rule is checked by the compiler again",
    },
    Program {
        name: "locked_twice_in_a_line",
        source: r#"use std::sync::Mutex;
let ids = Mutex::new(vec![5, 6]);
ids.lock().unwrap().push(ids.lock().unwrap().len());
println!("{:?}", ids.lock().unwrap());"#,
        why: "both guards are temporaries of one statement, and the first is held when the second is asked for; the thread waits for itself",
    },
    Program {
        name: "after_a_panic",
        source: r#"use std::sync::{Arc, Mutex};
let hits = Arc::new(Mutex::new(1));
let theirs = Arc::clone(&hits);
let worker = std::thread::spawn(move || {
    let mut guard = theirs.lock().unwrap();
    *guard += 1;
    panic!("half way");
});
let _ = worker.join();
println!("{}", hits.lock().unwrap());"#,
        why: "a thread panicked while it held the lock, so what is behind it may be half written: `lock` is an error now, and `unwrap` a panic",
    },
    Program {
        name: "read_then_write",
        source: r#"use std::sync::RwLock;
let ids = RwLock::new(vec![5, 6]);
let first = ids.read().unwrap();
let second = ids.read().unwrap();
println!("{}", first.len() + second.len());
if !second.contains(&7) {
    ids.write().unwrap().push(7);
}
println!("done");"#,
        why: "many may read at a time, so 4 is printed; a writer waits until all readers are gone, and this thread is one of them. A read lock is never turned into a write lock",
    },
    Program {
        name: "in_two_orders",
        source: r#"use std::sync::{Barrier, Mutex};
let (ids, hits, both) = (Mutex::new(vec![5]), Mutex::new(0), Barrier::new(2));
std::thread::scope(|scope| {
    scope.spawn(|| {
        let ids = ids.lock().unwrap();
        both.wait();
        *hits.lock().unwrap() += ids.len();
    });
    scope.spawn(|| {
        let hits = hits.lock().unwrap();
        both.wait();
        ids.lock().unwrap().push(*hits);
    });
});
println!("done");"#,
        why: "each thread holds what the other one waits for. Without the barrier this happens once in a while, which is worse; one order for all locks cures it",
    },
    Program {
        name: "filled_once",
        source: r#"use std::sync::OnceLock;
static MODEL: OnceLock<u32> = OnceLock::new();
let (first, second) = (MODEL.set(7), MODEL.set(8));
println!("{first:?} {second:?} {:?}", MODEL.get());"#,
        why: "an `OnceLock` is filled once, whoever comes first; who comes later gets back what could not be stored, and everybody sees the first value",
    },
];

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "the_compiler_counts_borrows",
        belief: "you left the second `borrow_mut` to the compiler; both take `&self`, so it has nothing against them",
        answer: &|asked| believing(asked, &[("borrowed_twice", DoesNotCompile("E0499"))]),
    },
    Wrong {
        id: "refcells_wait",
        belief: "you had the second `borrow_mut` wait for the first; only locks wait, a `RefCell` panics",
        answer: &|asked| believing(asked, &[("borrowed_twice", Blocks)]),
    },
    Wrong {
        id: "copied_so_given_back",
        belief: "you had the borrow end with `copied`; a temporary in the head of a `match` lives until the `match` ends",
        answer: &|asked| believing(asked, &[("head_of_a_match", Prints("[5, 6]"))]),
    },
    Wrong {
        id: "edition_2021",
        belief: "you had the borrow live through the `else`, as it did before edition 2024",
        answer: &|asked| believing(asked, &[("else_of_an_if_let", Panics)]),
    },
    Wrong {
        id: "refcell_is_not_send",
        belief: "you took \"not thread-safe\" for \"not to be moved\"; a `RefCell` may go to another thread, not be shared",
        answer: &|asked| believing(asked, &[("a_refcell_in_a_thread", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "arc_makes_it_safe",
        belief: "you took `Arc` for enough; it makes the owners safe to count, not what they own safe to change",
        answer: &|asked| believing(asked, &[("a_refcell_in_two_threads", Prints("[5, 6]"))]),
    },
    Wrong {
        id: "races_are_seen_when_run",
        belief: "you expected the panic of a `RefCell`; it never comes to run",
        answer: &|asked| believing(asked, &[("a_refcell_in_two_threads", Panics)]),
    },
    Wrong {
        id: "reading_is_safe",
        belief: "you took an `Rc` of what nobody writes for safe; its count of owners is written by each clone",
        answer: &|asked| believing(asked, &[("an_rc_in_a_thread", Prints("2 2"))]),
    },
    Wrong {
        id: "joined_so_lent",
        belief: "you counted on the `join`; the compiler does not see that it ends the thread, but with `thread::scope` it does",
        answer: &|asked| believing(asked, &[("lent_to_a_thread", Prints("2"))]),
    },
    Wrong {
        id: "lent_is_moved",
        belief: "you expected `ids` to be moved into the closure; without `move` a closure that looks borrows",
        answer: &|asked| believing(asked, &[("lent_to_a_thread", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "guards_travel",
        belief: "you took a guard for a value like others; it has to stay with the thread that locked",
        answer: &|asked| believing(asked, &[("a_guard_in_a_thread", Prints("2"))]),
    },
    Wrong {
        id: "get_mut_locks",
        belief: "you had `get_mut` lock, and the second wait; it takes `&mut self` and needs no lock",
        answer: &|asked| believing(asked, &[("past_the_lock", Blocks)]),
    },
    Wrong {
        id: "each_guard_ends_at_its_call",
        belief: "you had each guard end with its own call; temporaries live until the statement ends",
        answer: &|asked| believing(asked, &[("locked_twice_in_a_line", Prints("[5, 6, 2]"))]),
    },
    Wrong {
        id: "mutexes_panic",
        belief: "you had a lock that is taken twice panic, as a `RefCell` does; it waits, here for itself",
        answer: &|asked| believing(asked, &[("locked_twice_in_a_line", Panics)]),
    },
    Wrong {
        id: "given_back_and_forgotten",
        belief: "you had the lock given back as if nothing had been; it is, and it remembers the panic",
        answer: &|asked| believing(asked, &[("after_a_panic", Prints("2"))]),
    },
    Wrong {
        id: "never_given_back",
        belief: "you had the dead thread keep the lock; its guard is dropped as the stack unwinds",
        answer: &|asked| believing(asked, &[("after_a_panic", Blocks)]),
    },
    Wrong {
        id: "readers_upgrade",
        belief: "you had the reader become the writer; it waits for itself to stop reading",
        answer: &|asked| believing(asked, &[("read_then_write", Prints("4\ndone"))]),
    },
    Wrong {
        id: "locks_find_out",
        belief: "you had the lock find out that it is held by this very thread and panic; the standard library may, and here waits",
        answer: &|asked| believing(asked, &[("read_then_write", Panics)]),
    },
    Wrong {
        id: "rust_has_no_deadlocks",
        belief: "you took \"fearless concurrency\" for a promise against deadlocks; it is one against data races",
        answer: &|asked| believing(asked, &[("in_two_orders", Prints("done"))]),
    },
    Wrong {
        id: "deadlocks_are_found",
        belief: "you had somebody notice the deadlock and panic; nobody does",
        answer: &|asked| believing(asked, &[("in_two_orders", Panics)]),
    },
    Wrong {
        id: "the_last_one_fills",
        belief: "you had the second value replace the first; a place that is filled once keeps what it has",
        answer: &|asked| believing(asked, &[("filled_once", Prints("Ok(()) Ok(()) Some(8)"))]),
    },
    Wrong {
        id: "filling_twice_panics",
        belief: "you had the second `set` panic; it gives the value back as an error",
        answer: &|asked| believing(asked, &[("filled_once", Panics)]),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &PREDICT,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("predict", program),
            Asked::Call(nothing) => match *nothing {},
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(()) => String::new(),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(nothing) => match *nothing {},
        },
    };
    predictions::sit(exam, PROGRAMS, [])
}
