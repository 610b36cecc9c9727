//! Assumptions that are no numbers, or hardly any: each is refused, or played to its end.

use super::*;
use crate::simulate::Error;
use crate::simulate::load::Values;

const KPI: &str = "  checks:\n    \
    - {name: revenue, kind: kpi, metric: revenue, better: higher, margin: {ratio: 0.9}}\n  \
    canary: {share: 10, minDuration: 10m}\n  ramp: [{share: 50, minDuration: 10m}]\n";

/// What no rate, part or swing is.
const NO_PARTS: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e308, -1e-9];

/// Laws that draw what cannot be counted.
fn beyond() -> Vec<Law> {
    let numbers = [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e308, 1e-308];
    let of = |number: f64| {
        [
            Law::LogNormal { median: number, sigma: 0.5 },
            Law::Gamma { mean: number, shape: 2.0 },
            Law::Gamma { mean: 10.0, shape: number },
            Law::Normal { mean: 10.0, sd: number },
        ]
    };
    let wide = Law::LogNormal { median: 10.0, sigma: 800.0 };
    let nowhere = Law::Normal { mean: f64::NAN, sd: 1.0 };
    let mixed = Law::Mixture(vec![(f64::NAN, Law::Constant(0.0)), (1.0, Law::Constant(1.0))]);
    let rest = [wide, nowhere, mixed, Law::Constant(f64::INFINITY)];
    numbers.into_iter().flat_map(of).chain(rest).collect()
}

#[test]
fn parts_that_are_none_are_refused_by_name() {
    for bad in NO_PARTS {
        let of = |incumbent: Answers, candidate: Answers| Load { incumbent, ..load(candidate) };
        let failing = Answers { error_rate: bad, ..answers() };
        let wanted = Answers { wanted: bad, ..answers() };
        let incident = Incident { from: minutes(1), lasts: minutes(1), error_rate: bad };
        for (load, what) in [
            (of(failing.clone(), answers()), "the error rate"),
            (of(answers(), failing), "the candidate's error rate"),
            (of(wanted.clone(), answers()), "the rate of wanted labels"),
            (of(answers(), wanted), "the candidate's rate of wanted labels"),
            (Load { rate: bad, ..load(answers()) }, "the rate of requests"),
            (Load { rhythm: Rhythm::Diurnal(bad), ..load(answers()) }, "the swing over a day"),
            (Load { disagreement: bad, ..load(answers()) }, "the part of copies that disagree"),
            (Load { labelled: bad, ..load(answers()) }, "the part of units with a label"),
            (Load { incidents: vec![incident], ..load(answers()) }, "an incident's error rate"),
        ] {
            let error = Simulation::new(setup(plan(""), load, Mode::Aggregated)).unwrap_err();
            let Error::Load(error) = error else { panic!("{what} {bad}: {error}") };
            assert_eq!(error.what, what, "{bad}");
        }
    }
}

#[test]
fn laws_that_draw_what_cannot_be_counted_are_refused() {
    for law in beyond() {
        let slow = Answers { latency: law.clone(), ..answers() };
        let answered = Load { incumbent: slow, ..load(answers()) };
        let incumbent = Law::LogNormal { median: 10.0, sigma: 0.8 };
        let metric = "revenue".to_owned();
        let worth = vec![Values { metric, incumbent, candidate: law.clone() }];
        for (lines, load, what) in [
            ("", answered, "the latency"),
            (KPI, Load { values: worth, ..load(answers()) }, "the values of a metric"),
        ] {
            let error = Simulation::new(setup(plan(lines), load, Mode::Aggregated)).unwrap_err();
            let Error::Load(error) = error else { panic!("{law:?}: {error}") };
            assert_eq!(error.what, what, "{law:?}");
        }
    }
}

/// The widest laws that are allowed draw numbers that can be counted.
#[test]
fn the_widest_values_are_played_to_an_end() {
    let wide = Law::LogNormal { median: 1e100, sigma: 10.0 };
    let worth = |candidate: Law| {
        let incumbent = Law::LogNormal { median: 10.0, sigma: 1.5 };
        vec![Values { metric: "revenue".to_owned(), incumbent, candidate }]
    };
    for candidate in [wide.clone(), wide.scaled(1e-100), Law::Normal { mean: -1e100, sd: 1e100 }] {
        let load = Load { values: worth(candidate.clone()), ..load(answers()) };
        let simulation = simulation(plan(KPI), load, Mode::Aggregated);
        assert!(!matches!(runs(&simulation, 2)[0].outcome, Outcome::Running(_)), "{candidate:?}");
    }
}

#[test]
fn incidents_that_overlap_and_never_end_count_by_the_worst_of_them() {
    let of = |from: u64, lasts: Duration, error_rate: f64| Incident {
        from: minutes(from),
        lasts,
        error_rate,
    };
    let incidents =
        vec![of(40, minutes(20), 0.9), of(35, Duration::MAX, 0.01), of(45, minutes(5), 0.02)];
    let simulation = simulation(plan(""), Load { incidents, ..load(answers()) }, Mode::Aggregated);
    assert_eq!(simulation.incident(36 * 60), Some(0.01));
    assert_eq!(simulation.incident(46 * 60), Some(0.9));
    assert_eq!(simulation.incident(u64::MAX - 1), Some(0.01));
    for ended in runs(&simulation, 2) {
        assert!(matches!(&ended.outcome, Outcome::Paused(Cause::Guardrail(_))), "{ended:?}");
        assert!((40 * 60..41 * 60).contains(&ended.seconds), "{ended:?}");
    }
}
