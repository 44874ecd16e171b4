//! Stage `llama.chat`: answer a message, and remember the answer.
//!
//! All parts are there: a template that makes ids of messages, a model that makes logits of ids, a sampler
//! that chooses, a vocabulary that gives the bytes of a token. This is the loop around them.
//!
//! ```text
//! history ["hi"]  ->  prompt = render(history)  ->  feed  ->  sample  ->  "H", feed it, sample  ->  "ey", …
//!                                                             until the model ends its turn
//! history ["hi", "Hey"]
//! ```
//!
//! 1. The message goes to the history, and `voice.render(history)` gives the ids of the whole conversation.
//! 2. **Feed what is new.** `engine.ids()` are in the cache already. Keep what the prompt begins with as
//!    well, `truncate` the rest of the cache, and feed the rest of the prompt (at least its last id,
//!    for its logits). The cache may well hold other ids than the prompt: an answer that was cut at a stop, for one.
//! 3. **Loop**: sample an id. If `voice.ends_turn` of it, the answer is done, and that token is no part
//!    of it. Else its bytes belong to the answer; feed it alone, and sample again. After `limits.max_tokens` tokens
//!    the answer is done as well.
//! 4. **A stop string** ends the answer right before it: nothing of it is shown or remembered. It may be
//!    spread over tokens. So text that may be its beginning is held back, until it is clear:
//!
//! ```text
//! stop "END", tokens "a", " E", "N", "T", "!"    shown after each: "a", "a ", "a ", "a ENT", "a ENT!"
//! stop "END", tokens "a", " E", "N", "D"         shown in the end: "a "
//! ```
//!
//! 5. **`show` gets whole characters**, as soon as they are known and no stop can begin in them. What is
//!    still held back when the answer ends is shown then; bytes that are no whole character become U+FFFD
//!    (`String::from_utf8_lossy`).
//! 6. The answer goes to the history. An error of the engine is returned (`?`).
//!
//! Feeding an id twice costs what it cost the first time. So the number of ids fed is graded: those of
//! the prompts that were not in the cache, and each token of an answer once.

use rust_for_ai::llama::parts::{Limits, Voice};
use rust_for_ai::llama::{Engine, EngineError};

/// Answers `message` after the conversation `history`, and appends both to it.
pub fn chat(
    engine: &mut dyn Engine,
    voice: &mut dyn Voice,
    history: &mut Vec<String>,
    message: &str,
    limits: &Limits,
    show: &mut dyn FnMut(&str),
) -> Result<(), EngineError> {
    // BEGIN SOLUTION
    history.push(message.to_owned());
    let prompt = voice.render(history);
    let same = prompt.iter().zip(engine.ids()).take_while(|(new, old)| new == old).count();
    let same = same.min(prompt.len() - 1);
    engine.truncate(same)?;
    let mut id = voice.sample(engine.feed(&prompt[same..])?);
    let (mut bytes, mut shown) = (Vec::new(), 0);
    for count in 1.. {
        if voice.ends_turn(id) {
            break;
        }
        bytes.extend(voice.piece(id));
        let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if let Some(at) = limits.stops.iter().filter_map(|stop| text.find(stop)).min() {
            bytes.truncate(at);
            break;
        }
        let clear = text.len() - held_back(text, &limits.stops);
        show(&text[shown..clear]);
        shown = clear;
        if count == limits.max_tokens {
            break;
        }
        id = voice.sample(engine.feed(&[id])?);
    }
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    show(&answer[shown..]);
    history.push(answer);
    Ok(())
    // END SOLUTION
}

/// How many bytes at the end of `text` may be the beginning of a stop.
fn held_back(text: &str, stops: &[String]) -> usize {
    // BEGIN SOLUTION
    let begins = |stop: &String| {
        (1..stop.len()).rev().find(|&n| text.as_bytes().ends_with(&stop.as_bytes()[..n]))
    };
    stops.iter().filter_map(begins).max().unwrap_or(0)
    // END SOLUTION
}
