//! How units are counted, as a policy says it.

use super::{check, faults, plan_of, policy};
use std::time::Duration;

const KEYED: &str = "routing: {key: [header:x-user]}\n";

fn settled(lines: &str) -> (Duration, Duration) {
    let analysis = plan_of(lines).analysis;
    (analysis.unit_window, analysis.discard)
}

#[test]
fn a_keyed_units_window_is_a_minute_or_what_the_shortest_gate_leaves_of_it() {
    let seconds = Duration::from_secs;
    assert_eq!(settled(KEYED), (seconds(60), Duration::ZERO));
    let short = format!("{KEYED}ramp: [{{share: 50, minDuration: 20s}}]\n");
    assert_eq!(settled(&short), (seconds(20), Duration::ZERO));
    assert_eq!(settled(&format!("{short}analysis: {{discard: 15s}}")), (seconds(5), seconds(15)));
    assert_eq!(settled(&format!("{short}analysis: {{unitWindow: 0s}}")).0, Duration::ZERO);
    assert_eq!(settled(&format!("{KEYED}analysis: {{unitWindow: 5m}}")).0, seconds(300));
}

#[test]
fn without_a_key_a_request_is_a_unit_and_waits_for_nothing() {
    assert_eq!(settled(""), (Duration::ZERO, Duration::ZERO));
    assert_eq!(settled("analysis: {unitWindow: 5m, discard: 1m}").0, Duration::ZERO);
}

#[test]
fn a_gate_that_is_over_before_its_first_unit_counts_is_refused() {
    let short = "ramp: [{share: 50, minDuration: 20s}]\n";
    check(
        &format!("{short}analysis: {{unitWindow: 21s}}"),
        &["7:26 spec.analysis.unitWindow | the shortest gate's 20s are over before the first unit"],
    );
    check(
        &format!("{short}analysis: {{unitWindow: 15s, discard: 6s}}"),
        &["7:26 spec.analysis.unitWindow | the shortest gate's 20s are over"],
    );
    let alone = faults(&policy(&format!("{short}analysis: {{discard: 21s}}")));
    assert!(alone.len() == 1 && alone[0].contains("the shortest gate's 20s are over"), "{alone:?}");
    check(&format!("{short}analysis: {{unitWindow: 15s, discard: 5s}}"), &[]);
    check("analysis: {discard: 2h}", &["6:23 spec.analysis.discard | "]);
}

#[test]
fn plans_of_earlier_versions_are_read_as_they_were() {
    let plan = plan_of("");
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("unit_window") && !stored.contains("discard"));
    assert_eq!(serde_json::from_str::<crate::plan::Plan>(&stored).unwrap(), plan);
}
