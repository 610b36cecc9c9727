//! Errors, event by event: a look at every one that could decide.
//!
//! The rollback's e-value for errors can only rise with a candidate's error, so a look at each of
//! these is a look at every unit. Where even a row of further candidate errors would not reach the
//! threshold, those looks are left out: nothing can happen in them.

use super::cell::{Cell, Method, Metric, Mistake, Question, Traffic};
use super::engine::{Ending, Found};
use super::outcomes::Outcomes;
use super::prepared::Setting;
use super::timeline::Segment;
use super::two_outcome::TwoOutcome;
use crate::distribution::{binomial, geometric};
use crate::rng::Rng;
use seatrial_analysis::{Cells, Pi, Stratum};

/// The longest row of errors that is asked about.
const SPARE_MAX: u64 = 1 << 12;

/// Only the product's test of errors is monotone in them, and known to be.
pub(super) fn can_play(cell: &Cell) -> bool {
    cell.metric == Metric::Errors
        && cell.question == Question::Rollback
        && cell.methods == [Method::EProcess]
        && cell.mistake == Mistake::None
        && cell.traffic != Traffic::Users
}

struct Run<'a> {
    setting: &'a Setting<TwoOutcome>,
    log_threshold: f64,
    at: Found,
    strata: Vec<Stratum<Cells>>,
    /// Candidate errors that may come without a decision.
    spare: u64,
}

pub(super) fn play(setting: &Setting<TwoOutcome>, run: u64) -> Ending {
    let mut rng = Rng::of_run(setting.cell.seed, run);
    let segments = setting.timeline.segments(&mut rng);
    let log_threshold = -setting.cell.alpha.ln();
    let mut run =
        Run { setting, log_threshold, at: Found::default(), strata: Vec::new(), spare: 0 };
    let decided = segments.into_iter().any(|segment| run.segment(&mut rng, segment));
    let found = decided.then_some(run.at);
    Ending { found: [(Method::EProcess, found)].into(), end: run.at }
}

impl Run<'_> {
    /// Whether this segment decides.
    fn segment(&mut self, rng: &mut Rng, segment: Segment) -> bool {
        let pi = self.setting.share(segment.gate);
        if self.strata.len() <= segment.gate {
            let counts = Cells::default();
            self.strata.extend(Pi::new(pi).map(|pi| Stratum { pi, counts }));
        }
        // Shares and rates are new: what was spare before is not known to be now.
        self.spare = 0;
        let (p1, p0) = self.setting.outcomes.rates(segment.level);
        let bad = pi * p1 + (1.0 - pi) * p0;
        let of_candidate = pi * p1 / bad;
        let begin = self.at.units;
        let (mut errors, mut candidate_errors, mut decided) = (0, 0, false);
        while !decided {
            let next = self.at.units.saturating_add(geometric(rng, bad)).saturating_add(1);
            if next > segment.end {
                self.at.units = segment.end;
                break;
            }
            self.at.units = next;
            errors += 1;
            if rng.chance(of_candidate) {
                candidate_errors += 1;
                decided = self.count_candidate();
            } else {
                self.count_incumbent();
            }
        }
        let good = self.at.units - begin - errors;
        let good_candidate = pi * (1.0 - p1) / (1.0 - bad);
        self.at.candidate_units += candidate_errors + binomial(rng, good, good_candidate);
        decided
    }

    fn count_incumbent(&mut self) {
        self.strata.last_mut().into_iter().for_each(|here| here.counts.incumbent_bad += 1);
    }

    /// One of the candidate's errors; whether it decides.
    fn count_candidate(&mut self) -> bool {
        let Some(stratum) = self.strata.last_mut() else { return false };
        stratum.counts.candidate_bad += 1;
        if self.spare > 0 {
            self.spare -= 1;
            return false;
        }
        let decided = self.setting.outcomes.log_e(&self.strata) >= self.log_threshold;
        if !decided {
            self.spare = self.row_without_decision();
        }
        decided
    }

    /// How many candidate errors in a row would not decide: 2ⁿ − 1 of them, at least 0.
    fn row_without_decision(&mut self) -> u64 {
        let mut row = 1;
        while row < SPARE_MAX && !self.would_decide(row) {
            row *= 2;
        }
        row / 2
    }

    fn would_decide(&mut self, row: u64) -> bool {
        let Some(stratum) = self.strata.last_mut() else { return true };
        stratum.counts.candidate_bad += row;
        let decided = self.setting.outcomes.log_e(&self.strata) >= self.log_threshold;
        if let Some(stratum) = self.strata.last_mut() {
            stratum.counts.candidate_bad -= row;
        }
        decided
    }
}
