//! What a played run read of its evidence is what the judge says of the counts it ends with.

use super::equality::{BESIDES, besides};
use super::*;
use crate::simulate::ended::Reading;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::judge::{Judge, Tells};
use seatrial_domain::verdict::CheckReport;

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

/// Every kind of check, and a slice that enforces; some gates pass, some fail.
#[test]
fn looks_that_tell_the_decision_alone_decide_the_same() {
    let said = "- {name: said, kind: drift, by: class, weight: ";
    let more = "\n    - {name: latencyP99, kind: latency, quantile: 0.99, margin: {ratio: 1.5}, weight: 0.1}\n    \
                - {name: correct, kind: feedback, metric: correct, margin: {absolute: 0.02}, weight: 0.1}";
    let lines = BESIDES.replace(&format!("{said}0.3}}"), &format!("{said}0.1}}{more}"));
    for candidate in [answers(), Answers { error_rate: 0.03, ..answers() }] {
        let load = besides(load(candidate), 0.93);
        let simulation = simulation(plan(&lines), load, Mode::Aggregated);
        let judges = [Tells::Everything, Tells::Decision]
            .map(|tells| Judge::that(tells, simulation.plan()).unwrap());
        for index in 0..6 {
            let evidence = simulation.evidence(index).unwrap();
            for gate in [GateIndex(0), GateIndex(1)] {
                let [whole, decision] = judges.each_ref().map(|it| it.gate(&evidence, gate));
                assert_eq!(whole.decision, decision.decision);
                assert_eq!((whole.units, whole.maxima()), (decision.units, decision.maxima()));
                let judged = |report: &CheckReport| (report.name.clone(), report.verdict);
                let [all, bare] = [&whole, &decision].map(|it| it.checks.iter().map(judged));
                assert!(all.eq(bare), "{whole:?} {decision:?}");
                assert!(whole.checks.len() > 8, "each check of all, and of the slice");
            }
        }
    }
}
