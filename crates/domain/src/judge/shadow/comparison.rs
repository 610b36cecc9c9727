//! One comparison, from counted pairs to its report.

use super::{Compared, Of};
use crate::evidence::{CompareCount, PairCount, ShadowCounts};
use crate::judge::reading::rate;
use crate::judge::words::percent;
use crate::plan::NoiseFloor;
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Unit};

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
        let verdict = self.verdict(floor);
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
            ..blank(self.name.clone(), self.enforced, "disagreement")
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

    /// Without a measured floor the whole disagreement counts.
    fn verdict(&self, floor: Option<f64>) -> CheckVerdict {
        let PairCount { pairs, .. } = self.count.candidate;
        match self.count.candidate.rate() {
            Some(rate) if pairs >= self.least => {
                let above = rate - floor.unwrap_or(0.0);
                if above > self.limit + ROUNDING { CheckVerdict::Fail } else { CheckVerdict::Pass }
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
    }
}
