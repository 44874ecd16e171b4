//! Stage `real_tokenizers.pretokenize_gpt4`: cut a text into pieces as GPT-4 does.
//!
//! GPT-4's pattern (cl100k) mends what GPT-2's did badly on code and numbers. tiktoken writes it with
//! possessive quantifiers, for speed; this is what it says:
//!
//! ```text
//! '(?i:[sdmt]|ll|ve|re)     a contraction, in any case; `(?i:s)` also matches the long s, `ſ`
//! [^\r\n\p{L}\p{N}]?\p{L}+  letters, after at most one character that is no letter, number or line end
//! \p{N}{1,3}                one to three numbers: 1234567 is cut from the left, 123 456 7
//!  ?[^\s\p{L}\p{N}]+[\r\n]* anything else, after at most one space, with the line ends behind it
//! \s+$                      white space at the end of the text
//! \s*[\r\n]                 white space up to the last line end of the run
//! \s+(?!\S)                 white space that no other character follows
//! \s                        one character of white space
//! ```
//!
//! Again the first alternative that matches wins and takes as much as it can:
//!
//! ```text
//! pretokenize_gpt4("I'LL pay $12345")     ->  ["I", "'LL", " pay", " $", "123", "45"]
//! pretokenize_gpt4("(x)\n\n  if")         ->  ["(x", ")\n\n", " ", " if"]
//! pretokenize_gpt4("a \n \n b")           ->  ["a", " \n \n", " b"]
//! pretokenize_gpt4("end. \n ")            ->  ["end", ".", " \n "]
//! ```
//!
//! Three traps. Any one character may lead letters, also an apostrophe, a tab or a dot: `.com` is one
//! piece. A number takes no space before it. And a run of white space splits after its *last* line end;
//! what is left of it obeys the look-ahead, as in the stage before.
//! Cost to aim at (not graded): one pass over the text.

use rust_for_ai::bpe::unicode::{is_letter, is_number, is_space};

/// The pieces of `text`, in order.
pub fn pretokenize_gpt4(text: &str) -> Vec<&str> {
    // BEGIN SOLUTION
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(first_piece(rest));
        pieces.push(piece);
        rest = tail;
    }
    pieces
    // END SOLUTION
}

// BEGIN SOLUTION
/// How many bytes the first piece has; the text is not empty.
fn first_piece(text: &str) -> usize {
    let is_newline = |c| matches!(c, '\r' | '\n');
    let is_other = |c| !is_letter(c) && !is_number(c) && !is_space(c);
    if let Some(length) = contraction(text) {
        return length;
    }
    let leads = |c| !is_newline(c) && !is_letter(c) && !is_number(c);
    let word = text.strip_prefix(leads).unwrap_or(text);
    let letters = run(word, is_letter);
    if letters > 0 {
        return text.len() - word.len() + letters;
    }
    let numbers = text.chars().take(3).take_while(|&c| is_number(c)).map(char::len_utf8).sum();
    if numbers > 0 {
        return numbers;
    }
    let body = text.strip_prefix(' ').unwrap_or(text);
    let others = run(body, is_other);
    if others > 0 {
        return text.len() - body.len() + others + run(&body[others..], is_newline);
    }
    let spaces = run(text, is_space);
    if spaces == text.len() {
        return spaces;
    }
    match text[..spaces].rfind(is_newline) {
        Some(last) => last + 1,
        None => match text[..spaces].char_indices().next_back() {
            Some((at @ 1.., _)) => at,
            _ => spaces,
        },
    }
}

/// How many bytes a contraction at the beginning of the text has.
fn contraction(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\'')?;
    if let Some(letter) = rest.chars().next().filter(|&c| "sdmtSDMTſ".contains(c)) {
        return Some(1 + letter.len_utf8());
    }
    let two = rest.get(..2)?.to_ascii_lowercase();
    ["ll", "ve", "re"].contains(&&*two).then_some(3)
}

/// How many bytes of the text belong to a class, from its beginning.
fn run(text: &str, class: impl Fn(char) -> bool) -> usize {
    text.find(|c| !class(c)).unwrap_or(text.len())
}
// BEGIN STUB
// END SOLUTION
