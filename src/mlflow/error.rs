//! What MLflow's clients are told when something is refused: a code of theirs, and a message.
//! Refuses to answer a fault that will not go away with a status that their client tries again.

use crate::registry;
use crate::signatures::Refusal;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use seatrial_domain::{ids, manifest, search};
use seatrial_runtime::{load, probe};
use seatrial_store::{artifacts, blobs, lineage, multipart, storage, tracking, versions};
use serde_json::json;
use std::fmt::Display;

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

    /// Not now; their client tries again.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", message.into())
    }

    /// Somebody else made it otherwise, or a version was made of it.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "RESOURCE_CONFLICT", message.into())
    }

    /// Not the bytes that were meant.
    pub(super) fn precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "INVALID_STATE", message.into())
    }

    /// Too many at once: another try mends it, and their client tries again.
    pub(super) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED", message.into())
    }

    /// No room on the disk; their client does not try this status again.
    pub(super) fn full(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "RESOURCE_EXHAUSTED", message.into())
    }

    /// Before, or in place of, an endpoint's own answer.
    pub(super) fn unreached(status: StatusCode, message: String) -> Self {
        let code = match status {
            StatusCode::FORBIDDEN => "PERMISSION_DENIED",
            // Their client tries again.
            StatusCode::GATEWAY_TIMEOUT => "TEMPORARILY_UNAVAILABLE",
            StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL_ERROR",
            _ => "BAD_REQUEST",
        };
        Self::new(status, code, message)
    }

    /// What MLflow's server answers and this one does not.
    pub(super) fn absent(path: &str) -> Self {
        let message = format!("{path} is no part of MLflow's API that this server answers");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message)
    }

    /// More than this server keeps; their client does not try this status again.
    fn limit(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", message.into())
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

impl From<seatrial_domain::lineage::Error> for Error {
    fn from(error: seatrial_domain::lineage::Error) -> Self {
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
            // The faults that another try mends.
            storage::Error::Busy(_) | storage::Error::Late | storage::Error::Closed => {
                Self::unavailable(error.to_string())
            }
            storage::Error::Corrupt { .. } | storage::Error::Sql(_) => Self::internal(error),
        }
    }
}

impl From<blobs::Error> for Error {
    fn from(error: blobs::Error) -> Self {
        match error {
            blobs::Error::Full(_) => Self::full(error.to_string()),
            blobs::Error::TooLarge { .. } => Self::invalid(error.to_string()),
            // Another try may mend it, later.
            blobs::Error::Unreachable(_) => Self::unavailable(error.to_string()),
            // Their client tries a 5xx again, for minutes, and the bytes stay what they are, as do the
            // bucket's rules.
            blobs::Error::Missing(_) | blobs::Error::Altered { .. } | blobs::Error::Denied(_) => {
                tracing::error!(%error, "what a client asked for is not there as it was stored");
                Self::new(StatusCode::CONFLICT, "INVALID_STATE", error.to_string())
            }
            blobs::Error::Mismatch { .. } | blobs::Error::Io(_) => Self::internal(error),
        }
    }
}

impl From<versions::Error> for Error {
    fn from(error: versions::Error) -> Self {
        match error {
            versions::Error::UnknownModel(_)
            | versions::Error::UnknownVersion(..)
            | versions::Error::MissingBlob { .. } => Self::missing(error.to_string()),
            versions::Error::Referenced { .. } | versions::Error::TooManySignatures { .. } => {
                Self::state(error.to_string())
            }
            versions::Error::Limit { .. } => Self::limit(error.to_string()),
            versions::Error::Lineage(lineage::Error::Storage(error)) => error.into(),
            versions::Error::Lineage(error) => Self::invalid(error.to_string()),
            versions::Error::Blobs(error) => error.into(),
            versions::Error::Storage(error) => error.into(),
        }
    }
}

impl From<tracking::Error> for Error {
    fn from(error: tracking::Error) -> Self {
        match error {
            tracking::Error::UnknownExperiment(_)
            | tracking::Error::UnknownRun(_)
            | tracking::Error::UnknownLoggedModel(_)
            | tracking::Error::UnknownTag { .. } => Self::missing(error.to_string()),
            tracking::Error::Exists(_) => Self::exists(error.to_string()),
            tracking::Error::Changed { .. } => Self::invalid(error.to_string()),
            tracking::Error::Limit { .. } => Self::limit(error.to_string()),
            tracking::Error::Storage(error) => error.into(),
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        use registry::Error;
        let message = error.to_string();
        match error {
            Error::UnknownUpload(_) => Self::missing(message),
            // It passes, so the client may well try again.
            Error::TooManyUploads { .. } | Error::TooManyChecks { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED", message)
            }
            Error::Different(_) => Self::new(StatusCode::CONFLICT, "RESOURCE_CONFLICT", message),
            Error::TooManyFiles { .. }
            | Error::TooLarge { .. }
            | Error::BrokenOff(_)
            | Error::Slow(_)
            | Error::NoModel { .. }
            | Error::SeveralModels { .. }
            | Error::MlModels(_)
            | Error::MlModel { .. }
            | Error::NoData { .. }
            | Error::Contradiction { .. }
            | Error::NotOneFile { .. }
            | Error::Bundle(_)
            | Error::Mismatch(_)
            | Error::Format(_)
            | Error::Dataset(_)
            | Error::Manifest(_) => Self::invalid(message),
            Error::Model { source, .. } => match *source {
                probe::Error::Refused(load::Error::Library { .. } | load::Error::Io { .. })
                | probe::Error::Process(_) => Self::internal(source),
                probe::Error::Refused(_)
                | probe::Error::Crashed { .. }
                | probe::Error::TimedOut { .. } => Self::invalid(message),
            },
            Error::Full(_) => Self::full(message),
            Error::Io(_) | Error::Datasets(_) => Self::internal(error),
            Error::Signature(refusal) => refusal.into(),
            Error::Blobs(error) => error.into(),
            Error::Versions(error) => error.into(),
        }
    }
}

impl From<artifacts::PathError> for Error {
    fn from(error: artifacts::PathError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<artifacts::Error> for Error {
    fn from(error: artifacts::Error) -> Self {
        match error {
            artifacts::Error::Sealed { .. }
            | artifacts::Error::Collides { .. }
            | artifacts::Error::Changed => Self::conflict(error.to_string()),
            artifacts::Error::TooMany { .. } => Self::full(error.to_string()),
            artifacts::Error::Version(error) => error.into(),
            artifacts::Error::Storage(error) => error.into(),
        }
    }
}

/// MLflow's clients send no signatures, so the way to sign is our own command.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::UnknownKey { .. } | Refusal::Exchanged { .. } => Self::denied(message),
            Refusal::Unsigned { .. } | Refusal::Forged { .. } => Self::denied(format!(
                "{message}: seatrial model push PATH --name N --sign-key KEY.pem"
            )),
            Refusal::Storage(error) => error.into(),
        }
    }
}

impl From<multipart::Error> for Error {
    fn from(error: multipart::Error) -> Self {
        match error {
            multipart::Error::Unknown => Self::missing(error.to_string()),
            multipart::Error::TooManyOpen { .. } => Self::invalid(unsupported(&error)),
            multipart::Error::Artifact(error) => error.into(),
            multipart::Error::Storage(error) => error.into(),
        }
    }
}

/// Their client sends a file whole once it is told so, in these words.
pub(super) fn unsupported(why: &impl Display) -> String {
    format!("Multipart upload is not supported for the current artifact repository: {why}")
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
