//! What an answer took: ids and time.

use std::time::{Duration, Instant};

/// What one answer took.
///
/// ```
/// use std::time::Duration;
/// use rust_for_ai::llama::chat::Stats;
///
/// let stats = Stats {
///     generated: 31,
///     first: Some(Duration::from_millis(200)),
///     last: Duration::from_millis(700),
///     ..Stats::default()
/// };
/// assert_eq!(stats.tokens_per_second(), 60.0); // 30 more in half a second
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Ids of the prompt: the whole conversation.
    pub prompt: usize,
    /// How many of them the cache held already.
    pub reused: usize,
    /// Ids that the model chose, with the one that ended the turn.
    pub generated: usize,
    /// From the question to the first id.
    pub first: Option<Duration>,
    /// From the question to the last id.
    pub last: Duration,
    /// From the question to the end.
    pub total: Duration,
}

impl Stats {
    /// An id was chosen.
    pub(super) fn chosen(&mut self, start: Instant) {
        self.last = start.elapsed();
        self.first.get_or_insert(self.last);
        self.generated += 1;
    }

    /// How fast ids followed the first one; 0 where none did.
    pub fn tokens_per_second(&self) -> f64 {
        rate(self.generated.saturating_sub(1), self.last - self.first.unwrap_or(self.last))
    }

    /// How fast the prompt was read, without what was reused; 0 where nothing was chosen.
    pub fn prompt_tokens_per_second(&self) -> f64 {
        rate(self.prompt - self.reused, self.first.unwrap_or_default())
    }
}

/// What several answers took together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Answers.
    pub answers: usize,
    /// Ids of their prompts that were fed.
    pub fed: usize,
    /// Ids of their prompts that the cache held already.
    pub reused: usize,
    /// Ids that the model chose.
    pub generated: usize,
    /// The time of all of them.
    pub total: Duration,
}

impl Totals {
    pub(super) fn add(&mut self, stats: &Stats) {
        self.answers += 1;
        self.fed += stats.prompt - stats.reused;
        self.reused += stats.reused;
        self.generated += stats.generated;
        self.total += stats.total;
    }
}

fn rate(count: usize, time: Duration) -> f64 {
    if count == 0 || time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}
