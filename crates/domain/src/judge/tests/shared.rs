//! How the shadow's tests have alpha between them, and who of a pair did better by slice.

use super::fixture::plan;
use super::report;
use crate::evidence::{
    CompareCount, Evidence, LabelledPairs, LatencyPairs, PairCount, PairedCounts, ShadowCounts,
};
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Effect, KeySource, PairedLabels, Plan, ShadowSlice, Sharing};
use crate::verdict::{CheckVerdict, Decision, Enforced, Verdict};

fn look(plan: &Plan, counts: &ShadowCounts) -> Verdict {
    Judge::new(plan).unwrap().shadow(counts)
}

/// With one rule, and what these do.
fn shadowed(limit: Option<f64>, latency: Effect, labels: Effect) -> Plan {
    let mut plan = plan(&[]);
    let key = KeySource::Parameter("client".to_owned());
    plan.shadow.slices = vec![ShadowSlice { key, max_disagreement: limit }];
    plan.shadow.latency = latency;
    plan.shadow.labels =
        Some(PairedLabels { metric: "digit".to_owned(), output: "*".to_owned(), effect: labels });
    plan.shadow.sharing = Sharing::Parts;
    plan
}

/// Agreeing pairs, those of mobile with these findings.
fn mobile(paired: PairedCounts) -> ShadowCounts {
    let pairs = |pairs| CompareCount {
        candidate: PairCount { pairs, disagree: pairs / 20 },
        noise: PairCount::default(),
    };
    let all = LabelledPairs { both: 3_000, candidate_only: 160, incumbent_only: 100, neither: 90 };
    let mut labelled = all;
    labelled.merge(paired.labelled);
    ShadowCounts {
        compare: vec![pairs(4_000)],
        slices: [("client".to_owned(), [("mobile".to_owned(), vec![pairs(800)])].into())].into(),
        paired_slices: [("client".to_owned(), [("mobile".to_owned(), paired)].into())].into(),
        paired_latency: LatencyPairs { slower: 1_000, faster: 1_000, alike: 0 },
        labelled,
        ..ShadowCounts::default()
    }
}

fn wrong(incumbent_only: u64) -> PairedCounts {
    let labelled = LabelledPairs { both: 300, candidate_only: 20, incumbent_only, neither: 20 };
    PairedCounts { labelled, ..PairedCounts::default() }
}

fn slow(slower: u64) -> PairedCounts {
    let latency = LatencyPairs { slower, faster: 100, alike: 7 };
    PairedCounts { latency, ..PairedCounts::default() }
}

/// Where both tests of pairs are enforced, and mobile fails by either.
pub(crate) fn slow_and_wrong_on_mobile() -> (Plan, ShadowCounts) {
    let paired = PairedCounts { latency: slow(220).latency, ..wrong(90) };
    (shadowed(Some(0.3), Effect::Enforces, Effect::Enforces), mobile(paired))
}

#[test]
fn all_that_can_fail_the_shadow_have_alpha_between_them_and_those_of_earlier_plans_each() {
    let paired = PairedCounts { latency: slow(90).latency, ..wrong(30) };
    let enforces = Effect::Enforces;
    let mut plan = shadowed(Some(0.3), enforces, enforces);
    let levels = |plan: &Plan| -> Vec<(String, f64)> {
        let verdict = look(plan, &mobile(paired));
        let enforced = verdict.checks.into_iter().filter(|it| it.enforced == Enforced::Yes);
        enforced.map(|it| (it.name, (-it.fail_at.unwrap()).exp() / plan.analysis.alpha)).collect()
    };
    let shared = levels(&plan);
    let names: Vec<&str> = shared.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "disagreement",
            "disagreement[client=mobile]",
            "paired latency",
            "paired labels",
            "paired latency[client=mobile]",
            "paired labels[client=mobile]",
        ]
    );
    let value = |name: &str| name.ends_with(']');
    for (name, part) in &shared {
        let expected = if value(name) { 0.5 / 3.0 / 52.0 } else { 0.5 / 3.0 };
        assert!((part - expected).abs() < 1e-12, "{name}: {part}");
    }
    // Were all of a column's values told apart, with others and none.
    let sum: f64 = shared.iter().map(|(name, p)| if value(name) { 52.0 * p } else { *p }).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    plan.shadow.sharing = Sharing::None;
    assert!(levels(&plan).iter().all(|(_, part)| (part - 1.0).abs() < 1e-12));
}

#[test]
fn a_candidate_that_is_wrong_in_one_slice_alone_is_found_there_and_leads_the_ranking() {
    let plan = shadowed(Some(0.5), Effect::Warns, Effect::Enforces);
    let verdict = look(&plan, &mobile(wrong(70)));
    let check = "paired labels[client=mobile]".to_owned();
    assert_eq!(verdict.decision, Decision::Fail { check: check.clone() });
    assert_eq!(report(&verdict, "paired labels").verdict, CheckVerdict::Inconclusive);
    let told = report(&verdict, &check);
    assert_eq!((told.counts.candidate_bad, told.counts.candidate_total), (70, 90));
    assert_eq!(told.slice.as_ref().unwrap().to_string(), "client=mobile");
    let ranked = verdict.ranking.iter().find(|one| one.check == "paired labels").unwrap();
    assert!(ranked.stands_out() && (ranked.lift - 50.0 / 410.0).abs() < 1e-9, "{ranked:?}");
    assert!(ranked.beyond_rest.unwrap() > 0.1, "{ranked:?}");
    assert_eq!(look(&plan, &mobile(wrong(25))).decision, Decision::Pass);
}

#[test]
fn a_candidate_that_is_slower_in_one_slice_alone_is_found_there() {
    let plan = shadowed(Some(0.5), Effect::Enforces, Effect::Warns);
    let check = "paired latency[client=mobile]".to_owned();
    assert_eq!(look(&plan, &mobile(slow(300))).decision, Decision::Fail { check });
    assert_eq!(look(&plan, &mobile(slow(105))).decision, Decision::Pass);
}

#[test]
fn a_slice_that_does_not_gate_or_a_test_that_is_not_enforced_only_warns() {
    let (warns, enforces) = (Effect::Warns, Effect::Enforces);
    for (limit, effect) in [(None, enforces), (Some(0.5), warns), (None, warns)] {
        let plan = shadowed(limit, effect, effect);
        let paired = PairedCounts { latency: slow(400).latency, ..wrong(90) };
        let verdict = look(&plan, &mobile(paired));
        assert_eq!(verdict.decision, Decision::Pass, "{}", verdict.in_words());
        for name in ["paired labels[client=mobile]", "paired latency[client=mobile]"] {
            let told = report(&verdict, name);
            assert_eq!((told.verdict, told.enforced), (CheckVerdict::Fail, Enforced::DryRun));
        }
        // What finds nothing there is not told.
        let quiet = look(&plan, &mobile(PairedCounts { latency: slow(100).latency, ..wrong(20) }));
        assert!(
            quiet.checks.iter().all(|it| !it.name.starts_with("paired l") || it.slice.is_none())
        );
    }
}

#[test]
fn what_is_found_of_pairs_by_slice_is_accounted_for_at_its_part_of_alpha() {
    let plan = shadowed(Some(0.5), Effect::Enforces, Effect::Enforces);
    let shadow = mobile(PairedCounts { latency: slow(300).latency, ..wrong(70) });
    let verdict = look(&plan, &shadow);
    let evidence = Evidence { shadow, ..Evidence::default() };
    let accounts = Judge::new(&plan).unwrap().accounts(Subject::Shadow, &evidence, None);
    for name in ["paired labels[client=mobile]", "paired latency[client=mobile]"] {
        let account = accounts.iter().find(|account| account.check == name).unwrap();
        let told = report(&verdict, name);
        assert!((account.budget.weight - 0.5 / 3.0 / 52.0).abs() < 1e-12, "{account:?}");
        let (weight, alpha) = (account.budget.weight, account.budget.alpha);
        assert!((told.fail_at.unwrap() + (weight * alpha).ln()).abs() < 1e-9);
        let after = account.outlook.healthy_after.unwrap();
        assert!(after > 0 && account.outlook.fails_at.is_none(), "{account:?}");
    }
    let slower = accounts.iter().find(|it| it.check.starts_with("paired latency[")).unwrap();
    assert_eq!(slower.words[0], "300 of 400 pairs slower");
}

#[test]
fn a_plan_that_does_not_say_how_alpha_is_shared_reads_as_it_was_and_keeps_its_hash() {
    let mut plan = plan(&[]);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("sharing"));
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    plan.shadow.sharing = Sharing::Parts;
    let stored = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
}

#[test]
fn counts_of_an_earlier_version_have_no_pairs_by_slice_and_values_stay_within_their_bound() {
    let counts = mobile(slow(1));
    let mut stored = serde_json::to_value(&counts).unwrap();
    stored.as_object_mut().unwrap().remove("paired_slices");
    let earlier: ShadowCounts = serde_json::from_value(stored).unwrap();
    assert!(earlier.paired_slices.is_empty());
    let of = |boot: u64| {
        let values = (0..40).map(|n| (format!("{boot}-{n:02}"), slow(n))).collect();
        let paired_slices = [("client".to_owned(), values)].into();
        ShadowCounts { paired_slices, ..ShadowCounts::default() }
    };
    let mut sum = of(1);
    sum.merge(&of(2));
    let values = &sum.paired_slices["client"];
    assert_eq!(values.len(), 51);
    let slower: u64 = values.values().map(|counts| counts.latency.slower).sum();
    assert_eq!(slower, 2 * (0..40).sum::<u64>(), "none is lost");
    assert_eq!(values["(other)"].latency.slower, (10..40).sum::<u64>());
}
