//! Chapter `bpe`: from the bytes of a text to a tokenizer that was trained on a real book.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "bpe",
    title: "A byte-pair-encoding tokenizer, step by step",
    ends_with: "your tokenizer, trained on a real book, that encodes and decodes it exactly",
    notebook: "notebooks/rust/20_bpe.ipynb",
    stages: &[&BYTES, &PAIR_COUNTS, &BEST_PAIR, &MERGE, &TRAIN, &ENCODE_DECODE],
};

const SENNRICH: Reading = Reading {
    title: "Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words with Subword Units (2016)",
    at: "https://aclanthology.org/P16-1162/",
};

/// A text becomes ids.
pub const BYTES: Stage = Stage {
    id: "bpe.bytes",
    title: "turn a text into the ids of its bytes",
    rust: "`&str` is UTF-8: `bytes` and `chars` are two views of one buffer; lossless `u32::from`",
    ai: "256 byte tokens cover every text of every language, so there is no unknown token",
    minutes: 15,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a model reads numbers; the smallest alphabet that covers every script and every emoji is \
         the 256 values of a byte, and a `&str` already is a sequence of bytes",
        "walk over the bytes of the text (not its `char`s) and widen each one to `u32`",
        "text.bytes().map(/* u8 -> u32, without `as` */).collect()",
    ],
    reading: &[
        Reading {
            title: "The Rust Programming Language, chapter 8.2: bytes, scalar values and grapheme clusters",
            at: "https://doc.rust-lang.org/book/ch08-02-strings.html",
        },
        Reading {
            title: "Radford et al.: Language Models are Unsupervised Multitask Learners (2019), section 2.2",
            at: "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf",
        },
    ],
    questions: &[
        "Why does BPE work on bytes and not on characters?",
        "Why does the same sentence cost more tokens in Korean than in English?",
    ],
    solved: &[],
};

/// Count what may be merged.
pub const PAIR_COUNTS: Stage = Stage {
    id: "bpe.pair_counts",
    title: "count adjacent pairs",
    rust: "`windows` borrows overlapping slices; the map's `entry` finds or inserts in one look-up",
    ai: "BPE is greedy compression: the statistics of adjacent pairs are all that it learns from",
    minutes: 20,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a sequence of n ids has n - 1 adjacent pairs: the pairs overlap, each id but the first and \
         the last is in two of them",
        "take every window of two neighbours and add one to the count of that pair in a map",
        "for pair in ids.windows(2) {\n    *counts.entry(/* the pair as a tuple */).or_insert(0) += 1;\n}",
    ],
    reading: &[SENNRICH],
    questions: &[
        "What does `HashMap::entry` save over `get` and then `insert`?",
        "Which part of BPE training costs most, and what would you do about it?",
    ],
    solved: &[],
};

/// Choose, and state the tie rule.
pub const BEST_PAIR: Stage = Stage {
    id: "bpe.best_pair",
    title: "choose the most frequent pair",
    rust: "`Option` for what may not exist; tuples compare in order; `Reverse` turns a comparison",
    ai: "two correct trainers differ where they break ties: a tie rule is part of the algorithm",
    minutes: 20,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a `HashMap` has no order, and another order on each run: without a tie rule the same text \
         trains another tokenizer tomorrow",
        "compare by the count first; among equal counts the smaller pair must win, so compare the \
         pairs in reverse",
        "counts.iter()\n    .max_by_key(|&(&pair, &count)| (count, /* pair, reversed */))\n    .map(|(&pair, _)| pair)",
    ],
    reading: &[Reading {
        title: "std::cmp::Reverse",
        at: "https://doc.rust-lang.org/std/cmp/struct.Reverse.html",
    }],
    questions: &[
        "Two correct BPE trainers give different vocabularies from the same text. Find the cause.",
        "Why is the iteration order of a Rust `HashMap` random?",
    ],
    solved: &[],
};

/// Apply one merge.
pub const MERGE: Stage = Stage {
    id: "bpe.merge",
    title: "replace a pair by its new id",
    rust: "an index walk that steps by one or two; a new `Vec` instead of shifting in place",
    ai: "a merge is applied left to right, without overlap: training and encoding must agree on it",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "read the ids once, from the left; where the pair starts, write the new id and step over \
         both; else copy one id",
        "keep an index; look at `ids[i]` and its neighbour, if there is one; advance by two after a \
         match and by one otherwise, and do not lose the last id",
        "while i < ids.len() {\n    if i + 1 < ids.len() && (ids[i], ids[i + 1]) == pair {\n        // write `new`, step by two\n    } else {\n        // copy, step by one\n    }\n}",
    ],
    reading: &[SENNRICH],
    questions: &[
        "Why is removing elements from the middle of a `Vec` in a loop quadratic?",
        "What does `merge` give for `aaa` and the pair `(a, a)`, and why does it matter?",
    ],
    solved: &[],
};

/// The loop.
pub const TRAIN: Stage = Stage {
    id: "bpe.train",
    title: "learn the merges of a text",
    rust: "functions compose: values move through a loop; `let else` leaves early; `usize` has no -1",
    ai: "a tokenizer is its ordered list of merges: count, choose, merge, until the vocabulary is full",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &["bpe.bytes", "bpe.pair_counts", "bpe.best_pair", "bpe.merge"],
    hints: [
        "training repeats three steps that you have: count the pairs, choose the best, merge it; \
         the ordered list of choices is the whole result",
        "start from the bytes of the text; the k-th merge, counted from zero, makes the id 256 + k; \
         count afresh after each merge; stop when the vocabulary is full or no pair is left",
        "let mut ids = bytes(text);\nlet mut merges = Vec::new();\nwhile 256 + merges.len() < vocab_size {\n    let Some(pair) = /* best pair of the counts of ids */ else { break };\n    // the new id, the merged ids, and push the pair\n}",
    ],
    reading: &[SENNRICH],
    questions: &[
        "What is the complexity of naive BPE training, and what is recomputed needlessly?",
        "What does a larger vocabulary buy, and what does it cost in the model?",
    ],
    solved: &[],
};

/// Use it, both ways.
pub const ENCODE_DECODE: Stage = Stage {
    id: "bpe.encode_decode",
    title: "encode a text and decode it exactly",
    rust: "a struct owns its data and fulfils a trait; `Result` and `?` make a bad id a value, not a panic",
    ai: "encoding replays the merges in the order learned; a token is bytes and may end inside a character",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &["bpe.bytes", "bpe.merge"],
    hints: [
        "encoding does what training did to the same text: apply the merges in the order in which \
         they were learned; decoding joins the bytes of the tokens and reads them as UTF-8 at the end",
        "when building, give each id its bytes: 256 single bytes, then for each merge the bytes of \
         its left token followed by those of its right; decode looks each id up (an id without an \
         entry is an error with its position), joins, and checks UTF-8 once, over everything",
        "// new: 256 single bytes, then per merge its two tokens joined\n// encode: for each merge and its id, ids = merge(&ids, pair, id)\nlet mut bytes = Vec::new();\nfor (position, &id) in ids.iter().enumerate() {\n    // self.vocab.get(id as usize), or return Err(DecodeError::UnknownToken { position, id })\n}\nString::from_utf8(bytes).map_err(|e| /* e.utf8_error().valid_up_to() */)",
    ],
    reading: &[
        Reading {
            title: "std::string::String::from_utf8",
            at: "https://doc.rust-lang.org/std/string/struct.String.html#method.from_utf8",
        },
        Reading { title: "the production tokenizer", at: "src/bpe/tokenizer.rs" },
    ],
    questions: &[
        "Why must merges be applied in the order in which they were learned?",
        "A model streams tokens to a browser. What goes wrong if each token is decoded by itself?",
    ],
    solved: &[],
};
