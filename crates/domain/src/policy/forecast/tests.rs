//! What `forecast` promises, as tests.

use super::*;
use crate::policy::parse;
use seatrial_analysis::latency::{Edges, QuantileRatio};
use seatrial_analysis::{ArmHistogram, Stratum};

fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    policy.plan(plan::Kind::Promote, policy.endpoint()).unwrap()
}

const OUTLOOK: Outlook = Outlook {
    error_rate: 0.0,
    bad_label_rate: 0.1,
    slow_rate: 0.0,
    latency: None,
    values: Vec::new(),
};

#[test]
fn a_candidate_without_faults_needs_the_published_units() {
    // STATISTICS: zero errors pass beyond both margins at 857 units for 0.005; no exceedance at 358.
    let forecast = forecast(&plan(""), &OUTLOOK).unwrap();
    let canary = &forecast[1];
    let units = |name: &str| canary.checks.iter().find(|need| need.check == name).unwrap().units;
    assert!(units("errorRate").is_some_and(|units| (840..=880).contains(&units)), "{canary:?}");
    assert!(units("latencyP99").is_some_and(|units| (350..=365).contains(&units)), "{canary:?}");
    assert_eq!(canary.units, units("errorRate"));
}

#[test]
fn every_step_that_takes_time_is_told_in_its_order() {
    let steps = forecast(&plan(""), &OUTLOOK).unwrap();
    let stages: Vec<_> = steps.iter().map(|step| step.stage.as_str()).collect();
    assert_eq!(stages, ["shadow", "canary", "ramp(1)", "ramp(2)", "ramp(3)", "stabilizing"]);
    let least: Vec<_> = steps.iter().map(|step| step.min_duration.as_secs() / 60).collect();
    assert_eq!(least, [30, 30, 15, 15, 30, 72 * 60]);
}

#[test]
fn a_gate_that_never_passes_says_so() {
    let slow = Outlook { slow_rate: 0.5, ..OUTLOOK };
    let steps = forecast(&plan(""), &slow).unwrap();
    assert_eq!((steps[1].units, steps[1].never_passes()), (None, true));
    assert!(!steps[0].never_passes() && !steps[5].never_passes());
}

/// What fails is slower than any limit: of two in a hundred no p99 is left.
#[test]
fn failed_answers_count_against_a_limit_of_latency() {
    let failing = |error_rate| {
        let steps = forecast(&plan(""), &Outlook { error_rate, ..OUTLOOK }).unwrap();
        steps[1].checks.iter().find(|need| need.check == "latencyP99").unwrap().units
    };
    assert!(failing(0.005).is_some_and(|units| units > 700), "{:?}", failing(0.005));
    assert_eq!(failing(0.02), None);
    assert!((over_limit(0.02, 0.5) - 0.51).abs() < 1e-12);
}

#[test]
fn dry_runs_and_a_persons_gate_hold_nothing_back() {
    let slow = Outlook { slow_rate: 0.5, ..OUTLOOK };
    let dry = forecast(&plan("  analysis: {dryRun: [latencyP99]}\n"), &slow).unwrap();
    assert!(dry.iter().all(|step| step.units.is_some()), "{dry:?}");
    let person = forecast(&plan("  canary: {gate: approval}\n"), &slow).unwrap();
    assert_eq!(person[1].units, Some(0));
    assert_eq!(person[2].units, None);
}

#[test]
fn a_ratio_without_a_limit_is_unknown_and_says_why() {
    let ratio = "  checks: [{name: slow, kind: latency, margin: {ratio: 1.2}}]\n";
    let forecast = forecast(&plan(ratio), &OUTLOOK).unwrap();
    let canary = &forecast[1];
    assert_eq!((canary.checks[0].units, canary.units), (None, None));
    assert!(canary.checks[0].unknown.is_some_and(|why| why.contains("spread")), "{canary:?}");
    assert_eq!(canary.unknown(), canary.checks[0].unknown);
    assert!(!canary.never_passes(), "unknown is not never");
}

/// Of latencies that are all in two buckets, a tenth of them beyond ten times the median, the p95 is in the second, and so
/// is 1.2 times of it; of ones that are never slow, 358 are enough as for a limit, and a bet on the incumbent's own
/// quantile costs a little on top.
#[test]
fn a_ratio_needs_what_its_own_test_says_where_the_spread_is_known() {
    let edges = Edges::default();
    let at = |micros| edges.bucket_of(micros);
    let spread = |slow: f64| {
        let mut parts = vec![0.0; edges.buckets()];
        (parts[at(1_000)], parts[at(10_000)]) = (1.0 - slow, slow);
        Outlook { latency: Some(parts), ..OUTLOOK }
    };
    let needed = |check: &str, outlook: &Outlook| {
        let lines = format!("  checks: [{{name: slow, kind: latency, {check}}}]\n");
        forecast(&plan(&lines), outlook).unwrap()[1].checks[0].clone()
    };
    let ratio = needed("quantile: 0.99, margin: {ratio: 1.2}", &spread(0.0));
    assert_eq!(ratio.unknown, None);
    assert!(ratio.units.is_some_and(|units| (358..600).contains(&units)), "{ratio:?}");
    // Who has as many slow ones as may be passes no sooner.
    let slower = needed("quantile: 0.99, margin: {ratio: 1.2}", &spread(0.005));
    assert!(slower.units > ratio.units, "{slower:?}");
    // With a limit that all are within, the limit's half is enough for any spread.
    let both = needed("quantile: 0.99, limit: 250ms, margin: {ratio: 1.2}", &spread(0.005));
    assert!(both.units < slower.units, "{both:?}");
    // Failed answers are the slowest: of three in a hundred no p99 is left.
    let failing = Outlook { error_rate: 0.03, ..spread(0.0) };
    assert_eq!(needed("quantile: 0.99, margin: {ratio: 1.2}", &failing).units, None);
}

#[test]
fn a_step_is_unknown_only_where_a_check_that_holds_it_back_is() {
    let ratio = "{name: slow, kind: latency, margin: {ratio: 1.2}}";
    let errors = "{name: errorRate, kind: errors, margin: {ratio: 2}}";
    let step = |lines: String, error_rate| {
        let outlook = Outlook { error_rate, ..OUTLOOK };
        forecast(&plan(&lines), &outlook).unwrap().remove(1)
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
        forecast(&plan(&lines), &outlook).unwrap().remove(1).checks.remove(0)
    };
    let limit = need("", 0.0).units.unwrap();
    let both = need(", margin: {ratio: 1.2}", 0.0).units.unwrap();
    assert!(limit < both && both < 2 * limit, "{limit} {both}");
    // Beyond the limit on both arms: never by the limit alone, and possibly by the ratio.
    assert_eq!((need("", 0.5).units, need("", 0.5).unknown), (None, None));
    assert!(need(", margin: {ratio: 1.2}", 0.5).unknown.is_some());
}

#[test]
fn labels_that_may_be_missing_need_as_many_more_units() {
    let units = |coverage: &str| {
        let check = "name: c, kind: feedback, metric: c, margin: {absolute: 0.1}";
        let lines = format!("  checks: [{{{check}, minCoverage: {coverage}}}]\n");
        let forecast = forecast(&plan(&lines), &OUTLOOK).unwrap();
        forecast[1].checks[0].units.unwrap()
    };
    assert_eq!(units("0.25"), 4 * units("1"));
    assert_eq!(units("0"), units("1"), "nothing is known of those without a least part");
}

#[test]
fn impossible_outlooks_are_refused() {
    for rate in [-0.1, 1.1, f64::NAN] {
        let outlook = Outlook { error_rate: rate, ..OUTLOOK };
        assert!(matches!(forecast(&plan(""), &outlook), Err(Error::Outlook { .. })));
    }
}

#[test]
fn a_stability_window_has_a_live_control_only_with_a_holdback() {
    let controls = |lines: &str| {
        let forecast = forecast(&plan(lines), &OUTLOOK).unwrap();
        forecast.iter().map(|step| step.control).collect::<Vec<_>>()
    };
    let [with, without] = ["10", "0"].map(|held_back| {
        controls(&format!("  stability: {{duration: 1h, holdback: {held_back}}}\n"))
    });
    assert!(with.iter().all(|control| *control == Control::Live));
    assert_eq!(without.split_last(), Some((&Control::None, &with[1..])));
}

#[test]
fn a_kpi_is_unknown_without_its_values_and_told_with_them() {
    let check = "{name: r, kind: kpi, metric: revenue, margin: {ratio: MARGIN}, minCoverage: 0.5}";
    let need = |margin: &str, values: Vec<Values>| {
        let lines = format!("  checks: [{}]\n", check.replace("MARGIN", margin));
        let outlook = Outlook { values, ..OUTLOOK };
        forecast(&plan(&lines), &outlook).unwrap().remove(1).checks.remove(0)
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

/// From 25 to 50 % a third of those seen are moved for each half of the new ones: odds of a half to one.
#[test]
fn units_that_may_come_again_make_later_gates_need_as_many_more_new_ones() {
    let shares = "  canary: {share: 5}\n  ramp: [{share: 25}, {share: 50}]\n";
    let of = |key: &str, check: &str| -> Vec<u64> {
        let lines = format!("{key}{shares}  checks: [{{{check}}}]\n");
        let steps = forecast(&plan(&lines), &OUTLOOK).unwrap();
        steps[1..4].iter().map(|step| step.checks[0].units.unwrap()).collect()
    };
    let key = "  routing: {key: [header:x-user-id]}\n";
    let latency = "name: slow, kind: latency, limit: 250ms";
    let errors = "name: errors, kind: errors, margin: {absolute: 0.01}";
    for check in [latency, errors] {
        let (requests, users) = (of("", check), of(key, check));
        assert_eq!(requests[0], users[0], "nobody came before the canary: {check}");
        assert_eq!(requests[1], requests[2], "{check}: {requests:?}");
        let times = |gate: usize| users[gate] as f64 / requests[gate] as f64;
        assert!((1.15..1.3).contains(&times(1)), "{check}: {requests:?} {users:?}");
        assert!((1.8..2.1).contains(&times(2)), "{check}: {requests:?} {users:?}");
    }
}

/// So many of the answers are slow, and ever fewer of them are slower still: a fifth more leaves six in ten.
fn tailed(slow: f64) -> Vec<f64> {
    let edges = Edges::default();
    let mut parts = vec![0.0; edges.buckets()];
    let slower = |bucket: usize| slow * (-(bucket as f64) / 20.0).exp();
    parts[300] = 1.0 - slow;
    for bucket in 0..200 {
        parts[301 + bucket] = slower(bucket) - slower(bucket + 1);
    }
    parts[501] = slower(200);
    parts
}

/// So many answers, to the nearest one below each edge.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "parts of a count")]
fn answered(parts: &[f64], units: f64) -> Vec<u64> {
    let below = |bucket: usize| (units * parts[..bucket].iter().sum::<f64>()).round() as u64;
    (0..parts.len()).map(|bucket| below(bucket + 1) - below(bucket)).collect()
}

/// Answers are whole numbers, so about. There are as many of the incumbent's as the share leaves it, and every
/// history that may come beside the new units.
#[test]
fn a_ratio_passes_at_about_the_units_it_is_told_to_need() {
    let edges = Edges::default();
    let lines = "  routing: {key: [header:x-user-id]}\n  canary: {share: 5}\n  \
                 ramp: [{share: 25}, {share: 50}]\n  \
                 checks: [{name: slow, kind: latency, quantile: 0.99, margin: {ratio: 1.2}}]\n";
    let test = QuantileRatio::new(&edges, 0.99, 1.2).unwrap();
    let chances: [&[f64]; 3] = [&[0.05], &[0.25, 20.0 / 95.0], &[0.5, 45.0 / 95.0, 25.0 / 75.0]];
    let with = |slow: f64| {
        let outlook = Outlook { latency: Some(tailed(slow)), ..OUTLOOK };
        let steps = forecast(&plan(lines), &outlook).unwrap();
        let units = move |gate: usize| steps[gate].checks[0].units.unwrap() as f64;
        chances.into_iter().zip((1..4).map(units)).map(move |it| (tailed(slow), it))
    };
    // Without slow ones the histories' stakes tell, and with them how many the incumbent's are.
    for (parts, (chances, units)) in [0.0, 0.05].into_iter().flat_map(with) {
        let passes = |candidate: f64| {
            let incumbent = candidate * (1.0 - chances[0]) / chances[0];
            let none = |pi: &f64| Stratum::new(*pi, ArmHistogram::empty(edges.buckets())).unwrap();
            let mut strata: Vec<_> = chances.iter().map(none).collect();
            strata[0].counts = ArmHistogram {
                candidate: answered(&parts, candidate),
                incumbent: answered(&parts, incumbent),
            };
            test.log_e(&strata).unwrap() >= 20.0_f64.ln()
        };
        assert!(passes(1.2 * units) && !passes(0.8 * units), "{chances:?}: {units}");
    }
}
