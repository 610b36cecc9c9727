//! A body as it arrives. Refuses one that does not get on, or that says it is larger than allowed.

use super::error::{Error, Result};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use seatrial_store::progress::{Arriving, Pace};

/// The bytes of a request, never more than a chunk of them in memory.
#[derive(Debug)]
pub(super) struct Incoming {
    body: Arriving<BodyDataStream>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Arriving,
    /// It ended, broke off or was too slow.
    Over,
}

impl Incoming {
    pub(super) fn new(body: Body, pace: Pace) -> Self {
        Self { body: Arriving::new(body.into_data_stream(), pace), state: State::Arriving }
    }

    /// The next bytes; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = self.body.next().await;
        if !matches!(next, Ok(Some(Ok(_)))) {
            self.state = State::Over;
        }
        let next =
            next.map_err(|slow| Error::invalid(format!("{slow}: the upload is given up")))?;
        next.transpose().map_err(|cut| Error::invalid(format!("the upload broke off: {cut}")))
    }

    /// Reads on for a while, and keeps nothing: a client that still sends does not hear why it is
    /// refused, and would try again.
    pub(super) async fn discard(&mut self) {
        if self.state == State::Arriving {
            self.body.discard().await;
        }
    }
}

/// Refuses a file that says itself that it is larger than `limit` bytes.
pub(super) fn refuse_larger(headers: &HeaderMap, limit: u64) -> Result<()> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match announced.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit => {
            Err(Error::invalid(format!("the file has more than the allowed {limit} bytes")))
        }
        Some(_) | None => Ok(()),
    }
}
