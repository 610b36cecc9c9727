//! Numbers joined to units: is their mean worse?
//!
//! Owns what a check of a KPI sees: the fail every value that has come, the pass those of units that
//! wait for none. Before there is a reference nothing is counted, and it is undecided. Its tables are
//! kept after the first look with one; they are a function of it, so keeping them changes no verdict.

use super::distinct::Rules;
use super::look::Look;
use super::reading::{Bars, Finding, LogE, Shown};
use crate::evidence::GateCounts;
use crate::plan::{Better, Margin, Rule};
use crate::verdict::{CheckVerdict, Counts};
use seatrial_analysis::kpi::{self, Reference};
use seatrial_analysis::{Pi, Stratum, counts, units_needed};
use std::borrow::Cow;
use std::sync::OnceLock;

#[derive(Debug)]
pub(super) struct Kpi {
    pub(super) metric: String,
    better: kpi::Better,
    /// Each once, the first gate's first.
    margins: Vec<Margin>,
    shares: Vec<Pi>,
    kept: OnceLock<Made>,
}

/// The tests made from one reference, by margin.
#[derive(Debug, Clone)]
struct Made {
    reference: Reference,
    checks: Vec<(Margin, kpi::Check)>,
}

/// Why it cannot be computed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Test(#[from] kpi::Error),
    #[error(transparent)]
    Counts(#[from] counts::Error),
    #[error("its margin says nothing")]
    Margin,
}

impl Kpi {
    /// The check of this metric.
    pub(super) fn new((metric, better): (&str, Better), rules: &Rules, shares: &[Pi]) -> Self {
        let mut margins: Vec<Margin> = Vec::new();
        for margin in rules.iter().filter_map(Rule::margin) {
            if !margins.contains(&margin) {
                margins.push(margin);
            }
        }
        let better = match better {
            Better::Higher => kpi::Better::Higher,
            Better::Lower => kpi::Better::Lower,
        };
        let metric = metric.to_owned();
        Self { metric, better, margins, shares: shares.to_vec(), kept: OnceLock::new() }
    }

    /// Errors: [`Error`], for margins that no policy makes, and counts by another reference.
    pub(super) fn judge(
        &self,
        look: &Look<'_>,
        rules: &Rules,
        bars: &Bars,
    ) -> Result<Finding, Error> {
        let Some(reference) = look.evidence.references.get(&self.metric) else {
            return Ok(undecided(bars));
        };
        let made = self.made(reference)?;
        let samples = look.samples(rules, |counts| self.values(counts));
        let settled = look.samples(rules, |counts| self.settled(counts)).here;
        let (first, check) = made.against(rules.latest(look.gate)).ok_or(Error::Margin)?;
        let log_e = LogE {
            fail: first.rollback_log_e(&samples.all)?,
            pass: check.healthy_log_e(&settled)?,
        };
        let verdict = bars.verdict(log_e);
        let (shown, units_needed) = match verdict {
            CheckVerdict::Fail => (&samples.all, None),
            CheckVerdict::Inconclusive => {
                (&samples.here, units_needed::kpi(check, &settled, bars.pass())?)
            }
            CheckVerdict::Pass | CheckVerdict::Error => (&samples.here, None),
        };
        let (shown, here) =
            (shown_of(check, shown, bars)?, shown_of(check, &samples.here, bars)?.counts);
        Ok(Finding { verdict, log_e, shown, here, units_needed, described: None })
    }

    fn made(&self, reference: &Reference) -> Result<Cow<'_, Made>, kpi::Error> {
        if let Some(kept) = self.kept.get().filter(|kept| kept.reference == *reference) {
            return Ok(Cow::Borrowed(kept));
        }
        let mut checks = Vec::with_capacity(self.margins.len());
        for margin in &self.margins {
            if let Some(known) = margin.of_analysis() {
                let check = kpi::Check::new(reference, self.better, known)?;
                checks.push((*margin, check.prepared_for(&self.shares)));
            }
        }
        let made = Made { reference: reference.clone(), checks };
        self.kept.get_or_init(|| made.clone());
        Ok(Cow::Owned(made))
    }

    /// The test of the gate's own margin; none before there is a reference. Errors: as
    /// [`Kpi::judge`].
    pub(super) fn check(
        &self,
        look: &Look<'_>,
        rules: &Rules,
    ) -> Result<Option<kpi::Check>, Error> {
        let Some(reference) = look.evidence.references.get(&self.metric) else { return Ok(None) };
        let made = self.made(reference)?;
        let (_, check) = made.against(rules.latest(look.gate)).ok_or(Error::Margin)?;
        Ok(Some(check.clone()))
    }

    /// The worst value that is told apart.
    pub(super) fn worst(&self, reference: &Reference) -> f64 {
        let (lowest, highest) = reference.range();
        match self.better {
            kpi::Better::Higher => lowest,
            kpi::Better::Lower => highest,
        }
    }

    pub(super) fn values(&self, counts: &GateCounts) -> kpi::Counts {
        counts.values.get(&self.metric).cloned().unwrap_or_default()
    }

    /// A late value is a unit without one until then: counted early, a candidate would pass on its
    /// quick values alone.
    pub(super) fn settled(&self, counts: &GateCounts) -> kpi::Counts {
        counts.matured_values.get(&self.metric).map(|due| due.values.clone()).unwrap_or_default()
    }
}

impl Made {
    /// The first test, by which it fails, and the one against the rule's own margin.
    fn against(&self, rule: &Rule) -> Option<(&kpi::Check, &kpi::Check)> {
        let (_, first) = self.checks.first()?;
        let own = self.checks.iter().find(|(margin, _)| Some(*margin) == rule.margin());
        Some((first, own.map_or(first, |(_, check)| check)))
    }
}

/// No value is counted yet.
fn undecided(bars: &Bars) -> Finding {
    let log_e = LogE { fail: 0.0, pass: 0.0 };
    let (shown, here) = (Shown::default(), Counts::default());
    Finding {
        verdict: bars.verdict(log_e),
        log_e,
        shown,
        here,
        units_needed: None,
        described: None,
    }
}

/// Units, and means in the metric's own unit, the largest values counted as the reference's.
pub(super) fn shown_of(
    check: &kpi::Check,
    strata: &[Stratum<kpi::Counts>],
    bars: &Bars,
) -> Result<Shown, counts::Error> {
    let effect = check.effect(strata, bars.pass())?;
    let units = |arm: fn(&kpi::Counts) -> u64| strata.iter().map(|it| arm(&it.counts)).sum();
    Ok(Shown {
        counts: Counts {
            candidate_total: units(|counts| counts.candidate.units()),
            incumbent_total: units(|counts| counts.incumbent.units()),
            ..Counts::default()
        },
        candidate: effect.map(|effect| effect.candidate),
        incumbent: effect.map(|effect| effect.incumbent),
    })
}
