//! The port to what runs: deployments and routes. `enforce` makes them so, `observe` says how far
//! it has come. Owns no decision.

pub mod embedded;

use seatrial_domain::endpoint::Settings;
use seatrial_domain::plan::{Guardrail, Kind, RequiredSignature, Routing, Shadow, Watch};
use seatrial_domain::rollout::{Desired, Mirror, Rollout};
use seatrial_domain::split::Salt;
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::tensor::Signature;
use seatrial_domain::{EndpointName, Epoch, RolloutId, VersionRef};
use seatrial_gateway::Column;
use seatrial_gateway::Counting;
use std::time::Duration;

/// What one endpoint should look like.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub endpoint: EndpointName,
    pub settings: Settings,
    pub desired: Desired,
    pub rollout: Option<RouteOf>,
    /// Deployments that also answer on a private listener: the ones under validation.
    pub private: Vec<VersionRef>,
    /// A version that is loaded only if it is signed so. None for what serves already: it was let
    /// in, and nothing may stand between clients and what serves them.
    pub signed: Option<(VersionRef, RequiredSignature)>,
    /// Loading and readiness of one deployment may take this long.
    pub progress_deadline: Duration,
    /// Requests replayed on a fresh deployment before it is ready.
    pub warmup: u32,
    /// How long a standby may go without a probe; none: nothing stands by.
    pub probe_every: Option<Duration>,
}

/// The active rollout's part of the route.
#[derive(Debug, Clone)]
pub struct RouteOf {
    pub id: RolloutId,
    pub kind: Kind,
    pub salt: Salt,
    pub counting: Counting,
    pub routing: Routing,
    pub guardrails: Vec<Guardrail>,
    pub slices: Vec<Column>,
    pub watches: Vec<Watch>,
    pub shadow: Option<Shadow>,
}

impl RouteOf {
    /// What `rollout` adds to the route that `desired` wants.
    pub fn new(rollout: &Rollout, desired: &Desired) -> Self {
        let mirrored = desired.route.mirror == Mirror::On;
        Self {
            id: rollout.id,
            kind: rollout.plan.kind,
            salt: rollout.salt,
            counting: Counting::of(&rollout.plan),
            routing: rollout.plan.routing.clone(),
            guardrails: rollout.plan.guardrails.clone(),
            slices: Column::of(&rollout.plan.analysis),
            watches: rollout.plan.watches(),
            shadow: mirrored.then(|| rollout.plan.shadow.clone()),
        }
    }
}

/// What one endpoint looks like now.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The routing table every gateway has in force.
    pub acknowledged: Option<Epoch>,
    pub deployments: Vec<(VersionRef, Deployment)>,
    pub latch: Option<Latch>,
}

/// One deployed version.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub state: State,
    /// Its private listener's address, while it has one.
    pub private_url: Option<String>,
    pub in_flight: u64,
    /// What loading it added to the process, in bytes; none where it could not be measured.
    pub memory_bytes: Option<u64>,
    pub signature: Option<Signature>,
    /// How the last standby probe ended; none before the first.
    pub probe: Option<Result<(), String>>,
}

/// How far a deployment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Loading,
    Ready { sessions: u32 },
    Failed { why: String },
}

impl Observed {
    /// The deployment of `version`.
    pub fn deployment(&self, version: &VersionRef) -> Option<&Deployment> {
        self.deployments.iter().find(|(found, _)| found == version).map(|(_, state)| state)
    }

    /// Ready sessions of `version`.
    pub fn sessions(&self, version: &VersionRef) -> u32 {
        match self.deployment(version).map(|deployment| &deployment.state) {
            Some(State::Ready { sessions }) => *sessions,
            Some(State::Loading | State::Failed { .. }) | None => 0,
        }
    }
}

/// Where deployments run and routes are enforced. Idempotent; neither call waits for a load.
pub trait World: Send + Sync + std::fmt::Debug {
    /// Starts whatever is needed to make `wanted` true.
    fn enforce(&self, wanted: &Wanted);

    /// How `endpoint` looks now.
    fn observe(&self, endpoint: &EndpointName) -> Observed;

    /// Moves the candidate's share to zero at once, ahead of any commit.
    fn zero(&self, endpoint: &EndpointName, cause: LatchCause);
}
