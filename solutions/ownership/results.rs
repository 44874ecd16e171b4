//! Stage `ownership.results`: say what becomes of an error, and read a file of merges that may be broken.
//!
//! In Python any line may throw, and the signature does not tell. Rust has no exceptions. What may fail
//! returns `Result`: `Ok` with a value or `Err` with an error, both values like any other. `?` takes the value
//! out, or returns the error at once, turned by `From` into the kind that the function promises. You see from
//! the signature what may fail, and from each `?` where.
//!
//! A panic is for something else: a bug, a state that cannot be. It unwinds the thread and drops what that
//! owned. A server answers bad input by an error, never by a panic.
//!
//! First the predictions: what becomes of each program when it is compiled for debugging and run? E0277 says
//! that a type lacks what is asked of it, also by `?`.
//!
//! Then a function. The merges of a tokenizer come as a text, a line each: the two ids that are joined. The
//! bytes have the ids 0 to 255, the first line makes id 256, the next one 257, and a line may only use ids
//! that there are by then:
//!
//! ```text
//! "116 104\n256 101\n"   ->   Ok([(116, 104), (256, 101)])
//! "116 104\n257 101\n"   ->   Err(LineError { line: 2, expected: "an id below 257", got: "257" })
//! "116\n"                ->   Err(LineError { line: 1, expected: "two ids", got: "116" })
//! "116 x\n"              ->   Err(LineError { line: 1, expected: "an id below 256", got: "x" })
//! ```
//!
//! - Lines count from 1. Ids are separated by one space. An empty line is one without two ids.
//! - The first thing wrong is reported: first how many ids there are (`got` is the whole line), then the left
//!   one, then the right one (`got` is that word).
//!
//! Two errors of the standard library come your way: none where a line has no second word, and that of
//! `parse`. Neither knows the line; you do. Cost to aim at (not graded): one pass.

use rust_for_ai::check::ownership::LineError;
use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Panics, Prints};

/// What becomes of each program.
pub fn results(program: &str) -> Prediction {
    match program {
        // let id = "12x".parse::<u32>();
        // println!("{}", id.is_ok());
        "only_asked" => {
            // BEGIN SOLUTION
            Prints("false")
            // END SOLUTION
        }
        // let id: u32 = "12x".parse().unwrap();
        // println!("{id}");
        "unwrapped" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // fn sum(a: &str, b: &str) -> Result<u32, std::num::ParseIntError> {
        //     let a: u32 = a.parse()?;
        //     println!("first");
        //     let b: u32 = b.parse()?;
        //     println!("second");
        //     Ok(a + b)
        // }
        // println!("{}", sum("1", "x").is_ok());
        "asked_on" => {
            // BEGIN SOLUTION
            Prints("first\nfalse")
            // END SOLUTION
        }
        // let id: u32 = "7".parse()?;
        // println!("{id}");
        "nowhere_to_return" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // fn read(text: &str) -> Result<u32, String> {
        //     let id: u32 = text.parse()?;
        //     Ok(id)
        // }
        // println!("{:?}", read("7"));
        "another_error" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0277")
            // END SOLUTION
        }
        // #[derive(Debug)]
        // struct NoId;
        // impl From<std::num::ParseIntError> for NoId {
        //     fn from(_: std::num::ParseIntError) -> Self {
        //         NoId
        //     }
        // }
        // fn read(text: &str) -> Result<u32, NoId> {
        //     Ok(text.parse::<u32>()?)
        // }
        // println!("{:?}", read("x"));
        "converted" => {
            // BEGIN SOLUTION
            Prints("Err(NoId)")
            // END SOLUTION
        }
        // let last: u8 = "255".parse().unwrap();
        // println!("{}", last + 1);
        "too_large" => {
            // BEGIN SOLUTION
            Panics
            // END SOLUTION
        }
        // let ids: Vec<u32> = Vec::new();
        // let first = std::panic::catch_unwind(|| ids[0]);
        // println!("{}", first.is_ok());
        "caught" => {
            // BEGIN SOLUTION
            Prints("false")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Reads merges, a line each.
pub fn read_merges(text: &str) -> Result<Vec<(u32, u32)>, LineError> {
    // BEGIN SOLUTION
    let mut merges = Vec::new();
    for (line, (next, words)) in (1..).zip((256..).zip(text.lines())) {
        let wrong = |expected: &str, got: &str| LineError {
            line,
            expected: expected.to_owned(),
            got: got.to_owned(),
        };
        let id = |word: &str| match word.parse::<u32>() {
            Ok(id) if id < next => Ok(id),
            _ => Err(wrong(&format!("an id below {next}"), word)),
        };
        let pair = words.split_once(' ').filter(|(_, right)| !right.contains(' '));
        let (left, right) = pair.ok_or_else(|| wrong("two ids", words))?;
        merges.push((id(left)?, id(right)?));
    }
    Ok(merges)
    // END SOLUTION
}
