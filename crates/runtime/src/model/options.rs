//! What a caller chooses when it loads a model.

use super::source::Source;
use std::time::Duration;

use crate::load::Level;

/// How to load a model.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The model.
    pub source: Source,
    /// How thoroughly to prepare it.
    pub level: Level,
    /// The sessions of the pool; each holds its own copy of the model's weights.
    pub sessions: usize,
    /// The most requests that run at once, where that is fewer than the sessions.
    pub max_concurrency: usize,
    /// The most requests that wait for a session.
    pub queue: usize,
    /// Requests expected to take less than this run on the caller's own thread.
    pub inline_below: Duration,
    /// The longest a warm-up may take.
    pub warm_up_limit: Duration,
}

impl LoadOptions {
    /// The defaults of a server: two sessions, 64 requests waiting.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            level: Level::Production,
            sessions: 2,
            max_concurrency: usize::MAX,
            queue: 64,
            inline_below: Duration::from_millis(1),
            warm_up_limit: Duration::from_secs(30),
        }
    }
}
