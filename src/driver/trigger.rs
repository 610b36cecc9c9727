//! Rollouts that start by themselves: an alias or a tag that an applied policy waits for was set.
//! What rollouts move (`cutover.alias`) starts nothing. Whatever comes of a start, what was set
//! stays set.
//!
//! The journal is read as an outbox: its row stands in the transaction that set the alias or tag, so
//! neither a crash nor a client that has gone loses the start, and a row read again repeats none.

use super::Driver;
use super::command::{Error, Start, Started};
use seatrial_domain::policy::{self, Policy};
use seatrial_domain::rollout::{Bootstrap, Stage};
use seatrial_domain::{EndpointName, ModelName};
use seatrial_store::changed::Named;
use seatrial_store::journal::Row;
use seatrial_store::storage;
use std::sync::Arc;
use std::time::Duration;

/// By this name the store knows how far the journal was read.
const CONSUMER: &str = "trigger";
const ROWS_MAX: u32 = 100;
/// How long a store that takes nothing is left alone.
const RETRY: Duration = Duration::from_secs(1);
/// How long whoever set something waits for what comes of it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Driver {
    /// Starts what the policies in force want started, until the process stops.
    pub(super) fn trigger(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        self.tasks.spawn("trigger", async move {
            let mut journal = driver.store.journal_head();
            loop {
                journal.mark_unchanged();
                if let Err(error) = driver.read_outbox().await {
                    tracing::warn!("triggers wait for the store: {error:#}");
                    tokio::time::sleep(RETRY).await;
                } else if journal.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Returns once the policies were asked about everything set so far. A store that cannot be asked
    /// delays that; then it is not waited for.
    pub async fn caught_up(&self) {
        let head = *self.store.journal_head().borrow();
        let mut read = self.triggers_read.subscribe();
        // The sender is the driver's own, and what is late comes all the same.
        let _late = tokio::time::timeout(PATIENCE, read.wait_for(|seq| *seq >= head)).await;
    }

    async fn read_outbox(self: &Arc<Self>) -> anyhow::Result<()> {
        loop {
            let head = *self.store.journal_head().borrow();
            let rows = self.store.outbox(CONSUMER, ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                // Read by an earlier process, all of it.
                self.triggers_read.send_replace(head);
                return Ok(());
            };
            for row in &rows {
                if let Some(named) = Named::of(row) {
                    self.start_all(row, &named).await?;
                }
            }
            // Nobody waits for the note, which only keeps these rows from being read again.
            self.triggers_read.send_replace(last.seq);
            self.store.delivered(CONSUMER, last.seq).await?;
        }
    }

    /// Whether the endpoint serves versions of this model: one that is not there yet will serve
    /// those of its own name.
    pub async fn serves(
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
        for stored in self.store.policies().await? {
            // One that an earlier release took and this one refuses starts nothing by hand either.
            let Ok(policy) = policy::parse(&stored.yaml) else { continue };
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
            let outcome = Box::pin(self.start(start(&policy, row, named, cause))).await;
            tell(&policy, named, outcome)?;
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
        storage::Error::Full(_) | storage::Error::Busy(_) => true,
        storage::Error::Corrupt { .. } | storage::Error::Sql(_) => false,
    };
    error.chain().filter_map(|cause| cause.downcast_ref()).any(passes)
}
