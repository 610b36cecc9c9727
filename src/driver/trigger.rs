//! Rollouts that start by themselves: an alias or a tag that an applied policy waits for was set.
//! What rollouts move (`cutover.alias`) starts nothing. Whatever comes of a start, what was set
//! stays set.
//!
//! The journal is read as an outbox: its row stands in the transaction that set the alias or tag, so
//! neither a crash nor a client that has gone loses the start, and a row read again repeats none.

use super::Driver;
use super::command::{Error, Start, Started};
use seatrial_domain::policy::Policy;
use seatrial_domain::rollout::{Bootstrap, Stage};
use seatrial_domain::{EndpointName, ModelName};
use seatrial_store::changed::{Changed, Named};
use seatrial_store::journal::{Filter, Row};
use seatrial_store::page::Request;
use seatrial_store::storage;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// By this name the store knows how far the journal was read.
const CONSUMER: &str = "trigger";
const ROWS_MAX: u32 = 100;
/// How long a store that takes nothing is left alone.
const RETRY: Duration = Duration::from_secs(1);
/// How long whoever set something waits for what comes of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing happens before it is noted how far the journal was read. The note only keeps rows
/// from being read again by the next process, and would be in the way of who writes many.
const CALM: Duration = Duration::from_millis(100);
const TOGETHER: Duration = Duration::from_millis(20);

impl Driver {
    /// Starts what the policies in force want started, until the process stops.
    pub(super) fn trigger(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        self.tasks.spawn("trigger", async move {
            let mut journal = driver.store.journal_head();
            loop {
                if let Err(error) = driver.follow(&mut journal).await {
                    tracing::warn!("triggers wait for the store: {error:#}");
                    tokio::time::sleep(RETRY).await;
                } else {
                    return;
                }
            }
        });
    }

    /// Returns once the policies were asked about everything set so far, if one of them waits for any
    /// of this: then something may have come of it. A store that cannot be asked delays that; then it
    /// is not waited for.
    pub async fn caught_up(&self, set: &Changed) -> bool {
        if self.waits_for(set).await.is_ok_and(|any| !any) {
            return false;
        }
        let head = *self.store.journal_head().borrow();
        let mut read = self.triggers_read.subscribe();
        self.triggers_wanted.notify_one();
        // The sender is the driver's own, and what is late comes all the same.
        let _late = tokio::time::timeout(PATIENCE, read.wait_for(|seq| *seq >= head)).await;
        true
    }

    /// Reads the journal from where it was read to, and on as it grows; ends with the store.
    async fn follow(self: &Arc<Self>, journal: &mut watch::Receiver<u64>) -> anyhow::Result<()> {
        let mut noted = self.store.delivered_to(CONSUMER).await?;
        let mut read = noted;
        loop {
            let head = *journal.borrow_and_update();
            while read < head {
                read = self.read_on(read, head).await?;
                self.triggers_read.send_replace(read);
            }
            self.triggers_read.send_replace(read);
            let grown = match tokio::time::timeout(CALM, journal.changed()).await {
                Ok(grown) if read.saturating_sub(noted) < u64::from(ROWS_MAX) => grown,
                grown => {
                    if noted < read {
                        self.store.delivered(CONSUMER, read).await?;
                        noted = read;
                    }
                    match grown {
                        Ok(grown) => grown,
                        Err(_calm) => journal.changed().await,
                    }
                }
            };
            if grown.is_err() {
                return Ok(());
            }
            // Rows that come one after another are read together, unless somebody waits for them.
            let _waited = tokio::time::timeout(TOGETHER, self.triggers_wanted.notified()).await;
        }
    }

    /// Starts what the rows after `read` want started; gives the last one that was read.
    async fn read_on(self: &Arc<Self>, read: u64, head: u64) -> anyhow::Result<u64> {
        let rows = self.store.journal(&Filter::default(), &Request::after(read, ROWS_MAX)).await?;
        for row in &rows.items {
            if let Some(named) = Named::of(row) {
                self.start_all(row, &named).await?;
            }
        }
        Ok(rows.items.last().map_or(head, |row| row.seq))
    }

    /// Whether the endpoint serves versions of this model: one that is not there yet will serve
    /// those of its own name.
    async fn serves(
        &self,
        endpoint: &EndpointName,
        model: &ModelName,
    ) -> Result<bool, storage::Error> {
        let found = self.store.endpoint(endpoint).await?;
        Ok(found.map_or_else(
            || endpoint.as_str() == model.as_str(),
            |endpoint| endpoint.settings.model == *model,
        ))
    }

    async fn start_all(self: &Arc<Self>, row: &Row, named: &Named) -> anyhow::Result<()> {
        for policy in self.applied().await?.iter() {
            let fired = policy.trigger().fired_by(&named.changed.aliases, &named.changed.tags);
            let Some(why) = fired else { continue };
            if !self.serves(policy.endpoint(), &named.version.model).await? {
                continue;
            }
            // The row's number makes the cause this one change's alone.
            let cause = format!("{why} (policy {}, journal row {})", policy.name(), row.seq);
            if self.store.has_created(policy.endpoint(), row.seq, &cause).await? {
                continue;
            }
            let outcome = Box::pin(self.start(start(policy, row, named, cause))).await;
            tell(policy, named, outcome)?;
        }
        Ok(())
    }
}

fn start(policy: &Policy, row: &Row, named: &Named, cause: String) -> Start {
    Start {
        endpoint: Some(policy.endpoint().clone()),
        model: named.version.model.clone(),
        version: named.version.number,
        policy: Some(policy.name().to_owned()),
        bootstrap: Bootstrap::Ask,
        override_quarantine: None,
        cause,
        actor: row.actor.clone(),
    }
}

/// Logs what came of it. Errors: the store takes nothing for now, so it is to be tried again.
fn tell(policy: &Policy, named: &Named, outcome: Result<Started, Error>) -> anyhow::Result<()> {
    let (version, name, endpoint) = (&named.version, policy.name(), policy.endpoint());
    match outcome {
        Ok(Started::Rollout(stored)) => {
            let (id, queued) = (stored.rollout.id, stored.rollout.stage == Stage::Queued);
            let outcome = if queued { "queued" } else { "started" };
            tracing::info!(policy = name, %endpoint, %version, rollout.id = %id,
                "triggered: {outcome}");
        }
        Ok(Started::SameArtifact { serving, .. }) => {
            tracing::info!(policy = name, %endpoint, %version,
                "triggered: nothing to do, {serving} is the same and serves");
        }
        Err(error) => {
            let error = anyhow::Error::new(error);
            if waits(&error) {
                return Err(error);
            }
            tracing::warn!(policy = name, %endpoint, %version, "triggered: refused: {error:#}");
        }
    }
    Ok(())
}

/// Whether the store was full or locked, which passes; everything else would be refused again.
fn waits(error: &anyhow::Error) -> bool {
    let passes = |error: &storage::Error| match error {
        storage::Error::Full(_) | storage::Error::Busy(_) | storage::Error::Late => true,
        storage::Error::Corrupt { .. } | storage::Error::Sql(_) | storage::Error::Closed => false,
    };
    error.chain().filter_map(|cause| cause.downcast_ref()).any(passes)
}
