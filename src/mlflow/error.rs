//! What MLflow's clients are told when something is refused: a code of theirs, and a message.
//! Refuses to answer a fault that will not go away with a status that their client tries again.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use seatrial_domain::{ids, manifest, search};
use seatrial_store::{blobs, storage, versions};
use serde_json::json;

/// What a route answers.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Error {
    const fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    /// What was asked for makes no sense, and never will.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message.into())
    }

    /// Nothing of this name.
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message.into())
    }

    /// Something of this name already.
    pub(super) fn exists(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message.into())
    }

    /// Bytes that the file does not have.
    pub(super) fn range(message: impl Into<String>) -> Self {
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        Self::new(status, "INVALID_PARAMETER_VALUE", message.into())
    }

    /// Not as things stand: something else needs it.
    pub(super) fn state(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_STATE", message.into())
    }

    /// Not the client's to do.
    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message.into())
    }

    /// No room on the disk; their client does not try this status again.
    pub(super) fn full(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "RESOURCE_EXHAUSTED", message.into())
    }

    /// Something nobody outside can mend; the whole cause is logged, not sent.
    pub(super) fn internal(error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        tracing::error!(error = format!("{error:#}"), "an MLflow request failed");
        let message = "the server could not do it; its log says why".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({"error_code": self.code, "message": self.message});
        (self.status, Json(body)).into_response()
    }
}

impl From<ids::Error> for Error {
    fn from(error: ids::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<manifest::Error> for Error {
    fn from(error: manifest::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Full(_) => Self::full(error.to_string()),
            // The one fault that another try mends.
            storage::Error::Busy(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "TEMPORARILY_UNAVAILABLE",
                error.to_string(),
            ),
            storage::Error::Corrupt { .. } | storage::Error::Sql(_) => Self::internal(error),
        }
    }
}

impl From<blobs::Error> for Error {
    fn from(error: blobs::Error) -> Self {
        match error {
            blobs::Error::Full(_) => Self::full(error.to_string()),
            blobs::Error::TooLarge { .. } => Self::invalid(error.to_string()),
            blobs::Error::Mismatch { .. }
            | blobs::Error::Missing(_)
            | blobs::Error::Altered { .. }
            | blobs::Error::Io(_) => Self::internal(error),
        }
    }
}

impl From<versions::Error> for Error {
    fn from(error: versions::Error) -> Self {
        match error {
            versions::Error::UnknownModel(_)
            | versions::Error::UnknownVersion(..)
            | versions::Error::MissingBlob { .. } => Self::missing(error.to_string()),
            versions::Error::Referenced { .. } => Self::state(error.to_string()),
            versions::Error::Blobs(error) => error.into(),
            versions::Error::Storage(error) => error.into(),
        }
    }
}

impl From<search::Error> for Error {
    fn from(error: search::Error) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<seatrial_store::search::Error> for Error {
    fn from(error: seatrial_store::search::Error) -> Self {
        match error {
            seatrial_store::search::Error::Token => Self::invalid(error.to_string()),
            seatrial_store::search::Error::Storage(error) => error.into(),
        }
    }
}
