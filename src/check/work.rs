//! Counted work: symbols that notice when somebody looks at them.
//!
//! A clock says how fast a machine is; this says how much an algorithm does. A [`Symbol`] is a token id
//! without its number: all that one can do is to compare, order and hash it, and each of these is a
//! *look* that is counted. Training and encoding consist of little else, so the slow way is seen. The count
//! is the same on every machine and in every run, but for a few looks in a hundred thousand: a hash map compares
//! keys whose hashes happen to be alike.
//!
//! It measures honest work and is no lock. Who gives each symbol a number of his own, in a map, can go on with
//! numbers uncounted; that is outside the rules of the stages, and the deadline of the grader remains.
//! The counters belong to the thread, and symbols stay on it.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Where this file is, as a panic in it says.
pub(super) const FILE: &str = file!();

thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
    static BUDGET: Cell<Budget> = const { Cell::new(UNLIMITED) };
}

/// How many looks there may be, and what is said when they are spent.
#[derive(Clone, Copy)]
struct Budget {
    looks: u64,
    spent: &'static str,
}

const UNLIMITED: Budget = Budget { looks: u64::MAX, spent: "" };

/// Keeps symbols on the thread that counts.
type OneThread = PhantomData<*const ()>;

/// A token: a byte, or what a merge made. Ordered as learned: bytes by value, then merges by age.
///
/// ```
/// use rust_for_ai::check::work::{Symbol, counted};
/// let (a, b) = (Symbol::new(97), Symbol::new(98));
/// assert_eq!(counted(|| a < b), (true, 1));
/// assert_eq!(a.to_string(), "97");
/// ```
#[derive(Clone, Copy)]
pub struct Symbol(u32, OneThread);

impl Symbol {
    /// The symbol with this id.
    pub fn new(id: u32) -> Self {
        Self(id, PhantomData)
    }

    /// The ids of some symbols, for what comes after the counted work.
    ///
    /// # Panics
    ///
    /// While a check counts looks: work on numbers would go uncounted.
    pub fn ids(symbols: &[Self]) -> Vec<u32> {
        assert!(BUDGET.get().looks == u64::MAX, "ids are not to be had while looks are counted");
        symbols.iter().map(|symbol| symbol.0).collect()
    }

    /// The symbols of a text's bytes.
    ///
    /// ```
    /// use rust_for_ai::check::work::Symbol;
    /// assert_eq!(format!("{:?}", Symbol::of("hi")), "[104, 105]");
    /// ```
    pub fn of(text: &str) -> Vec<Self> {
        text.bytes().map(|byte| Self::new(byte.into())).collect()
    }
}

fn look() {
    let looks = LOOKS.get() + 1;
    LOOKS.set(looks);
    let budget = BUDGET.get();
    assert!(looks <= budget.looks, "{}", budget.spent);
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        look();
        self.0 == other.0
    }
}

impl Eq for Symbol {}

impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        look();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        look();
        self.0.hash(state);
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Learned merges that can be asked one pair at a time; each question is a look.
///
/// ```
/// use rust_for_ai::check::work::{Merges, Symbol};
/// let merges = Merges::new(&[(97, 98)]);
/// let (a, b) = (Symbol::new(97), Symbol::new(98));
/// assert_eq!(merges.get(a, b), Some(Symbol::new(256)));
/// assert_eq!(merges.get(b, a), None);
/// ```
#[derive(Clone)]
pub struct Merges {
    made: HashMap<(u32, u32), u32>,
    pairs: Vec<(u32, u32)>,
    one_thread: OneThread,
}

impl Merges {
    /// The merges in the order in which they were learned: the k-th makes the symbol `256 + k`.
    pub fn new(merges: &[(u32, u32)]) -> Self {
        Self {
            made: merges.iter().copied().zip(256..).collect(),
            pairs: merges.to_vec(),
            one_thread: PhantomData,
        }
    }

    /// What two neighbours merge to, if they do. The smaller symbol was learned earlier.
    pub fn get(&self, left: Symbol, right: Symbol) -> Option<Symbol> {
        look();
        self.made.get(&(left.0, right.0)).copied().map(Symbol::new)
    }
}

impl fmt::Debug for Merges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Merges").field(&self.pairs).finish()
    }
}

/// Runs `body` and counts the looks in it.
pub fn counted<T>(body: impl FnOnce() -> T) -> (T, u64) {
    let before = LOOKS.get();
    let result = body();
    (result, LOOKS.get() - before)
}

/// Runs `body`, which panics with `spent` at the first look beyond the budget.
pub(crate) fn within<T>(looks: u64, spent: &'static str, body: impl FnOnce() -> T) -> T {
    /// Puts the former budget and count back, also when `body` unwinds.
    struct Former {
        looks: u64,
        budget: Budget,
    }
    impl Drop for Former {
        fn drop(&mut self) {
            BUDGET.set(self.budget);
            LOOKS.set(LOOKS.get() + self.looks);
        }
    }
    let budget = Budget { looks, spent };
    let _former = Former { looks: LOOKS.replace(0), budget: BUDGET.replace(budget) };
    body()
}
