//! The plan's distinct checks, each with its test and the gates it applies in.
//!
//! Owns what "the same check" is: the same name and the same rule. Its weight is the smallest it
//! is given anywhere, so that the weights of all tests never sum to more than the plan's.

use super::latency::Latency;
use super::look::Look;
use super::reading::{Bars, Finding, Reading};
use super::two_outcome::TwoOutcome;
use super::{Error, Levels, words};
use crate::evidence::GateIndex;
use crate::plan::{Check, Plan, Rule};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Unit};
use seatrial_analysis::{Pi, Weight};

/// Rounding of decimal weights that sum to the whole.
const WEIGHT_SLACK: f64 = 1e-9;

#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) check: Check,
    pub(super) enforced: Enforced,
    pub(super) gates: Vec<GateIndex>,
    weight: Weight,
    test: Test,
}

#[derive(Debug)]
enum Test {
    TwoOutcome(TwoOutcome),
    Latency(Latency),
}

/// Every distinct check of the gates and of `stabilizing`, in the order of the gates.
pub(super) fn all(plan: &Plan, shares: &[Pi]) -> Result<Vec<Prepared>, Error> {
    let distinct = distinct(plan);
    let sum: f64 = distinct.iter().map(|(check, _)| check.weight).sum();
    if sum > 1.0 + WEIGHT_SLACK {
        return Err(Error::Weights(sum));
    }
    let prepare = |(check, gates): (Check, Vec<GateIndex>)| {
        let enforced = enforced(&plan.analysis.dry_run, &check.name);
        let weight = Weight::new(check.weight)?;
        Ok(Prepared { test: Test::new(&check, shares)?, check, enforced, gates, weight })
    };
    distinct.into_iter().map(prepare).collect()
}

fn distinct(plan: &Plan) -> Vec<(Check, Vec<GateIndex>)> {
    let mut distinct: Vec<(Check, Vec<GateIndex>)> = Vec::new();
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    for (gate, checks) in (0..=u8::MAX).map(GateIndex).zip(lists) {
        for check in checks {
            let same = |(known, _): &&mut (Check, Vec<GateIndex>)| {
                known.name == check.name && known.rule == check.rule
            };
            match distinct.iter_mut().find(same) {
                Some((known, gates)) => {
                    known.weight = known.weight.min(check.weight);
                    gates.push(gate);
                }
                None => distinct.push((check.clone(), vec![gate])),
            }
        }
    }
    distinct
}

/// Whether the plan enforces what goes by this name.
pub(super) fn enforced(dry_run: &[String], name: &str) -> Enforced {
    if dry_run.iter().any(|dry| dry == name) { Enforced::DryRun } else { Enforced::Yes }
}

impl Test {
    fn new(check: &Check, shares: &[Pi]) -> Result<Self, Error> {
        match &check.rule {
            Rule::Errors { .. } | Rule::Feedback { .. } => {
                TwoOutcome::new(check, shares).map(Self::TwoOutcome)
            }
            Rule::Latency { quantile, limit_ms, ratio } => {
                Latency::new(*quantile, *limit_ms, *ratio, shares)
                    .map_err(|source| Error::Latency { check: check.name.clone(), source })?
                    .map(Self::Latency)
                    .ok_or_else(|| Error::Margin { check: check.name.clone() })
            }
        }
    }
}

impl Prepared {
    /// The check at this look; none for one that no longer applies, unless it fails.
    pub(super) fn read(&self, look: &Look<'_>, levels: Levels) -> Option<Reading> {
        let bars = Bars::new(levels, self.weight);
        let found = match &self.test {
            Test::TwoOutcome(test) => Ok(test.judge(look, &self.gates, bars)),
            Test::Latency(test) => test.judge(look, &self.gates, bars),
        };
        let applies = self.gates.contains(&look.gate);
        match found {
            Ok(finding) if applies || finding.verdict == CheckVerdict::Fail => {
                Some(Reading { report: self.report(Some(&finding), bars), why: None })
            }
            Err(error) if applies => {
                Some(Reading { report: self.report(None, bars), why: Some(error.to_string()) })
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// The report of a finding, or of the lack of one.
    fn report(&self, finding: Option<&Finding>, bars: Bars) -> CheckReport {
        let shown = finding.map(|finding| finding.shown);
        let finite = |log_e: f64| log_e.is_finite().then_some(log_e);
        CheckReport {
            name: self.check.name.clone(),
            verdict: finding.map_or(CheckVerdict::Error, |finding| finding.verdict),
            enforced: self.enforced,
            metric: words::metric(&self.check.rule),
            candidate: shown.and_then(|shown| shown.candidate),
            incumbent: shown.and_then(|shown| shown.incumbent),
            unit: self.unit(),
            limit: words::limit(&self.check.rule),
            counts: shown.map_or(Counts::default(), |shown| shown.counts),
            fail_log_e: finding.and_then(|finding| finite(finding.log_e.fail)),
            fail_at: Some(bars.fail_at()),
            pass_log_e: finding.and_then(|finding| finite(finding.log_e.pass)),
            pass_at: Some(bars.pass_at()),
            units_needed: finding.and_then(|finding| finding.units_needed),
        }
    }

    fn unit(&self) -> Unit {
        match self.test {
            Test::TwoOutcome(_) => Unit::Ratio,
            Test::Latency(_) => Unit::Milliseconds,
        }
    }
}
