//! Check `sharing.refcell_cache`: a cache that is asked while it is at work.
//!
//! An input is a script of calls; some of them bring an `encode` that asks the cache, or visit it with a function
//! that does. What is compared is a transcript: every call of `encode`, every word that a visit lends, what each
//! call gave, and the counts at the end. All scripts of up to three lines come first.
//!
//! Whether `encode` was called for a word that is then refused is left to the answer, so calls during a visit
//! are not in the transcript.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::words::plain;
use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::REFCELL_CACHE;
use crate::sharing::parts::{Busy, Encode, LocalCache};

type Answer = dyn Fn() -> Box<dyn LocalCache>;

/// Grades a cache, given by how it is made: `refcell_cache(TokenCache::new)`.
pub fn refcell_cache<C: LocalCache + 'static>(new: impl Fn() -> C + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move || Box::new(new()), origin)
}

#[derive(Clone)]
enum Line {
    /// Asks for a word.
    Ids(&'static str),
    /// Asks for the first word, and `encode` asks the cache for the second one.
    Asking(&'static str, &'static str),
    /// Asks for a word, and `encode` visits the cache.
    Visiting(&'static str),
    /// Asks for a word, and `encode` clears the cache.
    Clearing(&'static str),
    Clear,
    /// Visits the cache; for each word, does this.
    Visit(Vec<Line>),
}

/// What happened, in order.
#[derive(PartialEq)]
struct Said {
    happened: Vec<Happened>,
    counts: (u64, u64),
}

#[derive(PartialEq)]
enum Happened {
    Encodes(String),
    Ids(Result<Vec<u32>, Busy>),
    Lends(String, Vec<u32>),
    Clears(Result<(), Busy>),
}

fn play(cache: &dyn LocalCache, script: &[Line]) -> Said {
    let happened = RefCell::default();
    go(cache, script, &happened, false);
    let counts = cache.counts();
    Said { happened: happened.into_inner(), counts }
}

fn go(cache: &dyn LocalCache, lines: &[Line], happened: &RefCell<Vec<Happened>>, visited: bool) {
    let note = |what| happened.borrow_mut().push(what);
    let ids = |word: &str, inside: &dyn Fn()| {
        let ids = cache.ids(word, &|word| {
            if !visited {
                note(Happened::Encodes(word.to_owned()));
                inside();
            }
            plain(word)
        });
        note(Happened::Ids(ids.map(|ids| ids.to_vec())));
    };
    for line in lines {
        match line {
            Line::Ids(word) => ids(word, &|| ()),
            Line::Asking(word, other) => {
                ids(word, &|| go(cache, &[Line::Ids(other)], happened, visited));
            }
            Line::Visiting(word) => {
                ids(word, &|| go(cache, &[Line::Visit(Vec::new())], happened, visited));
            }
            Line::Clearing(word) => ids(word, &|| go(cache, &[Line::Clear], happened, visited)),
            Line::Clear => {
                let cleared = cache.clear();
                note(Happened::Clears(cleared));
            }
            Line::Visit(inside) => cache.visit(&mut |word, ids| {
                note(Happened::Lends(word.to_owned(), ids.to_vec()));
                go(cache, inside, happened, true);
            }),
        }
    }
}

fn call(lines: &[Line], c: &str) -> String {
    let line = |line: &Line| match line {
        Line::Ids(word) => format!("{c}.ids({word:?}, &encode);"),
        Line::Asking(word, other) => {
            format!("{c}.ids({word:?}, &|w| {{ {c}.ids({other:?}, &encode); encode(w) }});")
        }
        Line::Visiting(word) => {
            format!("{c}.ids({word:?}, &|w| {{ {c}.visit(&mut |_, _| ()); encode(w) }});")
        }
        Line::Clearing(word) => format!("{c}.ids({word:?}, &|w| {{ {c}.clear(); encode(w) }});"),
        Line::Clear => format!("{c}.clear();"),
        Line::Visit(inside) if inside.is_empty() => format!("{c}.visit(&mut |_, _| ());"),
        Line::Visit(inside) => format!("{c}.visit(&mut |_, _| {{ {} }});", call(inside, c)),
    };
    lines.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &REFCELL_CACHE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (script, _): &(Vec<Line>, &'static str)| play(&*answer(), script),
        call: |(script, _)| format!("let c = TokenCache::new(); {} c.counts()", call(script, "c")),
        show: |said| {
            let mut text = String::new();
            for happened in &said.happened {
                text += &match happened {
                    Happened::Encodes(word) => format!("encode({word:?}) "),
                    Happened::Ids(ids) => format!("-> {ids:?}, "),
                    Happened::Lends(word, ids) => format!("lends {word:?} {ids:?}, "),
                    Happened::Clears(done) => format!("clear -> {done:?}, "),
                };
            }
            format!("{text}counts {:?}", said.counts)
        },
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(scripts().map(|input| Case {
        expected: play(&Oracle::default(), &input.0),
        why: input.1,
        input,
    }))
}

const KEEP: &str =
    "a word is encoded once and kept; a hit is a word that was there, a miss one that was encoded";
const VISIT: &str = "a visit lends every word in order; meanwhile looking works, and what would change the words is `Err(Busy)`";
const ENCODE: &str =
    "nothing is borrowed while `encode` runs, so it may ask, visit and clear the cache";

fn scripts() -> impl Iterator<Item = (Vec<Line>, &'static str)> {
    use Line::{Asking, Clear, Clearing, Ids, Visit, Visiting};
    const SMALL: &[fn() -> Line] = &[
        || Ids("er"),
        || Ids("low"),
        || Clear,
        || Visit(vec![]),
        || Asking("lower", "low"),
        // Who lends a copy differs here already; who keeps nothing only in the next.
        || Visit(vec![Clear]),
        || Visit(vec![Ids("low")]),
    ];
    let law = |script: &[Line]| match script {
        lines if lines.iter().any(|line| matches!(line, Asking(..))) => ENCODE,
        lines if lines.iter().any(|line| matches!(line, Visit(_))) => VISIT,
        _ => KEEP,
    };
    let small = sequences(7, 3).map(move |digits| {
        let script: Vec<Line> = digits.iter().map(|&digit| SMALL[digit as usize]()).collect();
        let law = law(&script);
        (script, law)
    });
    let named = [
        (vec![Ids("low"), Visiting("er")], ENCODE),
        (vec![Ids("low"), Clearing("er"), Visit(vec![])], ENCODE),
        (vec![Ids("low"), Asking("lower", "er"), Visit(vec![])], ENCODE),
        (vec![Ids("low"), Visit(vec![Visit(vec![Ids("er")]), Ids("er")]), Ids("er")], VISIT),
        (vec![Ids("b"), Ids("a"), Visit(vec![Ids("c"), Ids("a"), Clear]), Clear, Ids("a")], VISIT),
        (vec![Ids(""), Ids("é"), Ids(""), Visit(vec![])], KEEP),
    ];
    small.chain(named)
}

/// The oracle: takes its words out, changes a copy and puts that back, and counts its visits.
#[derive(Default)]
struct Oracle {
    words: Cell<Vec<(String, Vec<u32>)>>,
    visits: Cell<u32>,
    counts: Cell<(u64, u64)>,
}

impl Oracle {
    fn words(&self) -> Vec<(String, Vec<u32>)> {
        let words = self.words.take();
        self.words.set(words.clone());
        words
    }
}

impl LocalCache for Oracle {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Result<Rc<[u32]>, Busy> {
        let (hits, misses) = self.counts.get();
        if let Some((_, ids)) = self.words().into_iter().find(|(known, _)| known == word) {
            self.counts.set((hits + 1, misses));
            return Ok(ids.into());
        }
        if self.visits.get() > 0 {
            return Err(Busy);
        }
        let ids = encode(word);
        let mut words = self.words();
        words.push((word.to_owned(), ids.clone()));
        words.sort();
        self.words.set(words);
        let (hits, misses) = self.counts.get();
        self.counts.set((hits, misses + 1));
        Ok(ids.into())
    }

    fn visit(&self, look: &mut dyn FnMut(&str, &[u32])) {
        self.visits.set(self.visits.get() + 1);
        for (word, ids) in self.words() {
            look(&word, &ids);
        }
        self.visits.set(self.visits.get() - 1);
    }

    fn clear(&self) -> Result<(), Busy> {
        if self.visits.get() > 0 {
            return Err(Busy);
        }
        self.words.set(Vec::new());
        Ok(())
    }

    fn counts(&self) -> (u64, u64) {
        self.counts.get()
    }
}

/// A cache with one flaw.
struct Flawed {
    flaw: Flaw,
    words: RefCell<BTreeMap<String, Rc<[u32]>>>,
    counts: Cell<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    BorrowsInMatch,
    HoldsAcrossEncode,
    HoldsFromMiss,
    TriesAcrossEncode,
    TakesTheMap,
    PanicsOnStore,
    PanicsOnClear,
    IgnoresRefusal,
    VisitsCopy,
    VisitsMutably,
    CountsRefusals,
    HitsAreCalls,
    MissesAreHits,
    NeverKeeps,
    RefusesHits,
    ClearsCounts,
}

impl Flawed {
    fn boxed(flaw: Flaw) -> Box<dyn LocalCache> {
        Box::new(Self { flaw, words: RefCell::default(), counts: Cell::default() })
    }

    fn count(&self, hit: bool) {
        let (hits, misses) = self.counts.get();
        let hit = hit != (self.flaw == Flaw::MissesAreHits);
        self.counts.set(if hit { (hits + 1, misses) } else { (hits, misses + 1) });
        if self.flaw == Flaw::HitsAreCalls && !hit {
            self.counts.set((hits + 1, misses + 1));
        }
    }
}

impl LocalCache for Flawed {
    fn ids(&self, word: &str, encode: &Encode<'_>) -> Result<Rc<[u32]>, Busy> {
        let encoded = || -> Rc<[u32]> { encode(word).into() };
        match self.flaw {
            Flaw::BorrowsInMatch => match self.words.borrow().get(word) {
                Some(ids) => {
                    self.count(true);
                    return Ok(Rc::clone(ids));
                }
                None => {
                    let ids = encoded();
                    self.words.borrow_mut().insert(word.to_owned(), Rc::clone(&ids));
                    return Ok(ids);
                }
            },
            Flaw::HoldsAcrossEncode => {
                let mut words = self.words.borrow_mut();
                let hit = words.contains_key(word);
                let ids = words.entry(word.to_owned()).or_insert_with(encoded).clone();
                self.count(hit);
                return Ok(ids);
            }
            Flaw::HoldsFromMiss | Flaw::TriesAcrossEncode => {
                let looking = || match self.flaw {
                    Flaw::HoldsFromMiss => Ok(self.words.borrow()),
                    _ => self.words.try_borrow().map_err(|_| Busy),
                };
                let known = looking()?.get(word).cloned();
                if let Some(ids) = known {
                    self.count(true);
                    return Ok(ids);
                }
                let mut words = match self.flaw {
                    Flaw::HoldsFromMiss => self.words.borrow_mut(),
                    _ => self.words.try_borrow_mut().map_err(|_| Busy)?,
                };
                let ids = encoded();
                words.insert(word.to_owned(), Rc::clone(&ids));
                self.count(false);
                return Ok(ids);
            }
            Flaw::TakesTheMap => {
                let mut words = self.words.try_borrow_mut().map_err(|_| Busy)?.split_off("");
                let hit = words.contains_key(word);
                let ids = words.entry(word.to_owned()).or_insert_with(encoded).clone();
                *self.words.borrow_mut() = words;
                self.count(hit);
                return Ok(ids);
            }
            Flaw::RefusesHits if self.words.try_borrow_mut().is_err() => return Err(Busy),
            _ => {}
        }
        let known = self.words.borrow().get(word).cloned();
        if let Some(ids) = known {
            self.count(true);
            return Ok(ids);
        }
        let ids = encoded();
        if self.flaw == Flaw::CountsRefusals {
            self.count(false);
        }
        match self.flaw {
            Flaw::PanicsOnStore => {
                self.words.borrow_mut().insert(word.to_owned(), Rc::clone(&ids));
            }
            Flaw::IgnoresRefusal => {
                if let Ok(mut words) = self.words.try_borrow_mut() {
                    words.insert(word.to_owned(), Rc::clone(&ids));
                }
            }
            Flaw::NeverKeeps => {}
            _ => {
                let mut words = self.words.try_borrow_mut().map_err(|_| Busy)?;
                words.insert(word.to_owned(), Rc::clone(&ids));
            }
        }
        if self.flaw != Flaw::CountsRefusals {
            self.count(false);
        }
        Ok(ids)
    }

    fn visit(&self, look: &mut dyn FnMut(&str, &[u32])) {
        match self.flaw {
            Flaw::VisitsCopy => {
                let copy = self.words.borrow().clone();
                copy.iter().for_each(|(word, ids)| look(word, ids));
            }
            Flaw::VisitsMutably => {
                self.words.borrow_mut().iter().for_each(|(word, ids)| look(word, ids));
            }
            _ => self.words.borrow().iter().for_each(|(word, ids)| look(word, ids)),
        }
    }

    fn clear(&self) -> Result<(), Busy> {
        if self.flaw == Flaw::PanicsOnClear {
            self.words.borrow_mut().clear();
            return Ok(());
        }
        self.words.try_borrow_mut().map_err(|_| Busy)?.clear();
        if self.flaw == Flaw::ClearsCounts {
            self.counts.set((0, 0));
        }
        Ok(())
    }

    fn counts(&self) -> (u64, u64) {
        self.counts.get()
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "borrows_in_the_head_of_match",
        belief: "you borrowed in the head of a `match` or `if let` and stored inside of it; the temporary still borrows there",
        answer: &|| Flawed::boxed(Flaw::BorrowsInMatch),
    },
    Wrong {
        id: "holds_the_borrow_across_encode",
        belief: "you hold a `borrow_mut` while `encode` runs, and it asks the cache",
        answer: &|| Flawed::boxed(Flaw::HoldsAcrossEncode),
    },
    Wrong {
        id: "holds_the_borrow_from_a_miss",
        belief: "you hold a `borrow_mut` while `encode` runs, and it looks into the cache",
        answer: &|| Flawed::boxed(Flaw::HoldsFromMiss),
    },
    Wrong {
        id: "refuses_encode",
        belief: "you hold a borrow while `encode` runs, and refuse what it asks; hold none, and there is nothing to refuse",
        answer: &|| Flawed::boxed(Flaw::TriesAcrossEncode),
    },
    Wrong {
        id: "takes_the_map_out",
        belief: "you took the words out while `encode` runs and put them back; what it stored meanwhile is lost",
        answer: &|| Flawed::boxed(Flaw::TakesTheMap),
    },
    Wrong {
        id: "borrow_mut_to_store",
        belief: "you stored with `borrow_mut`, which panics during a visit; `try_borrow_mut` gives an error",
        answer: &|| Flawed::boxed(Flaw::PanicsOnStore),
    },
    Wrong {
        id: "borrow_mut_to_clear",
        belief: "you cleared with `borrow_mut`, which panics during a visit; `try_borrow_mut` gives an error",
        answer: &|| Flawed::boxed(Flaw::PanicsOnClear),
    },
    Wrong {
        id: "does_not_keep_what_is_refused",
        belief: "where the words could not change, you gave the ids and kept nothing; the caller is to be told",
        answer: &|| Flawed::boxed(Flaw::IgnoresRefusal),
    },
    Wrong {
        id: "visits_a_copy",
        belief: "you lent a copy of the words, so they change during a visit; lend them themselves",
        answer: &|| Flawed::boxed(Flaw::VisitsCopy),
    },
    Wrong {
        id: "visits_mutably",
        belief: "your visit borrows mutably; it only looks, and others may look meanwhile",
        answer: &|| Flawed::boxed(Flaw::VisitsMutably),
    },
    Wrong {
        id: "refuses_what_is_there",
        belief: "you refused a word that is there; to look, `borrow` is enough",
        answer: &|| Flawed::boxed(Flaw::RefusesHits),
    },
    Wrong {
        id: "counts_refusals",
        belief: "you counted a call that was refused; count once the word is stored",
        answer: &|| Flawed::boxed(Flaw::CountsRefusals),
    },
    Wrong {
        id: "hits_are_calls",
        belief: "you counted each call as a hit; a hit is a word that was there",
        answer: &|| Flawed::boxed(Flaw::HitsAreCalls),
    },
    Wrong {
        id: "misses_for_hits",
        belief: "you counted misses as hits and hits as misses",
        answer: &|| Flawed::boxed(Flaw::MissesAreHits),
    },
    Wrong {
        id: "never_keeps",
        belief: "you gave the ids and did not keep them",
        answer: &|| Flawed::boxed(Flaw::NeverKeeps),
    },
    Wrong {
        id: "clears_the_counts",
        belief: "your `clear` forgets the counts, too; it forgets words",
        answer: &|| Flawed::boxed(Flaw::ClearsCounts),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
