//! Check `sharing.once_lock`: a cache for many threads that encodes each word once.
//!
//! Eight threads ask for a word, and `encode` waits until each of them has looked. Whoever looks and then encodes
//! is there eight times; whoever has a place that is filled once, once.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError};

use super::mutex_cache::UNCOUNTED;
use super::shared::{self, Answer, Line, Script};
use crate::check::cases::sequences;
use crate::check::exam::graded;
use crate::check::locks::{Mutex, MutexGuard};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::ONCE_LOCK;
use crate::sharing::parts::{Encode, SharedCache, Stats};

/// Grades a cache, given by how it is made: `once_lock(OnceCache::new)`.
pub fn once_lock<C: SharedCache + 'static>(new: impl Fn() -> C + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move || Box::new(new()), origin)
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    shared::check(&ONCE_LOCK, WRONG, scripts(), (answer, origin))
}

const KEEP: &str = "a word that is there is a hit and takes a lock once; a word that is not is a miss, is encoded and kept, \
                    and takes one twice at most";
const UNLOCKED: &str = "the lock of the map is not held while `encode` runs: it may ask for another word, and so may other threads";
const ONCE: &str = "of all threads that ask for a word, one encodes it; the others wait, have a hit, and get the same ids";
const PANIC: &str = "a word that could not be encoded is not there, and the next call encodes it";

fn scripts() -> impl Iterator<Item = (Script, &'static str)> {
    use Line::{Asking, AtOnce, Beside, Crowd, Ids, Panicking};
    const LINES: [Line; 3] = [Ids("er"), Ids("low"), Asking("lower", "low")];
    let script = |digits: Vec<u32>| -> Script {
        digits.iter().map(|&digit| LINES[digit as usize]).collect()
    };
    let asks = |script: &Script| script.iter().any(|line| matches!(line, Asking(..)));
    // Who has one place for all words would wait for itself where `encode` asks, and is told before.
    let plain = sequences(2, 3).map(script).map(|script| (script, KEEP));
    let asking = sequences(3, 3).map(script).filter(asks).map(|script| (script, UNLOCKED));
    let named = [
        (vec![Beside("low", "er")], UNLOCKED),
        (vec![Ids("low"), Beside("er", "low"), Ids("er")], UNLOCKED),
        (vec![AtOnce("low")], ONCE),
        (vec![Ids("er"), AtOnce("low"), Ids("low")], ONCE),
        (vec![Panicking("low"), Ids("low"), Ids("low")], PANIC),
        (vec![Panicking("low"), Panicking("low"), Ids("er"), Ids("low")], PANIC),
        (vec![Crowd(&["low", "er", "new", "est", "wid"])], ONCE),
    ];
    plain.chain(asking).chain(named)
}

type Place = Arc<OnceLock<Arc<[u32]>>>;

/// A place of another kind, as one answer has it. Not counted, so that it fails for what is wrong with it.
type LockedPlace = Arc<std::sync::Mutex<Option<Arc<[u32]>>>>;

/// A cache with one flaw.
struct Flawed {
    flaw: Flaw,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    words: HashMap<String, Place>,
    locks: HashMap<String, LockedPlace>,
    plain: HashMap<String, Arc<[u32]>>,
    stats: Stats,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    FirstWins,
    HoldsLock,
    OneForAll,
    GetThenSet,
    WaitersMiss,
    LocksPlaces,
    EmptyMeanwhile,
    EncodesAnyway,
    LocksToCount,
}

impl Flawed {
    fn boxed(flaw: Flaw) -> Box<dyn SharedCache> {
        Box::new(Self { flaw, inner: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, hit: bool, stored: usize) {
        let stats = &mut self.lock().stats;
        if hit {
            stats.hits += 1
        } else {
            stats.misses += 1
        }
        stats.ids += stored;
    }

    /// By words that are looked up, encoded and stored, as in the stage before.
    fn stored(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        {
            let inner = &mut *self.lock();
            if let Some(ids) = inner.plain.get(word) {
                inner.stats.hits += 1;
                return Arc::clone(ids);
            }
            if self.flaw == Flaw::EmptyMeanwhile {
                inner.plain.insert(word.to_owned(), Arc::default());
            }
        }
        let ids: Arc<[u32]> = encode(word).into();
        let inner = &mut *self.lock();
        inner.stats.misses += 1;
        if self.flaw == Flaw::EmptyMeanwhile {
            inner.plain.insert(word.to_owned(), Arc::clone(&ids));
        }
        let first = inner.plain.entry(word.to_owned()).or_insert(ids);
        Arc::clone(first)
    }
}

impl SharedCache for Flawed {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        match self.flaw {
            Flaw::FirstWins | Flaw::EmptyMeanwhile => return self.stored(word, encode),
            Flaw::LocksPlaces => {
                let place = {
                    let inner = &mut *self.lock();
                    if let Some(ids) = inner.plain.get(word) {
                        inner.stats.hits += 1;
                        return Arc::clone(ids);
                    }
                    Arc::clone(inner.locks.entry(word.to_owned()).or_default())
                };
                #[expect(clippy::unwrap_used, reason = "this is what is wrong with it")]
                let mut ids = place.lock().unwrap();
                let hit = ids.is_some();
                let ids = ids.get_or_insert_with(|| encode(word).into());
                let inner = &mut *self.lock();
                inner.plain.entry(word.to_owned()).or_insert_with(|| Arc::clone(ids));
                if hit {
                    inner.stats.hits += 1
                } else {
                    inner.stats.misses += 1
                }
                return Arc::clone(ids);
            }
            _ => {}
        }
        let mut held = self.lock();
        let key = if self.flaw == Flaw::OneForAll { "" } else { word };
        let place = Arc::clone(held.words.entry(key.to_owned()).or_default());
        let empty = place.get().is_none();
        if self.flaw == Flaw::HoldsLock {
            let ids = Arc::clone(place.get_or_init(|| encode(word).into()));
            if empty {
                held.stats.misses += 1
            } else {
                held.stats.hits += 1
            }
            held.stats.ids += if empty { ids.len() } else { 0 };
            return ids;
        }
        if !empty && self.flaw != Flaw::LocksToCount {
            held.stats.hits += 1;
        }
        drop(held);
        if !empty {
            if self.flaw == Flaw::LocksToCount {
                self.count(true, 0);
            }
            if self.flaw == Flaw::EncodesAnyway {
                encode(word);
            }
            return Arc::clone(place.get().expect("it is not empty, and stays so"));
        }
        let mut stored = 0;
        let ids = match self.flaw {
            Flaw::GetThenSet => {
                let ids: Arc<[u32]> = encode(word).into();
                if place.set(Arc::clone(&ids)).is_ok() {
                    stored = ids.len();
                }
                self.count(false, stored);
                return Arc::clone(place.get_or_init(|| ids));
            }
            Flaw::EncodesAnyway => {
                let ids: Arc<[u32]> = encode(word).into();
                Arc::clone(place.get_or_init(|| {
                    stored = ids.len();
                    ids
                }))
            }
            _ => Arc::clone(place.get_or_init(|| {
                let ids = encode(word);
                stored = ids.len();
                ids.into()
            })),
        };
        self.count(stored == 0 && self.flaw != Flaw::WaitersMiss, stored);
        ids
    }

    fn stats(&self) -> Stats {
        let inner = self.lock();
        match self.flaw {
            Flaw::FirstWins | Flaw::EmptyMeanwhile | Flaw::LocksPlaces => {
                Stats { ids: inner.plain.values().map(|ids| ids.len()).sum(), ..inner.stats }
            }
            _ => inner.stats,
        }
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "first_result_wins",
        belief: "you looked, encoded and then stored, as in the cache before; all threads that look in between encode, too",
        answer: &|| Flawed::boxed(Flaw::FirstWins),
    },
    Wrong {
        id: "get_then_set",
        belief: "you asked the place by `get` and filled it by `set`; all threads that ask in between encode, too: `get_or_init`",
        answer: &|| Flawed::boxed(Flaw::GetThenSet),
    },
    Wrong {
        id: "locks_while_encoding",
        belief: "you fill the place while you hold the lock of the map; it runs once, and nobody else can ask for anything",
        answer: &|| Flawed::boxed(Flaw::HoldsLock),
    },
    Wrong {
        id: "one_place_for_all",
        belief: "all words share one place; the first of them fills it for ever",
        answer: &|| Flawed::boxed(Flaw::OneForAll),
    },
    Wrong {
        id: "encodes_outside_of_the_place",
        belief: "you encoded and passed the result to `get_or_init`; only what is called inside of its function runs once",
        answer: &|| Flawed::boxed(Flaw::EncodesAnyway),
    },
    Wrong {
        id: "waiting_is_a_miss",
        belief: "you counted who waits for another thread as a miss; a miss is a call of `encode`",
        answer: &|| Flawed::boxed(Flaw::WaitersMiss),
    },
    Wrong {
        id: "empty_meanwhile",
        belief: "you stored empty ids to mark that a word is being encoded; other threads take them for its ids",
        answer: &|| Flawed::boxed(Flaw::EmptyMeanwhile),
    },
    Wrong {
        id: "locks_the_places",
        belief: "a place of yours is a `Mutex`, and a panic of `encode` poisons it; an `OnceLock` stays empty",
        answer: &|| Flawed::boxed(Flaw::LocksPlaces),
    },
    Wrong {
        id: "locks_to_count",
        belief: "you take the lock again to count a hit; count before you give it back, or with atomics",
        answer: &|| Flawed::boxed(Flaw::LocksToCount),
    },
    UNCOUNTED,
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
