//! Units of which all labels count are counted as users are who are played one by one.

use super::super::load::Values;
use super::*;
use crate::rng::Rng;
use crate::simulate::run::{Run, Under};
use crate::simulate::values::Frozen;
use seatrial_analysis::{Cells, kpi};
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::rollout::Mirror;
use seatrial_domain::{Epoch, Share};

const LINES: &str = "  routing: {key: [header:x-user]}\n  \
    analysis: {unitWindow: 20s, minUnits: 1}\n  checks:\n    \
    - {name: any, kind: feedback, metric: bought, margin: {absolute: 0.05}, lateBy: 3s, perUnit: any}\n    \
    - {name: mean, kind: kpi, metric: spent, margin: {ratio: 0.8}, lateBy: 5s, perUnit: mean}\n  \
    canary: {share: 20, minDuration: 60s}\n  ramp: []\n";
const USERS: u32 = 3_000;
const RATE: f64 = 200.0;
const LABELLED: f64 = 0.6;
const BOUGHT: f64 = 0.25;
/// Seconds of the gate, after which it is left.
const SECONDS: u32 = 60;
const WINDOW: f64 = 20.0;

fn spent() -> Law {
    Law::LogNormal { median: 10.0, sigma: 0.8 }
}

fn simulated() -> Simulation {
    let same = Answers { wanted: BOUGHT, ..answers() };
    let values = worth();
    let crowd = Load {
        rate: RATE,
        users: Some(u64::from(USERS)),
        labelled: LABELLED,
        incumbent: same.clone(),
        values,
        ..load(same)
    };
    simulation(plan(LINES), crowd, Mode::Aggregated)
}

/// Labels, and the values' numbers, sums and squares, by arm.
fn measures(labels: &Cells, values: &kpi::Counts) -> [f64; 10] {
    let of = |it: &kpi::Values| [it.units() as f64, it.sum as f64, it.squares as f64];
    let [a, b, c] = of(&values.candidate);
    let [d, e, f] = of(&values.incumbent);
    let cells =
        [labels.candidate_bad, labels.candidate_good, labels.incumbent_bad, labels.incumbent_good];
    let [g, h, i, j] = cells.map(|count| count as f64);
    [a, b, c, d, e, f, g, h, i, j]
}

fn by_users(simulation: &Simulation, seed: u64) -> [f64; 10] {
    let mut rng = Rng::new(seed);
    let spent_of = simulation.metrics.iter().find(|metric| metric.name == "spent").unwrap();
    let reference = spent_of.reference(0).unwrap();
    let (mut labels, mut values) = (Cells::default(), kpi::Counts::default());
    for _ in 0..USERS {
        let gap = |rng: &mut Rng| rng.exponential(f64::from(USERS) / RATE);
        let first = gap(&mut rng);
        if first >= f64::from(SECONDS) {
            continue;
        }
        let candidate = rng.chance(0.2);
        let (mut at, mut bought, mut numbers) = (first, Vec::new(), Vec::new());
        while at < f64::from(SECONDS).min(first + WINDOW) {
            if rng.chance(LABELLED) {
                bought.push(rng.chance(BOUGHT));
            }
            if rng.chance(LABELLED) {
                numbers.push(spent().sample(&mut rng));
            }
            at += gap(&mut rng);
        }
        if !bought.is_empty() {
            let cell = match (candidate, bought.contains(&true)) {
                (true, true) => &mut labels.candidate_good,
                (true, false) => &mut labels.candidate_bad,
                (false, true) => &mut labels.incumbent_good,
                (false, false) => &mut labels.incumbent_bad,
            };
            *cell += 1;
        }
        if !numbers.is_empty() {
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            let arm = if candidate { &mut values.candidate } else { &mut values.incumbent };
            arm.record(reference, mean).unwrap();
        }
    }
    measures(&labels, &values)
}

fn by_steps(simulation: &Simulation, index: u64, step: u64) -> [f64; 10] {
    let mut run = Run::new(simulation, index, Detail::Outcome);
    run.reference = 0;
    run.frozen = vec![Frozen::Yes; simulation.metrics.len()];
    (0..run.frozen.len()).for_each(|metric| run.refer_to(metric));
    let (gate, share) = (GateIndex(0), Share::new(2_000).unwrap());
    run.under = Under { epoch: Epoch(1), share, gate: Some(gate), mirror: Mirror::Off };
    while run.now < u64::from(SECONDS) {
        let from = run.now;
        run.now += step;
        run.come(gate, from);
        run.mature();
    }
    run.waiting.leave(run.now);
    // The window, five seconds for late values, and the deadline of an answer.
    run.now += 20 + 5 + 1;
    run.mature();
    assert_eq!(run.waiting.next(), None);
    let evidence = run.into_evidence();
    let counts = &evidence.gates[&gate.unseen()];
    // They count once: for fails when they do for passes.
    assert_eq!(counts.feedback["bought"], counts.matured["bought"].labels);
    assert_eq!(counts.values["spent"], counts.matured_values["spent"].values);
    measures(&counts.feedback["bought"], &counts.values["spent"])
}

#[test]
fn steps_count_any_and_mean_as_users_do_who_are_played_one_by_one() {
    let simulation = simulated();
    let runs = 150;
    let all = |of: &dyn Fn(u64) -> [f64; 10]| {
        let (mut sums, mut squares) = ([0.0; 10], [0.0; 10]);
        for index in 0..runs {
            for (at, value) in of(index).into_iter().enumerate() {
                sums[at] += value;
                squares[at] += value * value;
            }
        }
        (sums, squares)
    };
    let (users, squares) = all(&|seed| by_users(&simulation, seed));
    for step in [1, 15] {
        let (steps, _) = all(&|index| by_steps(&simulation, index, step));
        for (at, ((users, steps), squares)) in users.iter().zip(steps).zip(squares).enumerate() {
            let variance = squares / runs as f64 - (users / runs as f64).powi(2);
            // Four and a half standard errors of the difference of two sums.
            let error = 4.5 * (2.0 * runs as f64 * variance.max(0.0)).sqrt();
            assert!((users - steps).abs() <= error, "{step} {at}: {users} {steps} {error}");
        }
    }
}

#[test]
fn a_unit_waits_for_its_window_and_the_latest_label_before_it_counts() {
    let simulation = simulated();
    let awaited = |name: &str| {
        let metric = simulation.metrics.iter().find(|metric| metric.name == name).unwrap();
        metric.awaited(GateIndex(0))
    };
    // Twenty seconds of window, the label's own time, and a second for the answer.
    assert_eq!((awaited("bought"), awaited("spent")), (Some(24), Some(26)));
}

/// A candidate that is worse in what counts is rolled back; of the same labels a unit has any more often
/// than one request has one.
#[test]
fn a_candidate_whose_users_buy_less_is_rolled_back_and_a_copy_is_promoted() {
    let lines =
        LINES.replace("minDuration: 60s", "minDuration: 10m").replace("share: 20", "share: 50");
    let of = |wanted: f64| {
        let crowd = Load {
            users: Some(200_000),
            values: worth(),
            incumbent: Answers { wanted: BOUGHT, ..answers() },
            ..load(Answers { wanted, ..answers() })
        };
        let simulation = simulation(plan(&lines), crowd, Mode::Aggregated);
        runs(&simulation, 8).into_iter().map(|run| run.outcome).collect::<Vec<_>>()
    };
    let worse = of(0.15);
    assert!(worse.iter().all(|outcome| *outcome == rolled_back_by("any")), "{worse:?}");
    let same = of(BOUGHT);
    let completed = same.iter().filter(|outcome| **outcome == Outcome::Completed).count();
    assert!(completed >= 6, "{same:?}");
}

fn worth() -> Vec<Values> {
    let (incumbent, candidate) = (spent(), spent());
    vec![Values { metric: "spent".to_owned(), incumbent, candidate }]
}
