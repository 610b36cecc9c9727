//! How an inference ends other than with an answer.

/// Why an inference has no answer; a variant for each decision a caller makes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The deadline passed first.
    #[error("the deadline passed before the model answered")]
    Deadline,
    /// Every session is busy and the queue before them is full.
    #[error("overloaded: {sessions} sessions busy and {queue} requests waiting")]
    Overloaded {
        /// The sessions, all busy.
        sessions: usize,
        /// The length of the queue, full.
        queue: usize,
    },
    /// The client's tensor fits the signature, yet the runtime cannot take it (text that is not
    /// UTF-8, say): the client's fault.
    #[error("input {name:?}: {detail}")]
    Input {
        /// The input.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The model itself failed on these inputs.
    #[error("the model failed: {detail}")]
    Model {
        /// The runtime's message, on one line.
        detail: String,
    },
    /// The model is not there to answer: unloading, or its worker is gone.
    #[error("the model is unavailable: {detail}")]
    Unavailable {
        /// Why.
        detail: String,
    },
}
