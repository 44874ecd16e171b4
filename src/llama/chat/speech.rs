//! An answer's text as it grows: whole characters, and nothing of a stop string.

use crate::llama::parts::TextStream;
use crate::llama::stream::Stops;

/// Bytes become text; what may become a stop string is held back.
pub(super) struct Speech {
    utf8: Box<dyn TextStream>,
    stops: Stops,
    /// What was let through.
    pub(super) said: String,
    /// How much of it was shown.
    shown: usize,
}

impl Speech {
    pub(super) fn new(utf8: Box<dyn TextStream>, stops: Stops) -> Self {
        Self { utf8, stops, said: String::new(), shown: 0 }
    }

    /// Adds an id's bytes; a stop string that they completed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        let text = self.utf8.push(bytes);
        self.said += &self.stops.push(&text);
        self.stops.stopped().map(str::to_owned)
    }

    /// Nothing comes any more: what was held back is no stop string after all.
    pub(super) fn finish(&mut self) {
        let text = self.utf8.finish();
        self.said += &self.stops.push(&text);
        if self.stops.stopped().is_none() {
            self.said += &self.stops.finish();
        }
    }

    /// What was let through since this was asked last.
    pub(super) fn fresh(&mut self) -> &str {
        let from = std::mem::replace(&mut self.shown, self.said.len());
        &self.said[from..]
    }
}
