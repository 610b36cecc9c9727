//! What is told of the evidence itself, against the verdicts on the counts it speaks of.

use super::CANARY;
use super::fixture::*;
use crate::evidence::{ArmCount, Evidence, GateIndex};
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::Better;
use crate::verdict::{Coverage, Labelled, Next, SampleRatio, Split, Trust};

fn trust(evidence: &Evidence) -> Trust {
    let judge = Judge::new(&plan(&[errors(0.005), labels("correct", Better::Higher)])).unwrap();
    judge.trust(Subject::Gate(CANARY), evidence)
}

fn split(units: ArmCount) -> Split {
    trust(&only(gate(units, arms(1_900, 1_800)))).split.unwrap()
}

fn judged(units: ArmCount) -> SampleRatio {
    let evidence = only(gate(units, arms(1_900, 1_800)));
    Judge::new(&plan(&[errors(0.005)])).unwrap().gate(&evidence, CANARY).sample_ratio
}

#[test]
fn a_split_is_a_mismatch_at_the_units_it_tells_and_not_at_one_less() {
    let units = canary_units(400);
    let told = split(units);
    let Next { bad, of } = told.mismatch_at.unwrap();
    let then = |bad: u64| judged(arms(units.candidate + bad, units.incumbent + of - bad));
    assert_eq!(judged(units), SampleRatio::Plausible);
    assert_eq!((then(bad), then(bad - 1)), (SampleRatio::Mismatch, SampleRatio::Plausible));
    assert!(told.words[0].starts_with("at 5 %: 400 of 8000 units are the candidate's, 5 %"));
}

#[test]
fn too_few_of_the_candidates_make_a_mismatch_as_too_many_do() {
    let units = canary_units(400);
    let told = split(units);
    let Next { bad, of } = told.mismatch_below.unwrap();
    let then = |bad: u64| judged(arms(units.candidate + bad, units.incumbent + of - bad));
    assert_eq!((then(bad), then(bad + 1)), (SampleRatio::Mismatch, SampleRatio::Plausible));
    let words = format!("a mismatch if no more than {bad} of the next {of} units");
    assert!(told.words.iter().any(|told| told.starts_with(&words)), "{told:?}");
    // Where the candidate has hardly had its part so far, none is already too few.
    let short = split(arms(320, 7_680));
    let nearer = short.mismatch_below.unwrap();
    assert!(nearer.of < of || nearer.of == of && nearer.bad > bad, "{nearer:?} {bad} of {of}");
}

#[test]
fn a_mismatch_has_spent_its_own_budget_and_nothing_makes_it_one_again() {
    let units = arms(600, 7_400);
    assert_eq!(judged(units), SampleRatio::Mismatch);
    let told = split(units);
    assert!(!told.is_plausible() && told.mismatch_at.is_none(), "{told:?}");
    assert_eq!(told.mismatch_below, None);
    assert!((told.budget.alpha - 0.001).abs() < 1e-12 && told.budget.p <= 0.001, "{told:?}");
    assert!(told.words.iter().any(|words| words.starts_with("passes are void")), "{told:?}");
}

#[test]
fn each_stratum_is_told_with_the_probability_that_was_left_open() {
    let mut evidence = only(canary(400));
    let ramp = GateIndex(1);
    evidence.gates.insert(ramp.unseen(), gate(arms(250, 750), arms(1_900, 1_800)));
    let seen = ramp.after(crate::exposure::Exposure::up_to(share(500)));
    evidence.gates.insert(seen, gate(arms(200, 750), arms(1_900, 1_800)));
    let judge = Judge::new(&plan(&[errors(0.005)])).unwrap();
    let told = judge.trust(Subject::Gate(ramp), &evidence).split.unwrap();
    let shares: Vec<f64> = told.strata.iter().map(|stratum| stratum.share).collect();
    // A quarter of all, or (25 - 5) of the 95 % that had been on the incumbent.
    assert!((shares[0] - 0.05).abs() < 1e-12 && (shares[1] - 0.25).abs() < 1e-12, "{shares:?}");
    assert!((shares[2] - 0.2 / 0.95).abs() < 1e-12, "{shares:?}");
}

/// Of 1,000 and 19,000 units so many have a label.
fn labelled(with: ArmCount) -> (Labelled, Coverage) {
    let mut counts = canary(1_000);
    let units = counts.units;
    let right = cells(with, arms(0, 0));
    label(&mut counts, right);
    of_units(&mut counts, units);
    let evidence = only(counts);
    let judge = Judge::new(&plan(&[labels("correct", Better::Higher)])).unwrap();
    let told = trust(&evidence).labels.remove(0);
    (told, judge.gate(&evidence, CANARY).coverage)
}

#[test]
fn as_many_labels_are_missing_as_it_takes_until_coverage_is_enough() {
    let with = arms(450, 10_000);
    let (told, coverage) = labelled(with);
    assert!(matches!(coverage, Coverage::Short { .. }), "{coverage:?}");
    assert_eq!((told.due, told.labelled, told.missing), (canary_units(1_000), with, arms(50, 0)));
    let words = "passes are void until 50 more of the candidate's and 0 more of the incumbent's";
    assert!(told.words.iter().any(|told| told.starts_with(words)), "{told:?}");
    for (more, is_enough) in [(50, true), (49, false)] {
        let (_, coverage) = labelled(arms(450 + more, 10_000));
        assert_eq!(coverage == Coverage::Enough, is_enough, "{more}: {coverage:?}");
    }
}

#[test]
fn labels_that_depend_on_the_arm_are_told_where_none_is_missing() {
    let (told, coverage) = labelled(arms(980, 10_000));
    assert!(matches!(coverage, Coverage::Short { .. }), "{coverage:?}");
    assert!(told.depend_on_arm(), "{told:?}");
    assert_eq!(told.missing, arms(0, 0));
    assert!(told.words.iter().any(|words| words.starts_with("labels depend on the arm")));
}

#[test]
fn labels_that_depended_on_the_arm_under_an_earlier_gate_void_the_next_ones_passes() {
    let mut canary = canary(1_000);
    let units = canary.units;
    label(&mut canary, cells(arms(980, 10_000), arms(0, 0)));
    of_units(&mut canary, units);
    let mut ramp = gate(arms(200, 600), arms(1_900, 1_800));
    let all = cells(ramp.units, arms(0, 0));
    label(&mut ramp, all);
    let mut evidence = only(canary);
    let index = GateIndex(1);
    evidence.gates.insert(index.unseen(), ramp);
    let judge = Judge::new(&plan(&[labels("correct", Better::Higher)])).unwrap();
    let short = |evidence: &Evidence| judge.gate(evidence, index).coverage != Coverage::Enough;
    assert!(short(&evidence));
    evidence.gates.remove(&CANARY.unseen());
    assert!(!short(&evidence), "each unit of this one has its label");
}

#[test]
fn the_shadow_splits_nothing() {
    let judge = Judge::new(&plan(&[errors(0.005)])).unwrap();
    assert_eq!(judge.trust(Subject::Shadow, &Evidence::default()), Trust::default());
}
