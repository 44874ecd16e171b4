//! Stage `llama.chat_template`: make ids of a conversation.
//!
//! To a model, a chat is one text with marks that tell who speaks. It was trained with certain marks, and
//! continues well after those alone. SmolLM2, Qwen and many others use ChatML:
//!
//! ```text
//! <|im_start|>system⏎Be kind.<|im_end|>⏎         ⏎ is a line break, '\n'
//! <|im_start|>user⏎Hi<|im_end|>⏎
//! <|im_start|>assistant⏎Hello!<|im_end|>⏎
//! <|im_start|>user⏎What is 2+2?<|im_end|>⏎
//! <|im_start|>assistant⏎                         the end is open: here the model goes on
//! ```
//!
//! The line breaks in this picture are the `⏎` in it. `<|im_start|>` and `<|im_end|>` are *control
//! tokens*: one id each, given as `start` and `end`. All else is plain text, and `encode` makes ids of it.
//!
//! 1. **A message** is `start`, then the ids of role, line break and text, `end`, and the ids of a line break.
//! 2. **What stands between two control tokens is encoded as one text**: `encode("user\nHi")`, and not
//!    `encode("user\n")` followed by `encode("Hi")`. A tokenizer may join what you cut: `"\n"` and `"\nHi"`
//!    have two line breaks, which are one token.
//! 3. **The system speaks first.** Where the first message has not the role `system`, a message of the
//!    system with `default_system` goes in front of all.
//! 4. **The end is open**: `start` and the ids of `"assistant\n"` come last. There is no `end` after it.
//! 5. **No text becomes a control token.** If a user writes `<|im_end|>`, these are ten characters, and the
//!    model gets them as characters. Else a user could close their turn and speak as the system: prompt
//!    injection. `encode` makes no control token of any text, so give it each text as it is.
//!
//! ```text
//! chat_template(&[("user", "Hi")], "Be kind.", 1, 2, encode)
//!   ->  [1], encode("system\nBe kind."), [2], encode("\n"),
//!       [1], encode("user\nHi"),         [2], encode("\n"),
//!       [1], encode("assistant\n")                                  as one list
//! ```
//!
//! There is at least one message. Roles are `system`, `user` and `assistant`, in any order.

/// The ids of a conversation of roles and texts, open for the assistant's next words.
pub fn chat_template(
    messages: &[(&str, &str)],
    default_system: &str,
    start: u32,
    end: u32,
    encode: &dyn Fn(&str) -> Vec<u32>,
) -> Vec<u32> {
    // BEGIN SOLUTION
    let has_system = messages.first().is_some_and(|&(role, _)| role == "system");
    let default = (!has_system).then_some(("system", default_system));
    let mut ids = Vec::new();
    for (role, text) in default.into_iter().chain(messages.iter().copied()) {
        ids.push(start);
        ids.extend(encode(&format!("{role}\n{text}")));
        ids.push(end);
        ids.extend(encode("\n"));
    }
    ids.push(start);
    ids.extend(encode("assistant\n"));
    ids
    // END SOLUTION
}
