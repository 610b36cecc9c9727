//! How long a look of all checks of a policy takes, and 1,000 simulated rollouts of seven days at 500
//! requests a second: `cargo bench -p seatrial-sim --bench judgement [RUNS THREADS]`. Prints medians
//! with their spread.

#![expect(clippy::print_stdout, reason = "a benchmark is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::indexing_slicing, reason = "of what was just measured")]

use seatrial_domain::Timestamp;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::policy;
use seatrial_sim::distribution::Law;
use seatrial_sim::simulate::ended::Ended;
use seatrial_sim::simulate::load::{Answers, Load, Rhythm};
use seatrial_sim::simulate::{Mode, Setup, Simulation};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const DAYS: u64 = 7;
/// How often each is measured.
const ROUNDS: usize = 3;

/// The demo's checks, and what else is measured beside the standard policy.
const POLICIES: [(&str, &str); 4] = [
    ("standard", ""),
    (
        "standard, holdback for 7 days",
        "  stability: {duration: 165h, holdback: 5}\n  standby: {keep: {duration: 165h, versions: 3}}\n",
    ),
    (
        "errors, latency limit, labels (as the demo)",
        "  checks:\n    \
         - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
         - {name: latencyP99, kind: latency, quantile: 0.99, limit: 25ms, weight: 0.2}\n    \
         - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.5}\n",
    ),
    (
        "errors, latency ratio, labels",
        "  checks:\n    \
         - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
         - {name: latencyP99, kind: latency, quantile: 0.99, margin: {ratio: 1.2}, weight: 0.2}\n    \
         - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.5}\n",
    ),
];

fn main() {
    // Cargo adds a flag of its own.
    let mut given = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (runs, threads) = (given.next().unwrap_or(1_000), given.next().unwrap_or(2));
    for (name, lines) in POLICIES {
        look(name, &plan(lines));
    }
    for (name, lines) in POLICIES {
        rollouts(name, &plan(lines), (runs, threads));
    }
}

fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = policy::parse(&format!("{head}\n  endpoint: e\n{lines}")).expect("a valid policy");
    policy.plan(Kind::Promote, policy.endpoint()).expect("a valid plan")
}

fn simulation(plan: &Plan) -> Simulation {
    let latency = Law::LogNormal { median: 3_000.0, sigma: 0.5 };
    let answers = Answers { error_rate: 0.005, latency, wanted: 0.9 };
    let load = Load {
        rate: 500.0,
        rhythm: Rhythm::Constant,
        users: None,
        incumbent: answers.clone(),
        candidate: answers,
        disagreement: 0.05,
        labelled: 1.0,
        incidents: Vec::new(),
    };
    let setup = Setup {
        plan: plan.clone(),
        load,
        deadline: Duration::from_secs(1),
        start: Timestamp::from_micros(0),
        span: Duration::from_secs(DAYS * 86_400),
        seed: 1,
        mode: Mode::Aggregated,
    };
    Simulation::new(setup).expect("a valid simulation")
}

/// One look at the evidence of every gate of a whole rollout, at each gate.
fn look(name: &str, plan: &Plan) {
    let evidence: Evidence = simulation(plan).evidence(0).expect("a rollout");
    let judge = Judge::new(plan).expect("a valid plan");
    let gates: Vec<_> = evidence.gates.keys().map(|stratum| stratum.gate).collect();
    let mut micros: Vec<f64> = Vec::new();
    for round in 0..2_200 {
        let gate = gates[round % gates.len()];
        let begun = Instant::now();
        black_box(judge.gate(black_box(&evidence), gate));
        // The first ones fill caches.
        if round >= 200 {
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    micros.sort_unstable_by(f64::total_cmp);
    let at = |tenths: usize| micros[micros.len() * tenths / 10];
    println!("look, {name}: median {:.1} µs ({:.1} to {:.1})", at(5), at(1), at(9));
}

fn rollouts(name: &str, plan: &Plan, (runs, threads): (u64, u64)) {
    let simulation = simulation(plan);
    let mut seconds: Vec<f64> = Vec::new();
    let mut completed = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        completed = played(&simulation, runs, threads);
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_unstable_by(f64::total_cmp);
    println!(
        "{runs} rollouts on {threads} threads, {name}: median {:.1} s ({:.1} to {:.1}), {completed} completed",
        seconds[ROUNDS / 2],
        seconds[0],
        seconds[ROUNDS - 1]
    );
}

fn played(simulation: &Simulation, runs: u64, threads: u64) -> u64 {
    let (next, completed) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= runs {
                        break;
                    }
                    let ended: Ended = simulation
                        .run(run, seatrial_sim::simulate::Detail::Outcome)
                        .expect("no law is broken");
                    let done = ended.outcome == seatrial_sim::simulate::ended::Outcome::Completed;
                    completed.fetch_add(u64::from(done), Ordering::Relaxed);
                }
            });
        }
    });
    completed.into_inner()
}
