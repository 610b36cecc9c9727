//! Numbers: what more units at the worst value would do.

use super::super::distinct::Rules;
use super::super::kpi::{Error, Kpi, Numbers, RestsOn, fail_log_e, shown_of};
use super::super::look::Look;
use super::super::prepared::Given;
use super::super::reading::{Bars, Shown};
use super::{Told, after, beside, outlook, part};
use crate::evidence::GateIndex;
use crate::verdict::{CheckVerdict, Confidence, Outlook, Range};
use seatrial_analysis::kpi::{self, Counts, Values};
use seatrial_analysis::{Pi, Stratum};
use std::borrow::Cow;

/// The units of this gate that come next: the incumbent's go on as they did, and the candidate's are
/// like the incumbent's, or at the worst value that is told apart.
struct Coming {
    pi: Pi,
    incumbent: Values,
    worst: Values,
}

impl Kpi {
    /// A test that could not be computed tells nothing of what would change it.
    pub(in crate::judge) fn told(
        &self,
        look: &Look<'_>,
        given: Given<'_>,
        verdict: CheckVerdict,
    ) -> Told {
        Told {
            bad: format!("at the worst {}", self.metric),
            confidence: self.confidence(look, given, verdict).ok().flatten(),
            outlook: self.outlook(look, given, verdict).ok().flatten().unwrap_or_default(),
            notes: self.unmeasured(look, given).ok().flatten().into_iter().collect(),
        }
    }

    pub(in crate::judge) fn counted_in(
        &self,
        look: &Look<'_>,
        (rules, bars): (&Rules, &Bars),
        gate: GateIndex,
    ) -> Shown {
        let strata = look.strata(|counted| counted == gate, |seen| self.values(seen));
        let check = self.check(look, rules).ok().flatten();
        check.and_then(|check| shown_of(&check, &strata, bars).ok()).unwrap_or_default()
    }

    /// Of the difference of means; none before the burn-in.
    fn confidence(
        &self,
        look: &Look<'_>,
        Given { rules, bars, .. }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Result<Option<Confidence>, Error> {
        let Some(check) = self.check(look, rules)? else { return Ok(None) };
        let samples = look.samples(rules, |seen| self.values(seen));
        let settled = look.here(rules, |seen| self.settled(seen));
        let rests_on = RestsOn { all: &samples.all, here: samples.here(), settled: &settled };
        let (effect, _) = rests_on.effect(&check, verdict, bars)?;
        let range = |of: kpi::Effect| Some(Range::new(of.difference?.lower, of.difference?.upper));
        Ok(effect.and_then(range).map(|difference| Confidence {
            level: 1.0 - bars.pass().get(),
            difference: Some(difference),
            candidate: None,
            incumbent: None,
        }))
    }

    /// Whose mean the pass takes at its worst, where that is of some of them.
    fn unmeasured(
        &self,
        look: &Look<'_>,
        Given { rules, .. }: Given<'_>,
    ) -> Result<Option<String>, Error> {
        let Some(check) = self.check(look, rules)? else { return Ok(None) };
        let settled = look.here(rules, |seen| self.settled(seen));
        let all: u64 = settled.iter().map(|it| it.counts.incumbent.units()).sum();
        let unmeasured = check.unmeasured(&settled)?;
        Ok((0 < unmeasured && unmeasured < all).then(|| {
            format!(
                "{unmeasured} of the incumbent's {all} units have a history of which too few were \
                 counted on both arms to tell a mean: a pass takes it to be as bad as values go"
            )
        }))
    }

    fn outlook(
        &self,
        look: &Look<'_>,
        Given { rules, bars, since }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Result<Option<Outlook>, Error> {
        let Some(check) = self.check(look, rules)? else { return Ok(None) };
        let samples = look.samples(rules, |seen| self.values(seen));
        let settled = look.here(rules, |seen| self.settled(seen));
        let Some(coming) = self.coming(look, samples.here())? else { return Ok(None) };
        let fails = |bad, of| {
            let more = with(&samples.all, coming.arms(bad, of));
            fail_log_e(&check, &more, since).is_ok_and(|log_e| bars.fires(log_e))
        };
        let healthy = |bad, of| {
            let more = with(&settled, coming.arms(bad, of));
            check.healthy_log_e(&more).unwrap_or(f64::NEG_INFINITY)
        };
        let passes = |bad, of| bars.pass().rejects(healthy(bad, of));
        let healthy_after = || after(|more| passes(0, more));
        Ok(Some(outlook(verdict, fails, passes, healthy_after)))
    }

    /// None before the incumbent has a value under this gate.
    fn coming(
        &self,
        look: &Look<'_>,
        here: &[Stratum<Numbers<'_>>],
    ) -> Result<Option<Coming>, Error> {
        let reference = look.evidence.references.get(&self.metric);
        let (Some(reference), Some(first)) = (reference, here.first()) else { return Ok(None) };
        let mut incumbent = Values::default();
        here.iter().try_for_each(|stratum| incumbent.merge(&stratum.counts.incumbent))?;
        let mut worst = Values::default();
        worst.record(reference, self.worst(reference))?;
        let pi = first.pi;
        Ok((incumbent.units() > 0).then_some(Coming { pi, incumbent, worst }))
    }
}

fn with<'a>(strata: &[Stratum<Numbers<'a>>], more: Stratum<Counts>) -> Vec<Stratum<Numbers<'a>>> {
    let mut all = strata.to_vec();
    // In a stratum of their own they would be judged by their own variance.
    let same = all.iter_mut().find(|stratum| stratum.pi == more.pi);
    let merged = same.is_some_and(|same| same.counts.to_mut().merge(&more.counts).is_ok());
    if !merged {
        all.push(Stratum { pi: more.pi, counts: Cow::Owned(more.counts) });
    }
    all
}

impl Coming {
    fn arms(&self, bad: u64, of: u64) -> Stratum<Counts> {
        let mut candidate = scaled(&self.incumbent, of.saturating_sub(bad));
        // Both are of one reference.
        candidate.merge(&scaled(&self.worst, bad)).unwrap_or_default();
        let incumbent = scaled(&self.incumbent, beside(of, self.pi.get()));
        Stratum { pi: self.pi, counts: Counts { candidate, incumbent } }
    }
}

/// So many units, distributed as these.
fn scaled(values: &Values, units: u64) -> Values {
    let times = super::super::reading::float(units) / super::super::reading::float(values.units());
    Values {
        buckets: values.buckets.iter().map(|count| part(*count, times)).collect(),
        sum: part(values.sum, times),
        squares: part(values.squares, times),
    }
}
