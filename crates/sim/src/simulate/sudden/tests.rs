//! When the next run of bad answers ends, and from when on anybody looks.

use super::*;
use crate::distribution::Law;
use crate::rng::Rng;
use crate::simulate::load::{Answers, Incident, Load};
use crate::simulate::tests::{answers, load, plan, setup};
use crate::simulate::{Detail, Simulation};
use seatrial_domain::evidence::ArmCount;

/// Five failures in a row trip; five times as many answers fail from the hundredth second on.
fn simulation(users: Option<u64>) -> Simulation {
    let lines = "  guardrails: [{name: consecutiveErrors, limit: 5}]\n  \
                 routing: {key: [header:x-user]}\n";
    let (from, lasts) = (Duration::from_secs(100), Duration::from_secs(100));
    let incidents = vec![Incident { from, lasts, error_rate: 0.025 }];
    let load = Load { users, incidents, ..load(answers()) };
    let prepared = Simulation::new(setup(plan(lines), load, Mode::Aggregated)).unwrap();
    Simulation { rare: 1e3, ..prepared }
}

/// In the canary, with a run that ends then.
fn run(simulation: &Simulation, at: u64) -> Run<'_> {
    let mut run = Run::new(simulation, 0, Detail::Outcome);
    run.under.share = Share::new(500).unwrap();
    run.before_sudden(1);
    run.sudden.iter_mut().for_each(|sudden| sudden.at = Some(at));
    run
}

#[test]
fn a_run_is_drawn_anew_only_where_the_rate_or_the_share_changes_or_it_is_over() {
    let simulation = simulation(None);
    let after = |change: fn(&mut Run<'_>)| {
        let mut run = run(&simulation, 90);
        let before = run.sudden;
        change(&mut run);
        run.before_sudden(1_000);
        (before.unwrap(), run.sudden.unwrap())
    };
    let (before, kept) = after(|run| run.now = 90);
    assert_eq!(before, kept);
    let (before, over) = after(|run| run.now = 91);
    assert!(before.runs == over.runs && over.at != Some(90), "{over:?}");
    let (before, shared) = after(|run| run.under.share = Share::new(2_500).unwrap());
    assert!(before.runs == shared.runs && shared.at != Some(90), "{shared:?}");
    let (before, worse) = after(|run| {
        run.now = 100;
        run.sudden.iter_mut().for_each(|sudden| sudden.at = Some(300));
    });
    assert!(worse.runs.chance > 1_000.0 * before.runs.chance, "{worse:?}");
    assert_ne!(worse.at, Some(300));
}

/// The rail of runs remembers a second; whoever is blamed is asked for ten.
#[test]
fn requests_are_drawn_by_themselves_for_as_long_before_a_run_as_anybody_looks_back() {
    let simulation = simulation(None);
    let mut run = run(&simulation, 80);
    assert_eq!((simulation.memory, BadOf::WINDOW.as_secs()), (1, 10));
    assert_eq!((run.before_sudden(1_000), run.before_sudden(60)), (70, 60));
    let near = |run: &mut Run<'_>, now| {
        run.now = now;
        run.sudden_is_near()
    };
    assert_eq!(
        [0, 69, 70, 80, 81].map(|now| near(&mut run, now)),
        [false, false, true, true, false]
    );
    assert_eq!([79, 80, 81].map(|second| run.sudden_in(second)), [None, Some(5), None]);
}

/// Who has been seen is on an arm for good, of the others as many are expected as the share says.
#[test]
fn of_users_the_candidate_answers_as_much_as_is_expected() {
    let simulation = simulation(Some(100));
    let mut run = run(&simulation, 80);
    let share = run.under.share;
    let answers = |run: &Run<'_>| run.answers(share).between(0, 1);
    assert!((answers(&run) - 500.0 * 0.05).abs() < 1e-9, "{}", answers(&run));
    let came = run.crowd.as_mut().unwrap().step(&mut Rng::new(5), share, 100.0).came;
    let sum =
        |of: fn(ArmCount) -> u64| -> f64 { came.iter().map(|(.., units)| of(*units) as f64).sum() };
    let (candidate, all) = (sum(|it| it.candidate), sum(ArmCount::total));
    assert!(candidate > 0.0 && all < 100.0, "{came:?}");
    let expected = 500.0 * (candidate + 0.05 * (100.0 - all)) / 100.0;
    assert!((answers(&run) - expected).abs() < 1e-9, "{} {expected}", answers(&run));
}

/// Hardly anybody comes, and the incumbent does not fail: all five are answered worse than they would be.
#[test]
fn a_run_that_is_drawn_counts_as_answered_and_as_harmed_and_trips() {
    let latency = Law::Constant(1_000.0);
    let load = load(Answers { latency: latency.clone(), ..answers() });
    let incumbent = Answers { error_rate: 0.0, latency, ..answers() };
    let load = Load { rate: 1e-9, incumbent, ..load };
    let lines = "  guardrails: [{name: consecutiveErrors, limit: 5}]\n";
    let prepared = Simulation::new(setup(plan(lines), load, Mode::Aggregated)).unwrap();
    let mut run = Run::new(&prepared, 0, Detail::Outcome);
    run.under.share = Share::new(500).unwrap();
    let runs = Runs { limit: 5, chance: 1e-9 };
    run.sudden = Some(Sudden { runs, share: run.under.share, at: Some(0) });
    run.second();
    assert_eq!(run.trip.as_ref().map(|trip| trip.guardrail.as_str()), Some("consecutiveErrors"));
    assert_eq!((run.exposure.requests, run.exposure.harmed, run.exposure.units), (5, 5, 0));
}
