//! One check at one look, before it is a report: log e-values against their bars.
//!
//! Owns the order of a check's verdicts: a fail wins over a pass.

use super::Levels;
pub(super) use crate::mix::{float, rate};
use crate::ranking::Means;
use crate::verdict::{CheckReport, CheckVerdict, Counts};
use seatrial_analysis::{Alpha, Weight};

/// A check's report, and why it could not be computed if it could not.
#[derive(Debug)]
pub(super) struct Reading {
    /// Boxed, as readings are moved from list to list.
    pub(super) report: Box<CheckReport>,
    pub(super) why: Option<String>,
    /// The check it is a reading of, whatever the slice; none for what is no check of the plan.
    pub(super) check: Option<String>,
    /// What is of this gate, whatever the report shows.
    pub(super) here: Here,
}

impl Reading {
    /// Of what is no check of the plan.
    pub(super) fn of(report: CheckReport) -> Self {
        let here = Here::Outcomes(vec![report.counts]);
        Self { report: Box::new(report), why: None, check: None, here }
    }
}

/// What a check's log e-values must reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bars {
    fail: Alpha,
    weight: Weight,
    pass: Alpha,
    /// The largest log e-value against the candidate of the looks before.
    most: f64,
}

/// Log e-values: against the candidate over all gates, against the margin null at this gate.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogE {
    pub(super) fail: f64,
    pub(super) pass: f64,
}

/// What one test found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) verdict: CheckVerdict,
    pub(super) log_e: LogE,
    pub(super) shown: Shown,
    /// What is of this gate.
    pub(super) here: Here,
    pub(super) units_needed: Option<u64>,
    /// What is said in the limit's place, where there is none.
    pub(super) described: Option<String>,
}

/// This gate's units by what a kind of test tells of them.
#[derive(Debug, Clone)]
pub(super) enum Here {
    /// By stratum.
    Outcomes(Vec<Counts>),
    /// None before both arms have values.
    Means(Option<Means>),
    /// By stratum; bad are those with the answer that differs most.
    Answers(Vec<Counts>),
}

/// Counts of all strata, and the estimates made from them: over several histories of one gate, of as many
/// units in each as the incumbent has there; over gates, as the candidate has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    pub(super) counts: Counts,
    pub(super) candidate: Option<f64>,
    pub(super) incumbent: Option<f64>,
}

impl Finding {
    /// What decides, and nothing of what is told beside it.
    pub(super) fn bare(verdict: CheckVerdict, log_e: LogE) -> Self {
        let here = Here::Outcomes(Vec::new());
        Self { verdict, log_e, shown: Shown::default(), here, units_needed: None, described: None }
    }
}

impl Bars {
    pub(super) fn new(levels: Levels, weight: Weight, most: Option<f64>) -> Self {
        let most = most.unwrap_or(f64::NEG_INFINITY);
        Self { fail: levels.fail, weight, pass: levels.pass, most }
    }

    /// Weighted Bonferroni for the fail, the plain threshold for the pass. Rollback wins ties. Ville's
    /// bound is on the largest value ever reached, so a fail may rest on it; a pass must hold now.
    pub(super) fn verdict(&self, log_e: LogE) -> CheckVerdict {
        if self.fail.fires(self.weight, self.most(log_e.fail)) {
            CheckVerdict::Fail
        } else if self.pass.rejects(log_e.pass) {
            CheckVerdict::Pass
        } else {
            CheckVerdict::Inconclusive
        }
    }

    /// The largest log e-value against the candidate so far, with that of this look.
    pub(super) fn most(&self, log_e: f64) -> f64 {
        self.most.max(log_e)
    }

    /// ln of what the fail's e-value must reach.
    pub(super) fn fail_at(&self) -> f64 {
        self.fail.log_threshold() - self.weight.get().ln()
    }

    /// ln of what the pass's e-value must reach.
    pub(super) fn pass_at(&self) -> f64 {
        self.pass.log_threshold()
    }

    pub(super) fn pass(&self) -> Alpha {
        self.pass
    }
}
