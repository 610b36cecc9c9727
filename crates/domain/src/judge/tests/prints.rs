//! Which judge: what its hash depends on.

use super::fixture::*;
use crate::judge::fingerprint;
use crate::plan::{Better, Check, Plan};
use std::time::Duration;

fn checks() -> [Check; 3] {
    [errors(0.005), latency_of(Some(250), Some(1.2)), labels("correct", Better::Higher)]
}

fn hash(change: impl FnOnce(&mut Plan)) -> crate::Digest {
    let mut plan = plan(&checks());
    change(&mut plan);
    fingerprint(&plan).unwrap()
}

#[test]
fn the_same_tests_are_the_same_judge() {
    let one = hash(|_| {});
    assert_eq!(one, hash(|_| {}));
    assert_eq!(one, hash(|plan| plan.gates[0].min_duration = Duration::from_secs(1)));
    assert_eq!(one, hash(|plan| plan.policy = "another".to_owned()));
}

#[test]
fn levels_weights_margins_shares_and_enforcement_make_another_judge() {
    let one = hash(|_| {});
    let others = [
        hash(|plan| plan.analysis.alpha = 0.04),
        hash(|plan| plan.analysis.healthy_alpha = 0.04),
        hash(|plan| plan.analysis.sample_ratio_alpha = 0.002),
        hash(|plan| plan.analysis.dry_run = vec!["errorRate".to_owned()]),
        hash(|plan| plan.gates[1].share = share(2_600)),
        hash(|plan| plan.gates.iter_mut().for_each(|gate| gate.checks[0].weight = 0.39)),
        hash(|plan| plan.gates[2].checks[0] = errors(0.006)),
        hash(|plan| plan.gates[2].checks[2] = labels("correct", Better::Higher)),
    ];
    let (same, different) = others.split_last().unwrap();
    assert_eq!(one, *same, "the same label is the same test");
    assert!(different.iter().all(|other| *other != one), "{different:?}");
}
