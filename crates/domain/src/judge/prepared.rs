//! The plan's distinct checks, each with its test, and what they report at a look.
//!
//! Owns which checks speak: those that apply in the gate, and any that fails. A report tells the
//! gate's own rule.

use super::distinct::{self, Distinct, Rules};
use super::drift::Drift;
use super::histories::Chances;
use super::kpi::Kpi;
use super::late::Since;
use super::latency::Latency;
use super::look::Look;
use super::reading::{Bars, Finding, Here, Reading};
use super::slices::budget::Budget;
use super::tells::Tells;
use super::two_outcome::TwoOutcome;
use super::{Error, Levels, words};
use crate::evidence::GateIndex;
use crate::plan::{Plan, Rule};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel, Unit};
use seatrial_analysis::{Weight, counts, level};

#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) enforced: Enforced,
    pub(super) rules: Rules,
    weights: Weights,
    pub(super) test: Test,
}

/// The check's part of alpha, shared out.
#[derive(Debug)]
struct Weights {
    whole: Weight,
    /// Of each value, by slice.
    each: Vec<Weight>,
}

/// What a test is given beside the evidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) rules: &'a Rules,
    pub(super) bars: &'a Bars,
    /// What it keeps of the windows' starts; none where there are none.
    pub(super) since: Option<&'a Since>,
}

/// Whose units a reading is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    All,
    /// Those of one value of the plan's slice of this number.
    Slice {
        number: usize,
        label: &'a SliceLabel,
    },
}

#[derive(Debug)]
pub(super) enum Test {
    TwoOutcome(TwoOutcome),
    Latency(Latency),
    Kpi(Kpi),
    Drift(Drift),
}

/// Every distinct check of the plan, with its test and its budget.
pub(super) fn all(plan: &Plan, chances: &Chances, budget: &Budget) -> Result<Vec<Prepared>, Error> {
    let prepare = |Distinct { name, weight, rules }: Distinct| {
        Ok(Prepared {
            enforced: enforced(&plan.analysis.dry_run, &name),
            weights: Weights::of(weight, budget)?,
            test: Test::new(&name, &rules, chances)?,
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

impl Weights {
    fn of(weight: f64, budget: &Budget) -> Result<Self, level::Error> {
        let part = |part: &f64| Weight::new(weight * part);
        let each = budget.each.iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self { whole: part(&budget.whole)?, each })
    }

    fn get(&self, scope: Scope<'_>) -> Option<Weight> {
        match scope {
            Scope::All => Some(self.whole),
            Scope::Slice { number, .. } => self.each.get(number).copied(),
        }
    }
}

impl Scope<'_> {
    /// `errorRate`, `errorRate[client=mobile]`.
    pub(super) fn named(self, name: &str) -> String {
        match self {
            Self::All => name.to_owned(),
            Self::Slice { label, .. } => format!("{name}[{label}]"),
        }
    }

    fn label(self) -> Option<SliceLabel> {
        match self {
            Self::All => None,
            Self::Slice { label, .. } => Some(label.clone()),
        }
    }
}

impl Test {
    fn new(name: &str, rules: &Rules, chances: &Chances) -> Result<Self, Error> {
        match rules.first() {
            Rule::Errors { .. } | Rule::Feedback { .. } => {
                TwoOutcome::new(name, rules, chances).map(Self::TwoOutcome)
            }
            Rule::Latency { quantile, limit_ms, ratio } => {
                Latency::new(*quantile, *limit_ms, *ratio, &chances.each)
                    .map_err(|source| Error::Latency { check: name.to_owned(), source })?
                    .map(Self::Latency)
                    .ok_or_else(|| Error::Margin { check: name.to_owned() })
            }
            Rule::Kpi { metric, better, .. } => {
                Ok(Self::Kpi(Kpi::new((metric, *better), rules, &chances.each)))
            }
            Rule::Drift { .. } => Ok(Self::Drift(Drift::new(name))),
        }
    }
}

impl Prepared {
    /// The check at this look, on the evidence of `scope`; none for one that no longer applies,
    /// unless it fails, and by slice for one that is not judged so.
    pub(super) fn read(
        &self,
        look: &Look<'_>,
        levels: Levels,
        scope: Scope<'_>,
    ) -> Option<Reading> {
        let name = scope.named(&self.name);
        let bars = self.bars(look, levels, (scope, &name))?;
        let found = self.found(look, &name, &bars);
        let applies = self.rules.apply_in(look.gate);
        let report = |name, finding| Box::new(self.report(name, (look, scope), finding, &bars));
        let check = Some(self.name.clone());
        match found {
            Ok(finding) if applies || finding.verdict == CheckVerdict::Fail => {
                let report = report(name, Some(&finding));
                Some(Reading { report, why: None, check, here: finding.here })
            }
            Err(error) if applies => {
                let (why, here) = (Some(error), Here::Outcomes(Vec::new()));
                Some(Reading { report: report(name, None), why, check, here })
            }
            Ok(_) | Err(_) => None,
        }
    }

    /// Errors: why it can't be computed.
    fn found(&self, look: &Look<'_>, name: &str, bars: &Bars) -> Result<Finding, String> {
        let since = look.begun.of(name).map_err(|error| error.to_string())?;
        let given = Given { rules: &self.rules, bars, since };
        match &self.test {
            Test::TwoOutcome(test) => Ok(test.judge(look, given)),
            Test::Latency(test) => test.judge(look, given).map_err(|error| error.to_string()),
            Test::Kpi(test) => test.judge(look, given).map_err(|error| error.to_string()),
            Test::Drift(test) => Ok(test.judge(look, given)),
        }
    }

    /// What it keeps of the windows' starts; none where it can't be computed. Errors: starts with
    /// other buckets than the test's.
    pub(super) fn since(&self, look: &Look<'_>) -> Result<Option<Since>, counts::Error> {
        match &self.test {
            Test::TwoOutcome(test) => Ok(Some(Since::Rows(test.since(look, &self.rules)))),
            Test::Latency(test) => Ok(test.since(look, &self.rules)?.map(Since::Latency)),
            Test::Kpi(test) => Ok(test.since(look, &self.rules)?.map(Since::Rows)),
            Test::Drift(test) => Ok(Some(Since::Drift(test.before(look, &self.rules)))),
        }
    }

    /// Its part of alpha for these units.
    pub(super) fn weight(&self, scope: Scope<'_>) -> Option<Weight> {
        self.weights.get(scope)
    }

    /// What its log e-values must reach, and the largest of the looks before; none by slice for one
    /// that is not judged so.
    pub(super) fn bars(
        &self,
        look: &Look<'_>,
        levels: Levels,
        (scope, name): (Scope<'_>, &str),
    ) -> Option<Bars> {
        let most = look.evidence.maxima.get(name).copied();
        Some(Bars::new(levels, self.weights.get(scope)?, most))
    }

    /// The latency edges it tells apart, microseconds; none: every one.
    pub(super) fn latency_edges(&self) -> Option<Vec<u64>> {
        match &self.test {
            Test::TwoOutcome(_) | Test::Kpi(_) | Test::Drift(_) => Some(Vec::new()),
            Test::Latency(test) => test.edges(),
        }
    }

    /// The report of a finding, or of the lack of one.
    fn report(
        &self,
        name: String,
        (look, scope): (&Look<'_>, Scope<'_>),
        finding: Option<&Finding>,
        bars: &Bars,
    ) -> CheckReport {
        let shown = finding.map(|finding| finding.shown);
        let (metric, limit) = match look.tells {
            Tells::Everything => self.in_words(look.gate, (scope, finding)),
            Tells::Decision => (String::new(), String::new()),
        };
        let finite = |log_e: f64| log_e.is_finite().then_some(log_e);
        CheckReport {
            name,
            verdict: finding.map_or(CheckVerdict::Error, |finding| finding.verdict),
            enforced: self.enforced,
            metric,
            candidate: shown.and_then(|shown| shown.candidate),
            incumbent: shown.and_then(|shown| shown.incumbent),
            unit: self.unit(),
            limit,
            counts: shown.map_or(Counts::default(), |shown| shown.counts),
            fail_log_e: finding.and_then(|finding| finite(finding.log_e.fail)),
            fail_log_e_max: finite(
                bars.most(finding.map_or(f64::NEG_INFINITY, |it| it.log_e.fail)),
            ),
            fail_at: Some(bars.fail_at()),
            pass_log_e: finding.and_then(|finding| finite(finding.log_e.pass)),
            pass_at: (self.holds() == Holds::Passes).then(|| bars.pass_at()),
            units_needed: finding.and_then(|finding| finding.units_needed),
            slice: scope.label(),
            holds: self.holds(),
        }
    }

    /// What its numbers are, and what they are held against.
    fn in_words(
        &self,
        gate: GateIndex,
        (scope, finding): (Scope<'_>, Option<&Finding>),
    ) -> (String, String) {
        let rule = self.rules.latest(gate);
        let described = finding.and_then(|finding| finding.described.clone());
        (scope.named(&words::metric(rule)), described.unwrap_or_else(|| words::limit(rule)))
    }

    fn unit(&self) -> Unit {
        match self.test {
            Test::TwoOutcome(_) | Test::Drift(_) => Unit::Ratio,
            Test::Latency(_) => Unit::Milliseconds,
            Test::Kpi(_) => Unit::Own,
        }
    }

    /// Whether a gate waits for it to pass.
    fn holds(&self) -> Holds {
        match self.test {
            Test::TwoOutcome(_) | Test::Latency(_) | Test::Kpi(_) => Holds::Passes,
            Test::Drift(_) => Holds::Nothing,
        }
    }
}
