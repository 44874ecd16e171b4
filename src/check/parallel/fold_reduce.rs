//! Check `parallel.fold_reduce`: merge two maps, fold and reduce over anything, count pairs with both.
//!
//! The accumulators are ours, so how the work went is counted and not timed: how many were made, and how many
//! items went into each of them directly. A map that all threads share took every item, and so did a loop;
//! work that was cut has no such accumulator, whatever was stolen. How many there are is asked on one thread,
//! where Rayon cuts the list once.
//!
//! Last come cases in which `add` yields to other work, which shows that threads are at work at all (see
//! [`Watch`]). An answer that shares one accumulator behind a lock would wait for itself there; it does not get
//! that far.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::pools::{Watch, within};
use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::parallel::FOLD_REDUCE;

type Pair = (u32, u32);
type Counts = HashMap<Pair, u64>;
type Sorted = BTreeMap<Pair, u64>;

/// What is asked.
enum Input {
    Merge(Sorted, Sorted),
    Fold { threads: usize, items: u32, look: Look },
    Count { threads: usize, documents: Vec<Vec<u32>> },
}

/// What to look at besides the items that are there in the end.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// Whether one accumulator took them all, which with one thread it may. Not at their order.
    Shares,
    /// How many accumulators were made.
    Accumulators,
    /// Whether their order is kept and `add` is called by all, when `add` yields.
    Threads,
}

#[derive(PartialEq)]
enum Output {
    Counts(Sorted),
    /// The items of the accumulator that came back.
    Folded(Vec<u32>),
    /// One accumulator took all of several items, with several threads.
    OneTookAll,
    /// So many accumulators, each to be merged.
    TooMany(usize),
    /// What is right, and one call after the other.
    InALoop,
}

/// An accumulator that counts what it is given.
#[derive(Debug)]
pub struct Part {
    items: Vec<u32>,
    /// How many came by `add` and not by a merge.
    added: usize,
}

type New<'a> = &'a (dyn Fn() -> Part + Sync);
type Add<'a> = &'a (dyn Fn(&mut Part, &u32) + Sync);
type Merge<'a> = &'a (dyn Fn(&mut Part, Part) + Sync);

type FoldReduce = dyn Fn(&[u32], New<'_>, Add<'_>, Merge<'_>) -> Part + Sync;

/// The three functions that are asked for.
struct Functions<'a> {
    merge: &'a (dyn Fn(&mut Counts, Counts) + Sync),
    fold_reduce: &'a FoldReduce,
    count_pairs: &'a (dyn Fn(&[Vec<u32>]) -> Counts + Sync),
}

type Answer = dyn Fn(&Input) -> Output;

/// Grades a merge of two maps, a fold over items of any kind, and the counting of pairs.
pub fn fold_reduce(
    merge: impl Fn(&mut Counts, Counts) + Sync + 'static,
    fold_reduce: impl Fn(&[u32], New<'_>, Add<'_>, Merge<'_>) -> Part + Sync + 'static,
    count_pairs: impl Fn(&[Vec<u32>]) -> Counts + Sync + 'static,
) -> Verdict {
    let origin = Origin::of(&fold_reduce);
    let answer = move |input: &Input| {
        let functions =
            Functions { merge: &merge, fold_reduce: &fold_reduce, count_pairs: &count_pairs };
        functions.run(input)
    };
    check(&answer, origin)
}

impl Functions<'_> {
    fn run(&self, input: &Input) -> Output {
        match input {
            Input::Merge(into, from) => {
                let mut into: Counts = into.clone().into_iter().collect();
                (self.merge)(&mut into, from.clone().into_iter().collect());
                Output::Counts(into.into_iter().collect())
            }
            Input::Count { threads, documents } => {
                let counts = within(*threads, || (self.count_pairs)(documents));
                Output::Counts(counts.into_iter().collect())
            }
            Input::Fold { threads, items, look } => self.fold(*threads, *items, *look),
        }
    }

    fn fold(&self, threads: usize, count: u32, look: Look) -> Output {
        let items: Vec<u32> = (0..count).collect();
        let (made, most, watch) = (AtomicUsize::new(0), AtomicUsize::new(0), Watch::default());
        let new = || {
            made.fetch_add(1, Ordering::Relaxed);
            Part { items: Vec::new(), added: 0 }
        };
        let put = |part: &mut Part, item: &u32| {
            part.items.push(*item);
            part.added += 1;
            most.fetch_max(part.added, Ordering::Relaxed);
        };
        let add = |part: &mut Part, item: &u32| match look {
            Look::Threads => watch.call(|| put(part, item)),
            Look::Shares | Look::Accumulators => put(part, item),
        };
        let merge = |part: &mut Part, other: Part| part.items.extend(other.items);
        let mut items = within(threads, || (self.fold_reduce)(&items, &new, &add, &merge)).items;
        let (made, most) = (made.into_inner(), most.into_inner());
        let several = threads > 1 && count > 1;
        if look == Look::Shares {
            items.sort_unstable();
        }
        match look {
            Look::Shares if several && most == count as usize => Output::OneTookAll,
            Look::Accumulators if made > count as usize / 2 => Output::TooMany(made),
            Look::Threads if several && !watch.shared_out() && items.is_sorted() => Output::InALoop,
            _ => Output::Folded(items),
        }
    }
}

/// Right ones, for those who err elsewhere.
const RIGHT: Functions<'static> = Functions {
    merge: &|into, from| {
        from.into_iter().for_each(|(pair, count)| *into.entry(pair).or_default() += count);
    },
    fold_reduce: &|items, new, add, merge| {
        let parts = items.par_iter().fold(new, |mut part, item| {
            add(&mut part, item);
            part
        });
        parts.reduce(new, |mut left, right| {
            merge(&mut left, right);
            left
        })
    },
    count_pairs: &|documents| {
        let mut counts = Counts::new();
        documents.iter().for_each(|document| put_pairs(document.windows(2), &mut counts));
        counts
    },
};

fn put_pairs<'a>(pairs: impl Iterator<Item = &'a [u32]>, counts: &mut Counts) {
    pairs.for_each(|pair| *counts.entry((pair[0], pair[1])).or_default() += 1);
}

/// One accumulator with these items.
fn one(items: &[u32], new: New<'_>, add: Add<'_>) -> Part {
    let mut part = new();
    items.iter().for_each(|item| add(&mut part, item));
    part
}

/// All parts merged to the first.
fn merged(parts: Vec<Part>, new: New<'_>, merge: Merge<'_>) -> Part {
    let joined = parts.into_iter().reduce(|mut left, right| {
        merge(&mut left, right);
        left
    });
    joined.unwrap_or_else(new)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "overwrites",
        belief: "you put the counts of one map in the place of the other's, as `extend` does",
        answer: &|input| Functions { merge: &|into, from| into.extend(from), ..RIGHT }.run(input),
    },
    Wrong {
        id: "keeps_its_own",
        belief: "you took over what is missing only: `or_insert(count)` does nothing where a pair is there",
        answer: &|input| {
            let merge = |into: &mut Counts, from: Counts| {
                for (pair, count) in from {
                    into.entry(pair).or_insert(count);
                }
            };
            Functions { merge: &merge, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "counts_entries",
        belief: "you counted each pair of the other map once, however often it had been seen",
        answer: &|input| {
            let merge = |into: &mut Counts, from: Counts| {
                from.into_keys().for_each(|pair| *into.entry(pair).or_default() += 1);
            };
            Functions { merge: &merge, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "locks_a_shared_map",
        belief: "you had all threads put their items into one accumulator behind a lock, where they wait for each other",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, _: Merge<'_>| {
                let shared = Mutex::new(new());
                items.par_iter().for_each(|item| {
                    add(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), item);
                });
                shared.into_inner().unwrap_or_else(PoisonError::into_inner)
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "one_loop",
        belief: "you put all items into one accumulator in a loop: `iter` and not `par_iter`",
        answer: &|input| {
            Functions { fold_reduce: &|items, new, add, _| one(items, new, add), ..RIGHT }
                .run(input)
        },
    },
    Wrong {
        id: "one_for_each_item",
        belief: "you made an accumulator for each item, as `map` and `reduce` do: each of them has to be merged",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, merge: Merge<'_>| {
                let parts = items.par_iter().map(|item| one(&[*item], new, add));
                parts.reduce(new, |mut left, right| {
                    merge(&mut left, right);
                    left
                })
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "forgets_parts",
        belief: "you kept one of the accumulators and lost the others: `fold` gives one for each part of the list",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, _: Merge<'_>| {
                let (left, right) = items.split_at(items.len() / 2);
                rayon::join(|| one(left, new, add), || one(right, new, add)).1
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "right_before_left",
        belief: "you merged the left neighbour into the right one, which turns the order around",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, merge: Merge<'_>| {
                let (left, right) = items.split_at(items.len() / 2);
                let (left, mut right) =
                    rayon::join(|| one(left, new, add), || one(right, new, add));
                merge(&mut right, left);
                right
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "merged_as_they_end",
        belief: "you merged accumulators in the order in which they got done; neighbours belong together",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, merge: Merge<'_>| {
                let parts = Mutex::new(Vec::new());
                items.par_chunks(items.len().div_ceil(2).max(1)).for_each(|items| {
                    let part = one(items, new, add);
                    parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
                });
                merged(parts.into_inner().unwrap_or_else(PoisonError::into_inner), new, merge)
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "parts_in_a_loop",
        belief: "you cut the list and did one part after the other: `chunks` and not `par_chunks`",
        answer: &|input| {
            let fold_reduce = |items: &[u32], new: New<'_>, add: Add<'_>, merge: Merge<'_>| {
                let chunks = items.chunks(items.len().div_ceil(2).max(1));
                merged(chunks.map(|items| one(items, new, add)).collect(), new, merge)
            };
            Functions { fold_reduce: &fold_reduce, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "across_documents",
        belief: "you joined the documents, and counted pairs of the last token of one with the first of the next",
        answer: &|input| {
            let count_pairs = |documents: &[Vec<u32>]| {
                let mut counts = Counts::new();
                put_pairs(documents.concat().windows(2), &mut counts);
                counts
            };
            Functions { count_pairs: &count_pairs, ..RIGHT }.run(input)
        },
    },
    Wrong {
        id: "every_other_pair",
        belief: "you cut documents into pairs; a token belongs to two of them, one with each neighbour",
        answer: &|input| {
            let count_pairs = |documents: &[Vec<u32>]| {
                let mut counts = Counts::new();
                let mut put =
                    |document: &Vec<u32>| put_pairs(document.chunks_exact(2), &mut counts);
                documents.iter().for_each(&mut put);
                counts
            };
            Functions { count_pairs: &count_pairs, ..RIGHT }.run(input)
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &FOLD_REDUCE,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, input| answer(input),
        call: |input| match input {
            Input::Merge(into, from) => format!("merge(&mut {into:?}, {from:?})"),
            Input::Fold { threads, items, look } => format!(
                "fold_reduce(0..{items}, ..) with threads: {threads}{}",
                match look {
                    Look::Shares | Look::Accumulators => "",
                    Look::Threads => ", where `add` lets other work go first",
                }
            ),
            Input::Count { threads, documents } => {
                format!("count_pairs({documents:?}) with threads: {threads}")
            }
        },
        show: |output| match output {
            Output::Counts(counts) => format!("{counts:?}"),
            Output::Folded(items) => format!("{items:?}"),
            Output::OneTookAll => "one accumulator took every item".to_owned(),
            Output::TooMany(made) => format!("{made} accumulators were made"),
            Output::InALoop => "the items, by one call of `add` after the other".to_owned(),
        },
        diff: |_, _, _| Vec::new(),
    };
    exam.sit(merges().chain(folds()).chain(counts()))
}

const MAPS: &[&[(Pair, u64)]] =
    &[&[((1, 2), 3)], &[], &[((1, 2), 1), ((2, 2), 1)], &[((2, 1), 5)], &[((2, 2), 7)]];

fn merges() -> impl Iterator<Item = Case<Input, Output>> {
    let sorted = |map: &[(Pair, u64)]| -> Sorted { map.iter().copied().collect() };
    // A pair of which both have another count comes first: it tells most beliefs apart.
    let first = [(MAPS[0], MAPS[2])];
    let orders = MAPS.iter().flat_map(|into| MAPS.iter().map(move |from| (*into, *from)));
    first.into_iter().chain(orders).map(move |(into, from)| {
        let mut sum = sorted(into);
        for (pair, count) in from {
            *sum.entry(*pair).or_default() += count;
        }
        Case {
            input: Input::Merge(sorted(into), sorted(from)),
            expected: Output::Counts(sum),
            why: "a pair was seen as often as both maps say together",
        }
    })
}

fn folds() -> impl Iterator<Item = Case<Input, Output>> {
    let shares = (1..=8).flat_map(|threads| {
        let counts: &[u32] = if threads < 3 { &[1, 0, 2, 3, 4, 9] } else { &[9] };
        counts.iter().map(move |&items| (threads, items, Look::Shares))
    });
    // On one thread Rayon cuts a list once, and things get done in the same order each time.
    let accumulators = [(1, 64, Look::Accumulators)];
    let threads = (1..=8).map(|threads| (threads, 6, Look::Threads));
    shares.chain(accumulators).chain(threads).map(|(threads, items, look)| Case {
        input: Input::Fold { threads, items, look },
        expected: Output::Folded((0..items).collect()),
        why: match look {
            Look::Shares => {
                "each item goes into one accumulator, once; with several threads no accumulator takes all of \
                 them, so nobody waits for it"
            }
            Look::Accumulators => {
                "an accumulator belongs to a part of the list and not to an item, since each has to be merged; \
                 neighbours are merged, the left one first"
            }
            Look::Threads => {
                "parts are done by several threads, and neighbours are merged, the left one first, whoever got \
                 done first"
            }
        },
    })
}

fn counts() -> impl Iterator<Item = Case<Input, Output>> {
    let two = sequences(2, 3).flat_map(|a| sequences(2, 2).map(move |b| vec![a.clone(), b]));
    let small = [vec![]].into_iter().chain(two).map(|documents| (1, documents));
    let large = (1..=8).map(|threads| {
        let mut seeded = Seeded::new(threads as u64);
        (threads, (0..20).map(|length| seeded.sequence(length, 3)).collect())
    });
    small.chain(large).map(|(threads, documents)| Case {
        expected: Output::Counts(oracle(&documents)),
        input: Input::Count { threads, documents },
        why: "each pair of neighbours in a document is counted, for any number of threads as for one",
    })
}

/// The oracle: two places, a step at a time.
fn oracle(documents: &[Vec<u32>]) -> Sorted {
    let mut counts = Sorted::new();
    for document in documents {
        for right in 1..document.len() {
            let pair = (document[right - 1], document[right]);
            counts.insert(pair, counts.get(&pair).unwrap_or(&0) + 1);
        }
    }
    counts
}
