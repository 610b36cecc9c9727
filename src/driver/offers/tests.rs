//! What is offered in states that are hard to bring about with a real world.

use super::*;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Bootstrap, New, Pause};
use seatrial_domain::split::Salt;
use seatrial_domain::verdict::{Decision, SampleRatio};
use seatrial_domain::{
    Digest, EndpointName, ModelName, RolloutId, Timestamp, VersionNumber, VersionRef, endpoint,
    policy,
};
use std::sync::Arc;

pub(in crate::driver) const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  analysis: {minUnits: 100}
  checks:
    - {name: correct, kind: feedback, metric: correct, better: higher, margin: {absolute: 0.02}, lateBy: 2m, minCoverage: 0.5}
  canary: {share: 50, minDuration: 5m}
  ramp: []
  standby: {keep: {duration: 10m, versions: 3}}
  stability: {duration: 5m}
";

pub(in crate::driver) fn version(number: u64) -> VersionRef {
    let model = ModelName::new("digits").unwrap();
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model, number: VersionNumber(number), digest }
}

/// From v1 to v2, with four sessions at full capacity.
pub(in crate::driver) fn rollout(policy: &str, stage: Stage) -> Rollout {
    let endpoint = EndpointName::new("digits").unwrap();
    let policy = policy::parse(policy).unwrap_or_else(|fault| panic!("{fault}"));
    let settings = endpoint::Settings::of(version(2).model);
    let new = New {
        id: RolloutId(1),
        attempt: 1,
        candidate: version(2),
        plan: policy.plan(Kind::Promote, &endpoint).unwrap(),
        endpoint,
        salt: Salt(7),
        settings: endpoint::Settings { sessions: 4, ..settings },
        bootstrap: Bootstrap::Ask,
    };
    let mut rollout = Rollout::new(new, Timestamp::from_micros(0));
    (rollout.stage, rollout.incumbent) = (stage, Some(version(1)));
    rollout
}

fn ready(sessions: u32, probe: Option<Result<(), String>>) -> Deployment {
    Deployment {
        state: State::Ready { sessions },
        private_url: None,
        in_flight: 0,
        memory_bytes: None,
        signature: None,
        probe,
    }
}

/// Both versions ready, the candidate with these sessions.
fn with_sessions(candidate: u32) -> Observed {
    let proven = ready(4, Some(Ok(())));
    let deployments = vec![(version(1), proven), (version(2), ready(candidate, None))];
    Observed { acknowledged: None, deployments, latch: None }
}

fn late() -> Known {
    Known { telemetry: Telemetry::Late, ..Known::default() }
}

fn named(offer: Option<Event>) -> Option<String> {
    let event = offer?;
    let (Event::Held { hold, .. } | Event::Released(hold)) = event else { return None };
    Some(format!("{} {hold}", event.name()))
}

#[test]
fn what_is_missing_is_offered_although_a_raise_waits() {
    for hold in [Hold::Freeze, Hold::Capacity] {
        let mut rollout = rollout(POLICY, Stage::Canary);
        rollout.held = Some(hold);
        let offered = named(holds(&rollout, &with_sessions(2), &late()));
        assert_eq!(offered.unwrap(), "held telemetry");
        assert_eq!(holds(&rollout, &with_sessions(2), &Known::default()), None, "looks lift it");
    }
}

#[test]
fn a_raise_without_a_look_is_held_until_its_sessions_are_ready() {
    let mut incident = rollout(POLICY, Stage::Canary);
    incident.paused = Some(Pause::Incident);
    let mut first = rollout(POLICY, Stage::Validating { state: Validation::Passed });
    Arc::make_mut(&mut first.plan).kind = Kind::First;
    // Half of the traffic needs two of four sessions, all of it needs four.
    for (mut rollout, needed) in [(incident, 2), (first, 4)] {
        let known = Known::default();
        let offered = named(holds(&rollout, &with_sessions(needed - 1), &known));
        assert_eq!(offered.unwrap(), "held capacity");
        assert_eq!(holds(&rollout, &with_sessions(needed), &known), None);

        rollout.held = Some(Hold::Capacity);
        assert_eq!(holds(&rollout, &with_sessions(needed - 1), &known), None);
        let offered = named(holds(&rollout, &with_sessions(needed), &known));
        assert_eq!(offered.unwrap(), "released capacity");
    }
}

#[test]
fn a_standby_that_was_never_probed_is_missing_once_its_time_is_over() {
    let stabilizing = rollout(POLICY, Stage::Stabilizing);
    let unproven = || {
        let mut observed = with_sessions(4);
        observed.deployments[0].1.probe = None;
        observed
    };
    let after = |minutes: u64| {
        let counted = Duration::from_secs(minutes * 60);
        Known { counted, ..Known::default() }
    };

    assert_eq!(holds(&stabilizing, &unproven(), &after(9)), None);
    let offered = named(holds(&stabilizing, &unproven(), &after(10)));
    assert_eq!(offered.unwrap(), "held standby");
    assert_eq!(holds(&stabilizing, &with_sessions(4), &after(10)), None);

    let mut cold = stabilizing;
    Arc::make_mut(&mut cold.plan).standby.mode = StandbyMode::Cold;
    assert_eq!(holds(&cold, &unproven(), &after(10)), None, "a cold one is not probed");
}

#[test]
fn labels_are_not_missed_before_they_can_be_there() {
    let verdict = Verdict {
        decision: Decision::Inconclusive,
        units: ArmCount { candidate: 100, incumbent: 100 },
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Short { check: "correct".to_owned(), why: "none has one".to_owned() },
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
        checks: Vec::new(),
    };
    let after = |seconds| Known {
        verdict: Some(verdict.clone()),
        counted: Duration::from_secs(seconds),
        ..Known::default()
    };
    let canary = rollout(POLICY, Stage::Canary);

    assert_eq!(holds(&canary, &with_sessions(2), &after(119)), None);
    let offered = named(holds(&canary, &with_sessions(2), &after(120)));
    assert_eq!(offered.unwrap(), "held coverage");
}
