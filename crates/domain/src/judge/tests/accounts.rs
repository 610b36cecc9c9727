//! What accounts say, against the verdicts on the counts they speak of.

use super::fixture::*;
use super::{CANARY, report};
use crate::evidence::{Evidence, GateIndex};
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Better, Check, KeySource, LiveSlice, Plan, Rule};
use crate::verdict::{Account, CheckVerdict, Next, Verdict};
use std::time::Duration;

const RAMP: GateIndex = GateIndex(1);

fn told(checks: &[Check], evidence: &Evidence, gate: GateIndex) -> (Verdict, Vec<Account>) {
    let judge = Judge::new(&plan(checks)).unwrap();
    (judge.gate(evidence, gate), judge.accounts(Subject::Gate(gate), evidence, None))
}

/// A canary with so many candidate units, so many of them in error, and 1 % of the incumbent's.
fn erring(candidate: u64, bad: u64) -> Evidence {
    let mut counts = canary(candidate);
    counts.errors = cells(counts.units, arms(bad, counts.units.incumbent / 100));
    only(counts)
}

/// The evidence with more units that go as the incumbent did, `bad` of the candidate's `of` in error.
fn more(evidence: &Evidence, Next { bad, of }: Next) -> Evidence {
    let mut more = evidence.clone();
    let counts = more.gates.get_mut(&CANARY.unseen()).unwrap();
    let extra = canary_units(of);
    counts.units.merge(extra);
    counts.errors.merge(&cells(extra, arms(bad, (extra.incumbent + 50) / 100)));
    more
}

#[test]
fn an_errors_check_fails_at_the_errors_it_tells_and_not_at_one_less() {
    let evidence = erring(400, 6);
    let (verdict, accounts) = told(&[errors(0.005)], &evidence, CANARY);
    assert_eq!(report(&verdict, "errorRate").verdict, CheckVerdict::Inconclusive);
    let next = accounts[0].outlook.fails_at.unwrap();
    let then = |next| told(&[errors(0.005)], &more(&evidence, next), CANARY).0.decision;
    assert_eq!(then(next), super::fails("errorRate"), "{next:?}");
    assert_ne!(then(Next { bad: next.bad - 1, ..next }), super::fails("errorRate"), "{next:?}");
}

#[test]
fn an_undecided_check_is_healthy_after_the_units_it_tells() {
    let evidence = erring(300, 1);
    let (_, accounts) = told(&[errors(0.005)], &evidence, CANARY);
    let units = accounts[0].outlook.healthy_after.unwrap();
    let verdict = |of| {
        let next = Next { bad: 0, of };
        let (verdict, _) = told(&[errors(0.005)], &more(&evidence, next), CANARY);
        report(&verdict, "errorRate").verdict
    };
    // The incumbent's errors are whole here, and parts of one there.
    assert_eq!(verdict(units + 5), CheckVerdict::Pass, "{units}");
    assert_eq!(verdict(units - 5), CheckVerdict::Inconclusive, "{units}");
}

#[test]
fn a_healthy_check_tells_what_would_undo_it() {
    let evidence = erring(1_000, 3);
    let (verdict, accounts) = told(&[errors(0.005)], &evidence, CANARY);
    assert_eq!(report(&verdict, "errorRate").verdict, CheckVerdict::Pass);
    let outlook = accounts[0].outlook;
    let next = outlook.unhealthy_at.unwrap();
    let then = |next| {
        let (verdict, _) = told(&[errors(0.005)], &more(&evidence, next), CANARY);
        report(&verdict, "errorRate").verdict
    };
    assert_ne!(then(next), CheckVerdict::Pass, "{next:?}");
    assert_eq!(then(Next { bad: next.bad - 1, ..next }), CheckVerdict::Pass, "{next:?}");
    assert_eq!(outlook.healthy_after, None);
    assert!(outlook.fails_at.unwrap().bad >= next.bad, "a fail needs more: {outlook:?}");
}

#[test]
fn a_failed_check_has_spent_its_budget_and_says_that_it_is_final() {
    let (verdict, accounts) = told(&[errors(0.005)], &erring(400, 60), CANARY);
    assert_eq!(verdict.decision, super::fails("errorRate"));
    let account = &accounts[0];
    assert!((account.budget.spent - 1.0).abs() < 1e-12, "{account:?}");
    assert!(account.budget.p <= account.budget.alpha * account.budget.weight, "{account:?}");
    assert_eq!(account.outlook, Default::default());
    assert!(account.words.iter().any(|words| words.starts_with("failed for good")), "{account:?}");
}

#[test]
fn the_budget_is_that_of_the_largest_evidence_so_far() {
    let mut evidence = erring(400, 4);
    let spent = |evidence: &Evidence| told(&[errors(0.005)], evidence, CANARY).1[0].budget;
    let before = spent(&evidence);
    evidence.maxima.insert("errorRate".to_owned(), 2.0);
    let after = spent(&evidence);
    // Alpha 5 % and weight 0.4: e fails at 50.
    assert!((after.spent - 2.0 / 50.0_f64.ln()).abs() < 1e-12, "{after:?}");
    assert!((after.p - (-2.0_f64).exp()).abs() < 1e-12, "{after:?}");
    assert!(before.spent < after.spent, "{before:?}");
}

#[test]
fn counts_are_told_by_gate_and_arm() {
    let mut evidence = erring(400, 4);
    let mut ramp = gate(arms(500, 1_500), arms(1_900, 1_800));
    ramp.errors = cells(ramp.units, arms(2, 9));
    evidence.gates.insert(RAMP.unseen(), ramp);
    let (_, accounts) = told(&[errors(0.005)], &evidence, RAMP);
    let told: Vec<_> = accounts[0]
        .gates
        .iter()
        .map(|of| (of.gate, of.share, of.counts.candidate_bad, of.counts.incumbent_total))
        .collect();
    assert_eq!(told, [(CANARY, 0.05, 4, 7_600), (RAMP, 0.25, 2, 1_500)]);
    let words = &accounts[0].words[0];
    assert!(words.starts_with("at 5 %: 4 of 400 in error, the incumbent 76 of 7600; at 25 %: "));
}

#[test]
fn labels_and_latencies_tell_what_would_change_them_too() {
    let checks = [latency(250), labels("correct", Better::Higher), labels("fraud", Better::Lower)];
    let mut counts = canary(200);
    let bad = per_mille(counts.units, 100, 90);
    label(&mut counts, bad);
    let (verdict, accounts) = told(&checks, &only(counts.clone()), CANARY);
    let of = |name: &str| accounts.iter().find(|account| account.check == name).unwrap();
    assert_eq!(report(&verdict, "latencyP99").verdict, CheckVerdict::Inconclusive);
    assert_eq!(
        (of("latencyP99").bad.as_str(), of("correct").bad.as_str()),
        ("over 250 ms", "not correct")
    );
    assert_eq!(of("fraud").outlook, Default::default(), "nobody sent a label");
    // 358 answers within the limit pass at q = 1 % (STATISTICS.md §1); 200 are there.
    assert_eq!(of("latencyP99").outlook.healthy_after, Some(158));
    let next = of("latencyP99").outlook.fails_at.unwrap();
    let slow = |bad: u64| {
        let mut more = counts.clone();
        more.latency.merge(&gate(canary_units(next.of - bad), arms(1_900, 1_800)).latency).unwrap();
        let units =
            arms(bad, canary_units(next.of).incumbent - canary_units(next.of - bad).incumbent);
        more.latency.merge(&gate(units, arms(260_000, 1_800)).latency).unwrap();
        let (verdict, _) = told(&[latency(250)], &only(more), CANARY);
        report(&verdict, "latencyP99").verdict
    };
    assert_eq!(slow(next.bad), CheckVerdict::Fail, "{next:?}");
    assert_ne!(slow(next.bad - 1), CheckVerdict::Fail, "{next:?}");
    assert!(
        of("correct").outlook.fails_at.is_some() && of("correct").outlook.healthy_after.is_some()
    );
}

#[test]
fn a_model_of_180_micros_for_one_of_12_is_healthy_under_25_ms_and_told_why() {
    let counts = gate(canary_units(1_000), arms(180, 12));
    let (verdict, accounts) = told(&[latency(25)], &only(counts), CANARY);
    assert_eq!(verdict.decision, crate::verdict::Decision::Pass);
    let report = report(&verdict, "latencyP99");
    assert!(report.candidate > report.incumbent, "{report:?}");
    let [note] = &accounts[0].notes[..] else { panic!("{accounts:?}") };
    assert!(note.contains("does not count") && note.contains("25 ms"), "{note}");
    assert!(accounts[0].words.contains(note));
    // Nothing of the budget is spent on a loss below the limit, at any number of units.
    assert!(accounts[0].budget.spent.abs() < 1e-12, "{accounts:?}");
}

/// The verdict, and the accounts so many seconds after the acknowledgement.
fn paced(plan: &Plan, evidence: &Evidence, seconds: u64) -> (Verdict, Vec<Account>) {
    let judge = Judge::new(plan).unwrap();
    let under_way = Some(Duration::from_secs(seconds));
    let accounts = judge.accounts(Subject::Gate(CANARY), evidence, under_way);
    (judge.gate(evidence, CANARY), accounts)
}

#[test]
fn a_pace_says_how_long_the_units_take() {
    let evidence = erring(300, 1);
    let (verdict, accounts) = paced(&plan(&[errors(0.005)]), &evidence, 60);
    let report = report(&verdict, "errorRate");
    let pace = accounts[0].pace.unwrap();
    assert!((pace.per_second - 5.0).abs() < 1e-12);
    let needed = report.units_needed.unwrap() as f64;
    assert!((pace.seconds_needed.unwrap() - needed / 5.0).abs() < 1e-9);
    assert!(accounts[0].words.iter().any(|words| words.contains(" at 5 a second")), "{accounts:?}");
    assert_eq!(paced(&plan(&[errors(0.005)]), &evidence, 0).1[0].pace, None);
    assert_eq!(told(&[errors(0.005)], &evidence, CANARY).1[0].pace, None);
}

#[test]
fn a_pace_is_of_the_time_in_which_units_could_count() {
    let mut plan = plan(&[errors(0.005)]);
    plan.analysis.discard = Duration::from_secs(30);
    plan.analysis.unit_window = Duration::from_secs(60);
    let pace = |seconds| paced(&plan, &erring(300, 1), seconds).1[0].pace;
    assert!((pace(150).unwrap().per_second - 5.0).abs() < 1e-12, "{:?}", pace(150));
    assert_eq!(pace(90), None, "the first window has just closed");
}

#[test]
fn labels_that_come_late_are_waited_for_once() {
    let mut late = labels("correct", Better::Higher);
    let Rule::Feedback { late_by, .. } = &mut late.rule else { panic!("{late:?}") };
    *late_by = Duration::from_secs(600);
    let mut counts = canary(300);
    let bad = per_mille(counts.units, 90, 90);
    label(&mut counts, bad);
    let plan = plan(&[late]);
    let seconds = |under_way| {
        let (verdict, accounts) = paced(&plan, &only(counts.clone()), under_way);
        let needed = report(&verdict, "correct").units_needed.unwrap() as f64;
        let pace = accounts[0].pace.unwrap();
        pace.seconds_needed.unwrap() - needed / pace.per_second
    };
    assert!((seconds(60) - 540.0).abs() < 1e-6, "no label of this gate is due for nine minutes");
    assert!(seconds(600).abs() < 1e-6 && seconds(6_000).abs() < 1e-6, "they settle as they came");
}

#[test]
fn a_confidence_sequence_holds_the_estimate_and_speaks_as_the_verdict_does() {
    let higher = labels("correct", Better::Higher);
    let mut counts = canary(2_000);
    // 91.0 % of the incumbent's labels are yes, 84.3 % of the candidate's.
    let labels = per_mille(counts.units, 157, 90);
    label(&mut counts, labels);
    let (verdict, accounts) = told(&[higher, latency(250)], &only(counts), CANARY);
    let report = report(&verdict, "correct");
    assert_eq!(report.verdict, CheckVerdict::Fail);
    let of = |name: &str| {
        let account = accounts.iter().find(|account| account.check == name).unwrap();
        (account.confidence.unwrap(), account.words.clone())
    };
    let (confidence, words) = of("correct");
    let range = confidence.difference.unwrap();
    let shown = report.candidate.unwrap() - report.incumbent.unwrap();
    let (lower, upper) = (range.lower.unwrap(), range.upper.unwrap());
    assert!(lower < shown && shown < upper, "{shown} in {range:?}");
    assert!(upper < 0.0, "the candidate is worse: {range:?}");
    assert!(words[1].starts_with("the difference is between -"), "{words:?}");
    assert!(words[1].contains(" points: at every look at once, with 95 % confidence"), "{words:?}");

    let (confidence, words) = of("latencyP99");
    let range = confidence.candidate.unwrap();
    // All answers took 1.9 ms.
    assert!(range.lower.unwrap() < 1.9 && 1.9 <= range.upper.unwrap(), "{range:?}");
    assert!(words[1].starts_with("the candidate's is between "), "{words:?}");
}

#[test]
fn one_arm_alone_has_no_confidence_sequence() {
    let counts = gate(arms(400, 0), arms(1_900, 1_900));
    let (_, accounts) = told(&[errors(0.005), latency(250)], &only(counts), CANARY);
    assert!(accounts.iter().all(|account| account.confidence.is_none()), "{accounts:?}");
}

/// A canary in which every second unit is mobile, and those fail.
pub(crate) fn failing_on_mobile() -> (Plan, Evidence) {
    let mut plan = plan(&[errors(0.005)]);
    let key = KeySource::Header("x-client".to_owned());
    let values = vec!["mobile".to_owned()];
    plan.analysis.slices = vec![LiveSlice { key, values, weight: Some(0.5) }];
    let mut counts = canary(1_000);
    let mobile = per_mille(canary_units(500), 100, 0);
    let all = per_mille(counts.units, 50, 0);
    counts.errors = all;
    counts.slices.of("x-client", "mobile").errors = mobile;
    (plan, only(counts))
}

#[test]
fn a_slice_has_an_account_of_its_own_with_its_part_of_the_budget() {
    let (plan, evidence) = failing_on_mobile();
    let accounts = Judge::new(&plan).unwrap().accounts(Subject::Gate(CANARY), &evidence, None);
    let names: Vec<_> = accounts.iter().map(|account| account.check.as_str()).collect();
    assert_eq!(names, ["errorRate", "errorRate[x-client=mobile]"]);
    let [all, mobile] = &accounts[..] else { panic!("{accounts:?}") };
    assert_eq!(all.gates[0].counts.candidate_bad, 50);
    assert_eq!(
        (mobile.gates[0].counts.candidate_bad, mobile.gates[0].counts.candidate_total),
        (50, 500)
    );
    let sum = all.budget.weight + mobile.budget.weight;
    assert!((sum - 0.4).abs() < 1e-12, "the check's weight is shared out: {sum}");
}

#[test]
fn a_kpi_fails_at_the_worst_values_it_tells_and_says_how_far_apart_the_means_are() {
    let checks = [super::kpi::revenue(super::kpi::within(0.9))];
    let evidence = super::kpi::worth(2_000, 0.995);
    let (verdict, accounts) = told(&checks, &evidence, CANARY);
    let account = &accounts[0];
    assert_ne!(report(&verdict, "revenue").verdict, CheckVerdict::Fail);
    let next = account.outlook.fails_at.unwrap();
    let after = |bad| {
        let mut more = evidence.clone();
        let reference = &more.references["revenue"];
        let counts = more.gates.get_mut(&CANARY.unseen()).unwrap();
        let values = counts.values.get_mut("revenue").unwrap();
        for _ in 0..bad {
            values.candidate.record(reference, 0.0).unwrap();
        }
        told(&checks, &more, CANARY).0.decision
    };
    assert_eq!(after(2 * next.bad), super::fails("revenue"), "{next:?}");
    let range = account.confidence.unwrap().difference.unwrap();
    let (lower, upper) = (range.lower.unwrap(), range.upper.unwrap());
    assert!(lower < -0.1 && -0.1 < upper, "{range:?}");
    let words = account.words.join("\n");
    assert!(words.contains("with a mean of 19.8, the incumbent"), "{words}");
}

#[test]
fn a_drift_check_tells_counts_and_that_it_holds_nothing_up() {
    let checks = [super::drift::predictions()];
    let (_, accounts) = told(&checks, &super::drift::cats(2_000, 480, 500), CANARY);
    assert_eq!(accounts[0].outlook, Default::default());
    assert!(accounts[0].gates[0].counts.candidate_total > 0);
    assert!(accounts[0].notes[0].contains("never holds a gate up"), "{accounts:?}");
}

#[test]
fn labels_that_came_after_their_unit_was_counted_are_told() {
    let mut counts = canary(400);
    let correct = per_mille(counts.units, 90, 90);
    label(&mut counts, correct);
    let notes = |counts: &crate::evidence::GateCounts| {
        told(&[labels("correct", Better::Higher)], &only(counts.clone()), CANARY).1.remove(0).notes
    };
    assert_eq!(notes(&counts), Vec::<String>::new());
    counts.late.insert("correct".to_owned(), arms(3, 40));
    assert_eq!(notes(&counts), ["labels that came after their unit was counted: 3 vs 40"]);
}
