//! What it costs to share: measured for the notebook and for `bench/` by the same code.
//!
//! Each way to share a number is asked many times in a loop, alone and by several threads at once. A round
//! measures every way once, in turn, so that a busy machine slows all; of some rounds the median counts. What is
//! given is the time of one operation as the thread that makes it sees it, loop included: the loop with a plain
//! number is among the ways, and is to be kept in mind.
//!
//! Times of a build without optimisation measure the build: in a notebook, switch it on by `:opt 2`.

use std::cell::{Cell, OnceCell, RefCell};
use std::hint::black_box;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::Instant;

/// A way to share a number, and what one operation costs.
#[derive(Debug, Clone)]
pub struct Cost {
    /// Such as ``Mutex``, with the operation.
    pub name: &'static str,
    /// How many threads used the same value at once.
    pub threads: usize,
    /// The median of all rounds, in nanoseconds an operation.
    pub nanoseconds: f64,
}

/// A loop of so many operations, on as many threads at once.
type Way = (&'static str, bool, Box<dyn Fn(u64) + Sync>);

/// What does not leave its thread is made anew for each measurement.
fn ways() -> Vec<Way> {
    fn shared<T: Send + Sync + 'static>(value: T, operation: fn(&T)) -> Box<dyn Fn(u64) + Sync> {
        Box::new(move |times| (0..times).for_each(|_| operation(black_box(&value))))
    }
    fn alone<T: 'static>(make: fn() -> T, operation: fn(&T)) -> Box<dyn Fn(u64) + Sync> {
        Box::new(move |times| {
            let value = make();
            (0..times).for_each(|_| operation(black_box(&value)));
        })
    }
    vec![
        (
            "plain: read, add",
            false,
            Box::new(|times| {
                let mut value = 0_u64;
                (0..times).for_each(|_| *black_box(&mut value) += 1);
                black_box(value);
            }),
        ),
        ("Cell: get, set", false, alone(|| Cell::new(0_u64), |cell| cell.set(cell.get() + 1))),
        (
            "RefCell: borrow_mut, add",
            false,
            alone(|| RefCell::new(0_u64), |cell| *cell.borrow_mut() += 1),
        ),
        (
            "OnceLock: get",
            true,
            shared(OnceLock::from(7_u64), |lock| {
                black_box(lock.get());
            }),
        ),
        (
            "AtomicU64: load",
            true,
            shared(AtomicU64::new(7), |atomic| {
                black_box(atomic.load(Ordering::Acquire));
            }),
        ),
        (
            "AtomicU64: fetch_add",
            true,
            shared(AtomicU64::new(0), |atomic| {
                atomic.fetch_add(1, Ordering::Relaxed);
            }),
        ),
        (
            "Mutex: lock, add",
            true,
            shared(Mutex::new(0_u64), |lock| {
                *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }),
        ),
        (
            "RwLock: read",
            true,
            shared(RwLock::new(7_u64), |lock| {
                black_box(*lock.read().unwrap_or_else(PoisonError::into_inner));
            }),
        ),
        (
            "RwLock: write, add",
            true,
            shared(RwLock::new(0_u64), |lock| {
                *lock.write().unwrap_or_else(PoisonError::into_inner) += 1;
            }),
        ),
    ]
}

/// Measures each way with each number of threads, in so many rounds of so many operations a thread.
///
/// What cannot be shared is measured with one thread alone.
///
/// ```
/// use rust_for_ai::sharing::costs::costs;
/// let costs = costs(&[1, 2], 1, 10);
/// let of = |name: &str| costs.iter().filter(|cost| cost.name.starts_with(name)).count();
/// assert_eq!((of("Cell"), of("Mutex")), (1, 2));
/// ```
pub fn costs(threads: &[usize], rounds: usize, operations: u64) -> Vec<Cost> {
    let ways = ways();
    let mut times: Vec<(&'static str, usize, Vec<f64>)> = Vec::new();
    for _ in 0..rounds.max(1) {
        let mut at = 0;
        for (name, shared, way) in &ways {
            for &threads in threads.iter().filter(|&&threads| *shared || threads == 1) {
                let nanoseconds = together(threads, operations, &**way);
                match times.get_mut(at) {
                    Some((_, _, all)) => all.push(nanoseconds),
                    None => times.push((name, threads, vec![nanoseconds])),
                }
                at += 1;
            }
        }
    }
    let cost = |(name, threads, mut all): (_, _, Vec<f64>)| {
        all.sort_by(f64::total_cmp);
        Cost { name, threads, nanoseconds: all[all.len() / 2] }
    };
    times.into_iter().map(cost).collect()
}

/// The time of an operation on the slowest of some threads that begin together.
fn together(threads: usize, operations: u64, way: &(dyn Fn(u64) + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let one = || {
        start.wait();
        let start = Instant::now();
        way(operations);
        start.elapsed().as_nanos() as f64 / operations.max(1) as f64
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).fold(0.0, f64::max)
    })
}

/// A type, and how many bytes it takes with a `u64` and with a `Vec<u32>` in it.
pub type Size = (&'static str, usize, usize);

/// What a value takes in each wrapper.
///
/// ```
/// use rust_for_ai::sharing::costs::sizes;
/// let plain = sizes()[0];
/// assert_eq!((plain.0, plain.1), ("T", 8));
/// ```
pub fn sizes() -> Vec<Size> {
    macro_rules! sizes {
        ($($name:literal: $wrapper:ident),*) => {
            vec![$(($name, size_of::<$wrapper<u64>>(), size_of::<$wrapper<Vec<u32>>>())),*]
        };
    }
    type Plain<T> = T;
    sizes![
        "T": Plain,
        "Cell<T>": Cell,
        "RefCell<T>": RefCell,
        "OnceCell<T>": OnceCell,
        "OnceLock<T>": OnceLock,
        "Mutex<T>": Mutex,
        "RwLock<T>": RwLock,
        "Rc<T>, the pointer": Rc,
        "Arc<T>, the pointer": Arc
    ]
}
