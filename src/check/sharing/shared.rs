//! What the checks of `sharing.mutex_cache` and `sharing.once_lock` have in common: a cache for many threads.
//!
//! What is compared is a transcript: each call of `encode`, what each call of the cache gave, how often a lock
//! was taken where that was too often, and the cache's own counts.
//!
//! No case depends on luck. Whether the lock is held while `encode` runs is seen on one thread: `encode` asks the
//! cache, and a counted lock that is held already says so at once. A race is staged: `encode` on one thread
//! starts another one and waits until that is done; or all threads meet in `encode`, if the answer lets them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::words::{other, plain};
use crate::check::exam::{Case, Exam};
use crate::check::locks::{Log, What};
use crate::check::threads::{self, Job};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::Stage;
use crate::sharing::parts::{SharedCache, Stats};

pub(super) type Answer = dyn Fn() -> Box<dyn SharedCache>;

/// A line of a script, on one thread unless it says otherwise.
#[derive(Clone, Copy)]
pub(super) enum Line {
    /// Asks for a word.
    Ids(&'static str),
    /// Asks for the first word, and `encode` asks the cache for the second one.
    Asking(&'static str, &'static str),
    /// Asks for a word; while `encode` runs, the cache is asked for the same word, with another result.
    Twice(&'static str),
    /// The same, on another thread.
    Overtaken(&'static str),
    /// Asks for the first word; while `encode` runs, another thread asks for the second one.
    Beside(&'static str, &'static str),
    /// Asks for a word, and `encode` panics.
    Panicking(&'static str),
    /// Eight threads ask for a word at once.
    AtOnce(&'static str),
    /// Four threads ask for all of these words, ten times each.
    Crowd(&'static [&'static str]),
}

pub(super) type Script = Vec<Line>;

/// What happened, in order.
#[derive(PartialEq, Clone)]
pub(super) struct Said {
    happened: Vec<Happened>,
    /// Not of a script in which `encode` panics, since whether that is a miss is left to the answer, nor of
    /// one in which threads may miss the same word.
    stats: Option<Stats>,
}

#[derive(PartialEq, Clone)]
enum Happened {
    Encodes(String),
    Ids(Vec<u32>),
    Panics,
    /// How often a hit or a miss took a lock, if not as often as it should.
    Takes {
        locks: usize,
        hit: bool,
    },
    /// How many calls of `encode` there were on all threads, and the different results.
    Threads {
        encodes: usize,
        results: Vec<Vec<u32>>,
    },
    /// The same of calls that may be encoded more than once: whether misses are calls of `encode`.
    Crowd {
        misses_are_encodes: bool,
        calls: u64,
        held: usize,
        results: Vec<Vec<u32>>,
    },
}

const EIGHT: usize = 8;

/// What `encode` panics with where it is to panic.
const CANNOT: &str = "this word cannot be encoded";

const UNDER_LOCK: &str = "`encode` was called while this thread holds a lock";

fn is_cannot(panic: &(dyn Any + Send)) -> bool {
    panic.downcast_ref::<&str>() == Some(&CANNOT)
        || panic.downcast_ref::<String>().is_some_and(|said| said == CANNOT)
}

struct Play<'a> {
    cache: &'a dyn SharedCache,
    log: &'a Log,
    happened: Mutex<Vec<Happened>>,
}

fn has_stats(script: &Script) -> bool {
    !script.iter().any(|line| matches!(line, Line::Panicking(_) | Line::Crowd(_)))
}

fn play(answer: &Answer, script: &Script) -> Said {
    let log = Log::new();
    let cache = log.watch(answer);
    let play = Play { cache: &*cache, log: &log, happened: Mutex::default() };
    for line in script {
        play.go(*line);
    }
    let stats = has_stats(script).then(|| cache.stats());
    Said { happened: play.happened.into_inner().unwrap_or_else(PoisonError::into_inner), stats }
}

impl Play<'_> {
    fn note(&self, what: Happened) {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Asks for a word; on a miss, `inside` runs before the word is encoded by `encode`.
    fn ask(&self, word: &str, encode: fn(&str) -> Vec<u32>, inside: &dyn Fn()) {
        let ids = self.cache.ids(word, &|word| {
            self.note(Happened::Encodes(word.to_owned()));
            inside();
            encode(word)
        });
        self.note(Happened::Ids(ids.to_vec()));
    }

    /// As `ask`, on a thread of its own, which this one waits for.
    fn elsewhere(&self, word: &str, encode: fn(&str) -> Vec<u32>) {
        // The other thread would wait for this lock, and this one for that thread.
        assert!(!self.log.is_held_here(), "{UNDER_LOCK}");
        let job: Job<'_, ()> = Box::new(|| self.ask(word, encode, &|| ()));
        threads::all(vec![job]);
    }

    fn go(&self, line: Line) {
        match line {
            Line::Ids(word) => self.counted(word),
            Line::Asking(word, second) => {
                self.ask(word, plain, &|| self.ask(second, plain, &|| ()));
            }
            Line::Twice(word) => self.ask(word, plain, &|| self.ask(word, other, &|| ())),
            Line::Overtaken(word) => self.ask(word, plain, &|| self.elsewhere(word, other)),
            Line::Beside(word, second) => self.ask(word, plain, &|| self.elsewhere(second, plain)),
            Line::Panicking(word) => {
                let ask = || self.ask(word, plain, &|| panic!("{CANNOT}"));
                match catch_unwind(AssertUnwindSafe(ask)) {
                    Err(panic) if is_cannot(&*panic) => self.note(Happened::Panics),
                    Err(panic) => resume_unwind(panic),
                    Ok(()) => {}
                }
            }
            Line::AtOnce(word) => self.at_once(word),
            Line::Crowd(words) => self.crowd(words),
        }
    }

    /// Asks for a word, and sees how often that takes a lock: a hit once, a miss twice at most.
    fn counted(&self, word: &str) {
        let (before, encodes) = (self.log.acquired(), AtomicUsize::new(0));
        let ids = self.cache.ids(word, &|word| {
            encodes.fetch_add(1, Ordering::Relaxed);
            self.note(Happened::Encodes(word.to_owned()));
            plain(word)
        });
        let (locks, hit) = (self.log.acquired() - before, encodes.into_inner() == 0);
        if !(1..=if hit { 1 } else { 2 }).contains(&locks) {
            self.note(Happened::Takes { locks, hit });
        }
        self.note(Happened::Ids(ids.to_vec()));
    }

    /// `encode` waits until each thread has given a lock back. So whoever looks, gives the lock back and encodes,
    /// does so on all threads: none can find a result of another one.
    fn at_once(&self, word: &str) {
        let (encodes, before) = (AtomicUsize::new(0), self.log.events().len());
        let encode = |word: &str| {
            encodes.fetch_add(1, Ordering::Relaxed);
            let me = std::thread::current().id();
            let mine = self.log.events().iter().skip(before).any(|event| event.thread == me);
            assert!(mine, "`encode` was called before a lock of `check::locks` was taken");
            // While this thread holds one, others may not get it; that they ask has to do.
            let holds = self.log.is_held_here();
            self.log.wait_until(|events| {
                let mut seen = Vec::new();
                for event in &events[before..] {
                    let counts = event.what == What::Releases || holds;
                    if counts && !seen.contains(&event.thread) {
                        seen.push(event.thread);
                    }
                }
                seen.len() >= EIGHT
            });
            plain(word)
        };
        let encode = &encode;
        let job = |_| -> Job<'_, Arc<[u32]>> { Box::new(move || self.cache.ids(word, encode)) };
        let results = threads::all((0..EIGHT).map(job).collect());
        let results = distinct(results.iter().map(|ids| ids.to_vec()));
        self.note(Happened::Threads { encodes: encodes.load(Ordering::Relaxed), results });
    }

    fn crowd(&self, words: &[&'static str]) {
        let (encodes, before) = (AtomicUsize::new(0), self.cache.stats());
        let encode = |word: &str| {
            encodes.fetch_add(1, Ordering::Relaxed);
            plain(word)
        };
        let encode = &encode;
        let job = |thread: usize| -> Job<'_, Vec<Vec<u32>>> {
            Box::new(move || {
                let at = |i: usize| words[(i + thread * 3) % words.len()];
                let asked = 0..10 * words.len();
                asked.map(|i| self.cache.ids(at(i), encode).to_vec()).collect()
            })
        };
        let results = threads::all((0..4).map(job).collect());
        let after = self.cache.stats();
        let [hits, misses] = [after.hits - before.hits, after.misses - before.misses];
        self.note(Happened::Crowd {
            misses_are_encodes: misses == encodes.load(Ordering::Relaxed) as u64,
            calls: hits + misses,
            held: after.ids,
            results: distinct(results.into_iter().flatten()),
        });
    }
}

fn distinct(results: impl Iterator<Item = Vec<u32>>) -> Vec<Vec<u32>> {
    let mut results: Vec<Vec<u32>> = results.collect();
    results.sort();
    results.dedup();
    results
}

/// What has to happen: a list of words, and no lock.
#[derive(Default)]
struct Model {
    words: Vec<(String, Vec<u32>)>,
    stats: Stats,
    happened: Vec<Happened>,
}

impl Model {
    fn ask(&mut self, word: &str, inside: impl FnOnce(&mut Self)) {
        self.asks(word, plain, inside);
    }

    fn asks(&mut self, word: &str, encode: fn(&str) -> Vec<u32>, inside: impl FnOnce(&mut Self)) {
        let find = |model: &Self| {
            model.words.iter().find(|(known, _)| known == word).map(|(_, ids)| ids.clone())
        };
        if let Some(ids) = find(self) {
            self.stats.hits += 1;
            self.happened.push(Happened::Ids(ids));
            return;
        }
        self.stats.misses += 1;
        self.happened.push(Happened::Encodes(word.to_owned()));
        inside(self);
        let ids = find(self).unwrap_or_else(|| {
            let ids = encode(word);
            self.words.push((word.to_owned(), ids.clone()));
            ids
        });
        self.happened.push(Happened::Ids(ids));
    }

    fn knows(&self, word: &str) -> bool {
        self.words.iter().any(|(known, _)| known == word)
    }

    fn go(&mut self, line: Line) {
        match line {
            Line::Ids(word) => self.ask(word, |_| ()),
            Line::Asking(word, second) | Line::Beside(word, second) => {
                self.ask(word, |model| model.ask(second, |_| ()));
            }
            Line::Twice(word) | Line::Overtaken(word) => {
                self.ask(word, |model| model.asks(word, other, |_| ()));
            }
            Line::Panicking(word) if self.knows(word) => self.ask(word, |_| ()),
            Line::Panicking(word) => {
                self.happened.push(Happened::Encodes(word.to_owned()));
                self.happened.push(Happened::Panics);
            }
            Line::AtOnce(word) => {
                let known = self.knows(word);
                (0..EIGHT).for_each(|_| self.quiet(word));
                let results = vec![plain(word)];
                self.happened.push(Happened::Threads { encodes: usize::from(!known), results });
            }
            Line::Crowd(words) => {
                (0..40).for_each(|_| words.iter().for_each(|word| self.quiet(word)));
                let held = self.words.iter().map(|(_, ids)| ids.len()).sum();
                self.happened.push(Happened::Crowd {
                    held,
                    misses_are_encodes: true,
                    calls: 40 * words.len() as u64,
                    results: distinct(words.iter().map(|word| plain(word))),
                });
            }
        }
    }

    /// Asks, and leaves that out of the transcript.
    fn quiet(&mut self, word: &str) {
        let happened = std::mem::take(&mut self.happened);
        self.ask(word, |_| ());
        self.happened = happened;
    }
}

fn oracle(script: &Script) -> Said {
    let mut model = Model::default();
    script.iter().for_each(|line| model.go(*line));
    model.stats.ids = model.words.iter().map(|(_, ids)| ids.len()).sum();
    Said { happened: model.happened, stats: has_stats(script).then_some(model.stats) }
}

/// Puts scripts, each with its law, to an answer.
pub(super) fn check(
    stage: &'static Stage,
    wrong: &'static [Wrong<Answer>],
    scripts: impl Iterator<Item = (Script, &'static str)>,
    (answer, origin): (&Answer, Origin),
) -> Verdict {
    let exam =
        Exam { stage, origin, answer, wrong, run: play, call, show, diff: |_, _, _| Vec::new() };
    exam.sit(scripts.map(|(input, why)| Case { expected: oracle(&input), input, why }))
}

fn call(script: &Script) -> String {
    let line = |line: &Line| match line {
        Line::Ids(word) => format!("c.ids({word:?}, &encode);"),
        Line::Asking(word, second) => {
            format!("c.ids({word:?}, &|w| {{ c.ids({second:?}, &encode); encode(w) }});")
        }
        Line::Twice(word) => {
            format!("c.ids({word:?}, &|w| {{ c.ids({word:?}, &other); encode(w) }});")
        }
        Line::Overtaken(word) => {
            let thread = format!("thread::scope(|s| s.spawn(|| c.ids({word:?}, &other)).join())");
            format!("c.ids({word:?}, &|w| {{ {thread}; encode(w) }});")
        }
        Line::Beside(word, second) => {
            let thread =
                format!("thread::scope(|s| s.spawn(|| c.ids({second:?}, &encode)).join())");
            format!("c.ids({word:?}, &|w| {{ {thread}; encode(w) }});")
        }
        Line::Panicking(word) => format!("c.ids({word:?}, &|_| panic!());"),
        Line::AtOnce(word) => format!("/* {EIGHT} threads at once */ c.ids({word:?}, &encode);"),
        Line::Crowd(words) => {
            format!("/* 4 threads, each 10 times, each of {words:?} */ c.ids(word, &encode);")
        }
    };
    let lines: Vec<String> = script.iter().map(line).collect();
    format!("let c = new(); {} c.stats()", lines.join(" "))
}

fn show(said: &Said) -> String {
    let results = |results: &[Vec<u32>]| match results {
        [one] => format!("all get {one:?}"),
        many => format!("{} different results", many.len()),
    };
    let mut text = String::new();
    for happened in &said.happened {
        text += &match happened {
            Happened::Encodes(word) => format!("encode({word:?}) "),
            Happened::Ids(ids) => format!("-> {ids:?}, "),
            Happened::Panics => "panics, ".to_owned(),
            Happened::Takes { locks: 0, .. } => {
                "(without taking a lock of `check::locks`) ".to_owned()
            }
            Happened::Takes { locks, hit } => {
                let kind = if *hit { "hit" } else { "miss" };
                format!("(takes locks {locks} times for a {kind}) ")
            }
            Happened::Threads { encodes, results: all } => {
                format!("encode runs {encodes} times, {}, ", results(all))
            }
            Happened::Crowd { misses_are_encodes, calls, held, results: all } => {
                let calls = format!("{calls} hits and misses, {held} ids held, {}, ", results(all));
                let but = "misses are not the calls of encode, ";
                if *misses_are_encodes { calls } else { calls + but }
            }
        };
    }
    match said.stats {
        Some(stats) => format!("{text}{stats}"),
        None => text.trim_end_matches(", ").to_owned(),
    }
}
