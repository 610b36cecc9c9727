//! Verdicts on how answers are distributed.

use super::fixture::*;
use super::{CANARY, fails, look, report};
use crate::evidence::{ArmCount, Evidence, GateIndex, Predictions};
use crate::judge::Judge;
use crate::plan::{Check, DriftBy, Rule};
use crate::verdict::{CheckVerdict, Decision};

pub(super) fn predictions() -> Check {
    let rule = Rule::Drift { output: "*".to_owned(), by: DriftBy::Class };
    Check { name: "predictions".to_owned(), weight: 0.1, rule }
}

/// A canary, so many in a thousand of whose answers on either arm are `cat`.
pub(crate) fn cats(candidate_units: u64, candidate: u64, incumbent: u64) -> Evidence {
    let mut counts = canary(candidate_units);
    let units = counts.units;
    let cats = arms(units.candidate * candidate / 1_000, units.incumbent * incumbent / 1_000);
    let dogs = ArmCount {
        candidate: units.candidate - cats.candidate,
        incumbent: units.incumbent - cats.incumbent,
    };
    let told = [("cat".to_owned(), cats), ("dog".to_owned(), dogs)];
    counts.predictions.insert("predictions".to_owned(), Predictions(told.into()));
    only(counts)
}

#[test]
fn other_answers_fail_and_say_where() {
    let verdict = look(&[errors(0.01), predictions()], &cats(2_000, 300, 500));
    assert_eq!(verdict.decision, fails("predictions"));
    let words = verdict.in_words();
    assert!(words.contains("classes 70.0 % vs 50.0 % (most in dog, PSI 0.16"), "{words}");
    assert_eq!(report(&verdict, "predictions").counts.candidate_bad, 1_400);
}

#[test]
fn alike_answers_hold_no_pass_back_and_are_no_reason_for_one() {
    let alike = cats(2_000, 500, 500);
    let verdict = look(&[errors(0.01), predictions()], &alike);
    assert_eq!(verdict.decision, Decision::Pass);
    let drift = report(&verdict, "predictions");
    assert_eq!((drift.verdict, drift.pass_at), (CheckVerdict::Inconclusive, None));
    assert_eq!(look(&[predictions()], &alike).decision, Decision::Inconclusive);
    let none = only(canary(2_000));
    assert_eq!(look(&[errors(0.01), predictions()], &none).decision, Decision::Pass);
}

#[test]
fn a_fraction_that_moves_with_the_day_is_no_drift() {
    let plan = plan(&[errors(0.01), predictions()]);
    let mut evidence = cats(2_000, 500, 500);
    let mut ramp = gate(arms(2_000, 6_000), arms(1_900, 1_800));
    let told = [("cat".to_owned(), arms(200, 600)), ("dog".to_owned(), arms(1_800, 5_400))];
    ramp.predictions.insert("predictions".to_owned(), Predictions(told.into()));
    evidence.gates.insert(GateIndex(1).unseen(), ramp);
    let judge = Judge::new(&plan).unwrap();
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, Decision::Pass);
    let found = evidence.gates.get_mut(&CANARY.unseen()).unwrap();
    let swapped = cats(2_000, 200, 500).gates.remove(&CANARY.unseen()).unwrap().predictions;
    found.predictions = swapped;
    assert_eq!(judge.gate(&evidence, GateIndex(1)).decision, fails("predictions"));
}
