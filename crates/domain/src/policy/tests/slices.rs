//! What a policy says of live slices, and what it is refused for.

use super::{check, faults, plan_of, policy};
use crate::plan::{KeySource, LiveSlice};

fn slices(written: &str) -> Vec<LiveSlice> {
    plan_of(&format!("analysis: {{slices: [{written}]}}")).analysis.slices
}

fn weights(written: &str) -> Vec<Option<f64>> {
    slices(written).into_iter().map(|slice| slice.weight).collect()
}

#[test]
fn a_slice_warns_by_default_and_enforces_where_it_says_so() {
    let read =
        slices("'header:X-Client', {key: parameter:region, values: [eu, us], enforce: true}");
    let values = vec!["eu".to_owned(), "us".to_owned()];
    let expected = [
        LiveSlice { key: KeySource::Header("x-client".to_owned()), values: vec![], weight: None },
        LiveSlice { key: KeySource::Parameter("region".to_owned()), values, weight: Some(0.5) },
    ];
    assert_eq!(read, expected);
}

#[test]
fn slices_without_a_weight_share_half_of_what_the_others_leave() {
    let enforced =
        |key: &str, more: &str| format!("{{key: header:{key}, values: [a], enforce: true{more}}}");
    let two = format!("{}, {}", enforced("x", ""), enforced("y", ""));
    assert_eq!(weights(&two), [Some(0.25), Some(0.25)]);
    let three = format!("{two}, {}", enforced("z", ", weight: 0.2"));
    let found = weights(&three);
    assert!(
        found.iter().zip([0.2, 0.2, 0.2]).all(|(it, weight)| (it.unwrap() - weight).abs() < 1e-9)
    );
    assert_eq!(weights("{key: header:x, values: [a]}"), [None]);
}

#[test]
fn a_plan_without_slices_is_written_as_before() {
    let plan = plan_of("canary: {share: 5}");
    let stored = serde_json::to_value(&plan).unwrap();
    assert!(stored["analysis"].get("slices").is_none());
    let with = plan_of("analysis: {slices: [header:x]}");
    assert_ne!(plan.hash(), with.hash());
}

#[test]
fn slices_that_could_not_keep_the_budget_are_refused() {
    let cases = [
        ("cookie:x", "6:23 spec.analysis.slices[0] | names no header"),
        ("{values: [a]}", "6:23 spec.analysis.slices[0].key | is required"),
        (
            "{key: header:x, enforce: true}",
            "6:23 spec.analysis.slices[0].values | a slice that enforces names its values",
        ),
        (
            "{key: header:x, values: [a], weight: 0.1}",
            "6:60 spec.analysis.slices[0].weight | a slice that only warns takes no error budget",
        ),
        (
            "{key: header:x, values: [a], enforce: true, weight: 1}",
            "6:75 spec.analysis.slices[0].weight | \"1\" is not possible",
        ),
        (
            "{key: header:x, values: [a, b, a]}",
            "6:47 spec.analysis.slices[0].values | \"a\" is given twice",
        ),
        (
            "header:x, 'header:X'",
            "6:22 spec.analysis.slices | a header or parameter is given twice",
        ),
        (
            "header:a, header:b, header:c, header:d, header:e",
            "6:22 spec.analysis.slices | 5 slices are too many",
        ),
        (
            "{key: header:x, values: [a], enforce: true, weight: 0.5}, {key: header:y, values: [a], enforce: true, weight: 0.5}",
            "6:22 spec.analysis.slices | the slices' weights sum to 1.000",
        ),
        (
            "{key: header:x, valves: [a]}",
            "6:39 spec.analysis.slices[0].valves | unknown field | - | values",
        ),
    ];
    for (written, expected) in cases {
        check(&format!("analysis: {{slices: [{written}]}}"), &[expected]);
    }
    let many: Vec<String> = (0..17).map(|it| it.to_string()).collect();
    let many = format!("analysis: {{slices: [{{key: header:x, values: [{}]}}]}}", many.join(", "));
    check(&many, &["6:47 spec.analysis.slices[0].values | 17 values are too many"]);
}

#[test]
fn what_a_journal_row_could_not_keep_is_refused_and_the_widest_slices_are_not() {
    let slice = |name: &str, enforce: bool| {
        let values: Vec<_> = (0..16).map(|value| format!("v{value}")).collect();
        format!("{{key: header:{name}, values: [{}], enforce: {enforce}}}", values.join(", "))
    };
    let found = |gates: usize, enforce| {
        let slices: Vec<_> = ["a", "b", "c", "d"].map(|name| slice(name, enforce)).into();
        let steps: Vec<_> = (0..gates - 1).map(|step| format!("{{share: {}}}", 6 + step)).collect();
        faults(&policy(&format!(
            "routing: {{key: ['header:user']}}\nanalysis: {{slices: [{}]}}\nramp: [{}]",
            slices.join(", "),
            steps.join(", ")
        )))
    };
    assert_eq!(found(4, true), Vec::<String>::new());
    assert_eq!(found(12, false), Vec::<String>::new());
    let faults = found(12, true);
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert!(fault.contains(" spec.analysis | gates, slices and checks make about "), "{fault}");
    assert!(fault.contains(" | at most 4000000: fewer gates"), "{fault}");
}
