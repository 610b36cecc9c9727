//! Steps count the users, their windows and their errors as the gateway's ledger does.

use super::besides::units;
use super::*;
use crate::rng::Rng;
use crate::simulate::run::{Run, Under};
use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::{Evidence, GateIndex, Labels, Outcome as Answered};
use seatrial_domain::ledger::{Answer, Arrival, Ledger, Unit};
use seatrial_domain::rollout::Mirror;
use seatrial_domain::split::{Domain, Salt};
use seatrial_domain::{Epoch, Share};

const LINES: &str = "  routing: {key: [header:x-user]}\n  \
    analysis: {unitWindow: 20s, minUnits: 1}\n  canary: {share: 20, minDuration: 60s}\n  \
    ramp: [{share: 60, minDuration: 60s}]\n";
const USERS: u64 = 3_000;
const ERRORS: f64 = 0.05;
/// Seconds of each gate, and of what comes after: less than a window.
const SECONDS: u64 = 60;
const AFTER: u64 = 10;

fn gates() -> [(GateIndex, Share); 2] {
    [(GateIndex(0), Share::new(2_000).unwrap()), (GateIndex(1), Share::new(6_000).unwrap())]
}

fn by_ledger(seed: u64) -> Evidence {
    let (mut rng, edges) = (Rng::new(seed), Edges::default());
    let mut ledger = Ledger::new(usize::MAX, edges.buckets());
    let salt = Salt(rng.bits());
    let window = Duration::from_secs(20);
    let mut second = 0;
    for (gate, share) in gates() {
        for _ in 0..SECONDS {
            let requests = crate::distribution::poisson(&mut rng, 100.0);
            let mut instants: Vec<f64> = (0..requests).map(|_| rng.unit()).collect();
            instants.sort_unstable_by(f64::total_cmp);
            for instant in instants {
                let key = (rng.bits() % USERS).to_le_bytes();
                let arm = salt.choose(share, &key);
                let unit = Unit::Keyed(salt.hash(Domain::Units, &key));
                let at = Duration::from_secs(second) + Duration::from_secs_f64(instant);
                let arrival = Arrival { gate, share, arm, unit, window, at };
                if let Some(ticket) = ledger.route(arrival, &Labels::new()) {
                    let bad = rng.chance(ERRORS);
                    let good = Answered::good(&edges, 1_000);
                    let answer = if bad { Answered::bad(&edges) } else { good };
                    ledger.answer(ticket, &Labels::new(), Answer::Counts(answer));
                }
            }
            second += 1;
        }
    }
    ledger.close(Duration::from_secs(second + AFTER));
    Evidence { gates: ledger.strata(), ..Evidence::default() }
}

fn by_steps(simulation: &Simulation, index: u64, step: u64) -> Evidence {
    let mut run = Run::new(simulation, index, Detail::Outcome);
    for (gate, share) in gates() {
        run.open.leave(run.now);
        run.under = Under { epoch: Epoch(1), share, gate: Some(gate), mirror: Mirror::Off };
        for _ in 0..SECONDS / step {
            let from = run.now;
            run.now += step;
            run.come(gate, from);
            run.close();
        }
    }
    run.open.leave(run.now);
    run.now += AFTER;
    run.close();
    run.into_evidence()
}

#[test]
fn steps_count_users_and_windows_as_the_gateways_ledger_does() {
    let errs = Answers { error_rate: ERRORS, ..answers() };
    let crowd = Load { rate: 100.0, users: Some(USERS), incumbent: errs.clone(), ..load(errs) };
    let simulation = simulation(plan(LINES), crowd, Mode::Aggregated);
    let runs = 150;
    let all = |of: &dyn Fn(u64) -> Evidence| {
        let mut sums = [0.0; 10];
        let mut squares = [0.0; 10];
        for index in 0..runs {
            let evidence = of(index);
            let found = [0, 1].map(|gate| units(&evidence, gate));
            let values = found.map(|(closed, open, bad)| {
                [closed.candidate, closed.incumbent, open.candidate, open.incumbent, bad]
            });
            for (at, value) in values.concat().into_iter().enumerate() {
                sums[at] += value as f64;
                squares[at] += (value as f64).powi(2);
            }
        }
        (sums, squares)
    };
    let (ledger, squares) = all(&by_ledger);
    for step in [1, 15] {
        let (steps, _) = all(&|index| by_steps(&simulation, index, step));
        for ((ledger, steps), squares) in ledger.iter().zip(steps).zip(squares) {
            let variance = squares / 150.0 - (ledger / 150.0).powi(2);
            // Four and a half standard errors of the difference of two sums.
            let error = 4.5 * (2.0 * 150.0 * variance.max(0.0)).sqrt() + 1e-9;
            assert!((ledger - steps).abs() <= error, "{step}: {ledger} {steps} {error}");
        }
    }
}
