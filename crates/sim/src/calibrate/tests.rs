//! Cells at small size: levels are kept, limits are neared, rivals and mistakes fail as they are
//! known to.

use super::*;

mod drift;
mod late;
mod limit;
mod users;

fn play(cell: &Cell, runs: u64) -> Vec<(Method, Summary)> {
    let prepared = Prepared::new(cell).unwrap();
    let endings: Vec<Ending> = (0..runs).map(|run| prepared.run(run)).collect();
    let summary = |method: &Method| (*method, Summary::of(&prepared, *method, &endings));
    cell.methods.iter().map(summary).collect()
}

fn summary(cell: &Cell, runs: u64) -> Summary {
    play(cell, runs).remove(0).1
}

/// Small enough for a test: 1,000 runs whose rate is above α only where the test breaks it.
fn alike(metric: Metric, base: f64) -> Cell {
    let effect = metric.no_effect();
    Cell { metric, base, effect, max_units: 20_000, growth: 0.02, ..Cell::default() }
}

#[test]
fn a_candidate_that_is_alike_is_rolled_back_at_most_at_the_level() {
    let errors = alike(Metric::Errors, 0.02);
    let cells = [
        errors.clone(),
        Cell { traffic: Traffic::Ramp, shares: vec![0.01, 0.05, 0.25, 0.5], ..errors.clone() },
        Cell { traffic: Traffic::Bursty, ..errors.clone() },
        Cell { traffic: Traffic::Users, max_units: 3_000, ..errors.clone() },
        Cell { traffic: Traffic::Users, max_units: 3_000, shares: vec![0.1, 0.5], ..errors },
        alike(Metric::Feedback, 0.09),
        Cell { max_units: 3_000, ..alike(Metric::Latency, 20.0) },
        alike(Metric::Kpi, 3.0),
        alike(Metric::Pairs, 0.09),
        alike(Metric::Disagreement, 0.25),
        Cell { alpha: 0.05, ..alike(Metric::SampleRatio, 1.0) },
        Cell { max_units: 3_000, shares: vec![0.1, 0.5], ..alike(Metric::Joint, 0.02) },
    ];
    for cell in cells {
        let found = summary(&cell, 1_000);
        assert!(found.rate <= 0.05, "{:?} {:?}: {}", cell.metric, cell.traffic, found.rate);
        assert_eq!((found.kl_units, found.over_kl), (None, None));
    }
}

#[test]
fn a_bad_candidate_is_found_near_the_limit_of_information() {
    let errors = Cell { effect: 2.0, ..alike(Metric::Errors, 0.02) };
    let cells = [
        (Cell { max_units: 1_000_000, ..errors }, 1.5),
        (Cell { effect: 0.067, max_units: 100_000, ..alike(Metric::Feedback, 0.09) }, 1.9),
        (Cell { effect: 1.3, ..alike(Metric::Latency, 20.0) }, 2.5),
        (Cell { effect: 0.95, max_units: 1_000_000, ..alike(Metric::Kpi, 3.0) }, 1.6),
        (Cell { effect: 0.03, max_units: 100_000, ..alike(Metric::Pairs, 0.09) }, 2.0),
        (Cell { effect: 0.8, alpha: 0.001, ..alike(Metric::SampleRatio, 1.0) }, 1.7),
    ];
    for (cell, most) in cells {
        let found = summary(&cell, 300);
        let over = found.over_kl.unwrap();
        assert!(found.rate > 0.98, "{:?}: {}", cell.metric, found.rate);
        assert!(over > 1.0 && over < most, "{:?}: {over}", cell.metric);
    }
}

#[test]
fn a_repeated_test_and_a_threshold_break_the_level_that_the_e_process_keeps() {
    let methods = vec![Method::EProcess, Method::ZTest, Method::Windows, Method::MannWhitney];
    let cell = Cell { methods, max_units: 100_000, ..alike(Metric::Errors, 0.005) };
    let found = play(&cell, 500);
    let rate = |method: Method| found.iter().find(|it| it.0 == method).unwrap().1.rate;
    assert!(rate(Method::EProcess) <= 0.05);
    assert!(rate(Method::ZTest) > 0.3, "{}", rate(Method::ZTest));
    assert!(rate(Method::Windows) > 0.3, "{}", rate(Method::Windows));
    let latency = Cell { methods: vec![Method::ZTest], ..alike(Metric::Latency, 20.0) };
    assert!(summary(&latency, 200).rate > 0.2);
}

#[test]
fn mistakes_in_the_analysis_break_the_level() {
    let errors = alike(Metric::Errors, 0.005);
    let gates = vec![0.01, 0.05, 0.25, 0.5];
    let ramp = Cell { traffic: Traffic::Ramp, shares: gates, ..errors.clone() };
    let users = Cell { traffic: Traffic::Users, max_units: 2_000, shares: vec![0.5], ..errors };
    let gates: Vec<f64> = (20..30).map(|percent| f64::from(percent) / 100.0).collect();
    let gates = Cell { shares: gates, max_units: 3_000, growth: 0.01, ..users.clone() };
    let rate = |cell: Cell| summary(&cell, 300).rate;
    assert!(rate(Cell { mistake: Mistake::Pooled, ..ramp }) > 0.5);
    assert!(rate(Cell { mistake: Mistake::PerRequest, ..users }) > 0.1);
    assert!(rate(Cell { mistake: Mistake::Redrawn, ..gates }) > 0.06);
}

#[test]
fn healthy_candidates_pass_and_those_at_the_margin_rarely_do() {
    let errors =
        Cell { question: Question::Healthy { margin: 2.0 }, ..alike(Metric::Errors, 0.02) };
    let passes = summary(&Cell { max_units: 1_000_000, ..errors.clone() }, 200);
    assert!(passes.rate > 0.98 && passes.over_kl.unwrap() < 1.9, "{passes:?}");
    let at_margin = summary(&Cell { effect: 2.0, ..errors }, 1_000);
    assert!(at_margin.rate <= 0.05 && at_margin.kl_units.is_none(), "{at_margin:?}");
}

/// The looks that are left out, and blocks of units drawn at once, change nothing but the chance:
/// the same cell unit by unit has the same rate and delay.
#[test]
fn events_blocks_and_single_units_have_one_law() {
    let cell = Cell { effect: 3.0, base: 0.05, max_units: 3_000, ..Cell::default() };
    let events = summary(&cell, 2_000);
    // A method beside it makes it play in blocks.
    let methods = vec![Method::EProcess, Method::ZTest];
    let blocks = |growth| Cell { methods: methods.clone(), growth, ..cell.clone() };
    for other in [summary(&blocks(0.0), 2_000), summary(&blocks(0.01), 2_000)] {
        assert!((other.rate - events.rate).abs() < 0.02, "{} {}", other.rate, events.rate);
        let ratio = other.mean_units / events.mean_units;
        assert!((ratio - 1.0).abs() < 0.06, "{ratio}");
        let candidate = other.mean_candidate_units / events.mean_candidate_units;
        assert!((candidate - 1.0).abs() < 0.06, "{candidate}");
    }
}

#[test]
fn runs_are_functions_of_the_seed() {
    let cell = Cell { effect: 1.2, max_units: 5_000, ..alike(Metric::Latency, 20.0) };
    let endings = |seed| {
        let prepared = Prepared::new(&Cell { seed, ..cell.clone() }).unwrap();
        (0..20).map(|run| prepared.run(run)).collect::<Vec<_>>()
    };
    assert_eq!(endings(1), endings(1));
    assert_ne!(endings(1), endings(2));
}

/// A tail of one answer in twenty moves ranks by next to nothing, but the answers beyond the p99 by half.
#[test]
fn the_planned_test_is_the_one_that_is_sooner() {
    let horizon = |cell: &Cell| Prepared::new(cell).unwrap().fixed_horizon().unwrap();
    let slower = Cell { effect: 1.2, ..alike(Metric::Latency, 20.0) };
    let tail = horizon(&Cell { shape: Shape::Tail, ..slower.clone() });
    assert!((10_000.0..40_000.0).contains(&tail), "{tail}");
    let ranks = horizon(&slower);
    assert!((ranks - 1_452.0).abs() < 10.0, "{ranks}");
}

/// The gates before have to be passed as well, by evidence of their own.
#[test]
fn the_limit_of_a_pass_is_counted_from_the_last_gate_on() {
    let limit = |shares: Vec<f64>| {
        let question = Question::Healthy { margin: 2.0 };
        let cell = Cell { question, shares, max_units: 90_000, ..alike(Metric::Errors, 0.02) };
        Prepared::new(&cell).unwrap().kl_units().unwrap()
    };
    let (alone, last) = (limit(vec![0.5]), limit(vec![0.1, 0.25, 0.5]));
    assert!((last - 60_000.0 - alone).abs() < 1e-6, "{last} {alone}");
}

/// Both arms are equal, so the margin is all of the gap: z² of level and power, 8.56, times the
/// variance of the two means over its square.
#[test]
fn a_planned_test_of_healthy_is_at_the_margin() {
    let horizon = |metric: Metric, base: f64, margin: f64| {
        let question = Question::Healthy { margin };
        let shares = vec![0.5];
        Prepared::new(&Cell { question, shares, ..alike(metric, base) }).unwrap().fixed_horizon()
    };
    let near = |found: Option<f64>, wanted: f64| {
        assert!((found.unwrap() / wanted - 1.0).abs() < 0.01, "{found:?}, not {wanted}");
    };
    near(horizon(Metric::Kpi, 1.0, 0.9), 8.56 * 2.0 * (1.0 + 0.81) / 0.01);
    near(horizon(Metric::Errors, 0.01, 2.0), 8.56 * 2.0 * 0.0099 * (1.0 + 4.0) / 0.0001);
    near(horizon(Metric::Feedback, 0.09, 0.02), 8.56 * 2.0 * 2.0 * 0.0819 / 0.0004);
    assert_eq!(horizon(Metric::Latency, 20.0, 1.2), None);
}

#[test]
fn cells_that_ask_nothing_are_refused() {
    let errors = alike(Metric::Errors, 0.01);
    let wrong = [
        Cell { base: 0.0, ..errors.clone() },
        Cell { reference: 1_000_001, ..errors.clone() },
        Cell { reference: 199, ..alike(Metric::Kpi, 1.0) },
        Cell { reference: 0, ..alike(Metric::Latency, 20.0) },
        Cell { alpha: 1.0, ..errors.clone() },
        Cell { shares: vec![], ..errors.clone() },
        Cell { shares: vec![0.5, 0.1], ..errors.clone() },
        Cell { max_units: 0, ..errors.clone() },
        Cell { growth: f64::NAN, ..errors.clone() },
        Cell { mistake: Mistake::PerRequest, ..errors.clone() },
        Cell { shape: Shape::Normal, ..alike(Metric::Latency, 20.0) },
        Cell { shape: Shape::Tail, ..alike(Metric::Kpi, 1.0) },
        Cell { traffic: Traffic::Users, methods: vec![Method::Windows], ..errors },
        Cell { base: 0.9, effect: 0.2, ..alike(Metric::Drift, 0.1) },
        Cell { effect: 300.0, ..alike(Metric::Errors, 0.005) },
        Cell { effect: 0.5, ..alike(Metric::Feedback, 0.95) },
        Cell { effect: 0.9, ..alike(Metric::Pairs, 0.09) },
        Cell { effect: 0.5, ..alike(Metric::Disagreement, 0.9) },
        Cell { effect: f64::NAN, ..alike(Metric::Feedback, 0.09) },
        Cell { effect: 2.0, shares: vec![0.6], ..alike(Metric::SampleRatio, 1.0) },
        alike(Metric::Latency, 1e-9),
        alike(Metric::Latency, 1e12),
        alike(Metric::Kpi, 1e300),
        Cell { traffic: Traffic::Users, shares: vec![0.00001], ..alike(Metric::Errors, 0.1) },
        Cell { question: Question::Healthy { margin: 2.0 }, ..alike(Metric::SampleRatio, 1.0) },
    ];
    for cell in wrong {
        assert!(Prepared::new(&cell).is_err(), "{cell:?}");
    }
}

/// Their arms are drawn by their own keys. All other effects are on what is drawn for them.
#[test]
fn an_effect_on_sticky_users_is_played_or_refused() {
    let users = |metric: Metric, effect: f64| Cell {
        traffic: Traffic::Users,
        effect,
        max_units: 3_000,
        shares: vec![0.5],
        ..alike(metric, 0.09)
    };
    let refused = Prepared::new(&users(Metric::SampleRatio, 0.5)).unwrap_err();
    let why = "an effect on the assignment is not played on sticky users";
    assert_eq!(refused.to_string(), why);
    assert!(Prepared::new(&users(Metric::SampleRatio, 1.0)).is_ok());
    for (metric, effect) in [
        (Metric::Errors, 10.0),
        (Metric::Latency, 2.0),
        (Metric::Kpi, 0.1),
        (Metric::Feedback, 0.3),
        (Metric::Pairs, 0.3),
        (Metric::Disagreement, 0.3),
        (Metric::Joint, 10.0),
    ] {
        let rate = summary(&users(metric, effect), 50).rate;
        assert!(rate > 0.5, "{metric:?}: {rate}");
    }
}

/// A limit that a test could be below is none.
#[test]
fn over_kl_is_unknown_or_at_least_one_for_every_traffic() {
    let errors = Cell { effect: 3.0, max_units: 300_000, ..alike(Metric::Errors, 0.01) };
    let kpi = Cell { effect: 0.8, max_units: 30_000, ..alike(Metric::Kpi, 3.0) };
    let metrics = [
        Cell { shares: vec![0.5], effect: 2.0, ..errors.clone() },
        // Half of the runs end in the first gate, whose units tell little.
        Cell {
            base: 0.05,
            effect: 2.0,
            shares: vec![0.01, 0.5],
            max_units: 30_000,
            ..errors.clone()
        },
        errors,
        Cell { effect: 0.067, max_units: 100_000, ..alike(Metric::Feedback, 0.05) },
        Cell { effect: 1.5, max_units: 10_000, shares: vec![0.5], ..alike(Metric::Latency, 20.0) },
        Cell { shape: Shape::Normal, ..kpi.clone() },
        kpi,
        Cell { effect: 0.03, ..alike(Metric::Pairs, 0.09) },
        Cell { effect: 0.05, ..alike(Metric::Disagreement, 0.25) },
    ];
    for cell in &metrics {
        for traffic in [Traffic::Constant, Traffic::Ramp, Traffic::Diurnal, Traffic::Bursty] {
            let found = summary(&Cell { traffic, ..cell.clone() }, 100);
            let over = found.over_kl.unwrap_or(f64::INFINITY);
            assert!(over >= 1.0, "{:?} {traffic:?} {:?}: {over}", cell.metric, cell.shape);
            assert_eq!(found.over_kl.is_none(), traffic == Traffic::Bursty, "{traffic:?}");
        }
        let users = Cell { traffic: Traffic::Users, max_units: 2_000, ..cell.clone() };
        let found = summary(&users, 1);
        assert_eq!((found.kl_units, found.over_kl), (None, None));
        let prepared = Prepared::new(&users).unwrap();
        assert_eq!((found.over_monotone, prepared.fixed_horizon()), (None, None));
    }
}

/// A normal law is as wide at eight times its mean, so what is lost there is found sooner.
#[test]
fn the_limit_of_a_kpi_is_that_of_its_level() {
    let limit = |shape: Shape, traffic: Traffic| {
        let cell = Cell { effect: 0.98, shape, traffic, ..alike(Metric::Kpi, 3.0) };
        Prepared::new(&Cell { max_units: 1_000_000, ..cell }).unwrap().kl_units().unwrap()
    };
    let ratio = |shape| limit(shape, Traffic::Ramp) / limit(shape, Traffic::Constant);
    assert!((ratio(Shape::LogNormal) - 1.0).abs() < 1e-3, "{}", ratio(Shape::LogNormal));
    assert!(ratio(Shape::Normal) < 0.9, "{}", ratio(Shape::Normal));
}
