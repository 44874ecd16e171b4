//! Check `sharing.mutex_cache`: a cache for many threads, whose first result wins.
//!
//! The wrong answers share one body, as answers to this stage mostly do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::shared::{self, Answer, Line, Script};
use crate::check::cases::sequences;
use crate::check::exam::graded;
use crate::check::locks::{Mutex, MutexGuard};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::MUTEX_CACHE;
use crate::sharing::parts::{Encode, SharedCache, Stats};

/// Grades a cache, given by how it is made: `mutex_cache(MutexCache::new)`.
pub fn mutex_cache<C: SharedCache + 'static>(new: impl Fn() -> C + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move || Box::new(new()), origin)
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    shared::check(&MUTEX_CACHE, WRONG, scripts(), (answer, origin))
}

const KEEP: &str = "a word that is there is a hit and takes the lock once; a word that is not is a miss, is encoded and \
                    kept, and takes it twice at most";
const UNLOCKED: &str =
    "no lock is held while `encode` runs: it may ask the cache, and so may other threads";
const FIRST: &str = "where a word was stored while it was being encoded, that first result stays and is returned; both are misses";
const ALL: &str = "hits and misses are all calls, and misses those in which `encode` ran";

fn scripts() -> impl Iterator<Item = (Script, &'static str)> {
    use Line::{Asking, Beside, Crowd, Ids, Overtaken, Panicking, Twice};
    const LINES: [Line; 4] = [Ids("er"), Ids("low"), Asking("lower", "low"), Twice("low")];
    let law = |script: &Script| match script {
        lines if lines.iter().any(|line| matches!(line, Twice(_))) => FIRST,
        lines if lines.iter().any(|line| matches!(line, Asking(..))) => UNLOCKED,
        _ => KEEP,
    };
    let script = |digits: Vec<u32>| -> Script {
        digits.iter().map(|&digit| LINES[digit as usize]).collect()
    };
    let asks = |script: &Script| script.iter().any(|line| !matches!(line, Ids(_)));
    // Who encodes before looking is told by a second call, before `encode` asks.
    let plain = sequences(2, 3).map(script);
    let asking = sequences(4, 3).map(script).filter(asks);
    let small = plain.chain(asking).map(move |script| {
        let law = law(&script);
        (script, law)
    });
    let named = [
        (vec![Ids(""), Ids("é"), Ids("")], KEEP),
        (vec![Beside("low", "er")], UNLOCKED),
        (vec![Ids("low"), Beside("er", "low"), Ids("er")], UNLOCKED),
        (vec![Overtaken("low"), Ids("low")], FIRST),
        (vec![Panicking("low"), Ids("low"), Ids("er")], UNLOCKED),
        (vec![Crowd(&["low", "er", "new", "est", "wid"])], ALL),
    ];
    small.chain(named)
}

/// A cache with one flaw.
struct Flawed {
    flaw: Flaw,
    inner: Mutex<Inner>,
    /// Counts that have a lock of their own, in the answer that has that.
    apart: Mutex<Stats>,
}

#[derive(Default)]
struct Inner {
    words: HashMap<String, Arc<[u32]>>,
    stats: Stats,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    HoldsLock,
    LocksInMatch,
    LocksToCount,
    LastWins,
    ReturnsOwn,
    CountedTwice,
    LateIsHit,
    LateIsNothing,
    LooksTwice,
    StatsApart,
    EncodesFirst,
    NeverKeeps,
    HitsForMisses,
}

impl Flawed {
    fn boxed(flaw: Flaw) -> Box<dyn SharedCache> {
        Box::new(Self { flaw, inner: Mutex::default(), apart: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, stats: &mut Stats, hit: bool) {
        let mut apart;
        let stats = if self.flaw == Flaw::StatsApart {
            apart = self.apart.lock().unwrap_or_else(PoisonError::into_inner);
            &mut *apart
        } else {
            stats
        };
        if hit != (self.flaw == Flaw::HitsForMisses) { stats.hits += 1 } else { stats.misses += 1 }
    }
}

impl SharedCache for Flawed {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        let early: Option<Arc<[u32]>> =
            (self.flaw == Flaw::EncodesFirst).then(|| encode(word).into());
        if self.flaw == Flaw::LooksTwice && !self.lock().words.contains_key(word) {
            let ids: Arc<[u32]> = encode(word).into();
            let inner = &mut *self.lock();
            self.count(&mut inner.stats, false);
            return Arc::clone(inner.words.entry(word.to_owned()).or_insert(ids));
        }
        let mut held = self.lock();
        let inner = &mut *held;
        if let Some(ids) = inner.words.get(word) {
            if self.flaw == Flaw::LocksToCount {
                self.lock().stats.hits += 1;
                return Arc::clone(ids);
            }
            self.count(&mut inner.stats, true);
            return Arc::clone(ids);
        }
        if !matches!(self.flaw, Flaw::HoldsLock | Flaw::LocksInMatch) {
            drop(held);
        } else if self.flaw == Flaw::LocksInMatch {
            let ids: Arc<[u32]> = encode(word).into();
            self.lock().words.insert(word.to_owned(), Arc::clone(&ids));
            return ids;
        } else {
            let ids: Arc<[u32]> = encode(word).into();
            inner.words.insert(word.to_owned(), Arc::clone(&ids));
            self.count(&mut inner.stats, false);
            return ids;
        }
        let ids: Arc<[u32]> = early.unwrap_or_else(|| encode(word).into());
        let mut held = self.lock();
        let inner = &mut *held;
        let late = inner.words.contains_key(word);
        match self.flaw {
            Flaw::LateIsHit => self.count(&mut inner.stats, late),
            Flaw::LateIsNothing if late => {}
            _ => self.count(&mut inner.stats, false),
        }
        match self.flaw {
            Flaw::CountedTwice => inner.stats.ids += ids.len(),
            Flaw::NeverKeeps => return ids,
            _ => {}
        }
        if self.flaw == Flaw::LastWins {
            inner.words.insert(word.to_owned(), Arc::clone(&ids));
            return ids;
        }
        let first = inner.words.entry(word.to_owned()).or_insert_with(|| Arc::clone(&ids));
        if self.flaw == Flaw::ReturnsOwn { ids } else { Arc::clone(first) }
    }

    fn stats(&self) -> Stats {
        let inner = self.lock();
        let apart = *self.apart.lock().unwrap_or_else(PoisonError::into_inner);
        let stats = if self.flaw == Flaw::StatsApart { apart } else { inner.stats };
        match self.flaw {
            Flaw::CountedTwice => stats,
            _ => Stats { ids: inner.words.values().map(|ids| ids.len()).sum(), ..stats },
        }
    }
}

/// A right answer but for its lock, which counts nothing.
#[derive(Default)]
struct Uncounted(std::sync::Mutex<Inner>);

impl SharedCache for Uncounted {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().words.get(word).cloned();
        if let Some(ids) = known {
            lock().stats.hits += 1;
            return ids;
        }
        let ids: Arc<[u32]> = encode(word).into();
        let inner = &mut *lock();
        inner.stats.misses += 1;
        Arc::clone(inner.words.entry(word.to_owned()).or_insert(ids))
    }

    fn stats(&self) -> Stats {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Stats { ids: inner.words.values().map(|ids| ids.len()).sum(), ..inner.stats }
    }
}

pub(super) const UNCOUNTED: Wrong<Answer> = Wrong {
    id: "another_mutex",
    belief: "your lock is `std::sync::Mutex`, which nobody can count; `check::locks::Mutex` has the same methods",
    answer: &|| Box::new(Uncounted::default()),
};

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "locks_while_encoding",
        belief: "you hold the lock while `encode` runs; it asks the cache and would wait for itself, and so would all others",
        answer: &|| Flawed::boxed(Flaw::HoldsLock),
    },
    Wrong {
        id: "locks_in_the_head_of_match",
        belief: "you locked in the head of a `match` or `if let` and again inside of it; the guard is a temporary that still lives",
        answer: &|| Flawed::boxed(Flaw::LocksInMatch),
    },
    Wrong {
        id: "locks_to_count",
        belief: "you locked again to count a hit, with the guard that found the word still alive; count by that one",
        answer: &|| Flawed::boxed(Flaw::LocksToCount),
    },
    Wrong {
        id: "last_wins",
        belief: "you stored over what another thread had stored meanwhile; others hold that already, so it stays",
        answer: &|| Flawed::boxed(Flaw::LastWins),
    },
    Wrong {
        id: "returns_its_own",
        belief: "you kept the first result and returned the second; two callers then hold different ids for one word",
        answer: &|| Flawed::boxed(Flaw::ReturnsOwn),
    },
    Wrong {
        id: "counted_twice",
        belief: "you counted the ids of a result that was dropped; count what is stored",
        answer: &|| Flawed::boxed(Flaw::CountedTwice),
    },
    Wrong {
        id: "late_is_a_hit",
        belief: "you counted a word that was stored meanwhile as a hit; it was encoded, so it is a miss",
        answer: &|| Flawed::boxed(Flaw::LateIsHit),
    },
    Wrong {
        id: "late_is_nothing",
        belief: "you did not count a call whose result was dropped; hits and misses are all calls",
        answer: &|| Flawed::boxed(Flaw::LateIsNothing),
    },
    Wrong {
        id: "looks_twice",
        belief: "you took the lock twice for a hit: to look, and again to get the ids or to count it; one guard does all",
        answer: &|| Flawed::boxed(Flaw::LooksTwice),
    },
    Wrong {
        id: "a_lock_for_the_counts",
        belief: "the counts have a lock of their own, which is one more to take; put them behind the same, or use atomics",
        answer: &|| Flawed::boxed(Flaw::StatsApart),
    },
    Wrong {
        id: "encodes_first",
        belief: "you encoded before you looked; a hit is to save that",
        answer: &|| Flawed::boxed(Flaw::EncodesFirst),
    },
    Wrong {
        id: "never_keeps",
        belief: "you gave the ids and did not keep them",
        answer: &|| Flawed::boxed(Flaw::NeverKeeps),
    },
    Wrong {
        id: "hits_for_misses",
        belief: "you counted misses as hits and hits as misses",
        answer: &|| Flawed::boxed(Flaw::HitsForMisses),
    },
    UNCOUNTED,
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
