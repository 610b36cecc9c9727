//! Verdicts on how answers are distributed.

use super::fixture::*;
use super::{CANARY, fails, look, report};
use crate::evidence::{ArmCount, Evidence, GateIndex, Predictions};
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Check, DriftBy, Rule};
use crate::verdict::{Account, Answers, CheckVerdict, Decision};

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

fn account(evidence: &Evidence, gate: GateIndex) -> Account {
    let judge = Judge::new(&plan(&[predictions()])).unwrap();
    judge.accounts(Subject::Gate(gate), evidence, None).remove(0)
}

fn answers(evidence: &Evidence) -> Answers {
    account(evidence, CANARY).answers.unwrap()
}

/// Of a thousand on either arm, with so many times as many of the incumbent's.
fn of(told: &[(&str, u64, u64)], times: u64) -> Evidence {
    let mut counts = canary(1_000);
    let told = told.iter().map(|(answer, candidate, incumbent)| {
        ((*answer).to_owned(), arms(*candidate, times * incumbent))
    });
    counts.predictions.insert("predictions".to_owned(), Predictions(told.collect()));
    only(counts)
}

const SEVEN: [(&str, u64, u64); 7] = [
    ("ant", 100, 105),
    ("bee", 100, 101),
    ("cat", 150, 190),
    ("dog", 190, 150),
    ("eel", 160, 150),
    ("fox", 200, 200),
    ("gnu", 100, 104),
];

#[test]
fn the_answers_furthest_apart_are_told_with_where_their_difference_lies() {
    let account = account(&of(&SEVEN, 19), CANARY);
    let found = account.answers.unwrap();
    let told: Vec<_> = found.most_apart.iter().map(|it| it.answer.as_str()).collect();
    assert_eq!((told, found.others), (vec!["dog", "cat", "eel", "ant", "gnu"], 2));
    assert!((found.level - 0.95).abs() < 1e-12);
    for it in &found.most_apart {
        let (lower, upper) = (it.difference.lower.unwrap(), it.difference.upper.unwrap());
        assert!(lower < it.candidate - it.incumbent, "{it:?}");
        assert!(it.candidate - it.incumbent < upper && upper - lower < 0.2, "{it:?}");
    }
    let dog = &found.most_apart[0];
    assert!((dog.candidate - 0.19).abs() < 1e-12 && (dog.incumbent - 0.15).abs() < 1e-12);
    let words = account.words.iter().find(|words| words.starts_with("dog ")).unwrap();
    let told = "dog 19 % vs 15 %, between -1.62 and 10.5 points apart; \
                cat 15 % vs 19 %, between -9.09 and 2 points apart; \
                eel 16 % vs 15 %, between -4.22 and 7.1 points apart; \
                ant 10 % vs 10.5 %, between -4.75 and 4.71 points apart; \
                gnu 10 % vs 10.4 %, between -4.65 and 4.81 points apart; \
                2 more are closer: of each at every look at once, with more than 95 % confidence";
    assert_eq!(words, told);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["most_apart"][0]["answer"], "dog");
    assert!(json["most_apart"][0]["difference"]["lower"].is_number(), "{json}");
}

/// One whose answers are many has as many chances to look apart.
#[test]
fn the_more_answers_there_are_the_wider_is_what_is_told_of_each() {
    let width = |told: &[(&str, u64, u64)]| {
        let found = answers(&of(told, 19));
        let ant = found.most_apart.into_iter().find(|it| it.answer == "ant").unwrap();
        ant.difference.upper.unwrap() - ant.difference.lower.unwrap()
    };
    let two = [("ant", 120, 100), ("bee", 880, 900)];
    let three = [("ant", 120, 100), ("bee", 440, 450), ("cat", 440, 450)];
    let [two, three] = [width(&two), width(&three)];
    assert!(three > 1.01 * two, "{two} {three}");
}

#[test]
fn parts_that_are_surely_apart_are_told_so_and_those_alike_are_not() {
    let apart = answers(&cats(2_000, 300, 500));
    let cat = &apart.most_apart[1];
    assert!(cat.answer == "cat" && cat.difference.upper.unwrap() < 0.0, "{cat:?}");
    let alike = answers(&cats(2_000, 500, 500));
    let cat = &alike.most_apart[0].difference;
    assert!(cat.lower.unwrap() < 0.0 && cat.upper.unwrap() > 0.0, "{cat:?}");
    let one_arm = gate(arms(100, 0), arms(1_900, 1_800));
    assert_eq!(account(&only(one_arm), CANARY).answers, None);
}

#[test]
fn a_fail_is_told_by_the_answers_of_all_gates_and_the_rest_by_those_of_this_one() {
    let of_two = |candidate| {
        let mut evidence = cats(2_000, candidate, 500);
        let mut ramp = gate(arms(2_000, 6_000), arms(1_900, 1_800));
        let told = [("cat".to_owned(), arms(1_000, 3_000)), ("dog".to_owned(), arms(1_000, 3_000))];
        ramp.predictions.insert("predictions".to_owned(), Predictions(told.into()));
        evidence.gates.insert(GateIndex(1).unseen(), ramp);
        let found = account(&evidence, GateIndex(1)).answers.unwrap();
        found.most_apart[0].clone()
    };
    assert!((of_two(490).candidate - 0.5).abs() < 1e-12);
    let failed = of_two(200);
    assert!((failed.candidate - 0.65).abs() < 1e-12, "{failed:?}");
}
