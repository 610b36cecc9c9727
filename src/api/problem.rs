//! Errors as problem details: every one names what is wrong, and where it can, the next command.

mod sources;
#[cfg(test)]
mod tests;

use super::wire::Problem;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a route fails with.
pub(super) type Result<T> = std::result::Result<T, Failure>;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Failure(Box<Problem>);

/// The kinds of problem; each has one status and one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Invalid,
    Refused,
    Denied,
    NotFound,
    Conflict,
    Stale,
    TooLarge,
    MediaType,
    Quarantined,
    Busy,
    Storage,
    Unavailable,
    Method,
    TimedOut,
    NotAvailable,
    Internal,
}

impl Kind {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Invalid => (StatusCode::BAD_REQUEST, "invalid", "invalid request"),
            Self::Refused => (StatusCode::UNPROCESSABLE_ENTITY, "refused", "refused"),
            Self::Denied => (StatusCode::FORBIDDEN, "denied", "denied"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "not found"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "conflict"),
            Self::Stale => (StatusCode::PRECONDITION_FAILED, "stale", "changed meanwhile"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "too large"),
            Self::MediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "wrong content type")
            }
            Self::Quarantined => (StatusCode::CONFLICT, "quarantined", "quarantined"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy", "too many at once"),
            Self::Storage => (StatusCode::INSUFFICIENT_STORAGE, "storage", "no room is left"),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "unavailable for now")
            }
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "method not allowed"),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "timed-out", "timed out"),
            Self::NotAvailable => {
                (StatusCode::NOT_IMPLEMENTED, "not-available", "not available yet")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "internal error"),
        }
    }
}

impl Failure {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, name, title) = kind.parts();
        Self(Box::new(Problem {
            kind: format!("urn:seatrial:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
        }))
    }

    /// With the next command.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// With what went before.
    pub(super) fn after(mut self, said: &str) -> Self {
        self.0.detail = format!("{said}: {}", self.0.detail);
        self
    }

    /// As whoever asks at this path reads it.
    pub(super) fn at(self, path: &str) -> Response {
        if !crate::mlflow::is_asked_at(path) {
            return self.into_response();
        }
        crate::mlflow::refused(self.status(), self.0.detail)
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("no {what} named {name}"))
    }

    /// Something nobody outside can mend; the whole cause is logged, not sent.
    pub(super) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a control request failed");
        Self::new(Kind::Internal, "the server could not do it; its log says why")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.0)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
