//! Which judge: one hash of everything that makes a plan's tests.
//!
//! Owns what the hash is of: the judge's own answers on evidence that is fixed here. Levels, weights,
//! margins, shares, bucket edges and the grids of every test all enter these answers, so a change of
//! any of them is another judge, and so is a changed formula. Numbers enter with seven digits: more
//! would tell one machine's logarithms from another's (docs/adr/0014).

use super::{Error, Judge};
use crate::Digest;
use crate::evidence::{
    ArmCount, CompareCount, Evidence, GateCounts, GateIndex, Matured, PairCount, ShadowCounts,
};
use crate::plan::{Check, Plan, Rule};
use crate::verdict::{CheckReport, Verdict};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, Cells};
use std::fmt::Write as _;

/// The hash of the tests that `plan` makes. Makes them and judges every gate: milliseconds.
///
/// Errors: those of [`Judge::new`].
pub fn fingerprint(plan: &Plan) -> Result<Digest, Error> {
    let judge = Judge::new(plan)?;
    let evidence = probe(plan);
    let mut text = String::new();
    for share in &judge.shares {
        let _infallible = writeln!(text, "share {}", share.basis_points());
    }
    for threshold in Edges::default().thresholds() {
        let _infallible = writeln!(text, "edge {threshold}");
    }
    for (gate, _) in (0..=u8::MAX).zip(&judge.shares) {
        let _infallible = writeln!(text, "gate {gate}");
        tell(&mut text, &judge.gate(&evidence, GateIndex(gate)));
    }
    tell(&mut text, &judge.shadow(&evidence.shadow));
    Ok(Digest::of(text.as_bytes()))
}

fn tell(text: &mut String, verdict: &Verdict) {
    for report in &verdict.checks {
        let CheckReport { name, enforced, metric, limit, .. } = report;
        let _infallible = writeln!(text, "{name:?} {enforced:?} {metric:?} {limit:?}");
        for found in [report.fail_log_e, report.fail_at, report.pass_log_e, report.pass_at] {
            let _infallible = writeln!(text, "{}", number(found));
        }
    }
    let split = verdict.assignment.iter().map(|found| (found.log_e, found.limit));
    let labelled = verdict.labelled.iter().map(|found| (found.log_e, found.limit));
    for (log_e, limit) in split.chain(labelled) {
        let _infallible = writeln!(text, "{} {}", number(Some(log_e)), number(Some(limit)));
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or("none".to_owned(), |value| format!("{value:.6e}"))
}

/// Evidence that every test of the plan has something to say about: some outcomes of each kind on
/// each arm, latencies over all buckets, a candidate that is a little worse.
fn probe(plan: &Plan) -> Evidence {
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    let all: Vec<&Check> = lists.flatten().collect();
    let gates = (0..=u8::MAX).zip(0..=plan.gates.len());
    let gates =
        gates.map(|(gate, _)| (GateIndex(gate).unseen(), counted(&all, u64::from(gate) + 1)));
    let shadow = ShadowCounts {
        compare: vec![pairs(); plan.shadow.compare.len()],
        incumbent_latency: spread(7, 5),
        ..ShadowCounts::default()
    };
    Evidence { gates: gates.collect(), shadow, ..Evidence::default() }
}

fn counted(checks: &[&Check], times: u64) -> GateCounts {
    let cells = Cells {
        candidate_bad: 3 * times,
        candidate_good: 197 * times,
        incumbent_bad: 8 * times,
        incumbent_good: 1_192 * times,
    };
    let units = ArmCount { candidate: cells.candidate(), incumbent: cells.incumbent() };
    let latency =
        ArmHistogram { candidate: spread(11, times + 1), incumbent: spread(7, 4 * times + 1) };
    let mut counts = GateCounts { units, errors: cells, latency, ..GateCounts::default() };
    for check in checks {
        if let Rule::Feedback { metric, .. } = &check.rule {
            counts.feedback.insert(metric.clone(), cells);
            counts.matured.insert(metric.clone(), Matured { units, labels: cells });
        }
    }
    counts
}

const fn pairs() -> CompareCount {
    let candidate = PairCount { pairs: 1_200, disagree: 110 };
    CompareCount { candidate, noise: PairCount { pairs: 600, disagree: 12 } }
}

/// So many in every so many buckets, the fastest the most.
fn spread(every: usize, most: u64) -> Vec<u64> {
    let mut buckets = vec![0; Edges::default().buckets()];
    for (index, bucket) in buckets.iter_mut().enumerate().step_by(every) {
        *bucket = if index < 400 { 10 * most } else { most };
    }
    buckets
}
