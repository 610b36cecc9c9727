//! Answers that were lost with a killed process.

use super::*;
use crate::RolloutId;
use crate::ledger::Unit;
use crate::split::Arm;
use crate::telemetry::{Telemetry, UnderWay};

/// What is told of a process that was killed with so many requests under way.
fn killed_with(requests: ArmCount) -> crate::evidence::GateCounts {
    let lost = |arm| UnderWay {
        rollout: RolloutId(1),
        stratum: CANARY.unseen(),
        share: share(500),
        arm,
        unit: Unit::Request,
    };
    let each = |arm, count| (0..count).map(move |_| lost(arm));
    let all: Vec<_> = each(Arm::Candidate, requests.candidate)
        .chain(each(Arm::Incumbent, requests.incumbent))
        .collect();
    Telemetry::of_lost(1, &all).gates.remove(0).2
}

/// A healthy canary whose process was killed so many times, each time with these requests under way.
fn killed(times: u64, requests: ArmCount) -> Evidence {
    let mut counts = gate(canary_units(300), arms(1_900, 1_800));
    let requests = arms(times * requests.candidate, times * requests.incumbent);
    counts.merge(&killed_with(requests)).unwrap();
    only(counts)
}

#[test]
fn a_candidate_that_kills_its_process_again_and_again_is_rolled_back() {
    let checks = [errors(0.005), latency(250)];
    let crashes = |times| look(&checks, &killed(times, arms(1, 1))).decision;
    assert_eq!(crashes(1), Decision::Inconclusive);
    assert_eq!(crashes(6), fails("errorRate"));
}

#[test]
fn a_process_that_somebody_kills_is_not_the_candidates_fault() {
    let checks = [errors(0.005), latency(250)];
    // As many as the share says: one in twenty.
    let verdict = look(&checks, &killed(20, arms(1, 19)));
    assert_eq!(verdict.decision, Decision::Inconclusive);
    assert_eq!(verdict.sample_ratio, SampleRatio::Plausible);
}

/// What a crash loses is one of the candidate's more often than the share says: no sign of a wrong split.
#[test]
fn who_is_lost_is_no_part_of_the_sample_ratio() {
    let verdict = look(&[errors(0.005)], &killed(200, arms(1, 0)));
    assert_eq!(verdict.sample_ratio, SampleRatio::Plausible);
    assert_eq!(verdict.decision, fails("errorRate"));
}

#[test]
fn no_pass_rests_on_what_the_incumbent_lost() {
    for check in [errors(0.005), latency(250), latency_ratio(1.2)] {
        let pass_log_e = |mut evidence: Evidence| {
            evidence.shadow.incumbent_latency =
                gate(arms(0, 500), arms(1, 1_800)).latency.incumbent;
            look(std::slice::from_ref(&check), &evidence).checks[0].pass_log_e.unwrap()
        };
        let lost = killed(1, arms(0, 400));
        let mut failed = lost.clone();
        failed.gates.get_mut(&CANARY.unseen()).unwrap().lost = ArmCount::default();
        let (lost, failed) = (pass_log_e(lost), pass_log_e(failed));
        if matches!(check.rule, Rule::Latency { ratio: None, .. }) {
            assert!((lost - failed).abs() < 1e-12, "a limit's pass looks at the candidate alone");
        } else {
            assert!(lost < failed - 1e-6, "{}: {lost} {failed}", check.name);
        }
        let crashed = pass_log_e(killed(20, arms(1, 0)));
        assert!(crashed < pass_log_e(only(gate(canary_units(300), arms(1_900, 1_800)))));
    }
}
