//! Reading a request's body within its bound.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::fault::Fault;

/// How much of a body is read, and how long it may take to arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
}

/// The whole body. A declared length above the bound is refused before anything is read; a body
/// without one as soon as it passes the bound.
pub(crate) async fn read(body: Incoming, bound: Bound) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > bound.bytes {
        return Err(Fault::TooLarge { limit: bound.bytes });
    }
    tokio::time::timeout(bound.time, collect(body, bound.bytes)).await.unwrap_or_else(|_elapsed| {
        Err(Fault::Invalid("the body did not arrive in time".to_owned()))
    })
}

async fn collect(mut body: Incoming, limit: u64) -> Result<Bytes, Fault> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Fault::Invalid(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let total = u64::try_from(collected.len() + data.len()).unwrap_or(u64::MAX);
        if total > limit {
            return Err(Fault::TooLarge { limit });
        }
        if collected.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}
