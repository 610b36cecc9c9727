//! Errors and labels: what more of them would do.

use super::super::distinct::Rules;
use super::super::look::Look;
use super::super::reading::{Bars, Shown, rate};
use super::super::two_outcome::{Counted, TwoOutcome};
use super::{Told, beside, outlook, part};
use crate::evidence::GateIndex;
use crate::plan::Better;
use crate::verdict::{CheckVerdict, Confidence, Range};
use seatrial_analysis::confidence::Difference;
use seatrial_analysis::two_outcome::Centres;
use seatrial_analysis::units_needed::{self, Expected};
use seatrial_analysis::{Alpha, Cells, Pi, Stratum};

/// The units of this gate that come next: the incumbent's go on as they did.
struct Coming {
    pi: Pi,
    incumbent_bad: f64,
}

impl TwoOutcome {
    pub(super) fn told(
        &self,
        look: &Look<'_>,
        (rules, bars): (&Rules, &Bars),
        verdict: CheckVerdict,
    ) -> Told {
        let samples = look.samples(rules, |counts| self.counted.cells(counts));
        let settled = look.samples(rules, |counts| self.counted.settled(counts)).here;
        let check = self.check(rules.latest(look.gate));
        let shown = if verdict == CheckVerdict::Fail { &samples.all } else { &samples.here };
        let confidence = self.counted.confidence(shown, bars.pass());
        let bad = self.counted.bad();
        let told = |outlook| Told { bad, confidence, outlook, notes: Vec::new() };
        let Some(coming) = Coming::as_in(&samples.here) else { return told(Default::default()) };
        let starts = self.starts(look, rules);
        let fails = |bad, of| {
            let more = with(&samples.all, coming.cells(bad, of));
            bars.fires(self.first.check.rollback_log_e_since(&more, &starts))
        };
        let passes = |bad, of| {
            bars.pass().rejects(check.healthy_log_e(&with(&settled, coming.cells(bad, of))))
        };
        let healthy_after = || {
            let Coming { pi, incumbent_bad } = coming;
            let expected = Expected { pi, candidate_bad: 0.0, incumbent_bad };
            units_needed::two_outcome(check, &settled, &expected, bars.pass())
        };
        told(outlook(verdict, fails, passes, healthy_after))
    }

    pub(super) fn counted_in(&self, look: &Look<'_>, gate: GateIndex) -> Shown {
        let strata = look.strata(|counted| counted == gate, |counts| self.counted.cells(counts));
        self.counted.shown(&strata)
    }
}

fn with(strata: &[Stratum<Cells>], more: Stratum<Cells>) -> Vec<Stratum<Cells>> {
    strata.iter().cloned().chain([more]).collect()
}

impl Coming {
    /// None before the incumbent has answered under this gate.
    fn as_in(here: &[Stratum<Cells>]) -> Option<Self> {
        let pi = here.first()?.pi;
        let sum = here.iter().fold(Cells::default(), |sum, stratum| sum + stratum.counts);
        Some(Self { pi, incumbent_bad: rate(sum.incumbent_bad, sum.incumbent())? })
    }

    fn cells(&self, bad: u64, of: u64) -> Stratum<Cells> {
        let incumbent = beside(of, self.pi.get());
        let incumbent_bad = part(incumbent, self.incumbent_bad);
        let counts = Cells {
            candidate_bad: bad,
            candidate_good: of.saturating_sub(bad),
            incumbent_bad,
            incumbent_good: incumbent.saturating_sub(incumbent_bad),
        };
        Stratum { pi: self.pi, counts }
    }
}

impl Counted {
    /// Of the difference as it is shown; none before both arms have units.
    fn confidence(&self, strata: &[Stratum<Cells>], alpha: Alpha) -> Option<Confidence> {
        let sum = strata.iter().fold(Cells::default(), |sum, stratum| sum + stratum.counts);
        if sum.candidate() == 0 || sum.incumbent() == 0 {
            return None;
        }
        let centres = match self {
            Self::Errors => Centres::Errors,
            Self::Labels { .. } => Centres::Feedback,
        };
        let of_bad = Difference::new(&centres).ok()?.interval(strata, alpha);
        let difference = match self {
            Self::Errors | Self::Labels { better: Better::Lower, .. } => {
                Range::new(of_bad.lower, of_bad.upper)
            }
            Self::Labels { better: Better::Higher, .. } => Range::new(-of_bad.upper, -of_bad.lower),
        };
        let (difference, level) = (Some(difference), 1.0 - alpha.get());
        Some(Confidence { level, difference, candidate: None, incumbent: None })
    }

    /// What a bad unit is.
    fn bad(&self) -> String {
        match self {
            Self::Errors => "in error".to_owned(),
            Self::Labels { metric, better: Better::Higher } => format!("not {metric}"),
            Self::Labels { metric, better: Better::Lower } => metric.clone(),
        }
    }
}
