//! Check `real_tokenizers.encode_fast`: the ids of the slow way, with looks that grow as n log n.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::training::book_merges;
use crate::bpe::Pair;
use crate::check::cases::{HARD_TEXTS, Seeded, texts};
use crate::check::exam::{Case, Exam, graded};
use crate::check::work::{Merges, Symbol, within};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::real_tokenizers::ENCODE_FAST;

type Answer = dyn Fn(&[Symbol], &Merges) -> Vec<Symbol>;

/// A list of merges by name, a word by name, and how many looks it may take.
struct Input {
    merges: List,
    word: String,
    budget: u64,
}

/// Which merges.
#[derive(Clone, Copy)]
enum List {
    These(&'static [Pair]),
    /// `aa`, `aaaa` and so on: each merge doubles the one before.
    Doubling,
    /// The thousand merges of the book.
    Book,
}

impl List {
    fn pairs(self) -> Vec<Pair> {
        match self {
            Self::These(pairs) => pairs.to_vec(),
            Self::Doubling => [(97, 97)].into_iter().chain((256..272).map(|id| (id, id))).collect(),
            Self::Book => book_merges(1_000),
        }
    }
}

/// Said when the looks are spent.
const SPENT: &str = "stopped: that many looks are spent, and it was not done";

/// Looks a letter and a doubling of the length may take; the reference answer takes a third of it.
const LOOKS: u64 = 8;

/// Grades a function from a word and merges to the symbols that the word becomes.
pub fn encode_fast(answer: impl Fn(&[Symbol], &Merges) -> Vec<Symbol> + 'static) -> Verdict {
    check(&answer, Origin::of(&answer))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &ENCODE_FAST,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input: &Input| {
            let (word, merges) = (Symbol::of(&input.word), Merges::new(&input.merges.pairs()));
            let symbols = within(input.budget, SPENT, || answer(&word, &merges));
            Symbol::ids(&symbols)
        },
        call: |input| {
            let merges = match input.merges {
                List::These(pairs) => format!("Merges::new(&{pairs:?})"),
                List::Doubling => "/* aa, aaaa, … each merge doubles the one before */".to_owned(),
                List::Book => "/* the 1000 merges of data/golden/book_merges.txt */".to_owned(),
            };
            let word = match input.word.len() {
                0..80 => format!("Symbol::of({:?})", input.word),
                n => format!("/* {n} letters, {:?}… */", &input.word[..12]),
            };
            let looks = match input.budget {
                u64::MAX => String::new(),
                budget => format!(", with at most {budget} looks"),
            };
            format!("encode_fast(&{word}, &{merges}){looks}")
        },
        show: |ids| diff::sequence(ids),
        diff: |input, expected, got| {
            let mut vocabulary: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
            for (left, right) in input.merges.pairs() {
                let token = [&vocabulary[left as usize][..], &vocabulary[right as usize]].concat();
                vocabulary.push(token);
            }
            diff::tokens(expected, got, &|id| vocabulary.get(id as usize).cloned())
        },
    };
    exam.sit(cases().map(|(merges, word, why)| Case {
        expected: oracle(&merges.pairs(), &word),
        input: Input { merges, budget: budget(word.len()), word },
        why,
    }))
}

/// Small words have no budget: they are there for the ids.
fn budget(length: usize) -> u64 {
    match length as u64 {
        0..200 => u64::MAX,
        n => LOOKS * n * u64::from(n.ilog2() + 1),
    }
}

fn cases() -> impl Iterator<Item = (List, String, &'static str)> {
    const LISTS: [List; 6] = [
        List::These(&[]),
        List::These(&[(97, 98)]),
        List::These(&[(97, 97), (256, 97)]),
        List::These(&[(97, 98), (98, 97), (257, 98)]),
        List::These(&[(98, 97), (97, 98), (256, 256), (97, 258)]),
        List::Doubling,
    ];
    const IDS: &str = "while any neighbours can merge, the pair learned first goes first, the leftmost first among equals";
    const GROWTH: &str = "the ids are those of the slow way, and the looks grow as n log n: a merge changes \
                          two neighbours, so nothing else is looked at again";
    // Merges in which a pair comes to make another symbol than its entry in the heap says.
    const CHANGING: List = List::These(&[(98, 99), (97, 98), (256, 100), (97, 256)]);
    let small =
        texts(&["a", "b"], 7).flat_map(|word| LISTS.map(|merges| (merges, word.clone(), IDS)));
    let hard = HARD_TEXTS.iter().map(|&word| (List::Book, word.to_owned(), IDS));
    let runs =
        [250, 1_000, 4_000, 100_000].map(|length| (List::Doubling, "a".repeat(length), GROWTH));
    let random = [1_000, 20_000].map(|length| {
        let letters = Seeded::new(7).sequence(length, 26);
        let word = letters.into_iter().filter_map(|i| char::from_u32(97 + i)).collect();
        (List::Book, word, GROWTH)
    });
    let changing = texts(&["a", "b", "c", "d"], 4).map(|word| (CHANGING, word, IDS));
    small.chain(changing).chain(hard).chain(runs).chain(random)
}

/// The oracle: replay every merge on the whole word, in order.
fn oracle(merges: &[Pair], word: &str) -> Vec<u32> {
    let ids = word.bytes().map(u32::from).collect();
    let steps = merges.iter().zip(256..);
    steps.fold(ids, |ids: Vec<u32>, (&pair, new)| match ids.len() {
        0 | 1 => ids,
        _ => crate::check::bpe::replace(&ids, pair, new),
    })
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "searches_again",
        belief: "right, and too much work: such as a search through all neighbours for each merge; keep them in a heap",
        answer: &|word, merges| {
            let mut word = word.to_vec();
            let best = |word: &[Symbol]| {
                let pairs = word.windows(2).enumerate();
                pairs.filter_map(|(at, pair)| Some((merges.get(pair[0], pair[1])?, at))).min()
            };
            while let Some((new, at)) = best(&word) {
                word.splice(at..at + 2, [new]);
            }
            word
        },
    },
    Wrong {
        id: "remembers_ranks",
        belief: "right, and too much work: such as a search through what all neighbours make for each merge, though that is kept; keep it in a heap",
        answer: &|word, merges| {
            let mut word = word.to_vec();
            let makes = |word: &[Symbol], at: usize| merges.get(word[at], *word.get(at + 1)?);
            let mut made: Vec<Option<Symbol>> =
                (0..word.len()).map(|at| makes(&word, at)).collect();
            while let Some((new, at)) =
                made.iter().enumerate().filter_map(|(at, new)| Some(((*new)?, at))).min()
            {
                word.splice(at..at + 2, [new]);
                made.remove(at + 1);
                made[at] = makes(&word, at);
                if let Some(before) = at.checked_sub(1) {
                    made[before] = makes(&word, before);
                }
            }
            word
        },
    },
    Wrong {
        id: "believes_the_heap",
        belief: "you merged what came off the heap without asking whether that pair is still there",
        answer: &|word, merges| Flawed { asks: Asks::Alive, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "asks_for_any_merge",
        belief: "you asked whether the neighbours can merge, not whether they make this symbol",
        answer: &|word, merges| Flawed { asks: Asks::Any, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "takes_what_is_there_now",
        belief: "you merged to whatever the neighbours make by now; that has a priority of its own, and is elsewhere in the heap",
        answer: &|word, merges| Flawed { asks: Asks::Now, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "rightmost_on_ties",
        belief: "among equal symbols the heap gave you the rightmost place; the leftmost goes first",
        answer: &|word, merges| Flawed { leftmost: false, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "largest_first",
        belief: "a `BinaryHeap` gives the largest; wrap entries in `Reverse` to get the symbol learned first",
        answer: &|word, merges| Flawed { smallest: false, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "forgets_the_left",
        belief: "after a merge the pair to its left was not pushed: forgotten, or the part behind was not told who is before it now",
        answer: &|word, merges| Flawed { left: false, ..RIGHT }.encode(word, merges),
    },
    Wrong {
        id: "forgets_the_right",
        belief: "after a merge you pushed the pair to its left and forgot the one to its right",
        answer: &|word, merges| Flawed { right: false, ..RIGHT }.encode(word, merges),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

/// An encoder with a heap, with the places where it may go wrong as fields.
struct Flawed {
    asks: Asks,
    leftmost: bool,
    smallest: bool,
    left: bool,
    right: bool,
}

/// What is asked of an entry that comes off the heap.
enum Asks {
    /// Do the neighbours make this symbol?
    Same,
    /// Do they make any?
    Any,
    /// Do they make any, and if so that one?
    Now,
    /// Are there two of them?
    Alive,
}

const RIGHT: Flawed =
    Flawed { asks: Asks::Same, leftmost: true, smallest: true, left: true, right: true };

impl Flawed {
    fn encode(&self, word: &[Symbol], merges: &Merges) -> Vec<Symbol> {
        let mut parts: Vec<Option<Symbol>> = word.iter().copied().map(Some).collect();
        let after = |parts: &[Option<Symbol>], at: usize| {
            (at + 1..parts.len()).find(|&next| parts[next].is_some())
        };
        let makes =
            |parts: &[Option<Symbol>], at: usize| merges.get(parts[at]?, parts[after(parts, at)?]?);
        let entry = |new: Symbol, at: usize| {
            let place = if self.leftmost { at } else { usize::MAX - at };
            let symbol = if self.smallest { Ok(Reverse(new)) } else { Err(new) };
            (symbol, Reverse(place), new, at)
        };
        let mut heap: BinaryHeap<_> =
            (0..parts.len()).filter_map(|at| Some(entry(makes(&parts, at)?, at))).collect();
        while let Some((_, _, new, at)) = heap.pop() {
            let holds = match self.asks {
                Asks::Same => makes(&parts, at) == Some(new),
                Asks::Any | Asks::Now => makes(&parts, at).is_some(),
                Asks::Alive => parts[at].is_some() && after(&parts, at).is_some(),
            };
            let Some(next) = after(&parts, at).filter(|_| holds) else { continue };
            let now = makes(&parts, at).filter(|_| matches!(self.asks, Asks::Now));
            let new = now.unwrap_or(new);
            parts[at] = Some(new);
            parts[next] = None;
            if let Some(new) = makes(&parts, at).filter(|_| self.right) {
                heap.push(entry(new, at));
            }
            let before = (0..at).rev().find(|&before| parts[before].is_some());
            if let Some(before) = before.filter(|_| self.left)
                && let Some(new) = makes(&parts, before)
            {
                heap.push(entry(new, before));
            }
        }
        parts.into_iter().flatten().collect()
    }
}
