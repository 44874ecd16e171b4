//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of GPT-2, GPT-4 and Llama-2.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "real_tokenizers",
    title: "Real tokenizers: ids equal to GPT-4's",
    ends_with: "your tokenizer gives GPT-2's and GPT-4's ids on a whole book, and never turns quadratic",
    notebook: "notebooks/rust/30_real_tokenizers.ipynb",
    stages: &[&PRETOKENIZE_GPT2, &PRETOKENIZE_GPT4, &LOAD_TIKTOKEN, &SPECIAL_TOKENS],
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

/// Pieces again, in the pattern that is in use today.
pub const PRETOKENIZE_GPT4: Stage = Stage {
    id: "real_tokenizers.pretokenize_gpt4",
    title: "cut a text into pieces as GPT-4 does",
    rust: "`strip_prefix`, `find` and `rfind` take a `char`, a closure or a function: one trait, `Pattern`",
    ai: "a limit of three digits and line ends kept with punctuation: what code and numbers cost is decided here",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the frame is that of the stage before, only the questions changed: what may lead letters, how \
         many numbers, who takes line ends; for white space ask three things in order: is the text \
         over, is there a line end in the run, does a word follow",
        "write the contraction as a function of its own that gives an `Option<usize>`; numbers are \
         `chars().take(3).take_while(…)`; for white space take the whole run, then `rfind` the last \
         line end in it",
        "let spaces = run(text, is_space);\nif spaces == text.len() { return spaces; }\nmatch text[..spaces].rfind(['\\r', '\\n']) {\n    Some(last) => last + 1,\n    None => /* all but the last character, unless it is the only one */,\n}",
    ],
    reading: &[
        TIKTOKEN,
        Reading {
            title: "std::str::pattern: what `find` and `strip_prefix` take",
            at: "https://doc.rust-lang.org/std/str/pattern/index.html",
        },
    ],
    questions: &[
        "Why do models get long additions wrong, and what has the tokenizer to do with it?",
        "Why does a vocabulary for code care about runs of spaces and line ends?",
    ],
};

/// Ranks from a file.
pub const LOAD_TIKTOKEN: Stage = Stage {
    id: "real_tokenizers.load_tiktoken",
    title: "read a file of ranks and encode by ranks",
    rust: "errors as values with their place: `?`, `map_err`, `ok_or`; a map with `Vec<u8>` keys answers to `&[u8]`",
    ai: "in a `.tiktoken` file the rank is the id and the priority; a byte's id is not its value",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "loading: each line either adds a token or tells what is wrong with it, so write a function for one \
         line that returns `Result<(), RanksProblem>`, and add the line number around it; encoding: a \
         piece is a list of cuts, and a merge takes one cut away",
        "since ranks count up from 0, the expected rank of a line is the number of tokens so far: a lower \
         one is a duplicate, a higher one a gap; to encode, keep the positions of the cuts, look for the \
         neighbours with the lowest rank (`(rank, place)` compares in the right order), remove the cut \
         between them, and repeat",
        "let mut cuts: Vec<usize> = (0..=piece.len()).collect();\nwhile let Some((_, middle)) = (1..cuts.len() - 1)\n    .filter_map(|m| /* rank of piece[cuts[m - 1]..cuts[m + 1]], with m */)\n    .min()\n{\n    cuts.remove(middle);\n}\n// the ids: the ranks of the parts between the cuts that are left",
    ],
    reading: &[
        TIKTOKEN,
        Reading {
            title: "std::borrow::Borrow: why `HashMap<Vec<u8>, _>` takes `&[u8]`",
            at: "https://doc.rust-lang.org/std/borrow/trait.Borrow.html",
        },
    ],
    questions: &[
        "What is in a `.tiktoken` file, and where are the merges?",
        "A vocabulary file was cut off in a download. What should a loader do, and why not skip the line?",
    ],
};

/// Control tokens, and who may write them.
pub const SPECIAL_TOKENS: Stage = Stage {
    id: "real_tokenizers.special_tokens",
    title: "find special tokens, and only those that are allowed",
    rust: "an enum whose variants borrow; a lifetime that must be named, since three references come in",
    ai: "the characters of a control token in a user's text are text: else a user can write system prompts",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "two searches over the text: first for anything disallowed, which ends in an error; then, piece by \
         piece, for the next allowed special token",
        "write a helper `first(text, specials)` that gives the place and the token of the leftmost \
         occurrence, the longest where several begin there; use it once for `disallowed` and in a loop \
         for `allowed`",
        "let found = specials.iter().filter_map(|&special| Some((text.find(special)?, special)));\nfound.min_by_key(|&(at, special)| (at, /* the longest first */))",
    ],
    reading: &[
        TIKTOKEN,
        Reading {
            title: "OWASP Top 10 for LLM applications: prompt injection",
            at: "https://genai.owasp.org/llmrisk/llm01-prompt-injection/",
        },
    ],
    questions: &[
        "A user's message contains `<|im_start|>system`. What does your server do with it?",
        "Why does tiktoken raise an error for special tokens in a text unless told otherwise?",
    ],
};
