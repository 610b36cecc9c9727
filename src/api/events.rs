//! `/events`: the journal as it grows, as server-sent events. An event's id is its row's number,
//! so that a reader who comes back misses nothing.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::audit::{Filter, view};
use super::problem::{Failure, Kind, Result};
use super::request::Query;
use super::{Api, State};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, stream};
use seatrial_domain::RolloutId;
use seatrial_store::journal::Row;
use seatrial_store::page::Request;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::IntoParams;

const ROWS_AT_ONCE: u32 = 100;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// Only this rollout's.
    rollout: Option<u64>,
    /// Rows after this number; `Last-Event-ID` wins. Neither: from now on.
    after: Option<u64>,
}

/// Streams journal rows as they are committed.
#[utoipa::path(get, path = "/events", tag = "server",
    params(Of, ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub(super) async fn stream(
    api: State,
    Query(of): Query<Of>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let permit = Arc::clone(&api.subscribers).try_acquire_owned().map_err(|_fault| {
        let limit = api.app.config.limits.control.max_subscribers;
        Failure::new(Kind::Busy, format!("{limit} readers of events are there already"))
    })?;
    let mut head = api.app.store.journal_head();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let after = last.or(of.after).unwrap_or_else(|| *head.borrow_and_update());
    let reader = Reader {
        api: Arc::clone(&api),
        filter: Filter { rollout: of.rollout.map(RolloutId), ..Filter::default() },
        head,
        after,
        ready: VecDeque::new(),
        _permit: permit,
    };
    let heartbeat = KeepAlive::new().interval(api.app.config.limits.control.heartbeat);
    Ok(Sse::new(stream::unfold(reader, Reader::next)).keep_alive(heartbeat))
}

/// One reader's place in the journal.
struct Reader {
    api: Arc<Api>,
    filter: Filter,
    head: watch::Receiver<u64>,
    /// The last row that was looked at.
    after: u64,
    ready: VecDeque<Row>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The next row, once there is one; the stream ends with the server, or with the journal.
    async fn next(mut self) -> Option<(std::result::Result<Event, Infallible>, Self)> {
        loop {
            if let Some(row) = self.ready.pop_front() {
                self.after = row.seq;
                return Some((Ok(event(row)), self));
            }
            self.head.mark_unchanged();
            let request = Request::after(self.after, ROWS_AT_ONCE);
            let page = self.api.app.store.journal(&self.filter, &request).await.ok()?;
            self.ready.extend(page.items);
            if self.ready.is_empty() {
                let stop = self.api.stop.clone();
                stop.run_until_cancelled(self.head.changed()).await?.ok()?;
            }
        }
    }
}

fn event(row: Row) -> Event {
    let (id, kind) = (row.seq.to_string(), row.event.clone());
    let data = serde_json::to_string(&view(row)).unwrap_or_default();
    Event::default().id(id).event(kind).data(data)
}
