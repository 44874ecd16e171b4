//! Check `parallel.par_iter`: predictions about threads and what may go into them; then two functions that do
//! their calls on a pool of one to eight threads.
//!
//! That the calls were shared out is seen by a [`Watch`], on pools of two threads and more. On a pool of one
//! thread everything else is found out, since there the order is the same each time: the second half of the
//! texts is done in the midst of the first call.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::pools::{Watch, within};
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::parallel::PAR_ITER;
use crate::predict::Prediction::{self, DoesNotCompile, Panics, Prints};
use crate::predict::Program;

/// What a function is asked for, on how many threads.
struct Input {
    threads: usize,
    task: Task,
}

enum Task {
    /// The ids of these texts, which are their bytes.
    Encode(Vec<String>),
    /// The mean of these losses; the text of each is its place.
    Mean(Vec<f32>),
}

impl Task {
    fn len(&self) -> usize {
        match self {
            Self::Encode(texts) => texts.len(),
            Self::Mean(losses) => losses.len(),
        }
    }
}

#[derive(PartialEq)]
struct Output {
    value: Value,
    /// Whether the calls were shared out; not asked where there is one thread or one text.
    shared_out: Option<bool>,
}

#[derive(PartialEq)]
enum Value {
    Ids(Vec<Vec<u32>>),
    /// The bits of a number.
    Mean(u32),
}

impl Value {
    /// Both zeros are one number here, and so are all that are not a number.
    fn mean(mean: f32) -> Self {
        Self::Mean(if mean.is_nan() { f32::NAN } else { mean + 0.0 }.to_bits())
    }
}

type Answer = dyn Fn(&Asked<Input>) -> Reply<Output>;
type Encode<'a> = &'a (dyn Fn(&str) -> Vec<u32> + Sync);
type Loss<'a> = &'a (dyn Fn(&str) -> f32 + Sync);
type EncodeAll = dyn Fn(&[String], Encode<'_>) -> Vec<Vec<u32>> + Sync;
type MeanLoss = dyn Fn(&[String], Loss<'_>) -> f32 + Sync;

/// Grades predictions, and two functions that make their calls on all threads of the pool.
pub fn par_iter(
    predict: impl Fn(&str) -> Prediction + 'static,
    encode_all: impl Fn(&[String], Encode<'_>) -> Vec<Vec<u32>> + Sync + 'static,
    mean_loss: impl Fn(&[String], Loss<'_>) -> f32 + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    let function = move |input: &Input| run(input, &encode_all, &mean_loss);
    check(&predictions::answer(predict, function), origin)
}

/// Calls the function that the task is about.
fn run(Input { threads, task }: &Input, encode_all: &EncodeAll, mean_loss: &MeanLoss) -> Output {
    let watch = Watch::default();
    let value = match task {
        Task::Encode(texts) => {
            let encode = |text: &str| watch.call(|| bytes(text));
            Value::Ids(within(*threads, || encode_all(texts, &encode)))
        }
        Task::Mean(losses) => {
            let texts: Vec<String> = (0..losses.len()).map(|place| place.to_string()).collect();
            let loss = |text: &str| watch.call(|| text.parse().map_or(0.0, |at: usize| losses[at]));
            Value::mean(within(*threads, || mean_loss(&texts, &loss)))
        }
    };
    let shared_out = (*threads > 1 && task.len() > 1).then(|| watch.shared_out());
    Output { value, shared_out }
}

/// What the check encodes with.
fn bytes(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "borrowed",
        source: r#"let ids = vec![5, 6, 7];
let worker = std::thread::spawn(|| ids.len());
println!("{}", worker.join().unwrap());"#,
        why: "a thread of `spawn` may outlive `main`'s variables, so it cannot borrow them; `move`, an `Arc` or \
              `thread::scope` would do",
    },
    Program {
        name: "scoped",
        source: r#"let ids = vec![5, 6, 7];
let total = std::thread::scope(|scope| {
    let left = scope.spawn(|| ids[..1].iter().sum::<u32>());
    let right = scope.spawn(|| ids[1..].iter().sum::<u32>());
    left.join().unwrap() + right.join().unwrap()
});
println!("{total} of {}", ids.len());"#,
        why: "a scope ends when its threads have ended, so they may borrow; and many may read at once",
    },
    Program {
        name: "joined_in_order",
        source: r#"let squares: Vec<u32> = std::thread::scope(|scope| {
    let workers = [3, 1, 2].map(|n| scope.spawn(move || n * n));
    workers.into_iter().map(|worker| worker.join().unwrap()).collect()
});
println!("{squares:?}");"#,
        why: "whoever ends first, results stand in the order in which they are joined; Rayon's `collect` keeps \
              the order of the items, too",
    },
    Program {
        name: "a_counted_reference",
        source: r#"let vocabulary = std::rc::Rc::new(vec!["a", "b"]);
let worker = std::thread::spawn(move || vocabulary.len());
println!("{}", worker.join().unwrap());"#,
        why: "`Rc` is not `Send`: its count is a plain number, and a clone may have stayed behind; `Arc` counts \
              atomically",
    },
    Program {
        name: "a_cell_moved",
        source: r#"let seen = std::cell::RefCell::new(vec![5]);
let worker = std::thread::spawn(move || {
    seen.borrow_mut().push(6);
    seen.into_inner()
});
println!("{:?}", worker.join().unwrap());"#,
        why: "a `RefCell` is `Send`: handed over, it is used by one thread at a time; what it is not is `Sync`",
    },
    Program {
        name: "a_cell_shared",
        source: r#"let seen = std::cell::Cell::new(0);
std::thread::scope(|scope| {
    scope.spawn(|| seen.set(seen.get() + 1));
});
println!("{}", seen.get());"#,
        why: "a `&Cell` is enough to write, so a `Cell` is not `Sync`, and the closure that borrows it not `Send`",
    },
    Program {
        name: "two_writers",
        source: r#"let mut tokens = 0;
std::thread::scope(|scope| {
    scope.spawn(|| tokens += 2);
    scope.spawn(|| tokens += 3);
});
println!("{tokens}");"#,
        why: "both closures need `&mut tokens` at the same time; the rule of one writer is the one of every \
              borrow, and threads need no rule of their own",
    },
    Program {
        name: "a_thread_panics",
        source: r#"let ids = vec![5, 6, 7];
std::thread::scope(|scope| {
    scope.spawn(|| assert!(ids.is_empty()));
});
println!("{}", ids.len());"#,
        why: "a scope panics at its end if one of its threads did and nobody joined it; so does Rayon, with the \
              panic of the worker. No panic is lost",
    },
    Program {
        name: "order_of_additions",
        source: r#"let losses: [f32; 3] = [1e8, 1.0, -1e8];
let [a, b, c] = losses;
println!("{} {}", (a + b) + c, (a + c) + b);"#,
        why: "`1e8 + 1.0` is rounded to `1e8`, where neighbours are 8 apart: what is added first decides what is \
              lost",
    },
];

/// An answer that predicts every program, and has written these functions.
fn with(asked: &Asked<Input>, encode_all: &EncodeAll, mean_loss: &MeanLoss) -> Reply<Output> {
    writing(asked, |input| run(input, encode_all, mean_loss))
}

/// A right one, for those who err in the other.
fn right_encode_all(texts: &[String], encode: Encode<'_>) -> Vec<Vec<u32>> {
    texts.par_iter().map(|text| encode(text)).collect()
}

/// A right one.
fn right_mean_loss(texts: &[String], loss: Loss<'_>) -> f32 {
    let losses: Vec<f32> = texts.par_iter().map(|text| loss(text)).collect();
    if losses.is_empty() { 0.0 } else { losses.iter().sum::<f32>() / losses.len() as f32 }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "threads_borrow",
        belief: "you let a thread of `spawn` borrow a variable of `main`, which may end before it",
        answer: &|asked| believing(asked, &[("borrowed", Prints("3"))]),
    },
    Wrong {
        id: "scopes_move",
        belief: "you took `ids` for moved into the first thread; threads of a scope borrow",
        answer: &|asked| believing(asked, &[("scoped", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "scopes_cannot_borrow",
        belief: "you took a scope's threads for those of `spawn`, which cannot borrow",
        answer: &|asked| believing(asked, &[("scoped", DoesNotCompile("E0373"))]),
    },
    Wrong {
        id: "joined_as_they_end",
        belief: "you put results in the order in which threads end; `join` waits for the one that it is called on",
        answer: &|asked| believing(asked, &[("joined_in_order", Prints("[1, 4, 9]"))]),
    },
    Wrong {
        id: "rc_is_sent",
        belief: "you sent an `Rc` to a thread; two threads could then count on one plain number",
        answer: &|asked| believing(asked, &[("a_counted_reference", Prints("2"))]),
    },
    Wrong {
        id: "cells_stay",
        belief: "you kept a `RefCell` on its thread; it may be handed over, and may not be shared",
        answer: &|asked| believing(asked, &[("a_cell_moved", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "one_thread_is_no_race",
        belief: "you shared a `Cell` since one thread alone writes; the compiler asks what could be, and `main` has it, too",
        answer: &|asked| believing(asked, &[("a_cell_shared", Prints("1"))]),
    },
    Wrong {
        id: "writers_race",
        belief: "you let two threads write a number, and a race decide",
        answer: &|asked| believing(asked, &[("two_writers", Prints("5"))]),
    },
    Wrong {
        id: "writers_are_not_sync",
        belief: "you looked for a rule about threads; it is the rule of one `&mut` at a time",
        answer: &|asked| believing(asked, &[("two_writers", DoesNotCompile("E0277"))]),
    },
    Wrong {
        id: "panics_stay_in_threads",
        belief: "you let a panic end its thread and nothing else; that is so for `spawn`, and a scope passes it on",
        answer: &|asked| believing(asked, &[("a_thread_panics", Prints("3"))]),
    },
    Wrong {
        id: "addition_is_associative",
        belief: "you gave both orders one sum; floats are rounded after each step",
        answer: &|asked| believing(asked, &[("order_of_additions", Prints("1 1"))]),
    },
    Wrong {
        id: "floats_overflow",
        belief: "you took a rounded sum for an overflow; floats never panic",
        answer: &|asked| believing(asked, &[("order_of_additions", Panics)]),
    },
    Wrong {
        id: "as_they_end",
        belief: "you put ids down as texts get done, by `push` or `par_bridge`; `map` and `collect` keep the order of the texts",
        answer: &|asked| {
            let pushes = |texts: &[String], encode: Encode<'_>| {
                let all = Mutex::new(Vec::new());
                texts.par_iter().for_each(|text| {
                    let ids = encode(text);
                    all.lock().unwrap_or_else(PoisonError::into_inner).push(ids);
                });
                all.into_inner().unwrap_or_else(PoisonError::into_inner)
            };
            with(asked, &pushes, &right_mean_loss)
        },
    },
    Wrong {
        id: "in_a_loop",
        belief: "you encoded one text after the other: `iter`, or a lazy chain of threads, each joined before the next is started",
        answer: &|asked| {
            let serial = |texts: &[String], encode: Encode<'_>| {
                texts.iter().map(|text| encode(text)).collect()
            };
            with(asked, &serial, &right_mean_loss)
        },
    },
    Wrong {
        id: "divides_by_none",
        belief: "you divided by the number of texts where there is none",
        answer: &|asked| {
            let divides = |texts: &[String], loss: Loss<'_>| {
                let losses: Vec<f32> = texts.par_iter().map(|text| loss(text)).collect();
                losses.iter().sum::<f32>() / losses.len() as f32
            };
            with(asked, &right_encode_all, &divides)
        },
    },
    Wrong {
        id: "sums_in_parallel",
        belief: "you added up in parallel, so the halves are summed on their own and rounding depends on how the list was cut",
        answer: &|asked| {
            let sums = |texts: &[String], loss: Loss<'_>| match texts {
                [] => 0.0,
                _ => texts.par_iter().map(|text| loss(text)).sum::<f32>() / texts.len() as f32,
            };
            with(asked, &right_encode_all, &sums)
        },
    },
    Wrong {
        id: "sums_without_threads",
        belief: "you computed the losses one after the other; the additions have an order, the losses need none",
        answer: &|asked| {
            let serial = |texts: &[String], loss: Loss<'_>| {
                let sum: f32 = texts.iter().map(|text| loss(text)).sum();
                if texts.is_empty() { 0.0 } else { sum / texts.len() as f32 }
            };
            with(asked, &right_encode_all, &serial)
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &PAR_ITER,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("par_iter", program),
            Asked::Call(Input { threads, task: Task::Encode(texts) }) => {
                format!("encode_all({texts:?}, bytes) with threads: {threads}")
            }
            Asked::Call(Input { threads, task: Task::Mean(losses) }) => {
                format!("mean_loss of the losses {losses:?} with threads: {threads}")
            }
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(Output { value, shared_out }) => {
                let value = match value {
                    Value::Ids(ids) => format!("{ids:?}"),
                    Value::Mean(bits) => f32::from_bits(*bits).to_string(),
                };
                format!("{value}{}", how(*shared_out))
            }
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(_) => Vec::new(),
        },
    };
    predictions::sit(exam, PROGRAMS, calls())
}

/// How calls were made, for a verdict.
pub(super) fn how(shared_out: Option<bool>) -> &'static str {
    match shared_out {
        None => "",
        Some(true) => ", by calls that are shared out to the threads",
        Some(false) => ", by one call after the other",
    }
}

const TEXTS: &[&str] = &["a", "bc", "", "def", "é", "g", "h", "i", "j"];

/// Sums of these depend on the order at every place where a list may be cut.
const LOSSES: &[f32] = &[1e8, 1.0, -1e8, 1.0, 0.1, 0.2, 0.3, 1e-8, 2.5];

fn calls() -> impl Iterator<Item = Case<Input, Output>> {
    // On one thread first: there a wrong answer goes wrong in the same way each time.
    let sizes = || {
        [1].into_iter().chain(2..=8).flat_map(|threads| {
            let sizes: &[usize] = match threads {
                1 | 2 => &[0, 1, 2, 3, 4, 9],
                _ => &[9],
            };
            sizes.iter().map(move |&size| (threads, size))
        })
    };
    let encode = sizes().map(|(threads, size)| {
        let texts: Vec<String> = TEXTS[..size].iter().map(ToString::to_string).collect();
        let value = Value::Ids(texts.iter().map(|text| bytes(text)).collect());
        (Input { threads, task: Task::Encode(texts) }, value)
    });
    let mean = sizes().map(|(threads, size)| {
        let losses = LOSSES[..size].to_vec();
        let value = Value::mean(oracle(&losses));
        (Input { threads, task: Task::Mean(losses) }, value)
    });
    encode.chain(mean).map(|(input, value)| {
        let shared_out = (input.threads > 1 && input.task.len() > 1).then_some(true);
        let why = match &input.task {
            Task::Encode(_) => "each text is encoded, whoever does it, and its ids stand where it stood",
            Task::Mean(losses) if losses.is_empty() => "of no texts the mean is 0",
            Task::Mean(_) => {
                "losses may be computed in any order, and are added from left to right: then every number of \
                 threads gives the same bits"
            }
        };
        Case { input, expected: Output { value, shared_out }, why }
    })
}

/// The oracle: a loop.
fn oracle(losses: &[f32]) -> f32 {
    let mut sum = 0.0_f32;
    for loss in losses {
        sum += loss;
    }
    if losses.is_empty() { 0.0 } else { sum / losses.len() as f32 }
}
