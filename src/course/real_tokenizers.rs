//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of GPT-2, GPT-4 and Llama-2.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "real_tokenizers",
    title: "Real tokenizers: ids equal to GPT-4's",
    ends_with: "your tokenizer gives GPT-2's and GPT-4's ids on a whole book, and never turns quadratic",
    notebook: "notebooks/rust/30_real_tokenizers.ipynb",
    stages: &[&PRETOKENIZE_GPT2],
};

const TIKTOKEN: Reading = Reading {
    title: "tiktoken, OpenAI's tokenizer: its patterns stand in tiktoken_ext/openai_public.py",
    at: "https://github.com/openai/tiktoken",
};

/// Pieces, with the look-ahead.
pub const PRETOKENIZE_GPT2: Stage = Stage {
    id: "real_tokenizers.pretokenize_gpt2",
    title: "cut a text into pieces as GPT-2 does",
    rust: "`&str` in, `Vec<&str>` out: slices borrow from the text, and lifetime elision says so",
    ai: "merges never cross the pieces of a pre-tokenizer; its look-ahead decides who owns a space",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the pattern is a list of questions about the beginning of what is left: answer them in \
         order, cut off the first piece, and go on with the rest; the look-ahead needs no engine: a \
         run of white space that is followed by a word gives its last character back",
        "write a helper that gives the length in bytes of the first piece: a contraction; then \
         `strip_prefix(' ')` and the length of a run of letters, of numbers, of others; then the run of \
         white space, one character shorter if a word follows and the run has more than one",
        "while !rest.is_empty() {\n    let (piece, tail) = rest.split_at(/* length of the first piece */);\n    pieces.push(piece);\n    rest = tail;\n}\n// a run of a class: text.find(|c| !is_letter(c)).unwrap_or(text.len())\n// the last character of a run: text[..run].chars().next_back(), its `len_utf8`",
    ],
    reading: &[
        TIKTOKEN,
        Reading {
            title: "the regex crate: syntax, and why it has no look-around",
            at: "https://docs.rs/regex/latest/regex/#syntax",
        },
    ],
    questions: &[
        "Why does GPT-2 cut a text into words before it merges?",
        "Why has Rust's `regex` crate no look-ahead, and what does a tokenizer do about it?",
    ],
};
