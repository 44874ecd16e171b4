//! Stage `real_tokenizers.repair_lost_text`: repair a splitter that loses text.
//!
//! A bug report:
//!
//! > Somebody sent us a page with a base64 image in it, and the encoder hung. So we cut words that are
//! > too long: no piece may have more than `limit` bytes. That helped, but now decoding does not give
//! > the text back. With a limit of 4, `"tokenizer"` gives `["toke", "nize"]`. Where is the `r`? Our test
//! > text, a novel with a limit of 64, is fine.
//!
//! The function cuts a text into words, each with the space that follows it, and words that have more
//! than `limit` bytes into parts. It promises:
//!
//! - the pieces join to the text, whatever it holds;
//! - no piece goes on behind a space;
//! - no piece has more than `limit` bytes, unless it is one single character, since a piece is never cut
//!   inside of a character (`é` takes two bytes, `語` three);
//! - each part is as long as it can be, from the left.
//!
//! ```text
//! repair_lost_text("a cat", 4)   ->  ["a ", "cat"]
//! repair_lost_text("cats ", 4)   ->  ["cats", " "]
//! repair_lost_text("cafés", 4)   ->  ["caf", "és"]      `café` has five bytes
//! repair_lost_text("語", 2)       ->  ["語"]
//! ```
//!
//! `limit` is 1 or more. Find the cause and fix it. Before you edit, say why the novel did not show it.

/// The words of `text`, those of more than `limit` bytes in parts.
pub fn repair_lost_text(text: &str, limit: usize) -> Vec<&str> {
    // Delete the next line when you begin: until then the stage is not started.
    todo!("real_tokenizers.repair_lost_text");

    let mut pieces = Vec::new();
    for word in text.split_inclusive(' ') {
        if word.len() <= limit {
            pieces.push(word);
            continue;
        }
        // The part that is being made begins here.
        let mut start = 0;
        for (at, c) in word.char_indices() {
            let end = at + c.len_utf8();
            if end - start > limit && start < at {
                pieces.push(&word[start..at]);
                start = at;
            }
        }
    }
    pieces
}
