//! What gates find, beside what is published.

use super::*;
use crate::simulate::ended::{Cause, Outcome};
use crate::simulate::load::{Answers, Load, Rhythm};
use crate::simulate::{Detail, Mode, Setup, Simulation};
use seatrial_domain::Timestamp;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;
use std::time::Duration;

pub(super) const ENDPOINT: Endpoint = Endpoint {
    rate: 50.0,
    error_rate: 0.005,
    bad_label_rate: 0.1,
    slow_rate: 0.001,
    latency: None,
    values: Vec::new(),
};

fn found(lines: &str, check: usize, endpoint: &Endpoint) -> Option<Detectable> {
    let plan = plan(lines);
    let gate = &plan.gates[0];
    detectable(&plan, gate, &gate.checks[check], endpoint).unwrap()
}

pub(super) fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = policy::parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

/// STATISTICS.md: errors from .5 to 1 % are found after 46,988 requests at 5 %, on average; the check has only
/// its weight of alpha here, and may not pass below twice the rate.
#[test]
fn what_is_found_is_what_the_tests_need_units_for() {
    let canary = |hours: u64| format!("  canary: {{share: 5, maxDuration: {hours}h}}\n");
    let errors = found(&canary(1), 0, &ENDPOINT).unwrap();
    assert_eq!((errors.check.as_str(), errors.measure), ("errorRate", Measure::ErrorRate));
    let (at_80, at_90) = (errors.at_80.unwrap(), errors.at_90.unwrap());
    // 180,000 requests in the hour.
    assert!(0.006 < at_80 && at_80 < at_90 && at_90 < 0.01, "{errors:?}");
}

/// A gate that passes in half an hour finds in a day what it finds in that: a small loss has passed by then.
#[test]
fn who_passes_first_is_not_found_by_a_later_deadline() {
    let canary = |hours: u64| format!("  canary: {{share: 5, maxDuration: {hours}h}}\n");
    let [hour, day] = [1, 24].map(|hours| found(&canary(hours), 0, &ENDPOINT).unwrap());
    let (at_hour, at_day) = (hour.at_80.unwrap(), day.at_80.unwrap());
    assert!(at_day > 0.9 * at_hour, "{hour:?} {day:?}");
    // A person's gate passes by no verdict.
    let person = found("  canary: {share: 5, maxDuration: 24h, gate: approval}\n", 0, &ENDPOINT);
    assert!(person.unwrap().at_80.unwrap() < 0.9 * at_day, "{day:?}");
}

/// Of rollouts whose candidate is as much worse as is told, as many as is told are sent back in the canary.
#[test]
fn simulated_rollouts_find_what_is_told() {
    let plan =
        plan("  canary: {share: 20, minDuration: 10m, maxDuration: 2h}\n  ramp: [{share: 50}]\n");
    let gate = &plan.gates[0];
    let told = detectable(&plan, gate, &gate.checks[0], &ENDPOINT).unwrap().unwrap();
    for (error_rate, part) in [(told.at_80.unwrap(), 0.8), (told.at_90.unwrap(), 0.9)] {
        let sent_back = sent_back(&plan, error_rate);
        assert!((sent_back - part).abs() < 0.12, "{part}: {sent_back} at {error_rate}");
    }
}

/// The part of a hundred rollouts that never leave the canary upward.
fn sent_back(plan: &Plan, error_rate: f64) -> f64 {
    let latency = Law::Constant(1_000.0);
    let incumbent = Answers { error_rate: ENDPOINT.error_rate, latency, wanted: 0.9 };
    let candidate = Answers { error_rate, ..incumbent.clone() };
    let load = Load {
        rate: ENDPOINT.rate,
        rhythm: Rhythm::Constant,
        users: None,
        incumbent,
        candidate,
        disagreement: 0.0,
        labelled: 1.0,
        incidents: Vec::new(),
        values: Vec::new(),
        classes: Vec::new(),
        slices: Vec::new(),
    };
    let simulation = Simulation::new(Setup {
        plan: plan.clone(),
        load,
        deadline: Duration::from_secs(1),
        start: Timestamp::from_micros(0),
        span: Duration::from_hours(24),
        seed: 1,
        mode: Mode::Aggregated,
    })
    .unwrap();
    let runs = 100;
    let kept = |index: &u64| {
        let ended = simulation.run(*index, Detail::Outcome).unwrap();
        let fails = matches!(ended.outcome, Outcome::RolledBack(Cause::Check(_)));
        fails && ended.stages.iter().all(|visit| !visit.stage.starts_with("ramp"))
    };
    float(u64::try_from((0..runs).filter(kept).count()).unwrap()) / float(runs)
}

#[test]
fn nothing_is_found_among_too_few_and_a_ratio_needs_to_know_the_spread() {
    let trickle = Endpoint { rate: 0.000_1, ..ENDPOINT };
    assert_eq!(found("", 0, &trickle).unwrap().at_80, None);
    let ratio = "  checks: [{name: slow, kind: latency, margin: {ratio: 1.2}}]\n  \
        canary: {maxDuration: 1h}\n";
    assert_eq!(found(ratio, 0, &ENDPOINT), None);
    let latency = Some(Law::LogNormal { median: 12_000.0, sigma: 0.5 });
    let slower = found(ratio, 0, &Endpoint { latency, ..ENDPOINT }).unwrap();
    assert!((1.0..1.2).contains(&slower.at_90.unwrap()), "{slower:?}");
    let limit = found("", 1, &ENDPOINT).unwrap();
    // One in two hundred fails, and one in a thousand of the others is slow.
    assert!((limit.from - 0.005_995).abs() < 1e-9, "{limit:?}");
    // The limit allows one in a hundred.
    assert!((0.01..0.02).contains(&limit.at_90.unwrap()), "{limit:?}");
}

#[test]
fn labels_are_found_whichever_value_is_wanted() {
    let check = |better: &str| {
        let check = "name: c, kind: feedback, metric: c, margin: {absolute: 0.02}";
        let lines = format!("  checks: [{{{check}, better: {better}}}]\n");
        found(&format!("{lines}  canary: {{maxDuration: 1h}}\n"), 0, &ENDPOINT).unwrap()
    };
    let (higher, lower) = (check("higher"), check("lower"));
    assert_eq!(higher.measure, Measure::BadLabels);
    for found in [&higher, &lower] {
        assert!((0.1..0.15).contains(&found.at_90.unwrap()), "{found:?}");
    }
}

/// STATISTICS.md: a mean lower by 2 % is found after 398,306 units at 5 %, on average. The gate has a tenth of them
/// when it may pass, and half of the units have a value here: what is found is a loss near the margin.
#[test]
fn a_kpis_loss_is_found_where_its_values_are_known() {
    let kpi = "  checks: [{name: r, kind: kpi, metric: revenue, margin: {ratio: 0.9}}]\n  \
        canary: {maxDuration: 6h}\n";
    assert_eq!(found(kpi, 0, &ENDPOINT), None);
    let values = vec![("revenue".to_owned(), Law::LogNormal { median: 10.0, sigma: 0.8325 })];
    let loss = found(kpi, 0, &Endpoint { values, ..ENDPOINT }).unwrap();
    assert_eq!(loss.measure, Measure::Worse);
    let at_90 = loss.at_90.unwrap();
    assert!((0.03..0.1).contains(&at_90), "{loss:?}");
}
