//! What is told of a plan, and what of it can't be.

use super::outlook::{endpoint, slow_part};
use super::times::Known;
use super::*;
use seatrial_domain::policy::forecast::{self, Outlook};
use seatrial_domain::policy::parse;
use seatrial_sim::distribution::Law;
use seatrial_sim::simulate::detectable;

const OUTLOOK: Outlook = Outlook {
    error_rate: 0.0,
    bad_label_rate: 0.1,
    slow_rate: 0.0,
    latency: None,
    values: Vec::new(),
};

fn plan(lines: &str) -> plan::Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}\n")).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

/// A step's cells and the whole JSON under these lines, without any failures.
fn told_of(lines: &str, step: usize) -> ([String; 7], serde_json::Value) {
    told_with(lines, step, None)
}

/// The same where latencies are spread like this.
fn told_with(lines: &str, step: usize, law: Option<Law>) -> ([String; 7], serde_json::Value) {
    let plan = plan(lines);
    let outlook = Outlook { latency: law.as_ref().map(detectable::by_bucket), ..OUTLOOK };
    let steps = forecast::forecast(&plan, &outlook).unwrap();
    let endpoint = endpoint(100.0, &outlook, (law, Vec::new()));
    let expected = Expected::of(&plan, &steps, (&endpoint, Known::default()), &|_| {}).unwrap();
    let cells = row(&steps[step], &expected);
    (cells, json(&Told { plan: &plan, steps, expected, finds: Finds::default() }))
}

/// The canary's under this check.
fn canary(check: &str) -> ([String; 7], serde_json::Value) {
    let (cells, told) = told_of(&format!("  checks: [{check}]"), 1);
    let canary = told["steps"][3].clone();
    assert_eq!(canary["stage"], "canary");
    (cells, canary)
}

#[test]
fn what_cannot_be_told_is_unknown_with_its_reason() {
    let (cells, json) = canary("{name: slow, kind: latency, margin: {ratio: 1.2}}");
    assert_eq!([&cells[3], &cells[5], &cells[6]], ["unknown", "unknown", "slow unknown"]);
    assert!(json["units"].is_null() && json["expected_s"].is_null());
    assert!(json["unknown"].as_str().unwrap().contains("spread"));
    assert_eq!(json["checks"][0]["unknown"], json["unknown"]);
}

#[test]
fn a_ratio_has_units_and_a_time_where_the_spread_is_given() {
    let lines = "  checks: [{name: slow, kind: latency, margin: {ratio: 1.5}}]";
    let law = Law::LogNormal { median: 12_000.0, sigma: 0.5 };
    let (cells, told) = told_with(lines, 1, Some(law));
    let canary = &told["steps"][3];
    assert!(canary["units"].as_u64().is_some_and(|units| units > 300), "{canary}");
    assert!(canary["expected_s"].is_u64() && canary["unknown"].is_null(), "{cells:?} {canary}");
    let notes = |told: &serde_json::Value| told["notes"].to_string().contains("unknown: ");
    let (_, blind) = told_of(lines, 1);
    assert_eq!([notes(&told), notes(&blind)], [false, true], "{told}");
}

#[test]
fn a_latencys_shape_tells_the_part_over_the_smallest_limit() {
    let plan = plan("  checks: [{name: slow, kind: latency, limit: 20ms}]");
    let law = Law::LogNormal { median: 20_000.0, sigma: 0.5 };
    assert!((slow_part(&plan, &law).unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn a_plan_says_where_it_has_no_live_control() {
    let (last, told) = told_of("  stability: {duration: 1h, holdback: 0}", 5);
    assert_eq!((last[0].as_str(), &last[6]), ("stabilizing", &NO_CONTROL.to_owned()));
    let controlled = |stage: &str| {
        let steps = told["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["stage"] == stage).all(|step| step["live_control"] == true)
    };
    assert!(controlled("canary") && !controlled("stabilizing"), "{told}");
}

#[test]
fn what_never_comes_is_never() {
    let (cells, json) = canary("{name: bad, kind: errors, margin: {ratio: 2}}");
    assert_eq!(&cells[3], "never");
    assert_eq!([&cells[5], &cells[6]], ["never (after its deadline)", "bad never"]);
    assert!(json["unknown"].is_null() && json["checks"][0]["unknown"].is_null());
}

#[test]
fn a_ratio_beside_a_limit_has_units_and_its_time_is_unknown_without_a_shape() {
    let (cells, json) = canary("{name: slow, kind: latency, limit: 250ms, margin: {ratio: 1.2}}");
    assert!(json["units"].is_u64(), "{json}");
    assert_eq!(cells[5], "unknown");
    assert!(json["unknown"].as_str().unwrap().contains("--latency"), "{json}");
}

#[test]
fn an_expected_time_is_a_median_with_its_tenths() {
    let errors = "{name: bad, kind: errors, margin: {absolute: 0.005}}";
    let lines = format!(
        "  checks: [{errors}]\n  shadow: {{minDuration: 1s, minRequests: 10}}\n  \
         canary: {{minDuration: 1s}}\n  ramp: []\n  stability: {{duration: 1h}}\n  \
         standby: {{keep: {{duration: 1h}}}}"
    );
    let (cells, told) = told_of(&lines, 1);
    let canary = &told["steps"][3];
    let of = |name: &str| canary[name].as_u64().unwrap();
    let (p10, median, p90) = (of("expected_s_p10"), of("expected_s"), of("expected_s_p90"));
    // Five candidate units a second.
    let expected = of("units") / 5;
    assert!(p10 < median && median < p90 && median.abs_diff(expected) < expected / 10, "{canary}");
    assert!(cells[5].contains(" to ") && !cells[5].contains("time"), "{cells:?}");
    assert_eq!((canary["in_time"].as_f64(), canary["late"].as_bool()), (Some(1.0), Some(false)));
    let of = |name: &str| told[name].as_u64().unwrap();
    assert!(of("to_cutover_s") > median && of("to_cutover_s_p90") > p90, "{told}");
    assert_eq!(of("to_completed_s"), of("to_cutover_s") + 3_600);
}

/// Every flag with a number, with a space before it, as with an equals sign.
#[test]
fn a_flags_value_that_makes_no_sense_is_refused_by_the_flags_name_with_what_is_meant() {
    use clap::FromArgMatches;
    let command = || Plan::augment_args(clap::Command::new("plan"));
    let refused = |flag: &str, value: &str| -> Option<String> {
        let flag = format!("--{flag}");
        let given = ["plan", "policy.yaml", &flag, value];
        let matches = match command().try_get_matches_from(given) {
            Ok(matches) => matches,
            Err(error) => return Some(error.to_string()),
        };
        let kpi = "  checks: [{name: r, kind: kpi, metric: r, margin: {ratio: 0.9}}]";
        let plan = plan(kpi);
        let told = Plan::from_arg_matches(&matches).unwrap().told(&plan, &|_| {});
        told.err().map(|error| format!("{error:#}"))
    };
    let all = command();
    for flag in all.get_arguments().filter_map(|argument| argument.get_long()) {
        for value in ["-inf", "inf", "NaN", "-NaN", "-1", "-x", "", "1e308", "x2", "--rps"] {
            let why = refused(flag, value).unwrap_or_else(|| panic!("--{flag} takes {value}"));
            let meant = ["meant", "must be", "give a"].iter().any(|word| why.contains(word));
            assert!(meant && why.contains(&format!("--{flag}")), "--{flag} {value}: {why}");
            assert!(!why.contains("unexpected argument"), "--{flag} {value}: {why}");
        }
    }
}

/// The notes under these lines and flags.
fn notes_of(lines: &str, flags: &[&str]) -> anyhow::Result<Vec<String>> {
    use clap::FromArgMatches;
    let given = ["plan", "policy.yaml"].iter().chain(flags);
    let matches = Plan::augment_args(clap::Command::new("plan")).try_get_matches_from(given)?;
    let plan = plan(lines);
    Ok(Plan::from_arg_matches(&matches)?.told(&plan, &|_| {})?.expected.notes)
}

#[test]
fn whoever_waits_is_told_of_every_rollout_played_and_every_check_looked_into() {
    use clap::FromArgMatches;
    let errors = |name: &str| format!("{{name: {name}, kind: errors, margin: {{absolute: 0.05}}}}");
    let plan = plan(&format!(
        "  shadow: {{minDuration: 1s, minRequests: 10}}\n  canary: {{minDuration: 1s}}\n  \
         ramp: []\n  checks: [{}, {}]\n",
        errors("a"),
        errors("b")
    ));
    let matches = Plan::augment_args(clap::Command::new("plan"))
        .try_get_matches_from(["plan", "policy.yaml", "--rps", "1000"])
        .unwrap();
    let said = std::sync::Mutex::new(Vec::new());
    let tell = |text: &str| said.lock().unwrap().push(text.to_owned());
    Plan::from_arg_matches(&matches).unwrap().told(&plan, &tell).unwrap();
    let told =
        |what: &str, all: u64| (0..=all).map(|done| format!("{what}: {done} of {all}")).collect();
    let rollouts: Vec<String> = told("simulated rollouts", 100);
    let checks: Vec<String> = told("what each check of each gate finds", 2);
    let mut expected = [rollouts, checks].concat();
    let mut said = said.into_inner().unwrap();
    assert_eq!(said.first(), expected.first());
    // Threads may overtake each other between counting and telling.
    expected.sort_unstable();
    said.sort_unstable();
    assert_eq!(said, expected);
}

#[test]
fn what_the_times_leave_out_is_told_where_there_is_any_with_how_to_have_it_in() {
    let short = "  shadow: {minDuration: 1s, minRequests: 10}\n  canary: {share: 20, minDuration: 1s}\n  \
        ramp: []\n  checks: [{name: e, kind: errors, margin: {absolute: 0.05}}]\n";
    let windows = "  windows: [{kind: deny, schedule: \"0 17 * * 5\", duration: 64h, timeZone: UTC, blocks: \
        [advance]}]\n  analysis: {slices: [{key: \"header:client\", values: [mobile], enforce: true}]}\n";
    let lines = format!("{short}{windows}");
    let out = notes_of(&lines, &["--rps", "1000"]).unwrap();
    assert_eq!(out[1], "freezes: left out of the times; give --start to have them in");
    assert_eq!(out[2], "slices: client left out of the times; give --slice to have them in");
    assert!(out[3].starts_with("guardrails: fewer than one rollout in a thousand"), "{out:?}");
    let start = ["--start", "2024-01-05T12:00:00Z"];
    let flags = [&start[..], &["--slice", "client:mobile=0.3", "--rps", "1000"]].concat();
    let known = notes_of(&lines, &flags).unwrap();
    assert!(known[1].ends_with("a rollout that starts at 2024-01-05T12:00:00.000Z"), "{known:?}");
    assert!(known[2].starts_with("slices: client in the times"), "{known:?}");
    let strict = format!("{short}  guardrails: [{{name: consecutiveErrors, limit: 3}}]\n");
    let frail = notes_of(&strict, &["--error-rate", "0.005", "--rps", "1000"]).unwrap();
    assert!(frail[1].starts_with("guardrails: may trip at these rates"), "{frail:?}");
    let bare = notes_of(&format!("{short}  guardrails: []\n"), &["--rps", "1000"]).unwrap();
    assert_eq!(bare.len(), 1, "{bare:?}");
}

#[test]
fn a_slice_in_which_the_candidate_differs_is_left_to_simulate() {
    let lines = "  analysis: {slices: [\"header:client\"]}\n";
    let refused = |slice: &str| notes_of(lines, &["--slice", slice]).unwrap_err().to_string();
    let why = refused("client:mobile=0.3,candidate-error-rate=0.02");
    assert!(why.contains("--slice: candidate-error-rate") && why.contains("`simulate`"), "{why}");
    assert!(refused("country:de=0.3").contains("--slice"));
}
