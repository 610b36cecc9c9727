//! Flags with values that make no sense.

use super::*;
use clap::CommandFactory;

/// Whose values are words of a list, or anything.
const WORDS: [&str; 7] = ["metric", "shape", "traffic", "method", "mistake", "output", "only"];

#[test]
fn a_number_that_is_none_is_refused_by_its_flag_with_what_is_meant() {
    let all = Command::command();
    let flags = all.get_arguments().filter(|argument| argument.get_action().takes_values());
    let flags = flags.filter_map(|argument| argument.get_long());
    let numbers: Vec<&str> = flags.filter(|flag| !WORDS.contains(flag)).collect();
    assert_eq!(numbers.len(), 15, "{numbers:?}");
    for flag in numbers {
        for value in ["-inf", "inf", "NaN", "-NaN", "-x", "x", "--base", "99999999999999999999999x"]
        {
            let given = ["calibrate", "--metric", "errors", &format!("--{flag}"), value];
            let Err(why) = Command::try_parse_from(given) else { panic!("--{flag} takes {value}") };
            let why = why.to_string();
            let told = why.contains(&format!("--{flag}")) && why.contains("is meant");
            assert!(told && !why.contains("unexpected argument"), "--{flag} {value}: {why}");
        }
    }
}

#[test]
fn a_base_is_a_part_of_the_errors_and_what_means_nothing_is_not_used() {
    let of = |flags: &str| Command::of_flags(flags).unwrap();
    assert_eq!(of("--metric srm --effect 1.1").unused().len(), 0);
    let srm = of("--metric srm --base 0.005 --shape gamma");
    assert!(srm.refused().is_none() && srm.unused().len() == 2);
    assert!((srm.cell().base - of("--metric srm").cell().base).abs() < 1e-12);
    let joint = |base: &str| {
        let arguments = of(&format!("--metric joint --base {base}"));
        seatrial_sim::calibrate::Prepared::new(&arguments.cell()).is_ok()
    };
    assert!(joint("0.01") && !joint("0") && !joint("1.5"));
}

#[test]
fn no_runs_and_no_units_are_refused() {
    for flags in ["--runs 0", "--max-units 0", "--from 0", "--runs -1", "--seed -1"] {
        let why = Command::of_flags(&format!("--metric errors {flags}")).unwrap_err();
        assert!(why.to_string().contains("is meant"), "{flags}: {why}");
    }
    assert!(Command::of_flags("--metric errors --seed 0").is_ok());
}

#[test]
fn a_limit_is_its_own_margin_and_only_a_limit_is() {
    let of = |flags: &str| Command::of_flags(&format!("--metric latency {flags}")).unwrap();
    let limited = of("--limit 1.2 --healthy limit");
    assert_eq!(limited.refused(), None);
    let cell = limited.cell();
    assert_eq!((cell.limit, cell.question), (Some(1.2), Question::Healthy { margin: 1.2 }));
    assert_eq!(of("--limit 1.2").cell().question, Question::Rollback);
    for flags in ["--healthy limit", "--limit 1.2 --healthy 1.1"] {
        assert!(of(flags).refused().is_some_and(|why| why.contains("--healthy")), "{flags}");
    }
    let other = Command::of_flags("--metric latency --healthy margin").unwrap_err().to_string();
    assert!(other.contains("or limit"), "{other}");
}

#[test]
fn a_late_fault_has_its_windows_and_its_beginning() {
    let of = |flags: &str| {
        let cell = Command::of_flags(&format!("--metric errors {flags}")).unwrap().cell();
        (cell.late, cell.onset)
    };
    assert_eq!(of("--late 500 --onset 2000"), (Some(500), 2_000));
    assert_eq!(of(""), (None, 0));
}
