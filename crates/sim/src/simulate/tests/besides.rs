//! Values, classes, slices, windows and the warm-up: what besides errors and latency decides.

use super::super::load::{Classes, Slice, Values};
use super::super::{Error, Needs};
use super::*;
use seatrial_analysis::late;
use seatrial_domain::evidence::{ArmCount, Evidence, GateIndex};

const KPI: &str = "  checks:\n    \
    - {name: revenue, kind: kpi, metric: revenue, better: higher, margin: {ratio: 0.9}}\n  \
    canary: {share: 10, minDuration: 10m}\n  ramp: [{share: 50, minDuration: 10m}]\n";

const SLICED: &str = "  analysis: {slices: [{key: \"header:client\", values: [mobile], \
    enforce: true}]}\n  canary: {share: 10, minDuration: 10m}\n  \
    ramp: [{share: 50, minDuration: 10m}]\n";

const DRIFT: &str = "  checks:\n    \
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.005}, weight: 0.5}\n    \
    - {name: answers, kind: drift, by: class, weight: 0.5}\n  \
    canary: {share: 10, minDuration: 10m}\n  ramp: [{share: 50, minDuration: 10m}]\n";

fn revenue(factor: f64) -> Vec<Values> {
    let incumbent = Law::LogNormal { median: 10.0, sigma: 0.8 };
    let candidate = incumbent.scaled(factor);
    vec![Values { metric: "revenue".to_owned(), incumbent, candidate }]
}

fn classes(new: f64) -> Vec<Classes> {
    let of = |cat: f64| vec![("cat".to_owned(), cat), ("dog".to_owned(), 1.0 - cat)];
    vec![Classes { check: "answers".to_owned(), incumbent: of(0.6), candidate: of(new) }]
}

fn mobile(part: f64, candidate: Answers) -> Vec<Slice> {
    let (column, value) = ("client".to_owned(), "mobile".to_owned());
    let (incumbent, worth, candidate_worth) = (answers(), 1.0, None);
    vec![Slice { column, value, part, incumbent, candidate, worth, candidate_worth }]
}

fn refused(lines: &str, load: Load) -> Error {
    Simulation::new(setup(plan(lines), load, Mode::Aggregated)).unwrap_err()
}

#[test]
fn values_that_are_worth_less_roll_back_and_those_that_are_not_are_promoted() {
    let worse = Load { values: revenue(0.8), ..load(answers()) };
    let worse = simulation(plan(KPI), worse, Mode::Aggregated);
    assert_eq!(worse.truth(), Truth::Worse);
    for ended in runs(&worse, 5) {
        assert_eq!(ended.outcome, rolled_back_by("revenue"), "{ended:?}");
    }
    let same = Load { values: revenue(1.0), ..load(answers()) };
    let same = simulation(plan(KPI), same, Mode::Aggregated);
    assert_eq!(same.truth(), Truth::Harmless);
    let completed = runs(&same, 20).iter().filter(|it| it.outcome == Outcome::Completed).count();
    // Alpha is all this check's: of 20 copies more than 5 are rolled back with probability 0.0003.
    assert!(completed >= 15, "{completed}");
}

#[test]
fn a_slice_that_fares_worse_rolls_back_though_all_others_are_as_before() {
    let bad = Answers { error_rate: 0.05, ..answers() };
    let worse = Load { slices: mobile(0.1, bad), ..load(answers()) };
    let simulated = simulation(plan(SLICED), worse, Mode::Aggregated);
    assert_eq!(simulated.truth(), Truth::Worse);
    let by_slice = rolled_back_by("errorRate[client=mobile]");
    let found = runs(&simulated, 10).iter().filter(|it| it.outcome == by_slice).count();
    assert!(found >= 7, "{found}");
    let same = Load { slices: mobile(0.1, answers()), ..load(answers()) };
    let simulated = simulation(plan(SLICED), same, Mode::Aggregated);
    assert_eq!(simulated.truth(), Truth::Harmless);
    let completed = |it: &&Ended| it.outcome == Outcome::Completed;
    let completed = runs(&simulated, 20).iter().filter(completed).count();
    assert!(completed >= 15, "{completed}");
}

#[test]
fn a_slices_units_are_part_of_all_and_nobody_else_is_in_it() {
    let same = Load { slices: mobile(0.25, answers()), ..load(answers()) };
    let evidence = simulation(plan(SLICED), same, Mode::Aggregated).evidence(0).unwrap();
    for (stratum, counts) in &evidence.gates {
        let values = &counts.slices.0["client"];
        let units = |value: &str| values[value].units();
        let (mobile, others) = (units("mobile"), units("(none)"));
        let mut sum = mobile;
        sum.merge(others);
        assert_eq!(sum, counts.units, "{stratum}");
        let part = mobile.total() as f64 / sum.total() as f64;
        assert!((part - 0.25).abs() < 0.01, "{part}");
    }
}

#[test]
fn answers_that_say_something_else_roll_back() {
    let other = Load { classes: classes(0.5), ..load(answers()) };
    let simulated = simulation(plan(DRIFT), other, Mode::Aggregated);
    for ended in runs(&simulated, 5) {
        assert_eq!(ended.outcome, rolled_back_by("answers"), "{ended:?}");
    }
    let same = Load { classes: classes(0.6), ..load(answers()) };
    let simulated = simulation(plan(DRIFT), same, Mode::Aggregated);
    let completed = |it: &&Ended| it.outcome == Outcome::Completed;
    let completed = runs(&simulated, 20).iter().filter(completed).count();
    assert!(completed >= 15, "{completed}");
}

#[test]
fn what_a_plan_asks_for_and_nobody_describes_is_refused() {
    let ok = || load(answers());
    let Error::NotPlayed { what, needs } = refused(KPI, ok()) else { panic!("{KPI}") };
    assert_eq!((what.as_str(), needs), ("check revenue of kind kpi", Needs::Values));
    let Error::NotPlayed { what, needs } = refused(SLICED, ok()) else { panic!("{SLICED}") };
    assert_eq!((what.as_str(), needs), ("the enforcing slice client", Needs::Slice));
    let beside = "  analysis: {dryRun: [revenue]}\n  checks:\n    \
        - {name: errorRate, kind: errors, margin: {ratio: 2.0}}";
    let dry = KPI.replace("  checks:", beside);
    assert!(Simulation::new(setup(plan(&dry), ok(), Mode::Aggregated)).is_ok());
}

#[test]
fn what_is_described_and_no_plan_asks_for_is_refused() {
    for (lines, load, what) in [
        ("", Load { values: revenue(1.0), ..load(answers()) }, "metric revenue"),
        ("", Load { classes: classes(0.6), ..load(answers()) }, "check answers of kind drift"),
        ("", Load { slices: mobile(0.1, answers()), ..load(answers()) }, "slice client"),
    ] {
        let told = refused(lines, load).to_string();
        assert!(told.contains(what), "{told}");
    }
    let tablet = Slice { value: "tablet".to_owned(), ..mobile(0.1, answers()).remove(0) };
    let slices = [mobile(0.1, answers()), vec![tablet]].concat();
    let told = refused(SLICED, Load { slices, ..load(answers()) }).to_string();
    assert!(told.contains("value tablet"), "{told}");
    let slices = mobile(1.2, answers());
    let told = refused(SLICED, Load { slices, ..load(answers()) }).to_string();
    assert!(told.contains("the parts of slices"), "{told}");
}

/// The driver begins a window before each look at live traffic that is due.
#[test]
fn windows_of_the_late_fault_test_begin_at_their_times() {
    let held = "  stability: {duration: 20h, holdback: 5}\n  \
        standby: {keep: {duration: 20h, versions: 3}}\n";
    let evidence = simulation(plan(held), load(answers()), Mode::Aggregated).evidence(0).unwrap();
    let starts: Vec<_> = evidence.starts.iter().map(|start| start.at).collect();
    let since = |at: &Timestamp| at.since(starts[0]);
    assert!(starts.len() > 12, "{starts:?}");
    for (window, at) in starts.iter().enumerate() {
        // In the very second: none of them comes late.
        assert_eq!(late::window_at(since(at)), window);
        let before = since(at).saturating_sub(Duration::from_secs(1));
        assert!(window == 0 || late::window_at(before) < window, "{window}");
    }
}

#[test]
fn nothing_counts_in_the_warm_up_and_the_candidate_answers_all_the_same() {
    let lines = "  analysis: {discard: 5m}\n  canary: {share: 10, minDuration: 10m}\n  \
        ramp: [{share: 50, minDuration: 10m}]\n";
    for mode in [Mode::Aggregated, Mode::Requests] {
        let mut setup = setup(plan(lines), Load { rate: 40.0, ..load(answers()) }, mode);
        // Half an hour of shadow, and four minutes of the canary.
        setup.span = minutes(34);
        let ended = Simulation::new(setup).unwrap().run(0, Detail::Outcome).unwrap();
        assert_eq!(ended.exposure.units, 0, "{mode:?} {ended:?}");
        let expected = 40 * 60 * 4 / 10;
        assert!(ended.exposure.requests.abs_diff(expected) < 200, "{mode:?} {ended:?}");
    }
}

/// All units of a gate that came, by arm, and those of them that are bad.
pub(super) fn units(evidence: &Evidence, gate: u8) -> (ArmCount, ArmCount, u64) {
    let (mut closed, mut open, mut bad) = (ArmCount::default(), ArmCount::default(), 0);
    for (_, counts) in evidence.of_gate(GateIndex(gate)) {
        closed.merge(counts.units);
        open.merge(counts.open);
        bad += counts.errors.candidate_bad + counts.errors.incumbent_bad;
    }
    (closed, open, bad)
}

#[test]
fn a_unit_counts_when_its_window_is_over_by_the_worst_of_its_requests() {
    // Of each user six more requests are expected in an hour.
    let lines = "  routing: {key: [header:x-user]}\n  analysis: {unitWindow: 1h, minUnits: 1}\n  \
        canary: {share: 50, minDuration: 2h}\n  ramp: []\n";
    let crowd = Load { rate: 500.0, users: Some(300_000), ..load(answers()) };
    let evidence = simulation(plan(lines), crowd, Mode::Aggregated).evidence(0).unwrap();
    let (closed, open, bad) = units(&evidence, 0);
    assert_eq!(open, ArmCount::default());
    let rate = bad as f64 / closed.total() as f64;
    // One minus the probability that seven requests are good, where so many come.
    let expected = 1.0 - 0.995 * (-6.0_f64 * 0.005).exp();
    assert!((rate - expected).abs() < 0.003, "{rate} {expected}");
}

const KPI_SLICED: &str = "  analysis: {slices: [{key: \"header:client\", values: [mobile], \
    enforce: true}]}\n  checks:\n    \
    - {name: revenue, kind: kpi, metric: revenue, better: higher, margin: {ratio: 0.9}}\n  \
    canary: {share: 20, minDuration: 10m}\n  ramp: [{share: 50, minDuration: 10m}]\n";

#[test]
fn values_that_are_worth_less_in_one_slice_alone_are_found_there() {
    let of = |slices: Vec<Slice>| {
        let load = Load { values: revenue(1.0), slices, ..load(answers()) };
        simulation(plan(KPI_SLICED), load, Mode::Aggregated)
    };
    let mut worse = mobile(0.1, answers());
    worse[0].candidate_worth = Some(0.6);
    let simulated = of(worse);
    assert_eq!(simulated.truth(), Truth::Worse);
    let by_slice = rolled_back_by("revenue[client=mobile]");
    let found = runs(&simulated, 5).iter().filter(|it| it.outcome == by_slice).count();
    assert!(found >= 4, "{found}");
    // Worth less on both versions: nobody's fault.
    let mut poor = mobile(0.1, answers());
    poor[0].worth = 0.5;
    let simulated = of(poor);
    assert_eq!(simulated.truth(), Truth::Harmless);
    let evidence = simulated.evidence(0).unwrap();
    let counts = evidence.gates.values().next().unwrap();
    let units = |values: &seatrial_analysis::kpi::Values| values.units() as f64;
    let slices = &counts.slices.0["client"];
    let mean = |value: &str| {
        let values = &slices[value].values["revenue"].incumbent;
        values.sum as f64 / units(values)
    };
    assert!(mean("mobile") < 0.8 * mean("(none)"), "{} {}", mean("mobile"), mean("(none)"));
    let of_all = units(&counts.values["revenue"].incumbent);
    let by_slice: f64 = slices.values().map(|it| units(&it.values["revenue"].incumbent)).sum();
    assert!((of_all - by_slice).abs() < 0.5, "{of_all} {by_slice}");
}
