//! Check `parallel.thread_pools`: predictions about threads that wait, then a batch that is encoded on a pool
//! while an async runtime goes on.
//!
//! The runtime has one thread and two tasks: the answer, and one that does something else. Encoding does not
//! begin before that other task had its turn; so an answer that blocks the thread comes to rest
//! (`predict/rest.rs`), and is seen without a clock. In the same way the first two texts wait for each other,
//! and a pool of which one thread works alone comes to rest as well.

mod server;
mod wrong;

pub use server::{Encoded, Encoder};

use std::future::Future;
use std::sync::Arc;

use rayon::ThreadPool;

use self::server::{Answering, Input};
use self::wrong::WRONG;
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply};
use crate::check::{Origin, Verdict};
use crate::course::parallel::THREAD_POOLS;
use crate::predict::{Prediction, Program};

/// What became of a batch.
#[derive(PartialEq)]
struct Output {
    /// The ids; nothing for an error. Nothing at all where the future was dropped.
    result: Option<Result<Vec<Vec<u32>>, ()>>,
    /// What else was not as it should be.
    faults: Vec<String>,
}

type Answer = dyn Fn(&Asked<Input>) -> Reply<Output>;

/// Grades predictions, and an async function that encodes texts on a pool.
pub fn thread_pools<F>(
    predict: impl Fn(&str) -> Prediction + 'static,
    encode_on: impl Fn(Arc<ThreadPool>, Vec<String>, Encoder) -> F + Send + Sync + 'static,
) -> Verdict
where
    F: Future<Output = Encoded> + 'static,
{
    let origin = Origin::of(&predict);
    let answering: Arc<Answering> =
        Arc::new(move |pool, texts, encode| Box::pin(encode_on(pool, texts, encode)));
    let call = move |input: &Input| server::run(Arc::clone(&answering), input);
    check(&predictions::answer(predict, call), origin)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "gil_held",
        source: r#"use std::sync::Mutex;
use std::thread;
// The interpreter's lock: who has it may touch Python's objects.
let gil = Mutex::new(0);
// Python calls us, so we have it.
let mut python = gil.lock().unwrap();
*python += 1;
thread::scope(|scope| {
    // A worker attaches to the interpreter, and we wait for the worker.
    scope.spawn(|| *gil.lock().unwrap() += 1);
});
println!("{python}");"#,
        why: "the caller holds the lock and waits for the worker; the worker waits for the lock",
    },
    Program {
        name: "gil_let_go",
        source: r#"use std::sync::Mutex;
use std::thread;
let gil = Mutex::new(0);
let mut python = gil.lock().unwrap();
*python += 1;
// Detach before waiting.
drop(python);
thread::scope(|scope| {
    scope.spawn(|| *gil.lock().unwrap() += 1);
});
println!("{}", gil.lock().unwrap());"#,
        why: "who lets go of the lock before waiting leaves it to those who are waited for",
    },
    Program {
        name: "gil_not_wanted",
        source: r#"use std::sync::Mutex;
use std::thread;
let gil = Mutex::new(0);
let mut python = gil.lock().unwrap();
let tokens = thread::scope(|scope| {
    // This worker only computes.
    scope.spawn(|| "a text".len()).join().unwrap()
});
*python += tokens;
println!("{python}");"#,
        why: "a worker that does not want the lock is not kept from working; only other threads of Python wait",
    },
    Program {
        name: "pool_of_one",
        source: r#"use std::sync::mpsc::channel;
use std::thread;
// A pool of one thread: it takes jobs and runs them, one after the other.
let (pool, jobs) = channel::<Box<dyn FnOnce() + Send>>();
thread::spawn(move || jobs.iter().for_each(|job| job()));
let (done, outer) = channel();
let inner_pool = pool.clone();
pool.send(Box::new(move || {
    let (answer, inner) = channel();
    inner_pool.send(Box::new(move || answer.send(20).unwrap())).unwrap();
    done.send(inner.recv().unwrap() + 1).unwrap();
})).unwrap();
println!("{}", outer.recv().unwrap());"#,
        why: "the outer job waits for an inner one, which only the thread could run that waits. (Rayon's `join` and `par_iter` run other jobs of the pool while they wait, so there nesting alone blocks nothing)",
    },
    Program {
        name: "pool_of_one_in_turn",
        source: r#"use std::sync::mpsc::channel;
use std::thread;
let (pool, jobs) = channel::<Box<dyn FnOnce() + Send>>();
thread::spawn(move || jobs.iter().for_each(|job| job()));
let (done, outer) = channel();
let inner_pool = pool.clone();
pool.send(Box::new(move || {
    // The inner job does the rest, and nobody waits for it here.
    inner_pool.send(Box::new(move || done.send(20 + 1).unwrap())).unwrap();
})).unwrap();
println!("{}", outer.recv().unwrap());"#,
        why: "the outer job returns, so the thread is free for the inner one; what comes after it is handed over",
    },
    Program {
        name: "async_unpolled",
        source: r#"async fn encode(text: &str) -> usize {
    println!("encode");
    text.len()
}
let tokens = encode("a text");
println!("called");"#,
        why: "calling an `async fn` makes a future; nothing in it runs before somebody polls it, as `.await` does",
    },
    Program {
        name: "async_blocked",
        source: r#"use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
let (sender, receiver) = channel();
let mut asks = pin!(async move { println!("{}", receiver.recv().unwrap()) });
let mut answers = pin!(async move { sender.send(7).unwrap() });
// A runtime with one thread polls its tasks in turn.
let mut runtime = Context::from_waker(Waker::noop());
let _ = asks.as_mut().poll(&mut runtime);
let _ = answers.as_mut().poll(&mut runtime);"#,
        why: "`recv` blocks the thread, and with it the task that would send; a channel made for async code gives the thread back",
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &THREAD_POOLS,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("thread_pools", program),
            Asked::Call(input) => format!("encode_on(pool, {:?}, bytes).await", input.texts),
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(Output { result, faults }) => {
                let result = match result {
                    Some(Ok(ids)) => format!("Ok({ids:?})"),
                    Some(Err(())) => "an error".to_owned(),
                    None => "nothing".to_owned(),
                };
                let shown: Vec<&str> =
                    [&*result].into_iter().chain(faults.iter().map(String::as_str)).collect();
                shown.join("\n")
            }
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(input) => input.told(),
        },
    };
    let calls = cases().map(|(input, why)| Case { expected: expected(&input), input, why });
    predictions::sit(exam, PROGRAMS, calls)
}

fn cases() -> impl Iterator<Item = (Input, &'static str)> {
    const FREE: &str =
        "the runtime's thread goes on with other tasks while the threads of the pool encode";
    const ALL: &str = "all threads of the pool work on a batch, and the results are in the order of the texts, whichever is done first";
    const PANIC: &str = "a panic of the encoder is an error of this batch, and of nothing else";
    const GONE: &str =
        "a client that went away is no reason to panic: nobody wants the result any more";
    let plain = |texts: &'static [&'static str]| Input::new(texts);
    [
        (plain(&[]), FREE),
        (plain(&["a"]), FREE),
        (Input { held: Some(0), ..plain(&["a", "bc"]) }, ALL),
        (plain(&["a", "bc"]), ALL),
        (plain(&["one", "two", "three", "four", "five"]), ALL),
        (Input { panics: Some(0), ..plain(&["a"]) }, PANIC),
        (Input { panics: Some(1), ..plain(&["a", "bc"]) }, PANIC),
        (Input { gone: true, ..plain(&["a"]) }, GONE),
        (Input { gone: true, panics: Some(0), ..plain(&["a"]) }, GONE),
    ]
    .into_iter()
}

/// The oracle: the bytes of one text after the other.
fn expected(input: &Input) -> Output {
    let ids = |text: &&str| text.bytes().map(u32::from).collect();
    let result = match input.panics {
        Some(_) => Err(()),
        None => Ok(input.texts.iter().map(ids).collect()),
    };
    Output { result: (!input.gone).then_some(result), faults: Vec::new() }
}
