//! Rollouts that start by themselves: an alias or a tag that an applied policy waits for was set.
//! What rollouts move (`cutover.alias`) starts nothing. Whatever comes of a start, what was set
//! stays set.

use super::Driver;
use super::command::{Error, Start, Started};
use seatrial_domain::policy::{self, Policy};
use seatrial_domain::rollout::{Bootstrap, Stage};
use seatrial_domain::{Actor, EndpointName, ModelName, VersionNumber};
use seatrial_store::changed::Changed;
use seatrial_store::storage;
use std::sync::Arc;

/// What was newly set on a version, by a person or with a push.
#[derive(Debug, Clone)]
pub struct Set {
    pub model: ModelName,
    pub version: VersionNumber,
    pub changed: Changed,
}

impl Driver {
    /// Starts what the policies in force want started, and returns once it has. Runs to its end
    /// even if whoever asked has gone.
    pub async fn triggered(self: &Arc<Self>, set: Set, actor: Actor) {
        if set.changed.is_empty() {
            return;
        }
        let driver = Arc::clone(self);
        let starting = self.tasks.spawn_to_end("trigger", async move {
            if let Err(error) = driver.start_all(&set, &actor).await {
                tracing::error!(%error, model.name = %set.model, version = %set.version,
                    "no policy could be asked whether a rollout is to start");
            }
        });
        // It ends with the runtime only, and then there is nobody to tell.
        let _ended = starting.await;
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

    async fn start_all(self: &Arc<Self>, set: &Set, actor: &Actor) -> Result<(), storage::Error> {
        for stored in self.store.policies().await? {
            // One that an earlier release took and this one refuses starts nothing by hand either.
            let Ok(policy) = policy::parse(&stored.yaml) else { continue };
            let fired = policy.trigger().fired_by(&set.changed.aliases, &set.changed.tags);
            let Some(why) = fired else { continue };
            if self.serves(policy.endpoint(), &set.model).await? {
                let start = start(&policy, set, why, actor);
                tell(&policy, set, Box::pin(self.start(start)).await);
            }
        }
        Ok(())
    }
}

fn start(policy: &Policy, set: &Set, why: String, actor: &Actor) -> Start {
    Start {
        endpoint: Some(policy.endpoint().clone()),
        model: set.model.clone(),
        version: set.version,
        policy: Some(policy.name().to_owned()),
        bootstrap: Bootstrap::Ask,
        override_quarantine: None,
        cause: why,
        actor: actor.clone(),
    }
}

fn tell(policy: &Policy, set: &Set, outcome: Result<Started, Error>) {
    let Set { model, version, .. } = set;
    let (name, endpoint) = (policy.name(), policy.endpoint());
    match outcome {
        Ok(Started::Rollout(stored)) => {
            let (id, queued) = (stored.rollout.id, stored.rollout.stage == Stage::Queued);
            let outcome = if queued { "queued" } else { "started" };
            tracing::info!(policy = name, %endpoint, model.name = %model, %version,
                rollout.id = %id, "triggered: {outcome}");
        }
        Ok(Started::SameArtifact { serving, .. }) => {
            tracing::info!(policy = name, %endpoint, model.name = %model, %version,
                "triggered: nothing to do, {serving} is the same and serves");
        }
        Err(error) => {
            let error = anyhow::Error::new(error);
            tracing::warn!(policy = name, %endpoint, model.name = %model, %version,
                "triggered: refused: {error:#}");
        }
    }
}
