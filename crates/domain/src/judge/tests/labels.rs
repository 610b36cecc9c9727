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
    label(&mut counts, labels);
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
    let mut few = correct(900, 970, 910);
    of_units(few.gates.get_mut(&CANARY.unseen()).unwrap(), canary_units(2_000));
    let verdict = look(&checks, &few);
    assert_eq!(report(&verdict, "correct").verdict, CheckVerdict::Pass);
    assert_eq!(verdict.decision, Decision::Inconclusive);
    let words = "correct: 45.0 % of the candidate's units and 45.0 % of the incumbent's have a \
                 label, the least is 50 %";
    assert_eq!(verdict.coverage.in_words(), words);

    let mut by_arm = correct(900, 970, 910);
    of_units(by_arm.gates.get_mut(&CANARY.unseen()).unwrap(), arms(1_200, 900 * 19));
    let verdict = look(&checks, &by_arm);
    let words = verdict.coverage.in_words();
    assert!(matches!(verdict.coverage, Coverage::Short { .. }));
    assert!(words.contains("75.0 %") && words.contains("depend on the arm"), "{words}");
    let [labelled] = verdict.labelled.as_slice() else { panic!("{verdict:?}") };
    assert!(labelled.log_e > labelled.limit && labelled.candidate < labelled.incumbent);

    let mut alike = correct(900, 970, 910);
    of_units(alike.gates.get_mut(&CANARY.unseen()).unwrap(), canary_units(1_200));
    let verdict = look(&checks, &alike);
    assert_eq!((verdict.decision, verdict.coverage), (Decision::Pass, Coverage::Enough));
}

#[test]
fn labels_that_are_not_due_pass_nothing_and_fail_as_they_come() {
    let checks = [labels("correct", Better::Higher)];
    let early = |candidate| {
        let mut evidence = correct(900, candidate, 910);
        evidence.gates.get_mut(&CANARY.unseen()).unwrap().matured.clear();
        look(&checks, &evidence)
    };
    let quick = early(1_000);
    assert_eq!((quick.decision, quick.coverage), (Decision::Inconclusive, Coverage::Enough));
    assert_eq!(early(843).decision, fails("correct"));
}

#[test]
fn quick_good_labels_do_not_pass_a_candidate_whose_bad_ones_are_late() {
    // "Yes" comes at once and "no" when it is due: what has come is all "yes", on both arms.
    let mut evidence = correct(900, 1_000, 1_000);
    let counts = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    let due = per_mille(canary_units(300), 157, 90);
    let matured = counts.matured.get_mut("correct").unwrap();
    (matured.units, matured.labels) = (canary_units(300), due);
    assert_ne!(look(&[labels("correct", Better::Higher)], &evidence).decision, Decision::Pass);
}
