//! Numbers joined to units: is their mean worse?
//!
//! Owns what a check of a KPI sees: the fail every value that has come, the pass those of units that
//! wait for none. Before there is a reference nothing is counted, and it is undecided. Its tables are
//! kept after the first look with one; they are a function of it, so keeping them changes no verdict.

use super::distinct::Rules;
use super::late::Since;
use super::look::Look;
use super::prepared::Given;
use super::reading::{Bars, Finding, Here, LogE, Shown};
use super::seen::Seen;
use super::tells::Tells;
use crate::evidence::{Outcomes, Unmade};
use crate::mix;
use crate::plan::{Better, Margin, Rule};
use crate::ranking::Means;
use crate::verdict::{CheckVerdict, Counts};
use seatrial_analysis::kpi::{self, Reference};
use seatrial_analysis::{Pi, Stratum, counts, late, units_needed};
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

/// Units and their values of one stratum, as they were counted.
pub(super) type Numbers<'a> = Cow<'a, kpi::Counts>;

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
        Given { rules, bars, since }: Given<'_>,
    ) -> Result<Finding, Error> {
        let Some(reference) = look.evidence.references.get(&self.metric) else {
            let unmade = look.evidence.unmade.get(&self.metric).map(Unmade::in_words);
            return Ok(Finding { described: unmade, ..undecided(bars) });
        };
        let made = self.made(reference)?;
        let samples = look.samples(rules, |seen| self.values(seen));
        let settled = look.here(rules, |seen| self.settled(seen));
        let (first, check) = made.against(rules.latest(look.gate)).ok_or(Error::Margin)?;
        let log_e = LogE {
            fail: fail_log_e(first, &samples.all, since)?,
            pass: check.healthy_log_e(&settled)?,
        };
        let verdict = bars.verdict(log_e);
        if look.tells == Tells::Decision {
            return Ok(Finding::bare(verdict, log_e));
        }
        let units_needed = match verdict {
            CheckVerdict::Inconclusive => units_needed::kpi(check, &settled, bars.pass())?,
            CheckVerdict::Fail | CheckVerdict::Pass | CheckVerdict::Error => None,
        };
        let effect = check.effect(samples.here(), bars.pass())?;
        let here = Here::Means(effect.map(|effect| self.means(effect, samples.here())));
        let rests_on = RestsOn { all: &samples.all, here: samples.here(), settled: &settled };
        let (effect, strata) = rests_on.effect(check, verdict, bars)?;
        let shown = shown(effect, strata);
        Ok(Finding { verdict, log_e, shown, here, units_needed, described: None })
    }

    /// None before there is a reference, and where the test itself can't be made. Errors: starts by
    /// another reference.
    pub(super) fn since(
        &self,
        look: &Look<'_>,
        rules: &Rules,
    ) -> Result<Option<late::Since>, counts::Error> {
        let Ok(Some(check)) = self.check(look, rules) else { return Ok(None) };
        let at_start = |outcomes: &Outcomes| {
            let values = &outcomes.frozen.as_ref()?.values;
            Some(values.get(&self.metric).cloned().unwrap_or_default())
        };
        check.since(&look.starts(|gate| rules.apply_in(gate), at_start)).map(Some)
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

    /// Both arms' means, and how sure their difference is.
    fn means(&self, effect: kpi::Effect, here: &[Stratum<Numbers<'_>>]) -> Means {
        let kpi::Effect { candidate, incumbent, error, .. } = effect;
        let units = here.iter().map(|it| it.counts.candidate.units()).sum();
        let better = match self.better {
            kpi::Better::Higher => Better::Higher,
            kpi::Better::Lower => Better::Lower,
        };
        Means { candidate, incumbent, error, better, units }
    }

    /// The worst value that is told apart.
    pub(super) fn worst(&self, reference: &Reference) -> f64 {
        let (lowest, highest) = reference.range();
        match self.better {
            kpi::Better::Higher => lowest,
            kpi::Better::Lower => highest,
        }
    }

    pub(super) fn values<'a>(&self, seen: Seen<'a>) -> Numbers<'a> {
        numbers(seen.values(&self.metric))
    }

    /// A late value is a unit without one until then: counted early, a candidate would pass on its
    /// quick values alone.
    pub(super) fn settled<'a>(&self, seen: Seen<'a>) -> Numbers<'a> {
        numbers(seen.matured_values(&self.metric).map(|due| &due.values))
    }
}

fn numbers(counted: Option<&kpi::Counts>) -> Numbers<'_> {
    counted.map_or_else(|| Cow::Owned(kpi::Counts::default()), Cow::Borrowed)
}

/// Against the candidate, over all gates.
pub(super) fn fail_log_e(
    check: &kpi::Check,
    all: &[Stratum<Numbers<'_>>],
    since: Option<&Since>,
) -> Result<f64, counts::Error> {
    match since.and_then(Since::rows) {
        Some(since) => check.rollback_log_e_since(all, since),
        None => check.rollback_log_e(all),
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

/// What a verdict may rest on.
pub(super) struct RestsOn<'a, 'b> {
    pub(super) all: &'b [Stratum<Numbers<'a>>],
    pub(super) here: &'b [Stratum<Numbers<'a>>],
    pub(super) settled: &'b [Stratum<Numbers<'a>>],
}

impl<'a, 'b> RestsOn<'a, 'b> {
    /// Both arms' means as the verdict takes them, and the strata that they are of: a fail's are those of
    /// all gates, and a pass's the settled ones, of everybody in the gate.
    pub(super) fn effect(
        &self,
        check: &kpi::Check,
        verdict: CheckVerdict,
        bars: &Bars,
    ) -> Result<(Option<kpi::Effect>, &'b [Stratum<Numbers<'a>>]), counts::Error> {
        let of_gate = |strata| Ok((check.effect(strata, bars.pass())?, strata));
        match verdict {
            CheckVerdict::Fail => Ok((check.effect_over_gates(self.all, bars.pass())?, self.all)),
            CheckVerdict::Pass => of_gate(self.settled),
            CheckVerdict::Inconclusive | CheckVerdict::Error => of_gate(self.here),
        }
    }
}

/// No value is counted yet.
fn undecided(bars: &Bars) -> Finding {
    let log_e = LogE { fail: 0.0, pass: 0.0 };
    let (shown, here) = (Shown::default(), Here::Means(None));
    Finding {
        verdict: bars.verdict(log_e),
        log_e,
        shown,
        here,
        units_needed: None,
        described: None,
    }
}

/// Units of one gate, and means in the metric's own unit, the largest values counted as the reference's.
pub(super) fn shown_of(
    check: &kpi::Check,
    strata: &[Stratum<Numbers<'_>>],
    bars: &Bars,
) -> Result<Shown, counts::Error> {
    Ok(shown(check.effect(strata, bars.pass())?, strata))
}

fn shown(effect: Option<kpi::Effect>, strata: &[Stratum<Numbers<'_>>]) -> Shown {
    let counted: Vec<Counts> = strata.iter().map(|stratum| units(&stratum.counts)).collect();
    Shown {
        counts: mix::sum(&counted),
        candidate: effect.map(|effect| effect.candidate),
        incumbent: effect.map(|effect| effect.incumbent),
    }
}

fn units(counts: &kpi::Counts) -> Counts {
    Counts {
        candidate_total: counts.candidate.units(),
        incumbent_total: counts.incumbent.units(),
        ..Counts::default()
    }
}
