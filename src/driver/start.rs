//! How a rollout begins: what it promotes, against what, by which plan.

use super::Driver;
use super::command::{Error, Retry, Start, Started, Stored};
use super::operator::storage;
use crate::clock;
use seatrial_domain::endpoint::{Endpoint, Settings};
use seatrial_domain::plan::{Kind, OnNewerVersion, OnSameArtifact, Plan};
use seatrial_domain::policy::Policy;
use seatrial_domain::rollout::{Event, Rollout};
use seatrial_domain::split::Salt;
use seatrial_domain::{Actor, EndpointName, RolloutId, VersionRef};
use seatrial_store::rollouts::Draft;
use seatrial_store::versions;
use std::sync::Arc;

/// The built-in policy's name.
const STANDARD: &str = "standard";

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
        self.check_quarantine(&candidate, &start).await?;
        let on_newer = plan.concurrency.on_newer_version;
        let actor = start.actor;
        let draft = Draft {
            endpoint: name.clone(),
            candidate,
            plan,
            salt: Salt(rand::random()),
            settings: endpoint.settings,
            bootstrap: start.bootstrap,
            actor: actor.clone(),
            cause: start.cause,
            now: clock::now(),
        };
        let running = self.store.active_rollout(&name).await.map_err(storage)?;
        if let (Some(running), OnNewerVersion::Reject) = (&running, on_newer) {
            return Err(Error::Busy { endpoint: name, running: running.rollout.id });
        }
        let created = self.store.create_rollout(draft).await.map_err(storage)?;
        if let (Some(running), OnNewerVersion::Supersede) = (&running, on_newer) {
            let event = Event::Supersede { by: created.rollout.id };
            match self.command(running.rollout.id, None, event, actor).await {
                // What cannot give way, or is about to be gone, is waited for.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.begin(created.rollout.id).await.map(|stored| Started::Rollout(Box::new(stored)))
    }

    /// The same candidate again, as the next attempt, with a new salt.
    pub async fn retry(self: &Arc<Self>, id: RolloutId, retry: Retry) -> Result<Stored, Error> {
        let before = self.stored(id).await?.rollout;
        if !before.stage.is_terminal() {
            return Err(Error::Running { id, stage: before.stage.name() });
        }
        let start = Start {
            endpoint: Some(before.endpoint),
            model: before.candidate.model,
            version: before.candidate.number,
            policy: Some(before.plan.policy),
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

    /// Steps the endpoint at once, so that the answer shows what really came of it.
    pub(super) async fn begin(self: &Arc<Self>, id: RolloutId) -> Result<Stored, Error> {
        let created = self.stored(id).await?;
        let cell = self.cell(&created.rollout.endpoint);
        Box::pin(self.step(&cell)).await.map_err(Error::Storage)?;
        self.stored(id).await
    }

    /// The plan a queued rollout runs now. What was pinned stays, unless the incumbent it was made
    /// for has come or gone meanwhile.
    pub(super) async fn plan_for_turn(
        &self,
        rollout: &Rollout,
        incumbent: Option<&VersionRef>,
    ) -> anyhow::Result<Plan> {
        let kind = match (rollout.plan.kind, incumbent) {
            (Kind::Restore, _) => Kind::Restore,
            (Kind::Promote | Kind::First, Some(_)) => Kind::Promote,
            (Kind::Promote | Kind::First, None) => Kind::First,
        };
        if kind == rollout.plan.kind {
            return Ok(rollout.plan.clone());
        }
        let policy = self.policy_named(&rollout.plan.policy, &rollout.endpoint).await?;
        Ok(plan(&policy, kind, &rollout.endpoint)?)
    }

    async fn version(&self, start: &Start) -> Result<VersionRef, Error> {
        match self.store.version(&start.model, start.version).await {
            Ok(version) => Ok(version.reference),
            Err(versions::Error::UnknownVersion(..) | versions::Error::UnknownModel(_)) => {
                let name = format!("{}/{}", start.model, start.version);
                Err(Error::NotFound { what: "version", name })
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
            let policy = self.policy_named(name, &asked).await.map_err(Error::Storage)?;
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

    /// The policy last applied for the endpoint, else the built-in one.
    pub(super) async fn policy_for(&self, endpoint: &EndpointName) -> Result<Policy, Error> {
        match self.store.policy_of(endpoint).await.map_err(storage)? {
            Some(stored) => parse(&stored.yaml),
            None => built_in(endpoint),
        }
    }

    /// A policy that was applied, by its name; the built-in one is named `standard`.
    async fn policy_named(&self, name: &str, endpoint: &EndpointName) -> anyhow::Result<Policy> {
        match self.store.policy(name).await? {
            Some(stored) => Ok(parse(&stored.yaml)?),
            None if name == STANDARD => Ok(built_in(endpoint)?),
            None => {
                Err(anyhow::Error::new(Error::NotFound { what: "policy", name: name.to_owned() }))
            }
        }
    }
}

/// The policy of an endpoint that has none: every field at its default.
pub(super) fn built_in(endpoint: &EndpointName) -> Result<Policy, Error> {
    parse(&format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: {STANDARD}}}\n\
         spec: {{endpoint: {endpoint}}}\n"
    ))
}

fn parse(yaml: &str) -> Result<Policy, Error> {
    seatrial_domain::policy::parse(yaml)
        .map_err(|error| Error::Invalid { field: "policy", fault: error.to_string() })
}

pub(super) fn plan(policy: &Policy, kind: Kind, endpoint: &EndpointName) -> Result<Plan, Error> {
    policy
        .plan(kind, endpoint)
        .map_err(|error| Error::Invalid { field: "policy", fault: error.to_string() })
}

fn same_artifact(endpoint: &Endpoint, candidate: &VersionRef, plan: &Plan) -> Option<VersionRef> {
    let serving = endpoint.serving.clone()?;
    let same = serving.digest == candidate.digest
        && plan.concurrency.on_same_artifact == OnSameArtifact::Noop;
    same.then_some(serving)
}
