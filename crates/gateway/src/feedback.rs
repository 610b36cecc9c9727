//! Feedback: a label for an answered request, handed to whoever joins it.

use seatrial_domain::{EndpointName, Timestamp};
use tokio::sync::oneshot;

/// One label. Idempotent on (request id, metric).
#[derive(Debug)]
pub struct FeedbackRequest {
    pub endpoint: EndpointName,
    /// The answered `x-request-id`.
    pub request_id: String,
    pub metric: String,
    /// Finite: 0 or 1, or the number a metric of kind KPI asks for.
    pub value: f64,
    /// When the label came to be; now where the client did not say.
    pub ts: Timestamp,
    /// Takes what became of it.
    pub reply: oneshot::Sender<Result<(), Error>>,
}

/// Why a label is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No assignment is kept under this id: 404.
    #[error("request {0:?} is not known here, or its labels are no longer waited for")]
    UnknownRequest(String),
    /// The label cannot be used: 400.
    #[error("{0}")]
    Invalid(String),
    /// It could not be stored now: 503.
    #[error("feedback cannot be stored now: {0}")]
    Unavailable(String),
}
