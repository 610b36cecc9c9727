//! A rollout's state: what was fixed at its start, and what changes.

use super::clock::Clock;
use super::overlay::{Awaiting, Hold, Overlays, Pause, Void};
use super::stage::Stage;
use crate::endpoint::Settings;
use crate::evidence::GateIndex;
use crate::plan::{Gate, Kind, Plan};
use crate::split::Salt;
use crate::{EndpointName, Epoch, PlanHash, RolloutId, Share, Timestamp, VersionRef};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The durable process that promotes one candidate on one endpoint. Stored as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    pub id: RolloutId,
    pub endpoint: EndpointName,
    pub attempt: u32,
    pub candidate: VersionRef,
    /// Fixed when the rollout leaves the queue.
    pub incumbent: Option<VersionRef>,
    /// Shared, as each event makes a next state.
    pub plan: Arc<Plan>,
    pub plan_hash: PlanHash,
    pub salt: Salt,
    pub settings: Settings,
    /// A first version's approval, given beforehand.
    pub bootstrap: Bootstrap,
    pub created_at: Timestamp,
    pub stage: Stage,
    pub paused: Option<Pause>,
    pub awaiting: Option<Awaiting>,
    pub held: Option<Hold>,
    /// Sticky: once set, the share never rises again.
    #[serde(default)]
    pub void: Option<Void>,
    /// The routing table that is wanted now.
    pub epoch: Epoch,
    pub step: Step,
    /// Why it is where it is: the last failure, override or command.
    pub reason: Option<String>,
    pub ended_at: Option<Timestamp>,
}

/// Whether a first version goes live without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bootstrap {
    Ask,
    Approved,
}

/// What is remembered within one stage and forgotten at the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    pub entered_at: Timestamp,
    /// Since when the wanted epoch is waited for: its issue, or the server's restart after that.
    pub routed_at: Timestamp,
    /// When every gateway had the epoch in force.
    pub acknowledged_at: Option<Timestamp>,
    pub clock: Clock,
    /// The recorded reason to leave this gate without its verdict.
    pub overridden: Option<String>,
    /// Distinct people who approved.
    pub approvals: Vec<String>,
    /// All approvals that are needed were given.
    pub approved: Option<Timestamp>,
    /// Guardrails that tripped under this routing table and left it as it is.
    #[serde(default)]
    pub trips: Vec<String>,
}

/// What a rollout is made of.
#[derive(Debug, Clone)]
pub struct New {
    pub id: RolloutId,
    pub endpoint: EndpointName,
    pub attempt: u32,
    pub candidate: VersionRef,
    pub plan: Plan,
    pub salt: Salt,
    pub settings: Settings,
    pub bootstrap: Bootstrap,
}

impl Rollout {
    /// A rollout that waits for its turn.
    pub fn new(new: New, now: Timestamp) -> Self {
        Self {
            id: new.id,
            endpoint: new.endpoint,
            attempt: new.attempt,
            candidate: new.candidate,
            incumbent: None,
            plan_hash: new.plan.hash(),
            plan: Arc::new(new.plan),
            salt: new.salt,
            settings: new.settings,
            bootstrap: new.bootstrap,
            created_at: now,
            stage: Stage::Queued,
            paused: None,
            awaiting: None,
            held: None,
            void: None,
            epoch: Epoch(0),
            step: Step { entered_at: now, routed_at: now, ..Step::default() },
            reason: None,
            ended_at: None,
        }
    }

    pub(super) const fn overlays(&self) -> Overlays {
        Overlays { paused: self.paused, awaiting: self.awaiting, held: self.held }
    }

    /// Time counted towards the step's minimum duration by `now`.
    pub fn counted(&self, now: Timestamp) -> Duration {
        let mut clock = self.step.clock;
        clock.advance(now, self.overlays());
        clock.minimum()
    }

    /// For how long units have come under this step's routing table at least: from its last
    /// acknowledgement, or the counted time where that is longer, as after a restart.
    pub fn under_way(&self, now: Timestamp) -> Duration {
        let acknowledged = self.step.acknowledged_at.map_or(Duration::ZERO, |at| now.since(at));
        acknowledged.max(self.counted(now))
    }

    /// How long the candidate must have stood, and its standby with it, before the incumbent may go.
    pub fn stability(&self) -> Duration {
        let standby = self.incumbent.as_ref().map_or(Duration::ZERO, |_| self.plan.standby.keep);
        self.plan.stability.duration.max(standby)
    }

    /// The gate a stage stands at, if it is one whose share assigns units.
    pub fn gate_index(&self) -> Option<GateIndex> {
        let after_ramp = || u8::try_from(self.plan.gates.len()).ok().map(GateIndex);
        match self.stage {
            Stage::Canary => Some(GateIndex(0)),
            Stage::Ramp { step } => Some(GateIndex(step + 1)),
            Stage::Stabilizing if self.full_share() < Share::FULL => after_ramp(),
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Shadow
            | Stage::Cutover
            | Stage::Stabilizing
            | Stage::Decommissioning
            | Stage::RollingBack { .. }
            | Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => None,
        }
    }

    /// How late the outcomes of the stage's check of this name may come.
    pub fn late_by(&self, check: &str) -> Duration {
        let gate = self.gate_index().and_then(|index| self.gate(index));
        let checks = gate.map_or(&self.plan.stability.checks, |gate| &gate.checks);
        let named = checks.iter().find(|it| it.name == check);
        let labels = named.and_then(|it| it.rule.labels());
        labels.map_or(Duration::ZERO, |labels| self.plan.analysis.awaits(&labels))
    }

    /// The plan's gate at `index`.
    pub fn gate(&self, index: GateIndex) -> Option<&Gate> {
        self.plan.gates.get(usize::from(index.0))
    }

    /// The share of units the candidate is assigned in this state.
    pub fn share(&self) -> Share {
        if self.paused == Some(Pause::Incident) { Share::ZERO } else { self.share_of_stage() }
    }

    /// The share of the stage, which an incident takes away and `resume` restores.
    pub fn share_of_stage(&self) -> Share {
        match self.stage {
            Stage::Canary | Stage::Ramp { .. } => self
                .gate_index()
                .and_then(|index| self.gate(index))
                .map_or(Share::ZERO, |gate| gate.share),
            Stage::Cutover | Stage::Stabilizing => self.full_share(),
            Stage::Decommissioning | Stage::Completed => Share::FULL,
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Shadow
            | Stage::RollingBack { .. }
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => Share::ZERO,
        }
    }

    /// The share after cutover: all but the holdback. Without an incumbent nothing is held back.
    pub fn full_share(&self) -> Share {
        match (self.plan.kind, &self.incumbent) {
            (Kind::Promote, Some(_)) => self.plan.stability.holdback.complement(),
            (Kind::Promote | Kind::First | Kind::Restore, _) => Share::FULL,
        }
    }

    /// Where a passed gate leads: the stage and the share it will have.
    pub(super) fn after_gate(&self) -> (Stage, Share) {
        let next = match self.stage {
            Stage::Shadow => 0,
            Stage::Canary => 1,
            Stage::Ramp { step } => usize::from(step) + 2,
            Stage::Queued
            | Stage::Staging
            | Stage::Validating { .. }
            | Stage::Cutover
            | Stage::Stabilizing
            | Stage::Decommissioning
            | Stage::RollingBack { .. }
            | Stage::Completed
            | Stage::Rejected
            | Stage::RolledBack
            | Stage::Aborted
            | Stage::Superseded => usize::MAX,
        };
        match (self.plan.gates.get(next), u8::try_from(next)) {
            (Some(gate), Ok(0)) => (Stage::Canary, gate.share),
            (Some(gate), Ok(step)) => (Stage::Ramp { step: step - 1 }, gate.share),
            (Some(_) | None, _) => (Stage::Cutover, self.full_share()),
        }
    }

    /// Sessions of the candidate that must be ready before the share may become `share`.
    pub const fn sessions_for(&self, share: Share) -> u32 {
        share.of_sessions(self.settings.sessions)
    }

    /// Sessions of the candidate that must be ready before this gate may be left: those of the next
    /// share; all of them before cutover, because decommissioning ends the holdback.
    pub(super) fn sessions_after_gate(&self) -> u32 {
        match self.after_gate() {
            (Stage::Cutover, _) => self.settings.sessions,
            (_, share) => self.sessions_for(share),
        }
    }
}
