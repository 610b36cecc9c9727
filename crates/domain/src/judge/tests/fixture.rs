//! A plan like the standard policy's, and evidence with given rates.

use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex, Matured};
use crate::plan::*;
use crate::{EndpointName, Share};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, Cells};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn share(basis_points: u16) -> Share {
    Share::new(basis_points).unwrap()
}

pub(crate) fn errors(absolute: f64) -> Check {
    let margin = Margin { ratio: Some(2.0), absolute: Some(absolute) };
    Check { name: "errorRate".to_owned(), weight: 0.4, rule: Rule::Errors { margin } }
}

pub(crate) fn latency(limit_ms: u64) -> Check {
    latency_of(Some(limit_ms), None)
}

pub(crate) fn latency_ratio(ratio: f64) -> Check {
    latency_of(None, Some(ratio))
}

pub(crate) fn latency_of(limit_ms: Option<u64>, ratio: Option<f64>) -> Check {
    let rule = Rule::Latency { quantile: 0.99, limit_ms, ratio };
    Check { name: "latencyP99".to_owned(), weight: 0.3, rule }
}

pub(crate) fn labels(metric: &str, better: Better) -> Check {
    let rule = Rule::Feedback {
        metric: metric.to_owned(),
        better,
        margin: Margin { ratio: None, absolute: Some(0.02) },
        late_by: Duration::ZERO,
        min_coverage: 0.5,
        per_unit: PerUnit::First,
    };
    Check { name: metric.to_owned(), weight: 0.3, rule }
}

/// 5, 25 and 50 %, these checks everywhere, and a holdback of 5 %.
pub(crate) fn plan(checks: &[Check]) -> Plan {
    let gate = |basis_points| Gate {
        share: share(basis_points),
        min_duration: HOUR,
        max_duration: HOUR,
        mode: GateMode::Auto,
        checks: checks.to_vec(),
    };
    Plan {
        policy: "standard".to_owned(),
        endpoint: EndpointName::new("digits").unwrap(),
        kind: Kind::Promote,
        concurrency: Concurrency {
            on_newer_version: OnNewerVersion::Queue,
            on_same_artifact: OnSameArtifact::Noop,
            quarantine: Quarantine::Failed,
        },
        progress_deadline: HOUR,
        windows: Vec::new(),
        routing: Routing {
            key: Vec::new(),
            rules: Vec::new(),
            ack_timeout: HOUR,
            fallback: Fallback::Incumbent,
        },
        analysis: analysis(),
        guardrails: Vec::new(),
        staging: Staging { replicas: 1, warmup: 0, timeout: HOUR },
        holdout: Holdout {
            dataset: None,
            metrics: Vec::new(),
            slices: Vec::new(),
            expected: None,
            rtol: 0.0,
            atol: 0.0,
        },
        contract: Contract {
            golden: None,
            batch_invariance: Switch::On,
            determinism: Switch::On,
            malformed: Switch::On,
            concurrency: 1,
            latency_p99_ms: None,
            memory_bytes: None,
        },
        command: None,
        validation_timeout: HOUR,
        shadow: shadow(),
        gates: [500, 2_500, 5_000].map(gate).to_vec(),
        approval: Approval { count: 1, expires_after: HOUR },
        cutover: Cutover { drain_timeout: HOUR, alias: "champion".to_owned() },
        standby: Standby {
            mode: StandbyMode::Hot,
            probe_every: HOUR,
            rollback_objective: HOUR,
            keep: HOUR,
            keep_versions: 3,
        },
        stability: Stability { duration: HOUR, holdback: share(500), checks: checks.to_vec() },
        decommission: Decommission {
            approval: NeedsApproval::No,
            drain_timeout: HOUR,
            artifacts: Artifacts::Keep,
            keep_evidence: HOUR,
        },
        keep_candidate: HOUR,
        notify_on: Vec::new(),
        signature: None,
    }
}

fn analysis() -> Analysis {
    Analysis {
        alpha: 0.05,
        healthy_alpha: 0.05,
        min_units: 500,
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
        compare: vec![Compare {
            output: "*".to_owned(),
            by: CompareBy::Class { max_disagreement: 0.25 },
        }],
        slices: Vec::new(),
        min_duration: HOUR,
        min_requests: 1_000,
        max_duration: HOUR,
        on_fail: OnDivergence::Pause,
        latency: Effect::Warns,
        labels: None,
    }
}

/// Every unit answered without error after `micros` microseconds.
pub(crate) fn gate(units: ArmCount, micros: ArmCount) -> GateCounts {
    let edges = Edges::default();
    let mut latency = ArmHistogram::empty(edges.buckets());
    latency.candidate[edges.bucket_of(micros.candidate)] = units.candidate;
    latency.incumbent[edges.bucket_of(micros.incumbent)] = units.incumbent;
    let errors = cells(units, ArmCount::default());
    GateCounts { units, errors, latency, ..GateCounts::default() }
}

pub(crate) fn cells(units: ArmCount, bad: ArmCount) -> Cells {
    Cells {
        candidate_bad: bad.candidate,
        candidate_good: units.candidate - bad.candidate,
        incumbent_bad: bad.incumbent,
        incumbent_good: units.incumbent - bad.incumbent,
    }
}

pub(crate) fn arms(candidate: u64, incumbent: u64) -> ArmCount {
    ArmCount { candidate, incumbent }
}

/// Units of the 5 % canary.
pub(crate) fn canary_units(candidate: u64) -> ArmCount {
    arms(candidate, candidate * 19)
}

/// A quick, errorless canary with this many candidate units.
pub(crate) fn canary(candidate: u64) -> GateCounts {
    gate(canary_units(candidate), arms(1_900, 1_800))
}

/// Labels of `correct` that came at once, all of them due.
pub(crate) fn label(counts: &mut GateCounts, labels: Cells) {
    counts.feedback.insert("correct".to_owned(), labels);
    counts.matured.insert("correct".to_owned(), Matured { units: counts.units, labels });
}

/// As many units, whose labels are due as well.
pub(crate) fn of_units(counts: &mut GateCounts, units: ArmCount) {
    counts.units = units;
    counts.matured.values_mut().for_each(|matured| matured.units = units);
}

pub(crate) fn only(counts: GateCounts) -> Evidence {
    Evidence { gates: [(GateIndex(0).unseen(), counts)].into(), ..Evidence::default() }
}

/// Bad outcomes of these units at `candidate` and `incumbent` in a thousand.
pub(crate) fn per_mille(units: ArmCount, candidate: u64, incumbent: u64) -> Cells {
    let bad = arms(units.candidate * candidate / 1_000, units.incumbent * incumbent / 1_000);
    cells(units, bad)
}
