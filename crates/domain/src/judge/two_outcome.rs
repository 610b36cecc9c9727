//! Errors and feedback: yes-or-no outcomes of units.
//!
//! Owns which outcome is the bad one. Errors are bad as counted; labels are counted with "false" as
//! bad, so where lower is better the outcomes change places.

use super::Error;
use super::look::Look;
use super::reading::{Bars, Finding, LogE, Shown, rate};
use crate::evidence::{GateCounts, GateIndex};
use crate::plan::{Better, Check, Margin, Rule};
use crate::verdict::{CheckVerdict, Counts};
use seatrial_analysis::units_needed::{self, Expected};
use seatrial_analysis::{Alpha, Cells, Pi, Stratum, two_outcome};

#[derive(Debug)]
pub(super) struct TwoOutcome {
    counted: Counted,
    check: two_outcome::Check,
}

/// Which cells are judged, and which of their outcomes is shown.
#[derive(Debug)]
enum Counted {
    Errors,
    Labels { metric: String, better: Better },
}

impl TwoOutcome {
    pub(super) fn new(check: &Check, shares: &[Pi]) -> Result<Self, Error> {
        let (counted, margin) = match &check.rule {
            Rule::Errors { margin } => (Counted::Errors, *margin),
            Rule::Feedback { metric, better, margin, .. } => {
                (Counted::Labels { metric: metric.clone(), better: *better }, *margin)
            }
            Rule::Latency { .. } => return Err(Error::Margin { check: check.name.clone() }),
        };
        let margin = known(margin, check)?;
        let made = match counted {
            Counted::Errors => two_outcome::Check::errors(margin),
            Counted::Labels { .. } => two_outcome::Check::feedback(margin),
        };
        let made = made
            .map_err(|source| Error::TwoOutcome { check: check.name.clone(), source })?
            .prepared_for(shares);
        Ok(Self { counted, check: made })
    }

    pub(super) fn judge(&self, look: &Look<'_>, gates: &[GateIndex], bars: Bars) -> Finding {
        let samples = look.samples(gates, |counts| self.counted.cells(counts));
        let log_e = LogE {
            fail: self.check.rollback_log_e(&samples.all),
            pass: self.check.healthy_log_e(&samples.here),
        };
        let verdict = bars.verdict(log_e);
        let (shown, units_needed) = match verdict {
            CheckVerdict::Fail => (&samples.all, None),
            CheckVerdict::Inconclusive => {
                (&samples.here, self.units_needed(&samples.here, bars.pass()))
            }
            CheckVerdict::Pass | CheckVerdict::Error => (&samples.here, None),
        };
        Finding { verdict, log_e, shown: self.counted.shown(shown), units_needed }
    }

    fn units_needed(&self, here: &[Stratum<Cells>], alpha: Alpha) -> Option<u64> {
        let expected = Expected::observed(here.first()?)?;
        units_needed::two_outcome(&self.check, here, &expected, alpha)
    }
}

fn known(margin: Margin, check: &Check) -> Result<two_outcome::Margin, Error> {
    margin.of_analysis().ok_or_else(|| Error::Margin { check: check.name.clone() })
}

impl Counted {
    fn cells(&self, counts: &GateCounts) -> Cells {
        match self {
            Self::Errors => counts.errors,
            Self::Labels { metric, better } => {
                let cells = counts.feedback.get(metric).copied().unwrap_or_default();
                match better {
                    Better::Higher => cells,
                    Better::Lower => flipped(cells),
                }
            }
        }
    }

    /// The rate of errors, or the rate at which the label is true.
    fn shown(&self, strata: &[Stratum<Cells>]) -> Shown {
        let sum = strata.iter().fold(Cells::default(), |sum, stratum| sum + stratum.counts);
        let counted = match self {
            Self::Errors | Self::Labels { better: Better::Lower, .. } => sum,
            Self::Labels { better: Better::Higher, .. } => flipped(sum),
        };
        Shown {
            counts: Counts {
                candidate_bad: sum.candidate_bad,
                candidate_total: sum.candidate(),
                incumbent_bad: sum.incumbent_bad,
                incumbent_total: sum.incumbent(),
            },
            candidate: rate(counted.candidate_bad, counted.candidate()),
            incumbent: rate(counted.incumbent_bad, counted.incumbent()),
        }
    }
}

/// The same units with the other outcome called bad.
pub(super) fn flipped(cells: Cells) -> Cells {
    Cells {
        candidate_bad: cells.candidate_good,
        candidate_good: cells.candidate_bad,
        incumbent_bad: cells.incumbent_good,
        incumbent_good: cells.incumbent_bad,
    }
}
