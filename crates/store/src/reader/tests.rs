//! A connection that has ended is none for long.

use super::ASK_AFTER;
use crate::{Options, Store};
use futures_util::FutureExt as _;
use sqlx::Connection as _;
use std::thread::{self, ThreadId};
use tracing::span::Id;
use tracing::{Instrument as _, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Ends, by a panic, every thread but this one that enters a span.
struct Deadly(ThreadId);

impl<S: Subscriber> Layer<S> for Deadly {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        assert_eq!(thread::current().id(), self.0, "the end of this thread, as a test has it");
    }
}

#[tokio::test]
async fn a_connection_whose_thread_has_died_is_opened_anew() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { readers: 1, ..Options::default() };
    let store = Store::open(dir.path(), options).await.unwrap();
    let mut reader = store.reader().await.unwrap();
    let deadly = tracing_subscriber::registry().with(Deadly(thread::current().id()));
    let deadly = tracing::subscriber::set_default(deadly);
    let last = sqlx::query("SELECT 1").fetch_one(&mut *reader);
    let asked = last.instrument(tracing::info_span!("its last question")).await;
    drop(deadly);
    assert!(asked.is_err(), "{:?}", asked.map(|_row| "it answers"));
    // It may still be about to end, and then answers nothing either.
    while !matches!(reader.ping().now_or_never(), Some(Err(_))) {
        tokio::task::yield_now().await;
    }
    drop(reader);
    tokio::time::pause();
    tokio::time::advance(ASK_AFTER).await;

    for _ in 0..2 {
        assert!(store.endpoints().await.unwrap().is_empty());
    }
    store.close().await;
}
