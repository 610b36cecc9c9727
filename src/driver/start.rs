//! How a rollout begins: what it promotes, against what, by which plan.

use super::Driver;
use super::command::{Error, Missing, Retry, Start, Started, Stored};
use super::operator::{check_revision, storage};
use super::policies::plan;
use crate::clock;
use seatrial_domain::endpoint::{Endpoint, Settings};
use seatrial_domain::plan::{Kind, OnNewerVersion, OnSameArtifact, Plan};
use seatrial_domain::policy::Policy;
use seatrial_domain::rollout::{Event, Rollout, Stage};
use seatrial_domain::split::Salt;
use seatrial_domain::{Actor, EndpointName, Revision, RolloutId, VersionRef};
use seatrial_store::rollouts::Draft;
use seatrial_store::versions;
use std::sync::Arc;

impl Driver {
    /// Starts a rollout, or queues it behind the one that runs.
    pub async fn start(self: &Arc<Self>, start: Start) -> Result<Started, Error> {
        // Whoever asked may go away; what has begun is finished.
        let driver = Arc::clone(self);
        let starting = async move { Box::pin(driver.create_and_begin(start)).await };
        self.tasks.spawn_to_end("start", starting).await.map_err(storage)?
    }

    async fn create_and_begin(self: &Arc<Self>, start: Start) -> Result<Started, Error> {
        let candidate = self.version(&start).await?;
        let (name, policy) = self.endpoint_and_policy(&start).await?;
        let endpoint = self.endpoint_for(&name, &candidate).await?;
        let kind = if endpoint.serving.is_some() { Kind::Promote } else { Kind::First };
        let plan = plan(&policy, kind, &name)?;
        if let Some(serving) = same_artifact(&endpoint, &candidate, &plan) {
            return Ok(Started::SameArtifact { endpoint: name, serving: serving.number });
        }
        self.check_names(&plan).await?;
        let plan = Box::pin(self.signed(plan, &candidate)).await?;
        self.check_quarantine(&candidate, &start).await?;
        let actor = start.actor;
        let on_newer = plan.concurrency.on_newer_version;
        let draft = Draft {
            endpoint: name,
            candidate,
            plan,
            salt: Salt(rand::random()),
            settings: endpoint.settings,
            bootstrap: start.bootstrap,
            actor: actor.clone(),
            cause: start.cause,
            now: clock::now(),
        };
        let (created, before) = self.enqueue(draft).await?;
        if on_newer == OnNewerVersion::Supersede {
            self.supersede(before, created.rollout.id, &actor).await?;
        }
        self.begin(created).await.map(|stored| Started::Rollout(Box::new(stored)))
    }

    /// Creates the rollout, unless the queue is full or the policy lets nothing newer in while
    /// another one is there. Gives it with those before it. Two starts at once come one by one.
    async fn enqueue(self: &Arc<Self>, draft: Draft) -> Result<(Stored, Vec<Stored>), Error> {
        let endpoint = draft.endpoint.clone();
        let cell = self.cell(&endpoint);
        let _by_one_hand = cell.state.lock().await;
        let running = self.store.active_rollout(&endpoint).await.map_err(storage)?;
        let waiting = self.store.queued_rollouts(&endpoint).await.map_err(storage)?;
        if waiting.len() >= usize::try_from(self.queue_max).unwrap_or(usize::MAX) {
            return Err(Error::QueueFull { endpoint, limit: self.queue_max });
        }
        let before: Vec<Stored> = running.into_iter().chain(waiting).collect();
        match (before.first(), draft.plan.concurrency.on_newer_version) {
            (Some(first), OnNewerVersion::Reject) => {
                Err(Error::Busy { endpoint, running: first.rollout.id })
            }
            (Some(_), OnNewerVersion::Queue | OnNewerVersion::Supersede) | (None, _) => {
                let created = self.store.create_rollout(draft).await.map_err(storage)?;
                Ok((created, before))
            }
        }
    }

    /// Makes those before it give way. What cannot, or is about to be gone, is waited for; so is a
    /// way back.
    async fn supersede(
        self: &Arc<Self>,
        before: Vec<Stored>,
        by: RolloutId,
        actor: &Actor,
    ) -> Result<(), Error> {
        let ways_forward = before.into_iter().filter(|s| s.rollout.plan.kind != Kind::Restore);
        // Those that wait first, so that none of them takes the turn of the one that runs.
        let mut ways_forward: Vec<Stored> = ways_forward.collect();
        ways_forward.sort_by_key(|stored| stored.rollout.stage != Stage::Queued);
        for stored in ways_forward {
            let event = Event::Supersede { by };
            match self.command(stored.rollout.id, None, event, actor.clone()).await {
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The same candidate again, as the next attempt, with a new salt.
    pub async fn retry(
        self: &Arc<Self>,
        id: RolloutId,
        if_match: Option<Revision>,
        retry: Retry,
    ) -> Result<Stored, Error> {
        let before = self.stored(id).await?;
        check_revision(&before, if_match)?;
        let before = before.rollout;
        if !before.stage.is_terminal() {
            return Err(Error::Running { id, stage: before.stage.name() });
        }
        let start = Start {
            endpoint: Some(before.endpoint),
            model: before.candidate.model,
            version: before.candidate.number,
            policy: Some(before.plan.policy.clone()),
            bootstrap: before.bootstrap,
            override_quarantine: retry.override_quarantine,
            cause: retry.cause,
            actor: retry.actor,
        };
        match self.start(start).await? {
            Started::Rollout(stored) => Ok(*stored),
            Started::SameArtifact { endpoint, serving } => Err(Error::Invalid {
                field: "rollout",
                fault: format!("{endpoint} serves {serving} already"),
            }),
        }
    }

    /// Steps the endpoint at once, so that the answer shows what really came of it. It is created
    /// whatever comes of the step.
    pub(super) async fn begin(self: &Arc<Self>, created: Stored) -> Result<Stored, Error> {
        let cell = self.cell(&created.rollout.endpoint);
        let mut state = cell.state.lock().await;
        Box::pin(self.advance_after(&cell, &mut state)).await;
        drop(state);
        Ok(self.stored(created.rollout.id).await.unwrap_or(created))
    }

    /// The plan a queued rollout runs now. What was pinned stays, unless the incumbent it was made
    /// for has come or gone meanwhile.
    pub(super) async fn plan_for_turn(
        &self,
        rollout: &Rollout,
        incumbent: Option<&VersionRef>,
    ) -> Result<Plan, Error> {
        let kind = match (rollout.plan.kind, incumbent) {
            (Kind::Restore, _) => Kind::Restore,
            (Kind::Promote | Kind::First, Some(_)) => Kind::Promote,
            (Kind::Promote | Kind::First, None) => Kind::First,
        };
        if kind == rollout.plan.kind {
            return Ok((*rollout.plan).clone());
        }
        let policy = self.policy_named(&rollout.plan.policy, &rollout.endpoint).await?;
        let plan = plan(&policy, kind, &rollout.endpoint)?;
        Box::pin(self.signed(plan, &rollout.candidate)).await
    }

    /// The version, if it can be served at all.
    async fn version(&self, start: &Start) -> Result<VersionRef, Error> {
        match self.store.version(&start.model, start.version).await {
            Ok(version) if version.served().is_none() => {
                let flavors = version.flavors.names();
                Err(Error::NotServed { version: version.reference, flavors })
            }
            Ok(version) => Ok(version.reference),
            Err(versions::Error::UnknownVersion(..) | versions::Error::UnknownModel(_)) => {
                let name = format!("{}/{}", start.model, start.version);
                Err(Error::NotFound { what: Missing::Version, name })
            }
            Err(error) => Err(storage(error)),
        }
    }

    async fn check_quarantine(&self, candidate: &VersionRef, start: &Start) -> Result<(), Error> {
        let mark = self.store.quarantine(&candidate.digest).await.map_err(storage)?;
        match (mark, &start.override_quarantine) {
            (None, _) => Ok(()),
            (Some(mark), None) => Err(Error::Quarantined {
                digest: candidate.digest.clone(),
                rollout: mark.rollout,
                why: mark.cause,
            }),
            (Some(_), Some(reason)) => self
                .store
                .lift_quarantine(&candidate.digest, reason, &start.actor, clock::now())
                .await
                .map_err(storage),
        }
    }

    /// The endpoint as settled, made with its defaults the first time it is named.
    async fn endpoint_for(
        &self,
        name: &EndpointName,
        candidate: &VersionRef,
    ) -> Result<Endpoint, Error> {
        if let Some(found) = self.store.endpoint(name).await.map_err(storage)? {
            let serves = &found.settings.model;
            if serves != &candidate.model {
                let fault = format!("{name} serves model {serves}, not {}", candidate.model);
                return Err(Error::Invalid { field: "endpoint", fault });
            }
            return Ok(found);
        }
        let settings = Settings::of(candidate.model.clone());
        let made = self.store.set_endpoint(name, &settings, &Actor::Seatrial, clock::now());
        made.await.map_err(storage)
    }

    async fn endpoint_and_policy(&self, start: &Start) -> Result<(EndpointName, Policy), Error> {
        let by_model = || {
            EndpointName::new(start.model.as_str())
                .map_err(|error| Error::Invalid { field: "endpoint", fault: error.to_string() })
        };
        if let Some(name) = &start.policy {
            let asked = start.endpoint.clone().map_or_else(by_model, Ok)?;
            let policy = self.policy_named(name, &asked).await?;
            let endpoint = start.endpoint.clone().unwrap_or_else(|| policy.endpoint().clone());
            return Ok((endpoint, policy));
        }
        let endpoint = match &start.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => by_model()?,
        };
        let policy = self.policy_for(&endpoint).await?;
        Ok((endpoint, policy))
    }
}

fn same_artifact(endpoint: &Endpoint, candidate: &VersionRef, plan: &Plan) -> Option<VersionRef> {
    let serving = endpoint.serving.clone()?;
    let same = serving.digest == candidate.digest
        && plan.concurrency.on_same_artifact == OnSameArtifact::Noop;
    same.then_some(serving)
}
