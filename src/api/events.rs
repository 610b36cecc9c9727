//! `/events`: the journal as it grows, as server-sent events. An event's id is its row's number,
//! so that a reader who comes back misses nothing. One who reads no more loses its place.

#![expect(unused_qualifications, reason = "utoipa::path writes parameters' types out in full")]

use super::State;
use super::audit::{Filter, view};
use super::problem::{Failure, Kind, Result};
use super::request::Query;
use super::wire::Problem;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, stream};
use seatrial_domain::RolloutId;
use seatrial_store::Store;
use seatrial_store::journal::Row;
use seatrial_store::page::Request;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use utoipa::IntoParams;

const ROWS_AT_ONCE: u32 = 100;

/// Events that wait for a client to take them.
const EVENTS_AHEAD: usize = 16;

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
    responses((status = 200, body = String, content_type = "text/event-stream"),
        (status = 429, body = Problem)))]
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
    let limits = &api.app.config.limits.control;
    let (events, to_client) = mpsc::channel(EVENTS_AHEAD);
    let reader = Reader {
        store: api.app.store.clone(),
        filter: Filter { rollout: of.rollout.map(RolloutId), ..Filter::default() },
        head,
        after,
        events,
        patience: limits.event_timeout,
    };
    let (stop, longest) = (api.stop.clone(), limits.max_subscription);
    api.app.tasks.spawn("event reader", async move {
        let read = tokio::time::timeout(longest, reader.read());
        // However it ended, its place is free.
        let _ended = stop.run_until_cancelled(read).await;
        drop(permit);
    });
    let heartbeat = KeepAlive::new().interval(limits.heartbeat);
    let events = stream::unfold(to_client, |mut events| async move {
        events.recv().await.map(|event| (Ok(event), events))
    });
    Ok(Sse::new(events).keep_alive(heartbeat))
}

/// One reader's place in the journal.
struct Reader {
    store: Store,
    filter: Filter,
    head: watch::Receiver<u64>,
    /// The last row that was looked at.
    after: u64,
    events: mpsc::Sender<Event>,
    /// How long one event may wait to be taken.
    patience: Duration,
}

impl Reader {
    /// Sends rows until the client goes away or takes no more, or the journal ends.
    async fn read(mut self) {
        loop {
            self.head.mark_unchanged();
            let request = Request::after(self.after, ROWS_AT_ONCE);
            let Ok(page) = self.store.journal(&self.filter, &request).await else { return };
            if page.items.is_empty() {
                tokio::select! {
                    grown = self.head.changed() => if grown.is_err() { return },
                    () = self.events.closed() => return,
                }
            }
            for row in page.items {
                self.after = row.seq;
                if self.events.send_timeout(event(row), self.patience).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn event(row: Row) -> Event {
    let (id, kind) = (row.seq.to_string(), row.event.clone());
    let data = serde_json::to_string(&view(row)).unwrap_or_default();
    Event::default().id(id).event(kind).data(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::endpoint::Settings;
    use seatrial_domain::{Actor, Timestamp};
    use seatrial_store::Options;

    #[tokio::test]
    async fn a_reader_who_takes_nothing_loses_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options::default()).await.unwrap();
        for name in ["one", "two"] {
            let settings = Settings::of(name.parse().unwrap());
            let name = name.parse().unwrap();
            let now = Timestamp::from_micros(1);
            store.set_endpoint(&name, &settings, &Actor::Seatrial, now).await.unwrap();
        }
        let (events, _never_read) = mpsc::channel(1);
        let reader = Reader {
            head: store.journal_head(),
            store,
            filter: Filter::default(),
            after: 0,
            events,
            patience: Duration::from_millis(1),
        };
        // Ends by itself: otherwise the test would not.
        reader.read().await;
    }
}
