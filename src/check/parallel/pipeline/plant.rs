//! The three things that a pipeline joins, made to be watched: a source, an encoder and a writer.
//!
//! Documents are counted as long as they live, so it is known at every moment how many are in flight. One call
//! may be *held*: it does not return before every thread rests (`predict/rest.rs`). So the check is as slow a
//! consumer as can be, on every machine alike, and no clock is asked. What had happened by then is kept.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::predict::rest;

/// A call of one of the two functions, by its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Encode(usize),
    Write(usize),
}

/// What a pipeline is to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input {
    pub(super) documents: usize,
    pub(super) room: usize,
    /// Does not return before all rest.
    pub(super) held: Option<Step>,
    /// Returns an error.
    pub(super) fails: Option<Step>,
}

/// What has happened.
#[derive(Debug, Default, Clone)]
pub(super) struct State {
    /// How many documents were read.
    pub(super) read: usize,
    /// Those that `encode` was called with.
    pub(super) encoded: BTreeSet<usize>,
    /// Those that were written, in this order.
    pub(super) written: Vec<usize>,
    /// How many are in flight.
    pub(super) live: usize,
    /// Calls of `write` after it had failed.
    pub(super) written_after: usize,
    failed: bool,
    let_go: bool,
    /// A call is held.
    holding: bool,
    /// All this, at the moment when everything rested.
    pub(super) at_rest: Option<Box<State>>,
}

#[derive(Debug)]
struct Plant {
    input: Input,
    state: Mutex<State>,
    changed: Condvar,
}

impl Plant {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits if this call is to be held.
    fn pass(&self, step: Step) {
        let mut state = self.state();
        if self.input.held == Some(step) {
            state.holding = true;
            while !state.let_go {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.holding = false;
        }
    }

    /// Lets go the call that is held, if there is one.
    fn let_go(&self) -> bool {
        let mut state = self.state();
        if !state.holding || state.let_go {
            return false;
        }
        state.at_rest = Some(Box::new(state.clone()));
        state.let_go = true;
        self.changed.notify_all();
        true
    }
}

/// Counts a document as long as it lives.
#[derive(Debug)]
struct Alive(Arc<Plant>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.state().live -= 1;
    }
}

/// A document that was read.
#[derive(Debug)]
pub struct Document(usize, Alive);

/// A document that was encoded.
#[derive(Debug)]
pub struct Tokens(usize, Alive);

/// The documents to read.
#[derive(Debug)]
pub struct Source(Arc<Plant>);

impl Iterator for Source {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        let mut state = self.0.state();
        let id = (state.read < self.0.input.documents).then_some(state.read)?;
        state.read += 1;
        state.live += 1;
        Some(Document(id, Alive(Arc::clone(&self.0))))
    }
}

/// Encodes a document.
pub type Encode = Box<dyn Fn(Document) -> Result<Tokens, String> + Send + Sync>;

/// Writes a document.
pub type Write = Box<dyn FnMut(Tokens) -> Result<(), String> + Send>;

/// Source, encoder, writer and room.
pub(super) type Pipeline =
    dyn Fn(Source, Encode, Write, usize) -> Result<usize, String> + Send + Sync;

/// Runs a pipeline: what it returned, unless it waits for ever, and what happened.
pub(super) fn run(pipeline: Arc<Pipeline>, input: Input) -> (Option<Result<usize, String>>, State) {
    let plant = Arc::new(Plant { input, state: Mutex::default(), changed: Condvar::new() });
    let source = Source(Arc::clone(&plant));
    let theirs = Arc::clone(&plant);
    let encode: Encode = Box::new(move |Document(id, alive)| {
        theirs.state().encoded.insert(id);
        theirs.pass(Step::Encode(id));
        match input.fails == Some(Step::Encode(id)) {
            true => Err(format!("document {id} is not UTF-8")),
            false => Ok(Tokens(id, alive)),
        }
    });
    let theirs = Arc::clone(&plant);
    let write: Write = Box::new(move |Tokens(id, _alive)| {
        theirs.pass(Step::Write(id));
        let mut state = theirs.state();
        if input.fails == Some(Step::Write(id)) {
            state.failed = true;
            return Err(format!("no space to write document {id}"));
        }
        state.written_after += usize::from(state.failed);
        state.written.push(id);
        Ok(())
    });
    let run = move || pipeline(source, encode, write, input.room);
    let result = rest::watched(run, || plant.let_go());
    let state = plant.state().clone();
    (result, state)
}
