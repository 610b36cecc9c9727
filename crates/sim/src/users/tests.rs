//! What holds for users who stay.

use super::*;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: sticky}
spec:
  endpoint: digits
  routing: {key: [header:x-user]}
  analysis: {minUnits: 1, unitWindow: WINDOW}
  checks: [{name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.05}}]
  canary: {share: 1, minDuration: 20s}
  ramp:
    - {share: 5, minDuration: 20s}
    - {share: 25, minDuration: 20s}
    - {share: 50, minDuration: 20s}
";

/// Every user comes about once in a gate; three in a hundred fail every other time.
const CROWD: Crowd = Crowd {
    users: 2_000,
    requests_per_second: 100,
    prone: 0.03,
    prone_errors: 0.5,
    candidate_errors: 0.0,
};

fn plan(window: &str) -> Plan {
    let policy = policy::parse(&POLICY.replace("WINDOW", window)).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

#[test]
fn a_copy_among_users_who_stay_is_rolled_back_no_more_often_than_alpha() {
    // At most 5 and 50 expected at alpha .05, with standard deviations of 2.2 and 6.9.
    for (window, runs, most) in [("0s", 100, 11), ("5s", 1_000, 72)] {
        let plan = plan(window);
        let failed = (0..runs)
            .filter(|seed| cross(&plan, CROWD, 20, *seed).unwrap().failed_in.is_some())
            .count();
        assert!(failed <= most, "window {window}: {failed} of {runs}");
    }
}

#[test]
fn a_crowd_that_was_seen_is_evidence_at_every_later_gate() {
    let crossing = cross(&plan("5s"), CROWD, 20, 7).unwrap();
    // Of about 1,260 that come in a gate: those whose arm is still open.
    for (gate, units) in crossing.units.iter().enumerate() {
        assert!(units.total() > 600 && units.candidate > 5, "gate {gate}: {crossing:?}");
    }
    let last = crossing.units[3];
    // On the candidate is what was not on it before: (.50 - .25) of (1 - .25), for those seen at 25 %.
    let part = last.candidate as f64 / last.total() as f64;
    assert!((0.30..0.48).contains(&part), "{crossing:?}");
}

#[test]
fn a_candidate_that_fails_its_users_is_found_among_them() {
    let crowd = Crowd { candidate_errors: 0.3, ..CROWD };
    for seed in 0..5 {
        let crossing = cross(&plan("5s"), crowd, 20, seed).unwrap();
        assert!(crossing.failed_in.is_some(), "seed {seed}: {crossing:?}");
    }
}
