//! `rollback ENDPOINT`: out of the rollout that runs, or back to a version known to be good.

use super::Driver;
use super::command::{Error, Missing, Stored};
use super::operator::storage;
use crate::clock;
use seatrial_domain::endpoint::Endpoint;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::rollout::{Bootstrap, Event};
use seatrial_domain::split::Salt;
use seatrial_domain::{Actor, EndpointName, VersionNumber, VersionRef};
use seatrial_store::rollouts::Draft;
use std::sync::Arc;

impl Driver {
    /// Rolls back the active rollout; without one, restores `to`, or the last known-good version.
    pub async fn roll_back(
        self: &Arc<Self>,
        endpoint: &EndpointName,
        to: Option<VersionNumber>,
        reason: String,
        actor: Actor,
    ) -> Result<Stored, Error> {
        // What is remembered comes first: a rollback waits for no store (law 4).
        let remembered = self.cell_of(endpoint).and_then(|cell| cell.active());
        let active = match remembered {
            Some(active) => Some(active),
            None => self.store.active_rollout(endpoint).await.map_err(storage)?,
        };
        if let Some(active) = active {
            let active = active.rollout;
            let incumbent = active.incumbent.as_ref().map(|version| version.number);
            if to.is_some() && to != incumbent {
                return Err(Error::Busy { endpoint: endpoint.clone(), running: active.id });
            }
            return self.command(active.id, None, Event::RollBack { reason }, actor).await;
        }
        // Whoever asked may go away; what has begun is finished.
        let (driver, endpoint) = (Arc::clone(self), endpoint.clone());
        let restoring = async move { Box::pin(driver.restore(&endpoint, to, reason, actor)).await };
        self.tasks.spawn_to_end("restore", restoring).await.map_err(storage)?
    }

    async fn restore(
        self: &Arc<Self>,
        endpoint: &EndpointName,
        to: Option<VersionNumber>,
        reason: String,
        actor: Actor,
    ) -> Result<Stored, Error> {
        let found = self.store.endpoint(endpoint).await.map_err(storage)?;
        let settled = found.ok_or_else(|| Error::NotFound {
            what: Missing::Endpoint,
            name: endpoint.to_string(),
        })?;
        let plan = self.restore_plan(endpoint).await?;
        let candidate = self.known_good(&settled, to, &plan).await?;
        let plan = Box::pin(self.signed_or_loaded(plan, endpoint, &candidate)).await?;
        let draft = Draft {
            endpoint: endpoint.clone(),
            candidate,
            plan,
            salt: Salt(rand::random()),
            settings: settled.settings,
            bootstrap: Bootstrap::Ask,
            actor,
            cause: reason,
            now: clock::now(),
        };
        let created = self.store.create_rollout(draft).await.map_err(storage)?;
        self.begin(created).await
    }

    async fn restore_plan(&self, endpoint: &EndpointName) -> Result<Plan, Error> {
        let policy = self.policy_for(endpoint).await?;
        super::policies::plan(&policy, Kind::Restore, endpoint)
    }

    /// A version that completed its stability window here, or served before the present one; the
    /// policy says how many of them are kept.
    async fn known_good(
        &self,
        endpoint: &Endpoint,
        to: Option<VersionNumber>,
        plan: &Plan,
    ) -> Result<VersionRef, Error> {
        let known = self.store.known_good(&endpoint.name).await.map_err(storage)?;
        let serving = endpoint.serving.as_ref();
        let kept = usize::try_from(plan.standby.keep_versions).unwrap_or(usize::MAX);
        let others = known.into_iter().map(|known| known.version);
        let mut others = others.filter(|version| Some(version) != serving).take(kept);
        let found = match to {
            Some(number) => others.find(|version| version.number == number),
            None => others.next(),
        };
        found.ok_or_else(|| match to {
            Some(version) => Error::NotKnownGood { endpoint: endpoint.name.clone(), version },
            None => Error::NotFound {
                what: Missing::KnownGood,
                name: format!("{} (besides the one it serves)", endpoint.name),
            },
        })
    }
}
