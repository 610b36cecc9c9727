//! What slices promise over many rollouts: sooner where the fault is, and no more false rollbacks.

use super::*;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;

const SEED: u64 = 20_260_613;

/// Errors and labels, five clients of which these enforce.
fn plan(slices: &str) -> Plan {
    let yaml = format!(
        "
apiVersion: seatrial/v1
kind: RolloutPolicy
metadata: {{name: sliced}}
spec:
  endpoint: digits
  analysis: {{slices: [{slices}]}}
  checks:
    - {{name: errorRate, kind: errors, margin: {{ratio: 2.0, absolute: 0.01}}, weight: 0.5}}
    - {{name: correct, kind: feedback, metric: correct, margin: {{absolute: 0.02}}, weight: 0.5}}
  canary: {{share: 5}}
  ramp: []
"
    );
    let policy = policy::parse(&yaml).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

fn enforced(values: &str) -> Plan {
    plan(&format!("{{key: parameter:client, values: [{values}], enforce: true}}"))
}

fn part(value: &str, of_all: f64, incumbent: Rates, candidate: Rates) -> Part {
    Part { value: value.to_owned(), of_all, incumbent, candidate }
}

const WELL: Rates = Rates { errors: 0.01, wrong: 0.09 };

/// A quarter is mobile, where the candidate is as given; elsewhere it is the incumbent's equal.
fn bad_on_mobile(plan: Plan, mobile: Rates) -> Canary {
    let parts = vec![part("mobile", 0.25, WELL, mobile), part("web", 0.75, WELL, WELL)];
    Canary { plan, column: "client".to_owned(), parts, block: 500, looks: 200 }
}

/// Mean units to the rollback: with the slice enforced, and without.
fn with_and_without(mobile: Rates, runs: u32) -> (f64, f64) {
    let units = |plan| {
        let (failed, units) = play_all(&bad_on_mobile(plan, mobile), runs, SEED).unwrap();
        assert!(failed > 0.99, "{failed} of the runs find it");
        units
    };
    (units(enforced("mobile, web")), units(plan("parameter:client")))
}

#[test]
fn wrong_labels_in_one_slice_are_found_sooner_where_it_enforces() {
    let (with, without) = with_and_without(Rates { wrong: 0.4, ..WELL }, 60);
    assert!(with < 0.8 * without, "{with} against {without}");
}

#[test]
fn errors_in_one_slice_are_found_sooner_where_it_enforces() {
    let (with, without) = with_and_without(Rates { errors: 0.05, ..WELL }, 60);
    assert!(with < 0.8 * without, "{with} against {without}");
}

#[test]
fn the_slice_is_named() {
    let canary = bad_on_mobile(enforced("mobile, web"), Rates { wrong: 0.4, ..WELL });
    let ended = play(&canary, SEED).unwrap();
    assert_eq!(ended.failed.as_deref(), Some("correct[client=mobile]"));
}

/// Five clients of unlike sizes and base rates, all of them enforced; nobody is worse anywhere.
fn a_a(looks: u32) -> Canary {
    let rates = |errors, wrong| Rates { errors, wrong };
    let clients = [
        ("a", 0.4, rates(0.002, 0.05)),
        ("b", 0.25, rates(0.01, 0.09)),
        ("c", 0.2, rates(0.03, 0.2)),
        ("d", 0.1, rates(0.1, 0.4)),
        ("e", 0.05, rates(0.005, 0.6)),
    ];
    let parts = clients.map(|(value, of_all, rates)| part(value, of_all, rates, rates)).to_vec();
    let plan = enforced("a, b, c, d, e");
    Canary { plan, column: "client".to_owned(), parts, block: 400, looks }
}

#[test]
fn an_equal_candidate_in_five_enforced_slices_is_rolled_back_no_more_often_than_alpha() {
    let (failed, _) = play_all(&a_a(40), 300, SEED).unwrap();
    // Of 300 runs at .05, more than 24 are one in a hundred.
    assert!(failed <= 24.0 / 300.0, "{failed}");
}

/// The published figures; minutes in a release build.
#[test]
#[ignore = "ten thousand runs"]
fn the_published_figures() {
    let (failed, _) = play_all(&a_a(60), 10_000, SEED).unwrap();
    let (labels, labels_whole) = with_and_without(Rates { wrong: 0.4, ..WELL }, 2_000);
    let (errors, errors_whole) = with_and_without(Rates { errors: 0.05, ..WELL }, 2_000);
    let found = format!(
        "false {failed}, labels {labels:.0} of {labels_whole:.0}, errors {errors:.0} of {errors_whole:.0}"
    );
    // Clopper-Pearson: 456 of 10,000 is the most whose upper 95 % bound lies below .05.
    assert!(failed <= 0.0456, "{found}");
    assert!(labels < 0.8 * labels_whole && errors < 0.8 * errors_whole, "{found}");
}
