//! One comparison, from counted pairs to its report.

use super::{Compared, Of};
use crate::evidence::{CompareCount, PairCount, ShadowCounts};
use crate::judge::reading::rate;
use crate::judge::words::percent;
use crate::plan::NoiseFloor;
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel, Unit};
use seatrial_analysis::Alpha;
use seatrial_analysis::pairs::Disagreement;

/// A noise floor measured on fewer pairs is none: one unlucky pair would excuse too much.
const NOISE_PAIRS_MIN: u64 = 50;

/// What rounding may add to a difference of two rates: a disagreement at the limit is within it.
const ROUNDING: f64 = 1e-9;

/// Of all pairs, or of one slice's.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) of: Of,
    pub(super) name: String,
    pub(super) limit: f64,
    pub(super) enforced: Enforced,
    pub(super) count: CompareCount,
    /// With fewer pairs it is undecided.
    pub(super) least: u64,
    /// At which a fail must reject "no more than the limit, above the noise".
    pub(super) alpha: Alpha,
    /// Why it may stay undecided, in words.
    pub(super) lacks: Option<&'static str>,
}

impl Comparison {
    /// The disagreement beside the incumbent's with itself, and the verdict on their difference.
    pub(super) fn compared(self, noise_floor: NoiseFloor) -> Compared {
        let report = self.report(noise_floor);
        Compared { of: self.of, report }
    }

    fn report(&self, noise_floor: NoiseFloor) -> CheckReport {
        let CompareCount { candidate, noise } = self.count;
        let floor = self.floor(noise_floor);
        let log_e = self.log_e(floor);
        let verdict = self.verdict(floor, log_e);
        let limit = limit(self.limit, noise_floor);
        let lacks = self.lacks.filter(|_| verdict == CheckVerdict::Inconclusive);
        CheckReport {
            verdict,
            candidate: candidate.rate(),
            incumbent: floor,
            limit: match lacks {
                Some(lacks) => format!("{limit}; {lacks}"),
                None => limit,
            },
            counts: Counts {
                candidate_bad: candidate.disagree,
                candidate_total: candidate.pairs,
                incumbent_bad: noise.disagree,
                incumbent_total: noise.pairs,
            },
            fail_log_e: log_e.filter(|log_e| log_e.is_finite()),
            fail_at: log_e.map(|_| self.alpha.log_threshold()),
            slice: self.slice(),
            ..blank(self.name.clone(), self.enforced, "disagreement")
        }
    }

    fn slice(&self) -> Option<SliceLabel> {
        match &self.of {
            Of::Value { column, value, .. } => {
                Some(SliceLabel { column: column.clone(), value: value.clone() })
            }
            Of::All { .. } | Of::Unseen { .. } => None,
        }
    }

    /// The incumbent's disagreement with itself, if it was asked twice for a good part of the pairs
    /// that are needed. It is asked only when it has time, so there may be far fewer of these.
    fn floor(&self, noise_floor: NoiseFloor) -> Option<f64> {
        let noise = self.count.noise;
        let enough = noise.pairs >= NOISE_PAIRS_MIN.max(self.least.div_ceil(2));
        match noise_floor {
            NoiseFloor::Incumbent => noise.rate().filter(|_| enough),
            NoiseFloor::Off => None,
        }
    }

    /// Log e-value against "at most the limit above the floor", which is taken as it was measured;
    /// without a measured one the whole disagreement counts. None where all or nothing may differ,
    /// which needs no test.
    fn log_e(&self, floor: Option<f64>) -> Option<f64> {
        let PairCount { pairs, disagree } = self.count.candidate;
        let test = Disagreement::new(self.limit + floor.unwrap_or(0.0)).ok()?;
        Some(test.over_log_e(disagree, pairs.saturating_sub(disagree)))
    }

    /// A limit on what was seen; what is beyond it fails once that is more than chance, however
    /// often it is looked at, and is undecided until then.
    fn verdict(&self, floor: Option<f64>, log_e: Option<f64>) -> CheckVerdict {
        let PairCount { pairs, .. } = self.count.candidate;
        let proven = log_e.is_none_or(|log_e| self.alpha.rejects(log_e));
        match self.count.candidate.rate() {
            Some(rate) if pairs >= self.least => {
                let above = rate - floor.unwrap_or(0.0);
                match (above > self.limit + ROUNDING, proven) {
                    (false, _) => CheckVerdict::Pass,
                    (true, true) => CheckVerdict::Fail,
                    (true, false) => CheckVerdict::Inconclusive,
                }
            }
            Some(_) | None => CheckVerdict::Inconclusive,
        }
    }
}

fn limit(limit: f64, noise_floor: NoiseFloor) -> String {
    match noise_floor {
        NoiseFloor::Incumbent => format!("limit {} % above noise", percent(limit)),
        NoiseFloor::Off => format!("limit {} %", percent(limit)),
    }
}

/// The candidate's failures on copies: a warning by themselves.
pub(super) fn failures(counts: &ShadowCounts, pairs: u64) -> CheckReport {
    let errors = counts.candidate_errors;
    let verdict = match (pairs, errors) {
        (0, _) => CheckVerdict::Inconclusive,
        (_, 0) => CheckVerdict::Pass,
        (_, _) => CheckVerdict::Fail,
    };
    CheckReport {
        verdict,
        candidate: rate(errors, pairs),
        limit: "counted as disagreement".to_owned(),
        counts: Counts { candidate_bad: errors, candidate_total: pairs, ..Counts::default() },
        ..blank("candidate errors".to_owned(), Enforced::DryRun, "error rate")
    }
}

/// A report without numbers.
fn blank(name: String, enforced: Enforced, metric: &str) -> CheckReport {
    CheckReport {
        name,
        verdict: CheckVerdict::Inconclusive,
        enforced,
        metric: metric.to_owned(),
        candidate: None,
        incumbent: None,
        unit: Unit::Ratio,
        limit: String::new(),
        counts: Counts::default(),
        fail_log_e: None,
        fail_log_e_max: None,
        fail_at: None,
        pass_log_e: None,
        pass_at: None,
        units_needed: None,
        slice: None,
        holds: Holds::Passes,
    }
}
