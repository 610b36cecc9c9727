//! The validated, pinned form of a policy that one rollout runs. Values here are already within
//! their ranges: `policy` refuses what is not.

mod analysis;
mod check;
mod guardrail;
mod paired;
mod per_unit;
mod settle;
mod signature;
mod slice;
mod validation;
pub mod window;

pub use analysis::{Analysis, AtDeadline, Look, OnFail, OnProviderError, OnSampleRatio};
pub use check::{Better, Check, DriftBy, Labels, Margin, Rule, Scale, Watch};
pub use guardrail::Guardrail;
pub use paired::{Effect, PairedLabels, Sharing};
pub use per_unit::{Awaited, PerUnit};
pub use settle::{
    Artifacts, Cutover, Decommission, NeedsApproval, Stability, Standby, StandbyMode,
};
pub use signature::RequiredSignature;
pub use slice::LiveSlice;
pub use validation::{
    Command, Compare, CompareBy, Contract, Holdout, Metric, MetricName, NoiseFloor, OnDivergence,
    Shadow, ShadowSlice, Slice, Switch,
};
pub use window::{Blocks, Freeze, Window, WindowKind};

use crate::time::millis;
use crate::{EndpointName, PlanHash, Share};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a rollout sets out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every stage, against an incumbent.
    Promote,
    /// The first version of an endpoint; there is no incumbent.
    First,
    /// Back to a known-good version at once; no statistics.
    Restore,
}

/// One rollout's whole plan. Serialised canonically (stored; hashed into `plan_hash`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The policy's name.
    pub policy: String,
    pub endpoint: EndpointName,
    pub kind: Kind,
    pub concurrency: Concurrency,
    #[serde(with = "millis")]
    pub progress_deadline: Duration,
    pub windows: Vec<Window>,
    pub routing: Routing,
    pub analysis: Analysis,
    pub guardrails: Vec<Guardrail>,
    pub staging: Staging,
    pub holdout: Holdout,
    pub contract: Contract,
    pub command: Option<Command>,
    #[serde(with = "millis")]
    pub validation_timeout: Duration,
    pub shadow: Shadow,
    /// The canary first, then each step of the ramp; shares strictly rise. Never empty for
    /// `Promote`; empty for `First` and `Restore`.
    pub gates: Vec<Gate>,
    pub approval: Approval,
    pub cutover: Cutover,
    pub standby: Standby,
    pub stability: Stability,
    pub decommission: Decommission,
    #[serde(with = "millis")]
    pub keep_candidate: Duration,
    pub notify_on: Vec<Notice>,
    /// Absent in plans that ask for none, so that theirs is the hash it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<RequiredSignature>,
}

impl Plan {
    /// The sha256 of the plan's canonical JSON: the plan's identity in journals.
    pub fn hash(&self) -> PlanHash {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        PlanHash::of(&bytes)
    }

    /// The checks of every gate and of `stabilizing`, in order; one that several have comes again.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.gates.iter().flat_map(|gate| &gate.checks).chain(&self.stability.checks)
    }

    /// What the labels of a metric are; none where neither a check nor the shadow asks for it.
    pub fn scale_of(&self, metric: &str) -> Option<Scale> {
        if self.tells_right_class(metric) {
            return Some(Scale::Number);
        }
        let labels = self.checks().filter_map(|check| check.rule.labels());
        labels.filter(|labels| labels.metric == metric).map(|labels| labels.scale).next()
    }

    /// What of the answers is counted: once for each check of drift, whichever gates have it.
    pub fn watches(&self) -> Vec<Watch> {
        let mut watches: Vec<Watch> = Vec::new();
        for check in self.checks() {
            let known = watches.iter().any(|watch| watch.check == check.name);
            if let (Rule::Drift { output, by }, false) = (&check.rule, known) {
                let (check, output, by) = (check.name.clone(), output.clone(), by.clone());
                watches.push(Watch { check, output, by });
            }
        }
        watches
    }

    /// Whether a freeze window makes `what` wait at `now`, and until when.
    pub fn blocked(&self, what: Blocks, now: crate::Timestamp) -> Option<Freeze> {
        window::blocked(&self.windows, what, now)
    }
}

/// What happens when rollouts meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concurrency {
    pub on_newer_version: OnNewerVersion,
    pub on_same_artifact: OnSameArtifact,
    pub quarantine: Quarantine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNewerVersion {
    Queue,
    Supersede,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSameArtifact {
    /// Nothing to do: the start is answered with the incumbent.
    Noop,
    /// Roll it out all the same.
    Rollout,
}

/// Whether a digest rejected or rolled back for cause is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    Failed,
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Where a request's routing key is looked for; the first that is present.
    pub key: Vec<KeySource>,
    /// Dark-launch rules; first match wins; kept out of the evidence.
    pub rules: Vec<MatchRule>,
    #[serde(with = "millis")]
    pub ack_timeout: Duration,
    pub fallback: Fallback,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// A request header, lower case.
    Header(String),
    /// An entry of the request's `parameters`.
    Parameter(String),
}

/// Requests whose header has this value go to this arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRule {
    /// A request header, lower case.
    pub header: String,
    pub value: String,
    pub to: crate::split::Arm,
}

/// What becomes of a failed candidate answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Retried once on the incumbent; still the candidate's error.
    Incumbent,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staging {
    pub replicas: u32,
    /// Requests replayed before anything is measured.
    pub warmup: u32,
    #[serde(with = "millis")]
    pub timeout: Duration,
}

/// One constant share and what must hold to leave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    pub share: Share,
    #[serde(with = "millis")]
    pub min_duration: Duration,
    #[serde(with = "millis")]
    pub max_duration: Duration,
    pub mode: GateMode,
    /// With weights filled in: they sum to at most 1 over all distinct checks.
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateMode {
    Auto,
    /// The verdict is recorded, a person decides.
    Approval,
    /// A person decides, and the verdict must hold then.
    AutoAndApproval,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Distinct people needed.
    pub count: u32,
    #[serde(with = "millis")]
    pub expires_after: Duration,
}

/// What people asked to hear about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    Started,
    AwaitingApproval,
    Paused,
    RolledBack,
    Completed,
}
