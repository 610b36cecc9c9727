//! What the times told are.

use super::*;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy::{self, forecast};

fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = policy::parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

fn endpoint(rate: f64) -> Endpoint {
    Endpoint {
        rate,
        error_rate: 0.0,
        bad_label_rate: 0.1,
        slow_rate: 0.0,
        latency: None,
        values: Vec::new(),
    }
}

fn around(judged: &[Judged]) -> Around<'_> {
    Around { judged, start: None, slices: Vec::new(), seed: 1 }
}

fn times(plan: &Plan, endpoint: &Endpoint, runs: u64) -> Times {
    let judged = vec![Judged::Yes; plan.gates.len()];
    times_of(plan, endpoint, (around(&judged), runs))
}

fn times_of(plan: &Plan, endpoint: &Endpoint, (around, runs): (Around<'_>, u64)) -> Times {
    let passing = Passing::new(plan, endpoint, around).unwrap();
    let runs: Vec<_> = (0..runs).map(|index| passing.run(index).unwrap()).collect();
    passing.times(&runs)
}

/// The candidate units that expected counts ask of the first gate.
fn needed(plan: &Plan, endpoint: &Endpoint) -> f64 {
    let outlook = forecast::Outlook {
        error_rate: endpoint.error_rate,
        bad_label_rate: endpoint.bad_label_rate,
        slow_rate: endpoint.slow_rate,
        latency: None,
        values: Vec::new(),
    };
    forecast::forecast(plan, &outlook).unwrap()[1].units.unwrap() as f64
}

const SHORT: &str = "  shadow: {minDuration: 1s, minRequests: 10}\n  \
    canary: {share: 20, minDuration: 1s}\n  ramp: []\n";

/// The times told of the canary, and what the units that expected counts ask for take.
fn canary(lines: &str, endpoint: &Endpoint, runs: u64) -> ([f64; 3], f64) {
    let plan = plan(lines);
    let time = times(&plan, endpoint, runs).stages[1].time;
    let told = [time.p10, time.median, time.p90].map(|time| time.unwrap() as f64);
    (told, needed(&plan, endpoint) / (0.2 * endpoint.rate))
}

#[test]
fn the_median_is_what_expected_counts_say_where_nothing_fails() {
    // No errors at all: the pass comes with the unit that completes it, a gamma variable's time.
    let errors = "  checks: [{name: e, kind: errors, margin: {ratio: 2.0, absolute: 0.005}}]\n";
    let ([p10, median, p90], expected) = canary(&format!("{errors}{SHORT}"), &endpoint(50.0), 200);
    // Looks come when counts have grown by a fiftieth.
    assert!(0.99 * expected < median && median < 1.04 * expected, "{median} {expected}");
    // Of 850 units and more the deviation is 3.4 %, nine tenths of them within 1.28 of it.
    assert!(p10 < median && median < p90 && p90 < 1.08 * expected, "{p10} {median} {p90}");
}

#[test]
fn the_median_is_near_what_expected_counts_say_where_some_fail_and_the_tenths_are_wide() {
    let errors = "  checks: [{name: e, kind: errors, margin: {absolute: 0.01}}]\n";
    let failing = Endpoint { error_rate: 0.01, ..endpoint(50.0) };
    let ([p10, median, p90], expected) = canary(&format!("{errors}{SHORT}"), &failing, 200);
    assert!(0.8 * expected < median && median < 1.25 * expected, "{median} {expected}");
    assert!(p90 > 1.3 * p10, "{p10} {p90}");
}

#[test]
fn at_high_traffic_the_least_durations_decide() {
    let times = times(&plan(""), &endpoint(500.0), 20);
    let stages: Vec<_> = times.stages.iter().map(|stay| stay.stage.as_str()).collect();
    assert_eq!(stages, ["shadow", "canary", "ramp(1)", "ramp(2)", "ramp(3)"]);
    for (stay, minutes) in times.stages.iter().zip([30, 30, 15, 15, 30]) {
        let time = stay.time.median.unwrap();
        assert!((60 * minutes..60 * minutes + 5).contains(&time), "{stay:?}");
        assert_eq!(stay.in_time.unwrap().runs, 20, "{stay:?}");
    }
    assert!(times.to_cutover.median.unwrap().abs_diff(120 * 60) < 20, "{times:?}");
}

/// At a twentieth of a request a second a gate of 24 hours sees 216 of the 857 units it needs.
#[test]
fn a_gate_that_comes_after_its_deadline_is_told_with_its_time() {
    let trickle = plan("  canary: {minDuration: 1m}\n  shadow: {minRequests: 10}\n");
    let told = times(&trickle, &endpoint(0.05), 5);
    let canary = &told.stages[1];
    assert_eq!(canary.in_time.unwrap().runs, 0, "{canary:?}");
    assert!(canary.time.median.unwrap() > 24 * 3_600, "{canary:?}");
    let none = times(&trickle, &endpoint(1e-18), 2);
    assert_eq!((none.stages[0].time.median, none.to_cutover.median), (None, None));
    assert!(none.stages[0].in_time.is_some() && none.stages[1].in_time.is_none(), "{none:?}");
}

/// Labels are waited for after the last unit that is needed, and the warm-up comes before the first.
#[test]
fn what_is_waited_for_and_the_warm_up_are_in_the_times() {
    let check = "{name: c, kind: feedback, metric: c, margin: {absolute: 0.1}LATE}";
    let lines = |late: &str, discard: &str| {
        let check = check.replace("LATE", late);
        let analysis = format!("  analysis: {{minUnits: 1{discard}}}\n");
        format!("  checks: [{check}]\n{SHORT}{analysis}").replace("1s}", "11m}")
    };
    let median = |lines: &str| {
        let plan = plan(lines);
        times(&plan, &endpoint(0.5), 200).stages[1].time.median.unwrap()
    };
    let plain = median(&lines("", ""));
    let late = median(&lines(", lateBy: 10m", ""));
    let cold = median(&lines("", ", discard: 5m"));
    assert!(plain > 12 * 60, "the units decide: {plain}");
    assert!(late.abs_diff(plain + 600) < 300, "{plain} {late}");
    assert!(cold.abs_diff(plain + 300) < 250, "{plain} {cold}");
}

#[test]
fn a_gate_that_cannot_be_judged_is_passed_over_and_the_others_are_told() {
    let revenue = "{name: r, kind: kpi, metric: r, margin: {ratio: 0.9}}";
    let errors = "{name: e, kind: errors, margin: {ratio: 2.0, absolute: 0.005}}";
    let lines = format!(
        "  checks: [{errors}]\n  canary: {{minDuration: 1m, checks: [{revenue}]}}\n  \
         ramp: [{{share: 50, minDuration: 1m}}]\n"
    );
    let plan = plan(&lines);
    let judged = [Judged::No, Judged::Yes];
    // What is known of its values matters to no other gate.
    let values = vec![("r".to_owned(), Law::Normal { mean: 5.0, sd: 1.0 })];
    let endpoint = Endpoint { values, ..endpoint(10.0) };
    let passing = Passing::new(&plan, &endpoint, around(&judged)).unwrap();
    let times = passing.times(&[passing.run(0).unwrap()]);
    assert!(times.stages[1].time.median.unwrap().abs_diff(60) < 5, "{times:?}");
    // Some 850 units at five a second.
    assert!(times.stages[2].time.median.unwrap() > 150, "{times:?}");
}

/// A tenth of the traffic needs as many units of its own as all of it does.
#[test]
fn an_enforced_slice_keeps_its_gate_until_it_passes_itself() {
    let plan = plan(&format!(
        "  checks: [{{name: e, kind: errors, margin: {{ratio: 2.0, absolute: 0.005}}}}]\n{SHORT}  \
         analysis: {{minUnits: 50, slices: [{{key: \"header:client\", values: [mobile], enforce: \
         true}}]}}\n"
    ));
    let (judged, endpoint) = ([Judged::Yes], endpoint(50.0));
    let answers = answers(&plan, &endpoint);
    let slice = Slice {
        column: "client".to_owned(),
        value: "mobile".to_owned(),
        part: 0.1,
        incumbent: answers.clone(),
        candidate: answers,
        worth: 1.0,
        candidate_worth: None,
    };
    let median = |slices: Vec<Slice>| {
        let around = Around { slices, ..around(&judged) };
        times_of(&plan, &endpoint, (around, 30)).stages[1].time.median.unwrap()
    };
    let (without, with) = (median(Vec::new()), median(vec![slice]));
    assert!((8 * without..12 * without).contains(&with), "{without} {with}");
}

/// The start is a Thursday's midnight: nothing starts before two hours are over, nor is raised before nine.
#[test]
fn freezes_are_in_the_times_of_a_rollout_of_which_the_start_is_known() {
    let window = |hours: u64, blocks: &str| {
        format!(
            "    - {{kind: deny, schedule: \"0 0 * * 4\", duration: {hours}h, timeZone: UTC, blocks: \
             [{blocks}]}}\n"
        )
    };
    let (start, advance) = (window(2, "start"), window(9, "advance"));
    let lines = format!("  shadow: {{maxDuration: 1h}}\n  windows:\n{start}{advance}");
    let (plan, endpoint) = (plan(&lines), endpoint(500.0));
    let judged = vec![Judged::Yes; plan.gates.len()];
    let at = |start| times_of(&plan, &endpoint, (Around { start, ..around(&judged) }, 3));
    let (free, frozen) = (at(None), at(Some(Timestamp::from_micros(0))));
    let shadow = |times: &Times| times.stages[0].time.median.unwrap();
    assert!(shadow(&free).abs_diff(30 * 60) < 5, "{free:?}");
    assert!(shadow(&frozen).abs_diff(7 * 3_600) < 5, "{frozen:?}");
    // It has an hour, of which it takes a half: the freeze is none of it.
    assert!(frozen.stages[0].in_time.is_some_and(|part| part.runs == 3), "{frozen:?}");
    // Ninety minutes of gates.
    let all = frozen.to_cutover.median.unwrap();
    assert!(all.abs_diff(9 * 3_600 + 90 * 60) < 20, "{frozen:?}");
}

#[test]
fn guardrails_that_may_trip_are_told() {
    let trips = |lines: &str, error_rate: f64| {
        let endpoint = Endpoint { error_rate, ..endpoint(50.0) };
        Passing::new(&plan(lines), &endpoint, around(&[])).unwrap().trips()
    };
    assert_eq!(trips("", 0.005), Trips::Hardly);
    assert_eq!(trips("", 0.3), Trips::Possible);
    let strict = "  guardrails: [{name: consecutiveErrors, limit: 3}]\n";
    assert_eq!(trips(strict, 0.005), Trips::Possible);
    assert_eq!(trips("  guardrails: []\n", 0.3), Trips::Hardly);
}
