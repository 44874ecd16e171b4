//! A conversation: several turns with a model, whose answers stream as they are made.
//!
//! A model has no memory of a conversation. Each turn, the whole of it is written down anew in the
//! model's own template, as ids, and the model goes on from the end. What saves the work is its cache:
//! the ids of this turn begin as those of the last one did, and only what differs is fed.
//!
//! ```text
//! in the cache  [system][user: hello][assistant: Hi!]
//! rendered      [system][user: hello][assistant: Hi!][user: what is 2+2?][assistant:
//!               └────── a common beginning ─────────┘└─ fed ────────────────────────┘
//! ```
//!
//! **The law.** After the prompt of a turn was fed, the cache holds exactly the rendered ids, however
//! much of it was reused. So reuse changes the time and never the answer (up to rounding, since other
//! ids are multiplied together). At least one id is always fed, for the logits after it.
//!
//! The longest common beginning is compared id by id. To remember "how much of it is still valid" was
//! dropped: an answer's text, encoded again, may give other ids than those that the model chose, and
//! then only a comparison notices.
//!
//! **When the context is full**, the oldest turns go, each question with its answer, never the system
//! prompt, and the caller is told. A question that does not fit by itself is an error that says how
//! many positions it needs. An answer that reaches the end of the context stops there and says so.
//!
//! **An interruption** leaves a conversation that goes on: what was said until then is the answer. A
//! question that was interrupted before its answer began was never asked.

mod speech;
mod stats;
#[cfg(test)]
mod tests;
mod turn;
mod voice;

use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

use super::engine::{Engine, EngineError};
use super::stream::Stops;
use super::template::{Message, Role};

use speech::Speech;
pub use stats::{Stats, Totals};
pub use turn::Turn;
pub use voice::{Standard, Voice};

/// Ids that are fed at once. Between two such chunks a prompt can be interrupted.
const CHUNK: usize = 256;

/// How long an answer may be.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Ids that an answer has at most; as many as the context holds if this is `None`.
    pub max_tokens: Option<usize>,
    /// An answer ends before the first of these texts.
    pub stops: Stops,
}

/// What happens during an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The oldest turns were left out, since the context would not hold them.
    Dropped {
        /// How many questions, each with its answer.
        turns: usize,
        /// Positions that the whole conversation needs.
        needed: usize,
        /// Positions that the context has for it; the rest is kept for the answer.
        available: usize,
    },
    /// So many ids of the prompt are in the cache.
    Read {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// More of the answer, after each id. Empty where an id completes no character, or begins what may
    /// become a stop string.
    Text(&'a str),
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finish {
    /// The model said that it is done.
    EndOfTurn,
    /// This stop string came; it is not part of the answer.
    Stop(String),
    /// It has as many ids as were allowed.
    MaxTokens,
    /// No position is left.
    ContextFull,
    /// The caller asked for it.
    Interrupted,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was said.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// What it took.
    pub stats: Stats,
}

/// Why there is no answer. The conversation is as it was before the question.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatError {
    /// The question does not fit, even alone with the system prompt.
    TooLong {
        /// Positions that it needs, with one for the answer.
        needed: usize,
        /// Positions that there are.
        context: usize,
    },
    /// The template cannot write the conversation down.
    Template(String),
    /// No id could be chosen.
    Choice(String),
    /// The model failed.
    Engine(EngineError),
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { needed, context } => write!(
                f,
                "the question with the system prompt needs {needed} positions, expected no more than \
                 the {context} of the context"
            ),
            Self::Template(message) | Self::Choice(message) => write!(f, "{message}"),
            Self::Engine(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ChatError {}

impl From<EngineError> for ChatError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// A conversation with a model.
///
/// ```
/// use std::ops::ControlFlow;
/// use rust_for_ai::llama::chat::{ChatError, Conversation, Event, Limits, Voice};
/// use rust_for_ai::llama::Engine;
///
/// fn ask(engine: &mut dyn Engine, voice: &mut dyn Voice) -> Result<(), ChatError> {
///     let mut chat = Conversation::new(engine, voice, Limits::default());
///     for question in ["What is 2+2?", "And with one more?"] {
///         let answer = chat.answer(question, &mut |event| {
///             if let Event::Text(text) = event {
///                 print!("{text}");
///             }
///             ControlFlow::Continue(())
///         })?;
///         println!("\n{:.0} tokens a second", answer.stats.tokens_per_second());
///     }
///     Ok(())
/// }
/// ```
pub struct Conversation<'a> {
    engine: &'a mut dyn Engine,
    voice: &'a mut dyn Voice,
    limits: Limits,
    /// A system prompt if there is one, then questions and answers by turns, an answer last.
    messages: Vec<Message>,
    totals: Totals,
    /// Whose loop answers; ours if there is none.
    turn: Option<Turn>,
}

impl fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("engine", &self.engine.name())
            .field("limits", &self.limits)
            .field("messages", &self.messages)
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

impl<'a> Conversation<'a> {
    /// Begins a conversation. What the engine's cache holds is reused where it fits.
    pub fn new(engine: &'a mut dyn Engine, voice: &'a mut dyn Voice, limits: Limits) -> Self {
        let (messages, totals) = (Vec::new(), Totals::default());
        Self { engine, voice, limits, messages, totals, turn: None }
    }

    /// Has somebody else's loop make the answers: the answer to stage `llama.chat`. What it does not know
    /// of stays with the conversation: the system prompt, turns that are dropped, interruptions.
    #[must_use]
    pub fn with_turn(self, turn: Turn) -> Self {
        Self { turn: Some(turn), ..self }
    }

    /// Begins anew with this system prompt; with the template's own if it is `None`.
    pub fn restart(&mut self, system: Option<&str>) {
        self.messages.clear();
        self.messages
            .extend(system.map(|text| Message { role: Role::System, text: text.to_owned() }));
    }

    /// Begins anew with the same system prompt.
    pub fn reset(&mut self) {
        self.messages.truncate(self.system());
    }

    /// What was said: a system prompt if one was given, then questions and answers.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Positions in use, and positions in all.
    pub fn positions(&self) -> (usize, usize) {
        (self.engine.ids().len(), self.engine.context())
    }

    /// What all answers took together.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How many messages the system prompt is: one or none.
    fn system(&self) -> usize {
        usize::from(self.messages.first().is_some_and(|message| message.role == Role::System))
    }

    /// Asks, and streams the answer. `listen` is called with what happens, and stops the answer where
    /// it returns `Break`.
    ///
    /// # Errors
    ///
    /// The question does not fit into the context, the template cannot write it down, or the model
    /// fails. The conversation is then as before, and may go on.
    pub fn answer(
        &mut self,
        question: &str,
        listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Answer, ChatError> {
        let start = Instant::now();
        self.messages.push(Message { role: Role::User, text: question.to_owned() });
        let before = self.messages.len() - 1;
        let answered = self.fit(listen).and_then(|(ids, dropped)| {
            let answer = match self.turn {
                // A loop may expect one id or more.
                Some(turn) if self.limits.max_tokens != Some(0) => {
                    self.hand_over(turn, &ids, dropped.end, start, listen)?
                }
                _ => self.complete(&ids, start, listen)?,
            };
            Ok((answer, dropped))
        });
        match answered {
            Ok((answer, _)) if answer.text.is_empty() && answer.finish == Finish::Interrupted => {
                self.messages.truncate(before);
                self.totals.add(&answer.stats);
                Ok(answer)
            }
            Ok((answer, dropped)) => {
                self.messages.push(Message { role: Role::Assistant, text: answer.text.clone() });
                self.messages.drain(dropped);
                self.totals.add(&answer.stats);
                Ok(answer)
            }
            Err(error) => {
                self.messages.truncate(before);
                Err(error)
            }
        }
    }

    /// The ids of the conversation, and the messages that had to be left out.
    fn fit(
        &mut self,
        listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<(Vec<u32>, std::ops::Range<usize>), ChatError> {
        let context = self.engine.context();
        // An answer of some length shall have room, too.
        let room = self.limits.max_tokens.unwrap_or(usize::MAX).min(context / 4).max(1);
        let available = context.saturating_sub(room);
        let (system, last) = (self.system(), self.messages.len() - 1);
        let (mut from, mut turns, mut whole) = (system, 0, 0);
        loop {
            let kept = [&self.messages[..system], &self.messages[from..]].concat();
            let ids = self.voice.render(&kept).map_err(ChatError::Template)?;
            if turns == 0 {
                whole = ids.len();
            }
            // The last question has only its own length to answer for.
            if ids.len() <= available || (from == last && ids.len() < context) {
                if turns > 0 {
                    // A caller who wants to stop does so at the next event.
                    let _ = listen(Event::Dropped { turns, needed: whole, available });
                }
                return Ok((ids, system..from));
            }
            if from == last {
                return Err(ChatError::TooLong { needed: ids.len() + 1, context });
            }
            let next = self.messages[from + 1..].iter().position(|it| it.role == Role::User);
            from = next.map_or(last, |next| from + 1 + next);
            turns += 1;
        }
    }

    /// Feeds the prompt, then one id after the other, until something ends the answer.
    fn complete(
        &mut self,
        prompt: &[u32],
        start: Instant,
        listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Answer, ChatError> {
        let Self { engine, voice, limits, .. } = self;
        let reused = common(prompt, engine.ids()).min(prompt.len().saturating_sub(1));
        engine.truncate(reused)?;
        let mut stats = Stats { prompt: prompt.len(), reused, ..Stats::default() };
        let mut speech = Speech::new(voice.text(), limits.stops.clone());
        let mut history = prompt.to_vec();
        let most = limits.max_tokens.unwrap_or(usize::MAX);
        let ended = |speech: Speech, finish, mut stats: Stats| {
            stats.total = start.elapsed();
            Ok(Answer { text: speech.said, finish, stats })
        };

        let mut rest = &prompt[reused..];
        while rest.len() > CHUNK {
            let (chunk, later) = rest.split_at(CHUNK);
            engine.feed(chunk)?;
            rest = later;
            let done = prompt.len() - rest.len();
            if listen(Event::Read { done, of: prompt.len() }).is_break() {
                return ended(speech, Finish::Interrupted, stats);
            }
        }
        let mut next = rest;
        let mut id;
        let finish = loop {
            let logits = engine.feed(next)?;
            if stats.generated == 0 {
                let of = prompt.len();
                if listen(Event::Read { done: of, of }).is_break() {
                    break Finish::Interrupted;
                }
            }
            if stats.generated == most {
                break Finish::MaxTokens;
            }
            id = voice.sample(logits, &history).map_err(ChatError::Choice)?;
            stats.chosen(start);
            if voice.ends_turn(id) {
                break Finish::EndOfTurn;
            }
            history.push(id);
            let stop = speech.push(&voice.piece(id));
            if listen(Event::Text(speech.fresh())).is_break() {
                break Finish::Interrupted;
            }
            if let Some(stop) = stop {
                break Finish::Stop(stop);
            }
            if stats.generated >= most {
                break Finish::MaxTokens;
            }
            if history.len() > engine.context() {
                break Finish::ContextFull;
            }
            next = std::slice::from_ref(&id);
        };
        if !matches!(finish, Finish::Stop(_)) {
            speech.finish();
            let fresh = speech.fresh();
            if !fresh.is_empty() {
                let _ = listen(Event::Text(fresh));
            }
        }
        ended(speech, finish, stats)
    }
}

/// The length of the common beginning.
fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
