//! The line agrees with the judge.

use super::*;
use seatrial_domain::evidence::{CompareCount, PairCount};
use seatrial_domain::plan::Kind;
use seatrial_domain::{EndpointName, policy};

const POLICY: &str = "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {name: quick}
spec:
  endpoint: digits
  shadow: {minDuration: 1s, minRequests: 100, slices: [parameter:client]}
";

fn plan() -> Plan {
    let policy = policy::parse(POLICY).unwrap_or_else(|fault| panic!("{fault}"));
    policy.plan(Kind::Promote, &EndpointName::new("digits").unwrap()).unwrap()
}

fn count(pairs: u64, disagree: u64, noise: u64) -> CompareCount {
    let candidate = PairCount { pairs, disagree };
    CompareCount { candidate, noise: PairCount { pairs, disagree: noise } }
}

/// By class only: there is nothing to compare numerically.
fn shadow(all: CompareCount, clients: &[(&str, CompareCount)]) -> ShadowCounts {
    let rules = |count| vec![count, CompareCount::default()];
    let clients = clients.iter().map(|(value, count)| ((*value).to_owned(), rules(*count)));
    ShadowCounts {
        compare: rules(all),
        slices: [("client".to_owned(), clients.collect())].into(),
        ..ShadowCounts::default()
    }
}

fn within(text: &str) -> Findings {
    Findings { text: text.to_owned(), diverges: false }
}

fn diverges(text: &str) -> Findings {
    Findings { text: text.to_owned(), diverges: true }
}

#[test]
fn failed_copies_are_in_the_rate_and_told() {
    let mut counts = shadow(count(900, 0, 0), &[]);
    counts.candidate_errors = 600;
    let told = diverges("disagree 40.0 % (limit 25.0 %)   600 copies failed");
    assert_eq!(findings(&plan(), &counts), told);
}

#[test]
fn a_slice_is_judged_above_its_own_noise_and_told_with_enough_pairs() {
    let clients = [
        ("mobile", count(200, 80, 60)),
        ("web", count(750, 75, 75)),
        ("watch", count(50 - 1, 49, 0)),
    ];
    let told =
        "disagree 20.4 % less noise 13.5 % (limit 25.0 %)   client=mobile 40.0 % / web 10.0 %";
    assert_eq!(findings(&plan(), &shadow(count(1_000, 204, 135), &clients)), within(told));
}

#[test]
fn one_value_alone_is_told_only_when_it_is_above_its_limit() {
    let told =
        |bad| findings(&plan(), &shadow(count(1_000, 100, 0), &[("web", count(500, bad, 0))]));
    assert_eq!(told(50), within("disagree 10.0 % (limit 25.0 %)"));
    assert_eq!(told(200), diverges("disagree 10.0 % (limit 25.0 %)   client=web 40.0 %"));
}

#[test]
fn before_the_first_pair_there_is_nothing_to_tell() {
    assert_eq!(findings(&plan(), &shadow(count(0, 0, 0), &[])), within("0 pairs"));
}
