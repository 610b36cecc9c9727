//! What is shown of several strata: where no stratum differs, nothing does.

use super::drift::predictions;
use super::fixture::*;
use super::{CANARY, fails, report};
use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex, GateStratum, Predictions};
use crate::exposure::Exposure;
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Check, KeySource, LiveSlice, Plan};
use crate::verdict::{Account, CheckReport, CheckVerdict, Range, Verdict};
use seatrial_analysis::confidence::{Difference, Quantile};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::two_outcome::Centres;
use seatrial_analysis::{Alpha, Stratum};

/// 50 %, after 5 and 25 %.
const HALF: GateIndex = GateIndex(2);

/// A stratum's units and those in error.
fn stratum(units: ArmCount, bad: ArmCount) -> GateCounts {
    GateCounts { errors: cells(units, bad), ..gate(units, arms(1_900, 1_900)) }
}

fn told(plan: &Plan, evidence: &Evidence) -> (Verdict, Vec<Account>) {
    let judge = Judge::new(plan).unwrap();
    (judge.gate(evidence, HALF), judge.accounts(Subject::Gate(HALF), evidence, None))
}

fn of_gates(canary: GateCounts, half: GateCounts) -> Evidence {
    let gates = [(CANARY.unseen(), canary), (HALF.unseen(), half)].into();
    Evidence { gates, ..Evidence::default() }
}

fn shown(report: &CheckReport) -> (f64, f64) {
    (report.candidate.unwrap(), report.incumbent.unwrap())
}

#[test]
fn a_fail_over_gates_of_other_shares_compares_alike_parts_of_each() {
    let mut evidence = of_gates(
        stratum(arms(1_000, 19_000), arms(10, 190)),
        stratum(arms(10_000, 10_000), arms(860, 800)),
    );
    evidence.maxima.insert("errorRate".to_owned(), 9.0);
    let (verdict, accounts) = told(&plan(&[errors(0.005)]), &evidence);
    assert_eq!(verdict.decision, fails("errorRate"));
    let report = report(&verdict, "errorRate");
    let (candidate, incumbent) = shown(report);
    assert!((candidate - 870.0 / 11_000.0).abs() < 1e-12, "{report:?}");
    assert!((incumbent - (10.0 + 800.0) / 11_000.0).abs() < 1e-12, "{report:?}");
    // What was counted stays what was counted.
    let counts = report.counts;
    assert_eq!((counts.incumbent_bad, counts.incumbent_total), (990, 29_000));
    let range = accounts[0].confidence.unwrap().difference.unwrap();
    let (lower, upper) = (range.lower.unwrap(), range.upper.unwrap());
    assert!(lower < candidate - incumbent && candidate - incumbent < upper, "{range:?}");
    assert!(accounts[0].words.iter().any(|words| words.contains("as many units")), "{accounts:?}");
    let at_half = accounts[0].gates.last().unwrap();
    assert_eq!((at_half.candidate, at_half.incumbent), (Some(0.086), Some(0.08)));
}

#[test]
fn a_rollback_for_errors_does_not_read_as_if_the_candidate_had_fewer() {
    let evidence = of_gates(
        stratum(arms(50_000, 950_000), arms(2_500, 47_500)),
        stratum(arms(50_000, 50_000), arms(1_000, 250)),
    );
    let (verdict, _) = told(&plan(&[errors(0.005)]), &evidence);
    assert_eq!(verdict.decision, fails("errorRate"));
    assert!(verdict.in_words().contains("3.5 % vs 2.8 %"), "{}", verdict.in_words());
}

/// New units, and those that the gate at 25 % had seen on the incumbent: of these a third.
fn of_two_histories() -> Evidence {
    let seen = HALF.after(Exposure::up_to(share(2_500)));
    let strata: [(GateStratum, GateCounts); 2] = [
        (HALF.unseen(), stratum(arms(30_000, 30_000), arms(6_000, 6_000))),
        (seen, stratum(arms(20_000, 40_000), arms(1_000, 2_000))),
    ];
    let sliced = |(of, mut counts): (GateStratum, GateCounts)| {
        let errors = counts.errors;
        counts.slices.of("client", "mobile").errors = errors;
        (of, counts)
    };
    Evidence { gates: strata.map(sliced).into(), ..Evidence::default() }
}

#[test]
fn histories_that_differ_in_their_chance_make_no_difference_in_a_gate() {
    let mut plan = plan(&[errors(0.005)]);
    let key = KeySource::Parameter("client".to_owned());
    let values = vec!["mobile".to_owned()];
    plan.analysis.slices = vec![LiveSlice { key, values, weight: Some(0.5) }];
    let (verdict, accounts) = told(&plan, &of_two_histories());
    for name in ["errorRate", "errorRate[client=mobile]"] {
        let (candidate, incumbent) = shown(report(&verdict, name));
        // Three in seven of the incumbent's are new.
        let all = (3.0 * 0.2 + 4.0 * 0.05) / 7.0;
        assert!((candidate - all).abs() < 1e-12 && (incumbent - all).abs() < 1e-12, "{name}");
    }
    let here = accounts[0].gates[0];
    assert!((here.candidate.unwrap() - here.incumbent.unwrap()).abs() < 1e-12, "{here:?}");
    let [mobile] = verdict.ranking.as_slice() else { panic!("{:?}", verdict.ranking) };
    assert!(!mobile.stands_out() && mobile.lift.abs() < 1e-12, "{mobile:?}");
}

/// At 50 % every tenth answer takes 400 ms, on both arms.
fn slower_at_half() -> Evidence {
    let mut half = gate(arms(1_000, 1_000), arms(1_900, 1_900));
    let (quick, slow) = (Edges::default().bucket_of(1_900), Edges::default().bucket_of(400_000));
    for arm in [&mut half.latency.candidate, &mut half.latency.incumbent] {
        (arm[quick], arm[slow]) = (900, 100);
    }
    of_gates(gate(arms(1_000, 19_000), arms(1_900, 1_900)), half)
}

#[test]
fn quantiles_over_gates_of_other_shares_are_of_alike_parts_of_each() {
    let check: Check = latency(250);
    let mut evidence = slower_at_half();
    evidence.maxima.insert(check.name.clone(), 9.0);
    let (verdict, accounts) = told(&plan(&[check]), &evidence);
    assert_eq!(verdict.decision, fails("latencyP99"));
    let (candidate, incumbent) = shown(report(&verdict, "latencyP99"));
    assert!(candidate > 390.0 && (candidate - incumbent).abs() < 1e-9, "{candidate} {incumbent}");
    let confidence = accounts[0].confidence.unwrap();
    for (range, quantile) in [(confidence.candidate, candidate), (confidence.incumbent, incumbent)]
    {
        let range = range.unwrap();
        assert!(range.lower.unwrap() < quantile, "{range:?}");
        assert!(range.upper.is_none_or(|upper| quantile <= upper), "{range:?}");
    }
    let lower = confidence.incumbent.unwrap().lower.unwrap();
    assert!(lower > 1.9, "a twentieth of the answers is too much for 1 %: {confidence:?}");
}

/// New units are as well served, and those seen before are not.
#[test]
fn what_is_told_of_a_gate_is_of_everybody_and_within_its_interval() {
    let mut plan = plan(&[errors(0.005), latency(250)]);
    plan.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    let seen = HALF.after(Exposure::up_to(share(2_500)));
    let (quick, slow) = (Edges::default().bucket_of(1_900), Edges::default().bucket_of(200_000));
    let mut of_seen = stratum(arms(6_666, 13_334), arms(80, 133));
    of_seen.latency.candidate[quick] = 6_536;
    of_seen.latency.candidate[slow] = 130;
    let strata = [(HALF.unseen(), stratum(arms(10_000, 10_000), arms(100, 100))), (seen, of_seen)];
    let evidence = Evidence { gates: strata.into(), ..Evidence::default() };
    let (verdict, accounts) = told(&plan, &evidence);
    let of_errors = report(&verdict, "errorRate");
    let (candidate, incumbent) = shown(of_errors);
    let all = (100.0 + 13_334.0 * 80.0 / 6_666.0) / 23_334.0;
    assert_ne!(of_errors.verdict, CheckVerdict::Fail, "told of all gates: {of_errors:?}");
    assert!((candidate - all).abs() < 1e-12 && (incumbent - 233.0 / 23_334.0).abs() < 1e-12);
    let range = accounts[0].confidence.unwrap().difference.unwrap();
    let (lower, upper) = (range.lower.unwrap(), range.upper.unwrap());
    assert!(lower < candidate - incumbent && candidate - incumbent < upper, "{range:?}");
    assert!(accounts[0].notes[0].starts_with("histories differ"), "{accounts:?}");
    // Of the candidate's answers 0.8 in a hundred are slow, and of everybody's 1.1.
    let (candidate, incumbent) = shown(report(&verdict, "latencyP99"));
    assert!(candidate > 190.0 && incumbent < 2.0, "{candidate} {incumbent}");
    let range = accounts[1].confidence.unwrap().candidate.unwrap();
    assert!(range.lower.unwrap() < candidate && candidate <= range.upper.unwrap(), "{range:?}");
}

/// Four thousand answers, of which one in twenty is slower, each by another bucket.
fn tailed() -> Vec<u64> {
    let mut buckets = vec![0; Edges::default().buckets()];
    buckets[300] = 3_800;
    buckets.iter_mut().skip(301).take(200).for_each(|count| *count = 1);
    buckets
}

/// One stratum of the gate at 50 % is counted, and units with two other histories may come: as it was fixed
/// before the first was met, it has a third of what is accepted.
#[test]
fn a_stratum_has_its_part_of_alpha_though_no_other_was_met() {
    let mut plan = plan(&[errors(0.005), latency(250), predictions()]);
    plan.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    let mut half = stratum(arms(4_000, 4_000), arms(80, 70));
    (half.latency.candidate, half.latency.incumbent) = (tailed(), tailed());
    let answers = [("cat", arms(1_900, 2_000)), ("dog", arms(2_100, 2_000))];
    let answers = answers.map(|(answer, units)| (answer.to_owned(), units));
    half.predictions.insert("predictions".to_owned(), Predictions(answers.into()));
    let evidence = Evidence { gates: [(HALF.unseen(), half)].into(), ..Evidence::default() };
    let (verdict, accounts) = told(&plan, &evidence);
    assert_ne!(verdict.decision, fails("errorRate"));
    let of_one = |alpha: f64, centres, bad| {
        let alpha = Alpha::new(alpha).unwrap();
        let counts = cells(arms(4_000, 4_000), bad);
        let stratum = Stratum::new(0.5, counts).unwrap();
        let interval = Difference::new(&centres).unwrap().of_one(&stratum, alpha);
        Range::new(interval.lower, interval.upper)
    };
    let quantile = |alpha: f64, arm: &[u64]| {
        let alpha = Alpha::new(alpha).unwrap();
        let found = Quantile::new(0.99).unwrap().interval(&Edges::default(), arm, alpha).unwrap();
        Range::new(found.lower / 1_000.0, found.upper / 1_000.0)
    };
    let third = plan.analysis.healthy_alpha / 3.0;
    let [of_errors, of_latency, of_answers] = accounts.as_slice() else { panic!("{accounts:?}") };
    let errors = of_errors.confidence.unwrap().difference;
    assert_eq!(errors, Some(of_one(third, Centres::Errors, arms(80, 70))));
    let latency = of_latency.confidence.unwrap();
    assert_ne!(latency.candidate, latency.incumbent);
    assert_eq!(latency.candidate, Some(quantile(third, &tailed())));
    // The incumbent's answers are told as they were counted.
    let whole = plan.analysis.healthy_alpha;
    assert_eq!(latency.incumbent, Some(quantile(whole, &tailed())));
    let told = of_answers.answers.as_ref().unwrap();
    let dog = told.most_apart.iter().find(|it| it.answer == "dog").unwrap();
    // Of two answers each has a sixth.
    assert_eq!(dog.difference, of_one(third / 6.0, Centres::Feedback, arms(2_100, 2_000)));
}

/// A fail may come in any gate of the check and after cutover, so that each has its part from the first on.
#[test]
fn all_gates_of_a_check_share_alpha_where_a_fail_is_told() {
    let units = arms(4_000, 4_000);
    let mut evidence = Evidence {
        gates: [(HALF.unseen(), stratum(units, arms(90, 70)))].into(),
        ..Evidence::default()
    };
    evidence.maxima.insert("errorRate".to_owned(), 9.0);
    let everywhere = plan(&[errors(0.005)]);
    let mut in_two = everywhere.clone();
    in_two.gates.iter_mut().take(2).for_each(|gate| gate.checks.clear());
    for (plan, gates) in [(everywhere, 4.0), (in_two, 2.0)] {
        let (verdict, accounts) = told(&plan, &evidence);
        assert_eq!(verdict.decision, fails("errorRate"));
        let part = Alpha::new(plan.analysis.healthy_alpha / gates).unwrap();
        let counted = Stratum::new(0.5, cells(units, arms(90, 70))).unwrap();
        let of_one = Difference::new(&Centres::Errors).unwrap().of_one(&counted, part);
        let told = accounts[0].confidence.unwrap().difference;
        assert_eq!(told, Some(Range::new(of_one.lower, of_one.upper)), "{gates} gates");
    }
}
