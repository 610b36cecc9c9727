//! The plan's distinct checks, each with its test, and what they report at a look.
//!
//! Owns which checks speak: those that apply in the gate, and any that fails. A report tells the
//! gate's own rule.

use super::distinct::{self, Distinct, Rules};
use super::latency::Latency;
use super::look::Look;
use super::reading::{Bars, Finding, Reading};
use super::two_outcome::TwoOutcome;
use super::{Error, Levels, words};
use crate::evidence::GateIndex;
use crate::plan::{Plan, Rule};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Unit};
use seatrial_analysis::{Pi, Weight};

#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) enforced: Enforced,
    pub(super) rules: Rules,
    weight: Weight,
    test: Test,
}

#[derive(Debug)]
enum Test {
    TwoOutcome(TwoOutcome),
    Latency(Latency),
}

/// Every distinct check of the plan, with its test.
pub(super) fn all(plan: &Plan, shares: &[Pi]) -> Result<Vec<Prepared>, Error> {
    let prepare = |Distinct { name, weight, rules }: Distinct| {
        Ok(Prepared {
            enforced: enforced(&plan.analysis.dry_run, &name),
            weight: Weight::new(weight)?,
            test: Test::new(&name, &rules, shares)?,
            name,
            rules,
        })
    };
    distinct::all(plan)?.into_iter().map(prepare).collect()
}

/// Whether the plan enforces what goes by this name.
fn enforced(dry_run: &[String], name: &str) -> Enforced {
    if dry_run.iter().any(|dry| dry == name) { Enforced::DryRun } else { Enforced::Yes }
}

impl Test {
    fn new(name: &str, rules: &Rules, shares: &[Pi]) -> Result<Self, Error> {
        match rules.first() {
            Rule::Errors { .. } | Rule::Feedback { .. } => {
                TwoOutcome::new(name, rules, shares).map(Self::TwoOutcome)
            }
            Rule::Latency { quantile, limit_ms, ratio } => {
                Latency::new(*quantile, *limit_ms, *ratio, shares)
                    .map_err(|source| Error::Latency { check: name.to_owned(), source })?
                    .map(Self::Latency)
                    .ok_or_else(|| Error::Margin { check: name.to_owned() })
            }
        }
    }
}

impl Prepared {
    /// The check at this look; none for one that no longer applies, unless it fails.
    pub(super) fn read(&self, look: &Look<'_>, levels: Levels) -> Option<Reading> {
        let most = look.evidence.maxima.get(&self.name).copied();
        let bars = Bars::new(levels, self.weight, most);
        let found = match &self.test {
            Test::TwoOutcome(test) => Ok(test.judge(look, &self.rules, &bars)),
            Test::Latency(test) => test.judge(look, &self.rules, &bars),
        };
        let applies = self.rules.apply_in(look.gate);
        let report = |finding| self.report(look.gate, finding, &bars);
        match found {
            Ok(finding) if applies || finding.verdict == CheckVerdict::Fail => {
                Some(Reading { report: report(Some(&finding)), why: None })
            }
            Err(error) if applies => {
                Some(Reading { report: report(None), why: Some(error.to_string()) })
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// The report of a finding, or of the lack of one.
    fn report(&self, gate: GateIndex, finding: Option<&Finding>, bars: &Bars) -> CheckReport {
        let rule = self.rules.latest(gate);
        let shown = finding.map(|finding| finding.shown);
        let finite = |log_e: f64| log_e.is_finite().then_some(log_e);
        CheckReport {
            name: self.name.clone(),
            verdict: finding.map_or(CheckVerdict::Error, |finding| finding.verdict),
            enforced: self.enforced,
            metric: words::metric(rule),
            candidate: shown.and_then(|shown| shown.candidate),
            incumbent: shown.and_then(|shown| shown.incumbent),
            unit: self.unit(),
            limit: words::limit(rule),
            counts: shown.map_or(Counts::default(), |shown| shown.counts),
            fail_log_e: finding.and_then(|finding| finite(finding.log_e.fail)),
            fail_log_e_max: finite(
                bars.most(finding.map_or(f64::NEG_INFINITY, |it| it.log_e.fail)),
            ),
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
