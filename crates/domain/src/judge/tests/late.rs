//! Faults that began late: what each window's start changes, and what it does not.

use super::drift::{cats, predictions};
use super::kpi::{revenue, within, worth};
use super::*;
use crate::Timestamp;
use crate::evidence::{GateCounts, GateStratum, Starts};
use crate::plan::{KeySource, LiveSlice, Plan};
use seatrial_analysis::Cells;
use std::time::Duration;

/// Candidate units in the first six hours, and in the time since in which something is wrong.
const SOUND: u64 = 20_000;
const FAULTY: u64 = 7_000;

fn hours(hours: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(3_600 * hours))
}

/// The starts of two windows: one before anything was counted, one after six hours of this.
fn begun(plan: &Plan, sound: &Evidence) -> Starts {
    let mut early = Evidence::default();
    early.begin_window(hours(0), &plan.analysis);
    early.gates = sound.gates.clone();
    early.begin_window(hours(6), &plan.analysis);
    early.starts
}

/// Everything counted so far says no more than nothing; what came since the sixth hour fails.
fn only_windows_find(plan: &Plan, (sound, now): (&Evidence, &Evidence), check: &str) {
    let judge = Judge::new(plan).unwrap();
    let plain = judge.gate(now, CANARY);
    assert_ne!(report(&plain, check).verdict, CheckVerdict::Fail, "{check} without windows");
    let windowed = Evidence { starts: begun(plan, sound), ..now.clone() };
    // By the same judge: what it kept of no windows is not used for these.
    let verdict = judge.gate(&windowed, CANARY);
    assert_eq!(verdict.decision, fails(check));
    assert_eq!(judge.gate(&windowed, CANARY), verdict, "and so it stays");
    assert_eq!(judge.gate(now, CANARY), plain);
    let part = crate::looks::Subject::Gate(CANARY).part_of(&windowed);
    let stored = serde_json::to_string(&part).unwrap();
    let read: Evidence = serde_json::from_str(&stored).unwrap();
    assert_eq!(Judge::new(plan).unwrap().gate(&read, CANARY), verdict, "also from its row");
}

fn errors_of(candidate: u64, errors: Cells) -> GateCounts {
    GateCounts { errors, ..canary(candidate) }
}

/// Six hours at 5 errors in a thousand on both arms, then two with 10 on the candidate.
fn faulty_at_last() -> (Evidence, Evidence) {
    let before = per_mille(canary_units(SOUND), 5, 5);
    let after = per_mille(canary_units(FAULTY), 10, 5);
    (only(errors_of(SOUND, before)), only(errors_of(SOUND + FAULTY, before + after)))
}

#[test]
fn a_start_knows_every_stratum_that_was_counted_before_it() {
    let plan = plan(&[errors(0.005)]);
    let (judge, ramp) = (Judge::new(&plan).unwrap(), GateIndex(1));
    let mut evidence = only(errors_of(400, per_mille(canary_units(400), 20, 5)));
    let units = arms(500, 1_500);
    let ramp_counts =
        GateCounts { errors: per_mille(units, 30, 4), ..gate(units, arms(1_900, 1_800)) };
    evidence.gates.insert(ramp.unseen(), ramp_counts);
    let fail =
        |evidence: &Evidence| report(&judge.gate(evidence, ramp), "errorRate").fail_log_e.unwrap();
    let everything = fail(&evidence);
    assert!(everything > 0.5, "both gates say something: {everything}");
    // Nothing came since the second window began: all but the bet on everything is worth one.
    let windowed = Evidence { starts: begun(&plan, &evidence), ..evidence.clone() };
    let mixed = (0.7 * everything.exp() + 0.3).ln();
    assert!((fail(&windowed) - mixed).abs() < 1e-9, "{} and {mixed}", fail(&windowed));
}

#[test]
fn errors_that_began_late_fail_by_what_came_since() {
    let (sound, now) = faulty_at_last();
    only_windows_find(&plan(&[errors(0.005)]), (&sound, &now), "errorRate");
}

/// So many of these candidate units, and of the incumbent's, are slow.
fn slow(candidate_units: u64, candidate: u64, incumbent: u64) -> Evidence {
    let units = canary_units(candidate_units);
    let mut counts = gate(arms(units.candidate - candidate, units.incumbent - incumbent), QUICK);
    counts
        .latency
        .merge(&gate(arms(candidate, incumbent), arms(300_000, 300_000)).latency)
        .unwrap();
    let reference = gate(arms(0, 990), QUICK).latency.incumbent;
    let slow = gate(arms(0, 10), arms(1, 300_000)).latency.incumbent;
    let mut evidence = only(counts);
    evidence.shadow.incumbent_latency = reference.iter().zip(&slow).map(|(a, b)| a + b).collect();
    evidence
}

const QUICK: ArmCount = ArmCount { candidate: 1_900, incumbent: 1_900 };

#[test]
fn latencies_that_rose_late_fail_by_what_came_since() {
    // A faster candidate at first, of which then one in six waits.
    let sound = slow(SOUND, 50, 3_800);
    let now = slow(SOUND + 300, 50 + 50, 3_800 + 57);
    for check in [latency(250), latency_ratio(1.2), latency_of(Some(250), Some(1.2))] {
        only_windows_find(&plan(&[check]), (&sound, &now), "latencyP99");
    }
}

/// A better candidate at first, then nine hundred units that are worth less.
fn worth_less_at_last() -> (Evidence, Evidence) {
    let sound = worth(SOUND, 1.05);
    let mut now = sound.clone();
    let after = worth(900, 0.8);
    let (all, new) = (
        now.gates.get_mut(&CANARY.unseen()).unwrap(),
        &after.gates[&CANARY.unseen()].values["revenue"],
    );
    all.values.get_mut("revenue").unwrap().merge(new).unwrap();
    (sound, now)
}

#[test]
fn numbers_that_fell_late_fail_by_what_came_since() {
    let (sound, now) = worth_less_at_last();
    only_windows_find(&plan(&[revenue(within(0.9))]), (&sound, &now), "revenue");
}

/// The same answers on both arms, then four hundred units with others.
fn changed_at_last() -> (Evidence, Evidence) {
    let sound = cats(SOUND, 500, 500);
    let mut now = sound.clone();
    let after = cats(400, 700, 500).gates.remove(&CANARY.unseen()).unwrap();
    now.gates
        .get_mut(&CANARY.unseen())
        .unwrap()
        .predictions
        .get_mut("predictions")
        .unwrap()
        .merge(&after.predictions["predictions"]);
    (sound, now)
}

#[test]
fn answers_that_changed_late_fail_by_what_came_since() {
    let (sound, now) = changed_at_last();
    only_windows_find(&plan(&[errors(0.005), predictions()]), (&sound, &now), "predictions");
}

/// All of the units are mobile.
fn on_mobile(mut evidence: Evidence) -> Evidence {
    for counts in evidence.gates.values_mut() {
        let of_slice = counts.slices.of("client", "mobile");
        of_slice.errors = counts.errors;
        of_slice.latency = crate::evidence::Buckets::of(&counts.latency);
        of_slice.values = counts.values.clone();
        of_slice.predictions = counts.predictions.clone();
    }
    evidence
}

fn enforcing(checks: &[Check]) -> Plan {
    let mut plan = plan(checks);
    plan.analysis.slices = vec![LiveSlice {
        key: KeySource::Parameter("client".to_owned()),
        values: vec!["mobile".to_owned()],
        weight: Some(0.5),
    }];
    plan
}

#[test]
fn faults_that_began_late_in_a_slice_alone_fail_by_it() {
    let (sound, now) = faulty_at_last();
    let (sound, mut now) = (on_mobile(sound), on_mobile(now));
    // What came since is not of the whole, which is sound.
    now.gates.get_mut(&CANARY.unseen()).unwrap().errors = sound.gates[&CANARY.unseen()].errors;
    let plan = enforcing(&[errors(0.005)]);
    only_windows_find(&plan, (&sound, &now), "errorRate[client=mobile]");

    let sound = on_mobile(slow(SOUND, 50, 3_800));
    let mut now = on_mobile(slow(SOUND + 300, 50 + 50, 3_800 + 57));
    now.gates.get_mut(&CANARY.unseen()).unwrap().latency =
        sound.gates[&CANARY.unseen()].latency.clone();
    let plan = enforcing(&[latency(250)]);
    only_windows_find(&plan, (&sound, &now), "latencyP99[client=mobile]");

    let (sound, now) = worth_less_at_last();
    let (sound, mut now) = (on_mobile(sound), on_mobile(now));
    now.gates.get_mut(&CANARY.unseen()).unwrap().values =
        sound.gates[&CANARY.unseen()].values.clone();
    let plan = enforcing(&[revenue(within(0.9))]);
    only_windows_find(&plan, (&sound, &now), "revenue[client=mobile]");

    let (sound, now) = changed_at_last();
    let (sound, mut now) = (on_mobile(sound), on_mobile(now));
    now.gates.get_mut(&CANARY.unseen()).unwrap().predictions =
        sound.gates[&CANARY.unseen()].predictions.clone();
    let plan = enforcing(&[errors(0.005), predictions()]);
    only_windows_find(&plan, (&sound, &now), "predictions[client=mobile]");
}

#[test]
fn starts_that_kept_no_latencies_leave_their_test_as_it_was() {
    let plan = plan(&[latency(250)]);
    let (sound, now) = (slow(SOUND, 50, 3_800), slow(SOUND + 300, 50 + 50, 3_800 + 57));
    let mut stored = serde_json::to_value(begun(&plan, &sound)).unwrap();
    stored["6"]["gates"]["0"].as_object_mut().unwrap().remove("frozen").unwrap();
    let starts: Starts = serde_json::from_value(stored).unwrap();
    let log_e = |starts: Starts| {
        let evidence = Evidence { starts, ..now.clone() };
        let verdict = Judge::new(&plan).unwrap().gate(&evidence, CANARY);
        report(&verdict, "latencyP99").fail_log_e.unwrap()
    };
    let mut first = Evidence::default();
    first.begin_window(hours(0), &plan.analysis);
    assert_eq!(log_e(starts).to_bits(), log_e(first.starts).to_bits(), "that start is none");
}

#[test]
fn the_first_window_costs_little_and_labels_have_their_windows_too() {
    let checks = [labels("correct", Better::Higher)];
    let analysis = plan(&checks).analysis;
    let mut counts = canary(500);
    let bad = per_mille(counts.units, 160, 90);
    label(&mut counts, bad);
    let plain = only(counts);
    let mut begun = Evidence::default();
    begun.begin_window(hours(0), &analysis);
    let windowed = Evidence { starts: begun.starts, ..plain.clone() };
    let log_e = |evidence: &Evidence| {
        report(&look(&checks, evidence), "correct").fail_log_e.expect("labels have come")
    };
    let cost = log_e(&plain) - log_e(&windowed);
    assert!((0.0..=2.0_f64.ln()).contains(&cost), "{cost}");
    let mut renewed = windowed.clone();
    renewed.begin_window(hours(1), &analysis);
    assert!(log_e(&renewed) < log_e(&windowed) + 1e-9, "nothing has come since");
    assert!(log_e(&renewed) > log_e(&windowed) - 1e-2);
}

/// A fault since the window began, all of it in this stratum, as many units on each arm.
fn begun_in(plan: &Plan, of: GateStratum) -> f64 {
    let only = |units, errors| {
        let counts = GateCounts { errors, ..gate(units, QUICK) };
        Evidence { gates: [(of, counts)].into(), ..Evidence::default() }
    };
    let before = arms(SOUND, SOUND);
    let sound = per_mille(before, 5, 5);
    let since = per_mille(arms(FAULTY, FAULTY), 10, 5);
    let starts = begun(plan, &only(before, sound));
    let now = only(arms(SOUND + FAULTY, SOUND + FAULTY), sound + since);
    let evidence = Evidence { starts, ..now };
    let verdict = Judge::new(plan).unwrap().gate(&evidence, of.gate);
    report(&verdict, "errorRate").fail_log_e.unwrap()
}

#[test]
fn what_came_since_a_start_has_the_chance_that_its_history_left() {
    // After a gate at 5 %, one at 52.5 % has taken half of those that were left.
    let checks = [errors(0.005)];
    let mut twice = plan(&checks);
    (twice.gates[0].share, twice.gates[1].share) = (share(500), share(5_250));
    let seen: GateStratum = "1:500".parse().unwrap();
    let mut once = plan(&checks);
    once.gates[0].share = share(5_000);
    let (left, plain) = (begun_in(&twice, seen), begun_in(&once, CANARY.unseen()));
    assert!((left - plain).abs() < 1e-9, "{left} {plain}");
    let new = begun_in(&twice, GateIndex(1).unseen());
    assert!((left - new).abs() > 0.1, "the gate's own share is another chance: {left} {new}");
}
