//! Run an answer that may panic, without the panic's text on the screen.
//!
//! `catch_unwind` alone is not enough: the panic hook prints before the unwinding starts, and a
//! notebook would show a back trace below a friendly NOT STARTED. So the hook is replaced for the
//! time of the call by one that keeps the text of this thread's panics and passes on all others, and
//! is put back afterwards. The hook belongs to the process; a lock keeps two such calls apart.

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

/// Calls `body`; a panic of this thread is returned and not printed.
///
/// Calls of two threads run one after the other. Inside of `body` a further call catches panics too,
/// but does not know their place.
///
/// # Errors
///
/// The panic, if there is one.
///
/// ```
/// use rust_for_ai::check::quietly;
/// assert_eq!(quietly(|| 1 + 1), Ok(2));
/// let caught = quietly(|| -> u32 { todo!("bpe.merge") }).unwrap_err();
/// assert_eq!(caught.todo(), Some(Some("bpe.merge")));
/// assert_eq!(quietly(|| quietly(|| 2)), Ok(Ok(2)));
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
    let place: Arc<Mutex<Option<String>>> = Arc::default();
    {
        let (before, place, me) = (Arc::clone(&before), Arc::clone(&place), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == me {
                let at = info.location().map(ToString::to_string);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = at.map(called_from);
            } else {
                before(info);
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
        Caught::new(&*payload, place.lock().unwrap_or_else(PoisonError::into_inner).take())
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
