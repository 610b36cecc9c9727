//! Which judge: one hash of everything that makes a plan's tests.
//!
//! Owns what the hash is of: the judge's own answers on evidence that is fixed here. Levels, weights,
//! margins, shares, bucket edges and the grids of every test all enter these answers, so a change of
//! any of them is another judge, and so is a changed formula. Numbers enter with seven digits: more
//! would tell one machine's logarithms from another's (docs/adr/0014).

pub(super) mod probe;

use super::{Error, Judge};
use crate::Digest;
use crate::evidence::GateIndex;
use crate::plan::Plan;
use crate::verdict::{CheckReport, Verdict};
use seatrial_analysis::latency::Edges;
use std::fmt::Write as _;

/// The hash of the tests that `plan` makes. Makes them and judges every gate: milliseconds.
///
/// Errors: those of [`Judge::new`].
pub fn fingerprint(plan: &Plan) -> Result<Digest, Error> {
    let judge = Judge::new(plan)?;
    let evidence = probe::evidence(plan);
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
