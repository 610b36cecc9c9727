//! What routes read of a request: the actor, the page, the revision, the JSON body.

use super::problem::{Failure, Kind};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use seatrial_domain::{Actor, Revision};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use utoipa::IntoParams;

const ACTOR_CHARS_MAX: usize = 64;
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1000;

/// Who asks, as the client says: nothing proves it yet.
#[derive(Debug, Clone)]
pub(super) struct By(pub(super) Actor);

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let said = parts.headers.get("x-seatrial-actor").and_then(|value| value.to_str().ok());
        let fit = |c: &char| c.is_ascii_graphic() || *c == ' ';
        let name: String =
            said.unwrap_or_default().chars().filter(fit).take(ACTOR_CHARS_MAX).collect();
        let name = name.trim();
        Ok(Self(Actor::Unverified(if name.is_empty() { "unknown" } else { name }.to_owned())))
    }
}

/// `If-Match`: the revision that is meant, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct IfMatch(pub(super) Option<Revision>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let number = text.trim_matches('"').parse();
        number.map(|number| Self(Some(Revision(number)))).map_err(|_fault| {
            let detail = format!("If-Match is {text:?}: expected a quoted revision, as in ETag");
            Failure::new(Kind::Invalid, detail)
        })
    }
}

/// The part of a listing that is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Items of one page, 1 to 1000 [default: 100].
    pub(super) limit: Option<u32>,
    /// The `next` of the page before.
    pub(super) cursor: Option<String>,
}

impl PageQuery {
    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
    }

    /// The cursor as what the listing is ordered by.
    pub(super) fn after<K: FromStr>(&self) -> Result<Option<K>, Failure> {
        let parse = |text: &String| {
            text.parse().map_err(|_fault| {
                let detail = format!("cursor {text:?} is none of this listing's");
                Failure::new(Kind::Invalid, detail)
            })
        };
        self.cursor.as_ref().map(parse).transpose()
    }
}

/// A JSON body; what is wrong with it is a problem like any other.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(rejected(&rejection)),
        }
    }
}

fn rejected(rejection: &JsonRejection) -> Failure {
    let kind = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::MediaType,
        _ => Kind::Invalid,
    };
    Failure::new(kind, rejection.body_text())
}

/// A body as it is, up to the route's limit.
#[derive(Debug)]
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|rejection: BytesRejection| {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let kind = if too_large { Kind::TooLarge } else { Kind::Invalid };
            Failure::new(kind, rejection.body_text())
        })
    }
}

/// The query; as [`Body`].
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| Failure::new(Kind::Invalid, rejection.body_text()))
    }
}

/// The path's parameters; as [`Body`].
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection: PathRejection| Failure::new(Kind::Invalid, rejection.body_text()))
    }
}
