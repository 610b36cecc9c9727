//! Reading a request's body within its bound, and within what all bodies may take together.

mod room;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio_util::task::TaskTracker;

use crate::fault::Fault;
pub(crate) use room::{Budget, Room};

/// How long what is left of a refused body is taken away.
const LINGER: Duration = Duration::from_secs(2);

/// How much of a body is read, and how long it may take to arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub(crate) budget: &'a Budget,
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    /// Where the rest of a refused body is taken away.
    pub(crate) tasks: &'a TaskTracker,
}

/// The whole body, with its room; both are dropped when the request is answered. A declared length above the bound is refused before anything is read; a body
/// without one as soon as it passes the bound.
pub(crate) async fn read(body: Incoming, bound: Bound<'_>) -> Result<(Bytes, Room), Fault> {
    if body.size_hint().lower() > bound.bytes {
        bound.tasks.spawn(take_away(body));
        return Err(Fault::TooLarge { limit: bound.bytes });
    }
    tokio::time::timeout(bound.time, collect(body, bound)).await.unwrap_or_else(|_elapsed| {
        Err(Fault::Invalid("the body did not arrive in time".to_owned()))
    })
}

async fn collect(mut body: Incoming, bound: Bound<'_>) -> Result<(Bytes, Room), Fault> {
    let mut collected = BytesMut::new();
    let mut room = bound.budget.room();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Fault::Invalid(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let total = u64::try_from(collected.len() + data.len()).unwrap_or(u64::MAX);
        if total > bound.bytes {
            bound.tasks.spawn(take_away(body));
            return Err(Fault::TooLarge { limit: bound.bytes });
        }
        if let Err(full) = room.cover(total) {
            bound.tasks.spawn(take_away(body));
            return Err(full.into());
        }
        if collected.is_empty() && body.is_end_stream() {
            return Ok((data, room));
        }
        collected.extend_from_slice(&data);
    }
    Ok((collected.freeze(), room))
}

/// Reads for a moment what nobody wants: a connection that is closed on unread bytes is reset, and
/// its client never sees why it was refused.
async fn take_away(mut body: Incoming) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    let _whole = tokio::time::timeout(LINGER, rest).await;
}
