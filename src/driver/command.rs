//! What people and the API ask of the driver, and how it answers.

use crate::signatures::Refusal;
use seatrial_domain::rollout::{Bootstrap, Event, Rejected, Rollout, StageName};
use seatrial_domain::telemetry::Trip;
use seatrial_domain::verdict::{Account, Trust, Verdict};
use seatrial_domain::{
    Actor, Digest, EndpointName, ModelName, Revision, RolloutId, Timestamp, VersionNumber,
    VersionRef,
};
use serde::{Deserialize, Serialize};

/// A rollout as stored: its state and how often it was written.
pub use seatrial_store::rollouts::Stored;

/// Begin a rollout of a registered version.
#[derive(Debug, Clone)]
pub struct Start {
    /// None: the endpoint named by the policy, else the model's own name.
    pub endpoint: Option<EndpointName>,
    pub model: ModelName,
    pub version: VersionNumber,
    /// A policy applied before; none: the one applied for the endpoint, else the built-in default.
    pub policy: Option<String>,
    pub bootstrap: Bootstrap,
    /// Starts although the digest is quarantined, for this reason.
    pub override_quarantine: Option<String>,
    /// Why, in words, for the journal.
    pub cause: String,
    pub actor: Actor,
}

/// A person's word on a rollout.
#[derive(Debug, Clone)]
pub struct Said {
    pub event: Event,
    /// Why, where the event does not say it itself.
    pub reason: Option<String>,
}

impl From<Event> for Said {
    fn from(event: Event) -> Self {
        Self { event, reason: None }
    }
}

/// How to begin a finished rollout again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// As of [`Start`].
    pub override_quarantine: Option<String>,
    /// Why, in words, for the journal.
    pub cause: String,
    pub actor: Actor,
}

/// What came of a start.
#[derive(Debug, Clone)]
pub enum Started {
    /// Created; it runs or waits for its turn.
    Rollout(Box<Stored>),
    /// The endpoint serves these bytes already (`onSameArtifact: noop`).
    SameArtifact { endpoint: EndpointName, serving: VersionNumber },
}

/// What `explain` prints: the state, why, and what is still needed.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    pub rollout: Rollout,
    pub revision: Revision,
    /// The verdict at this moment on the present stage's evidence, if the stage has a gate; for a
    /// finished rollout, the last one journalled.
    pub verdict: Option<Verdict>,
    /// What each check of that verdict rests on.
    pub accounts: Vec<Account>,
    /// Whether what they rest on can be trusted.
    pub trust: Trust,
    /// The last trip of a guardrail, of a rollout that is paused or over.
    pub trip: Option<Tripped>,
    /// The validation report as stored.
    pub validation: Option<serde_json::Value>,
    /// What the shadow has shown (`domain::evidence::ShadowCounts`), when there was one.
    pub shadow: Option<seatrial_domain::evidence::ShadowCounts>,
    /// One line: what it waits for, or how it ended.
    pub summary: String,
    pub now: Timestamp,
}

/// A guardrail's trip, and what it meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tripped {
    pub trip: Trip,
    /// Its limit, what was counted around it and what follows, in sentences.
    pub words: Vec<String>,
}

impl Tripped {
    /// The trip of one of this rollout's guardrails.
    #[must_use]
    pub fn new(rollout: &Rollout, trip: Trip) -> Self {
        Self { words: rollout.trip_in_words(&trip), trip }
    }
}

/// What was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Endpoint,
    KnownGood,
    Policy,
    Rollout,
    Version,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Endpoint => "endpoint",
            Self::KnownGood => "known-good version",
            Self::Policy => "policy",
            Self::Rollout => "rollout",
            Self::Version => "version",
        })
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no {what} named {name}")]
    NotFound { what: Missing, name: String },
    #[error("rollout {id} has changed meanwhile: it is at revision {current} now")]
    Conflict { id: RolloutId, current: Revision },
    #[error(transparent)]
    Refused(#[from] Rejected),
    #[error("{digest} is quarantined: {why}")]
    Quarantined { digest: Digest, rollout: Option<RolloutId>, why: String },
    #[error(
        "endpoint {endpoint} has rollout {running} running, and its policy rejects newer versions"
    )]
    Busy { endpoint: EndpointName, running: RolloutId },
    #[error("rollout {id} is still {stage}: abort it first")]
    Running { id: RolloutId, stage: StageName },
    #[error("{limit} rollouts wait for endpoint {endpoint} already")]
    QueueFull { endpoint: EndpointName, limit: u32 },
    #[error("{endpoint}: {version} is not known to be good there")]
    NotKnownGood { endpoint: EndpointName, version: VersionNumber },
    /// Its policy asks for a signature that it does not have.
    #[error("{version}: {refusal}")]
    Signature { version: VersionRef, refusal: Box<Refusal> },
    /// None of its flavors can be loaded here.
    #[error("{version} is of the flavors {flavors}; Seatrial serves ONNX (the flavor onnx) only")]
    NotServed { version: VersionRef, flavors: String },
    #[error("{field}: {fault}")]
    Invalid { field: &'static str, fault: String },
    /// The way back is in force and will be written down; only the journal is behind.
    #[error("the share is zero and stays so; it is written down once the store takes it")]
    Unstored(#[source] seatrial_store::storage::Error),
    #[error(transparent)]
    Storage(anyhow::Error),
}
