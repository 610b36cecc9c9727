//! What `forecast` promises, as tests.

use super::*;
use crate::policy::parse;

fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    policy.plan(plan::Kind::Promote, policy.endpoint()).unwrap()
}

const OUTLOOK: Outlook = Outlook {
    units_per_second: 500.0,
    error_rate: 0.0,
    bad_label_rate: 0.1,
    slow_rate: 0.0,
    values: Vec::new(),
};

#[test]
fn a_candidate_without_faults_needs_the_published_units() {
    // STATISTICS: zero errors pass beyond both margins at 857 units for 0.005; no exceedance at 358.
    let forecast = forecast(&plan(""), &OUTLOOK).unwrap();
    let canary = &forecast.steps[1];
    let units = |name: &str| canary.checks.iter().find(|need| need.check == name).unwrap().units;
    assert!(units("errorRate").is_some_and(|units| (840..=880).contains(&units)), "{canary:?}");
    assert!(units("latencyP99").is_some_and(|units| (350..=365).contains(&units)), "{canary:?}");
    assert_eq!(canary.units, units("errorRate"));
}

#[test]
fn at_high_traffic_the_minimum_durations_decide() {
    let forecast = forecast(&plan(""), &OUTLOOK).unwrap();
    let stages: Vec<_> = forecast.steps.iter().map(|step| step.stage.as_str()).collect();
    assert_eq!(stages, ["shadow", "canary", "ramp(1)", "ramp(2)", "ramp(3)", "stabilizing"]);
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    assert_eq!(forecast.to_cutover, minutes(30 + 30 + 15 + 15 + 30));
    assert_eq!(forecast.to_completed, minutes(120 + 72 * 60));
}

#[test]
fn at_low_traffic_the_units_decide_and_lateness_shows() {
    let slow = Outlook { units_per_second: 0.1, ..OUTLOOK };
    let forecast = forecast(&plan(""), &slow).unwrap();
    let canary = &forecast.steps[1];
    let seconds = canary.units.unwrap() * 10 * 20;
    assert!(
        canary.expected.is_some_and(|time| time.as_secs().abs_diff(seconds) <= 1),
        "{canary:?}"
    );
    assert!(canary.is_late());
}

#[test]
fn a_rate_that_is_next_to_nothing_takes_for_ever() {
    for rate in [1e-18, 1e-300, f64::MIN_POSITIVE] {
        let outlook = Outlook { units_per_second: rate, ..OUTLOOK };
        let forecast = forecast(&plan(""), &outlook).unwrap();
        assert_eq!(forecast.to_completed, Some(Duration::MAX), "{rate}");
        assert!(forecast.steps[1].is_late());
    }
}

#[test]
fn a_gate_that_never_passes_has_no_expected_time() {
    let slow = Outlook { slow_rate: 0.5, ..OUTLOOK };
    let forecast = forecast(&plan(""), &slow).unwrap();
    assert_eq!(forecast.steps[1].units, None);
    assert_eq!((forecast.to_cutover, forecast.to_completed), (None, None));
}

#[test]
fn dry_runs_and_a_persons_gate_hold_nothing_back() {
    let slow = Outlook { slow_rate: 0.5, ..OUTLOOK };
    let dry = forecast(&plan("  analysis: {dryRun: [latencyP99]}\n"), &slow).unwrap();
    assert!(dry.to_cutover.is_some());
    let person = forecast(&plan("  canary: {gate: approval}\n"), &slow).unwrap();
    assert_eq!(person.steps[1].units, Some(0));
    assert_eq!(person.steps[2].units, None);
}

#[test]
fn a_ratio_without_a_limit_is_unknown_and_says_why() {
    let ratio = "  checks: [{name: slow, kind: latency, margin: {ratio: 1.2}}]\n";
    let forecast = forecast(&plan(ratio), &OUTLOOK).unwrap();
    let canary = &forecast.steps[1];
    assert_eq!((canary.checks[0].units, canary.units, forecast.to_cutover), (None, None, None));
    assert!(canary.checks[0].unknown.is_some_and(|why| why.contains("spread")), "{canary:?}");
    assert_eq!(canary.unknown(), canary.checks[0].unknown);
    assert!(!canary.is_late(), "unknown is not late");
}

#[test]
fn a_step_is_unknown_only_where_a_check_that_holds_it_back_is() {
    let ratio = "{name: slow, kind: latency, margin: {ratio: 1.2}}";
    let errors = "{name: errorRate, kind: errors, margin: {ratio: 2}}";
    let step = |lines: String, error_rate| {
        let outlook = Outlook { error_rate, ..OUTLOOK };
        forecast(&plan(&lines), &outlook).unwrap().steps.remove(1)
    };
    let both = format!("  checks: [{errors}, {ratio}]\n");
    assert!(step(both.clone(), 0.01).unknown().is_some());
    // Nothing fails: a ratio of it never passes, whatever the latencies are.
    let never = step(both.clone(), 0.0);
    assert_eq!((never.units, never.unknown()), (None, None));
    let dry = step(format!("{both}  analysis: {{dryRun: [slow]}}\n"), 0.01);
    assert!(dry.units.is_some() && dry.unknown().is_none(), "{dry:?}");
}

#[test]
fn a_ratio_beside_a_limit_costs_at_most_half_of_alpha() {
    let need = |margin: &str, slow_rate| {
        let lines = format!("  checks: [{{name: slow, kind: latency, limit: 250ms{margin}}}]\n");
        let outlook = Outlook { slow_rate, ..OUTLOOK };
        forecast(&plan(&lines), &outlook).unwrap().steps.remove(1).checks.remove(0)
    };
    let limit = need("", 0.0).units.unwrap();
    let both = need(", margin: {ratio: 1.2}", 0.0).units.unwrap();
    assert!(limit < both && both < 2 * limit, "{limit} {both}");
    // Beyond the limit on both arms: never by the limit alone, and possibly by the ratio.
    assert_eq!((need("", 0.5).units, need("", 0.5).unknown), (None, None));
    assert!(need(", margin: {ratio: 1.2}", 0.5).unknown.is_some());
}

#[test]
fn late_labels_add_their_lateness() {
    let check = "{name: c, kind: feedback, metric: c, margin: {absolute: 0.1}, lateBy: 10m}";
    let plan = plan(&format!("  checks: [{check}]\n"));
    let slow = Outlook { units_per_second: 1.0, ..OUTLOOK };
    let forecast = forecast(&plan, &slow).unwrap();
    let canary = &forecast.steps[1];
    let expected = canary.units.unwrap() * 20 + 600;
    assert!(canary.expected.is_some_and(|time| time.as_secs().abs_diff(expected) <= 1));
}

#[test]
fn labels_that_may_be_missing_need_as_many_more_units() {
    let units = |coverage: &str| {
        let check = "name: c, kind: feedback, metric: c, margin: {absolute: 0.1}";
        let lines = format!("  checks: [{{{check}, minCoverage: {coverage}}}]\n");
        let forecast = forecast(&plan(&lines), &OUTLOOK).unwrap();
        forecast.steps[1].checks[0].units.unwrap()
    };
    assert_eq!(units("0.25"), 4 * units("1"));
    assert_eq!(units("0"), units("1"), "nothing is known of those without a least part");
}

#[test]
fn impossible_outlooks_are_refused() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let outlook = Outlook { units_per_second: rate, ..OUTLOOK };
        assert!(matches!(forecast(&plan(""), &outlook), Err(Error::Outlook { .. })));
    }
    for rate in [-0.1, 1.1, f64::NAN] {
        let outlook = Outlook { error_rate: rate, ..OUTLOOK };
        assert!(matches!(forecast(&plan(""), &outlook), Err(Error::Outlook { .. })));
    }
}

#[test]
fn a_stability_window_has_a_live_control_only_with_a_holdback() {
    let controls = |lines: &str| {
        let forecast = forecast(&plan(lines), &OUTLOOK).unwrap();
        forecast.steps.iter().map(|step| step.control).collect::<Vec<_>>()
    };
    let [with, without] = ["10", "0"].map(|held_back| {
        controls(&format!("  stability: {{duration: 1h, holdback: {held_back}}}\n"))
    });
    assert!(with.iter().all(|control| *control == Control::Live));
    assert_eq!(without.split_last(), Some((&Control::None, &with[1..])));
}

#[test]
fn a_keyed_gate_waits_for_the_warm_up_before_and_the_last_window_after() {
    let expected = |lines: &str| {
        let slow = Outlook { units_per_second: 1.0, ..OUTLOOK };
        let step = forecast(&plan(lines), &slow).unwrap().steps.remove(1);
        (step.expected.unwrap().as_secs(), step.units.unwrap() * 20)
    };
    let (plain, units) = expected("");
    assert!(plain.abs_diff(units) <= 1, "{plain} {units}");
    let keyed = "  routing: {key: [header:x-user]}\n  analysis: {unitWindow: 2m, discard: 3m}\n";
    let (keyed, units) = expected(keyed);
    assert!(keyed.abs_diff(units + 5 * 60) <= 1, "{keyed} {units}");
}

#[test]
fn a_kpi_is_unknown_without_its_values_and_told_with_them() {
    let check = "{name: r, kind: kpi, metric: revenue, margin: {ratio: MARGIN}, minCoverage: 0.5}";
    let need = |margin: &str, values: Vec<Values>| {
        let lines = format!("  checks: [{}]\n", check.replace("MARGIN", margin));
        let outlook = Outlook { values, ..OUTLOOK };
        forecast(&plan(&lines), &outlook).unwrap().steps.remove(1).checks.remove(0)
    };
    let unknown = need("0.9", Vec::new());
    assert!(unknown.units.is_none() && unknown.unknown.is_some_and(|why| why.contains("--kpi")));
    let sample: Vec<f64> = (1..1_000).map(f64::from).collect();
    let reference = kpi::Reference::freeze(&sample).unwrap();
    let values = || {
        vec![Values {
            metric: "revenue".to_owned(),
            reference: reference.clone(),
            mean: 500.0,
            deviation: 288.0,
        }]
    };
    let (wide, narrow) =
        (need("0.8", values()).units.unwrap(), need("0.98", values()).units.unwrap());
    // Half of the units have a value, and a mean needs a thousand of them to speak at all.
    assert!(wide >= 2_000 && narrow > 3 * wide, "{wide} {narrow}");
}
