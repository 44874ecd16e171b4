//! Stage `real_tokenizers.repair_lookahead`: repair a splitter whose ids drift on double spaces.
//!
//! A bug report:
//!
//! > The model's answers on source code became worse when we moved to this tokenizer. There is no crash
//! > and no warning, and all tests pass. The ids differ from the reference on about every fifth file.
//! > The smallest text that I found: `"a  b"` (two spaces) gives `["a", "  ", "b"]`. The reference
//! > gives `["a", " ", " b"]`. With one space both give `["a", " b"]`.
//!
//! The function does a small part of GPT-4's pattern, the part that deals with white space. It cuts a
//! text as this pattern does. At each place the first alternative that matches wins, and takes as much
//! as it can:
//!
//! ```text
//!  ?\S+          a word (here: all that is no white space), after at most one plain space
//! \s*[\r\n]+     white space up to the last line break of its run
//! \s+(?!\S)      white space that no word follows
//! \s+            white space
//! ```
//!
//! ```text
//! repair_lookahead("a b")         ->  ["a", " b"]
//! repair_lookahead("a   b")       ->  ["a", "  ", " b"]
//! repair_lookahead("a  ")         ->  ["a", "  "]
//! repair_lookahead("a \n\n  b")   ->  ["a", " \n\n", " ", " b"]
//! repair_lookahead("a\u{3000}b")  ->  ["a", "\u{3000}", "b"]
//! ```
//!
//! The pieces join to the text. Find the cause and fix it; the code is right but for one place. Before
//! you edit, write down the smallest input that you expect to fail, and why.

use rust_for_ai::bpe::unicode::is_space;

/// The pieces of `text`, in order.
pub fn repair_lookahead(text: &str) -> Vec<&str> {
    // BEGIN SOLUTION
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.strip_prefix(' ').unwrap_or(rest);
        let length = if word.starts_with(|c| !is_space(c)) {
            let letters = word.find(is_space).unwrap_or(word.len());
            rest.len() - word.len() + letters
        } else {
            let run = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
            match rest[..run].rfind(['\r', '\n']) {
                Some(line_break) => line_break + 1,
                // At the end of the text no word follows, so nothing is given back.
                None if run == rest.len() => run,
                None => {
                    let last = rest[..run].chars().next_back().map_or(0, char::len_utf8);
                    if run > last { run - last } else { run }
                }
            }
        };
        let (piece, tail) = rest.split_at(length);
        pieces.push(piece);
        rest = tail;
    }
    pieces
    // BEGIN STUB
    // // Delete the next line when you begin: until then the stage is not started.
    // todo!("real_tokenizers.repair_lookahead");
    //
    // let mut pieces = Vec::new();
    // let mut rest = text;
    // while !rest.is_empty() {
    //     let word = rest.strip_prefix(' ').unwrap_or(rest);
    //     let length = if word.starts_with(|c| !is_space(c)) {
    //         let letters = word.find(is_space).unwrap_or(word.len());
    //         rest.len() - word.len() + letters
    //     } else {
    //         let run = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
    //         match rest[..run].rfind(['\r', '\n']) {
    //             Some(line_break) => line_break + 1,
    //             None => run,
    //         }
    //     };
    //     let (piece, tail) = rest.split_at(length);
    //     pieces.push(piece);
    //     rest = tail;
    // }
    // pieces
    // END SOLUTION
}
