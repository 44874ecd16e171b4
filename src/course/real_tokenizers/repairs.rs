//! The repair stages of chapter `real_tokenizers`: bugs that public projects shipped.
//!
//! The learner gets a short function with one fault and a report as a user would write it, and fixes
//! the function. The code is ours; the fault is the public one, and `solved` says where it was found.
//! That is told only once the stage passes, since each report holds the diagnosis. A hint may lead to the
//! fault, step by step, and names no project.

use crate::course::{Level, Reading, Stage};

/// White space before a word.
pub const REPAIR_LOOKAHEAD: Stage = Stage {
    id: "real_tokenizers.repair_lookahead",
    title: "repair a splitter whose ids drift on double spaces",
    rust: "the last character of a `&str` is found with `chars().next_back()`, not by counting bytes",
    ai: "a wrong split crashes nothing: the ids differ, and the model answers worse",
    minutes: 20,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "take the smallest report, `a  b`, and go through the pattern by hand: which alternative matches \
         at the first space, and how far may it go before it touches the word?",
        "`(?!\\S)` forbids that a word follows, so the run of white space gives its last character back; \
         three runs give nothing back: one at the end of the text, one with a line break, and one of \
         a single character; the last character may have more than one byte",
        "None if run == rest.len() => run,\nNone => {\n    let last = rest[..run].chars().next_back().map_or(0, char::len_utf8);\n    /* shorter by `last`, if something remains */\n}",
    ],
    reading: &[
        Reading {
            title: "fancy-regex: look-ahead, and what it costs",
            at: "https://docs.rs/fancy-regex/latest/fancy_regex/",
        },
        Reading {
            title: "str::chars: characters of a text from both ends",
            at: "https://doc.rust-lang.org/std/primitive.str.html#method.chars",
        },
    ],
    questions: &[
        "Your tokenizer's ids differ from the reference on some texts, and no test fails. How do you find \
         the smallest such text?",
        "Why do test texts with single spaces say little about a pre-tokenizer?",
    ],
    solved: &[Reading {
        title: "fix(lfm2): match pinned pretokenizer whitespace splitting",
        at: "https://github.com/NVIDIA/TensorRT-Model-Connect/pull/942",
    }],
};

/// One entry of 256.
pub const REPAIR_BYTE_TABLE: Stage = Stage {
    id: "real_tokenizers.repair_byte_table",
    title: "repair a table that loses some Chinese characters",
    rust: "ranges are patterns and iterators: `0xA1..` in a match, `'\\u{100}'..` as an endless supply",
    ai: "byte-level vocabularies are stored as text, with a visible character for each byte",
    minutes: 15,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "which byte do `中` and `í` share that `文` and `é` do not have? look at `\"中\".bytes()`, and ask \
         what the table says of that byte",
        "188 bytes can be seen and 68 cannot: count how many the code takes for visible; one of Latin-1's \
         characters behind 0xA0 is drawn only where a line breaks, and it must come after the others \
         before it in the numbering",
        "let is_seen = match byte {\n    /* the one byte */ => false,\n    0xA1.. => true,\n    _ => byte.is_ascii_graphic(),\n};",
    ],
    reading: &[
        Reading {
            title: "GPT-2's encoder: `bytes_to_unicode`, the original of this table",
            at: "https://github.com/openai/gpt-2/blob/master/src/encoder.py",
        },
        Reading {
            title: "Latin-1 Supplement: the characters 0x80 to 0xFF",
            at: "https://www.unicode.org/charts/PDF/U0080.pdf",
        },
    ],
    questions: &[
        "Why does a byte-level tokenizer never need an unknown token, and how did one get in here?",
        "How would you test a table of 256 entries so that one wrong entry cannot hide?",
    ],
    solved: &[
        Reading {
            title: "BPE byte-level mapping: byte 0xAD mapped to identity instead of U+0143 (open when read)",
            at: "https://github.com/cactus-compute/cactus/issues/806",
        },
        Reading {
            title: "serve: deterministic HTTP 500 on specific short token sequences (the same byte, found \
                    from the other end)",
            at: "https://github.com/basecompute/baseRT/issues/22",
        },
    ],
};

/// The rest of a word.
pub const REPAIR_LOST_TEXT: Stage = Stage {
    id: "real_tokenizers.repair_lost_text",
    title: "repair a splitter that loses text",
    rust: "a slice is cut at a character's border: `char_indices` gives the borders",
    ai: "pieces must join to the text: what a pre-tokenizer drops no model ever sees",
    minutes: 15,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "check the promise that is easiest to check, that the pieces join to the text, on words of one \
         to ten letters: which of them break it, and what do they lose?",
        "a part is pushed where a character does not fit into it any more; ask what was pushed when \
         the characters of the word come to their end, and whether the shortcut above hides it",
        "for (at, c) in word.char_indices() {\n    /* as it is */\n}\npieces.push(/* from `start` to the end of the word */);",
    ],
    reading: &[Reading {
        title: "str::char_indices: characters with their places in bytes",
        at: "https://doc.rust-lang.org/std/primitive.str.html#method.char_indices",
    }],
    questions: &[
        "Why do tokenizers bound the length of a piece, and what does the bound change in the ids?",
        "Which property would you test instead of examples, and which texts would you feed it?",
    ],
    solved: &[
        Reading {
            title: "max_nchar and tokens failing for long words (a word tokenizer, not BPE)",
            at: "https://github.com/quanteda/quanteda/issues/1713",
        },
        Reading {
            title: "its fix: Set defaults for min/max_nchar to NULL",
            at: "https://github.com/quanteda/quanteda/pull/1720",
        },
        Reading {
            title: "WordTokenizer crops last word in string (a splitter of words and sentences)",
            at: "https://github.com/neurosnap/sentences/issues/14",
        },
    ],
};

/// Spaces that nobody wrote.
pub const REPAIR_AFTER_SPECIAL: Stage = Stage {
    id: "real_tokenizers.repair_after_special",
    title: "repair spaces that appear after special tokens",
    rust: "a loop over what is left of a text: what tells the first round from the others?",
    ai: "SentencePiece adds a space before the text; encoded part by part, each part gets one",
    minutes: 15,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "the `▁` more belongs to the text, not to a part of it; write down the parts of `<s>a`, `a<s>a` and \
         `a<s> a`, and mark the one place in each where it may stand, if there is one",
        "a part is the first one if nothing of the text was taken before it, be that text or a special \
         token; adding `▁` before the split, or stripping it after, breaks a text that begins with a \
         special token or a part that begins with a space of its own",
        "let is_first = /* `rest` is still the whole text */;\nlet prefix = if is_first { \"▁\" } else { \"\" };\nparts.push(format!(\"{prefix}{}\", /* as before */));",
    ],
    reading: &[Reading {
        title: "SentencePiece: white space is a symbol, and `add_dummy_prefix`",
        at: "https://github.com/google/sentencepiece",
    }],
    questions: &[
        "Why do SentencePiece models add a space before a text, and what goes wrong when a text is \
         encoded in parts?",
        "A tokenizer's bug is fixed after models were trained with it. What do you do about those models?",
    ],
    solved: &[
        Reading {
            title: "[`T5Tokenize`] Fix T5 family tokenizers",
            at: "https://github.com/huggingface/transformers/pull/24565",
        },
        Reading {
            title: "[Patch-t5-tokenizer], which fixes that fix",
            at: "https://github.com/huggingface/transformers/pull/24622",
        },
    ],
};

/// Look-ups that nobody needs.
pub const REPAIR_QUADRATIC: Stage = Stage {
    id: "real_tokenizers.repair_quadratic",
    title: "repair an encoder that never comes back from a long run",
    rust: "a closure behind `&dyn Fn` as the one door to a table, so that its calls can be counted",
    ai: "text that users send decides how long an encoder works: one long run must not be an attack",
    minutes: 20,
    level: Level::Stretch,
    version: 1,
    uses: &[],
    hints: [
        "count the calls of `rank` for `aaaaaaaa`: after a merge, how many pairs have another rank than \
         before it, and how many are looked up?",
        "keep the rank of each pair in a `Vec<Option<u32>>` beside the borders; search the lowest there; \
         after a merge remove the rank that belongs to no pair any more and look up two: the merged \
         part with its right neighbour, and with its left one if it has one",
        "let mut ranks: Vec<Option<u32>> = /* one look-up a pair; the last part begins none */;\nwhile let Some((_, k)) = /* the lowest rank and its place, the leftmost of equal ones */ {\n    borders.remove(k + 1);\n    ranks.remove(k + 1);\n    ranks[k] = /* look up */;\n    if k > 0 { ranks[k - 1] = /* look up */; }\n}",
    ],
    reading: &[Reading {
        title: "tiktoken's engine: `_byte_pair_merge` keeps the ranks beside the parts",
        at: "https://github.com/openai/tiktoken/blob/main/src/lib.rs",
    }],
    questions: &[
        "Which inputs make a tokenizer slow, and how would you keep a server safe from them?",
        "When is a search through a short list faster than a heap?",
    ],
    solved: &[Reading {
        title: "Very slow for inputs like \"a\" * 100000 (open when read; newer versions use a heap for \
                long pieces)",
        at: "https://github.com/openai/tiktoken/issues/195",
    }],
};
