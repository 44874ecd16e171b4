//! Stage `ownership.lifetimes`: say how long a borrow holds, and cut a text without copying it.
//!
//! A `&str` is a place and a length; the letters belong to somebody else, and must not outlive their owner.
//! A lifetime is the name of such a stretch of the program. It changes nothing at run time. It stands in
//! signatures, so that caller and function can be checked apart: `fn first<'t>(text: &'t str) -> &'t str`
//! says that the result holds as long as the text does. Where only one thing can be meant, it is left out
//! (elision).
//!
//! Python keeps every object alive for as long as anybody refers to it, and a slice of a `str` is a copy. A
//! tokenizer that cuts a gigabyte into words copies a gigabyte.
//!
//! First the predictions: what becomes of each program when it is compiled for debugging and run? The codes:
//!
//! ```text
//! E0106   a signature does not say from what its result borrows
//! E0505   a value is given away while it is borrowed
//! E0515   a function returns a borrow of what it made itself
//! E0597   a borrow outlives a variable
//! E0716   a borrow outlives a value that has no name
//! ```
//!
//! Then a function. A text is cut from its start, each time into the longest piece of the vocabulary that
//! stands there; where none does, into one character (a `char`):
//!
//! ```text
//! "tokens: ä" by ["to", "token", "s"]   ->   ["token", "s", ":", " ", "ä"]
//! ```
//!
//! The result borrows from `text`, as its signature says, and not from the vocabulary, which may be gone
//! before it. So the word that you find in the vocabulary is not what you may return, though it reads the
//! same. (Try it, and the compiler offers to write `'t` into the type of the vocabulary as well. That would
//! make every caller keep the vocabulary for as long as the pieces: leave the signature as it is.) That is
//! graded: each piece has to stand in the text itself, at its place. No word of the vocabulary is empty.
//! Cost to aim at (not graded): no letter is copied.

use rust_for_ai::predict::Prediction::{self, DoesNotCompile, Prints};

/// What becomes of each program.
pub fn lifetimes(program: &str) -> Prediction {
    match program {
        // let first;
        // {
        //     let text = String::from("the cat");
        //     first = &text[..3];
        // }
        // println!("{first}");
        "outlived" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0597")
            // END SOLUTION
        }
        // fn lower(text: &str) -> &str {
        //     let lower = text.to_lowercase();
        //     &lower
        // }
        // println!("{}", lower("The"));
        "returned" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0515")
            // END SOLUTION
        }
        // fn first(text: &str) -> &str {
        //     text.split(' ').next().unwrap_or(text)
        // }
        // println!("{}", first("the cat"));
        "a_part_of_the_argument" => {
            // BEGIN SOLUTION
            Prints("the")
            // END SOLUTION
        }
        // fn longer(a: &str, b: &str) -> &str {
        //     if a.len() > b.len() { a } else { b }
        // }
        // println!("{}", longer("the", "cats"));
        "one_of_two" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0106")
            // END SOLUTION
        }
        // fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
        //     if a.len() > b.len() { a } else { b }
        // }
        // let text = String::from("the cat");
        // let found;
        // {
        //     let other = String::from("a");
        //     found = longer(&text, &other);
        // }
        // println!("{found}");
        "both_in_one" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0597")
            // END SOLUTION
        }
        // fn after<'a>(text: &'a str, prefix: &str) -> &'a str {
        //     text.strip_prefix(prefix).unwrap_or(text)
        // }
        // let text = String::from("the cat");
        // let rest;
        // {
        //     let prefix = String::from("the ");
        //     rest = after(&text, &prefix);
        // }
        // println!("{rest}");
        "one_each" => {
            // BEGIN SOLUTION
            Prints("cat")
            // END SOLUTION
        }
        // let word = String::from("The").to_lowercase().as_str();
        // println!("{word}");
        "from_a_temporary" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0716")
            // END SOLUTION
        }
        // fn format(bits: u32) -> &'static str {
        //     match bits {
        //         4 => "q4_0",
        //         _ => "f32",
        //     }
        // }
        // let name = format(4);
        // println!("{name}");
        "for_ever" => {
            // BEGIN SOLUTION
            Prints("q4_0")
            // END SOLUTION
        }
        // let text = String::from("the cat");
        // let words: Vec<&str> = text.split(' ').collect();
        // drop(text);
        // println!("{}", words.len());
        "split_and_dropped" => {
            // BEGIN SOLUTION
            DoesNotCompile("E0505")
            // END SOLUTION
        }
        other => unreachable!("no program is called {other}"),
    }
}

/// Cuts `text` into the longest words of `vocabulary`, and single characters where there is none.
pub fn pieces<'t>(text: &'t str, vocabulary: &[String]) -> Vec<&'t str> {
    // BEGIN SOLUTION
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let known = vocabulary.iter().filter(|word| rest.starts_with(&***word));
        let longest = known.map(String::len).max().unwrap_or(first.len_utf8());
        let (piece, after) = rest.split_at(longest);
        pieces.push(piece);
        rest = after;
    }
    pieces
    // END SOLUTION
}
