//! How long a look of all checks of a policy takes, and 1,000 simulated rollouts of seven days at 500
//! requests a second: `cargo bench -p seatrial-sim --bench judgement -- [RUNS THREADS] [WORD]`. Prints
//! medians with their spread, of the policies whose name has the word.

#![expect(clippy::print_stdout, reason = "a benchmark is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::indexing_slicing, reason = "of what was just measured")]

use seatrial_domain::Timestamp;
use seatrial_domain::evidence::{Evidence, GateCounts, Starts};
use seatrial_domain::judge::Judge;
use seatrial_domain::looks::Subject;
use seatrial_domain::plan::{Kind, Plan, Rule};
use seatrial_domain::policy;
use seatrial_sim::distribution::Law;
use seatrial_sim::simulate::ended::Ended;
use seatrial_sim::simulate::load::{Answers, Classes, Load, Rhythm, Slice, Values};
use seatrial_sim::simulate::{Mode, Setup, Simulation};
use serde_json::Value;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const DAYS: u64 = 7;
/// How often each is measured.
const ROUNDS: usize = 3;
/// One unit in so many is left of a canary that can't be decided yet.
const THINNED: u64 = 50;

/// Until the seventh day is over, without a live control and with one.
const WEEK: &str = "  stability: {duration: 165h, holdback: 0}\n  \
    standby: {keep: {duration: 165h, versions: 3}}\n";
const WEEK_HELD_BACK: &str = "  stability: {duration: 165h, holdback: 5}\n  \
    standby: {keep: {duration: 165h, versions: 3}}\n";

/// The demo's checks, and what else is measured beside the standard policy.
const POLICIES: [(&str, &str, &str); 7] = [
    ("standard", "", WEEK),
    ("standard, holdback for 7 days", "", WEEK_HELD_BACK),
    (
        "errors, latency limit, labels (as the demo)",
        "  checks:\n    \
         - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
         - {name: latencyP99, kind: latency, quantile: 0.99, limit: 25ms, weight: 0.2}\n    \
         - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.5}\n",
        WEEK,
    ),
    (
        "errors, latency ratio, labels",
        "  checks:\n    \
         - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
         - {name: latencyP99, kind: latency, quantile: 0.99, margin: {ratio: 1.2}, weight: 0.2}\n    \
         - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.5}\n",
        WEEK,
    ),
    (
        "errors, latency limit, values",
        "  checks:\n    \
         - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
         - {name: latencyP99, kind: latency, quantile: 0.99, limit: 25ms, weight: 0.2}\n    \
         - {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.95}, weight: 0.5}\n",
        WEEK,
    ),
    ("every kind of check, and two values of a slice", EVERY_KIND, WEEK),
    (
        "every kind of check, and two values of a slice, holdback for 7 days",
        EVERY_KIND,
        WEEK_HELD_BACK,
    ),
];

const EVERY_KIND: &str = "  analysis:\n    slices: \
     [{key: \"header:client\", values: [mobile, web], enforce: true, weight: 0.5}]\n  checks:\n    \
     - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.01}, weight: 0.3}\n    \
     - {name: latencyP99, kind: latency, quantile: 0.99, limit: 25ms, margin: {ratio: 1.5}, \
        weight: 0.2}\n    \
     - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.2}\n    \
     - {name: revenue, kind: kpi, metric: revenue, margin: {ratio: 0.95}, weight: 0.2}\n    \
     - {name: said, kind: drift, by: class, weight: 0.1}\n";

/// Answers that come near the guardrails' limits, under the standard policy.
const NEAR_GUARDRAILS: [(&str, f64, f64); 2] = [
    ("standard, one answer in five fails", 0.2, 3_000.0),
    ("standard, one answer in 125 is late", 0.005, 300_000.0),
];

fn main() {
    // Cargo adds a flag of its own.
    let given: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let mut numbers = given.iter().filter_map(|argument| argument.parse().ok());
    let (runs, threads) = (numbers.next().unwrap_or(1_000), numbers.next().unwrap_or(2));
    let word = given.iter().find(|argument| argument.parse::<u64>().is_err());
    let wanted = |name: &str| word.is_none_or(|word| name.contains(word.as_str()));
    let plans: Vec<_> = POLICIES
        .into_iter()
        .filter(|(name, ..)| wanted(name))
        .map(|(name, checks, end)| (name, plan(&format!("{checks}{end}"))))
        .collect();
    for (name, plan) in &plans {
        look(name, plan);
    }
    for (name, plan) in &plans {
        rollouts(name, &simulation(plan, &answers(0.005, 3_000.0)), (runs, threads));
    }
    for (name, error_rate, median) in NEAR_GUARDRAILS {
        if wanted(name) {
            let simulation = simulation(&plan(WEEK), &answers(error_rate, median));
            rollouts(name, &simulation, (runs, threads));
        }
    }
}

fn answers(error_rate: f64, median: f64) -> Answers {
    Answers { error_rate, latency: Law::LogNormal { median, sigma: 0.5 }, wanted: 0.9 }
}

fn plan(lines: &str) -> Plan {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
    let policy = policy::parse(&format!("{head}\n  endpoint: e\n{lines}")).expect("a valid policy");
    policy.plan(Kind::Promote, policy.endpoint()).expect("a valid plan")
}

fn revenue() -> Values {
    let law = Law::LogNormal { median: 10.0, sigma: 0.8 };
    Values { metric: "revenue".to_owned(), incumbent: law.clone(), candidate: law }
}

fn asks_for_values(plan: &Plan) -> bool {
    plan.checks().any(|check| matches!(check.rule, Rule::Kpi { .. }))
}

/// Ten classes, each as often as any other.
fn said() -> Classes {
    let parts: Vec<_> = (0..10).map(|class| (format!("digit {class}"), 0.1)).collect();
    Classes { check: "said".to_owned(), incumbent: parts.clone(), candidate: parts }
}

fn asks_for_classes(plan: &Plan) -> bool {
    plan.checks().any(|check| matches!(check.rule, Rule::Drift { .. }))
}

/// A quarter of the units and half of them, in the slice that the plan enforces.
fn sliced(plan: &Plan, answers: &Answers) -> Vec<Slice> {
    let slice = |(value, part): (&str, f64)| Slice {
        column: "client".to_owned(),
        value: value.to_owned(),
        part,
        incumbent: answers.clone(),
        candidate: answers.clone(),
        worth: 1.0,
        candidate_worth: None,
    };
    let values: &[_] =
        if plan.analysis.slices.is_empty() { &[] } else { &[("mobile", 0.25), ("web", 0.5)] };
    values.iter().copied().map(slice).collect()
}

fn simulation(plan: &Plan, answers: &Answers) -> Simulation {
    let load = Load {
        rate: 500.0,
        rhythm: Rhythm::Constant,
        users: None,
        incumbent: answers.clone(),
        candidate: answers.clone(),
        disagreement: 0.05,
        labelled: 1.0,
        incidents: Vec::new(),
        values: if asks_for_values(plan) { vec![revenue()] } else { Vec::new() },
        classes: if asks_for_classes(plan) { vec![said()] } else { Vec::new() },
        slices: sliced(plan, answers),
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

/// One look at each gate of a whole rollout, at the evidence up to there with all its windows; and at
/// a canary with too few units, whose looks tell how many more are needed.
fn look(name: &str, plan: &Plan) {
    let whole: Evidence =
        simulation(plan, &answers(0.005, 3_000.0)).evidence(0).expect("a rollout");
    timed(&format!("look, {name}"), plan, &whole);
    timed(&format!("undecided look, {name}"), plan, &undecided(&whole));
}

/// The first gate alone, with one in [`THINNED`] of all that was counted.
fn undecided(whole: &Evidence) -> Evidence {
    let first = whole.gates.keys().map(|stratum| stratum.gate).min();
    let of_first = whole.gates.iter().filter(|(stratum, _)| Some(stratum.gate) == first);
    let thinned = |counts: &GateCounts| {
        let mut counts = serde_json::to_value(counts).expect("counts are stored as JSON");
        thin(&mut counts);
        serde_json::from_value(counts).expect("counts as before, and smaller")
    };
    let gates = of_first.map(|(stratum, counts)| (*stratum, thinned(counts))).collect();
    // The starts hold more than is left.
    Evidence { gates, starts: Starts::default(), ..whole.clone() }
}

/// Evenly over the counts that are side by side, so that no tail is lost.
fn thin(counted: &mut Value) {
    let mut below = 0;
    let mut one = |counted: &mut Value| match counted.as_u64() {
        Some(count) => {
            let kept = (below + count) / THINNED - below / THINNED;
            below += count;
            *counted = kept.into();
        }
        None => thin(counted),
    };
    match counted {
        Value::Array(each) => each.iter_mut().for_each(&mut one),
        Value::Object(each) => each.values_mut().for_each(&mut one),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn timed(name: &str, plan: &Plan, evidence: &Evidence) {
    let gates: BTreeSet<_> = evidence.gates.keys().map(|stratum| stratum.gate).collect();
    let gates: Vec<_> = gates
        .into_iter()
        .map(|gate| (gate, Judge::new(plan).expect("a valid plan")))
        .map(|(gate, judge)| (gate, judge, Subject::Gate(gate).part_of(evidence)))
        .collect();
    let mut micros: Vec<f64> = Vec::new();
    for round in 0..2_200 {
        let (gate, judge, evidence) = &gates[round % gates.len()];
        let begun = Instant::now();
        black_box(judge.gate(black_box(evidence), *gate));
        // The first ones fill caches.
        if round >= 200 {
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    micros.sort_unstable_by(f64::total_cmp);
    let at = |tenths: usize| micros[micros.len() * tenths / 10];
    let windows = evidence.starts.iter().count();
    println!("{name}, {windows} windows: median {:.1} µs ({:.1} to {:.1})", at(5), at(1), at(9));
}

fn rollouts(name: &str, simulation: &Simulation, (runs, threads): (u64, u64)) {
    let mut seconds: Vec<f64> = Vec::new();
    let mut completed = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        completed = played(simulation, runs, threads);
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
