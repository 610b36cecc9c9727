//! What a played run read of its evidence is what the judge says of the counts it ends with.

use super::*;
use crate::simulate::ended::Reading;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::judge::Judge;

const CHECKS: &str = "  checks:\n    \
    - {name: errorRate, kind: errors, margin: {ratio: 2.0, absolute: 0.005}, weight: 0.4}\n    \
    - {name: latencyP99, kind: latency, quantile: 0.99, limit: 250ms, weight: 0.3}\n    \
    - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.3}\n";

/// The judge's reading of this evidence, made anew.
fn read(judge: &Judge, evidence: &seatrial_domain::evidence::Evidence) -> Vec<Reading> {
    let verdict = judge.gate(evidence, GateIndex(0));
    let of = |log_e: Option<f64>, bar: Option<f64>| Some(log_e? / bar?);
    let readings = verdict.checks.iter().filter_map(|report| {
        let fail = of(report.fail_log_e, report.fail_at)?;
        let pass = of(report.pass_log_e, report.pass_at);
        Some(Reading { check: report.name.clone(), fail, pass })
    });
    readings.collect()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

#[test]
fn a_played_runs_last_readings_are_the_judges_own_of_the_counts_it_ends_with() {
    let worse = Answers { error_rate: 0.015, ..answers() };
    let simulation = simulation(plan(CHECKS), load(worse), Mode::Aggregated);
    let judge = Judge::new(simulation.plan()).unwrap();
    for index in 0..8 {
        let ended = simulation.run(index, Detail::Looks).unwrap();
        assert_eq!(ended.outcome, rolled_back_by("errorRate"), "{ended:?}");
        let seen = ended.trail.last().unwrap();
        assert_eq!(seen.stage, "canary");
        let mut evidence = simulation.evidence(index).unwrap();
        let anew = read(&judge, &evidence);
        assert_eq!(anew.len(), seen.readings.len());
        assert_eq!(anew.len(), 3, "{anew:?}");
        for (anew, played) in anew.iter().zip(&seen.readings) {
            assert_eq!(anew.check, played.check);
            assert!(near(anew.fail, played.fail), "{anew:?} {played:?}");
            let passes = anew.pass.unwrap_or(f64::NAN);
            assert!(near(passes, played.pass.unwrap()), "{anew:?} {played:?}");
        }
        // What failed is told by the counts alone, without what was remembered of earlier looks.
        evidence.maxima.clear();
        let anew = read(&judge, &evidence);
        let of = |readings: &[Reading]| {
            readings.iter().find(|it| it.check == "errorRate").map(|it| it.fail).unwrap()
        };
        let (anew, played) = (of(&anew), of(&seen.readings));
        assert!(anew >= 1.0 && near(anew, played), "{anew} {played}");
    }
}
