//! Check `sharing.cell`: a meter that counts through `&self`.
//!
//! An input is a short script; what the meter says to each line is compared, and what it says at the end. All
//! scripts of up to four lines come, shortest first. The oracle counts in the script and keeps no state.

use std::cell::{Cell, RefCell};

use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::sharing::CELL;
use crate::sharing::parts::Meter;

type Answer = dyn Fn() -> Box<dyn Meter>;

/// Grades a meter, given by how it is made: `cell(Meter::new)`.
pub fn cell<M: Meter + 'static>(new: impl Fn() -> M + 'static) -> Verdict {
    let origin = Origin::of(&new);
    check(&move || Box::new(new()), origin)
}

#[derive(Clone, Copy, PartialEq)]
enum Line {
    Hit,
    Miss(&'static str),
    Last,
    Restart,
}

/// What a meter says to the lines that ask something, and at the end to `counts` and `last_missing`.
#[derive(PartialEq)]
struct Said {
    answers: Vec<Spoken>,
    counts: (u64, u64),
    last: Option<String>,
}

#[derive(PartialEq)]
enum Spoken {
    Last(Option<String>),
    Restart((u64, u64)),
}

fn play(meter: &dyn Meter, script: &[Line]) -> Said {
    let mut answers = Vec::new();
    for line in script {
        match *line {
            Line::Hit => meter.hit(),
            Line::Miss(word) => meter.miss(word),
            Line::Last => answers.push(Spoken::Last(meter.last_missing())),
            Line::Restart => answers.push(Spoken::Restart(meter.restart())),
        }
    }
    Said { answers, counts: meter.counts(), last: meter.last_missing() }
}

/// The oracle: looks back over the lines.
fn oracle(script: &[Line]) -> Said {
    let counts = |before: &[Line]| {
        let begin = before.iter().rposition(|line| *line == Line::Restart).unwrap_or(0);
        let of =
            |is: fn(&Line) -> bool| before[begin..].iter().filter(|line| is(line)).count() as u64;
        (of(|line| matches!(line, Line::Hit)), of(|line| matches!(line, Line::Miss(_))))
    };
    let last = |before: &[Line]| {
        before.iter().rev().find_map(|line| match line {
            Line::Miss(word) => Some((*word).to_owned()),
            _ => None,
        })
    };
    let answers = (0..script.len()).filter_map(|at| match script[at] {
        Line::Last => Some(Spoken::Last(last(&script[..at]))),
        Line::Restart => Some(Spoken::Restart(counts(&script[..at]))),
        _ => None,
    });
    Said { answers: answers.collect(), counts: counts(script), last: last(script) }
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &CELL,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, script: &Vec<Line>| play(&*answer(), script),
        call: |script| {
            let mut text = "let m = Meter::new();".to_owned();
            for line in script {
                text += &match line {
                    Line::Hit => " m.hit();".to_owned(),
                    Line::Miss(word) => format!(" m.miss({word:?});"),
                    Line::Last => " m.last_missing();".to_owned(),
                    Line::Restart => " m.restart();".to_owned(),
                };
            }
            text + " (m.counts(), m.last_missing())"
        },
        show: |said| {
            let mut text = String::new();
            for answer in &said.answers {
                text += &match answer {
                    Spoken::Last(word) => format!("{word:?}, "),
                    Spoken::Restart(counts) => format!("{counts:?}, "),
                };
            }
            format!("{text}({:?}, {:?})", said.counts, said.last)
        },
        diff: |_, _, _| Vec::new(),
    };
    const LINES: [Line; 5] =
        [Line::Hit, Line::Miss("low"), Line::Miss("er"), Line::Last, Line::Restart];
    let scripts = sequences(5, 4)
        .map(|digits| digits.iter().map(|&digit| LINES[digit as usize]).collect::<Vec<Line>>());
    // Words as short as a word can be, and one whose bytes are more than its letters.
    let others = ["", "a", "ä"].map(|word| vec![Line::Miss(word), Line::Last, Line::Hit]);
    exam.sit(scripts.chain(others).map(|script| Case {
        expected: oracle(&script),
        why: if script.contains(&Line::Restart) { RESTART } else { COUNT },
        input: script,
    }))
}

const COUNT: &str =
    "hits and misses are counted apart; the last word that was missing stays until another one is";
const RESTART: &str =
    "a restart gives what was counted and begins at 0; the last word that was missing stays";

/// A meter with one flaw.
struct Flawed {
    flaw: Flaw,
    hits: Cell<u64>,
    misses: Cell<u64>,
    last: RefCell<Option<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    TakesLast,
    KeepsFirst,
    HitForgets,
    NeverRestarts,
    RestartsHits,
    RestartForgets,
    TooLate,
    Copies,
    SameWord,
    Swapped,
}

impl Flawed {
    fn boxed(flaw: Flaw) -> Box<dyn Meter> {
        Box::new(Self { flaw, hits: Cell::new(0), misses: Cell::new(0), last: RefCell::default() })
    }
}

impl Meter for Flawed {
    fn hit(&self) {
        if self.flaw == Flaw::Copies {
            // A copy of the number is changed, and the cell is not.
            let mut hits = self.hits.get();
            hits += 1;
            let _ = hits;
            return;
        }
        self.hits.set(self.hits.get() + 1);
        if self.flaw == Flaw::HitForgets {
            *self.last.borrow_mut() = None;
        }
    }

    fn miss(&self, word: &str) {
        let mut last = self.last.borrow_mut();
        if self.flaw != Flaw::SameWord || last.as_deref() != Some(word) {
            self.misses.set(self.misses.get() + 1);
        }
        if self.flaw != Flaw::KeepsFirst || last.is_none() {
            *last = Some(word.to_owned());
        }
    }

    fn counts(&self) -> (u64, u64) {
        match self.flaw {
            Flaw::Swapped => (self.misses.get(), self.hits.get()),
            _ => (self.hits.get(), self.misses.get()),
        }
    }

    fn last_missing(&self) -> Option<String> {
        match self.flaw {
            Flaw::TakesLast => self.last.take(),
            _ => self.last.borrow().clone(),
        }
    }

    fn restart(&self) -> (u64, u64) {
        let counts = self.counts();
        if self.flaw != Flaw::NeverRestarts {
            self.hits.set(0);
        }
        if !matches!(self.flaw, Flaw::NeverRestarts | Flaw::RestartsHits) {
            self.misses.set(0);
        }
        if self.flaw == Flaw::RestartForgets {
            *self.last.borrow_mut() = None;
        }
        if self.flaw == Flaw::TooLate { self.counts() } else { counts }
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "takes_and_keeps",
        belief: "you took the word out of its cell and did not put a copy back; the next look finds nothing",
        answer: &|| Flawed::boxed(Flaw::TakesLast),
    },
    Wrong {
        id: "changes_a_copy",
        belief: "you changed what `get` gave, which is a copy; only `set` changes what is in the cell",
        answer: &|| Flawed::boxed(Flaw::Copies),
    },
    Wrong {
        id: "first_missing",
        belief: "you kept the first word that was missing; asked for is the last one",
        answer: &|| Flawed::boxed(Flaw::KeepsFirst),
    },
    Wrong {
        id: "hit_forgets",
        belief: "a hit forgets the word that was missing; only another miss replaces it",
        answer: &|| Flawed::boxed(Flaw::HitForgets),
    },
    Wrong {
        id: "counts_words",
        belief: "you counted a word that is missing again only once; each miss counts",
        answer: &|| Flawed::boxed(Flaw::SameWord),
    },
    Wrong {
        id: "swapped",
        belief: "you gave misses before hits",
        answer: &|| Flawed::boxed(Flaw::Swapped),
    },
    Wrong {
        id: "never_restarts",
        belief: "your restart gives the counts and leaves them; `take` or `replace` does both",
        answer: &|| Flawed::boxed(Flaw::NeverRestarts),
    },
    Wrong {
        id: "restarts_hits_alone",
        belief: "your restart sets the hits to 0 and leaves the misses",
        answer: &|| Flawed::boxed(Flaw::RestartsHits),
    },
    Wrong {
        id: "restart_forgets",
        belief: "your restart forgets the word, too; it is about the counts",
        answer: &|| Flawed::boxed(Flaw::RestartForgets),
    },
    Wrong {
        id: "restarts_too_soon",
        belief: "you set the counts to 0 before you read them",
        answer: &|| Flawed::boxed(Flaw::TooLate),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
