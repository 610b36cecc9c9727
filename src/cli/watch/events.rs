//! Wakes the watcher when the journal grows. What it says is looked up, not read from here.

use crate::cli::client::Client;
use reqwest::{Method, Response};
use seatrial_domain::RolloutId;
use std::time::Duration;

/// The server's event stream, or nothing.
#[derive(Debug)]
pub(super) struct Events(Option<Response>);

impl Events {
    pub(super) async fn of(client: &Client, id: RolloutId) -> Self {
        let url = format!("{}/events?rollout={id}", client.server());
        Self(client.answer(client.raw(Method::GET, &url)).await.ok())
    }

    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Waits for the next event, at most `limit`.
    pub(super) async fn wait(&mut self, limit: Duration) {
        let Some(response) = &mut self.0 else { return tokio::time::sleep(limit).await };
        // A stream that ended, or broke, leaves the watcher to its own rhythm.
        if let Ok(Ok(None) | Err(_)) = tokio::time::timeout(limit, response.chunk()).await {
            self.0 = None;
        }
    }
}
