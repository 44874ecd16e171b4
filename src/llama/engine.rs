//! What a chat needs of a model that runs: feed ids, get logits, go back.
//!
//! Three things implement [`Engine`]: our own forward pass, Candle's Llama as a second opinion, and
//! the learner's code. An engine holds one conversation. Weights are shared between engines; the
//! positions are not.

/// A model that runs, and the ids of one conversation in its cache.
pub trait Engine {
    /// A word for the banner: `native`, `candle`, `mine`.
    fn name(&self) -> &str;

    /// How many positions the cache can hold.
    fn context(&self) -> usize;

    /// The ids that are in the cache, in order of their positions.
    fn ids(&self) -> &[u32];

    /// Forgets all positions from `len` on. A `len` beyond the end changes nothing.
    ///
    /// # Errors
    ///
    /// Only what the engine itself may fail at.
    fn truncate(&mut self, len: usize) -> Result<(), EngineError>;

    /// Appends `ids` and gives the logits after the last of them, one number for each id of the
    /// vocabulary.
    ///
    /// # Errors
    ///
    /// No ids; an id that the vocabulary lacks; more ids than the context holds. Then the cache is as
    /// it was before.
    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError>;
}

/// Why an engine could not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError {
    /// Nothing was fed, so there is no last id.
    NoIds,
    /// An id that the vocabulary lacks.
    UnknownId {
        /// The id.
        id: u32,
        /// Its index in what was fed.
        index: usize,
        /// How many ids there are, from 0.
        vocabulary: usize,
    },
    /// More positions than the cache can hold.
    ContextFull {
        /// Positions in use.
        used: usize,
        /// Ids that were fed.
        fed: usize,
        /// Positions in all.
        context: usize,
    },
    /// What the library underneath says.
    Backend(String),
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoIds => write!(f, "no ids to feed, expected one or more"),
            Self::UnknownId { id, index, vocabulary } => write!(
                f,
                "id {id} at index {index} is unknown, expected one of the {vocabulary} ids from 0"
            ),
            Self::ContextFull { used, fed, context } => write!(
                f,
                "the context is full: {used} positions are in use and {fed} are fed, expected no more \
                 than {context} in all"
            ),
            Self::Backend(message) => write!(f, "{message}"),
        }
    }
}

impl std::error::Error for EngineError {}

/// Refuses what no engine can feed: for those who write one.
///
/// # Errors
///
/// As [`Engine::feed`], for a cache with `used` of `context` positions in use.
pub fn check_feed(
    ids: &[u32],
    used: usize,
    context: usize,
    vocabulary: usize,
) -> Result<(), EngineError> {
    if ids.is_empty() {
        return Err(EngineError::NoIds);
    }
    if let Some((index, &id)) =
        (0..).zip(ids).find(|&(_, &id)| usize::try_from(id).map_or(true, |id| id >= vocabulary))
    {
        return Err(EngineError::UnknownId { id, index, vocabulary });
    }
    if ids.len() > context.saturating_sub(used) {
        return Err(EngineError::ContextFull { used, fed: ids.len(), context });
    }
    Ok(())
}
