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

/// Pairs of a rule by which all agree.
fn agree(all: u64) -> CompareCount {
    pairs(all, 0, 0)
}

/// What rules counted, in the plan's order.
fn by_rule(compare: &[CompareCount]) -> ShadowCounts {
    ShadowCounts { compare: compare.to_vec(), ..ShadowCounts::default() }
}

fn by_client(max_disagreement: Option<f64>) -> Plan {
    let mut plan = plan(&[]);
    plan.shadow.slices =
        vec![ShadowSlice { key: KeySource::Parameter("client".to_owned()), max_disagreement }];
    plan
}

fn mobile(compare: CompareCount) -> ShadowCounts {
    client("mobile", compare)
}

fn client(value: &str, compare: CompareCount) -> ShadowCounts {
    let values: BTreeMap<_, _> = [(value.to_owned(), vec![compare])].into();
    ShadowCounts { slices: [("client".to_owned(), values)].into(), ..counts(pairs(2_000, 350, 0)) }
}

/// The standard rules: by class, then numerically.
fn standard_rules() -> Plan {
    let mut plan = plan(&[]);
    let by = CompareBy::Numeric { rtol: 0.01, atol: 0.0, max_exceed: 0.25 };
    plan.shadow.compare.push(Compare { output: "*".to_owned(), by });
    plan
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
    assert_eq!(look(&by_client(Some(0.3)), &bad).decision, Decision::Fail { check });
    assert_eq!(look(&by_client(Some(0.4)), &bad).decision, Decision::Inconclusive);
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
fn what_stands_for_no_value_or_for_others_is_no_value_that_was_seen() {
    for stand_in in ["(none)", "(other)"] {
        let verdict = look(&by_client(Some(0.4)), &client(stand_in, agree(2_000)));
        assert_eq!(verdict.decision, Decision::Inconclusive, "{stand_in}");
        let missing = report(&verdict, "disagreement[client]");
        assert!(missing.limit.contains("no value was sent"), "{}", missing.limit);
        // Its own disagreement counts all the same.
        let verdict = look(&by_client(Some(0.4)), &client(stand_in, pairs(2_000, 1_000, 0)));
        let check = format!("disagreement[client={stand_in}]");
        assert_eq!(verdict.decision, Decision::Fail { check });
    }
}

#[test]
fn a_gating_slice_decides_once_pairs_and_failures_are_enough() {
    let bad = ShadowCounts {
        compare: vec![agree(950)],
        candidate_errors: 60,
        ..mobile(pairs(500, 300, 0))
    };
    let check = "disagreement[client=mobile]".to_owned();
    assert_eq!(look(&by_client(Some(0.4)), &bad).decision, Decision::Fail { check });
}

#[test]
fn disagreement_of_exactly_the_limit_is_within_it() {
    let floored = |disagree| CompareCount {
        candidate: PairCount { pairs: 2_000, disagree },
        noise: PairCount { pairs: 2_000, disagree: 600 },
    };
    assert_eq!(look(&plan(&[]), &counts(floored(1_100))).decision, Decision::Pass);
    // What is hardly beyond it may be chance, the noise's as well, until there is more of it.
    assert_eq!(look(&plan(&[]), &counts(floored(1_101))).decision, Decision::Inconclusive);
    let check = "disagreement".to_owned();
    let verdict = look(&plan(&[]), &counts(floored(1_300)));
    assert_eq!(verdict.decision, Decision::Fail { check });
    let report = report(&verdict, "disagreement");
    assert!(report.fail_log_e > report.fail_at, "{report:?}");
}

/// Looked at after every ten pairs, disagreement at the limit was once a fail in most shadows.
#[test]
fn disagreement_at_the_limit_rarely_fails_however_often_it_is_looked_at() {
    let plan = plan(&[]);
    let judge = Judge::new(&plan).unwrap();
    let failed = (0..200_u64).filter(|seed| {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut disagree = 0;
        (1..=400).any(|look| {
            for _ in 0..10 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                disagree += u64::from(state >> 62 == 0);
            }
            let verdict = judge.shadow(&counts(pairs(10 * look, disagree, 0)));
            matches!(verdict.decision, Decision::Fail { .. })
        })
    });
    let failed = failed.count();
    assert!(failed <= 10, "{failed} of 200");
}

#[test]
fn a_noise_floor_of_a_few_pairs_excuses_nothing() {
    let floored = |noise| {
        let candidate = PairCount { pairs: 2_000, disagree: 800 };
        look(&plan(&[]), &counts(CompareCount { candidate, noise }))
    };
    let fails = Decision::Fail { check: "disagreement".to_owned() };
    for noise in [PairCount { pairs: 3, disagree: 1 }, PairCount { pairs: 499, disagree: 150 }] {
        let verdict = floored(noise);
        assert_eq!(verdict.decision, fails);
        assert_eq!(report(&verdict, "disagreement").incumbent, None);
    }
    assert_eq!(floored(PairCount { pairs: 500, disagree: 150 }).decision, Decision::Pass);
}

#[test]
fn a_live_check_of_the_same_name_in_dry_run_leaves_the_shadow_enforced() {
    let mut plan = plan(&[]);
    plan.analysis.dry_run = vec!["disagreement".to_owned()];
    let verdict = look(&plan, &counts(pairs(2_000, 700, 0)));
    assert_eq!(verdict.decision, Decision::Fail { check: "disagreement".to_owned() });
}

#[test]
fn the_standard_rules_judge_labels_alone_and_numbers_alone() {
    let (plan, none) = (standard_rules(), CompareCount::default());
    for compared in [[agree(2_000), none], [none, agree(2_000)]] {
        let verdict = look(&plan, &by_rule(&compared));
        assert_eq!((verdict.decision, verdict.units.candidate), (Decision::Pass, 2_000));
    }
    let bad = pairs(2_000, 1_000, 0);
    for (compared, check) in [([bad, none], "disagreement"), ([none, bad], "numeric disagreement")]
    {
        let fails = Decision::Fail { check: check.to_owned() };
        assert_eq!(look(&plan, &by_rule(&compared)).decision, fails);
    }
}

#[test]
fn failures_are_no_evidence_for_a_rule_that_compares_nothing() {
    let compare = [agree(2_000), CompareCount::default()];
    let failed = ShadowCounts { candidate_errors: 20, ..by_rule(&compare) };
    let verdict = look(&standard_rules(), &failed);
    assert_eq!((&verdict.decision, verdict.units.candidate), (&Decision::Pass, 2_020));
    let silent = report(&verdict, "numeric disagreement");
    assert_eq!((silent.enforced, silent.verdict), (Enforced::DryRun, CheckVerdict::Inconclusive));
}

#[test]
fn rules_that_compare_nothing_pass_nothing_and_say_so() {
    let mut counts = by_rule(&[CompareCount::default()]);
    counts.mirror.sent = 5_000;
    let verdict = look(&plan(&[]), &counts);
    assert_eq!(verdict.decision, Decision::Inconclusive);
    let silent = report(&verdict, "disagreement");
    assert_eq!(silent.limit, "limit 25 % above noise; no output of its kind was compared");
}

#[test]
fn a_candidate_that_fails_every_copy_fails_by_every_rule() {
    let failed = ShadowCounts { candidate_errors: 2_000, ..ShadowCounts::default() };
    let verdict = look(&standard_rules(), &failed);
    assert_eq!(verdict.decision, Decision::Fail { check: "disagreement".to_owned() });
    assert_eq!(verdict.units.candidate, 2_000);
}

#[test]
fn a_header_and_a_parameter_of_one_name_are_two_columns() {
    let (header, parameter) =
        (KeySource::Header("client".to_owned()), KeySource::Parameter("client".to_owned()));
    let mut shadow = by_client(None).shadow;
    assert_eq!(shadow.column(&parameter), "client");
    shadow.slices.push(ShadowSlice { key: header.clone(), max_disagreement: None });
    assert_eq!(shadow.column(&parameter), "parameter:client");
    assert_eq!(shadow.column(&header), "header:client");
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
