//! Every flag of `simulate`, with values that make no sense.

use super::*;
use crate::cli::simulate::simulation;
use clap::{Command, FromArgMatches};
use seatrial_domain::plan::Kind;
use seatrial_domain::policy::parse;

/// Nothing that any flag takes as a number of something, but for the few below.
const SENSELESS: [&str; 9] =
    ["NaN", "inf", "-1", "0", "0s", "1e308", "x1e308", "", "99999999999999999999999"];

/// Nor these, that look like flags.
const LIKE_FLAGS: [&str; 5] = ["-inf", "-NaN", "-1e5", "-x", "--rps"];

/// What some flags take of these all the same.
const TAKEN: [(&str, &[&str]); 8] = [
    ("error-rate", &["0"]),
    ("candidate-error-rate", &["0"]),
    ("incident-error-rate", &["0"]),
    ("label-rate", &["0"]),
    ("candidate-label-rate", &["0"]),
    ("labelled", &["0"]),
    ("disagreement", &["0"]),
    ("seed", &["0"]),
];

/// Whose values are names of files.
const FILES: [&str; 2] = ["file", "report"];

fn command() -> Command {
    Simulate::augment_args(Command::new("simulate"))
}

/// Why a value is refused, as a user is told.
fn refused(flag: &str, value: &str) -> Option<String> {
    let lines = "  analysis: {slices: [\"header:client\"]}\n  checks:\n    \
        - {name: r, kind: kpi, metric: revenue, margin: {ratio: 0.9}}\n    \
        - {name: said, kind: drift, by: class}\n";
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
    let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
    let flag = format!("--{flag}");
    let mut given = vec!["simulate", "-f", "policy.yaml"];
    for (needed, value) in [("--kpi", "lognormal:10,0.8"), ("--classes", "cat:1")] {
        if needed != flag {
            given.extend([needed, value]);
        }
    }
    given.extend([flag.as_str(), value]);
    let matches = match command().try_get_matches_from(given) {
        Ok(matches) => matches,
        Err(error) => return Some(error.to_string()),
    };
    let arguments = Simulate::from_arg_matches(&matches).unwrap();
    let played = arguments.setup(plan).and_then(simulation);
    played.err().map(|error| format!("{error:#}"))
}

#[test]
fn every_flag_refuses_what_makes_no_sense_by_its_name() {
    let all = command();
    let flags = all.get_arguments().filter_map(|argument| argument.get_long());
    for flag in flags.filter(|flag| !FILES.contains(flag)) {
        for value in SENSELESS {
            let taken = TAKEN.iter().any(|(of, values)| *of == flag && values.contains(&value));
            match (refused(flag, value), taken) {
                (None, true) => {}
                (Some(why), false) => {
                    assert!(why.contains(&format!("--{flag}")), "--{flag} {value:?}: {why}");
                }
                (None, false) => panic!("--{flag} takes {value:?}"),
                (Some(why), true) => panic!("--{flag} refuses {value:?}: {why}"),
            }
        }
    }
}

/// With a space before it, as with an equals sign.
#[test]
fn a_value_that_looks_like_a_flag_is_refused_as_a_value_with_what_is_meant() {
    let all = command();
    let flags = all.get_arguments().filter_map(|argument| argument.get_long());
    for flag in flags.filter(|flag| !FILES.contains(flag)) {
        for value in LIKE_FLAGS {
            let why = refused(flag, value).unwrap_or_else(|| panic!("--{flag} takes {value}"));
            let told = why.contains(" is meant") || why.contains("must be");
            assert!(told && why.contains(&format!("--{flag}")), "--{flag} {value}: {why}");
            assert!(!why.contains("unexpected argument"), "--{flag} {value}: {why}");
        }
    }
}

#[test]
fn a_fault_is_told_with_what_is_meant() {
    for (flag, value, meant) in [
        ("incident", "0s@1h", "an incident's length must be from 1s on, not 0ns"),
        ("incident", "10m", "SPAN@START is meant"),
        ("deadline", "0s", "must be from 1ms to 600 s"),
        ("deadline", "11m", "must be from 1ms to 600 s"),
        ("incident-error-rate", "inf", "is no number; one with a decimal point is meant"),
        ("incident-error-rate", "2", "must be from 0 to 1, not 2"),
        (
            "candidate-latency",
            "x1e308",
            "a multiple must be from x0.000001 to x1000000, not x1e308",
        ),
        ("candidate-kpi", "x1e308", "a multiple must be from x0.000001 to x1000000"),
        ("slice", "client:mobile=0.3,kpi=x1e308", "a multiple must be from x0.000001 to x1000000"),
        ("latency", "lognormal:1e300s,0.5", "too large or too small a number"),
        ("rps", "1e308", "above 0 and at most 1000000 a second"),
        ("error-rate", "-1", "must be from 0 to 1, not -1"),
    ] {
        let why = refused(flag, value).unwrap();
        assert!(why.contains(meant) && why.contains(flag), "--{flag} {value}: {why}");
    }
}
