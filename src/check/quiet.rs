//! Run an answer that may panic, without the panic's text on the screen.
//!
//! `catch_unwind` alone is not enough: the panic hook prints before the unwinding starts, and a
//! notebook would show a back trace below a friendly NOT STARTED. So the hook is replaced for the
//! time of the call by one that keeps the text of this thread's panics, and is put back afterwards. The
//! hook belongs to the process; a lock keeps two such calls apart.
//!
//! # Threads that the answer starts
//!
//! The hook runs in the thread that panics. A thread *without a name* is taken for one that the answer
//! started: its panics are kept as well. Rayon's workers and those of `thread::scope` have no name; main, and
//! the threads of a test harness, which must be heard, have one. All panics of others are passed on.
//!
//! What the caller gets of a worker's panic depends on who joins it:
//!
//! ```text
//! Rayon            the worker's own panic, raised again: its place is the worker's
//! thread::scope    "a scoped thread panicked"
//! join().unwrap()  "called `Result::unwrap()` on an `Err` value: Any { .. }"
//! a channel        whatever the caller makes of a sender that is gone
//! ```
//!
//! The second and the third say nothing, so the first panic of a worker is told in their place. And a
//! `todo!()` that a worker reached is told in the place of any panic of the caller: it is the cause.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A panic that was caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// The panic's message.
    pub message: String,
    /// File, line and column, if known.
    pub location: Option<String>,
    /// Whether the message says all, as that of [`Told`] does.
    pub told: bool,
}

/// A panic with this payload is told in its own words.
///
/// An answer in another language fails by an exception, which has its own message and place; the bridge
/// panics with what to say of it, and a line of the bridge would tell nobody anything.
///
/// ```
/// use rust_for_ai::check::{Told, quietly};
/// let caught = quietly(|| Told("raised KeyError: 3".to_owned()).tell::<u32>()).unwrap_err();
/// assert_eq!(caught.to_string(), "raised KeyError: 3");
/// ```
#[derive(Debug)]
pub struct Told(pub String);

impl Told {
    /// Panics with these words.
    ///
    /// # Panics
    ///
    /// Always.
    pub fn tell<T>(self) -> T {
        panic::panic_any(self)
    }
}

/// Where the panic of a spent budget comes from.
#[cfg(feature = "real_tokenizers")]
const SPENT: &str = super::work::FILE;
#[cfg(not(feature = "real_tokenizers"))]
const SPENT: &str = "no budget in this build";

/// What `todo!()` panics with.
const TODO: &str = "not yet implemented";

impl Caught {
    /// Whether this is a `todo!()`; then the text that it was given, if any.
    pub fn todo(&self) -> Option<Option<&str>> {
        let rest = self.message.strip_prefix(TODO)?;
        Some(rest.strip_prefix(": "))
    }
}

impl Caught {
    /// Panics with the same message, as if it happened here.
    ///
    /// # Panics
    ///
    /// Always.
    pub fn again(&self) -> ! {
        if self.told {
            Told(self.message.clone()).tell()
        }
        panic!("{}", self.message)
    }
}

impl std::fmt::Display for Caught {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.location {
            _ if self.told => f.write_str(&self.message),
            // A budget of counted work that is spent: what matters is how much, not where.
            Some(at) if at.starts_with(SPENT) => f.write_str(&self.message),
            Some(at) => write!(f, "panicked at {}: {}", from_tree(at), self.message),
            None => write!(f, "panicked: {}", self.message),
        }
    }
}

/// A place in the learner's or the reference answers without the folders above the tree, which only a
/// notebook's build has.
fn from_tree(place: &str) -> &str {
    ["/exercises/", "/solutions/", "\\exercises\\", "\\solutions\\"]
        .iter()
        .find_map(|tree| Some(&place[place.rfind(tree)? + 1..]))
        .unwrap_or(place)
}

/// A panic inside of the standard library, as of `split_at`, is placed where an answer called it; the
/// stack tells, as far as the build kept its lines.
fn called_from(place: String) -> String {
    if !place.contains("/library/") && !place.contains("\\library\\") {
        return place;
    }
    let stack = Backtrace::force_capture().to_string();
    let caller = stack.lines().filter_map(|line| line.trim().strip_prefix("at ")).find(|line| {
        let tree = from_tree(line);
        tree.starts_with("exercises") || tree.starts_with("solutions")
    });
    caller.map_or(place, |line| from_tree(line).to_owned())
}

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How many panics of one call are kept; who starts a thousand threads has a thousand.
const KEPT: usize = 100;

/// What the hook saw during a call, in order.
#[derive(Default)]
struct Seen {
    /// Panics of the thread that made the call.
    own: Vec<Caught>,
    /// Panics of threads that the call started.
    workers: Vec<Caught>,
}

impl Seen {
    /// What to tell of a call that ended with this panic.
    fn cause(self, last: Caught) -> Caught {
        let todo = |caught: &&Caught| caught.todo().is_some();
        let same = |caught: &&Caught| caught.message == last.message && caught.told == last.told;
        let first_of_workers = match &last {
            _ if self.workers.iter().any(|caught| todo(&caught)) => self.workers.iter().find(todo),
            last if last.message == SCOPED || last.message.ends_with(JOINED) => {
                self.workers.first()
            }
            _ => None,
        };
        let cause = first_of_workers
            .or_else(|| self.own.iter().rfind(same))
            .or_else(|| self.workers.iter().find(same));
        cause.cloned().unwrap_or(last)
    }
}

/// What `thread::scope` says of a thread that panicked and was not joined by hand.
const SCOPED: &str = "a scoped thread panicked";

/// What `unwrap` says of what `join` gave for a thread that panicked.
const JOINED: &str = ": Any { .. }";

/// Calls `body`; a panic is returned and not printed, and neither are those of threads that `body` starts.
///
/// Calls of two threads run one after the other, so a thread that `body` waits for must make none. Inside of
/// `body` a further call on the same thread catches panics too, but does not know their place.
///
/// # Errors
///
/// The panic, if there is one; where a worker's panic led to it, that one.
///
/// ```
/// use rust_for_ai::check::quietly;
/// assert_eq!(quietly(|| 1 + 1), Ok(2));
/// let caught = quietly(|| -> u32 { todo!("bpe.merge") }).unwrap_err();
/// assert_eq!(caught.todo(), Some(Some("bpe.merge")));
/// assert_eq!(quietly(|| quietly(|| 2)), Ok(Ok(2)));
///
/// let scoped = || std::thread::scope(|scope| { scope.spawn(|| panic!("in a worker")); });
/// assert_eq!(quietly(scoped).unwrap_err().message, "in a worker");
/// ```
pub fn quietly<T>(body: impl FnOnce() -> T) -> Result<T, Caught> {
    thread_local! {
        /// Whether this thread is inside of a call, and so holds the lock already.
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    if INSIDE.get() {
        return panic::catch_unwind(AssertUnwindSafe(body))
            .map_err(|payload| Caught::new(&*payload, None));
    }
    INSIDE.set(true);
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;
    let before: Arc<Hook> = Arc::new(panic::take_hook());
    let seen: Arc<Mutex<Seen>> = Arc::default();
    {
        let (before, seen, me) = (Arc::clone(&before), Arc::clone(&seen), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            let thread = thread::current();
            if thread.id() != me && thread.name().is_some() {
                return before(info);
            }
            let place = info.location().map(|place| called_from(place.to_string()));
            let caught = Caught::new(info.payload(), place);
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let Seen { own, workers } = &mut *seen;
            if thread.id() == me {
                // The last one is the one that ended the call; those before it were caught.
                if own.len() == KEPT {
                    own.remove(0);
                }
                own.push(caught);
            } else if workers.len() < KEPT {
                workers.push(caught);
            }
        }));
    }
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(false);
    drop(panic::take_hook());
    if let Some(before) = Arc::into_inner(before) {
        panic::set_hook(before);
    }
    result.map_err(|payload| {
        let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        seen.cause(Caught::new(&*payload, None))
    })
}

impl Caught {
    fn new(payload: &(dyn Any + Send), location: Option<String>) -> Self {
        match payload.downcast_ref::<Told>() {
            Some(Told(message)) => Self { message: message.clone(), location: None, told: true },
            None => Self { message: message(payload), location, told: false },
        }
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "(a panic without a message)".to_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::todo, reason = "tests, some of them of `todo!()`")]
mod tests {
    use std::process::Command;
    use std::sync::mpsc;

    use super::*;

    /// Panics, and has a type.
    fn fail(message: &str) {
        panic!("{message}")
    }

    /// Calls whose workers panic, and what is told of each.
    const WORKERS: &[(fn(), &str)] = &[
        (|| thread::scope(|scope| drop(scope.spawn(|| fail("first")))), "first"),
        (|| thread::spawn(|| fail("second")).join().unwrap(), "second"),
        // A sender that is gone says something, and not why.
        (
            || {
                let (sender, receiver) = mpsc::channel::<u32>();
                let unwritten = || -> u32 { todo!("parallel.pipeline") };
                thread::spawn(move || sender.send(unwritten()));
                receiver.recv().unwrap();
            },
            "not yet implemented: parallel.pipeline",
        ),
        // A panic that the caller got over is not what ended it.
        (
            || {
                assert!(thread::spawn(|| fail("got over")).join().is_err());
                fail("third");
            },
            "third",
        ),
        (
            || {
                assert!(panic::catch_unwind(|| fail("fourth")).is_err());
                let again = thread::spawn(|| fail("fifth")).join().unwrap_err();
                panic::resume_unwind(again);
            },
            "fifth",
        ),
    ];

    #[test]
    fn what_a_worker_panicked_with_is_told() {
        for (call, message) in WORKERS {
            let caught = quietly(call).unwrap_err();
            assert_eq!(caught.message, *message);
            let place = caught.location.expect("each of them has a place");
            assert!(place.contains("quiet.rs"), "{place}");
        }
    }

    #[test]
    fn a_call_that_got_over_the_panic_of_a_worker_returns() {
        assert_eq!(quietly(|| thread::spawn(|| fail("lost")).join().is_err()), Ok(true));
    }

    /// In a process of its own, where nothing catches what is printed.
    #[test]
    fn panics_of_workers_are_not_printed_and_those_of_named_threads_are() {
        const CHILD: &str = "RUST_FOR_AI_QUIET_CHILD";
        if std::env::var_os(CHILD).is_some() {
            WORKERS.iter().for_each(|(call, _)| drop(quietly(call)));
            let named = || thread::Builder::new().name("named".to_owned()).spawn(|| fail("loud"));
            return drop(quietly(|| named().unwrap().join()));
        }
        let name = "panics_of_workers_are_not_printed_and_those_of_named_threads_are";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--nocapture", "--exact", &format!("check::quiet::tests::{name}")])
            .env(CHILD, "")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{said}");
        assert_eq!(said.matches("panicked").count(), 1, "{said}");
        assert!(said.contains("loud"), "{said}");
    }
}
