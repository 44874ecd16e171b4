//! A turn that somebody else's loop takes: the answer to stage `llama.chat`.
//!
//! The loop gets an engine, a voice, the history, the message, limits and a place to show text, as the stage
//! has them. What it does not know of stays here: which turns had to be dropped, the system prompt, why an
//! answer ended, times, and interruptions. A listener that wants to stop is told to the loop as an end of the
//! turn, which it knows how to obey; so is a context without a position left.
//!
//! A loop may panic. That is an error of the engine, with the place, and the conversation is as it was.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::time::Instant;

use super::{Answer, CHUNK, ChatError, Conversation, Event, Finish, Stats, Voice};
use crate::check::quietly;
use crate::llama::engine::{Engine, EngineError};
use crate::llama::parts;
use crate::llama::template::{Message, Role};

/// A loop from a question to its answer, as stage `llama.chat` asks for it: engine, voice, history, message,
/// limits, and what shows text.
pub type Turn = fn(
    &mut dyn Engine,
    &mut dyn parts::Voice,
    &mut Vec<String>,
    &str,
    &parts::Limits,
    &mut dyn FnMut(&str),
) -> Result<(), EngineError>;

/// Who hears what happens, and may stop it.
type Listen<'a> = &'a mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

/// Who listens, and what was noticed on the way.
struct Ear<'a> {
    listen: RefCell<Listen<'a>>,
    stopped: Cell<bool>,
    /// Ids that were fed before the first one was chosen.
    fed: Cell<usize>,
    stats: Cell<Stats>,
    shown: RefCell<String>,
}

impl Ear<'_> {
    fn tell(&self, event: Event<'_>) {
        if (self.listen.borrow_mut())(event).is_break() {
            self.stopped.set(true);
        }
    }
}

/// The engine, with a prompt that can be interrupted.
struct Heard<'a> {
    engine: &'a mut dyn Engine,
    ear: &'a Ear<'a>,
    prompt: usize,
}

impl Engine for Heard<'_> {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn context(&self) -> usize {
        self.engine.context()
    }

    fn ids(&self) -> &[u32] {
        self.engine.ids()
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        self.engine.truncate(len)
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        if self.ear.stats.get().generated == 0 {
            self.ear.fed.set(self.ear.fed.get() + ids.len());
        }
        let mut rest = ids;
        // What does not fit is refused as a whole.
        let fits = ids.len() <= self.context().saturating_sub(self.ids().len());
        while fits && rest.len() > CHUNK {
            let (chunk, later) = rest.split_at(CHUNK);
            self.engine.feed(chunk)?;
            rest = later;
            let done = self.engine.ids().len();
            self.ear.tell(Event::Read { done, of: self.prompt.max(done) });
            if self.ear.stopped.get() {
                return Err(EngineError::Backend("interrupted".to_owned()));
            }
        }
        self.engine.feed(rest)
    }
}

/// The voice as a loop meets it: without roles and without errors.
struct Narrow<'a> {
    voice: RefCell<&'a mut dyn Voice>,
    ear: &'a Ear<'a>,
    start: Instant,
    /// The system prompt, if there is one.
    system: &'a [Message],
    context: usize,
    most: usize,
    /// The ids of the prompt and those that were chosen since.
    history: RefCell<Vec<u32>>,
    ended: Cell<bool>,
    full: Cell<bool>,
    error: RefCell<Option<ChatError>>,
}

impl Narrow<'_> {
    /// Keeps the first error, and has the loop end.
    fn fail(&self, error: ChatError) {
        self.error.borrow_mut().get_or_insert(error);
    }
}

impl parts::Voice for Narrow<'_> {
    fn render(&self, messages: &[String]) -> Vec<u32> {
        let roles = [Role::User, Role::Assistant].into_iter().cycle();
        let turns = roles.zip(messages).map(|(role, text)| Message::new(role, text.clone()));
        let messages: Vec<Message> = self.system.iter().cloned().chain(turns).collect();
        let ids = self.voice.borrow().render(&messages).unwrap_or_else(|error| {
            self.fail(ChatError::Template(error));
            Vec::new()
        });
        self.history.borrow_mut().clone_from(&ids);
        ids
    }

    fn piece(&self, id: u32) -> Vec<u8> {
        self.voice.borrow().piece(id)
    }

    fn ends_turn(&self, id: u32) -> bool {
        if self.ear.stopped.get() || self.error.borrow().is_some() {
            return true;
        }
        if self.voice.borrow().ends_turn(id) {
            self.ended.set(true);
            return true;
        }
        // It could not be fed.
        let last = self.ear.stats.get().generated >= self.most;
        self.full.set(!last && self.history.borrow().len() > self.context);
        self.full.get()
    }

    fn sample(&mut self, logits: &[f32]) -> u32 {
        let mut stats = self.ear.stats.get();
        self.ear.tell(match stats.generated {
            0 => Event::Read { done: stats.prompt, of: stats.prompt },
            _ => Event::Text(""),
        });
        let history = self.history.get_mut();
        match self.voice.get_mut().sample(logits, history) {
            Ok(id) => {
                history.push(id);
                stats.chosen(self.start);
                self.ear.stats.set(stats);
                id
            }
            Err(error) => {
                self.fail(ChatError::Choice(error));
                0
            }
        }
    }
}

impl Conversation<'_> {
    /// Has `turn` answer the last message. `prompt` are the ids of the conversation from message `from` on.
    pub(super) fn hand_over(
        &mut self,
        turn: Turn,
        prompt: &[u32],
        from: usize,
        start: Instant,
        listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Answer, ChatError> {
        let system = self.system();
        let mut history: Vec<String> =
            self.messages[from..].iter().map(|message| message.text.clone()).collect();
        let question = history.pop().unwrap_or_default();
        let expected = history.len() + 2;
        let context = self.engine.context();
        let most = self.limits.max_tokens.unwrap_or(context);
        let limits = parts::Limits { max_tokens: most, stops: self.limits.stops.list().to_vec() };
        let ear = Ear {
            listen: RefCell::new(listen),
            stopped: Cell::new(false),
            fed: Cell::new(0),
            stats: Cell::new(Stats { prompt: prompt.len(), ..Stats::default() }),
            shown: RefCell::default(),
        };
        let mut engine = Heard { engine: &mut *self.engine, ear: &ear, prompt: prompt.len() };
        let mut voice = Narrow {
            voice: RefCell::new(&mut *self.voice),
            ear: &ear,
            start,
            system: &self.messages[..system],
            context,
            most,
            history: RefCell::default(),
            ended: Cell::new(false),
            full: Cell::new(false),
            error: RefCell::default(),
        };
        let mut show = |text: &str| {
            ear.shown.borrow_mut().push_str(text);
            ear.tell(Event::Text(text));
        };
        let done =
            quietly(|| turn(&mut engine, &mut voice, &mut history, &question, &limits, &mut show));

        let mut stats = ear.stats.get();
        stats.reused = stats.prompt.saturating_sub(ear.fed.get());
        stats.total = start.elapsed();
        let failed = |text: String| Err(ChatError::Engine(EngineError::Backend(text)));
        match done {
            Err(caught) => return failed(format!("your code {caught}")),
            Ok(_) if voice.error.borrow().is_some() => {
                return voice.error.take().map_or_else(|| failed(String::new()), Err);
            }
            // What was read of the prompt stays read.
            Ok(Err(_)) if ear.stopped.get() => {
                let text = ear.shown.take();
                return Ok(Answer { text, finish: Finish::Interrupted, stats });
            }
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(())) => {}
        }
        let (got, answer) = (history.len(), history.pop().unwrap_or_default());
        if got != expected {
            return failed(format!(
                "your code left {got} texts in the history, expected {expected}: with the message and \
                 its answer"
            ));
        }
        let finish = if ear.stopped.get() {
            Finish::Interrupted
        } else if voice.ended.get() {
            Finish::EndOfTurn
        } else if voice.full.get() {
            Finish::ContextFull
        } else {
            let said = voice.history.take().split_off(prompt.len());
            let bytes: Vec<u8> =
                said.iter().flat_map(|&id| voice.voice.borrow().piece(id)).collect();
            let mut stops = self.limits.stops.clone();
            stops.push(&String::from_utf8_lossy(&bytes));
            stops.stopped().map_or(Finish::MaxTokens, |stop| Finish::Stop(stop.to_owned()))
        };
        Ok(Answer { text: answer, finish, stats })
    }
}
