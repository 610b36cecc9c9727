//! What holds for any evidence.

use super::fixture::*;
use crate::evidence::{
    ArmCount, CompareCount, Evidence, GateCounts, GateIndex, GateStratum, LabelledPairs,
    LatencyPairs, Matured, PairCount, PairedCounts, Predictions, ShadowCounts, Slices,
};
use crate::exposure::Exposure;
use crate::judge::{Judge, Tells};
use crate::plan::{Better, KeySource, LiveSlice, Plan, ShadowSlice};
use crate::verdict::{CheckVerdict, Counts, Coverage, Decision, Enforced, SampleRatio, Verdict};
use proptest::prelude::*;
use seatrial_analysis::{ArmHistogram, Cells};

const BUCKETS: usize = 921;

pub(crate) fn standard() -> Plan {
    plan(&[errors(0.005), latency(250), labels("correct", Better::Higher)])
}

pub(crate) fn relative() -> Plan {
    let mut plan = plan(&[errors(0.005), latency_ratio(1.2), labels("correct", Better::Lower)]);
    plan.analysis.dry_run = vec!["errorRate".to_owned()];
    plan
}

/// Two clients that enforce, and regions that warn.
fn sliced() -> Plan {
    let mut plan = standard();
    let slice = |key: &str, values: &[&str], weight| LiveSlice {
        key: KeySource::Parameter(key.to_owned()),
        values: values.iter().map(|it| (*it).to_owned()).collect(),
        weight,
    };
    plan.analysis.slices =
        vec![slice("client", &["mobile", "web"], Some(0.5)), slice("region", &[], None)];
    plan
}

/// The same outcomes as all by one value, the same turned round by another.
fn slices(all: &GateCounts) -> Slices {
    let mut slices = Slices::default();
    for (column, value) in [("client", "mobile"), ("region", "eu"), ("region", "(none)")] {
        let of_slice = slices.of(column, value);
        (of_slice.errors, of_slice.unanswered) = (all.errors, all.unanswered);
        (of_slice.feedback, of_slice.matured) = (all.feedback.clone(), all.matured.clone());
        of_slice.latency.candidate = [(900, all.errors.candidate_bad)].into_iter().collect();
    }
    let Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good } = all.errors;
    slices.of("client", "web").errors = Cells {
        candidate_bad: incumbent_bad,
        candidate_good: incumbent_good,
        incumbent_bad: candidate_bad,
        incumbent_good: candidate_good,
    };
    slices
}

/// With a KPI that has no reference yet, and what is answered watched.
pub(crate) fn watched() -> Plan {
    plan(&[
        errors(0.005),
        super::kpi::revenue(super::kpi::within(0.9)),
        super::drift::predictions(),
    ])
}

/// Small counts, large ones and none.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_u64, 0..5_000_u64, 0..(1_u64 << 40)]
}

fn any_cells() -> impl Strategy<Value = Cells> {
    [count(), count(), count(), count()].prop_map(
        |[candidate_bad, candidate_good, incumbent_bad, incumbent_good]| Cells {
            candidate_bad,
            candidate_good,
            incumbent_bad,
            incumbent_good,
        },
    )
}

fn histogram() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec((0..BUCKETS, count()), 0..8).prop_map(|filled| {
        let mut buckets = vec![0; BUCKETS];
        filled.into_iter().for_each(|(bucket, count)| buckets[bucket] += count);
        buckets
    })
}

fn any_gate() -> impl Strategy<Value = GateCounts> {
    (any_cells(), any_cells(), histogram(), histogram(), (0..3_u64, count())).prop_map(
        |(errors, labels, candidate, incumbent, (more, unanswered))| {
            let units = ArmCount {
                candidate: errors.candidate() * more / 2,
                incumbent: errors.incumbent(),
            };
            let all = GateCounts {
                units,
                unanswered: ArmCount { candidate: unanswered, incumbent: unanswered },
                errors,
                latency: ArmHistogram { candidate, incumbent },
                feedback: [("correct".to_owned(), labels)].into(),
                matured: [("correct".to_owned(), Matured { units, labels })].into(),
                predictions: [("predictions".to_owned(), answers(labels))].into(),
                ..GateCounts::default()
            };
            GateCounts { slices: slices(&all), ..all }
        },
    )
}

/// Whoever is right answers `cat`.
fn answers(labels: Cells) -> Predictions {
    let cats = arms(labels.candidate_good, labels.incumbent_good);
    let dogs = arms(labels.candidate_bad, labels.incumbent_bad);
    Predictions([("cat".to_owned(), cats), ("dog".to_owned(), dogs)].into())
}

/// Of any gate, whatever was known of its units before: some of them carry no evidence.
fn any_stratum() -> impl Strategy<Value = GateStratum> {
    let seen = prop_oneof![Just(0), Just(500), Just(2_500), 0..=10_000_u16];
    (0..6_u8, seen).prop_map(|(gate, seen)| GateIndex(gate).after(Exposure::up_to(share(seen))))
}

pub(crate) fn any_evidence() -> impl Strategy<Value = Evidence> {
    let gates = proptest::collection::btree_map(any_stratum(), any_gate(), 0..5);
    (gates, prop_oneof![Just(Vec::new()), histogram()]).prop_map(|(gates, incumbent_latency)| {
        let shadow = ShadowCounts { incumbent_latency, ..ShadowCounts::default() };
        Evidence { gates, shadow, ..Evidence::default() }
    })
}

pub(crate) fn any_shadow() -> impl Strategy<Value = ShadowCounts> {
    let pairs = || {
        (0..3_000_u64, 0..1_000_u64)
            .prop_map(|(pairs, per_mille)| PairCount { pairs, disagree: pairs * per_mille / 1_000 })
    };
    let compare =
        || (pairs(), pairs()).prop_map(|(candidate, noise)| CompareCount { candidate, noise });
    let better = || (0..200_u64, 0..200_u64, 0..200_u64);
    (proptest::option::of(compare()), compare(), 0..40_u64, better(), better()).prop_map(
        |(all, mobile, candidate_errors, latency, labels)| {
            let latency = LatencyPairs { slower: latency.0, faster: latency.1, alike: latency.2 };
            let labelled = LabelledPairs {
                both: labels.0,
                candidate_only: labels.1,
                incumbent_only: labels.2,
                neither: 0,
            };
            let paired = PairedCounts { latency, labelled };
            ShadowCounts {
                paired_latency: latency,
                labelled,
                compare: all.into_iter().collect(),
                slices: [("client".to_owned(), [("mobile".to_owned(), vec![mobile])].into())]
                    .into(),
                paired_slices: [("client".to_owned(), [("mobile".to_owned(), paired)].into())]
                    .into(),
                candidate_errors,
                ..ShadowCounts::default()
            }
        },
    )
}

/// Evidence that a healthy candidate tends to leave, so that passes are among the verdicts.
fn healthy_evidence() -> impl Strategy<Value = Evidence> {
    (300..1_500_u64, 0..4_u64, 900..1_000_u64).prop_map(|(units, bad, correct)| {
        let mut counts = canary(units);
        counts.errors = per_mille(counts.units, bad, 2);
        let labels = per_mille(counts.units, 1_000 - correct, 90);
        label(&mut counts, labels);
        only(counts)
    })
}

fn check_laws(verdict: &Verdict) -> Result<(), TestCaseError> {
    let enforced = || verdict.checks.iter().filter(|report| report.enforced == Enforced::Yes);
    let failing = enforced().any(|report| report.verdict == CheckVerdict::Fail);
    prop_assert_eq!(matches!(verdict.decision, Decision::Fail { .. }), failing);
    if verdict.decision == Decision::Pass {
        let waited_for = || enforced().filter(|report| !report.only_fails());
        prop_assert!(waited_for().all(|report| report.verdict == CheckVerdict::Pass));
        prop_assert!(waited_for().count() > 0 && verdict.units.candidate > 0);
        prop_assert_eq!(verdict.sample_ratio, SampleRatio::Plausible);
        prop_assert_eq!(&verdict.coverage, &Coverage::Enough);
    }
    let stored = serde_json::to_string(verdict).unwrap();
    let read: Verdict = serde_json::from_str(&stored).unwrap();
    prop_assert_eq!(&read.decision, &verdict.decision);
    prop_assert_eq!(read.checks.len(), verdict.checks.len());
    Ok(())
}

/// Without what a verdict that tells the decision alone leaves out.
fn struck(mut verdict: Verdict) -> Verdict {
    verdict.ranking.clear();
    for report in &mut verdict.checks {
        (report.metric, report.limit) = Default::default();
        (report.candidate, report.incumbent, report.units_needed) = Default::default();
        report.counts = Counts::default();
    }
    verdict
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_told_changes_no_decision(
        any in any_evidence(), healthy in healthy_evidence(), gate in 0..6_u8,
    ) {
        for plan in [standard(), relative(), sliced(), watched()] {
            let [whole, decision] =
                [Tells::Everything, Tells::Decision].map(|it| Judge::that(it, &plan).unwrap());
            for (evidence, gate) in [(&any, GateIndex(gate)), (&healthy, GateIndex(0))] {
                let told = struck(decision.gate(evidence, gate));
                prop_assert_eq!(told, struck(whole.gate(evidence, gate)));
            }
        }
    }

    #[test]
    fn a_decision_is_that_of_its_enforced_checks(evidence in any_evidence(), gate in 0..6_u8) {
        for plan in [standard(), relative(), sliced(), watched()] {
            check_laws(&Judge::new(&plan).unwrap().gate(&evidence, GateIndex(gate)))?;
        }
    }

    #[test]
    fn a_pass_is_that_of_every_enforced_check(evidence in healthy_evidence()) {
        for plan in [standard(), sliced()] {
            check_laws(&Judge::new(&plan).unwrap().gate(&evidence, GateIndex(0)))?;
        }
    }

    #[test]
    fn a_shadows_decision_is_that_of_its_enforced_rules(counts in any_shadow(), gates in 0..2_u8) {
        let mut plan = standard();
        let key = KeySource::Parameter("client".to_owned());
        let max_disagreement = (gates == 1).then_some(0.3);
        plan.shadow.slices = vec![ShadowSlice { key, max_disagreement }];
        let verdict = Judge::new(&plan).unwrap().shadow(&counts);
        check_laws(&verdict)?;
        if verdict.units.candidate < plan.shadow.min_requests {
            prop_assert_eq!(verdict.decision, Decision::Inconclusive);
        }
    }

    #[test]
    fn order_of_merging_changes_no_verdict(one in any_gate(), other in any_gate()) {
        let judge = Judge::new(&sliced()).unwrap();
        let verdict = |first: &GateCounts, second: &GateCounts| {
            let mut sum = first.clone();
            sum.merge(second).unwrap();
            judge.gate(&only(sum), GateIndex(0))
        };
        prop_assert_eq!(verdict(&one, &other), verdict(&other, &one));
    }
}
