//! Each law can be broken, and says so: the checks that all voyages run are not empty.

use super::*;
use crate::rng::Rng;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::rollout::{Bootstrap, New, Void};
use seatrial_domain::telemetry::{BadOf, Trip, TripKind};
use seatrial_domain::verdict::{Coverage, Verdict};
use seatrial_domain::{Digest, ModelName, RolloutId, VersionNumber, policy};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  canary: {share: 5}
  ramp:
    - {share: 50}
";

fn version(number: u64) -> VersionRef {
    let model = ModelName::new("digits").unwrap();
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model, number: VersionNumber(number), digest }
}

fn at(stage: Stage) -> Rollout {
    let policy = policy::parse(POLICY).unwrap();
    let settings = Settings { sessions: 4, ..Settings::of(version(2).model) };
    let new = New {
        id: RolloutId(1),
        endpoint: policy.endpoint().clone(),
        attempt: 1,
        candidate: version(2),
        plan: policy.plan(Kind::Promote, policy.endpoint()).unwrap(),
        salt: Salt(Rng::new(7).bits()),
        settings,
        bootstrap: Bootstrap::Ask,
    };
    let mut rollout = Rollout::new(new, Timestamp::from_micros(0));
    (rollout.stage, rollout.incumbent) = (stage, Some(version(1)));
    rollout
}

fn look(decision: Decision) -> Event {
    let verdict = Verdict {
        decision,
        units: ArmCount { candidate: 100, incumbent: 1900 },
        sample_ratio: SampleRatio::Plausible,
        coverage: Coverage::Enough,
        assignment: None,
        labelled: Vec::new(),
        ranking: Vec::new(),
        told_apart: Vec::new(),
        checks: Vec::new(),
    };
    Event::Judged { verdict: Box::new(verdict), capacity: 4 }
}

/// What `step` says of the way from the canary, so changed, to the ramp.
fn raise(
    change: impl FnOnce(&mut Rollout),
    event: &Event,
    sessions: u32,
) -> Result<(), &'static str> {
    let (mut before, next) = (at(Stage::Canary), at(Stage::Ramp { step: 0 }));
    change(&mut before);
    step(Taken { before: &before, event, next: &next, sessions })
}

#[test]
fn a_raise_needs_sessions_a_verdict_and_nobody_to_wait_for() {
    let pass = look(Decision::Pass);
    assert_eq!(raise(|_| {}, &pass, 2), Ok(()));
    assert_eq!(raise(|_| {}, &pass, 1), Err("2: weight came before capacity"));
    let undecided = look(Decision::Inconclusive);
    assert_eq!(raise(|_| {}, &undecided, 2), Err("3: a gate was left without its verdict"));
    let waiting = Err("3: a share rose although a person was waited for");
    assert_eq!(raise(|it| it.paused = Some(Pause::Operator), &pass, 2), waiting);
    let void = Void::Fail { why: "errors".to_owned() };
    let after = Err("3: a share rose after a fail or a mismatch");
    assert_eq!(raise(|it| it.void = Some(void), &pass, 2), after);
}

#[test]
fn only_resume_ends_an_incident() {
    let (mut before, next) = (at(Stage::Canary), at(Stage::Canary));
    before.paused = Some(Pause::Incident);
    let taken = |event| step(Taken { before: &before, event, next: &next, sessions: 4 });
    assert_eq!(taken(&Event::Resume), Ok(()));
    assert_eq!(taken(&Event::Tick), Err("3: an incident ended by itself"));
}

#[test]
fn the_way_back_leads_to_zero_and_is_not_refused() {
    let canary = at(Stage::Canary);
    let stays = |event| step(Taken { before: &canary, event, next: &canary, sessions: 4 });
    let abort = Event::Abort { reason: String::new() };
    assert_eq!(stays(&abort), Err("4: the way back left a share"));
    let trip = Event::GuardrailTripped(Box::new(Trip {
        endpoint: canary.endpoint.clone(),
        rollout: canary.id,
        epoch: canary.epoch,
        guardrail: "errorRatio".to_owned(),
        kind: TripKind::Zeroed,
        candidate: BadOf::default(),
        incumbent: BadOf::default(),
        at: Timestamp::from_micros(0),
    }));
    assert_eq!(stays(&trip), Err("4: a trip left a share"));

    let refusal = Err("4: the way back was refused");
    assert_eq!(refused(&canary, &abort, &Rejected::Undecided), refusal);
    assert_eq!(refused(&canary, &Event::Tick, &Rejected::Undecided), Ok(()));
    let mut stranded = canary;
    stranded.incumbent = None;
    let back = Event::RollBack { reason: String::new() };
    assert_eq!(refused(&stranded, &back, &Rejected::NoIncumbent), Ok(()));
    assert_eq!(refused(&stranded, &abort, &Rejected::NoIncumbent), refusal);
}

#[test]
fn a_rising_share_moves_nobody_back() {
    let (low, high) = (Share::new(500).unwrap(), Share::new(5000).unwrap());
    assert_eq!(sticky(Salt(7), low, high), Ok(()));
    assert_eq!(sticky(Salt(7), high, low), Err("5: a rising share moved a unit back"));
}
