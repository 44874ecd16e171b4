//! Check `ownership.moves`: predictions about programs that move values, then a queue that requests are moved
//! out of.
//!
//! The tokens of the queue cannot be cloned, so the compiler itself sees to it that they are moved.

use crate::check::cases::sequences;
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::ownership::MOVES;
use crate::predict::Prediction::{self, DoesNotCompile, Prints};
use crate::predict::Program;

/// A token that cannot be cloned.
#[derive(Debug, PartialEq, Eq)]
pub struct Token(u32);

type Requests = Vec<Vec<u32>>;
type Input = (Requests, usize);
/// What was taken and what stayed.
type Output = (Requests, Requests);
type Answer = dyn Fn(&Asked<Input>) -> Reply<Output>;

/// Grades predictions, and a function that takes requests of at least some length out of a queue.
pub fn moves(
    predict: impl Fn(&str) -> Prediction + 'static,
    take_ready: impl Fn(&mut Vec<Vec<Token>>, usize) -> Vec<Vec<Token>> + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    let take = move |(queue, len): &Input| {
        let token = |request: &Vec<u32>| request.iter().copied().map(Token).collect();
        let id = |request: &Vec<Token>| request.iter().map(|token| token.0).collect();
        let mut queue: Vec<Vec<Token>> = queue.iter().map(token).collect();
        let taken = take_ready(&mut queue, *len);
        (taken.iter().map(id).collect(), queue.iter().map(id).collect())
    };
    check(&predictions::answer(predict, take), origin)
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "assigned",
        source: r#"let ids = vec![5, 6];
let batch = ids;
println!("{ids:?} {batch:?}");"#,
        why: "assigning a `Vec` hands it over: `batch` owns it now, and `ids` is no longer there to be read",
    },
    Program {
        name: "a_number",
        source: r#"let id: u32 = 7;
let next = id;
println!("{id} {next}");"#,
        why: "a `u32` is `Copy`: it owns nothing that would have to be freed, so both names have it",
    },
    Program {
        name: "cloned",
        source: r#"let ids = vec![5, 6];
let mut longer = ids.clone();
longer.push(7);
println!("{} {}", ids.len(), longer.len());"#,
        why: "`clone` makes a second vector; the two share nothing, unlike two names of one list in Python",
    },
    Program {
        name: "passed",
        source: r#"fn count(ids: Vec<u32>) -> usize {
    ids.len()
}
let ids = vec![5, 6];
println!("{} {}", count(ids), ids.len());"#,
        why: "an argument is handed over as in an assignment; a function that only looks takes `&[u32]`",
    },
    Program {
        name: "in_a_loop",
        source: r#"let batches = vec![vec![1], vec![2, 3]];
let mut tokens = 0;
for batch in batches {
    tokens += batch.len();
}
println!("{tokens} tokens in {} batches", batches.len());"#,
        why: "`for batch in batches` takes the vector apart and owns its parts; `&batches` lends them",
    },
    Program {
        name: "out_of_a_borrow",
        source: r#"let batches = vec![vec![1], vec![2, 3]];
let first = &batches;
let owned = first[0];
println!("{owned:?}");"#,
        why: "a borrow does not own, so nothing can be moved out of it: the owner would be left with a hole",
    },
    Program {
        name: "taken_out",
        source: r#"let mut weights = Some(vec![1.0, 2.0]);
let loaded = weights.take();
println!("{} {}", loaded.unwrap().len(), weights.unwrap().len());"#,
        why: "`take` moves the vector out and leaves `None`, so the compiler is content; the second `unwrap` is not",
    },
    Program {
        name: "dropped",
        source: r#"struct Weights(&'static str);
impl Drop for Weights {
    fn drop(&mut self) {
        println!("free {}", self.0);
    }
}
let a = Weights("a");
let b = Weights("b");
let c = Weights("c");
drop(b);
println!("end");"#,
        why: "a value is freed where its owner ends: `b` in `drop`, the others at the end, the last one first",
    },
    Program {
        name: "replaced",
        source: r#"struct Weights(&'static str);
impl Drop for Weights {
    fn drop(&mut self) {
        println!("free {}", self.0);
    }
}
let mut model = Weights("old");
println!("load");
model = Weights("new");
println!("serve");"#,
        why: "assigning to a variable frees what it held, at that line and not at some later time",
    },
];

/// An answer that predicts every program and takes requests in this way.
fn taking(asked: &Asked<Input>, take: fn(&mut Requests, usize) -> Requests) -> Reply<Output> {
    writing(asked, |(queue, len)| {
        let mut queue = queue.clone();
        let taken = take(&mut queue, *len);
        (taken, queue)
    })
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "names_are_labels",
        belief: "you took `let batch = ids` for a second name of one vector, as in Python",
        answer: &|asked| believing(asked, &[("assigned", Prints("[5, 6] [5, 6]"))]),
    },
    Wrong {
        id: "numbers_move",
        belief: "you took a number for moved; what is `Copy` stays where it was",
        answer: &|asked| believing(asked, &[("a_number", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "clones_share",
        belief: "you took a clone for a second name; a push to it is not seen by the first",
        answer: &|asked| believing(asked, &[("cloned", Prints("3 3"))]),
    },
    Wrong {
        id: "arguments_are_lent",
        belief: "you took an argument for lent; without `&` it is handed over",
        answer: &|asked| believing(asked, &[("passed", Prints("2 2"))]),
    },
    Wrong {
        id: "loops_lend",
        belief: "you took the vector for lent to the loop; without `&` the loop owns it",
        answer: &|asked| believing(asked, &[("in_a_loop", Prints("3 tokens in 2 batches"))]),
    },
    Wrong {
        id: "moved_out_of_a_borrow",
        belief: "you expected the code of a value that was moved; here it cannot be moved at all",
        answer: &|asked| believing(asked, &[("out_of_a_borrow", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "index_copies",
        belief: "you took `first[0]` for a copy of the request, or for a second name of it",
        answer: &|asked| believing(asked, &[("out_of_a_borrow", Prints("[1]"))]),
    },
    Wrong {
        id: "take_moves_the_name",
        belief: "you took `weights` for gone; `take` moves out what is in it, and leaves `None`",
        answer: &|asked| believing(asked, &[("taken_out", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "take_copies",
        belief: "you took `take` for a look; it empties the option",
        answer: &|asked| believing(asked, &[("taken_out", Prints("2 2"))]),
    },
    Wrong {
        id: "freed_in_order",
        belief: "you freed the first value first; locals end in reverse, since a later one may borrow an earlier one",
        answer: &|asked| believing(asked, &[("dropped", Prints("free b\nend\nfree a\nfree c"))]),
    },
    Wrong {
        id: "freed_at_the_end",
        belief: "you had all values freed at the end, as if somebody collected them",
        answer: &|asked| believing(asked, &[("dropped", Prints("end\nfree c\nfree b\nfree a"))]),
    },
    Wrong {
        id: "old_value_lives_on",
        belief: "you kept the old value until the end; an assignment frees it",
        answer: &|asked| {
            believing(asked, &[("replaced", Prints("load\nserve\nfree new\nfree old"))])
        },
    },
    Wrong {
        id: "swaps_the_last_in",
        belief: "you took requests out by `swap_remove`, which puts the last one in the gap",
        answer: &|asked| {
            taking(asked, |queue, len| {
                let mut taken = Vec::new();
                let mut i = 0;
                while i < queue.len() {
                    if queue[i].len() >= len { taken.push(queue.swap_remove(i)) } else { i += 1 }
                }
                taken
            })
        },
    },
    Wrong {
        id: "steps_over_the_next",
        belief: "you took out place `i` and stepped to `i + 1`; what came after it has moved to `i`",
        answer: &|asked| {
            taking(asked, |queue, len| {
                let mut taken = Vec::new();
                let mut i = 0;
                while i < queue.len() {
                    if queue[i].len() >= len {
                        taken.push(queue.remove(i));
                    }
                    i += 1;
                }
                taken
            })
        },
    },
    Wrong {
        id: "loses_the_rest",
        belief: "you took the queue and did not put back what has to wait",
        answer: &|asked| {
            taking(asked, |queue, len| {
                let mut all = std::mem::take(queue);
                all.retain(|request| request.len() >= len);
                all
            })
        },
    },
    Wrong {
        id: "longer_only",
        belief: "you took the requests that are longer; those of exactly this length are ready, too",
        answer: &|asked| {
            taking(asked, |queue, len| {
                let (ready, waiting) =
                    std::mem::take(queue).into_iter().partition(|request| request.len() > len);
                *queue = waiting;
                ready
            })
        },
    },
    Wrong {
        id: "from_the_back",
        belief: "you took requests from the back and left them in that order",
        answer: &|asked| {
            taking(asked, |queue, len| {
                let ready = (0..queue.len()).rev().filter(|&i| queue[i].len() >= len);
                let ready: Vec<usize> = ready.collect();
                ready.into_iter().map(|i| queue.remove(i)).collect()
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &MOVES,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("moves", program),
            Asked::Call((queue, len)) => format!("take_ready(&mut {queue:?}, {len})"),
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value((taken, left)) => format!("takes {taken:?}, leaves {left:?}"),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(_) => Vec::new(),
        },
    };
    // A request of as many tokens as a digit says, each token another number.
    let requests = |lengths: &[u32]| -> Requests {
        let mut next = 0..;
        lengths.iter().map(|&len| next.by_ref().take(len as usize).collect()).collect()
    };
    let small = sequences(3, 4).map(move |lengths| (requests(&lengths), 1));
    let others =
        [(vec![vec![], vec![]], 0), (vec![vec![1], vec![2, 3, 4], vec![5], vec![6, 7]], 2)];
    let calls = small.chain(others).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "those of at least `len` tokens are taken, the others stay, and both keep their order",
    });
    predictions::sit(exam, PROGRAMS, calls)
}

/// The oracle: goes through the queue once for each.
fn oracle((queue, len): &Input) -> Output {
    let with = |ready: bool| -> Requests {
        queue.iter().filter(|request| (request.len() >= *len) == ready).cloned().collect()
    };
    (with(true), with(false))
}
