//! Whole voyages with the real rollout and the real judge. Each failure names its seed.

mod objectives;
mod troubles;

use crate::{Behaviour, Incident, Report, Scenario, Traffic, Trouble, play};
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::rollout::{Pause, StageName};
use seatrial_domain::{ModelName, policy};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  analysis: {minUnits: 200}
  checks:
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.4}
    - {name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms, weight: 0.3}
    - {name: correct, kind: feedback, metric: correct, better: higher, margin: {absolute: 0.02}, lateBy: 0s, minCoverage: 0.5, weight: 0.3}
  shadow: {minDuration: 2s, minRequests: 200, maxDuration: 60s}
  canary: {share: 5, minDuration: 3s, maxDuration: 120s, gate: auto}
  ramp:
    - {share: 10, minDuration: 3s, maxDuration: 120s, gate: auto}
    - {share: 25, minDuration: 3s, maxDuration: 120s, gate: auto}
    - {share: 50, minDuration: 3s, maxDuration: 120s, gate: auto}
  standby: {keep: {duration: 5s, versions: 3}}
  stability: {duration: 5s, holdback: 0}
";

/// The demo's incumbent: correct in 91.0 % of live requests.
const INCUMBENT: Behaviour =
    Behaviour { errors: 0.0, floor_micros: 300.0, tail_micros: 500.0, correct: 0.910 };

fn plan() -> Plan {
    plan_of(Kind::Promote)
}

fn plan_of(kind: Kind) -> Plan {
    let policy = policy::parse(POLICY).unwrap();
    policy.plan(kind, policy.endpoint()).unwrap()
}

fn traffic(candidate: Behaviour) -> Traffic {
    Traffic {
        requests_per_second: 500,
        incumbent: INCUMBENT,
        candidate,
        disagreement: 0.08,
        incident: None,
    }
}

fn run(plan: Plan, traffic: Traffic, seed: u64) -> Report {
    run_in(plan, traffic, Trouble::NONE, seed)
}

fn run_in(plan: Plan, traffic: Traffic, trouble: Trouble, seed: u64) -> Report {
    let model = ModelName::new("digits").unwrap();
    let scenario = Scenario { plan, model, traffic, trouble, seed, seconds: 900 };
    play(&scenario).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

#[test]
fn a_good_candidate_is_promoted_through_every_share() {
    for seed in 0..10 {
        let report = run(plan(), traffic(Behaviour { correct: 0.971, ..INCUMBENT }), seed);
        let shares: Vec<_> = report.shares.iter().map(|share| share.basis_points()).collect();
        assert_eq!(shares, [500, 1000, 2500, 5000, 10_000], "seed {seed}: {report:?}");
        assert_eq!(report.stage, StageName::Completed, "seed {seed}: {report:?}");
    }
}

#[test]
fn a_degraded_candidate_is_rolled_back_in_canary() {
    for seed in 0..20 {
        let report = run(plan(), traffic(Behaviour { correct: 0.843, ..INCUMBENT }), seed);
        assert_eq!(report.stage, StageName::RolledBack, "seed {seed}: {report:?}");
        assert!(!report.stages.contains(&StageName::Ramp), "seed {seed}: {report:?}");
        assert!(report.reason.as_ref().unwrap().starts_with("correct"), "seed {seed}: {report:?}");
    }
}

#[test]
fn a_failing_or_slow_candidate_is_rolled_back() {
    let failing = Behaviour { errors: 0.05, ..INCUMBENT };
    let slow = Behaviour { floor_micros: 300_000.0, ..INCUMBENT };
    for (candidate, check) in [(failing, "errorRate"), (slow, "latencyP99")] {
        let report = run(plan(), traffic(candidate), 1);
        assert_eq!(report.stage, StageName::RolledBack, "{report:?}");
        assert!(report.reason.as_ref().unwrap().starts_with(check), "{report:?}");
    }
}

#[test]
fn without_traffic_nothing_is_promoted() {
    let none = Traffic { requests_per_second: 0, ..traffic(INCUMBENT) };
    let report = run(plan(), none.clone(), 1);
    assert_eq!((report.stage, report.paused), (StageName::Shadow, Some(Pause::Deadline)));

    let mut past_shadow = plan();
    past_shadow.shadow.min_requests = 0;
    let report = run(past_shadow, none, 1);
    assert_eq!(report.paused, Some(Pause::Deadline));
    assert_eq!(report.candidate_units, 0);
}

#[test]
fn a_trickle_of_units_pauses_the_canary_at_its_deadline() {
    let trickle = Traffic { requests_per_second: 4, ..traffic(INCUMBENT) };
    let report = run(plan(), trickle, 1);
    assert_eq!((report.stage, report.paused), (StageName::Canary, Some(Pause::Deadline)));
}

/// Copies of the incumbent, looked at every second until the first pause, completion or rollback.
#[test]
fn copies_are_rolled_back_no_more_often_than_alpha() {
    let runs = 400;
    let mut plan = plan();
    for gate in &mut plan.gates {
        gate.max_duration = std::time::Duration::from_secs(12);
    }
    let copies = Traffic {
        requests_per_second: 400,
        incumbent: Behaviour { errors: 0.02, ..INCUMBENT },
        ..traffic(Behaviour { errors: 0.02, ..INCUMBENT })
    };
    let rolled_back: Vec<_> = (0..runs)
        .filter(|seed| run(plan.clone(), copies.clone(), *seed).stage == StageName::RolledBack)
        .collect();
    assert!(rolled_back.len() as f64 <= 0.05 * runs as f64, "seeds {rolled_back:?}");
}

#[test]
fn an_incident_on_both_arms_is_not_the_candidates_fault() {
    let incident = Some(Incident { from: 8, to: 40, errors: 0.4 });
    let mut rolled_back = Vec::new();
    for seed in 0..60 {
        let copies = Traffic { incident, ..traffic(INCUMBENT) };
        if run(plan(), copies, seed).stage == StageName::RolledBack {
            rolled_back.push(seed);
        }
    }
    assert!(rolled_back.len() <= 3, "seeds {rolled_back:?}");
}

#[test]
fn a_seed_repeats_its_voyage() {
    let again = || run(plan(), traffic(Behaviour { correct: 0.9, ..INCUMBENT }), 7);
    assert_eq!(again(), again());
}
