//! Why a request gets no answer, and the status that says so. Statuses follow the Open Inference
//! Protocol: whatever the client got wrong is 400.

use http::StatusCode;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The client's fault.
    #[error("{0}")]
    Invalid(String),
    /// A page from elsewhere may not ask this.
    #[error("{0}")]
    Denied(String),
    #[error("{0} is not found")]
    NotFound(String),
    #[error("the method is not allowed here; use {0}")]
    Method(&'static str),
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("{0} is not available yet")]
    Unsupported(&'static str),
    /// A limit on concurrency is reached; worth trying again.
    #[error("{0}")]
    Busy(String),
    #[error("{0}")]
    Unavailable(String),
    #[error("the deadline passed before the model answered")]
    Late,
    #[error("{0}")]
    Model(String),
}

impl Fault {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Busy(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            Self::Model(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<seatrial_domain::tensor::Error> for Fault {
    fn from(error: seatrial_domain::tensor::Error) -> Self {
        Self::Invalid(error.to_string())
    }
}
