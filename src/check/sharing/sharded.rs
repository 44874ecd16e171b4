//! Check `sharing.sharded`: what a caller sees, which locks that takes, and who waits for whom.
//!
//! The oracle is a list of words and no lock. Which shard a word is in is for the answer to say; so the check
//! looks which lock was taken. To see that two threads do not meet, one is stopped while it holds its shard: the
//! hook of the counted lock holds it until the other thread has made all its calls, or waits. Nothing depends on
//! who is faster.
//!
//! Longer than most files here: each of the thirteen wrong answers is a cache.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;

use super::words::{other, plain};
use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::locks::{self, Log, Mutex, MutexGuard, What};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::SHARDED;
use crate::sharing::parts::{Encode, SharedCache, Stats};

type Answer = dyn Fn(usize) -> Box<dyn SharedCache>;

/// Grades a cache of shards, given by its constructor.
pub fn sharded<C: SharedCache + 'static>(new: impl Fn(usize) -> C + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move |shards| Box::new(new(shards)), origin)
}

/// What is done to a cache of so many shards.
struct Script {
    shards: usize,
    task: Task,
}

enum Task {
    /// Asks for these words, one after the other.
    Words(Vec<&'static str>),
    /// Asks for a word; while `encode` runs, the cache is asked for it again, with another result.
    Twice,
    /// Stores some words, and asks for them again.
    Found,
    /// Counts the locks of a miss, a hit and a call of `stats`.
    Locks,
    /// Stores 64 words a shard, all of one length and with one beginning.
    Spread,
    /// Stops a thread that holds a shard; another asks for words of that shard, or of all others.
    Meet { same: bool },
    /// Four threads ask for all of some words.
    Crowd,
}

#[derive(PartialEq)]
enum Saw {
    /// The ids, each call of `encode` with the locks that were held, and the counts.
    Words {
        ids: Vec<Vec<u32>>,
        encoded: Vec<(String, usize)>,
        stats: Stats,
    },
    /// Whether a word that was stored was encoded again.
    Found {
        lost: bool,
    },
    /// How many locks there are; how many different ones a miss and a hit took, and how often the hit took one;
    /// how many `stats` held at once, if more than one.
    Locks {
        made: usize,
        miss: usize,
        hit: usize,
        times: usize,
        at_once: usize,
    },
    /// Shards with too few words and with too many.
    Spread {
        starved: Vec<usize>,
        crowded: Vec<usize>,
    },
    /// How often the second thread waited for the first.
    Meet {
        waits: usize,
    },
    Crowd {
        right: bool,
        calls: u64,
        ids: usize,
    },
}

/// Words of one length that begin alike.
fn alike(number: usize) -> String {
    format!("token{number:05}")
}

const FEWEST: usize = 24;
const MOST: usize = 160;

fn run(answer: &Answer, script: &Script) -> Saw {
    let log = Log::new();
    let cache = log.watch(|| answer(script.shards));
    let cache = &*cache;
    let ask = |word: &str| drop(cache.ids(word, &plain));
    let since = |at: usize| -> Vec<usize> {
        let taken = log.events().into_iter().skip(at);
        taken.filter(|event| event.what == What::Acquires).map(|event| event.lock).collect()
    };
    match &script.task {
        Task::Words(words) => {
            let encoded = std::cell::RefCell::new(Vec::new());
            let encode = |word: &str| {
                encoded.borrow_mut().push((word.to_owned(), locks::held()));
                plain(word)
            };
            let ids = words.iter().map(|word| cache.ids(word, &encode).to_vec()).collect();
            let stats = cache.stats();
            Saw::Words { ids, encoded: encoded.into_inner(), stats }
        }
        Task::Twice => {
            let encoded = std::cell::RefCell::new(Vec::new());
            let seen = |word: &str| encoded.borrow_mut().push((word.to_owned(), locks::held()));
            let ids = cache.ids("low", &|word| {
                seen(word);
                cache.ids(word, &|word| {
                    seen(word);
                    other(word)
                });
                plain(word)
            });
            let again = cache.ids("low", &plain);
            let stats = cache.stats();
            Saw::Words {
                ids: vec![ids.to_vec(), again.to_vec()],
                encoded: encoded.into_inner(),
                stats,
            }
        }
        Task::Found => {
            let words = || (0..WORDS).map(alike);
            words().for_each(|word| ask(&word));
            let lost = std::cell::Cell::new(false);
            let again = |word: &str| {
                lost.set(true);
                plain(word)
            };
            words().for_each(|word| drop(cache.ids(&word, &again)));
            Saw::Found { lost: lost.get() }
        }
        Task::Locks => {
            let (mut miss, mut hit, mut times) = (0, 0, 0);
            for number in 0..8 * script.shards {
                let (word, at) = (alike(number), log.events().len());
                ask(&word);
                let between = log.events().len();
                let first = since(at);
                ask(&word);
                let second = since(between);
                // The worst of all words.
                miss = miss.max(distinct(&first));
                hit = hit.max(distinct(&second));
                times = times.max(second.len());
            }
            let at_once = Arc::new(AtomicUsize::new(0));
            let most = Arc::clone(&at_once);
            log.when_acquired(move |_| {
                most.fetch_max(locks::held(), Ordering::Relaxed);
            });
            cache.stats();
            // Who keeps counts elsewhere need not take any.
            let at_once = at_once.load(Ordering::Relaxed).max(1);
            Saw::Locks { made: log.locks(), miss, hit, times, at_once }
        }
        Task::Spread => {
            let mut words = vec![0; script.shards];
            for number in 0..64 * script.shards {
                let (word, at) = (alike(number), log.events().len());
                ask(&word);
                if let Some(count) = since(at).first().and_then(|&lock| words.get_mut(lock)) {
                    *count += 1;
                }
            }
            let shards = |wanted: &dyn Fn(usize) -> bool| {
                (0..words.len()).filter(|&shard| wanted(words[shard])).collect()
            };
            Saw::Spread {
                starved: shards(&|words| words < FEWEST),
                crowded: shards(&|words| words > MOST),
            }
        }
        Task::Meet { same } => {
            let words: Vec<String> = (0..16 * script.shards).map(alike).collect();
            words.iter().for_each(|word| ask(word));
            let shard = |word: &String| {
                let at = log.events().len();
                ask(word);
                since(at).first().copied()
            };
            let held = shard(&words[0]);
            let asked: Vec<&String> =
                words[1..].iter().filter(|word| (shard(word) == held) == *same).take(6).collect();
            Saw::Meet { waits: meet(cache, &log, &words[0], &asked) }
        }
        Task::Crowd => {
            let right = crowd(cache);
            let Stats { hits, misses, ids } = cache.stats();
            Saw::Crowd { right, calls: hits + misses, ids }
        }
    }
}

fn distinct(locks: &[usize]) -> usize {
    let mut locks = locks.to_vec();
    locks.sort_unstable();
    locks.dedup();
    locks.len()
}

/// One thread asks for `held` and is stopped with the lock in hand, until the other has asked for all of `asked`
/// or waits. How often the other waits for the first.
fn meet(cache: &dyn SharedCache, log: &Log, held: &str, asked: &[&String]) -> usize {
    let (first, start) = (thread::current().id(), log.events().len());
    let (before, calls, seen) = (log.contended(), asked.len(), log.clone());
    log.when_acquired(move |event| {
        if event.thread == first {
            seen.wait_until(|events| {
                let of_other = || events[start..].iter().filter(|event| event.thread != first);
                of_other().any(|event| event.what == What::Waits)
                    || of_other().filter(|event| event.what == What::Releases).count() >= calls
            });
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            log.wait_until(|events| {
                let mut new = events[start..].iter();
                new.any(|event| event.thread == first && event.what == What::Acquires)
            });
            for word in asked {
                cache.ids(word, &plain);
            }
        });
        cache.ids(held, &plain);
    });
    log.when_acquired(|_| ());
    log.contended() - before
}

const CROWD: usize = 4;
const WORDS: usize = 40;

/// Whether each of some threads gets the right ids of every word.
fn crowd(cache: &dyn SharedCache) -> bool {
    let right = |thread: usize| {
        (0..3 * WORDS).all(|i| {
            let word = alike((i * 7 + thread * 11) % WORDS);
            *cache.ids(&word, &plain) == plain(&word)
        })
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..CROWD).map(|thread| scope.spawn(move || right(thread))).collect();
        // A thread that panicked is told by the scope.
        all.into_iter().all(|thread| thread.join().unwrap_or_default())
    })
}

/// What has to be seen, by a list of words.
fn oracle(script: &Script) -> Saw {
    match &script.task {
        Task::Words(words) => {
            let mut known: Vec<&str> = Vec::new();
            let mut stats = Stats::default();
            for word in words {
                if known.contains(word) {
                    stats.hits += 1;
                } else {
                    stats.misses += 1;
                    stats.ids += plain(word).len();
                    known.push(word);
                }
            }
            Saw::Words {
                ids: words.iter().map(|word| plain(word)).collect(),
                encoded: known.into_iter().map(|word| (word.to_owned(), 0)).collect(),
                stats,
            }
        }
        Task::Twice => Saw::Words {
            ids: vec![other("low"), other("low")],
            encoded: vec![("low".to_owned(), 0), ("low".to_owned(), 0)],
            stats: Stats { hits: 1, misses: 2, ids: other("low").len() },
        },
        Task::Found => Saw::Found { lost: false },
        Task::Locks => Saw::Locks { made: script.shards, miss: 1, hit: 1, times: 1, at_once: 1 },
        Task::Spread => Saw::Spread { starved: Vec::new(), crowded: Vec::new() },
        Task::Meet { same } => Saw::Meet { waits: usize::from(*same) },
        Task::Crowd => Saw::Crowd {
            right: true,
            calls: (CROWD * 3 * WORDS) as u64,
            ids: (0..WORDS).map(|i| plain(&alike(i)).len()).sum(),
        },
    }
}

fn call(script: &Script) -> String {
    let task = match &script.task {
        Task::Words(words) => {
            let calls: Vec<String> =
                words.iter().map(|word| format!("c.ids({word:?}, &encode);")).collect();
            format!("{} c.stats()", calls.join(" "))
        }
        Task::Twice => {
            "c.ids(\"low\", &|w| { c.ids(w, &other); encode(w) }); c.ids(\"low\", &encode); c.stats()".to_owned()
        }
        Task::Found => format!("/* {WORDS} words such as {:?}, twice */ c.ids(word, &encode)", alike(7)),
        Task::Locks => "/* how many locks do a miss, a hit and `stats` take? */".to_owned(),
        Task::Spread => {
            format!("/* {} words such as {:?} */ c.ids(word, &encode)", 64 * script.shards, alike(7))
        }
        Task::Meet { same } => {
            let which = if *same { "of the same shard" } else { "of other shards" };
            format!("/* a thread holds a shard; another asks for 6 words {which} */ c.ids(word, &encode)")
        }
        Task::Crowd => format!("/* {CROWD} threads, {WORDS} words, 3 times each */ c.ids(word, &encode)"),
    };
    format!("let c = ShardedCache::new({}); {task}", script.shards)
}

fn show(saw: &Saw) -> String {
    let shards = |shards: &[usize]| match shards {
        [] => "no shard".to_owned(),
        many => format!("shards {}", crate::check::diff::sequence(many)),
    };
    match saw {
        Saw::Words { ids, encoded, stats } => {
            let encoded: Vec<String> = encoded
                .iter()
                .map(|(word, held)| match held {
                    0 => format!("encode({word:?})"),
                    1 => format!("encode({word:?}) under a lock"),
                    many => format!("encode({word:?}) under {many} locks"),
                })
                .collect();
            format!("{}; {ids:?}; {stats}", encoded.join(", "))
        }
        Saw::Found { lost: true } => "some words are encoded again".to_owned(),
        Saw::Found { lost: false } => "each word is encoded once".to_owned(),
        Saw::Locks { made, miss, hit, times, at_once } => format!(
            "{made} locks of `check::locks`; a miss takes {miss} of them, a hit {hit} ({times} times); \
             `stats` holds {at_once} at once"
        ),
        Saw::Spread { starved, crowded } => format!(
            "fewer than {FEWEST} words: {}; more than {MOST}: {}",
            shards(starved),
            shards(crowded)
        ),
        Saw::Meet { waits: 0 } => "the second thread never waits".to_owned(),
        Saw::Meet { waits: 1 } => {
            "the second thread waits once, for the lock of that shard".to_owned()
        }
        Saw::Meet { waits } => format!("the second thread waits {waits} times"),
        Saw::Crowd { right, calls, ids } => {
            let right = if *right { "all ids right" } else { "some ids wrong" };
            format!("{right}; {calls} hits and misses, {ids} ids held")
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    OneLock,
    ByLength,
    ByFirstByte,
    Mask,
    TwoHashes,
    FreshHasher,
    LocksAll,
    Scans,
    UnderLock,
    LastWins,
    StatsOfOne,
    StatsHoldsAll,
    StatsWaits,
}

#[derive(Default)]
struct Shard {
    words: HashMap<String, Arc<[u32]>>,
    stats: Stats,
}

struct Flawed {
    shards: Vec<Mutex<Shard>>,
    flaw: Flaw,
}

impl Flawed {
    fn of(shards: usize, flaw: Flaw) -> Box<dyn SharedCache> {
        let shards = if flaw == Flaw::OneLock { 1 } else { shards };
        Box::new(Self { shards: (0..shards).map(|_| Mutex::default()).collect(), flaw })
    }

    #[track_caller]
    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<MutexGuard<'_, Shard>> {
        (0..self.shards.len()).map(|shard| self.lock(shard)).collect()
    }

    fn number(&self, word: &str) -> usize {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(word) as usize;
        let shards = self.shards.len();
        match self.flaw {
            Flaw::ByLength => word.len() % shards,
            Flaw::ByFirstByte => word.bytes().next().unwrap_or_default() as usize % shards,
            Flaw::Mask => hash & (shards - 1),
            Flaw::FreshHasher => RandomState::new().hash_one(word) as usize % shards,
            _ => hash % shards,
        }
    }

    fn find(&self, word: &str) -> Option<Arc<[u32]>> {
        let look = |mut shard: MutexGuard<'_, Shard>| {
            let found = shard.words.get(word).cloned()?;
            shard.stats.hits += 1;
            Some(found)
        };
        match self.flaw {
            Flaw::LocksAll => {
                let number = self.number(word);
                let mut all = self.all();
                look(all.swap_remove(number))
            }
            Flaw::Scans => (0..self.shards.len()).find_map(|shard| look(self.lock(shard))),
            _ => look(self.lock(self.number(word))),
        }
    }
}

impl SharedCache for Flawed {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Arc<[u32]> {
        if let Some(found) = self.find(word) {
            return found;
        }
        let number = match self.flaw {
            Flaw::TwoHashes => word.bytes().map(usize::from).sum::<usize>() % self.shards.len(),
            _ => self.number(word),
        };
        let under = (self.flaw == Flaw::UnderLock).then(|| self.lock(number));
        let ids: Arc<[u32]> = encode(word).into();
        let mut shard = under.unwrap_or_else(|| self.lock(number));
        shard.stats.misses += 1;
        if self.flaw != Flaw::LastWins
            && let Some(first) = shard.words.get(word)
        {
            return Arc::clone(first);
        }
        let before = shard.words.insert(word.to_owned(), Arc::clone(&ids));
        shard.stats.ids += ids.len();
        shard.stats.ids -= before.map_or(0, |before| before.len());
        ids
    }

    fn stats(&self) -> Stats {
        let add = |sum: Stats, stats: Stats| Stats {
            hits: sum.hits + stats.hits,
            misses: sum.misses + stats.misses,
            ids: sum.ids + stats.ids,
        };
        let zero = Stats::default();
        match self.flaw {
            Flaw::StatsOfOne => self.lock(0).stats,
            Flaw::StatsHoldsAll => self.all().iter().map(|shard| shard.stats).fold(zero, add),
            Flaw::StatsWaits => {
                let first = self.lock(0);
                let all = (0..self.shards.len()).map(|shard| self.lock(shard).stats);
                let sum = all.fold(zero, add);
                drop(first);
                sum
            }
            _ => (0..self.shards.len()).map(|shard| self.lock(shard).stats).fold(zero, add),
        }
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "one_lock",
        belief: "you put all words behind one lock: then every thread meets every other one",
        answer: &|shards| Flawed::of(shards, Flaw::OneLock),
    },
    Wrong {
        id: "by_length",
        belief: "you chose the shard by the word's length: most words have one of a few lengths",
        answer: &|shards| Flawed::of(shards, Flaw::ByLength),
    },
    Wrong {
        id: "by_first_byte",
        belief: "you chose the shard by the first letter; in a vocabulary, most words begin with the same byte",
        answer: &|shards| Flawed::of(shards, Flaw::ByFirstByte),
    },
    Wrong {
        id: "mask",
        belief: "you masked the hash with `shards - 1`: that reaches every shard only of a power of two",
        answer: &|shards| Flawed::of(shards, Flaw::Mask),
    },
    Wrong {
        id: "two_hashes",
        belief: "you chose the shard in one way to look and in another way to store: what is stored is not found",
        answer: &|shards| Flawed::of(shards, Flaw::TwoHashes),
    },
    Wrong {
        id: "fresh_hasher",
        belief: "you made a new `RandomState` for each call; each has a key of its own, so keep one",
        answer: &|shards| Flawed::of(shards, Flaw::FreshHasher),
    },
    Wrong {
        id: "locks_all",
        belief: "you took the locks of all shards to look into one: then they are one lock again, and a slow one",
        answer: &|shards| Flawed::of(shards, Flaw::LocksAll),
    },
    Wrong {
        id: "scans",
        belief: "you looked through the shards one by one; the word's hash says which one it is in",
        answer: &|shards| Flawed::of(shards, Flaw::Scans),
    },
    Wrong {
        id: "under_lock",
        belief: "you encoded while you held the shard: all its other words wait meanwhile",
        answer: &|shards| Flawed::of(shards, Flaw::UnderLock),
    },
    Wrong {
        id: "last_wins",
        belief: "you stored your result over another thread's: the first result wins, so that all hold the same",
        answer: &|shards| Flawed::of(shards, Flaw::LastWins),
    },
    Wrong {
        id: "stats_of_one",
        belief: "you took the counts of the first shard for those of the cache; they have to be added up",
        answer: &|shards| Flawed::of(shards, Flaw::StatsOfOne),
    },
    Wrong {
        id: "stats_holds_all",
        belief: "you held all locks to add the counts up: every other thread waits, and two that do so in different \
                 orders wait for ever",
        answer: &|shards| Flawed::of(shards, Flaw::StatsHoldsAll),
    },
    Wrong {
        id: "stats_waits",
        belief: "you kept the guard of one shard and went through all of them: that thread waits for itself",
        answer: &|shards| Flawed::of(shards, Flaw::StatsWaits),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

/// So many shards that two hashes never agree on those of all words.
const MANY: usize = 64;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &SHARDED,
        origin,
        answer,
        wrong: WRONG,
        run,
        call,
        show,
        diff: |_, _, _| Vec::new(),
    };
    const NAMES: [&str; 3] = ["a", "b", "low"];
    let words = |shards: usize, longest: usize| {
        sequences(3, longest).map(move |word| {
            let words = word.iter().map(|&name| NAMES[name as usize]).collect();
            Script { shards, task: Task::Words(words) }
        })
    };
    let of = |shards, task| Script { shards, task };
    let law = |why: &'static str| move |input: Script| (input, why);
    const SEEN: &str =
        "the shards together are one cache: a word is encoded once, and counts add up";
    let scripts = (words(1, 3).map(law("a cache of one shard is a cache with a lock")))
        .chain([(of(MANY, Task::Found), "a word is looked for in the shard where it was stored")])
        .chain([2, 3].into_iter().flat_map(|shards| words(shards, 3)).map(law(SEEN)))
        .chain([
            (of(2, Task::Twice), "no lock is held while `encode` runs, and the first result wins"),
            (
                of(4, Task::Locks),
                "a lock for each shard; a word takes that of its own, and `stats` never holds two",
            ),
            (of(4, Task::Spread), "words spread over all shards, however alike they look"),
            (of(6, Task::Spread), "words spread over any number of shards"),
            (
                of(4, Task::Meet { same: false }),
                "words of different shards never wait for each other",
            ),
            (of(4, Task::Meet { same: true }), "words of one shard do"),
            (of(4, Task::Crowd), "what four threads ask is answered and counted"),
        ]);
    exam.sit(scripts.map(|(input, why)| Case { expected: oracle(&input), input, why }))
}
