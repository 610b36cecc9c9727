//! Whole simulated rollouts.

mod besides;
mod closing;
mod equality;
mod extremes;
mod judged;
mod ledger;
mod returning;

use super::ended::{Cause, Ended, Outcome};
use super::load::{Answers, Incident, Load, Rhythm};
use super::summary::Truth;
use super::{Detail, Mode, Setup, Simulation};
use crate::distribution::Law;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::rollout::StageName;
use seatrial_domain::{Timestamp, policy};
use std::time::Duration;

/// The standard policy, with these lines besides.
pub(super) fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let text = format!("{head}\n  endpoint: e\n{lines}");
    let policy = policy::parse(&text).unwrap_or_else(|fault| panic!("{fault}"));
    policy.plan(Kind::Promote, policy.endpoint()).unwrap()
}

pub(super) fn answers() -> Answers {
    let latency = Law::LogNormal { median: 12_000.0, sigma: 0.5 };
    Answers { error_rate: 0.005, latency, wanted: 0.9 }
}

pub(super) fn load(candidate: Answers) -> Load {
    Load {
        rate: 500.0,
        rhythm: Rhythm::Constant,
        users: None,
        incumbent: answers(),
        candidate,
        disagreement: 0.05,
        labelled: 1.0,
        incidents: Vec::new(),
        values: Vec::new(),
        classes: Vec::new(),
        slices: Vec::new(),
    }
}

pub(super) fn setup(plan: Plan, load: Load, mode: Mode) -> Setup {
    let (deadline, span) = (Duration::from_secs(1), Duration::from_secs(7 * 86_400));
    let start = Timestamp::from_micros(0);
    Setup { plan, load, deadline, start, span, seed: 1, mode }
}

fn simulation(plan: Plan, load: Load, mode: Mode) -> Simulation {
    Simulation::new(setup(plan, load, mode)).unwrap()
}

fn runs(simulation: &Simulation, runs: u64) -> Vec<Ended> {
    (0..runs).map(|index| simulation.run(index, Detail::Outcome).unwrap()).collect()
}

fn rolled_back_by(check: &str) -> Outcome {
    Outcome::RolledBack(Cause::Check(check.to_owned()))
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[test]
fn a_copy_of_the_incumbent_is_promoted_in_the_least_time() {
    let simulation = simulation(plan(""), load(answers()), Mode::Aggregated);
    assert_eq!(simulation.truth(), Truth::Harmless);
    for ended in runs(&simulation, 20) {
        assert_eq!(ended.outcome, Outcome::Completed, "{ended:?}");
        // 30 + 30 + 15 + 15 + 30 minutes, 72 hours, and the seconds that a world takes.
        let least = 60 * 120 + 72 * 3_600;
        assert!((least..least + 30).contains(&ended.seconds), "{ended:?}");
    }
}

#[test]
fn a_candidate_that_fails_twice_as_often_is_rolled_back_by_that_check() {
    let twice = Answers { error_rate: 0.01, ..answers() };
    let simulation = simulation(plan(""), load(twice), Mode::Aggregated);
    assert_eq!(simulation.truth(), Truth::Worse);
    for ended in runs(&simulation, 20) {
        assert_eq!(ended.outcome, rolled_back_by("errorRate"), "{ended:?}");
        // About half of the errors it made are in excess.
        let expected = ended.exposure.requests / 200;
        assert!(ended.exposure.harmed.abs_diff(expected) < 30 + expected, "{ended:?}");
        assert_eq!(ended.exposure.units, ended.exposure.requests);
    }
}

#[test]
fn a_run_is_a_function_of_its_seed_and_number_and_its_looks_change_nothing() {
    let simulation = simulation(plan(""), load(answers()), Mode::Aggregated);
    let plain = simulation.run(3, Detail::Outcome).unwrap();
    let looked = simulation.run(3, Detail::Looks).unwrap();
    assert!(looked.trail.len() > 100 && plain.trail.is_empty());
    assert_eq!(Ended { trail: Vec::new(), ..looked }, plain);
    assert_ne!(simulation.run(4, Detail::Outcome).unwrap(), plain);
}

/// At a tenth of a request a second no gate sees the 857 candidate units it needs in its 24 hours.
#[test]
fn a_trickle_is_paused_at_the_deadline() {
    let trickle = Load { rate: 0.1, ..load(answers()) };
    let simulation = simulation(plan("  shadow: {minRequests: 10}\n"), trickle, Mode::Aggregated);
    for ended in runs(&simulation, 5) {
        assert_eq!(ended.outcome, Outcome::Paused(Cause::Deadline), "{ended:?}");
        assert!(ended.seconds >= 24 * 3_600, "{ended:?}");
    }
}

#[test]
fn a_rollout_that_outlasts_the_span_is_running() {
    let mut setup = setup(plan(""), load(answers()), Mode::Aggregated);
    setup.span = minutes(100);
    let simulation = Simulation::new(setup).unwrap();
    let ended = simulation.run(0, Detail::Outcome).unwrap();
    assert_eq!((ended.outcome, ended.seconds), (Outcome::Running(StageName::Ramp), 6_000));
}

#[test]
fn a_candidate_that_fails_at_once_trips_a_guardrail_before_any_look_could_tell() {
    let broken = Answers { error_rate: 1.0, ..answers() };
    let rare = plan("  analysis: {look: {every: 60s}}\n");
    let simulation = simulation(rare, load(broken), Mode::Aggregated);
    for ended in runs(&simulation, 10) {
        let Outcome::RolledBack(Cause::Guardrail(rail)) = &ended.outcome else {
            panic!("{ended:?}")
        };
        assert_eq!(rail, "consecutiveErrors");
        // Twenty in a row, and the others of the second in which they came are not answered by it.
        assert_eq!((ended.exposure.requests, ended.exposure.units), (20, 20));
    }
}

/// Nobody but the guardrails sees an incident after cutover: without a control they roll back.
#[test]
fn an_incident_while_stabilizing_trips_a_guardrail_and_in_the_canary_it_is_nobodys_fault() {
    let incident = |from: u64, error_rate: f64| Load {
        incidents: vec![Incident { from: minutes(from), lasts: minutes(10), error_rate }],
        ..load(answers())
    };
    let late = simulation(plan(""), incident(300, 0.9), Mode::Aggregated);
    for ended in runs(&late, 3) {
        assert!(matches!(&ended.outcome, Outcome::RolledBack(Cause::Guardrail(_))), "{ended:?}");
        assert!(ended.seconds.abs_diff(300 * 60) < 15, "{ended:?}");
    }
    let early = simulation(plan(""), incident(40, 0.3), Mode::Aggregated);
    for ended in runs(&early, 10) {
        assert_eq!(ended.outcome, Outcome::Completed, "{ended:?}");
    }
    let both = simulation(plan(""), incident(40, 0.9), Mode::Aggregated);
    for ended in runs(&both, 3) {
        assert!(matches!(&ended.outcome, Outcome::Paused(Cause::Guardrail(_))), "{ended:?}");
    }
}

#[test]
fn people_who_are_asked_say_yes_and_a_freeze_is_waited_for() {
    let asked = plan("  canary: {gate: approval}\n  decommission: {requireApproval: true}\n");
    let asking = simulation(asked, load(answers()), Mode::Aggregated);
    assert_eq!(asking.run(0, Detail::Outcome).unwrap().outcome, Outcome::Completed);
    // The start is a Thursday's midnight: nothing is raised before nine hours are over.
    let frozen = "  windows:\n    - {kind: deny, schedule: \"0 0 * * 4\", duration: 9h, \
        timeZone: UTC, blocks: [advance]}\n";
    let frozen = simulation(plan(frozen), load(answers()), Mode::Aggregated);
    let ended = frozen.run(0, Detail::Outcome).unwrap();
    let canary = ended.stages.iter().find(|visit| visit.stage == "canary").unwrap();
    assert!(canary.at.abs_diff(9 * 3_600) <= 2, "{ended:?}");
    assert_eq!(ended.outcome, Outcome::Completed);
}

/// The start is a Thursday's midnight in a freeze of nine hours: it is passed over in one step, and told.
#[test]
fn a_frozen_start_is_waited_for_in_the_queue_and_the_stages_add_up_to_the_time_told() {
    let frozen = |hours: u64| {
        let lines = format!(
            "  windows:\n    - {{kind: deny, schedule: \"0 0 * * 4\", duration: {hours}h, \
             timeZone: UTC, blocks: [start]}}\n"
        );
        simulation(plan(&lines), load(answers()), Mode::Aggregated)
    };
    let nine = frozen(9);
    let ended = nine.run(0, Detail::Outcome).unwrap();
    let [queued, staging, ..] = ended.stages.as_slice() else { panic!("{ended:?}") };
    assert_eq!((queued.stage.as_str(), queued.at, queued.frozen), ("queued", 0, 9 * 3_600));
    assert_eq!((staging.stage.as_str(), staging.at), ("staging", 9 * 3_600));
    assert_eq!(
        (&ended.outcome, ended.stages.last().unwrap().at),
        (&Outcome::Completed, ended.seconds)
    );
    let summary = super::summary::Summary::of(std::slice::from_ref(&ended), nine.truth()).unwrap();
    let stays = summary.stages.iter().filter_map(|stay| stay.seconds);
    let told: f64 = stays.map(|it| it.median).sum();
    assert!((told - ended.seconds as f64).abs() < 1e-9, "{summary:?}");
    let mut run = super::run::Run::new(&nine, 0, Detail::Outcome);
    assert_eq!(run.until(), 9 * 3_600);
    run.now = 9 * 3_600;
    assert_eq!(run.until(), 9 * 3_600 + 1);
    // Without an end in sight it is queued for all of the span, which is passed over at once.
    let endless = frozen(400 * 24);
    assert_eq!(super::run::Run::new(&endless, 0, Detail::Outcome).until(), endless.horizon());
    let ended = endless.run(0, Detail::Outcome).unwrap();
    assert_eq!((&ended.outcome, ended.stages.len()), (&Outcome::Running(StageName::Queued), 1));
    let free = simulation(plan(""), load(answers()), Mode::Aggregated);
    assert_eq!(free.run(0, Detail::Outcome).unwrap().stages[0].stage, "staging");
}

#[test]
fn labels_that_come_late_delay_the_pass_and_bad_ones_roll_back() {
    let check = "  checks: [{name: correct, kind: feedback, metric: correct, \
        margin: {absolute: 0.02}, lateBy: 20m}]\n  canary: {minDuration: 21m}\n  \
        ramp: [{share: 50, minDuration: 21m}]\n";
    let good = simulation(plan(check), load(answers()), Mode::Aggregated);
    // Alpha is all this check's: of 100 copies more than 12 with probability 0.0003.
    let ended = runs(&good, 100);
    let (completed, others): (Vec<_>, Vec<_>) =
        ended.iter().partition(|run| run.outcome == Outcome::Completed);
    assert!(others.iter().all(|run| run.outcome == rolled_back_by("correct")), "{others:?}");
    assert!(others.len() <= 12, "{}", others.len());
    // Two gates, each with labels that are waited for, and 30 minutes of shadow.
    assert!(completed.iter().all(|run| run.stages[3].stage == "canary"));
    assert!(completed.iter().all(|run| run.stages[4].at - run.stages[3].at >= 21 * 60));
    let wrong = Answers { wanted: 0.8, ..answers() };
    let bad = simulation(plan(check), load(wrong), Mode::Aggregated);
    for ended in runs(&bad, 5) {
        assert_eq!(ended.outcome, rolled_back_by("correct"), "{ended:?}");
    }
}

#[test]
fn returning_users_are_counted_once_at_a_gate_and_suffice_for_all_of_them() {
    let users = Load { users: Some(200_000), ..load(answers()) };
    let keyless = simulation(plan(""), users.clone(), Mode::Aggregated);
    assert!(keyless.run(0, Detail::Outcome).unwrap().exposure.units > 500_000);
    let keyed = plan("  routing: {key: [header:x-user-id]}\n");
    let simulation = simulation(keyed, users, Mode::Aggregated);
    for ended in runs(&simulation, 5) {
        assert_eq!(ended.outcome, Outcome::Completed, "{ended:?}");
        // Half of them at most are on the candidate at the last gate.
        assert!((50_000..101_500).contains(&ended.exposure.units), "{ended:?}");
    }
}

#[test]
fn assumptions_out_of_range_are_refused_by_name() {
    let refused = |load: Load| {
        let error = Simulation::new(setup(plan(""), load, Mode::Aggregated)).unwrap_err();
        error.to_string()
    };
    let ok = || load(answers());
    let bad = |error_rate: f64| Answers { error_rate, ..answers() };
    let of = |from: u64| Incident { from: minutes(from), lasts: minutes(1), error_rate: 0.5 };
    for (load, why) in [
        (Load { rate: 0.0, ..ok() }, "the rate of requests must be above 0"),
        (Load { rate: f64::NAN, ..ok() }, "the rate of requests"),
        (Load { users: Some(0), ..ok() }, "the number of users must be from 1"),
        (Load { candidate: bad(1.5), ..ok() }, "the candidate's error rate must be from 0 to 1"),
        (Load { labelled: -0.1, ..ok() }, "the part of units with a label"),
        (Load { rhythm: Rhythm::Diurnal(1.0), ..ok() }, "the swing over a day"),
        (Load { incidents: (0..17).map(of).collect(), ..ok() }, "the number of incidents"),
    ] {
        let fault = refused(load);
        assert!(fault.contains(why), "{fault}");
    }
    let mut endless = setup(plan(""), ok(), Mode::Aggregated);
    endless.span = Duration::from_secs(91 * 86_400);
    assert!(Simulation::new(endless).is_err());
}

/// Five in a hundred answers miss the deadline of a second on the candidate, and none on the incumbent;
/// within the limit both are alike.
#[test]
fn a_candidate_that_is_worse_at_the_deadline_alone_is_not_harmless() {
    let two = |later: f64| {
        let first = Law::LogNormal { median: 12_000.0, sigma: 0.3 };
        let second = Law::LogNormal { median: later, sigma: 0.02 };
        Answers { latency: Law::Mixture(vec![(0.95, first), (0.05, second)]), ..answers() }
    };
    let truth = |candidate: Answers| {
        let load = Load { incumbent: two(300_000.0), ..load(candidate) };
        simulation(plan(""), load, Mode::Aggregated).truth()
    };
    assert_eq!(truth(two(2_000_000.0)), Truth::Worse);
    assert_eq!(truth(two(300_000.0)), Truth::Harmless);
}

/// The standard policy's limit is a quarter; what it finds beyond is no mistake of the statistics.
#[test]
fn a_candidate_that_disagrees_beyond_the_strictest_limit_is_not_harmless() {
    let truth = |lines: &str, disagreement: f64| {
        simulation(plan(lines), Load { disagreement, ..load(answers()) }, Mode::Aggregated).truth()
    };
    assert_eq!(truth("", 0.25), Truth::Harmless);
    assert_eq!(truth("", 0.26), Truth::Worse);
    let strict = "  shadow: {slices: [{key: \"header:client\", maxDisagreement: 0.1}]}\n";
    assert_eq!((truth(strict, 0.1), truth(strict, 0.11)), (Truth::Harmless, Truth::Worse));
}

#[test]
fn a_false_fail_counts_as_one_where_the_plan_pauses() {
    let paused = plan("  analysis: {onFail: pause}\n");
    let twice = Answers { error_rate: 0.01, ..answers() };
    let simulation = simulation(paused, load(twice), Mode::Aggregated);
    let ended = runs(&simulation, 5);
    let cause = Cause::Check("errorRate".to_owned());
    assert!(ended.iter().all(|run| run.outcome == Outcome::Paused(cause.clone())), "{ended:?}");
    let summary = super::summary::Summary::of(&ended, simulation.truth()).unwrap();
    assert_eq!(summary.rolled_back_by_statistics.runs, 5);
}

/// Whoever has been counted comes again: the candidate answers its share of all requests, no more.
#[test]
fn users_who_return_make_as_many_requests_as_are_expected() {
    let lines = "  routing: {key: [header:x-user]}\n  analysis: {minUnits: 1}\n";
    let mut setup =
        setup(plan(lines), Load { users: Some(1_000_000), ..load(answers()) }, Mode::Aggregated);
    // Half an hour of shadow, and twenty minutes of the canary.
    setup.span = minutes(50);
    let simulation = Simulation::new(setup).unwrap();
    let on_its_way = |run: &Ended| matches!(run.outcome, Outcome::Running(_));
    let ended: Vec<_> = runs(&simulation, 20).into_iter().filter(on_its_way).collect();
    assert!(ended.len() >= 15, "{ended:?}");
    let count = ended.len() as f64;
    let sum = |of: fn(&Ended) -> u64| ended.iter().map(of).sum::<u64>() as f64 / count;
    let expected = 0.05 * 500.0 * 20.0 * 60.0;
    let requests = sum(|run| run.exposure.requests);
    // Of a mean of 20 counts of 30,000 the standard deviation is 39, and a second is 25.
    assert!((requests - expected).abs() < 200.0, "{requests} {expected}");
    let units = sum(|run| run.exposure.units);
    assert!(units < requests && units > 0.7 * requests, "{units} {requests}");
}
