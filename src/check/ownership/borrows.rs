//! Check `ownership.borrows`: predictions about programs that lend values, then a row of a tensor that is
//! added to another one.
//!
//! The numbers of the tensor cannot be copied, and the kernel wants both rows at once, so the compiler itself
//! sees to it that two borrows that do not overlap are made.

use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::ownership::BORROWS;
use crate::predict::Prediction::{self, DoesNotCompile, Panics, Prints};
use crate::predict::Program;

/// A number that cannot be copied.
#[derive(Debug, PartialEq)]
pub struct Number(f32);

/// The kernel that an answer is given.
type Add = fn(&mut [Number], &[Number]);

/// A tensor of so many rows of this width, and which row is added to which.
struct Input {
    rows: usize,
    width: usize,
    from: usize,
    to: usize,
}

/// What is returned, and the tensor afterwards.
type Output = (bool, Vec<f32>);
type Answer = dyn Fn(&Asked<Input>) -> Reply<Output>;

/// Grades predictions, and a function that has a kernel add one row of a tensor to another.
pub fn borrows(
    predict: impl Fn(&str) -> Prediction + 'static,
    add_row: impl Fn(&mut [Number], usize, usize, usize, Add) -> bool + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    let add = move |input: &Input| {
        let mut tensor: Vec<Number> = input.tensor().into_iter().map(Number).collect();
        let added = add_row(&mut tensor, input.width, input.from, input.to, kernel);
        (added, tensor.iter().map(|number| number.0).collect())
    };
    check(&predictions::answer(predict, add), origin)
}

/// Adds, and refuses rows that differ in length.
fn kernel(to: &mut [Number], from: &[Number]) {
    assert_eq!(to.len(), from.len(), "`add` was given rows of different lengths");
    to.iter_mut().zip(from).for_each(|(to, from)| to.0 += from.0);
}

impl Input {
    /// Each number another one, and each sum, too: 1, 2, 4, 8, …
    fn tensor(&self) -> Vec<f32> {
        (0..self.rows * self.width)
            .map(|at| f32::powi(2.0, i32::try_from(at).unwrap_or(0)))
            .collect()
    }
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "push_while_reading",
        source: r#"let mut batch = vec![3, 1, 2];
let first = &batch[0];
batch.push(4);
println!("{first}");"#,
        why: "`push` may move all elements to a larger place, and `first` would point at memory that was freed",
    },
    Program {
        name: "after_the_last_use",
        source: r#"let mut batch = vec![3, 1, 2];
let first = &batch[0];
println!("{first}");
batch.push(4);
println!("{}", batch.len());"#,
        why: "a borrow ends where it is used for the last time, not where its block ends",
    },
    Program {
        name: "two_writers",
        source: r#"let mut row = vec![1.0, 2.0];
let a = &mut row;
let b = &mut row;
a[0] = 3.0;
b[1] = 4.0;
println!("{row:?}");"#,
        why: "as long as `a` may still write, nobody else may read or write; that they write to two places is not looked at",
    },
    Program {
        name: "two_places",
        source: r#"let mut row = [1.0, 2.0];
std::mem::swap(&mut row[0], &mut row[1]);
println!("{row:?}");"#,
        why: "the compiler does not tell indices apart: `row[0]` and `row[1]` each borrow all of `row`; `row.swap(0, 1)` does it",
    },
    Program {
        name: "split",
        source: r#"let mut row = [1.0, 2.0, 3.0];
let (left, right) = row.split_at_mut(1);
left[0] += right[1];
println!("{row:?}");"#,
        why: "`split_at_mut` gives two borrows that cannot overlap, and each half counts its own elements from 0",
    },
    Program {
        name: "its_own_length",
        source: r#"let mut ids = vec![7, 8];
ids.push(ids.len());
println!("{ids:?}");"#,
        why: "the `&mut` of a method call is only reserved until the call begins (a two-phase borrow), so arguments may still read",
    },
    Program {
        name: "grows_in_a_loop",
        source: r#"let mut queue = vec![1, 2];
for id in &queue {
    if *id == 1 {
        queue.push(3);
    }
}
println!("{queue:?}");"#,
        why: "the loop holds a shared borrow until it ends, so nobody can change the queue below its feet",
    },
    Program {
        name: "shrinks_in_a_loop",
        source: r#"let mut queue = vec![1, 2, 3, 4];
for i in 0..queue.len() {
    if queue[i] % 2 == 0 {
        queue.remove(i);
    }
}
println!("{queue:?}");"#,
        why: "an index is a number and borrows nothing: the range was made while there were four, and place 3 is gone; `retain` does it",
    },
    Program {
        name: "lent_twice",
        source: r#"fn double(row: &mut [f32]) {
    for x in row {
        *x *= 2.0;
    }
}
let mut row = vec![1.0, 2.0];
let lent = &mut row;
double(lent);
double(lent);
println!("{row:?}");"#,
        why: "`&mut` is not `Copy`, but a call that asks for `&mut` lends it on for as long as the call lasts (a reborrow)",
    },
];

/// An answer that predicts every program and adds rows in this way.
fn adding(asked: &Asked<Input>, add: fn(&mut [f32], &Input) -> bool) -> Reply<Output> {
    writing(asked, |input| {
        let mut tensor = input.tensor();
        (add(&mut tensor, input), tensor)
    })
}

/// What is right, by index.
fn added(tensor: &mut [f32], input: &Input) -> bool {
    let &Input { rows, width, from, to } = input;
    let is_right = from < rows && to < rows && from != to;
    for at in (0..width).filter(|_| is_right) {
        tensor[to * width + at] += tensor[from * width + at];
    }
    is_right
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "reads_the_old_place",
        belief: "you took a reference for a copy, or for one that follows; it would point at memory that may be freed",
        answer: &|asked| believing(asked, &[("push_while_reading", Prints("3"))]),
    },
    Wrong {
        id: "a_reader_and_a_writer_as_two_writers",
        belief: "you expected the code of two writers; `&batch[0]` only reads, which is E0502",
        answer: &|asked| believing(asked, &[("push_while_reading", DoesNotCompile("E0499"))]),
    },
    Wrong {
        id: "borrows_last_to_the_brace",
        belief: "you had the borrow last to the end of its block; it ends with its last use",
        answer: &|asked| believing(asked, &[("after_the_last_use", DoesNotCompile("E0502"))]),
    },
    Wrong {
        id: "two_labels",
        belief: "you took two `&mut` for two labels on one list, as in Python; there is one writer at a time",
        answer: &|asked| believing(asked, &[("two_writers", Prints("[3.0, 4.0]"))]),
    },
    Wrong {
        id: "two_writers_as_a_reader_and_a_writer",
        belief: "you expected the code of a reader and a writer; both are `&mut`, which is E0499",
        answer: &|asked| believing(asked, &[("two_writers", DoesNotCompile("E0502"))]),
    },
    Wrong {
        id: "indices_are_told_apart",
        belief: "you had the compiler see that 0 and 1 are two places; it looks at the whole of `row`",
        answer: &|asked| believing(asked, &[("two_places", Prints("[2.0, 1.0]"))]),
    },
    Wrong {
        id: "halves_overlap",
        belief: "you took the two halves for two writers of one row; they cannot overlap, and that is what `split_at_mut` is for",
        answer: &|asked| believing(asked, &[("split", DoesNotCompile("E0499"))]),
    },
    Wrong {
        id: "halves_count_on",
        belief: "you counted the right half from the start of the row; it begins at 0, as every slice does",
        answer: &|asked| believing(asked, &[("split", Prints("[3.0, 2.0, 3.0]"))]),
    },
    Wrong {
        id: "reserved_at_once",
        belief: "you had `ids` lent to `push` before its argument was computed; until the call begins it is only reserved",
        answer: &|asked| believing(asked, &[("its_own_length", DoesNotCompile("E0502"))]),
    },
    Wrong {
        id: "pushed_first",
        belief: "you counted after the push; arguments are computed before the call",
        answer: &|asked| believing(asked, &[("its_own_length", Prints("[7, 8, 3]"))]),
    },
    Wrong {
        id: "loops_see_what_is_appended",
        belief: "you had the loop go on over what was pushed, as in Python",
        answer: &|asked| believing(asked, &[("grows_in_a_loop", Prints("[1, 2, 3]"))]),
    },
    Wrong {
        id: "noticed_at_run_time",
        belief: "you had it noticed while the loop runs, as with a dictionary in Python; here it does not compile",
        answer: &|asked| believing(asked, &[("grows_in_a_loop", Panics)]),
    },
    Wrong {
        id: "indices_borrow",
        belief: "you took `0..queue.len()` for a borrow; it is two numbers, so the compiler has nothing to object to",
        answer: &|asked| believing(asked, &[("shrinks_in_a_loop", DoesNotCompile("E0502"))]),
    },
    Wrong {
        id: "ranges_follow",
        belief: "you had the range grow shorter with the queue; it was made once",
        answer: &|asked| believing(asked, &[("shrinks_in_a_loop", Prints("[1, 3]"))]),
    },
    Wrong {
        id: "mutable_borrows_move",
        belief: "you had the first call take `lent` away; it is lent on and comes back",
        answer: &|asked| believing(asked, &[("lent_twice", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "borrowed_for_good",
        belief: "you had the first call keep its borrow; it ends with the call, since nothing is returned",
        answer: &|asked| believing(asked, &[("lent_twice", DoesNotCompile("E0499"))]),
    },
    Wrong {
        id: "the_other_way",
        belief: "you added row `to` to row `from`",
        answer: &|asked| {
            adding(asked, |tensor, &Input { rows, width, from, to }| {
                added(tensor, &Input { rows, width, from: to, to: from })
            })
        },
    },
    Wrong {
        id: "downwards_only",
        belief: "you split so that `from` is in the first half; it may stand behind `to`, too",
        answer: &|asked| {
            adding(asked, |tensor, input| input.from < input.to && added(tensor, input))
        },
    },
    Wrong {
        id: "to_itself",
        belief: "you added a row to itself; that needs a copy, since a row is not lent to a reader and a writer",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                let is_right = input.from.max(input.to) < input.rows;
                for at in (0..input.width).filter(|_| is_right) {
                    tensor[input.to * input.width + at] += tensor[input.from * input.width + at];
                }
                is_right
            })
        },
    },
    Wrong {
        id: "true_for_nothing",
        belief: "you left the tensor as it was and said `true`; say `false` where nothing was added",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                added(tensor, input);
                true
            })
        },
    },
    Wrong {
        id: "without_the_last_row",
        belief: "you left out the last row; rows count from 0, so it is the number of rows less 1",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                input.from.max(input.to) + 1 < input.rows && added(tensor, input)
            })
        },
    },
    Wrong {
        id: "one_row_too_many",
        belief: "you let a row pass whose number is the number of rows; rows count from 0, so there is none",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                let &Input { rows, width, from, to } = input;
                if from == to || from > rows || to > rows {
                    return false;
                }
                if from.max(to) == rows {
                    // As an answer would: the half that has no row is cut.
                    return tensor[rows * width..][..width].is_empty();
                }
                added(tensor, input)
            })
        },
    },
    Wrong {
        id: "first_number_only",
        belief: "you took the row's number for the place of its first element; row `n` begins at `n * width`",
        answer: &|asked| {
            adding(asked, |tensor, &Input { rows, width, from, to }| {
                let is_right = from < rows && to < rows && from != to;
                for at in (0..width).filter(|_| is_right) {
                    tensor[to + at] += tensor[from + at];
                }
                is_right
            })
        },
    },
    Wrong {
        id: "half_counts_on",
        belief: "you counted the second half from the start of the tensor; it begins at 0",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                if input.from == input.to || input.from.max(input.to) >= input.rows {
                    return false;
                }
                let width = input.width;
                let (_, later) = tensor.split_at_mut(input.from.max(input.to) * width);
                let start = input.from.max(input.to) * width;
                later[start..start + width].len() == width
            })
        },
    },
    Wrong {
        id: "half_counts_on_in_steps",
        belief: "you counted the second half from the start of the tensor; it begins at 0",
        answer: &|asked| {
            adding(asked, |tensor, input| {
                if input.from == input.to || input.from.max(input.to) >= input.rows {
                    return false;
                }
                let start = input.from.max(input.to) * input.width;
                let (_, later) = tensor.split_at_mut(start);
                later[start..][..input.width].len() == input.width
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &BORROWS,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("borrows", program),
            Asked::Call(input) => format!(
                "add_row(&mut {:?}, {}, {}, {}, add)",
                input.tensor(),
                input.width,
                input.from,
                input.to
            ),
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value((added, tensor)) => format!("{added}, and the tensor is {tensor:?}"),
        },
        diff: |asked, _, _| match asked {
            Asked::Program(program) => predictions::told(program),
            Asked::Call(_) => Vec::new(),
        },
    };
    let sizes = (0..=4).flat_map(|rows| (1..=3).map(move |width| (rows, width)));
    let calls = sizes.flat_map(|(rows, width)| {
        let pairs = (0..=rows).flat_map(move |from| (0..=rows).map(move |to| (from, to)));
        pairs.map(move |(from, to)| Input { rows, width, from, to })
    });
    let calls = calls.map(|input| Case { expected: oracle(&input), why: law(&input), input });
    predictions::sit(exam, PROGRAMS, calls)
}

fn law(input: &Input) -> &'static str {
    match input {
        Input { rows, from, to, .. } if from >= rows || to >= rows => {
            "a row that is not there gives `false`, and nothing changes"
        }
        Input { from, to, .. } if from == to => {
            "a row is not added to itself: `false`, and nothing changes"
        }
        _ => "row `from` is added to row `to`; all other numbers stay as they are",
    }
}

/// The oracle: works on a list of rows, and copies the one that is read.
fn oracle(input: &Input) -> Output {
    let mut rows: Vec<Vec<f32>> = input.tensor().chunks(input.width).map(<[f32]>::to_vec).collect();
    let source = rows.get(input.from).cloned().filter(|_| input.from != input.to);
    let Some((source, target)) = source.zip(rows.get_mut(input.to)) else {
        return (false, input.tensor());
    };
    target.iter_mut().zip(source).for_each(|(to, from)| *to += from);
    (true, rows.concat())
}
