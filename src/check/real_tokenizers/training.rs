//! What the checks of the two training stages share: words with counts, an oracle, and the book.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::bpe::Pair;
use crate::check::cases::{Seeded, sequences, texts};
use crate::check::exam::{Case, Exam};
use crate::check::work::{Symbol, within};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::Stage;

/// Words with their counts.
pub(super) type Words = Vec<(Vec<Symbol>, u64)>;
pub(super) type Answer = dyn Fn(&[(Vec<Symbol>, u64)], usize) -> Vec<(Symbol, Symbol)>;

/// How many bytes a vocabulary begins with.
const BYTES: usize = 256;

/// A question to an answer.
struct Input {
    name: &'static str,
    words: Vec<(String, u64)>,
    vocab_size: usize,
    /// Of the book: how much work it may take.
    book: Option<Book>,
}

/// The book, as far as it is asked for.
///
/// Answers differ in how often they look at a pair: an ordered map compares four times as often as a hash
/// map. So a budget is a share of what the same answer takes on a smaller task.
#[derive(Clone, Copy)]
pub(super) struct Book {
    pub(super) merges: usize,
    /// How many looks an answer may take for it.
    pub(super) budget: fn(&Answer, &Words) -> u64,
    /// Said when that is spent.
    pub(super) spent: &'static str,
    /// The law of this case.
    pub(super) why: &'static str,
}

pub(super) fn check(
    (stage, name): (&'static Stage, &'static str),
    answer: &Answer,
    origin: Origin,
    wrong: &'static [Wrong<Answer>],
    book: Book,
) -> Verdict {
    let exam = Exam {
        stage,
        origin,
        answer,
        wrong,
        run: |answer, input: &Input| -> Vec<Pair> {
            let words: Words =
                input.words.iter().map(|(word, count)| (Symbol::of(word), *count)).collect();
            let merges = match input.book {
                None => answer(&words, input.vocab_size),
                Some(book) => {
                    let budget = (book.budget)(answer, &words);
                    within(budget, book.spent, || answer(&words, input.vocab_size))
                }
            };
            let ids = |(left, right)| Symbol::ids(&[left, right]);
            merges.into_iter().map(ids).map(|pair| (pair[0], pair[1])).collect()
        },
        call: |input| match input.book {
            None => format!(
                "{}(&{}, {}), each word as its symbols",
                input.name,
                diff::sequence(&input.words),
                input.vocab_size
            ),
            Some(_) => format!(
                "{}(/* the {} words of the book, data/golden/book_words.txt */, {}), and its looks are counted",
                input.name,
                input.words.len(),
                input.vocab_size
            ),
        },
        show: |merges| diff::sequence(merges),
        diff: |_, expected, got| diff::sequences(expected, got, |pair| format!("{pair:?}")),
    };
    let small = small().map(move |(words, vocab_size)| Case {
        expected: oracle(&words, vocab_size),
        input: Input { name, words, vocab_size, book: None },
        why: "a pair inside a word counts as often as the word; the highest count wins, among \
              equals the smaller pair; replace it in all words, from the left; repeat",
    });
    let real = Case {
        input: Input {
            name,
            words: book_words(),
            vocab_size: BYTES + book.merges,
            book: Some(book),
        },
        expected: book_merges(book.merges),
        why: book.why,
    };
    exam.sit(small.chain([real]))
}

/// Words and sizes that tell trainers apart, the smallest first.
fn small() -> impl Iterator<Item = (Vec<(String, u64)>, usize)> {
    let one = texts(&["a", "b"], 5).map(|word| vec![(word, 1)]);
    let short: Vec<String> = texts(&["a", "b"], 3).collect();
    let two = sequences(u32::try_from(short.len()).unwrap_or(0), 2)
        .filter(|pair| pair.len() == 2 && pair[0] < pair[1])
        .flat_map(move |pair| {
            let word = |index: usize| short[pair[index] as usize].clone();
            [(1, 1), (1, 2), (3, 1)]
                .map(|(first, second)| vec![(word(0), first), (word(1), second)])
        });
    let named = [
        vec![("abcdefgh", 1)],
        vec![("hug", 10), ("pug", 5), ("bun", 4)],
        vec![("ab", 2), ("ba", 3), ("bab", 1), ("abab", 4)],
        vec![(" the", 62_051), (" and", 38_839), ("the", 9), (" them", 6_000), (" land", 1_500)],
        vec![("é", 3), ("è", 2), ("語", 1)],
    ]
    .map(|words| words.into_iter().map(|(word, count)| (word.to_owned(), count)).collect());
    let random = (1..=20).map(|seed| {
        let mut random = Seeded::new(seed);
        let words: HashMap<String, u64> = (0..12)
            .map(|_| {
                let length = 1 + random.below(9) as usize;
                let word =
                    random.sequence(length, 3).into_iter().map(|i| ["a", "b", "c"][i as usize]);
                (word.collect(), u64::from(1 + random.below(4)))
            })
            .collect();
        let mut words: Vec<(String, u64)> = words.into_iter().collect();
        words.sort();
        words
    });
    let sized = |words: Vec<(String, u64)>| [256, 257, 258, 262].map(|size| (words.clone(), size));
    let edge = (vec![("ab".to_owned(), 1)], 0);
    let none: (Vec<(String, u64)>, usize) = (Vec::new(), 300);
    [none, edge]
        .into_iter()
        .chain(one.chain(two).chain(named).flat_map(sized))
        .chain(random.map(|words| (words, 280)))
}

/// The oracle: count everything anew for each merge.
fn oracle(words: &[(String, u64)], vocab_size: usize) -> Vec<Pair> {
    let mut words: Vec<(Vec<u32>, u64)> =
        words.iter().map(|(word, count)| (word.bytes().map(u32::from).collect(), *count)).collect();
    let mut merges = Vec::new();
    for new in (256..).take(vocab_size.saturating_sub(BYTES)) {
        let mut counts: HashMap<Pair, u64> = HashMap::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_insert(0) += count;
            }
        }
        let best = counts.into_iter().max_by_key(|&(pair, count)| (count, Reverse(pair)));
        let Some((pair, _)) = best else { break };
        for (word, _) in &mut words {
            *word = crate::check::bpe::replace(word, pair, new);
        }
        merges.push(pair);
    }
    merges
}

/// The pieces of the book under GPT-2's pattern with their counts, as `fancy-regex` cuts it.
pub(super) fn book_words() -> Vec<(String, u64)> {
    let lines = include_str!("../../../data/golden/book_words.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(count, word)| Some((word.replace("\\n", "\n"), count.parse().ok()?)))
        .collect()
}

/// The first merges that these words teach, as the `tokenizers` crate finds them.
pub(super) fn book_merges(count: usize) -> Vec<Pair> {
    let lines = include_str!("../../../data/golden/book_merges.txt").lines();
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(left, right)| Some((left.parse().ok()?, right.parse().ok()?)))
        .take(count)
        .collect()
}

/// A trainer that keeps its counts up to date, with the places where it may go wrong as fields.
pub(super) struct Flawed {
    /// A pair counts as often as its word.
    pub(super) weighs: bool,
    /// Each word stands by itself.
    pub(super) separate: bool,
    /// `aaa` holds `aa` twice.
    pub(super) overlaps: bool,
    /// A word that holds a pair twice counts it twice.
    pub(super) repeats: bool,
    /// Among equals the smaller pair wins.
    pub(super) smaller: bool,
    /// The size of the vocabulary counts the bytes.
    pub(super) counts_bytes: bool,
    /// All counts are made anew for each merge.
    pub(super) recounts: bool,
    /// What goes off the heap is compared with the true count.
    pub(super) compares: bool,
    /// An entry that was too high goes back with its true count.
    pub(super) puts_back: bool,
    /// Pairs that a merge destroys lose their counts.
    pub(super) takes_away: bool,
    /// Pairs that a merge makes are pushed.
    pub(super) pushes: bool,
    /// Words are noted in the index of the pairs that a merge makes.
    pub(super) indexes: bool,
    /// How many merges too many are learned.
    pub(super) more: usize,
}

pub(super) const RIGHT: Flawed = Flawed {
    weighs: true,
    separate: true,
    overlaps: true,
    repeats: true,
    smaller: true,
    counts_bytes: true,
    recounts: false,
    compares: true,
    puts_back: true,
    takes_away: true,
    pushes: true,
    indexes: true,
    more: 0,
};

/// Orders entries of the heap.
type Entry = (u64, Result<Reverse<(Symbol, Symbol)>, (Symbol, Symbol)>);

impl Flawed {
    pub(super) fn train(
        &self,
        words: &[(Vec<Symbol>, u64)],
        vocab_size: usize,
    ) -> Vec<(Symbol, Symbol)> {
        let mut words = words.to_vec();
        if !self.weighs {
            words.iter_mut().for_each(|(_, count)| *count = 1);
        }
        if !self.separate {
            let all = words.iter().flat_map(|(word, count)| word.repeat((*count).min(9) as usize));
            words = vec![(all.collect(), 1)];
        }
        let wanted =
            (vocab_size + self.more).saturating_sub(if self.counts_bytes { BYTES } else { 0 });
        let entry = |pair, count| -> Entry {
            (count, if self.smaller { Ok(Reverse(pair)) } else { Err(pair) })
        };
        let mut counts: HashMap<(Symbol, Symbol), u64> = HashMap::new();
        let mut holders: HashMap<(Symbol, Symbol), Vec<usize>> = HashMap::new();
        for (index, (word, count)) in words.iter().enumerate() {
            for pair in self.pairs(word) {
                *counts.entry(pair).or_insert(0) += count;
                holders.entry(pair).or_default().push(index);
            }
        }
        let mut heap: std::collections::BinaryHeap<Entry> =
            counts.iter().map(|(&pair, &count)| entry(pair, count)).collect();
        let mut merges = Vec::new();
        while merges.len() < wanted {
            if self.recounts {
                counts.clear();
                for (word, count) in &words {
                    for pair in self.pairs(word) {
                        *counts.entry(pair).or_insert(0) += count;
                    }
                }
                heap = counts.iter().map(|(&pair, &count)| entry(pair, count)).collect();
            }
            let Some((count, pair)) = heap.pop() else { break };
            let pair = match pair {
                Ok(Reverse(pair)) | Err(pair) => pair,
            };
            let truth = counts.get(&pair).copied().unwrap_or(0);
            if self.compares && truth != count {
                if self.puts_back && 0 < truth && truth < count {
                    heap.push(entry(pair, truth));
                }
                continue;
            }
            let new = Symbol::new(u32::try_from(BYTES + merges.len()).unwrap_or(0));
            merges.push(pair);
            let mut visit = holders.remove(&pair).unwrap_or_default();
            visit.dedup();
            let mut grown = Vec::new();
            for index in visit {
                let (word, count) = &mut words[index];
                if self.takes_away {
                    for pair in self.pairs(word) {
                        *counts.entry(pair).or_insert(0) -= *count;
                    }
                }
                replace(word, pair, new);
                for pair in self.pairs(word) {
                    let fresh = pair.0 == new || pair.1 == new;
                    if self.takes_away || fresh {
                        *counts.entry(pair).or_insert(0) += *count;
                    }
                    if fresh && self.indexes {
                        holders.entry(pair).or_default().push(index);
                    }
                    if fresh {
                        grown.push(pair);
                    }
                }
            }
            counts.remove(&pair);
            if self.pushes {
                heap.extend(grown.into_iter().map(|pair| entry(pair, counts[&pair])));
            }
        }
        merges
    }

    fn pairs(&self, word: &[Symbol]) -> Vec<(Symbol, Symbol)> {
        let mut pairs: Vec<(Symbol, Symbol)> = Vec::new();
        let mut last = None;
        for (at, pair) in word.windows(2).enumerate() {
            let pair = (pair[0], pair[1]);
            let overlaps =
                !self.overlaps && last == at.checked_sub(1) && pairs.last() == Some(&pair);
            if overlaps || !self.repeats && pairs.contains(&pair) {
                continue;
            }
            last = Some(at);
            pairs.push(pair);
        }
        pairs
    }
}

/// Replaces a pair by its new symbol, from the left.
fn replace(word: &mut Vec<Symbol>, pair: (Symbol, Symbol), new: Symbol) {
    let mut at = 0;
    while at + 1 < word.len() {
        if (word[at], word[at + 1]) == pair {
            word.splice(at..at + 2, [new]);
        }
        at += 1;
    }
}
