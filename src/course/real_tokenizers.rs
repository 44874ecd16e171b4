//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of GPT-2, GPT-4 and Llama-2.

use super::{Chapter, Level, Reading, Stage};

mod repairs;

pub use repairs::{
    REPAIR_AFTER_SPECIAL, REPAIR_BYTE_TABLE, REPAIR_LOOKAHEAD, REPAIR_LOST_TEXT, REPAIR_QUADRATIC,
};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "real_tokenizers",
    title: "Real tokenizers: ids equal to GPT-4's",
    ends_with: "your tokenizer gives GPT-2's and GPT-4's ids on a whole book, and your encoder takes a word of 100,000 letters in its stride",
    notebook: "notebooks/rust/30_real_tokenizers.ipynb",
    stages: &[
        &PRETOKENIZE_GPT2,
        &PRETOKENIZE_GPT4,
        &LOAD_TIKTOKEN,
        &SPECIAL_TOKENS,
        &TRAIN_WORD_COUNTS,
        &TRAIN_INCREMENTAL,
        &ENCODE_FAST,
        &SENTENCEPIECE,
        &REPAIR_LOOKAHEAD,
        &REPAIR_BYTE_TABLE,
        &REPAIR_QUADRATIC,
        &REPAIR_LOST_TEXT,
        &REPAIR_AFTER_SPECIAL,
    ],
};

const TIKTOKEN: Reading = Reading {
    title: "tiktoken, OpenAI's tokenizer: its patterns stand in tiktoken_ext/openai_public.py",
    at: "https://github.com/openai/tiktoken",
};

const SENNRICH: Reading = Reading {
    title: "Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units (2016), algorithm 1 works on word counts",
    at: "https://aclanthology.org/P16-1162/",
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
    solved: &[],
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
    solved: &[],
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
    solved: &[],
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
    solved: &[],
};

/// Less of the same work.
pub const TRAIN_WORD_COUNTS: Stage = Stage {
    id: "real_tokenizers.train_word_counts",
    title: "train on words and their counts",
    rust: "`HashMap` of tuples as keys; a loop that changes vectors in place behind `&mut`",
    ai: "a corpus is its distinct words and their counts: training time follows the vocabulary of a language, not its length",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "it is `bpe.train` with a list of words for the text: a pair counts as often as the word it stands in, \
         and a merge goes through every word",
        "copy the words; per merge build a map from a pair to its weighted count, choose by \
         `(count, Reverse(pair))`, then rewrite each word with an index that reads and one that writes",
        "for (word, count) in &words {\n    for pair in word.windows(2) {\n        *counts.entry((pair[0], pair[1])).or_insert(0) += /* not one */;\n    }\n}",
    ],
    reading: &[SENNRICH],
    questions: &[
        "How do you train a tokenizer on a terabyte of text?",
        "Which property of pre-tokenisation makes word counts sufficient?",
    ],
    solved: &[],
};

/// Only what changes.
pub const TRAIN_INCREMENTAL: Stage = Stage {
    id: "real_tokenizers.train_incremental",
    title: "train without counting anything twice",
    rust: "`BinaryHeap` with `Reverse`, and lazy updates in place of a decrease-key that it does not have",
    ai: "real trainers keep counts, an index and a heap: the work of a merge is the places it touches",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a merge changes only words that hold the pair; find them by an index from a pair to its words, \
         and change only the counts of pairs that come and go there",
        "for each word that holds the pair: take the counts of all its pairs away, merge it, add the counts of \
         all its pairs again, and note the word in the index of the pairs that hold the new symbol; only these have \
         grown, so push only these, each once, after the last word; when an entry comes off the heap with a count that is not the true one, push it back with the true one if that is lower",
        "while merges.len() + 256 < vocab_size {\n    let Some((count, Reverse(pair))) = heap.pop() else { break };\n    // true count differs? push it back if it is lower and not zero; continue\n    for index in /* words that hold pair */ {\n        // counts of old pairs down, merge, counts of new pairs up\n    }\n    // push each pair with the new symbol, once\n}",
    ],
    reading: &[
        SENNRICH,
        Reading {
            title: "std::collections::BinaryHeap",
            at: "https://doc.rust-lang.org/std/collections/struct.BinaryHeap.html",
        },
        Reading { title: "the production trainer", at: "src/bpe/train.rs" },
    ],
    questions: &[
        "Your priority queue has no decrease-key. What do you do?",
        "What bounds the total work of incremental BPE training?",
    ],
    solved: &[],
};

/// Never quadratic.
pub const ENCODE_FAST: Stage = Stage {
    id: "real_tokenizers.encode_fast",
    title: "encode a long word without looking at everything each time",
    rust: "a doubly linked list without pointers: indices in two vectors, so the borrow checker has nothing to say",
    ai: "input is chosen by users: an encoder that is quadratic on one long word is a way to stop your server",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a merge changes the pair to its left and the pair to its right and no others: keep all pairs that can \
         merge in a heap and let a merge push those two",
        "`next[place]` and `previous[place]` are the list; `parts[place]` is `None` once a merge has swallowed it; \
         an entry off the heap holds only if `merges.get` of the part and its next still gives that symbol",
        "while let Some(Reverse((new, place))) = heap.pop() {\n    // out of date? continue\n    let right = next[place];\n    // parts[place] = new, parts[right] is gone, unlink right\n    // push what (previous, place) and (place, next) make now\n}",
    ],
    reading: &[
        Reading { title: "the production encoder", at: "src/bpe/tokenizer.rs" },
        Reading {
            title: "Learning Rust With Entirely Too Many Linked Lists: why not pointers",
            at: "https://rust-unofficial.github.io/too-many-lists/",
        },
    ],
    questions: &[
        "A user sends a megabyte of one letter. What does your tokenizer do?",
        "How do you build a doubly linked list in Rust without `unsafe` or `Rc`?",
    ],
    solved: &[],
};

/// Llama-2's way: scores, a mark for a space, bytes for what is unknown.
pub const SENTENCEPIECE: Stage = Stage {
    id: "real_tokenizers.sentencepiece",
    title: "encode as Llama-2 does, by the scores of pieces",
    rust: "`f32` is not `Ord`: NaN has no place; `total_cmp` gives it one, `then` breaks ties",
    ai: "SentencePiece merges characters by score, makes the space one of them, and falls back to bytes",
    minutes: 45,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "there is no list of merges: two neighbours may be joined if their texts, joined, are a normal \
         piece, and among all such places the one whose piece has the highest score goes first; look \
         again after each join, since it makes new neighbours",
        "keep the marked text and a list of the indices where symbols begin, with the end as the last \
         one; two neighbours joined are the slice over three of them, and to join is to remove the one \
         in the middle; look slices up in a map from the texts of normal pieces to id and score; \
         `max_by` takes the last of equals, so compare the places, too, in reverse",
        "while let Some((left, _)) = cuts.windows(3).enumerate()\n    .filter_map(|(left, cuts)| /* the score of the piece &text[cuts[0]..cuts[2]], if there is one */)\n    .max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a)))\n{\n    cuts.remove(left + 1);\n}\n// then for each slice: its id, or the ids of its bytes",
    ],
    reading: &[
        Reading {
            title: "Kudo, Richardson: SentencePiece, a simple and language independent subword tokenizer (2018)",
            at: "https://aclanthology.org/D18-2012/",
        },
        Reading {
            title: "f32::total_cmp",
            at: "https://doc.rust-lang.org/std/primitive.f32.html#method.total_cmp",
        },
        Reading { title: "the production tokenizer", at: "src/bpe/sentencepiece/mod.rs" },
    ],
    questions: &[
        "Why does `Vec<f32>` have no `sort`, and what do you call instead?",
        "Llama-2 puts a space in front of every text. What goes wrong if two halves of a text are encoded separately?",
        "Why must a user who types `</s>` not get the id of the end of the text?",
    ],
    solved: &[],
};
