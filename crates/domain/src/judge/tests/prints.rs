//! Which judge: what its hash depends on.

use super::drift::predictions;
use super::fixture::*;
use super::kpi::{revenue, within};
use crate::evidence::{GateIndex, Starts};
use crate::judge::fingerprint::probe;
use crate::judge::{Judge, fingerprint};
use crate::plan::{Better, Check, KeySource, LiveSlice, Plan};
use crate::verdict::CheckReport;
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
    let with = |check: Check| fingerprint(&plan(&[errors(0.005), check])).unwrap();
    let drift = |weight| Check { weight, ..predictions() };
    assert_ne!(with(revenue(within(0.9))), with(revenue(within(0.95))));
    assert_ne!(with(drift(0.1)), with(drift(0.2)));
    let (same, different) = others.split_last().unwrap();
    assert_eq!(one, *same, "the same label is the same test");
    assert!(different.iter().all(|other| *other != one), "{different:?}");
}

/// Checks of every kind, a slice that enforces and one that warns.
fn of_every_kind() -> Plan {
    let mut plan = plan(&[
        Check { weight: 0.2, ..errors(0.005) },
        Check { weight: 0.2, ..latency_of(Some(250), Some(1.2)) },
        Check { name: "latency".to_owned(), weight: 0.1, ..latency_ratio(1.3) },
        Check { weight: 0.2, ..labels("correct", Better::Higher) },
        Check { weight: 0.2, ..revenue(within(0.9)) },
        predictions(),
    ]);
    let slice = |name: &str, values: &[&str], weight| LiveSlice {
        key: KeySource::Header(name.to_owned()),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        weight,
    };
    plan.analysis.slices =
        vec![slice("client", &["mobile", "web"], Some(0.5)), slice("region", &[], None)];
    plan
}

#[test]
fn every_test_of_a_plan_answers_to_what_its_hash_is_of() {
    let plan = of_every_kind();
    let judge = Judge::new(&plan).unwrap();
    let evidence = probe::evidence(&plan);
    let says = |log_e: Option<f64>| log_e.is_some_and(|log_e| log_e.abs() > 1e-6);
    for gate in 0..=3 {
        let verdict = judge.gate(&evidence, GateIndex(gate));
        let told = |name: &str| {
            let named = |report: &&CheckReport| report.name == name;
            verdict.checks.iter().find(named).unwrap_or_else(|| panic!("{name}: {verdict:?}"))
        };
        for name in ["errorRate", "latencyP99", "latency", "correct", "revenue", "predictions"] {
            assert!(says(told(name).fail_log_e), "gate {gate}: {:?}", told(name));
        }
        for name in ["errorRate", "latencyP99", "latency", "correct", "revenue"] {
            assert!(says(told(name).pass_log_e), "gate {gate}: {:?}", told(name));
        }
        for name in ["correct[client=mobile]", "latencyP99[client=web]", "errorRate[region=came]"] {
            assert!(says(told(name).fail_log_e), "gate {gate}: {:?}", told(name));
        }
    }
}

/// What earlier versions made of several histories is another judge's; of requests they are the same.
#[test]
fn the_hash_is_of_how_histories_come_together() {
    let mut users = of_every_kind();
    users.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    let evidence = probe::evidence(&users);
    let judge = Judge::new(&users).unwrap();
    for gate in 1..=3 {
        // New ones, those of the gate before, and those who were away then.
        assert_eq!(evidence.of_gate(GateIndex(gate)).count(), if gate == 1 { 2 } else { 3 });
        let whole = judge.gate(&evidence, GateIndex(gate));
        let mut of_new = evidence.clone();
        of_new.gates.retain(|of, _| of.gate != GateIndex(gate) || *of == GateIndex(gate).unseen());
        let alone = judge.gate(&of_new, GateIndex(gate));
        let both = whole.checks.iter().zip(&alone.checks);
        let passing = both.filter(|(it, _)| it.pass_at.is_some() && it.slice.is_none());
        for (one, other) in passing {
            assert_ne!(one.pass_log_e, other.pass_log_e, "{}", one.name);
        }
    }
    assert_ne!(fingerprint(&users).unwrap(), fingerprint(&of_every_kind()).unwrap());
}

#[test]
fn the_hash_is_of_bets_on_late_faults_too() {
    let plan = of_every_kind();
    let judge = Judge::new(&plan).unwrap();
    let mut evidence = probe::evidence(&plan);
    assert_eq!(evidence.starts.iter().count(), 2);
    let log_e = |evidence: &_| judge.gate(evidence, GateIndex(1)).checks[0].fail_log_e.unwrap();
    let with = log_e(&evidence);
    evidence.starts = Starts::default();
    assert!((log_e(&evidence) - with).abs() > 1e-3, "{with}");
}

/// The hashes that stored rollouts have. One that is another here makes `audit replay` tell each of their
/// verdicts as judged by another judge, e-values and all: right for a test that was changed on purpose,
/// which the changelog then says, and a fault otherwise. Requests and users are apart, since a rule about
/// those who come again changes the hash of the second alone.
#[test]
fn the_hashes_of_stored_rollouts_are_what_they_were() {
    let requests = of_every_kind();
    let mut users = of_every_kind();
    users.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    let told = [requests, users].map(|plan| fingerprint(&plan).unwrap().to_string());
    let pinned = [
        "sha256:93f06dbdcc51c141e35861de1c99c9b8dfe65d2bf801821f8999eabb25014938",
        "sha256:2ad787f24ce6d9e5ae10921296a62fee227fb4b98d177c592db8c6d72ea353d3",
    ];
    assert_eq!(told, pinned);
}
