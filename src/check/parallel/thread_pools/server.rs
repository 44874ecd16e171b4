//! A server of the smallest kind: a runtime with one thread, a pool with two, and an encoder that knows where it
//! runs.

use std::future::{Future, poll_fn};
use std::panic;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Poll;
use std::thread::{self, ThreadId};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Output;
use crate::check::Told;
use crate::predict::rest;

/// How many threads the pool has.
const THREADS: usize = 2;

/// Encodes a text.
pub type Encoder = Arc<dyn Fn(&str) -> Vec<u32> + Send + Sync>;

/// A batch of ids, or what kept it from being encoded.
pub type Encoded = Result<Vec<Vec<u32>>, String>;

pub(super) type Answered = Pin<Box<dyn Future<Output = Encoded>>>;

/// An answer: pool, texts and encoder.
pub(super) type Answering = dyn Fn(Arc<ThreadPool>, Vec<String>, Encoder) -> Answered + Send + Sync;

/// A batch, and what happens to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input {
    pub(super) texts: &'static [&'static str],
    /// The text whose encoding waits until everything rests.
    pub(super) held: Option<usize>,
    /// The text whose encoding panics.
    pub(super) panics: Option<usize>,
    /// Whether the future is dropped before the batch is done.
    pub(super) gone: bool,
}

impl Input {
    pub(super) fn new(texts: &'static [&'static str]) -> Self {
        Self { texts, held: None, panics: None, gone: false }
    }

    /// What happens to it, for a verdict.
    pub(super) fn told(&self) -> Vec<String> {
        let text = |index: usize| self.texts.get(index).copied().unwrap_or_default();
        let held = self.held.map(|held| format!("`{}` takes longest to encode", text(held)));
        let panics = self.panics.map(|panics| format!("`bytes` panics on `{}`", text(panics)));
        let gone = self.gone.then(|| "the future is dropped before the batch is done".to_owned());
        [held, panics, gone].into_iter().flatten().collect()
    }
}

#[derive(Debug, Default)]
struct State {
    /// The runtime's other task had its turn.
    other_ran: bool,
    /// How many texts are being encoded or were.
    begun: usize,
    /// The one that is held may go on.
    let_go: bool,
    /// Nobody waits for anybody any more.
    open: bool,
    waiting: usize,
    faults: Vec<String>,
}

struct Server {
    input: Input,
    runtime: ThreadId,
    pool: OnceLock<Weak<ThreadPool>>,
    state: Mutex<State>,
    changed: Condvar,
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, what: &str) {
        let mut state = self.state();
        if !state.faults.iter().any(|fault| fault == what) {
            state.faults.push(what.to_owned());
        }
    }

    /// The encoder: bytes, with an eye on the thread.
    fn encode(&self, text: &str) -> Vec<u32> {
        let index = self.input.texts.iter().position(|other| *other == text);
        if thread::current().id() == self.runtime {
            self.fault("the runtime's own thread encoded");
        } else {
            let pool = self.pool.get().and_then(Weak::upgrade);
            if pool.is_some_and(|pool| pool.current_thread_index().is_none()) {
                self.fault("a thread encoded that is none of the pool's");
            }
            self.meet(index);
        }
        if index.is_some() && index == self.input.panics {
            // Without the hook: nothing is printed.
            panic::resume_unwind(Box::new("a text that cannot be encoded"));
        }
        text.bytes().map(u32::from).collect()
    }

    /// Waits for the other task, for another text, and until all rest, as the case asks.
    fn meet(&self, index: Option<usize>) {
        let mut state = self.state();
        state.begun += 1;
        self.changed.notify_all();
        // Two texts at once are enough to see that they are shared out.
        let together =
            if self.input.panics.is_some() { 1 } else { self.input.texts.len().min(THREADS) };
        let held = index.is_some() && index == self.input.held;
        state.waiting += 1;
        while !state.open && (!state.other_ran || state.begun < together || (held && !state.let_go))
        {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
    }

    /// When everything rests: lets go what is held, or sees what went wrong and lets all go.
    fn let_go(&self) -> bool {
        let mut state = self.state();
        if state.waiting == 0 || state.open {
            return false;
        }
        let together = self.input.texts.len().min(THREADS);
        if !state.other_ran {
            state
                .faults
                .push("the runtime's thread was blocked: its other task had to wait".into());
            state.open = true;
        } else if state.begun < together {
            state
                .faults
                .push("one thread of the pool encoded all, the other had nothing to do".into());
            state.open = true;
        } else {
            state.let_go = true;
        }
        self.changed.notify_all();
        true
    }
}

/// Gives a batch to an answer, on a runtime and with a pool of its own.
pub(super) fn run(answer: Arc<Answering>, input: &Input) -> Output {
    let (input, seen) = (*input, Arc::new(OnceLock::<Arc<Server>>::new()));
    let theirs = Arc::clone(&seen);
    let serve = move || {
        let server = theirs.get_or_init(|| {
            Arc::new(Server {
                input,
                runtime: thread::current().id(),
                pool: OnceLock::new(),
                state: Mutex::default(),
                changed: Condvar::new(),
            })
        });
        serve(&*answer, server)
    };
    let result = rest::watched(serve, || seen.get().is_some_and(|server| server.let_go()));
    let mut faults = seen.get().map(|server| server.state().faults.clone()).unwrap_or_default();
    let result = match result {
        Some(result) => result.map(|result| result.map_err(drop)),
        None => {
            faults.push("it waits for ever".to_owned());
            None
        }
    };
    Output { result, faults }
}

/// What the future gave, unless it was dropped.
fn serve(answer: &Answering, server: &Arc<Server>) -> Option<Encoded> {
    let (panics, mut threads) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    let counted = Arc::clone(&panics);
    let pool = ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .panic_handler(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .spawn_handler(|worker| {
            threads.push(thread::Builder::new().spawn(|| worker.run())?);
            Ok(())
        })
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (pool, runtime) = match (pool, runtime) {
        (Ok(pool), Ok(runtime)) => (Arc::new(pool), runtime),
        _ => Told("no threads for a pool and a runtime are to be had".to_owned()).tell(),
    };
    let _ = server.pool.set(Arc::downgrade(&pool));
    let encode: Encoder = {
        let server = Arc::clone(server);
        Arc::new(move |text| server.encode(text))
    };
    let texts = server.input.texts.iter().map(|text| (*text).to_owned()).collect();
    let mut answered = Some(answer(pool, texts, encode));
    let mut result = None;
    runtime.block_on(poll_fn(|context| {
        // First the answer has its turn, then the other task.
        if let Some(future) = &mut answered
            && let Poll::Ready(ready) = future.as_mut().poll(context)
        {
            (result, answered) = (Some(ready), None);
        }
        if server.input.gone {
            answered = None;
        }
        server.state().other_ran = true;
        server.changed.notify_all();
        if answered.is_none() { Poll::Ready(()) } else { Poll::Pending }
    }));
    // The pool ends when the last job has ended.
    for thread in threads {
        let _ = thread.join();
    }
    if panics.load(Ordering::SeqCst) > 0 {
        server.fault("a panic left a job of the pool, which ends the process");
    }
    result.filter(|_| !server.input.gone)
}
