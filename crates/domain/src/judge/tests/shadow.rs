//! The shadow's verdict on pairs.

use super::fixture::plan;
use super::report;
use crate::evidence::{CompareCount, PairCount, ShadowCounts};
use crate::judge::Judge;
use crate::plan::{Compare, CompareBy, KeySource, Plan, ShadowSlice};
use crate::verdict::{CheckVerdict, Decision, Enforced, Verdict};
use std::collections::BTreeMap;

fn look(plan: &Plan, counts: &ShadowCounts) -> Verdict {
    Judge::new(plan).unwrap().shadow(counts)
}

fn pairs(pairs: u64, disagree: u64, noise: u64) -> CompareCount {
    CompareCount {
        candidate: PairCount { pairs, disagree },
        noise: PairCount { pairs, disagree: noise },
    }
}

fn counts(compare: CompareCount) -> ShadowCounts {
    ShadowCounts { compare: vec![compare], ..ShadowCounts::default() }
}

fn by_client(max_disagreement: Option<f64>) -> Plan {
    let mut plan = plan(&[]);
    plan.shadow.slices =
        vec![ShadowSlice { key: KeySource::Parameter("client".to_owned()), max_disagreement }];
    plan
}

fn mobile(compare: CompareCount) -> ShadowCounts {
    let values: BTreeMap<_, _> = [("mobile".to_owned(), vec![compare])].into();
    ShadowCounts { slices: [("client".to_owned(), values)].into(), ..counts(pairs(2_000, 350, 0)) }
}

#[test]
fn no_pairs_or_too_few_are_inconclusive() {
    let plan = plan(&[]);
    for counts in [ShadowCounts::default(), counts(pairs(999, 0, 0)), counts(pairs(999, 999, 0))] {
        assert_eq!(look(&plan, &counts).decision, Decision::Inconclusive);
    }
}

#[test]
fn disagreement_is_judged_above_the_noise() {
    let plan = plan(&[]);
    let verdict = look(&plan, &counts(pairs(2_000, 700, 0)));
    assert_eq!(verdict.decision, Decision::Fail { check: "disagreement".to_owned() });
    let words = "disagreement: 35.0 % vs 0.0 % (limit 25 % above noise)";
    assert_eq!(verdict.in_words(), words);
    assert_eq!(look(&plan, &counts(pairs(2_000, 700, 300))).decision, Decision::Pass);
    let verdict = look(&plan, &counts(pairs(2_000, 350, 0)));
    assert_eq!((verdict.decision, verdict.units.candidate), (Decision::Pass, 2_000));
}

#[test]
fn a_copy_the_candidate_failed_disagrees() {
    let failed = ShadowCounts { candidate_errors: 1_000, ..counts(pairs(1_000, 0, 0)) };
    let verdict = look(&plan(&[]), &failed);
    assert_eq!(verdict.decision, Decision::Fail { check: "disagreement".to_owned() });
    let errors = report(&verdict, "candidate errors");
    assert_eq!((errors.enforced, errors.counts.candidate_bad), (Enforced::DryRun, 1_000));
}

#[test]
fn slices_warn_and_gate_only_with_a_limit() {
    let bad = mobile(pairs(500, 206, 0));
    let verdict = look(&by_client(None), &bad);
    assert_eq!(verdict.decision, Decision::Pass);
    let slice = report(&verdict, "disagreement[client=mobile]");
    assert_eq!((slice.enforced, slice.verdict), (Enforced::DryRun, CheckVerdict::Fail));
    assert!((slice.candidate.unwrap() - 0.412).abs() < 1e-9);
    let check = "disagreement[client=mobile]".to_owned();
    assert_eq!(look(&by_client(Some(0.4)), &bad).decision, Decision::Fail { check });
    assert_eq!(look(&by_client(Some(0.5)), &bad).decision, Decision::Pass);
}

#[test]
fn a_gating_slice_that_was_not_seen_is_inconclusive() {
    for counts in [counts(pairs(2_000, 0, 0)), mobile(pairs(10, 10, 0))] {
        assert_eq!(look(&by_client(Some(0.4)), &counts).decision, Decision::Inconclusive);
        assert_eq!(look(&by_client(None), &counts).decision, Decision::Pass);
    }
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut plan = plan(&[]);
    let numeric = |output: &str| Compare {
        output: output.to_owned(),
        by: CompareBy::Numeric { rtol: 0.01, atol: 0.0, max_exceed: 0.25 },
    };
    plan.shadow.compare.extend([numeric("*"), numeric("score"), numeric("*")]);
    let rule = pairs(2_000, 0, 0);
    let compare = vec![rule, rule, rule, pairs(2_000, 1_000, 0)];
    let verdict = look(&plan, &ShadowCounts { compare, ..ShadowCounts::default() });
    let names: Vec<_> = verdict.checks.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "disagreement",
            "numeric disagreement",
            "numeric disagreement of score",
            "numeric disagreement (rule 4)",
            "candidate errors",
        ]
    );
    let check = "numeric disagreement (rule 4)".to_owned();
    assert_eq!(verdict.decision, Decision::Fail { check });
}
