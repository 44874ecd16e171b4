//! Check `real_tokenizers.repair_quadratic`: the ids of a piece, and how many ranks were looked up.
//!
//! Time is not measured. The check hands out the function that looks a rank up, and counts its calls. An
//! answer knows the vocabulary through this function alone, so it cannot get around it; and each case
//! has another vocabulary or another piece, so nothing can be kept from one to the next.
//!
//! A right answer needs n - 1 calls for the first pairs, at most two a merge, and one a token at the end.
//! With m merges there are n - m tokens: 2n + m - 1 calls at most, and m < n. So 3n is enough for all.
//!
//! What gets through: the bug with a cache before `rank`. It asks for each pair of parts once, and there are
//! no more than 3n of those either. No count of calls can tell the two apart; the task says that a
//! cache is a look-up.

use std::cell::Cell;

use crate::check::cases::{Seeded, sequences};
use crate::check::exam::{Case, Exam, graded};
use crate::check::{Origin, Verdict, Wrong, diff};
use crate::course::real_tokenizers::REPAIR_QUADRATIC;

type Rank<'a> = &'a dyn Fn(&[u8]) -> Option<u32>;
type Answer = dyn Fn(&[u8], Rank<'_>) -> Vec<u32>;

/// Grades a function from a piece and the ranks of tokens to the ids.
pub fn repair_quadratic(
    answer: impl Fn(&[u8], &dyn Fn(&[u8]) -> Option<u32>) -> Vec<u32> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

/// Tokens in the order of their ranks.
type Tokens = &'static [&'static str];

/// Vocabularies in which the order of merges matters.
const VOCABULARIES: [Tokens; 4] = [
    &["a", "b", "ab", "aa", "aab"],
    &["a", "b", "aa", "aaaa", "ab", "ba"],
    &["a", "b", "ba", "aba", "ab", "abab", "bab"],
    &["a", "b", "aa", "bb", "aaaa", "bbbb", "aaaaaaaa", "aabb", "aaaabbbb"],
];

/// Calls a byte that are allowed: twice what the fix needs, since another right answer asks again before it
/// merges.
const CALLS: usize = 6;

/// Ids, and how many ranks were looked up for them.
struct Encoded {
    ids: Vec<u32>,
    /// `None` for what is expected: any number up to what is allowed.
    calls: Option<usize>,
    allowed: usize,
}

impl PartialEq for Encoded {
    /// How many calls there were does not matter, as long as they are not too many.
    fn eq(&self, other: &Self) -> bool {
        let too_many = |encoded: &Self| encoded.calls.is_some_and(|calls| calls > encoded.allowed);
        self.ids == other.ids && too_many(self) == too_many(other)
    }
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &REPAIR_QUADRATIC,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, (tokens, piece): &(Tokens, String)| {
            let calls = Cell::new(0);
            let rank = |token: &[u8]| {
                calls.set(calls.get() + 1);
                rank(tokens, token)
            };
            let ids = answer(piece.as_bytes(), &rank);
            Encoded { ids, calls: Some(calls.get()), allowed: CALLS * piece.len() }
        },
        call: |(tokens, piece)| {
            format!(
                "repair_quadratic(b{}, rank)  with the tokens {}",
                diff::text(piece),
                tokens.join(" ")
            )
        },
        show: |Encoded { ids, calls, allowed }| {
            let ids = diff::sequence(ids);
            match calls {
                None => format!("{ids}, with at most {allowed} calls of `rank`"),
                Some(calls) => format!("{ids}, with {calls} calls of `rank`"),
            }
        },
        diff: |_, expected, got| diff::sequences(&expected.ids, &got.ids, |id| id.to_string()),
    };
    let letters = |ids: Vec<u32>| ids.iter().map(|id| if *id == 0 { 'a' } else { 'b' }).collect();
    let small: Vec<String> = sequences(2, 8).map(letters).collect();
    let small =
        small.into_iter().flat_map(|piece| VOCABULARIES.map(|tokens| (tokens, piece.clone())));
    let long = [
        "a".repeat(300),
        "ab".repeat(150),
        "aab".repeat(100),
        letters(Seeded::new(5).sequence(300, 2)),
    ];
    let long =
        long.into_iter().flat_map(|piece| VOCABULARIES.map(|tokens| (tokens, piece.clone())));
    exam.sit(small.chain(long).map(|input| Case {
        expected: Encoded { ids: oracle(&input), calls: None, allowed: CALLS * input.1.len() },
        input,
        why: "the neighbours with the lowest rank merge, the leftmost of equal ones; a merge changes the \
              ranks of two pairs, so 3n calls of `rank` are enough for n bytes, and 6n are allowed",
    }))
}

fn rank(tokens: Tokens, token: &[u8]) -> Option<u32> {
    let at = tokens.iter().position(|known| known.as_bytes() == token)?;
    u32::try_from(at).ok()
}

/// The oracle: for each rank from the lowest, look for its pair from the left; after a merge begin anew.
fn oracle((tokens, piece): &(Tokens, String)) -> Vec<u32> {
    let mut parts: Vec<String> = piece.chars().map(String::from).collect();
    'merged: loop {
        for token in *tokens {
            for k in 1..parts.len() {
                if parts[k - 1].len() + parts[k].len() == token.len()
                    && parts[k - 1..=k].concat() == **token
                {
                    parts.splice(k - 1..=k, [(*token).to_owned()]);
                    continue 'merged;
                }
            }
        }
        break;
    }
    parts.iter().filter_map(|part| rank(tokens, part.as_bytes())).collect()
}

/// What a fix does after a merge, and where that may go wrong.
struct Flawed {
    /// Which pairs are looked up again, counted from the merged part.
    fresh: &'static [isize],
    /// All pairs are looked up again.
    all: bool,
    /// The rank of the part that went away is taken out.
    removes: bool,
    /// Of equal ranks the rightmost merges.
    rightmost: bool,
    /// The first pair that is a token merges, whatever its rank.
    first: bool,
}

const RIGHT: Flawed =
    Flawed { fresh: &[0, -1], all: false, removes: true, rightmost: false, first: false };

impl Flawed {
    fn encode(&self, piece: &[u8], rank: Rank<'_>) -> Vec<u32> {
        let mut borders: Vec<usize> = (0..=piece.len()).collect();
        let pair = |borders: &[usize], k: usize| rank(&piece[borders[k]..*borders.get(k + 2)?]);
        let mut ranks: Vec<Option<u32>> = (0..piece.len()).map(|k| pair(&borders, k)).collect();
        loop {
            let pairs = ranks.iter().take(borders.len().saturating_sub(2)).enumerate();
            let known = pairs.filter_map(|(k, rank)| rank.map(|rank| (rank, k)));
            let best = match self {
                Self { first: true, .. } => known.min_by_key(|&(_, k)| k),
                Self { rightmost: true, .. } => {
                    known.min_by_key(|&(rank, k)| (rank, std::cmp::Reverse(k)))
                }
                _ => known.min(),
            };
            let Some((_, at)) = best else { break };
            borders.remove(at + 1);
            if self.removes {
                ranks.remove(at + 1);
            }
            if self.all {
                ranks = (0..ranks.len()).map(|k| pair(&borders, k)).collect();
            }
            for k in self.fresh.iter().filter_map(|step| at.checked_add_signed(*step)) {
                ranks[k] = pair(&borders, k);
            }
        }
        borders.windows(2).filter_map(|ends| rank(&piece[ends[0]..ends[1]])).collect()
    }
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "as_found",
        belief: "the bug as it was found: on this call your answer does what it did",
        answer: &|piece, rank| Flawed { all: true, fresh: &[], ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "left_pair_is_stale",
        belief: "you kept the rank of the pair to the left; the merged part is in it, too",
        answer: &|piece, rank| Flawed { fresh: &[0], ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "right_pair_is_stale",
        belief: "you kept the rank of the pair to the right; the merged part is in it, too",
        answer: &|piece, rank| Flawed { fresh: &[-1], ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "nothing_is_fresh",
        belief: "you kept all ranks after a merge; the merged part is in two pairs",
        answer: &|piece, rank| Flawed { fresh: &[], ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "ranks_are_shifted",
        belief: "you removed a part and not its rank; all ranks behind it belong to other pairs",
        answer: &|piece, rank| Flawed { removes: false, ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "rightmost",
        belief: "of equal ranks you merged the rightmost; the leftmost goes first",
        answer: &|piece, rank| Flawed { rightmost: true, ..RIGHT }.encode(piece, rank),
    },
    Wrong {
        id: "first_found",
        belief: "you merged the first pair that is a token; the one with the lowest rank goes first",
        answer: &|piece, rank| Flawed { first: true, ..RIGHT }.encode(piece, rank),
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
