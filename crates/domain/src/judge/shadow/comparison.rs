//! One comparison, from counted pairs to its report.

use super::{Compared, Of};
use crate::evidence::{CompareCount, PairCount, ShadowCounts};
use crate::judge::account::{after, part};
use crate::judge::reading::rate;
use crate::judge::words::percent;
use crate::plan::NoiseFloor;
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel, Unit};
use seatrial_analysis::Alpha;
use seatrial_analysis::confidence::{TUNED_UNITS, rate as rate_of};
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

/// What disagreement is held against, by the incumbent's with itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Against {
    /// As it was measured; none where it was not, or too seldom.
    floor: Option<f64>,
    /// What of the disagreement may be noise: the upper end of where the floor lies, at half of alpha.
    pub(super) excused: Option<f64>,
    /// At which the pairs must reject: what the floor has left.
    alpha: Alpha,
}

impl Comparison {
    /// The disagreement beside the incumbent's with itself, and the verdict on their difference.
    pub(super) fn compared(self, noise_floor: NoiseFloor) -> Compared {
        let report = self.report(noise_floor);
        Compared { of: self.of, report }
    }

    pub(super) fn report(&self, noise_floor: NoiseFloor) -> CheckReport {
        let CompareCount { candidate, noise } = self.count;
        let against = self.against(noise_floor);
        let log_e = self.log_e(candidate, &against);
        let verdict = self.verdict(candidate, &against);
        let limit = limit(self.limit, noise_floor);
        let lacks = self.lacks.filter(|_| verdict == CheckVerdict::Inconclusive);
        CheckReport {
            verdict,
            candidate: candidate.rate(),
            incumbent: against.floor,
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
            fail_at: log_e.map(|_| against.alpha.log_threshold()),
            units_needed: self.pairs_needed(verdict, &against),
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

    /// The incumbent's disagreement with itself counts if it was asked twice for a good part of the pairs
    /// that are needed. It is asked only when it has time, so there may be far fewer of these.
    pub(super) fn against(&self, noise_floor: NoiseFloor) -> Against {
        let noise = self.count.noise;
        let enough = noise.pairs >= NOISE_PAIRS_MIN.max(self.least.div_ceil(2));
        let floor = match noise_floor {
            NoiseFloor::Incumbent => noise.rate().filter(|_| enough),
            NoiseFloor::Off => None,
        };
        let half = self.alpha.halved();
        let upper = || rate_of(noise.disagree, noise.pairs, TUNED_UNITS, half).upper;
        Against {
            floor,
            excused: floor.map(|_| upper()),
            alpha: if floor.is_some() { half } else { self.alpha },
        }
    }

    /// Log e-value against "at most the limit above the noise"; without a measured floor the whole
    /// disagreement counts. The floor was measured, and so is uncertain itself: taken as known, a noise
    /// that came out low would fail a candidate at the limit. None where all or nothing may differ, which
    /// needs no test.
    fn log_e(&self, of: PairCount, against: &Against) -> Option<f64> {
        let test = Disagreement::new(self.limit + against.excused.unwrap_or(0.0)).ok()?;
        Some(test.over_log_e(of.disagree, of.pairs.saturating_sub(of.disagree)))
    }

    /// A limit on what was seen; what is beyond it fails once that is more than chance, however
    /// often it is looked at, and is undecided until then.
    pub(super) fn verdict(&self, of: PairCount, against: &Against) -> CheckVerdict {
        match of.rate() {
            Some(rate) if of.pairs >= self.least => {
                let above = rate - against.floor.unwrap_or(0.0);
                if above <= self.limit + ROUNDING {
                    return CheckVerdict::Pass;
                }
                let log_e = self.log_e(of, against);
                let proven = log_e.is_none_or(|log_e| against.alpha.rejects(log_e));
                if proven { CheckVerdict::Fail } else { CheckVerdict::Inconclusive }
            }
            Some(_) | None => CheckVerdict::Inconclusive,
        }
    }

    /// More pairs until it is decided, if they disagree as those so far; of all pairs, where it has a
    /// say.
    fn pairs_needed(&self, verdict: CheckVerdict, against: &Against) -> Option<u64> {
        let speaks = matches!(self.of, Of::All { .. }) && self.enforced == Enforced::Yes;
        if verdict != CheckVerdict::Inconclusive || !speaks {
            return None;
        }
        let PairCount { pairs, disagree } = self.count.candidate;
        let Some(rate) = self.count.candidate.rate() else { return Some(self.least) };
        after(|more| {
            let all = PairCount { pairs: pairs + more, disagree: disagree + part(more, rate) };
            self.verdict(all, against) != CheckVerdict::Inconclusive
        })
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
pub(super) fn blank(name: String, enforced: Enforced, metric: &str) -> CheckReport {
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
