//! Verdicts on labels, and on who is labelled.

use super::fixture::*;
use super::{CANARY, fails, look, report};
use crate::evidence::Evidence;
use crate::plan::Better;
use crate::verdict::{CheckVerdict, Coverage, Decision};

/// Units of the canary whose answers are right this many times in a thousand.
fn correct(candidate_units: u64, candidate: u64, incumbent: u64) -> Evidence {
    let mut counts = canary(candidate_units);
    let labels = per_mille(counts.units, 1_000 - candidate, 1_000 - incumbent);
    counts.feedback.insert("correct".to_owned(), labels);
    only(counts)
}

#[test]
fn worse_labels_fail_and_better_ones_pass() {
    let checks = [labels("correct", Better::Higher)];
    let bad = look(&checks, &correct(900, 843, 910));
    assert_eq!(bad.decision, fails("correct"));
    assert!(bad.in_words().contains("84.3 % vs 91.0 % (margin -2 %)"), "{}", bad.in_words());
    assert_eq!(look(&checks, &correct(900, 970, 910)).decision, Decision::Pass);
    assert_eq!(look(&checks, &correct(100, 900, 910)).decision, Decision::Inconclusive);
}

#[test]
fn where_lower_is_better_the_outcomes_change_places() {
    let checks = [labels("correct", Better::Lower)];
    let good = look(&checks, &correct(900, 30, 90));
    assert_eq!(good.decision, Decision::Pass);
    assert!((report(&good, "correct").candidate.unwrap() - 0.03).abs() < 1e-9);
    assert_eq!(report(&good, "correct").counts.candidate_bad, 27);
    assert_eq!(look(&checks, &correct(900, 157, 90)).decision, fails("correct"));
}

#[test]
fn missing_labels_void_the_pass() {
    let checks = [labels("correct", Better::Higher)];
    let short = Coverage::Short { check: "correct".to_owned() };
    let mut few = correct(900, 970, 910);
    few.gates.get_mut(&CANARY).unwrap().units = canary_units(2_000);
    let verdict = look(&checks, &few);
    assert_eq!(report(&verdict, "correct").verdict, CheckVerdict::Pass);
    assert_eq!((verdict.decision, verdict.coverage), (Decision::Inconclusive, short.clone()));

    let mut by_arm = correct(900, 970, 910);
    by_arm.gates.get_mut(&CANARY).unwrap().units = arms(1_200, 900 * 19);
    assert_eq!(look(&checks, &by_arm).coverage, short);

    let mut alike = correct(900, 970, 910);
    alike.gates.get_mut(&CANARY).unwrap().units = canary_units(1_200);
    let verdict = look(&checks, &alike);
    assert_eq!((verdict.decision, verdict.coverage), (Decision::Pass, Coverage::Enough));
}
