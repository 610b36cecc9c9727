//! What a policy is refused for, where, and in which words.

use super::{check, faults, policy};
use crate::policy::{SIZE_MAX, parse};

#[test]
fn unknown_fields_are_refused_with_their_place_and_the_nearest_name() {
    check("canary: {shar: 5}", &["6:12 spec.canary.shar | unknown field | - | share"]);
    check("rampp: []", &["6:3 spec.rampp | unknown field | - | ramp"]);
    check(
        "analysis:\n  sampleRatio: {alhpa: 0.1}",
        &["7:19 spec.analysis.sampleRatio.alhpa | unknown field | - | alpha"],
    );
    check("zzz: 1", &["6:3 spec.zzz | unknown field | - | -"]);
    check(
        "guardrails: [{name: notReady, after: 5s, limit: 1}]",
        &["6:44 spec.guardrails[0].limit | unknown field"],
    );
}

#[test]
fn all_faults_are_found_at_once_in_the_files_order() {
    check(
        "analysis: {alpha: 1, minUnits: 0}\ncanary: {share: 0}\nstandbi: {}",
        &[
            "6:21 spec.analysis.alpha | \"1\" is not possible | a number above 0 and below 1",
            "6:34 spec.analysis.minUnits | \"0\" is not possible | a whole number from 1 to",
            "7:19 spec.canary.share | \"0\" is not possible | a percentage from 0.01 to 99",
            "8:3 spec.standbi | unknown field | - | standby",
        ],
    );
}

#[test]
fn wrong_values_name_the_field_and_the_allowed_range() {
    let cases: [(&str, &str); 24] = [
        ("signature: {key: /etc/key.pem}", "6:20 spec.signature.key | \"/etc/key.pem\" is not"),
        ("signature: {keys: a}", "6:15 spec.signature.keys | unknown field | - | key"),
        ("endpoint: a/b", "6:3  | `endpoint` is given twice"),
        ("approval: {forbidAuthor: true}", "6:28 spec.approval.forbidAuthor | actors"),
        ("approval: {count: 0}", "6:21 spec.approval.count | \"0\" is not possible | a whole"),
        ("stability: {holdback: 100}", "6:25 spec.stability.holdback | \"100\" is not possible"),
        ("canary: {share: 0.125}", "6:19 spec.canary.share | \"0.125\""),
        ("canary: {share: '5'}", "6:19 spec.canary.share | \"5\""),
        ("canary: {gate: later}", "6:18 spec.canary.gate | \"later\" is not possible | auto | app"),
        (
            "canary: {minDuration: 2d}",
            "6:25 spec.canary.minDuration | minDuration 2d is longer than",
        ),
        ("canary: 5", "6:11 spec.canary | \"5\" is not possible | a mapping"),
        ("ramp: [{minDuration: 1m}]", "6:10 spec.ramp[0].share | is required"),
        ("ramp: [{share: 5}]", "6:18 spec.ramp[0].share | 5 % does not rise above the 5 % before"),
        ("stability: {holdback: 60}", "5:3 spec.ramp.share | 50 % is above what the holdback"),
        ("cutover: {alias: v3}", "6:20 spec.cutover.alias | `v3` already means a version"),
        (
            "progressDeadline: 10",
            "6:21 spec.progressDeadline | \"10\" is not possible | a duration",
        ),
        ("shadow: {queueBytes: 64MB}", "6:24 spec.shadow.queueBytes | \"64MB\""),
        (
            "analysis: {dryRun: [x]}",
            "6:23 spec.analysis.dryRun[0] | no check is called `x` | error",
        ),
        ("routing: {key: [cookie:x]}", "6:19 spec.routing.key[0] | names no header"),
        ("validation: {holdout: {dataset: a.csv}}", "6:35 spec.validation.holdout.dataset | \"a.c"),
        ("validation: {command: [rm]}", "6:25 spec.validation.command | a list is not possible"),
        ("standby: null", "6:12 spec.standby | must not be null | a mapping"),
        (
            "guardrails: [{name: notReady}, {name: notReady}]",
            "6:15 spec.guardrails | `notReady` is",
        ),
        ("trigger: {alias: a b}", "6:20 spec.trigger.alias | \"a b\" is not possible"),
    ];
    for (lines, expected) in cases {
        let found = faults(&policy(lines));
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{lines}\n{found:#?}");
    }
}

#[test]
fn checks_are_refused_when_their_test_would_mean_nothing() {
    let cases: [(&str, &str); 23] = [
        ("{name: a, kind: errors}", ".margin | is required"),
        ("{name: a, kind: errors, margin: {}}", ".margin | has neither"),
        ("{name: a, kind: errors, margin: {ratio: 1}}", ".margin.ratio | \"1\" is not possible"),
        ("{name: a, kind: errors, margin: {absolute: 1}}", ".margin.absolute | \"1\""),
        ("{name: a, kind: latency}", " | has neither a limit nor a margin | limit: DURATION, mar"),
        ("{name: a, kind: latency, margin: {}}", ".margin | has no ratio | ratio: NUMBER above 1"),
        ("{name: a, kind: latency, margin: {ratio: 1}}", ".margin.ratio | \"1\" is not possible"),
        ("{name: a, kind: latency, limit: 1s, margin: null}", ".margin | must not be null"),
        ("{name: a, kind: latency, limit: null, margin: {ratio: 2}}", ".limit | must not be null"),
        (
            "{name: a, kind: latency, limit: 1s, margin: {ratio: 2, absolute: 0.1}}",
            ".margin.absolute | latency has no absolute margin | limit: DURATION",
        ),
        ("{name: a, kind: latency, limit: 1s, quantile: 1}", ".quantile | \"1\" is not possible"),
        ("{name: a, kind: feedback, margin: {absolute: 0.1}}", ".metric | is required"),
        ("{name: a, kind: drifts}", ".kind | \"drifts\" is not possible | errors | latency"),
        ("{name: a, kind: drift, by: rank}", ".by | \"rank\" is not possible | class | score"),
        ("{name: a, kind: drift, margin: {ratio: 2}}", ".margin | unknown field"),
        ("{name: a, kind: drift, edges: [1]}", ".edges | unknown field"),
        ("{name: a, kind: drift, by: score, edges: [2, 2]}", ".edges | makes no buckets | 1 to 49"),
        ("{name: a, kind: drift, by: score, edges: []}", ".edges | makes no buckets | 1 to 49"),
        ("{name: a, kind: kpi, metric: m}", ".margin | is required"),
        ("{name: a, kind: kpi, metric: m, margin: {absolute: 0}}", ".margin.absolute | \"0\""),
        ("{name: a, kind: kpi, metric: m, margin: {ratio: 1.1}}", ".margin.ratio | \"1.1\" is not"),
        (
            "{name: a, kind: kpi, metric: m, better: lower, margin: {ratio: 0.9}}",
            ".margin.ratio | \"0.9\" is not possible | a number above 1",
        ),
        ("{name: a, kind: errors, weight: 0, margin: {ratio: 2}}", ".weight | \"0\""),
    ];
    for (item, expected) in cases {
        let found = faults(&policy(&format!("checks: [{item}]")));
        let fits = found.iter().any(|fault| fault.contains(&format!("spec.checks[0]{expected}")));
        assert!(fits, "{item}\n{found:#?}");
    }
}

#[test]
fn beside_a_wrong_kind_no_valid_field_is_called_unknown() {
    check(
        "checks: [{name: a, kind: drifts, margin: {ratio: 2}}]",
        &["6:28 spec.checks[0].kind | \"drifts\" is not possible"],
    );
    check(
        "guardrails: [{name: notSteady, after: 5s}]",
        &["6:23 spec.guardrails[0].name | \"notSteady\" is not possible"],
    );
    check(
        "shadow: {compare: [{by: rank, maxExceed: 0.2}]}",
        &["6:27 spec.shadow.compare[0].by | \"rank\" is not possible"],
    );
    check(
        "validation: {holdout: {metrics: [{name: recall, min: 0.5, maxDrop: 0.1}]}}",
        &["6:43 spec.validation.holdout.metrics[0].name | \"recall\" is not possible"],
    );
    check("ramp: [{minDuration: 1m, gate: auto}]", &["6:10 spec.ramp[0].share | is required"]);
}

#[test]
fn a_gate_that_could_never_pass_is_refused() {
    let dry = "analysis: {dryRun: [errorRate, latencyP99]}";
    let left = "leaves spec.canary, spec.ramp no check that is enforced: it would never pass";
    check(dry, &[&format!("6:34 spec.analysis.dryRun[1] | {left}")]);
    let steps = "ramp: [{share: 50, gate: approval}]";
    let own =
        "canary: {checks: [{name: errorRate, kind: errors, weight: 0.4, margin: {ratio: 2}}]}";
    check(
        &format!("analysis: {{dryRun: [errorRate]}}\n{own}"),
        &["6:23 spec.analysis.dryRun[0] | leaves spec.canary no check"],
    );
    check(&format!("{dry}\ncanary: {{gate: approval}}\n{steps}"), &[]);
    check(
        &format!("{dry}\ncanary: {{gate: auto+approval}}\n{steps}"),
        &["6:34 spec.analysis.dryRun[1] | leaves spec.canary no check"],
    );
    check("shadow: {compare: []}", &["6:21 spec.shadow.compare | compares nothing"]);
}

#[test]
fn windows_are_refused_for_a_bad_schedule_or_an_unknown_zone() {
    let window = |rest: &str| format!("windows: [{{kind: deny, duration: 1h, {rest}}}]");
    check(&window("schedule: '0 25 * * *'"), &["6:50 spec.windows[0].schedule | \"0 25 * * *\""]);
    check(&window("schedule: '0 0 30 2 *'"), &["6:50 spec.windows[0].schedule | \"0 0 30 2 *\" n"]);
    check(
        &window("schedule: '0 1 * * *', timeZone: Mars/Olympus"),
        &["6:73 spec.windows[0].timeZone | \"Mars/Olympus\" is not a known time zone"],
    );
}

#[test]
fn files_that_would_exhaust_a_reader_are_refused() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    let cases = [
        (" ".repeat(SIZE_MAX + 1), "bytes are too many"),
        (deep, "nested too deeply"),
        (bomb.to_owned(), "aliases are not supported"),
        (format!("[{}]", "1,".repeat(30_000)), "too many values"),
        ("a: 1\na: 2\n".to_owned(), "`a` is given twice, first in line 1"),
        ("a: !!str 1\n".to_owned(), "tags are not supported"),
        (String::new(), "the file is empty"),
        ("{a: 1}\n---\n{b: 1}\n".to_owned(), "second document"),
        ("a: [1\n".to_owned(), "not valid YAML"),
    ];
    for (yaml, expected) in cases {
        let found = faults(&yaml);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn faults_read_as_one_line_each() {
    let error = parse(&policy("canary: {shar: 5, gate: x}")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 6, column 12: spec.canary.shar: unknown field; did you mean `share`?\n\
         line 6, column 27: spec.canary.gate: \"x\" is not possible; \
         allowed: auto | approval | auto+approval"
    );
}

#[test]
fn what_pairs_are_asked_beside_is_refused_where_nothing_would_tell_it() {
    check(
        "shadow: {noiseFloor: off, pairedLatency: {enforce: true}}",
        &["6:54 spec.shadow.pairedLatency.enforce | without a noise floor"],
    );
    check(
        "shadow: {labels: {enforce: true}}",
        &["6:30 spec.shadow.labels.enforce | no label can be enforced without the metric"],
    );
    let right = "shadow: {labels: {metric: digit}}\n\
        checks: [{name: d, kind: kpi, metric: digit, margin: {absolute: 1}}]";
    check(right, &["7:12 spec.checks[0] | the metric `digit` tells the shadow the right class"]);
    check("shadow: {pairedLatency: {enforce: true}, labels: {metric: digit}}", &[]);
}
