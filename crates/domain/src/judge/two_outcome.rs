//! Errors and feedback: yes-or-no outcomes of units.
//!
//! Owns which outcome is the bad one. Errors are bad as counted; labels are counted with "false" as
//! bad, so where lower is better the outcomes change places. Owns also which margin is used where:
//! the fail knows none and is one test, the pass is against the gate's own. The fail also bets on
//! faults that began with one of the windows.

use super::Error;
use super::distinct::Rules;
use super::histories::Chances;
use super::late::Since;
use super::look::Look;
use super::prepared::Given;
use super::reading::{Finding, Here, LogE, Shown};
use super::seen::Seen;
use super::tells::Tells;
use crate::evidence::{ArmCount, Outcomes};
use crate::mix::{self, By};
use crate::plan::{Better, Margin, Rule};
use crate::verdict::{CheckVerdict, Counts};
use seatrial_analysis::units_needed::{self, Expected};
use seatrial_analysis::{Alpha, Cells, Stratum, late, two_outcome};

#[derive(Debug)]
pub(super) struct TwoOutcome {
    pub(super) counted: Counted,
    pub(super) first: Against,
    /// Those of other margins, each once.
    others: Vec<Against>,
}

/// The test against one margin.
#[derive(Debug)]
pub(super) struct Against {
    margin: Margin,
    pub(super) check: two_outcome::Check,
}

/// Which cells are judged, and which of their outcomes is shown.
#[derive(Debug)]
pub(super) enum Counted {
    Errors,
    Labels { metric: String, better: Better },
}

impl TwoOutcome {
    /// Errors: a rule without two outcomes or a margin, and a margin out of range.
    pub(super) fn new(name: &str, rules: &Rules, chances: &Chances) -> Result<Self, Error> {
        let empty = || Error::Margin { check: name.to_owned() };
        let counted = Counted::by(rules.first()).ok_or_else(empty)?;
        let against = |rule: &Rule| -> Result<Against, Error> {
            let margin = rule.margin().ok_or_else(empty)?;
            let known = margin.of_analysis().ok_or_else(empty)?;
            let check = counted
                .check(known)
                .map_err(|source| Error::TwoOutcome { check: name.to_owned(), source })?;
            let check = check.prepared_for(&chances.each).prepared_for_gates(&chances.gates);
            Ok::<_, Error>(Against { margin, check })
        };
        let first = against(rules.first())?;
        let mut others: Vec<Against> = Vec::new();
        for rule in rules.iter() {
            let known = [&first].into_iter().chain(&others).any(|known| known.is_of(rule));
            if !known {
                others.push(against(rule)?);
            }
        }
        Ok(Self { counted, first, others })
    }

    pub(super) fn judge(&self, look: &Look<'_>, given: Given<'_>) -> Finding {
        let Given { rules, bars, since } = given;
        let samples = look.samples(rules, |seen| self.counted.cells(seen));
        let settled = look.together(rules, |seen| self.counted.settled(seen));
        let here = samples.here();
        let check = self.check(rules.latest(look.gate));
        let log_e = LogE {
            fail: self.fail_log_e(&samples.all, since),
            pass: check.healthy_log_e(&settled),
        };
        let verdict = bars.verdict(log_e);
        if look.tells == Tells::Decision {
            return Finding::bare(verdict, log_e);
        }
        let (shown, units_needed) = match verdict {
            CheckVerdict::Fail => (samples.all.as_slice(), None),
            CheckVerdict::Inconclusive => {
                (here, units_needed(check, (&settled, here), bars.pass()))
            }
            CheckVerdict::Pass | CheckVerdict::Error => (here, None),
        };
        let here = Here::Outcomes(by_stratum(here));
        let shown = self.counted.shown(shown, By::told(verdict));
        Finding { verdict, log_e, shown, here, units_needed, described: None }
    }

    /// Against the candidate, over all gates.
    pub(super) fn fail_log_e(&self, all: &[Stratum<Cells>], since: Option<&Since>) -> f64 {
        match since.and_then(Since::rows) {
            Some(since) => self.first.check.rollback_log_e_since(all, since),
            None => self.first.check.rollback_log_e(all),
        }
    }

    pub(super) fn since(&self, look: &Look<'_>, rules: &Rules) -> late::Since {
        let at_start = |outcomes: &Outcomes| Some(self.counted.at_start(outcomes));
        self.first.check.since(&look.starts(|gate| rules.apply_in(gate), at_start))
    }

    pub(super) fn check(&self, rule: &Rule) -> &two_outcome::Check {
        let against = self.others.iter().find(|other| other.is_of(rule));
        &against.unwrap_or(&self.first).check
    }
}

impl Against {
    fn is_of(&self, rule: &Rule) -> bool {
        rule.margin() == Some(self.margin)
    }
}

/// Beyond what is settled, at the rates of what has come, in the stratum of most of it.
fn units_needed(
    check: &two_outcome::Check,
    (settled, come): (&[Stratum<Cells>], &[Stratum<Cells>]),
    alpha: Alpha,
) -> Option<u64> {
    let largest = come.iter().max_by_key(|it| it.counts.candidate() + it.counts.incumbent())?;
    let (candidate, incumbent) = mix::rates(&by_stratum(come), By::Candidate);
    let (candidate_bad, incumbent_bad) = (candidate?, incumbent?);
    let expected = Expected { pi: largest.pi, candidate_bad, incumbent_bad };
    units_needed::two_outcome(check, settled, &expected, alpha)
}

impl Counted {
    /// None for what has more than two outcomes.
    fn by(rule: &Rule) -> Option<Self> {
        match rule {
            Rule::Errors { .. } => Some(Self::Errors),
            Rule::Feedback { metric, better, .. } => {
                Some(Self::Labels { metric: metric.clone(), better: *better })
            }
            Rule::Latency { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => None,
        }
    }

    fn check(&self, margin: two_outcome::Margin) -> Result<two_outcome::Check, two_outcome::Error> {
        match self {
            Self::Errors => two_outcome::Check::errors(margin),
            Self::Labels { .. } => two_outcome::Check::feedback(margin),
        }
    }

    pub(super) fn cells(&self, seen: Seen<'_>) -> Cells {
        match self {
            Self::Errors => seen.errors(),
            Self::Labels { metric, better } => wanted(seen.feedback(metric), *better),
        }
    }

    fn at_start(&self, outcomes: &Outcomes) -> Cells {
        match self {
            Self::Errors => outcomes.errors,
            Self::Labels { metric, better } => {
                wanted(outcomes.feedback.get(metric).copied().unwrap_or_default(), *better)
            }
        }
    }

    /// What a pass may rest on: unanswered units, and those lost with their process, at the worst for
    /// their arm, and labels of units that wait for none. A late "no" is a unit without a label until then: counted early, a
    /// candidate would pass on its quick labels alone.
    pub(super) fn settled(&self, seen: Seen<'_>) -> Cells {
        match self {
            Self::Errors => {
                let ArmCount { candidate, incumbent } = seen.unanswered();
                let (mut answered, lost) = (seen.errors(), seen.lost().incumbent);
                answered.incumbent_bad = answered.incumbent_bad.saturating_sub(lost);
                let unanswered = Cells {
                    candidate_bad: candidate,
                    incumbent_good: incumbent + lost,
                    ..Cells::default()
                };
                answered + unanswered
            }
            Self::Labels { metric, better } => wanted(seen.matured(metric).labels, *better),
        }
    }

    /// The rate of errors, or the rate at which the label is true.
    pub(super) fn shown(&self, strata: &[Stratum<Cells>], by: By) -> Shown {
        let shown = |cells: Cells| match self {
            Self::Errors | Self::Labels { better: Better::Lower, .. } => counted(cells),
            Self::Labels { better: Better::Higher, .. } => counted(cells.flipped()),
        };
        let shown: Vec<Counts> = strata.iter().map(|stratum| shown(stratum.counts)).collect();
        let (candidate, incumbent) = mix::rates(&shown, by);
        Shown { counts: mix::sum(&by_stratum(strata)), candidate, incumbent }
    }
}

/// Bad units of each stratum.
pub(super) fn by_stratum(strata: &[Stratum<Cells>]) -> Vec<Counts> {
    strata.iter().map(|stratum| counted(stratum.counts)).collect()
}

fn counted(cells: Cells) -> Counts {
    Counts {
        candidate_bad: cells.candidate_bad,
        candidate_total: cells.candidate(),
        incumbent_bad: cells.incumbent_bad,
        incumbent_total: cells.incumbent(),
    }
}

/// Labels with the unwanted value called bad.
fn wanted(labels: Cells, better: Better) -> Cells {
    match better {
        Better::Higher => labels,
        Better::Lower => labels.flipped(),
    }
}
