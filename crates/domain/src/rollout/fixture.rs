//! Plans, rollouts and verdicts for the tests: small numbers that are easy to count in one's head.

use super::{Bootstrap, New, Rollout};
use crate::evidence::ArmCount;
use crate::plan::*;
use crate::split::Salt;
use crate::telemetry::{BadOf, Trip, TripKind};
use crate::verdict::{Coverage, Decision, SampleRatio, Verdict};
use crate::{Digest, EndpointName, Epoch, ModelName, RolloutId, Share, Timestamp};
use crate::{VersionNumber, VersionRef, endpoint};
use std::time::Duration;

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// Sessions at full capacity.
pub(super) const SESSIONS: u32 = 8;

/// `minutes` after the start of the test, a Tuesday at noon UTC.
pub(super) fn at(minutes: u32) -> Timestamp {
    Timestamp::from_micros(1_699_963_200_000_000).plus(MINUTE * minutes)
}

pub(super) fn version(number: u64) -> VersionRef {
    let model = ModelName::new("digits").unwrap();
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model, number: VersionNumber(number), digest }
}

fn share(basis_points: u16) -> Share {
    Share::new(basis_points).unwrap()
}

fn gate(basis_points: u16) -> Gate {
    Gate {
        share: share(basis_points),
        min_duration: MINUTE * 10,
        max_duration: MINUTE * 60,
        mode: GateMode::Auto,
        checks: Vec::new(),
    }
}

/// 5 → 10 → 25 → 50 → 100 %; gates of 10 to 60 minutes, 100 units; stable after 30 minutes.
pub(super) fn plan(kind: Kind) -> Plan {
    let gates = match kind {
        Kind::Promote => [500, 1000, 2500, 5000].map(gate).into(),
        Kind::First | Kind::Restore => Vec::new(),
    };
    Plan {
        policy: "standard".to_owned(),
        endpoint: EndpointName::new("digits").unwrap(),
        kind,
        concurrency: Concurrency {
            on_newer_version: OnNewerVersion::Queue,
            on_same_artifact: OnSameArtifact::Noop,
            quarantine: Quarantine::Failed,
        },
        progress_deadline: MINUTE * 10,
        windows: Vec::new(),
        routing: Routing {
            key: Vec::new(),
            rules: Vec::new(),
            ack_timeout: MINUTE,
            fallback: Fallback::Incumbent,
        },
        analysis: analysis(),
        guardrails: Vec::new(),
        staging: Staging { replicas: 1, warmup: 10, timeout: MINUTE * 15 },
        holdout: Holdout {
            dataset: None,
            metrics: Vec::new(),
            slices: Vec::new(),
            expected: None,
            rtol: 1e-5,
            atol: 1e-6,
        },
        contract: Contract {
            golden: None,
            batch_invariance: Switch::On,
            determinism: Switch::On,
            malformed: Switch::On,
            concurrency: 8,
            latency_p99_ms: None,
            memory_bytes: None,
        },
        command: None,
        validation_timeout: MINUTE * 15,
        shadow: shadow(),
        gates,
        approval: Approval { count: 1, expires_after: MINUTE * 20 },
        cutover: Cutover { drain_timeout: MINUTE, alias: "champion".to_owned() },
        standby: Standby {
            mode: StandbyMode::Hot,
            probe_every: MINUTE,
            rollback_objective: Duration::from_secs(5),
            keep: MINUTE * 20,
            keep_versions: 3,
        },
        stability: Stability { duration: MINUTE * 30, holdback: Share::ZERO, checks: Vec::new() },
        decommission: Decommission {
            approval: NeedsApproval::No,
            drain_timeout: MINUTE,
            artifacts: Artifacts::Keep,
            keep_evidence: MINUTE * 600,
        },
        keep_candidate: MINUTE * 30,
        notify_on: Vec::new(),
        signature: None,
    }
}

fn analysis() -> Analysis {
    Analysis {
        alpha: 0.05,
        healthy_alpha: 0.05,
        min_units: 100,
        sample_ratio_alpha: 0.001,
        on_sample_ratio: OnSampleRatio::Pause,
        on_provider_error: OnProviderError::Hold,
        at_deadline: AtDeadline::Pause,
        on_fail: OnFail::Rollback,
        look: Look { growth: 0.02, every: Duration::from_secs(1) },
        dry_run: Vec::new(),
        unit_window: Duration::ZERO,
        discard: Duration::ZERO,
        slices: Vec::new(),
    }
}

fn shadow() -> Shadow {
    Shadow {
        sharing: Sharing::None,
        mirror: Share::FULL,
        max_in_flight: 64,
        queue_bytes: 1 << 20,
        noise_floor: NoiseFloor::Incumbent,
        compare: Vec::new(),
        slices: Vec::new(),
        min_duration: MINUTE * 10,
        min_requests: 100,
        max_duration: MINUTE * 60,
        on_fail: OnDivergence::Pause,
        latency: Effect::Warns,
        labels: None,
    }
}

/// A rollout of v2 in the queue.
pub(super) fn queued(plan: Plan, bootstrap: Bootstrap) -> Rollout {
    let endpoint = plan.endpoint.clone();
    let model = ModelName::new("digits").unwrap();
    let settings = endpoint::Settings { sessions: SESSIONS, ..endpoint::Settings::of(model) };
    let new = New {
        id: RolloutId(1),
        endpoint,
        attempt: 1,
        candidate: version(2),
        plan,
        salt: Salt(7),
        settings,
        bootstrap,
    };
    Rollout::new(new, at(0))
}

/// The version that serves when `kind` starts.
pub(super) fn incumbent(kind: Kind) -> Option<VersionRef> {
    match kind {
        Kind::Promote | Kind::Restore => Some(version(1)),
        Kind::First => None,
    }
}

pub(super) fn verdict(decision: Decision, units: u64) -> Verdict {
    Verdict {
        decision,
        units: ArmCount { candidate: units, incumbent: units * 19 },
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Enough,
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
        checks: Vec::new(),
    }
}

pub(super) fn fail() -> Decision {
    Decision::Fail { check: "errorRate".to_owned() }
}

/// A trip of `guardrail` under `epoch`.
pub(super) fn trip(guardrail: &str, epoch: Epoch, candidate: BadOf, incumbent: BadOf) -> Trip {
    Trip {
        endpoint: EndpointName::new("digits").unwrap(),
        rollout: RolloutId(1),
        epoch,
        guardrail: guardrail.to_owned(),
        kind: TripKind::Zeroed,
        candidate,
        incumbent,
        at: at(0),
    }
}

/// A daily window from 17:00 to 23:00 UTC.
pub(super) fn evening() -> Window {
    Window {
        kind: WindowKind::Deny,
        schedule: "0 17 * * *".to_owned().into(),
        duration: MINUTE * 360,
        time_zone: "UTC".to_owned(),
        blocks: vec![Blocks::Start, Blocks::Advance],
    }
}
