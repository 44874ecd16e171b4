//! The stages between logits and a text on the screen.

use crate::course::{Level, Reading, Stage};

/// The next token.
pub const SAMPLER: Stage = Stage {
    id: "llama.sampler",
    title: "draw the next token",
    rust: "floats have no total order: `total_cmp`, stable sorts and what `max_by` does with equal ones",
    ai: "sampling: penalty, top-k, top-p, temperature, and that their order is part of what they mean",
    minutes: 40,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "each step makes a list shorter or changes its numbers, and nothing else: pairs of id and logit are \
         a good list. Sort it once by logit; top-k and top-p are then cuts of that list. For the draw \
         sort it by id again",
        "write `softmax` as a function of its own, since two steps need it: take the highest logit away, divide by the \
         temperature, `exp`, divide by the sum. Top-p calls it with temperature 1. In both loops add up \
         probabilities and look for the first place where the sum is enough; for top-p that place stays. \
         Temperature 0 needs an answer of its own, before anything is divided",
        "`let mut kept: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();`, the penalty where \
         `recent.contains(id)`, `kept.sort_by(|a, b| b.1.total_cmp(&a.1))` (stable, so equal logits stay by id), \
         `kept.truncate(top_k)` unless it is 0; for top-p `position(|p| { sum += p; sum >= top_p })`, then \
         `truncate(place + 1)`; `kept.sort_by_key(|&(id, _)| id)`, and `position(|p| { sum += p; sum > u })`",
    ],
    reading: &[
        Reading {
            title: "Holtzman and others: The Curious Case of Neural Text Degeneration (2019), on top-p",
            at: "https://arxiv.org/abs/1904.09751",
        },
        Reading {
            title: "Keskar and others: CTRL (2019), section 4.1 on the repeat penalty",
            at: "https://arxiv.org/abs/1909.05858",
        },
        Reading {
            title: "llama.cpp: its samplers, their order and defaults",
            at: "https://github.com/ggml-org/llama.cpp/blob/master/tools/completion/README.md",
        },
    ],
    questions: &[
        "Two engines have the same weights and the same temperature of 1.5, and one rambles. What do you compare first?",
        "Why does a temperature of 0 not make a served model deterministic?",
    ],
    solved: &[],
};

/// A conversation as ids.
pub const CHAT_TEMPLATE: Stage = Stage {
    id: "llama.chat_template",
    title: "make ids of a conversation",
    rust: "a function as an argument, `&dyn Fn`, and an `Option` as an iterator of none or one",
    ai: "chat templates: the marks a model was trained with, and prompt injection at the level of tokens",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "the marks are ids and never text: push `start` and `end`, and give `encode` only what people wrote, \
         with role and line break in front. Then no text can become a mark",
        "one loop over the messages, with the default in front of them if the first is not the system's: push \
         `start`, extend by `encode` of role, line break and text together, push `end`, extend by `encode` of a line \
         break. After the loop, the open end",
        "`let default = (!has_system).then_some((\"system\", default_system));`, then `for (role, text) in \
         default.into_iter().chain(messages.iter().copied())`; the text is `encode(&format!(\"{role}\\n{text}\"))`",
    ],
    reading: &[
        Reading {
            title: "Hugging Face: chat templates",
            at: "https://huggingface.co/docs/transformers/main/en/chat_templating",
        },
        Reading {
            title: "OWASP: prompt injection",
            at: "https://genai.owasp.org/llmrisk/llm01-prompt-injection/",
        },
    ],
    questions: &[
        "A user pastes a text with `<|im_end|>` into your chat. What happens, and what should?",
        "A fine-tuned model got worse when it moved to another server; the weights are equal. What do you compare?",
    ],
    solved: &[],
};

/// Bytes to text.
pub const STREAM_UTF8: Stage = Stage {
    id: "llama.stream_utf8",
    title: "show a text whose characters arrive in pieces",
    rust: "`Utf8Error` in full: `valid_up_to` and `error_len`; state between calls in a `Vec<u8>`",
    ai: "streaming: a token is bytes and not text, so a stream needs a little memory",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "keep what is not decided and nothing else: at most three bytes, the beginning of one character. \
         New bytes go behind them, then look at all of it",
        "a loop over the rest: if all is valid, it is text. Else what stands before the error is text; with \
         `error_len()` of `Some(n)`, n bytes are wrong for good: a U+FFFD, and on behind them. With `None` the rest \
         is only not complete: keep it, and stop",
        "`self.waiting.extend_from_slice(bytes); let mut rest = &self.waiting[..]; while let Err(error) = \
         str::from_utf8(rest) { let (valid, after) = rest.split_at(error.valid_up_to()); … }`; the text of `valid` is \
         `String::from_utf8_lossy(valid)`, which finds nothing to replace",
    ],
    reading: &[
        Reading {
            title: "`Utf8Error`: what is wrong, and what is only not complete",
            at: "https://doc.rust-lang.org/std/str/struct.Utf8Error.html",
        },
        Reading {
            title: "Unicode: U+FFFD substitution of maximal subparts, in chapter 3.9",
            at: "https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G66453",
        },
    ],
    questions: &[
        "Your client sees `�` in answers in Japanese, and never in English ones. Where do you look?",
        "Why is it no remedy to send each token's bytes as they are and let the client decode them?",
    ],
    solved: &[],
};
