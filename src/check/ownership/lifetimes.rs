//! Check `ownership.lifetimes`: predictions about programs that borrow for longer or shorter, then a text that
//! is cut into slices of itself.
//!
//! Whether a piece is a slice of the text or equal letters at another place is told by its address: letters
//! that were leaked, or that stand in the program, live long enough for the compiler. So do the vocabulary's
//! own, where somebody widens the signature as the compiler offers (E0621); the check accepts that signature,
//! so that a verdict can say what is wrong with it.

use crate::check::cases::texts;
use crate::check::exam::{Case, Exam, graded};
use crate::check::predictions::{self, Asked, Reply, believing, writing};
use crate::check::{Origin, Verdict, Wrong};
use crate::course::ownership::LIFETIMES;
use crate::predict::Prediction::{self, DoesNotCompile, Prints};
use crate::predict::Program;

/// A text and the words of a vocabulary.
type Input = (String, &'static [&'static str]);
type Answer = dyn Fn(&Asked<Input>) -> Reply<Vec<Piece>>;

/// A piece, and where its letters stand.
#[derive(PartialEq)]
struct Piece {
    place: Place,
    letters: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// At this byte of the text.
    Text(usize),
    Vocabulary,
    Elsewhere,
}

/// Grades predictions, and a function that cuts a text into slices of itself.
pub fn lifetimes(
    predict: impl Fn(&str) -> Prediction + 'static,
    pieces: impl for<'t> Fn(&'t str, &'t [String]) -> Vec<&'t str> + 'static,
) -> Verdict {
    let origin = Origin::of(&predict);
    let cut = move |input: &Input| located(input, |text, vocabulary| pieces(text, vocabulary));
    check(&predictions::answer(predict, cut), origin)
}

/// What a function cuts a text into.
fn located(
    (text, words): &Input,
    cut: impl for<'t> Fn(&'t str, &'t [String]) -> Vec<&'t str>,
) -> Vec<Piece> {
    let vocabulary: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let pieces = cut(text, &vocabulary);
    // At which byte of `whole` the letters stand, if they are a part of it.
    let within = |whole: &str, piece: &str| {
        let at = piece.as_ptr().addr().checked_sub(whole.as_ptr().addr());
        at.filter(|at| at + piece.len() <= whole.len())
    };
    let piece = |piece: &str| {
        let place = match within(text, piece) {
            Some(at) => Place::Text(at),
            None if vocabulary.iter().any(|word| within(word, piece).is_some()) => {
                Place::Vocabulary
            }
            None => Place::Elsewhere,
        };
        Piece { place, letters: piece.to_owned() }
    };
    pieces.into_iter().map(piece).collect()
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "outlived",
        source: r#"let first;
{
    let text = String::from("the cat");
    first = &text[..3];
}
println!("{first}");"#,
        why: "`text` owns the bytes and is freed at the brace; in Python a block ends no life, and a slice is a copy",
    },
    Program {
        name: "returned",
        source: r#"fn lower(text: &str) -> &str {
    let lower = text.to_lowercase();
    &lower
}
println!("{}", lower("The"));"#,
        why: "what a function makes is freed when it returns, unless it is handed over: return the `String` itself",
    },
    Program {
        name: "a_part_of_the_argument",
        source: r#"fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}
println!("{}", first("the cat"));"#,
        why: "with one reference in and one out, the compiler fills in that the one borrows from the other (elision)",
    },
    Program {
        name: "one_of_two",
        source: r#"fn longer(a: &str, b: &str) -> &str {
    if a.len() > b.len() { a } else { b }
}
println!("{}", longer("the", "cats"));"#,
        why: "with two references in, the signature has to say from which one the result borrows; bodies are not asked",
    },
    Program {
        name: "both_in_one",
        source: r#"fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() > b.len() { a } else { b }
}
let text = String::from("the cat");
let found;
{
    let other = String::from("a");
    found = longer(&text, &other);
}
println!("{found}");"#,
        why: "this signature says that the result may borrow from either, so both have to live; which one it is at run time counts for nothing",
    },
    Program {
        name: "one_each",
        source: r#"fn after<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}
let text = String::from("the cat");
let rest;
{
    let prefix = String::from("the ");
    rest = after(&text, &prefix);
}
println!("{rest}");"#,
        why: "this signature says that the result borrows from `text` alone; the prefix was needed during the call only",
    },
    Program {
        name: "from_a_temporary",
        source: r#"let word = String::from("The").to_lowercase().as_str();
println!("{word}");"#,
        why: "here the `String` without a name is freed at the end of its statement; give it a name, and lend from that",
    },
    Program {
        name: "for_ever",
        source: r#"fn format(bits: u32) -> &'static str {
    match bits {
        4 => "q4_0",
        _ => "f32",
    }
}
let name = format(4);
println!("{name}");"#,
        why: "the text between quotes stands in the program's file, not on the stack, so a reference to it holds for ever",
    },
    Program {
        name: "split_and_dropped",
        source: r#"let text = String::from("the cat");
let words: Vec<&str> = text.split(' ').collect();
drop(text);
println!("{}", words.len());"#,
        why: "a `Vec<&str>` owns pointers and lengths; the letters are still those of `text`, which is therefore not to be given away",
    },
];

/// An answer that predicts every program and cuts in this way.
fn cutting(
    asked: &Asked<Input>,
    cut: for<'t> fn(&'t str, &'t [String]) -> Vec<&'t str>,
) -> Reply<Vec<Piece>> {
    writing(asked, |input| located(input, cut))
}

/// Cuts from the start, by how long the piece is that stands there.
fn by_length(text: &str, length: impl Fn(&str) -> usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(length(rest));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// How long the first character is.
fn character(rest: &str) -> usize {
    rest.chars().next().map_or(0, char::len_utf8)
}

/// The lengths of the words that stand here, in the order of the vocabulary.
fn known<'a>(rest: &'a str, vocabulary: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    vocabulary.iter().filter(|word| rest.starts_with(&***word)).map(String::len)
}

const WRONG: &[Wrong<Answer>] = &[
    Wrong {
        id: "names_keep_alive",
        belief: "you had `first` keep the text alive, as a name does in Python; a borrow keeps nothing alive",
        answer: &|asked| believing(asked, &[("outlived", Prints("the"))]),
    },
    Wrong {
        id: "the_result_is_kept",
        belief: "you had the `String` live on because something refers to it; its owner ended with the function",
        answer: &|asked| believing(asked, &[("returned", Prints("the"))]),
    },
    Wrong {
        id: "a_variable_that_is_outlived",
        belief: "you expected the code of a block that ends too early; for what a function returns there is one of its own",
        answer: &|asked| believing(asked, &[("returned", DoesNotCompile("E0597"))]),
    },
    Wrong {
        id: "always_to_be_written",
        belief: "you asked for a lifetime where only one thing can be meant; it is filled in",
        answer: &|asked| believing(asked, &[("a_part_of_the_argument", DoesNotCompile("E0106"))]),
    },
    Wrong {
        id: "any_borrow_dangles",
        belief: "you took every returned borrow for one of something local; this one is a part of the argument",
        answer: &|asked| believing(asked, &[("a_part_of_the_argument", DoesNotCompile("E0515"))]),
    },
    Wrong {
        id: "bodies_are_asked",
        belief: "you had the compiler find out from the body; the signature alone tells callers what to keep alive",
        answer: &|asked| believing(asked, &[("one_of_two", Prints("cats"))]),
    },
    Wrong {
        id: "lifetimes_are_looked_up_at_run_time",
        belief: "you asked which of the two is returned this time; the signature says that it may be either",
        answer: &|asked| believing(asked, &[("both_in_one", Prints("the cat"))]),
    },
    Wrong {
        id: "every_argument_has_to_live",
        belief: "you kept the prefix alive for the result; by its signature the result borrows from `text` alone",
        answer: &|asked| believing(asked, &[("one_each", DoesNotCompile("E0597"))]),
    },
    Wrong {
        id: "every_reference_needs_a_name",
        belief: "you asked for a name for the lifetime of `prefix`; the result does not depend on it",
        answer: &|asked| believing(asked, &[("one_each", DoesNotCompile("E0106"))]),
    },
    Wrong {
        id: "temporaries_live_on",
        belief: "you had the value live as long as what borrows from it; without a name it ends with the statement",
        answer: &|asked| believing(asked, &[("from_a_temporary", Prints("the"))]),
    },
    Wrong {
        id: "a_temporary_is_a_variable",
        belief: "you expected the code of a variable that ends too early; this value has no name, which has a code of its own",
        answer: &|asked| believing(asked, &[("from_a_temporary", DoesNotCompile("E0597"))]),
    },
    Wrong {
        id: "literals_are_local",
        belief: "you took a text between quotes for a local; it stands in the program's file",
        answer: &|asked| believing(asked, &[("for_ever", DoesNotCompile("E0515"))]),
    },
    Wrong {
        id: "words_are_copies",
        belief: "you took the words for copies, as `str.split` makes them in Python; they are slices of `text`",
        answer: &|asked| believing(asked, &[("split_and_dropped", Prints("2"))]),
    },
    Wrong {
        id: "drop_is_use_after_move",
        belief: "you expected the code of a value that is used after it moved; what is wrong is that it moves while it is borrowed",
        answer: &|asked| believing(asked, &[("split_and_dropped", DoesNotCompile("E0382"))]),
    },
    Wrong {
        id: "first_word",
        belief: "you took the first word of the vocabulary that fits; the longest is wanted",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                by_length(text, |rest| known(rest, vocabulary).next().unwrap_or(character(rest)))
            })
        },
    },
    Wrong {
        id: "shortest_word",
        belief: "you took the shortest word that fits; the longest is wanted",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                by_length(text, |rest| known(rest, vocabulary).min().unwrap_or(character(rest)))
            })
        },
    },
    Wrong {
        id: "unknown_is_dropped",
        belief: "you left out characters that the vocabulary lacks; each is a piece of its own",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                let mut pieces = by_length(text, |rest| {
                    known(rest, vocabulary).max().unwrap_or(character(rest))
                });
                pieces.retain(|piece| vocabulary.iter().any(|word| word == piece));
                pieces
            })
        },
    },
    Wrong {
        id: "unknown_in_one",
        belief: "you put unknown characters together; each is a piece of its own",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                by_length(text, |rest| {
                    let is_known = |at: usize| known(&rest[at..], vocabulary).next().is_some();
                    let unknown = rest.char_indices().map(|(at, _)| at).find(|&at| is_known(at));
                    match known(rest, vocabulary).max() {
                        Some(length) => length,
                        None => unknown.unwrap_or(rest.len()),
                    }
                })
            })
        },
    },
    Wrong {
        id: "one_byte",
        belief: "you took one byte where no word fits; a character may have up to four, and a `str` is not cut inside one",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                by_length(text, |rest| known(rest, vocabulary).max().unwrap_or(1))
            })
        },
    },
    Wrong {
        id: "copies",
        belief: "your pieces are copies that are never freed (`leak`); cut them out of the text",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                let pieces = by_length(text, |rest| {
                    known(rest, vocabulary).max().unwrap_or(character(rest))
                });
                pieces.into_iter().map(|piece| &*piece.to_owned().leak()).collect()
            })
        },
    },
    Wrong {
        id: "from_the_vocabulary",
        belief: "you return words of the vocabulary, and widened the signature so that they may be; the result has to \
                 hold when the vocabulary is gone",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                let pieces = by_length(text, |rest| {
                    known(rest, vocabulary).max().unwrap_or(character(rest))
                });
                let own = |piece: &&str| vocabulary.iter().find(|word| word == piece);
                pieces.into_iter().map(|piece| own(&piece).map_or(piece, |word| word)).collect()
            })
        },
    },
    Wrong {
        id: "from_the_front_of_the_text",
        belief: "you looked for the letters in the text and took the first place where they stand; it is to be this one",
        answer: &|asked| {
            cutting(asked, |text, vocabulary| {
                let pieces = by_length(text, |rest| {
                    known(rest, vocabulary).max().unwrap_or(character(rest))
                });
                let at = |piece: &str| text.find(piece).unwrap_or(0);
                pieces.into_iter().map(|piece| &text[at(piece)..][..piece.len()]).collect()
            })
        },
    },
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &LIFETIMES,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, asked| answer(asked),
        call: |asked| match asked {
            Asked::Program(program) => predictions::call("lifetimes", program),
            Asked::Call((text, words)) => {
                let words: Vec<String> =
                    words.iter().map(|word| format!("{word:?}.to_string()")).collect();
                format!("pieces({text:?}, &[{}])", words.join(", "))
            }
        },
        show: |reply| match reply {
            Reply::Fate(fate) => fate.show(),
            Reply::Value(pieces) => {
                let letters: Vec<&str> =
                    pieces.iter().map(|piece| piece.letters.as_str()).collect();
                format!("{letters:?}")
            }
        },
        diff: |asked, expected, got| match (asked, expected, got) {
            (Asked::Program(program), ..) => predictions::told(program),
            (Asked::Call(_), Reply::Value(expected), Reply::Value(got)) => places(expected, got),
            _ => Vec::new(),
        },
    };
    let vocabularies: [&[&str]; 3] = [&["ab", "a", "ba"], &["aba", "b", "ab"], &["é", "bé", "éa"]];
    let small = vocabularies
        .into_iter()
        .zip([&["a", "b"], &["a", "b"], &["é", "a"]])
        .flat_map(|(words, letters)| texts(letters, 5).map(move |text| (text, words)));
    let words: &[&str] = &["to", "token", "s", "👍"];
    let named = [("tokens: ä", words), ("👍🏽 a token", words), ("tototoken", words), ("naïve", &[])];
    let named = named.into_iter().map(|(text, words)| (text.to_owned(), words));
    let calls = small.chain(named).map(|input| Case {
        expected: oracle(&input),
        input,
        why: "at each place stands the longest word that fits, or one character, and it is a slice of the text",
    });
    predictions::sit(exam, PROGRAMS, calls)
}

/// The first piece whose letters are right and whose place is not.
fn places(expected: &[Piece], got: &[Piece]) -> Vec<String> {
    let differs = |(_, (expected, got)): &(usize, (&Piece, &Piece))| {
        expected.letters == got.letters && expected.place != got.place
    };
    let first = (0..).zip(expected.iter().zip(got)).find(differs);
    let told = first.map(|(number, (expected, got))| {
        let place = |place: Place| match place {
            Place::Text(at) => format!("byte {at} of the text"),
            Place::Vocabulary => "a word of the vocabulary".to_owned(),
            Place::Elsewhere => "neither the text nor the vocabulary".to_owned(),
        };
        let (wanted, came) = (place(expected.place), place(got.place));
        vec![
            format!("piece {number} reads {:?}", got.letters),
            format!("wanted from: {wanted}"),
            format!("came from: {came}"),
        ]
    });
    told.unwrap_or_default()
}

/// The oracle: marks where pieces begin, by comparing letters one by one.
fn oracle((text, words): &Input) -> Vec<Piece> {
    let letters: Vec<char> = text.chars().collect();
    let fits = |word: &&str, at: usize| {
        let wanted: Vec<char> = word.chars().collect();
        letters[at..].len() >= wanted.len() && letters[at..][..wanted.len()] == wanted[..]
    };
    let (mut pieces, mut at, mut byte) = (Vec::new(), 0, 0);
    while at < letters.len() {
        let longest = words.iter().filter(|word| fits(word, at)).map(|word| word.chars().count());
        let length = longest.max().unwrap_or(1);
        let piece: String = letters[at..at + length].iter().collect();
        at += length;
        pieces.push(Piece { place: Place::Text(byte), letters: piece });
        byte += pieces.last().map_or(0, |piece| piece.letters.len());
    }
    pieces
}
